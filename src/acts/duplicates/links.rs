//! What leads to a holder, and leads to another once both are one: its people, decisions and moves.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::kind::Level;
use crate::base::schema::{decision_titles, holders, merges, moves};
use crate::ledger::Writer;
use crate::ledger::audit::{Entity, Item};
use crate::register::holders::merged::with_merged;
use crate::register::holders::rows::Holder;

/// The citizens of a family or unit.
pub(super) async fn linked(db: &mut Conn, holder: Uuid) -> Result<Vec<Holder>> {
    Ok(holders::table
        .filter(holders::family_id.eq(holder).or(holders::unit_id.eq(holder)))
        .order(holders::id)
        .select(Holder::as_select())
        .load(db)
        .await?)
}

/// Lets citizens belong to `to` who belonged to `from`.
pub(super) async fn relink(
    w: &mut Writer<'_>,
    areas: &Areas,
    people: Vec<Holder>,
    from: &Holder,
    to: &Holder,
) -> Result<()> {
    for before in people {
        let chain: AreaId = areas.chain(before.area_id, None);
        let mut after = before.clone();
        after.version = w.version(chain)?;
        for (link, field) in [(&mut after.family_id, "family"), (&mut after.unit_id, "unit")] {
            if *link == Some(from.id) {
                *link = Some(to.id);
                after.details[field] = to.code.clone().into();
            }
        }
        if after.details == before.details {
            continue;
        }
        diesel::update(holders::table.find(after.id)).set(&after).execute(w.db).await?;
        let item = Item::changed(Entity::Holder, after.id, before.fields(None), after.fields(None));
        w.record(chain, item).await?;
    }
    Ok(())
}

/// Lets the lines of decisions and the moves of the merged holder (known by the codes in them) lead to
/// whoever has its titles now; what they say stays as it was that day.
pub(super) async fn refer(
    w: &mut Writer<'_>,
    merged: &Holder,
    given: &[(i16, Level)],
    from: Uuid,
    to: Uuid,
) -> Result<()> {
    let ids = with_merged(w.db, &[merged.id]).await?;
    let mut codes: Vec<String> = merges::table
        .filter(merges::merged_id.eq_any(ids))
        .select(merges::merged_code)
        .load(w.db)
        .await?;
    codes.push(merged.code.clone());
    for (year, level) in given {
        let there: Vec<Uuid> = decision_titles::table
            .filter(decision_titles::holder_id.eq(to))
            .filter(decision_titles::year.eq(year).and(decision_titles::level.eq(level)))
            .select(decision_titles::decision_id)
            .load(w.db)
            .await?;
        diesel::update(decision_titles::table)
            .filter(decision_titles::holder_id.eq(from).and(decision_titles::code.eq_any(&codes)))
            .filter(decision_titles::year.eq(year).and(decision_titles::level.eq(level)))
            .filter(decision_titles::decision_id.ne_all(there))
            .set(decision_titles::holder_id.eq(to))
            .execute(w.db)
            .await?;
    }
    diesel::update(moves::table)
        .filter(moves::holder_id.eq(from).and(moves::code.eq_any(codes)))
        .set(moves::holder_id.eq(to))
        .execute(w.db)
        .await?;
    Ok(())
}
