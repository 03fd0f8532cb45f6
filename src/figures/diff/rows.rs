//! Every query on what came to be known between two days: its cost is that of the entries in between.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, Integer, Nullable, SmallInt, Text};
use diesel_async::RunQueryDsl;

use super::{Input, InputOf};
use crate::areas::AreaId;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::kind::{Kind, Level, Status};
use crate::base::schema::{area_totals, closings, reported_figures, targets};
use crate::base::statement::statement;
use crate::base::version::Version;
use crate::figures::statistics::Question;
use crate::figures::statistics::rows::sums;
use crate::figures::targets::rows::Target;
use crate::ledger::audit::rows::{Entry, entries_of};

/// The days after `from`, up to `to`.
#[derive(Debug, Clone, Copy)]
pub struct Between {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// Where titles changed, and in which years what became of them counts.
#[derive(Debug, QueryableByName)]
pub struct Place {
    #[diesel(sql_type = Integer)]
    pub area_id: AreaId,
    /// 0 stands for "not placed".
    #[diesel(sql_type = Integer)]
    pub placed_id: AreaId,
    #[diesel(sql_type = SmallInt)]
    pub year_from: i16,
    #[diesel(sql_type = SmallInt)]
    pub year_to: i16,
}

impl Place {
    pub fn placed(&self) -> Option<AreaId> {
        Some(self.placed_id).filter(|placed| *placed != 0)
    }
}

/// The places of these areas, or of all, where titles of a question changed.
pub async fn places(
    db: &mut Conn,
    question: &Question,
    areas: Option<&[AreaId]>,
    days: Between,
) -> Result<Vec<Place>> {
    let found = statement(
        "select area_id, placed_id, min(year) as year_from,
                max(greatest(year, valid_through)) as year_to
         from entry_counts
         where day > $1 and day <= $2 and ($3 is null or area_id = any($3))
           and year <= $5 and greatest(year, valid_through) >= $4
           and ($6 is null or kind = $6) and ($7 is null or level = $7)
         group by area_id, placed_id",
    )
    .bind::<Date, _>(days.from)
    .bind::<Date, _>(days.to)
    .bind::<Nullable<Array<Integer>>, _>(areas)
    .bind::<SmallInt, _>(question.year_from)
    .bind::<SmallInt, _>(question.year_to)
    .bind::<Nullable<Text>, _>(question.kind.map(Kind::as_str))
    .bind::<Nullable<Text>, _>(question.level.map(Level::as_str));
    Ok(found.load(db).await?)
}

/// What else came to be known, of years of a question.
pub async fn inputs(db: &mut Conn, question: &Question, days: Between) -> Result<Vec<Input>> {
    let Between { from, to } = days;
    let (first, last) = (question.year_from, question.year_to);
    let totals: Vec<(AreaId, i16, crate::base::kind::Base, Version)> = area_totals::table
        .filter(area_totals::day.gt(from).and(area_totals::day.le(to)))
        .filter(area_totals::year.between(first, last))
        .select((area_totals::area_id, area_totals::year, area_totals::base, area_totals::version))
        .load(db)
        .await?;
    let closed: Vec<(AreaId, i16, Kind, Version)> = closings::table
        .filter(closings::day.gt(from).and(closings::day.le(to)))
        .filter(closings::year.between(first, last))
        .select((closings::area_id, closings::year, closings::kind, closings::version))
        .load(db)
        .await?;
    use reported_figures as r;
    let reported: Vec<(AreaId, i16, Kind, Level, Version)> = r::table
        .filter(r::day.gt(from).and(r::day.le(to)).and(r::year.between(first, last)))
        .select((r::area_id, r::year, r::kind, r::level, r::version))
        .load(db)
        .await?;
    let totals = totals.into_iter().map(|(area, year, base, entry)| Input {
        of: InputOf::Total(year, base),
        area,
        entry,
    });
    let closed = closed.into_iter().map(|(area, year, kind, entry)| Input {
        of: InputOf::Closing(year, kind),
        area,
        entry,
    });
    let reported = reported.into_iter().map(|(area, year, kind, level, entry)| Input {
        of: InputOf::Reported(year, kind, level),
        area,
        entry,
    });
    Ok(totals.chain(closed).chain(reported).collect())
}

/// What was set of targets of these areas, the first of each first.
pub async fn targets(db: &mut Conn, areas: &[AreaId], days: Between) -> Result<Vec<Target>> {
    Ok(targets::table
        .filter(targets::area_id.eq_any(areas))
        .filter(targets::day.gt(days.from).and(targets::day.le(days.to)))
        .order((
            targets::area_id,
            targets::year,
            targets::kind,
            targets::base,
            targets::group_code,
            targets::n,
        ))
        .select(Target::as_select())
        .load(db)
        .await?)
}

#[derive(QueryableByName)]
struct Changed {
    #[diesel(sql_type = Integer)]
    area: AreaId,
    #[diesel(sql_type = Integer)]
    chain_id: i32,
    #[diesel(sql_type = BigInt)]
    seq: i64,
}

/// The areas that reforms changed, as far as that came to be known.
pub async fn reforms(db: &mut Conn, days: Between) -> Result<Vec<Input>> {
    let found: Vec<Changed> = statement(
        "select i.entity_id::integer as area, i.area_id as chain_id, i.seq
         from audit_items i join audit_entries e on e.area_id = i.area_id and e.seq = i.seq
         where i.entity = 'area' and e.action in ('reform.apply', 'reform.undo')
           and e.day > $1 and e.day <= $2",
    )
    .bind::<Date, _>(days.from)
    .bind::<Date, _>(days.to)
    .load(db)
    .await?;
    let input = |c: Changed| Input {
        of: InputOf::Area,
        area: c.area,
        entry: Version::new(c.chain_id, c.seq),
    };
    Ok(found.into_iter().map(input).collect())
}

/// A row whose entries are asked for.
pub struct Wanted<'a> {
    pub kind: Kind,
    pub level: Level,
    pub year: i16,
    /// None where rows are not split by group.
    pub group: Option<&'a str>,
    pub grade: Option<&'a str>,
    /// The places whose titles stand in it: area and placement, 0 for none.
    pub places: &'a [(AreaId, AreaId)],
}

/// What one entry changed in a row.
#[derive(Debug, QueryableByName)]
pub struct Explained {
    /// Which of the rows asked for.
    #[diesel(sql_type = Integer)]
    pub nth: i32,
    #[diesel(sql_type = Integer)]
    pub chain_id: i32,
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    #[diesel(sql_type = BigInt)]
    pub registered: i64,
    #[diesel(sql_type = BigInt)]
    pub self_assessed: i64,
    #[diesel(sql_type = BigInt)]
    pub verified: i64,
    #[diesel(sql_type = BigInt)]
    pub recognised: i64,
    #[diesel(sql_type = BigInt)]
    pub not_recognised: i64,
    #[diesel(sql_type = BigInt)]
    pub withdrawn: i64,
    #[diesel(sql_type = BigInt)]
    pub revoked: i64,
    #[diesel(sql_type = BigInt)]
    pub in_force: i64,
    /// How many entries changed the row.
    #[diesel(sql_type = BigInt)]
    pub entries: i64,
}

/// For each of these rows the entries that changed it: at most `limit` in chains that may be read
/// (none means all), those that changed most first, and how many there are in all.
pub async fn explained(
    db: &mut Conn,
    wanted: &[Wanted<'_>],
    days: Between,
    readable: Option<&[AreaId]>,
    limit: i64,
) -> Result<Vec<Explained>> {
    let places: Vec<(i32, AreaId, AreaId)> = (0..)
        .zip(wanted)
        .flat_map(|(nth, row)| row.places.iter().map(move |(area, placed)| (nth, *area, *placed)))
        .collect();
    let own = sums("coalesce(sum(e.{}) filter (where e.year = c.year), 0)::bigint as {}");
    let any = sums("{} <> 0").replace(", ", " or ");
    let weight = sums("abs({})").replace(", ", " + ");
    let statuses = sums("{}");
    let found = statement(format!(
        "with rows as (
             select * from unnest($1, $2, $3, $4, $5) with ordinality
                 r (kind, level, year, group_code, grade, n)
         ), c as (
             select r.n::integer - 1 as nth, r.kind, r.level, r.year, r.group_code, r.grade,
                    p.area_id, p.placed_id
             from rows r join unnest($6, $7, $8) p (nth, area_id, placed_id) on p.nth = r.n - 1
         ), changes as (
             select c.nth, e.chain_id, e.seq, {own}, sum(e.recognised)::bigint as in_force
             from c join entry_counts e on e.area_id = c.area_id and e.placed_id = c.placed_id
                 and e.kind = c.kind and e.level = c.level
                 and c.year between e.year and greatest(e.year, e.valid_through)
                 and (c.group_code is null or c.group_code = e.group_code)
                 and (c.grade is null or c.grade = e.grade)
             where e.day > $9 and e.day <= $10
             group by c.nth, e.chain_id, e.seq
         ), ranked as (
             select *, count(*) over (partition by nth) as entries,
                    row_number() over (
                        partition by nth
                        order by $11 is null or chain_id = any($11) desc,
                                 {weight} + abs(in_force) desc, chain_id, seq
                    ) as place
             from changes where {any} or in_force <> 0
         )
         select nth, chain_id, seq, {statuses}, in_force, entries
         from ranked where place <= $12 order by nth, place"
    ))
    .bind::<Array<Text>, _>(wanted.iter().map(|row| row.kind.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(wanted.iter().map(|row| row.level.as_str()).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(wanted.iter().map(|row| row.year).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(wanted.iter().map(|row| row.group).collect::<Vec<_>>())
    .bind::<Array<Nullable<Text>>, _>(wanted.iter().map(|row| row.grade).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(places.iter().map(|(nth, ..)| *nth).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(places.iter().map(|(_, area, _)| *area).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(places.iter().map(|(.., placed)| *placed).collect::<Vec<_>>())
    .bind::<Date, _>(days.from)
    .bind::<Date, _>(days.to)
    .bind::<Nullable<Array<Integer>>, _>(readable)
    .bind::<BigInt, _>(limit);
    Ok(found.load(db).await?)
}

impl Explained {
    /// In the order of [`Status::ALL`].
    pub fn by_status(&self) -> [i64; Status::ALL.len()] {
        [
            self.registered,
            self.self_assessed,
            self.verified,
            self.recognised,
            self.not_recognised,
            self.withdrawn,
            self.revoked,
        ]
    }

    pub fn entry(&self) -> Version {
        Version::new(self.chain_id, self.seq)
    }
}

/// The entries with these names: when, on which day, and what was done.
pub async fn entries(
    db: &mut Conn,
    names: &[Version],
) -> Result<Vec<(Version, DateTime<Utc>, NaiveDate, String)>> {
    let keys: Vec<(i32, i64)> = names.iter().map(|name| (name.area(), name.seq())).collect();
    let found = entries_of(db, &keys).await?;
    let told = |e: Entry| (Version::new(e.area_id, e.seq), e.at, e.day, e.action);
    Ok(found.into_iter().map(told).collect())
}
