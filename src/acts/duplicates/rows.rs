//! The search for holders that may be one: pairs by one query, over indexes.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Why;
use crate::access::Caller;
use crate::areas::AreaId;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::kind::Kind;
use crate::base::statement::statement;
use crate::register::apart::DIGEST;
use crate::register::holders::alike::NEAR;

/// Two holders that may be one.
#[derive(Debug, Clone, QueryableByName)]
pub struct Pair {
    #[diesel(sql_type = SqlUuid)]
    pub one: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub other: Uuid,
    #[diesel(sql_type = Integer)]
    pub score: i32,
    #[diesel(sql_type = Array<Text>)]
    pub why: Vec<Why>,
    /// By what it was dismissed.
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub dismissal: Option<Uuid>,
}

/// Which pairs a list shows.
pub struct PairFilter {
    pub area: AreaId,
    pub kind: Option<Kind>,
    /// Whether near names are compared too.
    pub near: bool,
    /// Those that were dismissed, instead of the others.
    pub dismissed: bool,
}

/// Where a page begins: the pair before it.
pub type PairCursor = (i32, Uuid, Uuid);

/// One page of pairs of which one lies in the area and the other where the caller may read, the likeliest
/// first. Near names are compared within a hamlet, and only for a commune: their number grows with the
/// square of the hamlet. Two with numbers of their own are never one.
pub async fn pairs(
    db: &mut Conn,
    caller: &Caller,
    filter: &PairFilter,
    after: Option<PairCursor>,
    limit: i64,
) -> Result<Vec<Pair>> {
    let weigh = |why: Why| format!("case when {why} then {} else 0 end", why.weight());
    let score = Why::ALL.iter().map(|why| weigh(*why)).collect::<Vec<_>>().join(" + ");
    let reasons = Why::ALL
        .iter()
        .map(|why| format!("case when {why} then '{why}' end"))
        .collect::<Vec<_>>()
        .join(", ");
    let (score_after, one, other) = after.unwrap_or((i32::MAX, Uuid::nil(), Uuid::nil()));
    Ok(statement(format!(
        "with mine as (select covered_id from area_scopes where area_id = $1),
         asked as (select covered_id from area_scopes where area_id = $2),
         h as (
             select * from holders
             where area_id in (table asked) and area_id in (table mine)
               and kind <> 'community' and search_key <> '' and ($3 is null or kind = $3)
         ),
         found as (
             select a.id as a, b.id as b
             from h a join holders b on b.kind = a.kind and b.search_key = a.search_key
             where b.id <> a.id and b.area_id in (table mine)
               and (b.birth_year = a.birth_year
                    or (a.birth_year is null or b.birth_year is null)
                       and a.area_id = b.area_id
                       and a.hamlet_id is not distinct from b.hamlet_id)
             union
             select a.id, b.id
             from h a join holders b on b.hamlet_id = a.hamlet_id and b.kind = a.kind
             where $4 and b.id > a.id and b.area_id in (table mine)
               and b.birth_year is not distinct from a.birth_year
               and b.search_key <> a.search_key
               and similarity(b.search_key, a.search_key) >= {NEAR}
             union
             select a.id, b.id
             from h a
             join holder_identifiers i on i.holder_id = a.id and i.scheme = 'household_head'
             join holder_identifiers j on j.digest = i.digest and j.scheme = i.scheme
             join holders b on b.id = j.holder_id
             where b.id <> a.id and b.area_id in (table mine)
         ),
         pairs as (select distinct least(a, b) as one, greatest(a, b) as other from found),
         said as (
             select p.one, p.other, d.id as dismissal,
                    exists (select from holder_identifiers i
                            join holder_identifiers j on j.digest = i.digest
                            where i.holder_id = p.one and j.holder_id = p.other)
                        as same_head_number,
                    a.search_key = b.search_key as same_name,
                    a.search_key <> b.search_key
                        and similarity(a.search_key, b.search_key) >= {NEAR} as near_name,
                    coalesce(a.birth_year = b.birth_year, false) as same_birth_year,
                    coalesce(a.hamlet_id = b.hamlet_id, false) as same_hamlet,
                    coalesce(lower(a.details->>'head') = lower(b.details->>'head'), false)
                        as same_head
             from pairs p join holders a on a.id = p.one join holders b on b.id = p.other
             left join dismissed_pairs d
                 on d.one_id = p.one and d.other_id = p.other and d.digest = {DIGEST}
             where (d.id is not null) = $9
               and (select count(*) from holder_identifiers i
                    where i.holder_id in (p.one, p.other) and i.scheme <> 'household_head') < 2
         ),
         ranked as (
             select one, other, dismissal, {score} as score,
                    array_remove(array[{reasons}], null) as why
             from said
         )
         select * from ranked
         where score < $5 or score = $5 and (one, other) > ($6, $7)
         order by score desc, one, other limit $8"
    ))
    .bind::<Integer, _>(caller.area)
    .bind::<Integer, _>(filter.area)
    .bind::<Nullable<Text>, _>(filter.kind.map(Kind::as_str))
    .bind::<Bool, _>(filter.near)
    .bind::<Integer, _>(score_after)
    .bind::<SqlUuid, _>(one)
    .bind::<SqlUuid, _>(other)
    .bind::<BigInt, _>(limit)
    .bind::<Bool, _>(filter.dismissed)
    .load(db)
    .await?)
}
