//! Two days side by side: each row and cell that one of them knows, told by both.

use std::collections::BTreeSet;

use super::{Difference, changed, stands};
use crate::areas::{Areas, Boundaries, Part};
use crate::figures::statistics::api::{Gathered, Papers};
use crate::figures::statistics::bases::Bases;
use crate::figures::statistics::compute::{Cell, Leaves, Rows, Slot, figure, rank, shown, tally};
use crate::figures::statistics::{Question, Row};

/// All that one of the days knows of a question.
pub struct Day<'a> {
    areas: &'a Areas,
    question: &'a Question,
    rows: Rows,
    bases: Bases<'a>,
    papers: &'a Papers,
}

impl<'a> Day<'a> {
    pub fn new(
        areas: &'a Areas,
        question: &'a Question,
        gathered: &Gathered,
        papers: &'a Papers,
    ) -> Self {
        let Gathered { counts, totals, closings } = gathered;
        let rows = tally(areas, question, counts);
        let bases = Bases::new(areas, question, totals, closings);
        Self { areas, question, rows, bases, papers }
    }

    fn row(&self, slot: &Slot, cell: &Cell) -> Option<Row> {
        if !stands(self.areas, self.question, slot) {
            return None;
        }
        let none = Leaves::new();
        let leaves = self.rows.get(slot).unwrap_or(&none);
        let figure = figure(self.question, &self.bases, slot, cell, leaves);
        let paper = self.papers.beside(self.question, &figure).cloned();
        Some(Row { figure, paper })
    }
}

/// Every row of the two days that is not the same on both, in the order of answers; only these rows
/// where it is known which are concerned.
pub fn differences(
    before: &Day<'_>,
    after: &Day<'_>,
    concerned: Option<&BTreeSet<Slot>>,
    states: bool,
) -> Vec<Difference> {
    let mut slots: Vec<&Slot> = before.rows.keys().chain(after.rows.keys()).collect();
    slots.retain(|slot| concerned.is_none_or(|concerned| concerned.contains(*slot)));
    slots.sort_by_cached_key(|slot| {
        let day = if stands(after.areas, after.question, slot) { after } else { before };
        rank(day.areas, day.question, slot)
    });
    slots.dedup();
    let mut everywhere = shown(before.question, &before.rows);
    everywhere.extend(shown(after.question, &after.rows));
    let mut found = Vec::new();
    for slot in slots {
        let whole = slot.1 == Part::Whole && after.question.boundaries != Boundaries::Recorded;
        let here = [before, after].into_iter().filter_map(|day| day.rows.get(slot));
        let here: BTreeSet<&Cell> = here.flat_map(|leaves| leaves.keys()).collect();
        for cell in everywhere.iter().filter(|cell| whole || here.contains(cell)) {
            let (before, after) = (before.row(slot, cell), after.row(slot, cell));
            let changed = changed(before.as_ref(), after.as_ref(), states);
            if !changed.is_empty() {
                let (slot, cell) = (slot.clone(), cell.clone());
                found.push(Difference { slot, cell, before, after, changed });
            }
        }
    }
    found
}
