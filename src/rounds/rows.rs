//! Every query on rounds, and what communes have closed.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, SmallInt, Text};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Calendar;
use crate::areas::AreaId;
use crate::audit::{Entity, Fields, Item};
use crate::auth::Act;
use crate::db::Conn;
use crate::error::Result;
use crate::input::IfMatch;
use crate::inputs::ClosingState;
use crate::kind::Kind;
use crate::ledger;
use crate::schema::{closings, rounds};
use crate::version::Version;

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

#[derive(Debug, Clone, PartialEq)]
pub struct NewRound {
    pub kind: Kind,
    pub registration_until: Option<NaiveDate>,
    pub decision_until: Option<NaiveDate>,
}

impl Round {
    fn fields(&self) -> Fields {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string());
        Fields::new()
            .plain("registration_until", day(self.registration_until))
            .plain("decision_until", day(self.decision_until))
    }

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

    /// Appends what differs from what holds; nothing is written if nothing does.
    pub async fn put(
        db: &mut Conn,
        act: &Act,
        area: AreaId,
        year: i16,
        version: IfMatch,
        new: &[NewRound],
    ) -> Result<()> {
        ledger::write(db, act, "rounds.put", async |w| {
            w.lock(&[area]).await?;
            let known = Self::own(w.db, area, year).await?;
            let (mut items, mut added) = (Vec::new(), Vec::new());
            for new in new {
                let before = known.iter().find(|round| round.kind == new.kind);
                let after = Self {
                    area_id: area,
                    year,
                    kind: new.kind,
                    n: before.map_or(1, |before| before.n + 1),
                    registration_until: new.registration_until,
                    decision_until: new.decision_until,
                    day: w.day,
                    author_id: w.act.caller.id,
                    version: w.version(area)?,
                };
                let id = format!("{area}/{year}/{}", new.kind);
                match before {
                    Some(before) if before.fields() == after.fields() => continue,
                    Some(before) => {
                        let (old, new) = (before.fields(), after.fields());
                        items.push(Item::changed(Entity::Round, id, old, new));
                    }
                    None => items.push(Item::created(Entity::Round, id, after.fields())),
                }
                added.push(after);
            }
            if added.is_empty() {
                return Ok(());
            }
            if let Some(current) = known.iter().map(|round| round.version).max() {
                version.check(current)?;
            }
            diesel::insert_into(rounds::table).values(&added).execute(w.db).await?;
            w.record_all(area, &items).await
        })
        .await
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
    let rows: Vec<WaitingRow> = diesel::sql_query(
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
