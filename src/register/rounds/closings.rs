//! What communes have closed: a year of a kind, as complete or with nothing to report.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::access::Act;
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::kind::Kind;
use crate::base::schema::closings;
use crate::base::version::Version;
use crate::ledger;
use crate::ledger::audit::{Entity, Fields};
use crate::ledger::lines::{self, Line, Stamp};
use crate::text_enum;
use crate::wire::input::IfMatch;

text_enum! {
    /// Whether a commune is done with a kind for a year.
    pub enum ClosingState {
        /// Opened again.
        Open = "open",
        /// All records are in.
        Complete = "complete",
        /// There are none this year.
        NothingToReport = "nothing_to_report",
    }
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

    /// Appends what differs from the closings of one area and year that hold.
    pub async fn put(
        db: &mut Conn,
        act: &Act,
        areas: &Areas,
        version: IfMatch,
        new: &[Self],
    ) -> Result<usize> {
        ledger::write(db, act, "closings.put", async |w| {
            lines::lock(w, areas, new).await?;
            let Some(Self { area_id, year, .. }) = new.first() else { return Ok(0) };
            let known = Self::current(w.db, *area_id, *year).await?;
            let added = lines::append(w, areas, &known, new.to_vec(), Some(version)).await?;
            diesel::insert_into(closings::table).values(&added).execute(w.db).await?;
            Ok(added.len())
        })
        .await
    }

    /// A closing that is not entered yet.
    pub fn new(
        area_id: AreaId,
        year: i16,
        kind: Kind,
        state: ClosingState,
        reason: String,
    ) -> Self {
        let Stamp { n, day, author_id, version } = Stamp::NONE;
        Self { area_id, year, kind, n, state, reason, day, author_id, version }
    }
}

impl Line for Closing {
    const ENTITY: Entity = Entity::Closing;

    fn area(&self) -> AreaId {
        self.area_id
    }

    fn id(&self) -> String {
        format!("{}/{}/{}", self.area_id, self.year, self.kind)
    }

    fn fields(&self) -> Fields {
        Fields::new().plain("state", self.state.as_str()).personal("reason", &*self.reason)
    }

    fn stamp(&self) -> Stamp {
        let Self { n, day, author_id, version, .. } = *self;
        Stamp { n, day, author_id, version }
    }

    fn stamped(self, Stamp { n, day, author_id, version }: Stamp) -> Self {
        Self { n, day, author_id, version, ..self }
    }
}
