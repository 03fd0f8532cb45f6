//! Titles as they were known at the end of a closed day: read from their history, which only grows, so
//! that a list of that day never changes.

use chrono::NaiveDate;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{BoxedSqlQuery, SqlQuery};
use diesel::sql_types::{Array, BigInt, Date, Integer, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::filter::{TitleCursor, TitleFilter};
use crate::access::Caller;
use crate::areas::AreaId;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::kind::{Kind, Level, Status};

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
    /// Its place in the order of lists.
    pub fn cursor(&self) -> TitleCursor {
        (self.area_id, self.kind, self.year, self.holder_id, self.level)
    }
}

const ORDER: &str = "area_id, kind, year, holder_id, level";

/// Of each title the last state of the day, unless it was deleted by then.
const FOUND: &str = "
    select s.* from title_states s
    where s.day <= $1 and s.status is not null
      and not exists (select from title_states later
                      where later.holder_id = s.holder_id and later.year = s.year
                        and later.level = s.level and later.n > s.n and later.day <= $1)
      and (s.area_id in (select covered_id from area_scopes where area_id = $2)
           or s.placed_id in (select covered_id from area_scopes where area_id = $2))
      and ($3 is null or s.kind = $3) and ($4 is null or s.level = $4)
      and ($5 is null or s.year = $5) and ($6 is null or s.status = $6)
      and ($7 is null or s.grade = $7) and ($8 is null or s.group_code = $8)
      and ($9 is null or s.placed_id is null and s.area_id = any($9)
           or (s.area_id, s.placed_id) in (select * from unnest($10, $11)))";

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

type Bound<'a> = BoxedSqlQuery<'a, Pg, SqlQuery>;

/// A query that begins with what was found of a filter on a day.
fn query<'a>(caller: &Caller, filter: &TitleFilter, day: NaiveDate, then: &str) -> Bound<'a> {
    let made = filter.made.as_ref();
    let placed = made.map(|made| made.placed.as_slice()).unwrap_or_default();
    diesel::sql_query(format!("with found as ({FOUND}) {then}"))
        .into_boxed()
        .bind::<Date, _>(day)
        .bind::<Integer, _>(caller.area)
        .bind::<Nullable<Text>, _>(filter.kind.map(Kind::as_str))
        .bind::<Nullable<Text>, _>(filter.level.map(Level::as_str))
        .bind::<Nullable<SmallInt>, _>(filter.year)
        .bind::<Nullable<Text>, _>(filter.status.map(Status::as_str))
        .bind::<Nullable<Text>, _>(filter.grade.clone())
        .bind::<Nullable<Text>, _>(filter.group.clone())
        .bind::<Nullable<Array<Integer>>, _>(made.map(|made| made.unplaced.clone()))
        .bind::<Array<Integer>, _>(placed.iter().map(|(area, _)| *area).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(placed.iter().map(|(_, placed)| *placed).collect::<Vec<_>>())
}

/// One page, in the order of all lists.
pub async fn list(
    db: &mut Conn,
    caller: &Caller,
    filter: &TitleFilter,
    day: NaiveDate,
    after: Option<TitleCursor>,
    limit: i64,
) -> Result<Vec<Then>> {
    let page = format!(
        ", page as (
             select * from found
             where $12 is null or ({ORDER}) > ($12, $13, $14, $15, $16)
             order by {ORDER} limit $17
         )
         select page.*, {NAMED} from page order by {ORDER}"
    );
    let (area, kind, year, holder, level) = match after {
        Some((area, kind, year, holder, level)) => {
            (Some(area), Some(kind), Some(year), Some(holder), Some(level))
        }
        None => (None, None, None, None, None),
    };
    let found = query(caller, filter, day, &page)
        .bind::<Nullable<Integer>, _>(area)
        .bind::<Nullable<Text>, _>(kind)
        .bind::<Nullable<SmallInt>, _>(year)
        .bind::<Nullable<SqlUuid>, _>(holder)
        .bind::<Nullable<Text>, _>(level)
        .bind::<BigInt, _>(limit);
    Ok(found.load(db).await?)
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    titles: i64,
}

pub async fn count(
    db: &mut Conn,
    caller: &Caller,
    filter: &TitleFilter,
    day: NaiveDate,
) -> Result<i64> {
    let counted = query(caller, filter, day, "select count(*) as titles from found");
    let found: Counted = counted.get_result(db).await?;
    Ok(found.titles)
}

/// Titles spread evenly over the communes: in each they stand in an order that the seed shuffles, the
/// first at a distance that it draws, and the nearest of all are taken. So every title is as likely
/// as any other, and each commune gives its share.
pub async fn sample(
    db: &mut Conn,
    caller: &Caller,
    filter: &TitleFilter,
    day: NaiveDate,
    size: i64,
    seed: &str,
) -> Result<Vec<Then>> {
    let drawn =
        |of: &str| format!("('x' || substr(md5($12 || '/' || {of}), 1, 15))::bit(60)::bigint");
    let title = drawn("holder_id || '/' || year || '/' || level");
    let commune = drawn("coalesce(placed_id, area_id)");
    let sampled = query(
        caller,
        filter,
        day,
        &format!(
            ", shuffled as (
                 select *, {title} as drawn,
                        row_number() over (commune order by {title}, holder_id, year, level) as nth,
                        count(*) over (partition by coalesce(placed_id, area_id)) as of_all
                 from found
                 window commune as (partition by coalesce(placed_id, area_id))
             ), page as (
                 select * from shuffled
                 order by (nth - {commune} / 1152921504606846976.0) / of_all, drawn, {ORDER}
                 limit $13
             )
             select page.*, {NAMED} from page order by {ORDER}"
        ),
    );
    Ok(sampled.bind::<Text, _>(seed.to_owned()).bind::<BigInt, _>(size).load(db).await?)
}
