//! Figures from counts: each count is put on the map of the question, into the row it belongs to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::bases::Bases;
use super::{Count, Coverage, Covered, Figure, Question, TotalSource};
use crate::areas::{AreaId, AreaLevel, Areas, Boundaries, Part, Place};
use crate::base::hundredths::rate;
use crate::base::kind::{Group, Kind, Level, Status};

/// Year, kind, level, group and grade: the last two empty unless they are asked for.
pub type Cell = (i16, Kind, Level, String, String);
/// A row of the map: an area, or a part of it.
pub type Slot = (AreaId, Part);

#[derive(Default, Clone)]
pub struct Sum {
    by_status: [i64; Status::ALL.len()],
    in_force: i64,
}

/// What one row is made of: for each cell the sum in each area of the boundaries.
pub type Leaves = BTreeMap<Cell, BTreeMap<AreaId, Sum>>;
pub type Rows = HashMap<Slot, Leaves>;

/// Answers a question from counts and from the totals and closings on its map.
pub fn compute(
    areas: &Areas,
    question: &Question,
    counts: &[Count],
    bases: &Bases<'_>,
) -> Vec<Figure> {
    let rows = tally(areas, question, counts);
    let shown = shown(question, &rows);
    let mut rows: Vec<(Slot, Leaves)> = rows.into_iter().collect();
    rows.sort_by_cached_key(|(slot, _)| rank(areas, question, slot));
    let mut figures = Vec::new();
    for (slot, leaves) in &rows {
        let everything = slot.1 == Part::Whole && question.boundaries != Boundaries::Recorded;
        for cell in shown.iter().filter(|cell| everything || leaves.contains_key(*cell)) {
            figures.push(figure(question, bases, slot, cell, leaves));
        }
    }
    figures
}

/// Puts counts on the map of a question: a row for each area of its depth, and for what lies in none.
pub fn tally(areas: &Areas, question: &Question, counts: &[Count]) -> Rows {
    let mut rows = Rows::new();
    if let Boundaries::Of(on) = question.boundaries {
        for node in areas.at_level(question.area, question.depth, on) {
            rows.insert((node, Part::Whole), Leaves::new());
        }
    }
    // Where the records of an area, or of a placement, stand: asked once for all its counts.
    type Known = HashMap<(AreaId, Option<AreaId>), Option<(Slot, AreaId)>>;
    let mut slots = Known::new();
    for count in counts {
        let found = slots.entry((count.area, count.placed)).or_insert_with(|| {
            let place = areas.place(count.area, count.placed, question.boundaries);
            let slot = slot(areas, question, &place)?;
            Some((slot, areas.sure(&place, question.on)))
        });
        if let Some((slot, leaf)) = found {
            add(question, rows.entry(slot.clone()).or_default(), *leaf, count);
        }
    }
    rows
}

/// The place of a row in the order of answers: whole areas first, by their codes.
pub fn rank(
    areas: &Areas,
    question: &Question,
    (area, part): &Slot,
) -> (u8, String, Vec<String>, AreaId, Vec<AreaId>) {
    let code = |id: &AreaId| areas.code(*id, question.on).to_owned();
    let (rank, candidates) = match part {
        Part::Whole => (0, Vec::new()),
        Part::Own => (1, Vec::new()),
        Part::Among(candidates) => (2, candidates.clone()),
    };
    (rank, code(area), candidates.iter().map(code).collect(), *area, candidates)
}

/// Whether a place lies in the area of the question.
pub fn within(areas: &Areas, question: &Question, place: &Place) -> bool {
    match question.boundaries {
        Boundaries::Recorded => areas.covers(question.area, areas.sure(place, question.on)),
        Boundaries::Of(on) => areas.ancestors(areas.sure(place, on), on).contains(&question.area),
    }
}

/// The row in which the records of a place are counted; none outside the area of the question.
pub fn slot(areas: &Areas, question: &Question, place: &Place) -> Option<Slot> {
    if !within(areas, question, place) {
        return None;
    }
    let sure = areas.sure(place, question.on);
    let mut up = areas.ancestors(sure, question.on).into_iter();
    if let Some(node) = up.find(|id| areas.get(*id).level == question.depth) {
        return Some((node, Part::Whole));
    }
    Some(match place {
        Place::In(area) => (*area, Part::Own),
        // They stand under their province, or under the country if they lie in several; under a
        // district only where the question is about one.
        Place::Among(candidates) => {
            let under = match areas.get(sure).level {
                AreaLevel::District if areas.get(question.area).level < AreaLevel::District => {
                    areas.province(sure, question.on).unwrap_or(sure)
                }
                _ => sure,
            };
            (under, Part::Among(candidates.clone()))
        }
    })
}

fn add(question: &Question, cells: &mut Leaves, leaf: AreaId, count: &Count) {
    let group = if question.by_group { count.group.clone() } else { String::new() };
    let grade = if question.by_grade { count.grade.clone() } else { String::new() };
    let recognised = count.by_status[Status::Recognised as usize];
    for year in question.year_from..=question.year_to {
        let force = if (count.year..=count.valid_through).contains(&year) { recognised } else { 0 };
        let counted = year == count.year && count.by_status.iter().any(|count| *count != 0);
        if !counted && force == 0 {
            continue;
        }
        let cell = (year, count.kind, count.level, group.clone(), grade.clone());
        let sum = cells.entry(cell).or_default().entry(leaf).or_default();
        sum.in_force += force;
        if counted {
            for (sum, count) in sum.by_status.iter_mut().zip(count.by_status) {
                *sum += count;
            }
        }
    }
}

/// Every combination that is shown: the usual level of each kind in any case, so that nothing counted
/// differs from not asked; other levels and grades where they occur.
pub fn shown(question: &Question, rows: &Rows) -> BTreeSet<Cell> {
    let mut cells: BTreeSet<Cell> = rows.values().flat_map(|row| row.keys().cloned()).collect();
    let kinds = Kind::ALL.iter().filter(|kind| question.kind.is_none_or(|k| k == **kind));
    for kind in kinds {
        let level = question.level.unwrap_or(kind.default_level());
        if !kind.levels().contains(&level) {
            continue;
        }
        for year in question.year_from..=question.year_to {
            let none = String::new;
            if question.by_group && *kind == Kind::Citizen {
                for group in Group::ALL {
                    cells.insert((year, *kind, level, group.to_string(), none()));
                }
            } else {
                cells.insert((year, *kind, level, none(), none()));
            }
        }
    }
    cells
}

/// One figure of a row, from what the row is made of.
pub fn figure(
    question: &Question,
    bases: &Bases<'_>,
    (area, part): &Slot,
    cell: &Cell,
    leaves: &Leaves,
) -> Figure {
    let (area, part) = (*area, part.clone());
    let none = BTreeMap::new();
    let sums = leaves.get(cell).unwrap_or(&none);
    let (year, kind, level, group, grade) = cell;
    let (year, kind, level) = (*year, *kind, *level);
    let base = kind.base(level, Group::parse(group));
    // What is not the whole of an area has no total and no communes.
    let communes: &[AreaId] = if part == Part::Whole { bases.communes(area) } else { &[] };
    let of_commune = |commune: AreaId| bases.of_commune(commune, year, base?);
    let mut sum = Sum::default();
    let (mut covered_recognised, mut with_records) = (0, 0);
    let recognised = Status::Recognised as usize;
    for (leaf, of_leaf) in sums {
        for (all, one) in sum.by_status.iter_mut().zip(of_leaf.by_status) {
            *all += one;
        }
        sum.in_force += of_leaf.in_force;
        if of_leaf.by_status.iter().any(|count| *count > 0) && communes.contains(leaf) {
            with_records += 1;
        }
        if of_commune(*leaf).is_some() {
            covered_recognised += of_leaf.by_status[recognised];
        }
    }
    let known: Vec<i64> = communes.iter().filter_map(|commune| of_commune(*commune)).collect();
    let covered_total: i64 = known.iter().sum();
    let (total, total_source) = match base {
        Some(base) if part == Part::Whole => bases.total(area, year, base),
        _ => (None, TotalSource::Missing),
    };
    let registered = sum.by_status.iter().sum();
    let whole = total.filter(|_| total_source != TotalSource::Partial);
    Figure {
        area,
        part,
        month: question.as_of.filter(|_| question.monthly),
        year,
        kind,
        level,
        group: question.by_group.then(|| group.clone()),
        grade: question.by_grade.then(|| grade.clone()),
        base,
        total,
        total_source,
        registered,
        by_status: sum.by_status,
        recognised: sum.by_status[recognised],
        in_force: sum.in_force,
        rate_of_registered: rate(sum.by_status[recognised], registered),
        rate_of_total: whole.and_then(|whole| rate(sum.by_status[recognised], whole)),
        rate_over_covered: rate(covered_recognised, covered_total),
        covered: (!known.is_empty())
            .then_some(Covered { recognised: covered_recognised, total: covered_total }),
        coverage: Coverage {
            communes: communes.len(),
            with_records,
            closed: communes.iter().filter(|c| bases.is_closed(**c, year, kind)).count(),
            with_total: known.len(),
        },
    }
}
