//! Titles as they were known at the end of a closed day: read from their history, which only grows, so
//! that a list of that day never changes.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Integer, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::filter::TitleFilter;
use super::listing;
use crate::access::Caller;
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::kind::{Kind, Level, Status};
use crate::base::statement::{Statement, statement};

/// A title as it was known, with its holder as it was known.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
pub struct Then {
    #[diesel(sql_type = SqlUuid)]
    pub holder_id: Uuid,
    #[diesel(sql_type = SmallInt)]
    pub year: i16,
    #[diesel(sql_type = Text)]
    pub level: Level,
    #[diesel(sql_type = Text)]
    pub kind: Kind,
    #[diesel(sql_type = Integer)]
    pub area_id: AreaId,
    #[diesel(sql_type = Text)]
    pub group_code: String,
    #[diesel(sql_type = Text)]
    pub status: Status,
    #[diesel(sql_type = Text)]
    pub grade: String,
    #[diesel(sql_type = SmallInt)]
    pub valid_through: i16,
    #[diesel(sql_type = Nullable<Text>)]
    pub code: Option<String>,
    /// None if the person was erased since.
    #[diesel(sql_type = Nullable<Text>)]
    pub name: Option<String>,
}

impl Then {
    /// Its place in the order of lists of past days: the name, by which others go, may be erased.
    pub fn cursor(&self) -> Cursor {
        (self.area_id, self.kind, self.year, self.holder_id, self.level)
    }
}

/// The order of a list of a past day: by area, kind, year, holder and level.
pub type Cursor = (AreaId, Kind, i16, Uuid, Level);

const ORDER: &str = "area_id, kind, year, holder_id, level";

/// The code and the name that the trail knew on the day: holders may have been renamed, merged or
/// deleted since, and the names of people are kept where they can be erased.
const NAMED: &str = "
    (select i.body::jsonb -> 'after' ->> 'code'
     from audit_items i
     where i.entity = 'holder' and i.entity_id = page.holder_id::text
       and i.body::jsonb -> 'after' ? 'code'
     limit 1) as code,
    (select coalesce(v.value::jsonb ->> 'name', i.body::jsonb -> 'after' ->> 'name')
     from audit_items i
     join audit_entries e on e.area_id = i.area_id and e.seq = i.seq and e.day <= $1
     left join audit_values v on v.area_id = i.area_id and v.seq = i.seq and v.n = i.n
                             and v.field = 'after'
     where i.entity = 'holder' and i.entity_id = page.holder_id::text
       and (v.value::jsonb ? 'name' or i.body::jsonb -> 'after' ? 'name')
     order by e.at desc, e.area_id, i.seq desc, i.n desc limit 1) as name";

/// `with found as (…`: of each title of these areas the last state of the day, unless it was deleted by
/// then. The last state is looked up one by one: a join might be planned over all states.
fn found<'a>(
    areas: &Areas,
    filter: &'a TitleFilter,
    day: NaiveDate,
    places: &'a [AreaId],
) -> Statement<'a> {
    let mut found = statement(
        "with found as (
             select s.* from title_states s
             where s.area_id = any($2) and s.day <= $1 and s.status is not null
               and s.n = (select max(l.n) from title_states l
                          where l.holder_id = s.holder_id and l.year = s.year
                            and l.level = s.level and l.day <= $1)",
    )
    .bind::<Date, _>(day)
    .bind::<Array<Integer>, _>(places)
    .when::<Text, _>(" and s.kind = {}", filter.kind.map(Kind::as_str))
    .when::<Text, _>(" and s.level = {}", filter.level.map(Level::as_str))
    .when::<SmallInt, _>(" and s.year = {}", filter.year)
    .when::<Text, _>(" and s.status = {}", filter.status.map(Status::as_str))
    .when::<Text, _>(" and s.grade = {}", filter.grade.as_deref())
    .when::<Text, _>(" and s.group_code = {}", filter.group.as_deref())
    .when::<Array<Integer>, _>(
        " and (s.placed_id is null or s.placed_id = any({}))",
        filter.placements(areas),
    );
    if let Some(made) = &filter.made {
        let (of, placed): (Vec<AreaId>, Vec<AreaId>) = made.placed.iter().copied().unzip();
        found = found
            .when::<Array<Integer>, _>(
                " and (s.placed_id is null and s.area_id = any({})",
                Some(made.unplaced.clone()),
            )
            .when::<Array<Integer>, _>(
                " or (s.area_id, s.placed_id) in (select * from unnest({}",
                Some(of),
            )
            .when::<Array<Integer>, _>(", {})))", Some(placed));
    }
    found
}

/// One page, in the order of all lists.
pub async fn list(
    db: &mut Conn,
    areas: &Areas,
    caller: &Caller,
    filter: &TitleFilter,
    day: NaiveDate,
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Then>> {
    let mut places = listing::places(db, areas, caller, filter).await?;
    let mut page = Vec::new();
    if let Some(last) = after {
        page = part(db, areas, (filter, day, last.0), Some(last), limit).await?;
        places.retain(|place| *place > last.0);
    }
    let mut rest = &places[..];
    while page.len() < limit as usize && !rest.is_empty() {
        let ever = listing::ever_filled(db, filter, rest).await?;
        for place in &ever.places {
            let wanted = limit - page.len() as i64;
            page.extend(part(db, areas, (filter, day, *place), None, wanted).await?);
            if page.len() == limit as usize {
                return Ok(page);
            }
        }
        let Some(looked_up_to) = ever.until else { break };
        rest = &rest[rest.partition_point(|place| *place <= looked_up_to)..];
    }
    Ok(page)
}

/// What stands of it in one area, after a title.
async fn part(
    db: &mut Conn,
    areas: &Areas,
    (filter, day, place): (&TitleFilter, NaiveDate, AreaId),
    after: Option<Cursor>,
    limit: i64,
) -> Result<Vec<Then>> {
    let places = [place];
    let mut query = found(areas, filter, day, &places);
    if let Some((_, kind, year, holder, level)) = after {
        query = query
            .when::<Text, _>(
                " and (s.kind, s.year, s.holder_id, s.level) > ({}",
                Some(kind.as_str()),
            )
            .when::<SmallInt, _>(", {}", Some(year))
            .when::<SqlUuid, _>(", {}", Some(holder))
            .when::<Text, _>(", {})", Some(level.as_str()));
    }
    let query = query
        .when::<BigInt, _>(
            " order by s.kind, s.year, s.holder_id, s.level limit {}), page as (table found)",
            Some(limit),
        )
        .text(&format!(" select page.*, {NAMED} from page order by {ORDER}"));
    Ok(query.load(db).await?)
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    titles: i64,
}

pub async fn count(
    db: &mut Conn,
    areas: &Areas,
    caller: &Caller,
    filter: &TitleFilter,
    day: NaiveDate,
) -> Result<i64> {
    let places = listing::places(db, areas, caller, filter).await?;
    let counted = found(areas, filter, day, &places).text(") select count(*) as titles from found");
    let found: Counted = counted.get_result(db).await?;
    Ok(found.titles)
}

/// Titles spread evenly over the communes: in each they stand in an order that the seed shuffles, the
/// first at a distance that it draws, and the nearest of all are taken. So every title is as likely
/// as any other, and each commune gives its share.
pub async fn sample(
    db: &mut Conn,
    areas: &Areas,
    caller: &Caller,
    (filter, day): (&TitleFilter, NaiveDate),
    (size, seed): (i64, &str),
) -> Result<Vec<Then>> {
    let places = listing::places(db, areas, caller, filter).await?;
    let sampled = found(areas, filter, day, &places)
        .when::<Text, _>("), seeded as (select {} as seed)", Some(seed));
    let drawn =
        |of: &str| format!("('x' || substr(md5(seed || '/' || {of}), 1, 15))::bit(60)::bigint");
    let title = drawn("holder_id || '/' || year || '/' || level");
    let commune = drawn("coalesce(placed_id, area_id)");
    let sampled = sampled
        .text(&format!(
            ", shuffled as (
                 select found.*, {title} as drawn, {commune} as of_commune,
                        row_number() over (partition by coalesce(placed_id, area_id)
                                           order by {title}, holder_id, year, level) as nth,
                        count(*) over (partition by coalesce(placed_id, area_id)) as of_all
                 from found, seeded
             ), page as (
                 select * from shuffled
                 order by (nth - of_commune / 1152921504606846976.0) / of_all, drawn, {ORDER}"
        ))
        .when::<BigInt, _>(" limit {})", Some(size))
        .text(&format!(" select page.*, {NAMED} from page order by {ORDER}"));
    Ok(sampled.load(db).await?)
}
