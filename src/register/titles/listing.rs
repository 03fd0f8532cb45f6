//! Lists of titles: commune by commune, within each by kind, year and name, every page read from the
//! index of that order.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;

use super::filter::{Condition, TitleFilter};
use super::rows::{Title, TitleKey};
use crate::access::Caller;
use crate::access::scope::outside;
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::kind::{Kind, Level, Status};
use crate::base::schema::titles;
use crate::base::statement::{Statement, statement};
use crate::wire::paging::foreign_cursor;

/// The place of a list's last title; its name, which no URL may hold, is looked up.
pub type TitleCursor = TitleKey;

/// How many communes are asked after at once.
const AT_ONCE: i64 = 64;
/// So many areas are looked at one by one rather than asking which of them are meant.
const FEW: usize = 16;
/// How many titles may be looked through for what no index and no count knows.
const MOST_SEARCHED: i64 = 200_000;

/// One page.
pub async fn page(
    db: &mut Conn,
    areas: &Areas,
    caller: &Caller,
    filter: &TitleFilter,
    after: Option<TitleCursor>,
    limit: i64,
) -> Result<Vec<Title>> {
    let places = places(db, areas, caller, filter).await?;
    let mut found = Vec::new();
    let mut from = 0;
    if let Some(key) = after {
        let last = last(db, key).await?;
        let rest = filter.within(areas, last.area_id);
        from = last.area_id + 1;
        found = part(db, beyond(filter, rest, last), limit).await?;
    }
    let mut rest = &places[places.partition_point(|place| *place < from)..];
    while found.len() < limit as usize && !rest.is_empty() {
        let filled = filled(db, filter, rest, AT_ONCE).await?;
        for place in &filled.places {
            let wanted = limit - found.len() as i64;
            found.extend(part(db, filter.within(areas, *place), wanted).await?);
            if found.len() == limit as usize {
                return Ok(found);
            }
        }
        let Some(looked_up_to) = filled.until else { break };
        rest = &rest[rest.partition_point(|place| *place <= looked_up_to)..];
    }
    Ok(found)
}

/// All of them, one after the other: for exports.
pub async fn for_each(
    db: &mut Conn,
    areas: &Areas,
    caller: &Caller,
    filter: &TitleFilter,
    mut take: impl FnMut(Title) -> Result<()>,
) -> Result<()> {
    let places = places(db, areas, caller, filter).await?;
    for place in filled(db, filter, &places, i64::MAX).await?.places {
        let rows = titles::table
            .filter(filter.within(areas, place))
            .order(order())
            .select(Title::as_select())
            .load_stream::<Title>(db)
            .await?;
        let mut rows = std::pin::pin!(rows);
        while let Some(title) = rows.try_next().await? {
            take(title)?;
        }
    }
    Ok(())
}

/// All of them at once, in the order of holders; one more than `most` if there are more.
pub async fn all(
    db: &mut Conn,
    areas: &Areas,
    caller: &Caller,
    filter: &TitleFilter,
    most: usize,
) -> Result<Vec<Title>> {
    let places = places(db, areas, caller, filter).await?;
    let mut found = Vec::new();
    for place in filled(db, filter, &places, i64::MAX).await?.places {
        let wanted = (most + 1 - found.len()) as i64;
        found.extend(part(db, filter.within(areas, place), wanted).await?);
        if found.len() > most {
            break;
        }
    }
    found.sort_by_key(Title::key);
    Ok(found)
}

/// How many there are: from the counts where they know, else by looking through no more than is
/// bearable.
pub async fn count(
    db: &mut Conn,
    areas: &Areas,
    caller: &Caller,
    filter: &TitleFilter,
) -> Result<i64> {
    let places = places(db, areas, caller, filter).await?;
    if filter.is_counted() {
        return counted(db, areas, filter, &places).await;
    }
    let mut titles = 0;
    for place in filled(db, filter, &places, i64::MAX).await?.places {
        let found = titles::table.filter(filter.within(areas, place)).count();
        titles += found.get_result::<i64>(db).await?;
    }
    Ok(titles)
}

/// The areas in which its titles lie that the caller may list, in order. What would have to be looked
/// for in too many titles is refused.
pub async fn places(
    db: &mut Conn,
    areas: &Areas,
    caller: &Caller,
    filter: &TitleFilter,
) -> Result<Vec<AreaId>> {
    if let Some(area) = filter.area.filter(|area| !areas.covers(caller.area, *area)) {
        return Err(outside(areas, caller, area));
    }
    let mut places = filter.places(areas, caller.area);
    if filter.is_counted() {
        return Ok(places);
    }
    if places.len() > FEW
        && let Some(within) = named(db, filter).await?
    {
        places.retain(|place| within.contains(place));
    }
    if filter.is_searched()
        && counted(db, areas, &filter.countable(), &places).await? > MOST_SEARCHED
    {
        return Err(too_broad());
    }
    Ok(places)
}

/// The areas in which titles of a decision, an import or a hamlet lie that the filter names.
async fn named(db: &mut Conn, filter: &TitleFilter) -> Result<Option<Vec<AreaId>>> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Integer)]
        area_id: AreaId,
    }
    let query = match (filter.decision, filter.import) {
        (Some(decision), _) => {
            statement("select distinct area_id from decision_titles where decision_id = $1")
                .bind::<SqlUuid, _>(decision)
        }
        (None, Some(import)) => {
            statement("select distinct area_id from titles where import_id = $1")
                .bind::<SqlUuid, _>(import)
        }
        (None, None) => match filter.hamlet {
            // Without `offset 0` the planner may read every title to join them.
            Some(hamlet) => statement(
                "select distinct t.area_id from holders h cross join lateral (
                     select t.area_id from titles t where t.holder_id = h.id offset 0
                 ) t where h.hamlet_id = $1",
            )
            .bind::<SqlUuid, _>(hamlet),
            None => return Ok(None),
        },
    };
    let found: Vec<Found> = query.load(db).await?;
    Ok(Some(found.into_iter().map(|found| found.area_id).collect()))
}

/// The title of a cursor as it stands now.
async fn last(db: &mut Conn, (holder, year, level): TitleKey) -> Result<Title> {
    titles::table
        .filter(titles::holder_id.eq(holder).and(titles::year.eq(year)))
        .filter(titles::level.eq(level))
        .select(Title::as_select())
        .first(db)
        .await
        .optional()?
        .ok_or_else(foreign_cursor)
}

/// What stands after a title in its area. The index finds where it begins as far as the filter tells
/// what comes before the name.
fn beyond(filter: &TitleFilter, mut all: Condition, last: Title) -> Condition {
    all = Box::new(all.and(titles::kind.ge(last.kind)));
    if filter.kind.is_some() {
        all = Box::new(all.and(titles::year.ge(last.year)));
    }
    if filter.kind.is_some() && filter.year.is_some() {
        all = Box::new(all.and(titles::search_key.ge(last.search_key.clone())));
    }
    let same_holder = titles::holder_id.eq(last.holder_id).and(titles::level.gt(last.level));
    let same_name = titles::search_key
        .eq(last.search_key.clone())
        .and(titles::holder_id.gt(last.holder_id).or(same_holder));
    let same_year =
        titles::year.eq(last.year).and(titles::search_key.gt(last.search_key).or(same_name));
    let same_kind = titles::kind.eq(last.kind).and(titles::year.gt(last.year).or(same_year));
    Box::new(all.and(titles::kind.gt(last.kind).or(same_kind)))
}

#[diesel::dsl::auto_type(no_type_alias)]
fn order() -> _ {
    (titles::kind, titles::year, titles::search_key, titles::holder_id, titles::level)
}

async fn part(db: &mut Conn, wanted: Condition, limit: i64) -> Result<Vec<Title>> {
    Ok(titles::table
        .filter(wanted)
        .order(order())
        .limit(limit)
        .select(Title::as_select())
        .load(db)
        .await?)
}

/// Areas that hold titles.
#[derive(Default)]
pub(super) struct Filled {
    pub places: Vec<AreaId>,
    /// Up to which area was looked, if not to the end.
    pub until: Option<AreaId>,
}

/// The first of these areas in which the counts know titles that the filter may find.
async fn filled(
    db: &mut Conn,
    filter: &TitleFilter,
    places: &[AreaId],
    limit: i64,
) -> Result<Filled> {
    let there = format!("{} > 0", of_status(filter.status));
    filled_if(db, filter, places, &there, limit).await
}

/// The same for a past day: what the counts ever knew has a row for ever.
pub(super) async fn ever_filled(
    db: &mut Conn,
    filter: &TitleFilter,
    places: &[AreaId],
) -> Result<Filled> {
    filled_if(db, filter, places, "true", AT_ONCE).await
}

async fn filled_if(
    db: &mut Conn,
    filter: &TitleFilter,
    places: &[AreaId],
    there: &str,
    limit: i64,
) -> Result<Filled> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Integer)]
        area_id: AreaId,
    }
    let (Some(first), Some(last)) = (places.first(), places.last()) else {
        return Ok(Filled::default());
    };
    let query = statement("select distinct c.area_id from title_counts c where ")
        .text(there)
        .when::<Integer, _>(" and c.area_id >= {}", Some(*first))
        .when::<Integer, _>(" and c.area_id <= {}", Some(*last))
        .when::<Array<Integer>, _>(" and c.area_id = any({})", few(places));
    let query = cells(query, filter).text(" order by c.area_id");
    let found: Vec<Found> = query.when::<BigInt, _>(" limit {}", Some(limit)).load(db).await?;
    let until = found.last().filter(|_| found.len() as i64 == limit).map(|found| found.area_id);
    let mut filled: Vec<AreaId> = found.into_iter().map(|found| found.area_id).collect();
    filled.retain(|place| places.binary_search(place).is_ok());
    Ok(Filled { places: filled, until })
}

/// How many titles of the filter the counts know in these areas.
async fn counted(
    db: &mut Conn,
    areas: &Areas,
    filter: &TitleFilter,
    places: &[AreaId],
) -> Result<i64> {
    #[derive(QueryableByName)]
    struct Counted {
        #[diesel(sql_type = BigInt)]
        titles: i64,
    }
    let query = statement("select coalesce(sum(")
        .text(&of_status(filter.status))
        .text("), 0)::bigint as titles from title_counts c where true")
        .when::<Array<Integer>, _>(" and c.area_id = any({})", Some(places))
        .when::<Array<Integer>, _>(
            " and (c.placed_id = 0 or c.placed_id = any({}))",
            filter.placements(areas),
        );
    let mut query = cells(query, filter);
    if let Some(made) = &filter.made {
        let (of, placed): (Vec<AreaId>, Vec<AreaId>) = made.placed.iter().copied().unzip();
        query = query
            .when::<Array<Integer>, _>(
                " and (c.placed_id = 0 and c.area_id = any({})",
                Some(made.unplaced.clone()),
            )
            .when::<Array<Integer>, _>(
                " or (c.area_id, c.placed_id) in (select * from unnest({}",
                Some(of),
            )
            .when::<Array<Integer>, _>(", {})))", Some(placed));
    }
    let found: Counted = query.get_result(db).await?;
    Ok(found.titles)
}

/// Ids to name in a query, unless there are so many that it is better to look at all and drop others.
fn few(places: &[AreaId]) -> Option<&[AreaId]> {
    (places.len() <= 1_000).then_some(places)
}

/// The cells of the counts that a filter means.
fn cells<'a>(query: Statement<'a>, filter: &'a TitleFilter) -> Statement<'a> {
    query
        .when::<Text, _>(" and c.kind = {}", filter.kind.map(Kind::as_str))
        .when::<Text, _>(" and c.level = {}", filter.level.map(Level::as_str))
        .when::<SmallInt, _>(" and c.year = {}", filter.year)
        .when::<Text, _>(" and c.grade = {}", filter.grade.as_deref())
        .when::<Text, _>(" and c.group_code = {}", filter.group.as_deref())
}

/// What a cell counts of a status, or of all.
fn of_status(status: Option<Status>) -> String {
    let column = |status: &Status| format!("c.{status}");
    match status {
        Some(status) => column(&status),
        None => format!("({})", Status::ALL.iter().map(column).collect::<Vec<_>>().join(" + ")),
    }
}

impl TitleFilter {
    /// Without what the counts do not know.
    fn countable(&self) -> Self {
        Self {
            outcome: None,
            hamlet: None,
            decision: None,
            import: None,
            late: None,
            q: None,
            ..self.clone()
        }
    }

    /// Whether nothing but reading them through finds its titles.
    fn is_searched(&self) -> bool {
        self.outcome.is_some() || self.late == Some(false)
    }
}

fn too_broad() -> Error {
    Error::unprocessable(
        "too_broad",
        say(
            "Phải tìm trong hơn 200.000 danh hiệu: hãy chọn xã, loại danh hiệu hoặc năm.",
            "More than 200,000 titles would have to be looked through: name a commune, kind or year.",
        ),
    )
}
