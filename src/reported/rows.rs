//! Every query on reported figures.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, Date, Integer};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{Numbers, PrintedBase};
use crate::areas::{AreaId, Areas};
use crate::audit::{Entity, Fields, Item};
use crate::auth::Act;
use crate::db::Conn;
use crate::error::{Error, Result, say};
use crate::inputs::{Percent, chain};
use crate::kind::{Kind, Level};
use crate::ledger::{self, Writer};
use crate::schema::reported_figures as table;
use crate::version::Version;

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

/// What a report says.
#[derive(Debug, Clone, PartialEq)]
pub struct NewReported {
    pub area: AreaId,
    pub year: i16,
    pub kind: Kind,
    pub level: Level,
    pub reported_on: NaiveDate,
    pub numbers: Numbers,
    pub source: String,
    pub taken_back: bool,
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
        new: &[NewReported],
    ) -> Result<usize> {
        ledger::write(db, act, "reported.add", async |w| Self::write(w, areas, new).await).await
    }

    async fn write(w: &mut Writer<'_>, areas: &Areas, new: &[NewReported]) -> Result<usize> {
        let chains: Vec<AreaId> = new.iter().map(|figure| chain(areas, figure.area)).collect();
        w.lock(&chains).await?;
        let concerned: Vec<AreaId> = new.iter().map(|figure| figure.area).collect();
        let known = Self::latest(w.db, &concerned, None).await?;
        let mut added = Vec::new();
        let mut items: Vec<(AreaId, Item)> = Vec::new();
        for (new, chain) in new.iter().zip(chains) {
            let before = known.iter().find(|figure| figure.key() == new.key());
            if before.is_some_and(|before| before.says(new)) {
                continue;
            }
            if new.taken_back && before.is_none_or(|before| before.taken_back) {
                return Err(Error::conflict(
                    "nothing_to_take_back",
                    say("Không có số liệu này để rút.", "There is no such figure to take back."),
                ));
            }
            let after = Self::appended(new, before.map_or(1, |b| b.n + 1), w, chain)?;
            let id = after.id();
            let item = match before {
                Some(before) => {
                    Item::changed(Entity::Reported, id, before.fields(), after.fields())
                }
                None => Item::created(Entity::Reported, id, after.fields()),
            };
            items.push((chain, item));
            added.push(after);
        }
        for piece in added.chunks(1_000) {
            diesel::insert_into(table::table).values(piece).execute(w.db).await?;
        }
        w.record_each(items).await?;
        Ok(added.len())
    }

    /// The last line of every figure of these areas, taken back or not.
    async fn latest(
        db: &mut Conn,
        areas: &[AreaId],
        known_on: Option<NaiveDate>,
    ) -> Result<Vec<Self>> {
        Ok(diesel::sql_query(
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

    fn appended(new: &NewReported, n: i32, w: &Writer<'_>, chain: AreaId) -> Result<Self> {
        Ok(Self {
            area_id: new.area,
            year: new.year,
            kind: new.kind,
            level: new.level,
            reported_on: new.reported_on,
            n,
            registered: new.numbers.registered,
            recognised: new.numbers.recognised,
            total: new.numbers.total,
            printed_rate: new.numbers.printed_rate.map(|rate| rate.0),
            printed_base: new.numbers.printed_base,
            source: new.source.clone(),
            taken_back: new.taken_back,
            day: w.day,
            author_id: w.act.caller.id,
            version: w.version(chain)?,
        })
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

    /// As somebody would report it again.
    pub fn again(&self) -> NewReported {
        NewReported {
            area: self.area_id,
            year: self.year,
            kind: self.kind,
            level: self.level,
            reported_on: self.reported_on,
            numbers: self.numbers(),
            source: self.source.clone(),
            taken_back: self.taken_back,
        }
    }

    fn says(&self, new: &NewReported) -> bool {
        self.again() == *new
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
            .plain("source", &*self.source)
            .plain("taken_back", self.taken_back)
    }
}

impl NewReported {
    pub fn key(&self) -> ReportedKey {
        (self.area, self.year, self.kind, self.level, self.reported_on)
    }
}
