//! The counts of one commune as they grow: in all, by day, by entry and by the date of decisions.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::lines::{Cell as Value, Lines, Rows};
use crate::areas::AreaId;
use crate::base::kind::{Kind, Level, Status};
use crate::ledger::TitleState;

const STATUSES: usize = Status::ALL.len();

/// What names a count within a commune of which nothing waits to be placed.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Cell {
    kind: Kind,
    level: Level,
    year: i16,
    group: String,
    grade: String,
    valid_through: i16,
}

type Tally = BTreeMap<Cell, [i32; STATUSES]>;

#[derive(Default)]
pub struct Figures {
    all: Tally,
    days: BTreeMap<NaiveDate, Tally>,
    decided: BTreeMap<(NaiveDate, NaiveDate), Tally>,
    /// Of the entry under way.
    entry: Tally,
}

impl Figures {
    /// Counts what an entry of `day` made of a title.
    pub fn change(&mut self, day: NaiveDate, before: Option<&TitleState>, after: &TitleState) {
        for (state, by) in before.map(|state| (state, -1)).into_iter().chain([(after, 1)]) {
            let (cell, status) = (Cell::of(state), state.status as usize);
            for (on, from, to) in state.decided() {
                let decided = self.decided.entry((day, on)).or_default();
                let counts = decided.entry(cell.clone()).or_default();
                counts[from as usize] -= by;
                counts[to as usize] += by;
            }
            self.entry.entry(cell).or_default()[status] += by;
        }
    }

    /// The entry has ended.
    pub fn end_entry(&mut self, rows: &mut Rows, area: AreaId, day: NaiveDate, seq: i64) {
        let entry = std::mem::take(&mut self.entry);
        put(&mut rows.entry_counts, &[day.into(), area.into(), seq.into()], area, &entry);
        let of_day = self.days.entry(day).or_default();
        for (cell, counts) in entry {
            add(&mut self.all, &cell, &counts);
            add(of_day, &cell, &counts);
        }
    }

    pub fn end(self, rows: &mut Rows, area: AreaId) {
        put(&mut rows.counts, &[], area, &self.all);
        for (day, tally) in &self.days {
            put(&mut rows.day_counts, &[(*day).into()], area, tally);
        }
        for ((day, on), tally) in &self.decided {
            put(&mut rows.decided_counts, &[(*day).into(), (*on).into()], area, tally);
        }
    }
}

impl Cell {
    fn of(state: &TitleState) -> Self {
        Self {
            kind: state.kind,
            level: state.level,
            year: state.year,
            group: state.group.clone(),
            grade: state.grade.clone(),
            valid_through: state.valid_through,
        }
    }
}

fn add(tally: &mut Tally, cell: &Cell, counts: &[i32; STATUSES]) {
    let sums = match tally.get_mut(cell) {
        Some(sums) => sums,
        None => tally.entry(cell.clone()).or_default(),
    };
    sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
}

fn put(lines: &mut Lines, key: &[Value<'_>], area: AreaId, tally: &Tally) {
    for (cell, counts) in tally.iter().filter(|(_, counts)| **counts != [0; STATUSES]) {
        let mut row = key.to_vec();
        row.extend([
            area.into(),
            Value::Number(0),
            cell.kind.as_str().into(),
            cell.level.as_str().into(),
            cell.year.into(),
            Value::Text(&cell.group),
            Value::Text(&cell.grade),
            cell.valid_through.into(),
        ]);
        row.extend(counts.iter().map(|count| Value::from(*count)));
        lines.add(&row);
    }
}
