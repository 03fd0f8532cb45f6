//! Every query on totals and closings.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::ClosingState;
use crate::areas::AreaId;
use crate::audit::{Entity, Fields, Item};
use crate::auth::Act;
use crate::db::Conn;
use crate::error::Result;
use crate::input::IfMatch;
use crate::kind::{Base, Kind};
use crate::ledger;
use crate::schema::{area_totals, closings};
use crate::version::Version;

/// A total as somebody reported it.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = area_totals)]
pub struct Total {
    pub area_id: i32,
    pub year: i16,
    pub base: Base,
    pub n: i32,
    /// None takes the figure back.
    pub total: Option<i32>,
    pub counted_on: Option<NaiveDate>,
    pub source: String,
    /// The day on which it is known.
    pub day: NaiveDate,
    pub author_id: Uuid,
    pub version: Version,
}

/// A closing of one kind.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = closings)]
pub struct Closing {
    pub area_id: i32,
    pub year: i16,
    pub kind: Kind,
    pub n: i32,
    pub state: ClosingState,
    pub reason: String,
    pub day: NaiveDate,
    pub author_id: Uuid,
    pub version: Version,
}

/// What is reported of one base.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTotal {
    pub base: Base,
    pub total: Option<i32>,
    pub counted_on: Option<NaiveDate>,
    pub source: String,
}

/// What is reported of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct NewClosing {
    pub kind: Kind,
    pub state: ClosingState,
    pub reason: String,
}

impl Total {
    /// The figures of an area and year that hold now, by base.
    pub async fn current(db: &mut Conn, area: AreaId, year: i16) -> Result<Vec<Self>> {
        Ok(area_totals::table
            .filter(area_totals::area_id.eq(area).and(area_totals::year.eq(year)))
            .distinct_on(area_totals::base)
            .order((area_totals::base, area_totals::n.desc()))
            .select(Self::as_select())
            .load(db)
            .await?)
    }

    /// All that was ever reported of an area and year, by base, the latest first.
    pub async fn history(db: &mut Conn, area: AreaId, year: i16) -> Result<Vec<Self>> {
        Ok(area_totals::table
            .filter(area_totals::area_id.eq(area).and(area_totals::year.eq(year)))
            .order((area_totals::base, area_totals::n.desc()))
            .select(Self::as_select())
            .load(db)
            .await?)
    }

    /// The figures of many areas and years that hold now, or held at the end of a day.
    pub async fn of_areas(
        db: &mut Conn,
        areas: &[AreaId],
        years: &[i16],
        known_on: Option<NaiveDate>,
    ) -> Result<Vec<Self>> {
        Ok(area_totals::table
            .filter(area_totals::area_id.eq_any(areas).and(area_totals::year.eq_any(years)))
            .filter(area_totals::day.le(known_on.unwrap_or(NaiveDate::MAX)))
            .distinct_on((area_totals::area_id, area_totals::year, area_totals::base))
            .order((
                area_totals::area_id,
                area_totals::year,
                area_totals::base,
                area_totals::n.desc(),
            ))
            .select(Self::as_select())
            .load(db)
            .await?)
    }

    /// Appends what differs from the figures that hold; nothing is written if nothing does.
    pub async fn put(
        db: &mut Conn,
        act: &Act,
        area: AreaId,
        year: i16,
        version: IfMatch,
        new: &[NewTotal],
    ) -> Result<()> {
        ledger::write(db, act, "totals.put", async |w| {
            w.lock(&[area]).await?;
            let known = Self::current(w.db, area, year).await?;
            let mut items = Vec::new();
            let mut added = Vec::new();
            for new in new {
                let before = known.iter().find(|total| total.base == new.base);
                if before.is_some_and(|before| before.says(new)) {
                    continue;
                }
                let after = Self {
                    area_id: area,
                    year,
                    base: new.base,
                    n: before.map_or(1, |before| before.n + 1),
                    total: new.total,
                    counted_on: new.counted_on,
                    source: new.source.clone(),
                    day: w.day,
                    author_id: w.act.caller.id,
                    version: w.version(area)?,
                };
                let id = format!("{area}/{year}/{}", new.base);
                items.push(match before {
                    Some(before) => {
                        Item::changed(Entity::Total, id, before.fields(), after.fields())
                    }
                    None => Item::created(Entity::Total, id, after.fields()),
                });
                added.push(after);
            }
            if added.is_empty() {
                return Ok(());
            }
            check(version, known.iter().map(|total| total.version).max())?;
            diesel::insert_into(area_totals::table).values(&added).execute(w.db).await?;
            w.record_all(area, &items).await
        })
        .await
    }

    fn says(&self, new: &NewTotal) -> bool {
        self.total == new.total && self.counted_on == new.counted_on && self.source == new.source
    }

    fn fields(&self) -> Fields {
        Fields::new()
            .plain("total", self.total)
            .plain("counted_on", self.counted_on.map(|day| day.to_string()))
            .plain("source", &*self.source)
    }
}

/// Changing figures that somebody else may have seen takes their version; first ones do not.
fn check(version: IfMatch, current: Option<Version>) -> Result<()> {
    current.map_or(Ok(()), |current| version.check(current))
}

impl Closing {
    pub async fn current(db: &mut Conn, area: AreaId, year: i16) -> Result<Vec<Self>> {
        Self::of_areas(db, &[area], &[year], None).await
    }

    /// The closings of many areas and years that hold now, or held at the end of a day.
    pub async fn of_areas(
        db: &mut Conn,
        areas: &[AreaId],
        years: &[i16],
        known_on: Option<NaiveDate>,
    ) -> Result<Vec<Self>> {
        Ok(closings::table
            .filter(closings::area_id.eq_any(areas).and(closings::year.eq_any(years)))
            .filter(closings::day.le(known_on.unwrap_or(NaiveDate::MAX)))
            .distinct_on((closings::area_id, closings::year, closings::kind))
            .order((closings::area_id, closings::year, closings::kind, closings::n.desc()))
            .select(Self::as_select())
            .load(db)
            .await?)
    }

    pub async fn put(
        db: &mut Conn,
        act: &Act,
        area: AreaId,
        year: i16,
        version: IfMatch,
        new: &[NewClosing],
    ) -> Result<()> {
        ledger::write(db, act, "closings.put", async |w| {
            w.lock(&[area]).await?;
            let known = Self::current(w.db, area, year).await?;
            let mut items = Vec::new();
            let mut added = Vec::new();
            for new in new {
                let before = known.iter().find(|closing| closing.kind == new.kind);
                if before.is_some_and(|b| b.state == new.state && b.reason == new.reason) {
                    continue;
                }
                let after = Self {
                    area_id: area,
                    year,
                    kind: new.kind,
                    n: before.map_or(1, |before| before.n + 1),
                    state: new.state,
                    reason: new.reason.clone(),
                    day: w.day,
                    author_id: w.act.caller.id,
                    version: w.version(area)?,
                };
                let id = format!("{area}/{year}/{}", new.kind);
                items.push(match before {
                    Some(before) => {
                        Item::changed(Entity::Closing, id, before.fields(), after.fields())
                    }
                    None => Item::created(Entity::Closing, id, after.fields()),
                });
                added.push(after);
            }
            if added.is_empty() {
                return Ok(());
            }
            check(version, known.iter().map(|closing| closing.version).max())?;
            diesel::insert_into(closings::table).values(&added).execute(w.db).await?;
            w.record_all(area, &items).await
        })
        .await
    }

    fn fields(&self) -> Fields {
        Fields::new().plain("state", self.state.as_str()).plain("reason", &*self.reason)
    }
}
