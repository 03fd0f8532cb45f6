//! The figures of titles: the state history, the counts, and what a day changed in them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::sql_types::{Array, BigInt, Date, Integer, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Writer;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::kind::{Kind, Level, Status};
use crate::base::statement::{Statement, statement};
use crate::ledger::audit::Item;

/// What the figures know of a title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TitleState {
    pub holder_id: Uuid,
    pub year: i16,
    pub level: Level,
    pub kind: Kind,
    pub area: i32,
    pub placed: Option<i32>,
    /// Empty where the kind has no groups.
    pub group: String,
    /// Empty where the scheme has no grades or none was reached.
    pub grade: String,
    pub valid_through: i16,
    pub status: Status,
    /// The day on the decision that made it what it is.
    pub decided_on: Option<NaiveDate>,
    /// The day on the decision that recognised it, be it revoked since.
    pub recognised_on: Option<NaiveDate>,
}

/// A title before and after; at least one is there.
pub struct TitleChange {
    pub before: Option<TitleState>,
    pub after: Option<TitleState>,
    pub item: Item,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cell<'a> {
    area: i32,
    placed: i32,
    kind: Kind,
    level: Level,
    year: i16,
    group: &'a str,
    grade: &'a str,
    valid_through: i16,
}

impl TitleState {
    fn cell(&self) -> Cell<'_> {
        Cell {
            area: self.area,
            placed: self.placed.unwrap_or(0),
            kind: self.kind,
            level: self.level,
            year: self.year,
            group: &self.group,
            grade: &self.grade,
            valid_through: self.valid_through,
        }
    }

    /// What decisions made of it once it was verified: the day on each, the status before and after.
    pub fn decided(&self) -> impl Iterator<Item = (NaiveDate, Status, Status)> {
        use Status::{NotRecognised, Recognised, Revoked, Verified};
        let steps = match self.status {
            Recognised => [(self.decided_on, Verified, Recognised), (None, Verified, Verified)],
            NotRecognised => {
                [(self.decided_on, Verified, NotRecognised), (None, Verified, Verified)]
            }
            Revoked => {
                [(self.recognised_on, Verified, Recognised), (self.decided_on, Recognised, Revoked)]
            }
            _ => [(None, Verified, Verified); 2],
        };
        steps.into_iter().filter_map(|(on, from, to)| Some((on?, from, to)))
    }
}

const STATUSES: usize = Status::ALL.len();

impl Writer<'_> {
    /// Writes all that a change of titles leaves, in the chain of `chain`: for one title or for the
    /// next thousands of an import.
    pub async fn titles(&mut self, chain: i32, changes: Vec<TitleChange>) -> Result<()> {
        let (db, day) = (&*self.db, self.day);
        let seq = self.version(chain)?.seq();
        futures_util::try_join!(
            add_states(db, day, &changes),
            add_counts(db, day, (chain, seq), &changes),
            add_decided(db, day, &changes),
        )?;
        let items: Vec<Item> = changes.into_iter().map(|change| change.item).collect();
        self.record_all(chain, &items).await
    }
}

async fn add_states(db: &Conn, day: NaiveDate, changes: &[TitleChange]) -> Result<()> {
    // A deleted title stands as its last state with no status.
    let states: Vec<(&TitleState, Option<&str>)> = changes
        .iter()
        .filter(|change| change.before != change.after)
        .filter_map(|change| match (&change.before, &change.after) {
            (_, Some(after)) => Some((after, Some(after.status.as_str()))),
            (Some(before), None) => Some((before, None)),
            (None, None) => None,
        })
        .collect();
    if states.is_empty() {
        return Ok(());
    }
    fn each<'a, T>(
        states: &[(&'a TitleState, Option<&str>)],
        field: impl Fn(&'a TitleState) -> T,
    ) -> Vec<T> {
        states.iter().map(|(state, _)| field(state)).collect()
    }
    statement(
        "insert into title_states (holder_id, year, level, n, day, kind, area_id, placed_id,
                                   group_code, status, grade, valid_through)
         select u.holder_id, u.year, u.level,
                coalesce((select max(s.n) from title_states s
                          where s.holder_id = u.holder_id and s.year = u.year
                            and s.level = u.level), 0) + 1,
                $11, u.kind, u.area_id, u.placed_id, u.group_code, u.status, u.grade,
                u.valid_through
         from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
              u (holder_id, year, level, kind, area_id, placed_id, group_code, status, grade,
                 valid_through)",
    )
    .bind::<Array<SqlUuid>, _>(each(&states, |s| s.holder_id))
    .bind::<Array<SmallInt>, _>(each(&states, |s| s.year))
    .bind::<Array<Text>, _>(each(&states, |s| s.level.as_str()))
    .bind::<Array<Text>, _>(each(&states, |s| s.kind.as_str()))
    .bind::<Array<Integer>, _>(each(&states, |s| s.area))
    .bind::<Array<Nullable<Integer>>, _>(each(&states, |s| s.placed))
    .bind::<Array<Text>, _>(each(&states, |s| &*s.group))
    .bind::<Array<Nullable<Text>>, _>(states.iter().map(|(_, s)| *s).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(each(&states, |s| &*s.grade))
    .bind::<Array<SmallInt>, _>(each(&states, |s| s.valid_through))
    .bind::<Date, _>(day)
    .execute(&mut &*db)
    .await?;
    Ok(())
}

async fn add_counts(
    db: &Conn,
    day: NaiveDate,
    (chain, seq): (i32, i64),
    changes: &[TitleChange],
) -> Result<()> {
    let mut cells: BTreeMap<Cell<'_>, [i32; STATUSES]> = BTreeMap::new();
    for (state, by) in sides(changes) {
        cells.entry(state.cell()).or_default()[state.status as usize] += by;
    }
    cells.retain(|_, counts| counts.iter().any(|count| *count != 0));
    if cells.is_empty() {
        return Ok(());
    }
    // All tables take the same changes: the second keeps them by day, the third by entry.
    futures_util::try_join!(
        upsert(db, "title_counts", "", "", &cells, |s| s),
        upsert(db, "count_changes", "day, ", "$16, ", &cells, |s| s.bind::<Date, _>(day)),
        upsert(db, "entry_counts", "day, chain_id, seq, ", "$16, $17, $18, ", &cells, |s| {
            s.bind::<Date, _>(day).bind::<Integer, _>(chain).bind::<BigInt, _>(seq)
        }),
    )?;
    Ok(())
}

/// What decisions of a date changed is kept by that date too.
async fn add_decided(db: &Conn, day: NaiveDate, changes: &[TitleChange]) -> Result<()> {
    let mut dates: BTreeMap<NaiveDate, BTreeMap<Cell<'_>, [i32; STATUSES]>> = BTreeMap::new();
    for (state, by) in sides(changes) {
        for (on, from, to) in state.decided() {
            let counts = dates.entry(on).or_default().entry(state.cell()).or_default();
            counts[from as usize] -= by;
            counts[to as usize] += by;
        }
    }
    for (on, mut cells) in dates {
        cells.retain(|_, counts| counts.iter().any(|count| *count != 0));
        if !cells.is_empty() {
            upsert(db, "decision_changes", "day, decided_on, ", "$16, $17, ", &cells, |s| {
                s.bind::<Date, _>(day).bind::<Date, _>(on)
            })
            .await?;
        }
    }
    Ok(())
}

/// Adds to the rows of these cells in a table whose key begins with `key`; `of` are the parameters
/// that `rest` binds for it.
async fn upsert(
    db: &Conn,
    table: &str,
    key: &str,
    of: &str,
    cells: &BTreeMap<Cell<'_>, [i32; STATUSES]>,
    rest: impl FnOnce(Statement<'_>) -> Statement<'_>,
) -> Result<()> {
    fn each<'a, T>(
        cells: &'a BTreeMap<Cell<'a>, [i32; STATUSES]>,
        field: impl Fn(&'a Cell<'a>) -> T,
    ) -> Vec<T> {
        cells.keys().map(field).collect()
    }
    let count = |status: usize| -> Vec<i32> { cells.values().map(|c| c[status]).collect() };
    let counted = statement(upsert_sql(table, key, of))
        .bind::<Array<Integer>, _>(each(cells, |c| c.area))
        .bind::<Array<Integer>, _>(each(cells, |c| c.placed))
        .bind::<Array<Text>, _>(each(cells, |c| c.kind.as_str()))
        .bind::<Array<Text>, _>(each(cells, |c| c.level.as_str()))
        .bind::<Array<SmallInt>, _>(each(cells, |c| c.year))
        .bind::<Array<Text>, _>(each(cells, |c| c.group))
        .bind::<Array<Text>, _>(each(cells, |c| c.grade))
        .bind::<Array<SmallInt>, _>(each(cells, |c| c.valid_through))
        .bind::<Array<Integer>, _>(count(0))
        .bind::<Array<Integer>, _>(count(1))
        .bind::<Array<Integer>, _>(count(2))
        .bind::<Array<Integer>, _>(count(3))
        .bind::<Array<Integer>, _>(count(4))
        .bind::<Array<Integer>, _>(count(5))
        .bind::<Array<Integer>, _>(count(6));
    rest(counted).execute(&mut &*db).await?;
    Ok(())
}

/// What each change took from the figures, and what it brought.
fn sides(changes: &[TitleChange]) -> impl Iterator<Item = (&TitleState, i32)> {
    changes.iter().flat_map(|change| {
        let sides = [(&change.before, -1), (&change.after, 1)];
        sides.into_iter().filter_map(|(state, by)| Some((state.as_ref()?, by)))
    })
}

fn upsert_sql(table: &str, key: &str, of: &str) -> String {
    const CELL: &str = "area_id, placed_id, kind, level, year, group_code, grade, valid_through";
    let statuses = Status::ALL.iter().map(|s| s.as_str()).collect::<Vec<_>>().join(", ");
    let sums = Status::ALL
        .iter()
        .map(|s| format!("{s} = {table}.{s} + excluded.{s}"))
        .collect::<Vec<_>>()
        .join(", ");
    format!(
        "insert into {table} ({key}{CELL}, {statuses})
         select {of}u.* from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) u
         on conflict ({key}{CELL}) do update set {sums}"
    )
}
