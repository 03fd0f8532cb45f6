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
use crate::base::clock::today;
use crate::base::error::Result;
use crate::base::schema::{audit_items, audit_values};
use crate::base::statement::statement;
use crate::ledger::Writer;
use crate::ledger::audit::Entity;
use crate::register::holders::erased::NAMELESS;

/// The personal values behind the items on the person, and every reason that names it.
pub async fn forget_trail(
    w: &mut Writer<'_>,
    areas: &Areas,
    person: &Person,
    marks: &Marks,
    chains: &[AreaId],
) -> Result<()> {
    statement(format!(
        "delete from audit_values v using unnest($1) h (id) join audit_items i on {ABOUT}
         where v.area_id = i.area_id and v.seq = i.seq and v.n = i.n"
    ))
    .bind::<Array<Text>, _>(person.texts())
    .execute(w.db)
    .await?;
    // A reason may stand with the commune, or with the province or the country above it.
    let above: BTreeSet<AreaId> =
        chains.iter().flat_map(|chain| areas.ancestors(*chain, today())).collect();
    let mut found = Vec::new();
    {
        let reasons = audit_values::table
            .filter(audit_values::area_id.eq_any(above).and(audit_values::n.eq(-1)))
            .select((audit_values::area_id, audit_values::seq, audit_values::value))
            .load_stream::<(i32, i64, String)>(w.db)
            .await?;
        let mut reasons = std::pin::pin!(reasons);
        while let Some((area, seq, text)) = reasons.try_next().await? {
            if marks.stand_in(&text) {
                found.push((area, seq, -1));
            }
        }
    }
    forget_values(w, &found).await
}

/// Takes values out of the trail: their commitments stay.
async fn forget_values(w: &mut Writer<'_>, values: &[(i32, i64, i32)]) -> Result<()> {
    statement(
        "delete from audit_values v using unnest($1, $2, $3) u (area_id, seq, n)
         where v.area_id = u.area_id and v.seq = u.seq and v.n = u.n",
    )
    .bind::<Array<Integer>, _>(values.iter().map(|value| value.0).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(values.iter().map(|value| value.1).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(values.iter().map(|value| value.2).collect::<Vec<_>>())
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
        let typed: Vec<Typed> = statement(typed).load(w.db).await?;
        let naming = typed.into_iter().map(|typed| typed.text).filter(|text| marks.stand_in(text));
        let naming: Vec<String> = naming.collect();
        if !naming.is_empty() {
            let forget = format!("update {table} set {column} = $1 where {column} = any($2)");
            let forget = statement(forget).bind::<Text, _>(NAMELESS);
            forget.bind::<Array<Text>, _>(naming).execute(w.db).await?;
        }
    }
    let inputs = [Entity::Total, Entity::Closing, Entity::Reported, Entity::Target];
    let kept = audit_items::table
        .inner_join(
            audit_values::table.on(audit_values::area_id
                .eq(audit_items::area_id)
                .and(audit_values::seq.eq(audit_items::seq))
                .and(audit_values::n.eq(audit_items::n))),
        )
        .filter(audit_items::entity.eq_any(inputs.map(Entity::as_str)))
        .select((audit_values::area_id, audit_values::seq, audit_values::n, audit_values::value));
    let kept: Vec<(i32, i64, i32, String)> = kept.load(w.db).await?;
    let naming = kept.into_iter().filter(|(.., text)| marks.stand_in(text));
    let naming: Vec<(i32, i64, i32)> = naming.map(|(area, seq, n, _)| (area, seq, n)).collect();
    forget_values(w, &naming).await
}
