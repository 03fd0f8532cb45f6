//! Lists of holders: commune by commune, within each by kind and name, every page read from the index
//! of that order.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Integer};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::rows::{Holder, HolderFilter};
use crate::access::Caller;
use crate::access::scope::outside;
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::schema::holders;
use crate::base::statement::statement;
use crate::base::text::search_key;
use crate::wire::paging::foreign_cursor;

/// How many communes are asked after at once.
const AT_ONCE: i64 = 64;
/// How many holders are counted at the most.
const MOST_COUNTED: i64 = 200_000;

type Condition = Box<dyn BoxableExpression<holders::table, Pg, SqlType = Bool>>;

impl HolderFilter {
    /// Its holders of one area.
    fn within(&self, place: AreaId) -> Condition {
        let mut all: Condition = Box::new(holders::area_id.eq(place));
        if let Some(kind) = self.kind {
            all = Box::new(all.and(holders::kind.eq(kind)));
        }
        if let Some(hamlet) = self.hamlet {
            all = Box::new(all.and(holders::hamlet_id.assume_not_null().eq(hamlet)));
        }
        if let Some(q) = &self.q {
            let part = format!("%{}%", search_key(q));
            all = Box::new(all.and(holders::search_key.like(part)));
        }
        all
    }

    /// The areas in which the caller may list holders that it means, in order.
    fn places(&self, areas: &Areas, caller: &Caller) -> Result<Vec<AreaId>> {
        match self.area {
            Some(area) if !areas.covers(caller.area, area) => Err(outside(areas, caller, area)),
            Some(area) => {
                let meant = areas.cover(area);
                Ok(areas.cover(caller.area).intersection(&meant).copied().collect())
            }
            None => Ok(areas.cover(caller.area).into_iter().collect()),
        }
    }
}

/// One page; `after` is the last holder of the page before.
pub async fn page(
    db: &mut Conn,
    areas: &Areas,
    caller: &Caller,
    filter: &HolderFilter,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Holder>> {
    let places = filter.places(areas, caller)?;
    let (mut found, mut rest) = (Vec::new(), &places[..]);
    if let Some(id) = after {
        // A cursor stands in URLs, where no name may: the name is looked up.
        let last: Holder = holders::table
            .filter(holders::id.eq(id))
            .select(Holder::as_select())
            .first(db)
            .await
            .optional()?
            .ok_or_else(foreign_cursor)?;
        rest = &places[places.partition_point(|place| *place <= last.area_id)..];
        found = part(db, beyond(filter, last), limit).await?;
    }
    while found.len() < limit as usize && !rest.is_empty() {
        let filled = filled(db, rest).await?;
        for place in &filled {
            let wanted = limit - found.len() as i64;
            found.extend(part(db, filter.within(*place), wanted).await?);
            if found.len() == limit as usize {
                return Ok(found);
            }
        }
        let Some(last) = filled.last().filter(|_| filled.len() as i64 == AT_ONCE) else { break };
        rest = &rest[rest.partition_point(|place| place <= last)..];
    }
    Ok(found)
}

/// How many there are; more than can be counted at once are refused.
pub async fn count(
    db: &mut Conn,
    areas: &Areas,
    caller: &Caller,
    filter: &HolderFilter,
) -> Result<i64> {
    let mut counted = 0;
    for place in filter.places(areas, caller)? {
        let found = holders::table.filter(filter.within(place)).count();
        counted += found.get_result::<i64>(db).await?;
        if counted > MOST_COUNTED {
            return Err(Error::unprocessable(
                "too_broad",
                say(
                    "Có hơn 200.000 đối tượng: hãy chọn xã hoặc loại.",
                    "There are more than 200,000 holders: name a commune or kind.",
                ),
            ));
        }
    }
    Ok(counted)
}

/// What stands after a holder in its area.
fn beyond(filter: &HolderFilter, last: Holder) -> Condition {
    let mut all = filter.within(last.area_id);
    all = Box::new(all.and(holders::kind.ge(last.kind)));
    if filter.kind.is_some() {
        // The index finds where the names begin.
        all = Box::new(all.and(holders::search_key.ge(last.search_key.clone())));
    }
    let same_name = holders::search_key.eq(last.search_key.clone()).and(holders::id.gt(last.id));
    let same_kind =
        holders::kind.eq(last.kind).and(holders::search_key.gt(last.search_key).or(same_name));
    Box::new(all.and(holders::kind.gt(last.kind).or(same_kind)))
}

async fn part(db: &mut Conn, wanted: Condition, limit: i64) -> Result<Vec<Holder>> {
    Ok(holders::table
        .filter(wanted)
        .order((holders::kind, holders::search_key, holders::id))
        .limit(limit)
        .select(Holder::as_select())
        .load(db)
        .await?)
}

/// The first of these areas in which there are holders.
async fn filled(db: &mut Conn, places: &[AreaId]) -> Result<Vec<AreaId>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Integer)]
        id: AreaId,
    }
    // The limit keeps the look-up one by one, whatever the planner believes of the table.
    let found: Vec<Found> = statement(
        "select p.id from unnest($1) p (id)
         cross join lateral (select from holders h where h.area_id = p.id limit 1) h limit $2",
    )
    .bind::<Array<Integer>, _>(places)
    .bind::<BigInt, _>(AT_ONCE)
    .load(db)
    .await?;
    let mut found: Vec<AreaId> = found.into_iter().map(|found| found.id).collect();
    found.sort_unstable();
    Ok(found)
}
