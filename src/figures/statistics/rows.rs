//! Reading counts: one query, whose cost depends on the number of communes and not of records.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Integer, Nullable, SmallInt, Text};
use diesel_async::RunQueryDsl;

use super::{Count, Question, blocks};
use crate::areas::AreaId;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::kind::{Kind, Level, Status};
use crate::base::statement::statement;

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = Integer)]
    area_id: i32,
    #[diesel(sql_type = Integer)]
    placed_id: i32,
    #[diesel(sql_type = Text)]
    kind: Kind,
    #[diesel(sql_type = Text)]
    level: Level,
    #[diesel(sql_type = SmallInt)]
    year: i16,
    #[diesel(sql_type = Text)]
    group_code: String,
    #[diesel(sql_type = Text)]
    grade: String,
    #[diesel(sql_type = SmallInt)]
    valid_through: i16,
    #[diesel(sql_type = BigInt)]
    registered: i64,
    #[diesel(sql_type = BigInt)]
    self_assessed: i64,
    #[diesel(sql_type = BigInt)]
    verified: i64,
    #[diesel(sql_type = BigInt)]
    recognised: i64,
    #[diesel(sql_type = BigInt)]
    not_recognised: i64,
    #[diesel(sql_type = BigInt)]
    withdrawn: i64,
    #[diesel(sql_type = BigInt)]
    revoked: i64,
}

impl From<CountRow> for Count {
    fn from(row: CountRow) -> Self {
        let mut by_status = [0; Status::ALL.len()];
        for (status, count) in [
            (Status::Registered, row.registered),
            (Status::SelfAssessed, row.self_assessed),
            (Status::Verified, row.verified),
            (Status::Recognised, row.recognised),
            (Status::NotRecognised, row.not_recognised),
            (Status::Withdrawn, row.withdrawn),
            (Status::Revoked, row.revoked),
        ] {
            by_status[status as usize] = count;
        }
        Self {
            area: row.area_id,
            placed: Some(row.placed_id).filter(|placed| *placed != 0),
            kind: row.kind,
            level: row.level,
            year: row.year,
            group: row.group_code,
            grade: row.grade,
            valid_through: row.valid_through,
            by_status,
        }
    }
}

/// What names a count.
pub const CELL: &str = "area_id, placed_id, kind, level, year, group_code, grade, valid_through";

/// The columns of all states, each in this form.
pub fn sums(form: &str) -> String {
    let each = Status::ALL.iter().map(|status| form.replace("{}", status.as_str()));
    each.collect::<Vec<_>>().join(", ")
}

/// The counts of these areas, or of all, as they stand or as known at the end of the question's day.
/// Dimensions that nobody asked for are summed in the database.
pub async fn counts(
    db: &mut Conn,
    question: &Question,
    areas: Option<&[AreaId]>,
) -> Result<Vec<Count>> {
    let cover = match question.as_of {
        Some(day) => Some(blocks::up_to(db, day).await?),
        None => None,
    };
    let kept = sums("{}");
    let wanted = "($1 is null or area_id = any($1))
         and (year between $2 and $3 or year < $2 and valid_through >= $2)
         and ($4 is null or kind = $4) and ($5 is null or level = $5)";
    let from = match cover {
        None => format!("select {CELL}, {kept} from title_counts where {wanted}"),
        Some(_) => format!(
            "select {CELL}, {kept} from count_blocks where until = any($10) and {wanted}
             union all
             select {CELL}, {kept} from unnest($11, $12) r (after, until)
                 join count_changes c on c.day > r.after and c.day <= r.until
             where {wanted}"
        ),
    };
    let undone = match question.decided_by {
        None => String::new(),
        Some(_) => format!(
            " union all
             select {CELL}, {} from decision_changes
             where decided_on > $8 and day <= $9 and {wanted}",
            sums("-{}")
        ),
    };
    let summed = sums("sum({})::bigint as {}");
    let query = statement(format!(
        "select area_id, placed_id, kind, level, year, case when $6 then group_code else '' end as group_code,
                case when $7 then grade else '' end as grade, valid_through, {summed}
         from ({from}{undone}) counts
         group by 1, 2, 3, 4, 5, 6, 7, 8"
    ))
    .bind::<Nullable<Array<Integer>>, _>(areas)
    .bind::<SmallInt, _>(question.year_from)
    .bind::<SmallInt, _>(question.year_to)
    .bind::<Nullable<Text>, _>(question.kind.map(Kind::as_str))
    .bind::<Nullable<Text>, _>(question.level.map(Level::as_str))
    .bind::<Bool, _>(question.by_group)
    .bind::<Bool, _>(question.by_grade)
    .bind::<Nullable<Date>, _>(question.decided_by)
    .bind::<Date, _>(question.as_of.unwrap_or(NaiveDate::MAX));
    let query = match cover {
        None => query,
        Some(cover) => query
            .bind::<Array<Date>, _>(cover.blocks)
            .bind::<Array<Date>, _>(cover.after)
            .bind::<Array<Date>, _>(cover.until),
    };
    let rows: Vec<CountRow> = query.load(db).await?;
    Ok(rows.into_iter().map(Count::from).collect())
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

/// Tells the register in an area, or in all, from what it was before: the number of changes ever made
/// in its chains, which grows with every one, and the last closed day.
pub async fn version(db: &mut Conn, area: Option<AreaId>) -> Result<String> {
    let found: Version = statement(
        "select coalesce(sum(h.seq), 0) || ' ' || coalesce((select max(day) from closed_days)::text, '')
                as version
         from audit_heads h
         where $1 is null
            or h.area_id in (select s.covered_id from area_scopes s where s.area_id = $1)",
    )
    .bind::<Nullable<Integer>, _>(area)
    .get_result(db)
    .await?;
    Ok(found.version)
}

#[derive(QueryableByName)]
struct Difference {
    #[diesel(sql_type = BigInt)]
    different: i64,
}

/// How many cells of the counts, of the sums of the daily changes, of their blocks, of what decisions
/// or of what entries changed differ from what they are made of: always none.
pub async fn differences(db: &mut Conn) -> Result<i64> {
    let counted = sums("count(*) filter (where status = '{}') as {}");
    let (kept, summed) = (sums("{}"), sums("sum({}) as {}"));
    let any = sums("{} <> 0").replace(", ", " or ");
    let found: Difference = statement(format!(
        "with counted as (
             select area_id, coalesce(placed_id, 0) as placed_id, kind, level, year, group_code,
                    grade, valid_through, {counted}
             from titles group by 1, 2, 3, 4, 5, 6, 7, 8
         ), kept as (select {CELL}, {kept} from title_counts where {any}),
         summed as (
             select * from (select {CELL}, {summed} from count_changes group by {CELL}) s where {any}
         ), decided as (
             select * from (
                 select decided_on, {CELL}, {summed} from decision_changes group by decided_on, {CELL}
             ) s where {any}
         ), steps as (
             select * from (
                 select p.decided_on, area_id, coalesce(placed_id, 0) as placed_id, kind, level, year,
                        group_code, grade, valid_through, 0::bigint as registered,
                        0::bigint as self_assessed, sum(p.verified) as verified,
                        sum(p.recognised) as recognised, sum(p.not_recognised) as not_recognised,
                        0::bigint as withdrawn, sum(p.revoked) as revoked
                 from titles t cross join lateral (values
                     (t.decided_on, -1, 1, 0, 0, t.status = 'recognised'),
                     (t.decided_on, -1, 0, 1, 0, t.status = 'not_recognised'),
                     (t.recognised_on, -1, 1, 0, 0, t.status = 'revoked'),
                     (t.decided_on, 0, -1, 0, 1, t.status = 'revoked')
                 ) p (decided_on, verified, recognised, not_recognised, revoked, holds)
                 where p.holds and p.decided_on is not null
                 group by 1, 2, 3, 4, 5, 6, 7, 8, 9
             ) s where {any}
         ), blocks as (select until, {CELL}, {kept} from count_blocks),
         spans as (
             select * from (
                 select s.day as until, {CELL}, {summed}
                 from count_spans s join count_changes c on c.day > s.after and c.day <= s.day
                 group by s.day, {CELL}
             ) s where {any}
         ), days as (select day, {CELL}, {kept} from count_changes where {any}),
         entries as (
             select * from (
                 select day, {CELL}, {summed} from entry_counts group by day, {CELL}
             ) s where {any}
         )
         select (select count(*) from ((table counted except table kept)
                                       union all (table kept except table counted)) a)
              + (select count(*) from ((table counted except table summed)
                                       union all (table summed except table counted)) b)
              + (select count(*) from ((table blocks except table spans)
                                       union all (table spans except table blocks)) c)
              + (select count(*) from ((table days except table entries)
                                       union all (table entries except table days)) e)
              + (select count(*) from ((table decided except table steps)
                                       union all (table steps except table decided)) d)
                as different"
    ))
    .get_result(db)
    .await?;
    Ok(found.different)
}
