//! Every query on difficult times.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Period;
use crate::access::Act;
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::schema::{difficult_areas, hamlets};
use crate::base::version::Version;
use crate::ledger;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::register::hamlets::marks;
use crate::register::hamlets::rows::Hamlet;
use crate::register::titles::rows::Title;
use crate::register::titles::write;
use crate::wire::input::IfMatch;

/// The difficult times of a commune, the oldest first, and the version of the list if it has any.
pub async fn of_commune(db: &mut Conn, commune: AreaId) -> Result<(Vec<Period>, Option<Version>)> {
    let rows: Vec<(NaiveDate, Option<NaiveDate>, String, Version)> = difficult_areas::table
        .filter(difficult_areas::area_id.eq(commune))
        .order(difficult_areas::valid_from)
        .select((
            difficult_areas::valid_from,
            difficult_areas::valid_to,
            difficult_areas::source,
            difficult_areas::version,
        ))
        .load(db)
        .await?;
    let version = rows.iter().map(|row| row.3).max();
    let periods = rows.into_iter().map(|(from, to, source, _)| Period { from, to, source });
    Ok((periods.collect(), version))
}

/// Stores the whole list of a commune; its titles without a decision take it in.
pub async fn put(
    db: &mut Conn,
    act: &Act,
    areas: &Areas,
    commune: AreaId,
    version: IfMatch,
    new: &[Period],
) -> Result<()> {
    ledger::write(db, act, "area.difficult", async |w| {
        w.lock(&[commune]).await?;
        let (known, current) = of_commune(w.db, commune).await?;
        if known == new {
            return Ok(());
        }
        current.map_or(Ok(()), |current| version.check(current))?;
        diesel::delete(difficult_areas::table.filter(difficult_areas::area_id.eq(commune)))
            .execute(w.db)
            .await?;
        let version = w.version(commune)?;
        let rows: Vec<_> = new
            .iter()
            .map(|period| {
                (
                    difficult_areas::area_id.eq(commune),
                    difficult_areas::valid_from.eq(period.from),
                    difficult_areas::valid_to.eq(period.to),
                    difficult_areas::source.eq(&period.source),
                    difficult_areas::version.eq(version),
                )
            })
            .collect();
        diesel::insert_into(difficult_areas::table).values(rows).execute(w.db).await?;
        let item = Item::changed(Entity::Area, commune, fields(&known), fields(new));
        w.record(commune, item).await?;
        let open = Title::undecided_in(w.db, commune).await?;
        write::reassess(w, areas, commune, open).await
    })
    .await
}

/// Stores the whole list of a hamlet; the titles without a decision of all who live there take it in.
pub async fn put_hamlet(
    db: &mut Conn,
    act: &Act,
    areas: &Areas,
    commune: AreaId,
    id: Uuid,
    version: IfMatch,
    new: &[Period],
) -> Result<()> {
    ledger::write(db, act, "hamlet.difficult", async |w| {
        w.lock(&[commune]).await?;
        let hamlet = Hamlet::in_chain(w.db, areas, commune, id).await?;
        let known = marks::of_hamlet(w.db, id).await?;
        if known == new {
            return Ok(());
        }
        version.check(hamlet.version)?;
        marks::store(w.db, id, new).await?;
        diesel::update(hamlets::table.find(id))
            .set(hamlets::version.eq(w.version(commune)?))
            .execute(w.db)
            .await?;
        w.record(commune, Item::changed(Entity::Hamlet, id, fields(&known), fields(new))).await?;
        let open = Title::undecided_of_hamlets(w.db, &[id]).await?;
        write::reassess(w, areas, commune, open).await
    })
    .await
}

fn fields(periods: &[Period]) -> Fields {
    Fields::new().plain("difficult", marks::told(periods))
}
