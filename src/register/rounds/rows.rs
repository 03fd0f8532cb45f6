//! Every query on rounds, and what communes have closed.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, SmallInt, Text};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Calendar;
use crate::access::Act;
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::kind::Kind;
use crate::base::schema::{closings, rounds};
use crate::base::statement::statement;
use crate::base::version::Version;
use crate::ledger;
use crate::ledger::audit::{Entity, Fields};
use crate::ledger::lines::{self, Line, Stamp};
use crate::register::rounds::closings::ClosingState;
use crate::wire::input::IfMatch;

/// The deadlines that an area set for a kind and year.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = rounds)]
pub struct Round {
    pub area_id: i32,
    pub year: i16,
    pub kind: Kind,
    pub n: i32,
    /// The last day on which registering is in time.
    pub registration_until: Option<NaiveDate>,
    /// The last day on which scores are in time: the decision follows.
    pub decision_until: Option<NaiveDate>,
    pub day: NaiveDate,
    pub author_id: Uuid,
    pub version: Version,
}

impl Round {
    /// What an area itself set for a year.
    async fn own(db: &mut Conn, area: AreaId, year: i16) -> Result<Vec<Self>> {
        Ok(rounds::table
            .filter(rounds::area_id.eq(area).and(rounds::year.eq(year)))
            .distinct_on(rounds::kind)
            .order((rounds::kind, rounds::n.desc()))
            .select(Self::as_select())
            .load(db)
            .await?)
    }

    /// Appends what differs from what an area set for a year; nothing is written if nothing does.
    pub async fn put(
        db: &mut Conn,
        act: &Act,
        areas: &Areas,
        version: IfMatch,
        new: &[Self],
    ) -> Result<usize> {
        ledger::write(db, act, "rounds.put", async |w| {
            lines::lock(w, areas, new).await?;
            let Some(Self { area_id, year, .. }) = new.first() else { return Ok(0) };
            let known = Self::own(w.db, *area_id, *year).await?;
            let added = lines::append(w, areas, &known, new.to_vec(), Some(version)).await?;
            diesel::insert_into(rounds::table).values(&added).execute(w.db).await?;
            Ok(added.len())
        })
        .await
    }

    /// A round that is not entered yet, without deadlines.
    pub fn new(area_id: AreaId, year: i16, kind: Kind) -> Self {
        let Stamp { n, day, author_id, version } = Stamp::NONE;
        Self {
            area_id,
            year,
            kind,
            n,
            registration_until: None,
            decision_until: None,
            day,
            author_id,
            version,
        }
    }
}

impl Line for Round {
    const ENTITY: Entity = Entity::Round;

    fn area(&self) -> AreaId {
        self.area_id
    }

    fn id(&self) -> String {
        format!("{}/{}/{}", self.area_id, self.year, self.kind)
    }

    fn fields(&self) -> Fields {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string());
        Fields::new()
            .plain("registration_until", day(self.registration_until))
            .plain("decision_until", day(self.decision_until))
    }

    fn stamp(&self) -> Stamp {
        let Self { n, day, author_id, version, .. } = *self;
        Stamp { n, day, author_id, version }
    }

    fn stamped(self, Stamp { n, day, author_id, version }: Stamp) -> Self {
        Self { n, day, author_id, version, ..self }
    }
}

impl Calendar {
    /// All rounds of these years, and what these areas have closed in them.
    pub async fn load(db: &mut Conn, places: &[AreaId], years: &[i16]) -> Result<Self> {
        let found = rounds::table
            .filter(rounds::year.eq_any(years))
            .distinct_on((rounds::area_id, rounds::year, rounds::kind))
            .order((rounds::area_id, rounds::year, rounds::kind, rounds::n.desc()))
            .select(Round::as_select())
            .load(db)
            .await?;
        let latest: Vec<(i32, i16, Kind, ClosingState)> = closings::table
            .filter(closings::area_id.eq_any(places).and(closings::year.eq_any(years)))
            .distinct_on((closings::area_id, closings::year, closings::kind))
            .order((closings::area_id, closings::year, closings::kind, closings::n.desc()))
            .select((closings::area_id, closings::year, closings::kind, closings::state))
            .load(db)
            .await?;
        let closed = latest
            .into_iter()
            .filter(|(.., state)| *state != ClosingState::Open)
            .map(|(area, year, kind, _)| (area, year, kind));
        Ok(Self { rounds: found, closed: closed.collect() })
    }
}

/// The titles of a place that still wait for a decision.
#[derive(Debug, Clone, Copy, Default)]
pub struct Waiting {
    pub registered: i64,
    pub self_assessed: i64,
    pub verified: i64,
}

#[derive(QueryableByName)]
struct WaitingRow {
    #[diesel(sql_type = Integer)]
    place: i32,
    #[diesel(sql_type = Text)]
    kind: Kind,
    #[diesel(sql_type = BigInt)]
    registered: i64,
    #[diesel(sql_type = BigInt)]
    self_assessed: i64,
    #[diesel(sql_type = BigInt)]
    verified: i64,
}

/// What waits for a decision, by place and kind, in all that an area answers for.
pub async fn waiting(
    db: &mut Conn,
    area: AreaId,
    year: i16,
    kind: Option<Kind>,
) -> Result<HashMap<(AreaId, Kind), Waiting>> {
    let rows: Vec<WaitingRow> = statement(
        "select coalesce(nullif(placed_id, 0), area_id) as place, kind,
                sum(registered)::bigint as registered,
                sum(self_assessed)::bigint as self_assessed, sum(verified)::bigint as verified
         from title_counts
         where coalesce(nullif(placed_id, 0), area_id) in
                   (select covered_id from area_scopes where area_id = $1)
           and year = $2 and ($3 is null or kind = $3)
         group by 1, 2",
    )
    .bind::<Integer, _>(area)
    .bind::<SmallInt, _>(year)
    .bind::<Nullable<Text>, _>(kind.map(Kind::as_str))
    .load(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let WaitingRow { place, kind, registered, self_assessed, verified } = row;
            ((place, kind), Waiting { registered, self_assessed, verified })
        })
        .collect())
}
