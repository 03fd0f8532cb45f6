//! What people typed that may name somebody: reasons in the trail, and the sources and reasons of
//! inputs.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Text};
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;

use super::Marks;
use super::rows::{ABOUT, Person};
use crate::areas::{AreaId, Areas};
use crate::audit::Entity;
use crate::clock::today;
use crate::error::Result;
use crate::holders::erased::NAMELESS;
use crate::ledger::Writer;
use crate::schema::{audit_items, audit_values};

/// The personal values behind the items on the person, and every reason and text of an input that
/// names it.
pub async fn forget_trail(
    w: &mut Writer<'_>,
    areas: &Areas,
    person: &Person,
    marks: &Marks,
    chains: &[AreaId],
) -> Result<()> {
    diesel::sql_query(format!(
        "delete from audit_values v using unnest($1) h (id) join audit_items i on {ABOUT}
         where v.area_id = i.area_id and v.seq = i.seq and v.n = i.n"
    ))
    .bind::<Array<Text>, _>(person.texts())
    .execute(w.db)
    .await?;
    // A reason may stand with the commune, or with the province or the country above it.
    let above: BTreeSet<AreaId> =
        chains.iter().flat_map(|chain| areas.ancestors(*chain, today())).collect();
    let mut found = (Vec::new(), Vec::new(), Vec::new());
    {
        let inputs = [Entity::Total, Entity::Closing, Entity::Reported, Entity::Target];
        let of_inputs = audit_items::table
            .filter(audit_items::area_id.eq(audit_values::area_id))
            .filter(audit_items::seq.eq(audit_values::seq))
            .filter(audit_items::n.eq(audit_values::n))
            .filter(audit_items::entity.eq_any(inputs.map(Entity::as_str)));
        let texts = audit_values::table
            .filter(audit_values::area_id.eq_any(above))
            .filter(audit_values::n.eq(-1).or(diesel::dsl::exists(of_inputs)))
            .select((
                audit_values::area_id,
                audit_values::seq,
                audit_values::n,
                audit_values::value,
            ))
            .load_stream::<(i32, i64, i32, String)>(w.db)
            .await?;
        let mut texts = std::pin::pin!(texts);
        let in_full = marks.in_full();
        while let Some((area, seq, n, text)) = texts.try_next().await? {
            let marks = if n == -1 { marks } else { &in_full };
            if marks.stand_in(&text) {
                found.0.push(area);
                found.1.push(seq);
                found.2.push(n);
            }
        }
    }
    diesel::sql_query(
        "delete from audit_values v using unnest($1, $2, $3) u (area_id, seq, n)
         where v.area_id = u.area_id and v.seq = u.seq and v.n = u.n",
    )
    .bind::<Array<Integer>, _>(found.0)
    .bind::<Array<BigInt>, _>(found.1)
    .bind::<Array<Integer>, _>(found.2)
    .execute(w.db)
    .await?;
    Ok(())
}

/// Where people type what figures rest on, and why a commune has closed: its lines are kept for ever,
/// but for these texts.
const OF_INPUTS: [(&str, &str); 4] = [
    ("area_totals", "source"),
    ("closings", "reason"),
    ("reported_figures", "source"),
    ("targets", "source"),
];

/// Every such text that names the person, whichever area it is of.
pub async fn forget_inputs(w: &mut Writer<'_>, marks: &Marks) -> Result<()> {
    #[derive(QueryableByName)]
    struct Typed {
        #[diesel(sql_type = Text)]
        text: String,
    }
    let marks = marks.in_full();
    for (table, column) in OF_INPUTS {
        let typed = format!("select distinct {column} as text from {table}");
        let typed: Vec<Typed> = diesel::sql_query(typed).load(w.db).await?;
        let naming = typed.into_iter().map(|typed| typed.text).filter(|text| marks.stand_in(text));
        let naming: Vec<String> = naming.collect();
        if !naming.is_empty() {
            let forget = format!("update {table} set {column} = $1 where {column} = any($2)");
            let forget = diesel::sql_query(forget).bind::<Text, _>(NAMELESS);
            forget.bind::<Array<Text>, _>(naming).execute(w.db).await?;
        }
    }
    Ok(())
}
