//! Every query on targets, and those that come with the product.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, Date, Integer};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Goal;
use crate::access::Act;
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::hundredths::Percent;
use crate::base::kind::{Base, Group, Kind};
use crate::base::schema::targets;
use crate::base::statement::statement;
use crate::base::version::Version;
use crate::ledger::audit::{Entity, Fields};
use crate::ledger::lines::{self, Line, Stamp};
use crate::ledger::{self, Writer};
use crate::wire::input::IfMatch;

/// A target as somebody set it.
#[derive(Debug, Clone, PartialEq, Queryable, QueryableByName, Selectable, Insertable)]
#[diesel(table_name = targets)]
pub struct Target {
    pub area_id: i32,
    pub year: i16,
    pub kind: Kind,
    pub base: Base,
    /// Empty for a target of the whole kind.
    pub group_code: String,
    pub n: i32,
    /// In hundredths; none where it was taken back.
    pub percent: Option<i32>,
    pub source: String,
    /// The day on which it is known.
    pub day: NaiveDate,
    pub author_id: Uuid,
    pub version: Version,
}

impl Target {
    /// The targets of these areas that hold now, or held at the end of a day, those taken back too.
    pub async fn of_areas(
        db: &mut Conn,
        areas: &[AreaId],
        known_on: Option<NaiveDate>,
    ) -> Result<Vec<Self>> {
        Ok(statement(
            "select distinct on (area_id, year, kind, base, group_code) *
             from targets
             where area_id = any($1) and day <= $2
             order by area_id, year, kind, base, group_code, n desc",
        )
        .bind::<Array<Integer>, _>(areas)
        .bind::<Date, _>(known_on.unwrap_or(NaiveDate::MAX))
        .load(db)
        .await?)
    }

    /// Whether the register has any.
    pub async fn any(db: &mut Conn) -> Result<bool> {
        Ok(diesel::select(diesel::dsl::exists(targets::table.select(targets::area_id)))
            .get_result(db)
            .await?)
    }

    /// All that was ever set for an area and year, the latest of each first.
    pub async fn history(db: &mut Conn, area: AreaId, year: i16) -> Result<Vec<Self>> {
        Ok(targets::table
            .filter(targets::area_id.eq(area).and(targets::year.eq(year)))
            .order((targets::kind, targets::base, targets::group_code, targets::n.desc()))
            .select(Self::as_select())
            .load(db)
            .await?)
    }

    /// Appends what differs from the targets of one area and year that hold.
    pub async fn put(
        db: &mut Conn,
        act: &Act,
        areas: &Areas,
        version: IfMatch,
        new: &[Self],
    ) -> Result<usize> {
        ledger::write(db, act, "targets.put", async |w| {
            Self::write(w, areas, Some(version), new).await
        })
        .await
    }

    /// The same for any areas and years, whatever holds there: from a sheet.
    pub async fn put_all(db: &mut Conn, act: &Act, areas: &Areas, new: &[Self]) -> Result<usize> {
        ledger::write(db, act, "targets.import", async |w| Self::write(w, areas, None, new).await)
            .await
    }

    async fn write(
        w: &mut Writer<'_>,
        areas: &Areas,
        version: Option<IfMatch>,
        new: &[Self],
    ) -> Result<usize> {
        lines::lock(w, areas, new).await?;
        let concerned: BTreeSet<AreaId> = new.iter().map(|target| target.area_id).collect();
        let years: BTreeSet<i16> = new.iter().map(|target| target.year).collect();
        let concerned: Vec<AreaId> = concerned.into_iter().collect();
        let mut known = Self::of_areas(w.db, &concerned, None).await?;
        known.retain(|target| years.contains(&target.year));
        let added = lines::append(w, areas, &known, new.to_vec(), version).await?;
        for piece in added.chunks(1_000) {
            diesel::insert_into(targets::table).values(piece).execute(w.db).await?;
        }
        Ok(added.len())
    }

    /// A target that is not entered yet.
    pub fn new(
        area_id: AreaId,
        year: i16,
        goal: Goal,
        percent: Option<Percent>,
        source: &str,
    ) -> Self {
        let Stamp { n, day, author_id, version } = Stamp::NONE;
        Self {
            area_id,
            year,
            kind: goal.kind,
            base: goal.base,
            group_code: goal.group.map(Group::as_str).unwrap_or_default().to_owned(),
            n,
            percent: percent.map(|percent| percent.0),
            source: source.to_owned(),
            day,
            author_id,
            version,
        }
    }

    pub fn goal(&self) -> Goal {
        Goal { kind: self.kind, base: self.base, group: Group::parse(&self.group_code) }
    }
}

impl Line for Target {
    const ENTITY: Entity = Entity::Target;

    fn area(&self) -> AreaId {
        self.area_id
    }

    fn id(&self) -> String {
        let Self { area_id, year, kind, base, group_code, .. } = self;
        format!("{area_id}/{year}/{kind}/{base}/{group_code}")
    }

    fn fields(&self) -> Fields {
        Fields::new().plain("percent", self.percent).personal("source", &*self.source)
    }

    fn stamp(&self) -> Stamp {
        let Self { n, day, author_id, version, .. } = *self;
        Stamp { n, day, author_id, version }
    }

    fn stamped(self, Stamp { n, day, author_id, version }: Stamp) -> Self {
        Self { n, day, author_id, version, ..self }
    }
}
