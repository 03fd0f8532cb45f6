//! What the checks look at: counted in the database, so that the cost is that of a few queries.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Double, Integer, Nullable, SmallInt, Text, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::MANY;
use crate::areas::AreaId;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::kind::{Kind, Level};
use crate::base::statement::statement;
use crate::register::apart::DIGEST;

/// The titles of a kind and level of one commune, as the counts have them.
#[derive(Debug, Clone, QueryableByName)]
pub struct Counted {
    #[diesel(sql_type = Integer)]
    pub area_id: AreaId,
    #[diesel(sql_type = Nullable<Integer>)]
    pub placed_id: Option<AreaId>,
    #[diesel(sql_type = Text)]
    pub kind: Kind,
    #[diesel(sql_type = Text)]
    pub level: Level,
    #[diesel(sql_type = SmallInt)]
    pub year: i16,
    /// All that entered the round.
    #[diesel(sql_type = BigInt)]
    pub registered: i64,
    /// Of them, what nobody has decided or withdrawn.
    #[diesel(sql_type = BigInt)]
    pub undecided: i64,
    #[diesel(sql_type = BigInt)]
    pub recognised: i64,
}

/// Holders of a kind in one area, and how many of them look like another one.
#[derive(Debug, Clone, QueryableByName)]
pub struct Held {
    #[diesel(sql_type = Integer)]
    pub area_id: AreaId,
    #[diesel(sql_type = Text)]
    pub kind: Kind,
    #[diesel(sql_type = BigInt)]
    pub holders: i64,
    /// Holders who share name and birth year with another of the same area, and may be one with it.
    #[diesel(sql_type = BigInt)]
    pub alike: i64,
}

/// A unit's title, and the people of the unit.
#[derive(Debug, Clone, QueryableByName)]
pub struct UnitTitle {
    #[diesel(sql_type = SqlUuid)]
    pub holder_id: Uuid,
    #[diesel(sql_type = Integer)]
    pub area_id: AreaId,
    #[diesel(sql_type = Nullable<Integer>)]
    pub placed_id: Option<AreaId>,
    #[diesel(sql_type = Text)]
    pub level: Level,
    #[diesel(sql_type = Text)]
    pub grade: String,
    #[diesel(sql_type = Bool)]
    pub educates: bool,
    /// Its people: as many as it says, or as the register knows, whichever is more.
    #[diesel(sql_type = BigInt)]
    pub people: i64,
    /// Of them, recognised as learning citizens in the same year.
    #[diesel(sql_type = BigInt)]
    pub citizens: i64,
}

/// A recognised family with an adult who was not recognised as a citizen in the same year.
#[derive(Debug, Clone, QueryableByName)]
pub struct FamilyTitle {
    #[diesel(sql_type = SqlUuid)]
    pub holder_id: Uuid,
    #[diesel(sql_type = Integer)]
    pub area_id: AreaId,
    #[diesel(sql_type = Nullable<Integer>)]
    pub placed_id: Option<AreaId>,
}

/// The totals that the scores of one list come to.
#[derive(Debug, Clone, QueryableByName)]
pub struct Scored {
    #[diesel(sql_type = Integer)]
    pub area_id: AreaId,
    #[diesel(sql_type = Nullable<Integer>)]
    pub placed_id: Option<AreaId>,
    #[diesel(sql_type = Text)]
    pub kind: Kind,
    #[diesel(sql_type = Text)]
    pub level: Level,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub criteria_set_id: Option<Uuid>,
    #[diesel(sql_type = Bool)]
    pub difficult: bool,
    #[diesel(sql_type = BigInt)]
    pub titles: i64,
    #[diesel(sql_type = Double)]
    pub least: f64,
    #[diesel(sql_type = Double)]
    pub most: f64,
}

/// Titles that one import registered with their result, and that were recognised since.
#[derive(Debug, Clone, QueryableByName)]
pub struct OneFile {
    #[diesel(sql_type = Integer)]
    pub area_id: AreaId,
    #[diesel(sql_type = Nullable<Integer>)]
    pub placed_id: Option<AreaId>,
    #[diesel(sql_type = Text)]
    pub kind: Kind,
    #[diesel(sql_type = Text)]
    pub level: Level,
    #[diesel(sql_type = SqlUuid)]
    pub import_id: Uuid,
    #[diesel(sql_type = BigInt)]
    pub titles: i64,
}

/// The titles of an area and a year.
const WANTED: &str = "t.year = $2 and coalesce(t.placed_id, t.area_id) in \
     (select covered_id from area_scopes where area_id = $1)";

pub async fn counted(db: &mut Conn, area: AreaId, years: &[i16]) -> Result<Vec<Counted>> {
    Ok(statement(
        "select area_id, nullif(placed_id, 0) as placed_id, kind, level, year,
                sum(registered + self_assessed + verified + recognised + not_recognised
                    + withdrawn + revoked)::bigint as registered,
                sum(registered + self_assessed + verified)::bigint as undecided,
                sum(recognised)::bigint as recognised
         from title_counts
         where coalesce(nullif(placed_id, 0), area_id) in
                   (select covered_id from area_scopes where area_id = $1)
           and year = any($2)
         group by 1, 2, 3, 4, 5",
    )
    .bind::<Integer, _>(area)
    .bind::<Array<SmallInt>, _>(years)
    .load(db)
    .await?)
}

pub async fn held(db: &mut Conn, area: AreaId) -> Result<Vec<Held>> {
    Ok(statement(format!(
        // Who is known to be none of those who share its name is not alike.
        "with names as (
             select area_id, kind, search_key, birth_year, count(*) as n
             from holders
             where area_id in (select covered_id from area_scopes where area_id = $1)
             group by 1, 2, 3, 4
         ),
         known as (
             select h.area_id, h.kind, h.search_key, h.birth_year, h.id, count(*) as others
             from dismissed_pairs d
             join holders a on a.id = d.one_id
             join holders b on b.id = d.other_id and b.area_id = a.area_id
                           and b.search_key = a.search_key and b.birth_year = a.birth_year
             join holders h on h.id in (a.id, b.id)
             where d.digest = {DIGEST}
             group by h.area_id, h.id
         )
         select area_id, kind, sum(n)::bigint as holders,
                coalesce(sum(n - (select count(*) from known k
                                  where (k.area_id, k.kind, k.search_key, k.birth_year)
                                        = (names.area_id, names.kind, names.search_key, names.birth_year)
                                    and k.others = names.n - 1))
                             filter (where n > 1 and birth_year is not null), 0)::bigint as alike
         from names group by 1, 2"
    ))
    .bind::<Integer, _>(area)
    .load(db)
    .await?)
}

/// Rows of a query on the titles of an area and a year.
async fn of_year<T>(db: &mut Conn, area: AreaId, year: i16, query: String) -> Result<Vec<T>>
where
    T: QueryableByName<Pg> + Send + 'static,
{
    let query = statement(query).bind::<Integer, _>(area).bind::<SmallInt, _>(year);
    Ok(query.load(db).await?)
}

pub async fn units(db: &mut Conn, area: AreaId, year: i16) -> Result<Vec<UnitTitle>> {
    let query = format!(
        "select t.holder_id, t.area_id, t.placed_id, t.level, t.grade,
                coalesce((h.details ->> 'educates')::boolean, false) as educates,
                greatest(coalesce((h.details ->> 'staff')::bigint, 0), m.people) as people,
                m.citizens
         from titles t
         join holders h on h.id = t.holder_id
         cross join lateral (
             select count(*) as people, count(c.holder_id) as citizens
             from holders p
             left join titles c on c.holder_id = p.id and c.year = $2 and c.kind = 'citizen'
                               and c.status = 'recognised'
             where p.unit_id = t.holder_id and p.kind = 'citizen'
         ) m
         where {WANTED} and t.kind = 'unit' and t.status in ('verified', 'recognised')
           and m.people > 0"
    );
    of_year(db, area, year, query).await
}

pub async fn families(db: &mut Conn, area: AreaId, year: i16) -> Result<Vec<FamilyTitle>> {
    let query = format!(
        "select t.holder_id, t.area_id, t.placed_id
         from titles t
         where {WANTED} and t.kind = 'family' and t.status = 'recognised'
           and exists (
               select from holders p
               where p.family_id = t.holder_id and p.kind = 'citizen' and p.birth_year <= $2 - 18
                 and not exists (
                     select from titles c
                     where c.holder_id = p.id and c.year = $2 and c.status = 'recognised'))"
    );
    of_year(db, area, year, query).await
}

pub async fn scored(db: &mut Conn, area: AreaId, year: i16) -> Result<Vec<Scored>> {
    let query = format!(
        "select area_id, placed_id, kind, level, criteria_set_id, difficult,
                count(*) as titles, min(total) as least, max(total) as most
         from (
             select t.*, (coalesce(t.verified_score, t.own_score) ->> 'total')::float8 as total
             from titles t
             where {WANTED}
         ) scores
         where total is not null
         group by 1, 2, 3, 4, 5, 6"
    );
    of_year(db, area, year, query).await
}

pub async fn one_file(db: &mut Conn, area: AreaId, year: i16) -> Result<Vec<OneFile>> {
    let query = format!(
        "select t.area_id, t.placed_id, t.kind, t.level, t.import_id, count(*) as titles
         from titles t
         join title_states s on s.holder_id = t.holder_id and s.year = t.year
                            and s.level = t.level and s.n = 1
         where {WANTED} and t.status = 'recognised' and t.import_id is not null
           and s.status = 'verified'
         group by 1, 2, 3, 4, 5
         having count(*) >= {MANY}"
    );
    of_year(db, area, year, query).await
}
