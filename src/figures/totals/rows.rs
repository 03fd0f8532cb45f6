//! Every query on totals.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::access::Act;
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::kind::Base;
use crate::base::schema::area_totals;
use crate::base::version::Version;
use crate::ledger::audit::{Entity, Fields};
use crate::ledger::lines::{self, Line, Stamp};
use crate::ledger::{self, Writer};
use crate::wire::input::IfMatch;

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

    /// Appends what differs from the figures of one area and year that hold; returns how many did.
    pub async fn put(
        db: &mut Conn,
        act: &Act,
        areas: &Areas,
        version: IfMatch,
        new: &[Self],
    ) -> Result<usize> {
        ledger::write(db, act, "totals.put", async |w| {
            Self::write(w, areas, Some(version), new).await
        })
        .await
    }

    /// The same for any areas and years, whatever holds there: from a sheet.
    pub async fn put_all(db: &mut Conn, act: &Act, areas: &Areas, new: &[Self]) -> Result<usize> {
        ledger::write(db, act, "totals.import", async |w| Self::write(w, areas, None, new).await)
            .await
    }

    async fn write(
        w: &mut Writer<'_>,
        areas: &Areas,
        version: Option<IfMatch>,
        new: &[Self],
    ) -> Result<usize> {
        lines::lock(w, areas, new).await?;
        let concerned: BTreeSet<AreaId> = new.iter().map(|total| total.area_id).collect();
        let years: BTreeSet<i16> = new.iter().map(|total| total.year).collect();
        let (concerned, years): (Vec<_>, Vec<_>) =
            (concerned.into_iter().collect(), years.into_iter().collect());
        let known = Self::of_areas(w.db, &concerned, &years, None).await?;
        let added = lines::append(w, areas, &known, new.to_vec(), version).await?;
        for piece in added.chunks(1_000) {
            diesel::insert_into(area_totals::table).values(piece).execute(w.db).await?;
        }
        Ok(added.len())
    }

    /// A total that is not entered yet.
    pub fn new(area_id: AreaId, year: i16, base: Base, total: Option<i32>, source: &str) -> Self {
        let Stamp { n, day, author_id, version } = Stamp::NONE;
        let source = source.to_owned();
        Self { area_id, year, base, n, total, counted_on: None, source, day, author_id, version }
    }
}

impl Line for Total {
    const ENTITY: Entity = Entity::Total;

    fn area(&self) -> AreaId {
        self.area_id
    }

    fn id(&self) -> String {
        format!("{}/{}/{}", self.area_id, self.year, self.base)
    }

    fn fields(&self) -> Fields {
        Fields::new()
            .plain("total", self.total)
            .plain("counted_on", self.counted_on.map(|day| day.to_string()))
            .personal("source", &*self.source)
    }

    fn stamp(&self) -> Stamp {
        let Self { n, day, author_id, version, .. } = *self;
        Stamp { n, day, author_id, version }
    }

    fn stamped(self, Stamp { n, day, author_id, version }: Stamp) -> Self {
        Self { n, day, author_id, version, ..self }
    }
}
