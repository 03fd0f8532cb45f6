//! Every query on reported figures.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, Date, Integer};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{Numbers, PrintedBase};
use crate::access::Act;
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::hundredths::Percent;
use crate::base::kind::{Kind, Level};
use crate::base::schema::reported_figures as table;
use crate::base::statement::statement;
use crate::base::version::Version;
use crate::ledger::audit::{Entity, Fields};
use crate::ledger::lines::{self, Line, Stamp};
use crate::ledger::{self, Writer};

/// A figure as a paper report gives it.
#[derive(Debug, Clone, PartialEq, Queryable, QueryableByName, Selectable, Insertable)]
#[diesel(table_name = table)]
pub struct Reported {
    pub area_id: i32,
    pub year: i16,
    pub kind: Kind,
    pub level: Level,
    /// The day as of which the report speaks.
    pub reported_on: NaiveDate,
    pub n: i32,
    pub registered: Option<i32>,
    pub recognised: Option<i32>,
    pub total: Option<i32>,
    /// In hundredths of a percent.
    pub printed_rate: Option<i32>,
    pub printed_base: Option<PrintedBase>,
    pub source: String,
    pub taken_back: bool,
    /// The day on which it is known.
    pub day: NaiveDate,
    pub author_id: Uuid,
    pub version: Version,
}

/// What names a figure.
pub type ReportedKey = (AreaId, i16, Kind, Level, NaiveDate);

impl Reported {
    /// The figures of these areas that hold now, or held at the end of a day: by area, kind and
    /// level, the oldest first.
    pub async fn of_areas(
        db: &mut Conn,
        areas: &[AreaId],
        known_on: Option<NaiveDate>,
    ) -> Result<Vec<Self>> {
        let mut found = Self::latest(db, areas, known_on).await?;
        found.retain(|figure| !figure.taken_back);
        Ok(found)
    }

    /// All that was ever reported of an area, corrections and what was taken back too, the latest
    /// first.
    pub async fn history(db: &mut Conn, area: AreaId) -> Result<Vec<Self>> {
        Ok(table::table
            .filter(table::area_id.eq(area))
            .order((
                table::year.desc(),
                table::kind,
                table::level,
                table::reported_on.desc(),
                table::n.desc(),
            ))
            .select(Self::as_select())
            .load(db)
            .await?)
    }

    /// Appends what differs from the figures that hold, all or nothing; returns how many did.
    pub async fn add(
        db: &mut Conn,
        act: &Act,
        areas: &Areas,
        action: &'static str,
        new: &[Self],
    ) -> Result<usize> {
        ledger::write(db, act, action, async |w| Self::write(w, areas, new).await).await
    }

    async fn write(w: &mut Writer<'_>, areas: &Areas, new: &[Self]) -> Result<usize> {
        lines::lock(w, areas, new).await?;
        let concerned: BTreeSet<AreaId> = new.iter().map(|figure| figure.area_id).collect();
        let concerned: Vec<AreaId> = concerned.into_iter().collect();
        let known = Self::latest(w.db, &concerned, None).await?;
        let added = lines::append(w, areas, &known, new.to_vec(), None).await?;
        let stands = |new: &Self| known.iter().any(|f| f.id() == new.id() && !f.taken_back);
        if added.iter().any(|new| new.taken_back && !stands(new)) {
            return Err(Error::conflict(
                "nothing_to_take_back",
                say("Không có số liệu này để rút.", "There is no such figure to take back."),
            ));
        }
        for piece in added.chunks(1_000) {
            diesel::insert_into(table::table).values(piece).execute(w.db).await?;
        }
        Ok(added.len())
    }

    /// The last line of every figure of these areas, taken back or not.
    async fn latest(
        db: &mut Conn,
        areas: &[AreaId],
        known_on: Option<NaiveDate>,
    ) -> Result<Vec<Self>> {
        Ok(statement(
            "select distinct on (area_id, kind, level, reported_on, year) *
             from reported_figures
             where area_id = any($1) and day <= $2
             order by area_id, kind, level, reported_on, year, n desc",
        )
        .bind::<Array<Integer>, _>(areas)
        .bind::<Date, _>(known_on.unwrap_or(NaiveDate::MAX))
        .load(db)
        .await?)
    }

    /// A figure that is not entered yet.
    pub fn new(key: ReportedKey, numbers: Numbers, source: &str) -> Self {
        let (area_id, year, kind, level, reported_on) = key;
        let Stamp { n, day, author_id, version } = Stamp::NONE;
        Self {
            area_id,
            year,
            kind,
            level,
            reported_on,
            n,
            registered: numbers.registered,
            recognised: numbers.recognised,
            total: numbers.total,
            printed_rate: numbers.printed_rate.map(|rate| rate.0),
            printed_base: numbers.printed_base,
            source: source.to_owned(),
            taken_back: false,
            day,
            author_id,
            version,
        }
    }

    pub fn key(&self) -> ReportedKey {
        (self.area_id, self.year, self.kind, self.level, self.reported_on)
    }

    pub fn numbers(&self) -> Numbers {
        Numbers {
            registered: self.registered,
            recognised: self.recognised,
            total: self.total,
            printed_rate: self.printed_rate.map(Percent),
            printed_base: self.printed_base,
        }
    }
}

impl Line for Reported {
    const ENTITY: Entity = Entity::Reported;

    fn area(&self) -> AreaId {
        self.area_id
    }

    fn id(&self) -> String {
        let Self { area_id, year, kind, level, reported_on, .. } = self;
        format!("{area_id}/{year}/{kind}/{level}/{reported_on}")
    }

    fn fields(&self) -> Fields {
        Fields::new()
            .plain("registered", self.registered)
            .plain("recognised", self.recognised)
            .plain("total", self.total)
            .plain("printed_rate", self.printed_rate)
            .plain("printed_base", self.printed_base.map(PrintedBase::as_str))
            .personal("source", &*self.source)
            .plain("taken_back", self.taken_back)
    }

    fn stamp(&self) -> Stamp {
        let Self { n, day, author_id, version, .. } = *self;
        Stamp { n, day, author_id, version }
    }

    fn stamped(self, Stamp { n, day, author_id, version }: Stamp) -> Self {
        Self { n, day, author_id, version, ..self }
    }
}
