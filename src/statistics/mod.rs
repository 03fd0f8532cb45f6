//! Figures: computed from counts, totals and closings, never from records.

pub mod api;
pub mod rows;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::areas::{AreaId, AreaLevel, Areas};
use crate::inputs::rows::{Closing, Total};
use crate::inputs::{ClosingState, rate};
use crate::kind::{Base, Group, Kind, Level, Status};
use crate::text_enum;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Question {
    pub area: AreaId,
    /// One row for each area of this level within `area`.
    pub depth: AreaLevel,
    pub kind: Option<Kind>,
    pub level: Option<Level>,
    pub year_from: i16,
    pub year_to: i16,
    pub by_group: bool,
    pub by_grade: bool,
    /// The day whose boundaries are meant.
    pub on: NaiveDate,
}

/// Counts as the ledger keeps them, for one cell of an area.
#[derive(Debug, Clone)]
pub struct Count {
    pub area: AreaId,
    pub placed: Option<AreaId>,
    pub kind: Kind,
    pub level: Level,
    pub year: i16,
    pub group: String,
    pub grade: String,
    pub valid_through: i16,
    /// By status, in the order of [`Status::ALL`].
    pub by_status: [i64; Status::ALL.len()],
}

text_enum! {
    /// Where a total comes from.
    pub enum TotalSource {
        /// The area's own figure.
        Own = "own",
        /// The sum of its communes, all of which have one.
        Summed = "summed",
        /// Only some of its communes have one.
        Partial = "partial",
        /// There is none.
        Missing = "missing",
    }
}

/// How far the figures of an area can be trusted to be complete.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
pub struct Coverage {
    /// Communes of the area.
    pub communes: usize,
    /// Communes with at least one title registered.
    pub with_records: usize,
    /// Communes that closed the year, as complete or with nothing to report.
    pub closed: usize,
    /// Communes with a total of the base.
    pub with_total: usize,
}

/// One row of the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub area: AreaId,
    pub year: i16,
    pub kind: Kind,
    pub level: Level,
    /// None unless asked by group; empty for those without one.
    pub group: Option<String>,
    pub grade: Option<String>,
    pub base: Option<Base>,
    pub total: Option<i64>,
    pub total_source: TotalSource,
    /// All that entered the round, whatever became of them.
    pub registered: i64,
    pub by_status: [i64; Status::ALL.len()],
    pub recognised: i64,
    /// Valid on 31 December of the year.
    pub in_force: i64,
    /// Percent, in hundredths.
    pub rate_of_registered: Option<i64>,
    pub rate_of_total: Option<i64>,
    pub rate_over_covered: Option<i64>,
    pub coverage: Coverage,
}

type Cell = (i16, Kind, Level, String, String);

#[derive(Default, Clone)]
struct Sum {
    by_status: [i64; Status::ALL.len()],
    in_force: i64,
}

/// Answers a question from counts, totals and closings of its areas.
pub fn compute(
    areas: &Areas,
    question: &Question,
    counts: &[Count],
    totals: &[Total],
    closings: &[Closing],
) -> Vec<Figure> {
    let mut nodes = nodes(areas, question);
    let mut leaves: BTreeMap<AreaId, BTreeMap<Cell, Sum>> = BTreeMap::new();
    for count in counts {
        let leaf = areas.chain(count.area, count.placed);
        let cells = leaves.entry(leaf).or_default();
        add(question, cells, count);
    }
    // A commune that was split keeps its records until they are placed: a row of its own below the
    // province, part of the province otherwise.
    let mut leaves_of: HashMap<AreaId, Vec<AreaId>> = HashMap::new();
    for leaf in leaves.keys() {
        let node = node_of(areas, question, &nodes, *leaf).unwrap_or_else(|| {
            nodes.push(*leaf);
            *leaf
        });
        leaves_of.entry(node).or_default().push(*leaf);
    }
    let totals: HashMap<(AreaId, i16, Base), i64> = totals
        .iter()
        .filter_map(|t| Some(((t.area_id, t.year, t.base), i64::from(t.total?))))
        .collect();
    let closed: BTreeSet<(AreaId, i16, Kind)> = closings
        .iter()
        .filter(|c| c.state != ClosingState::Open)
        .map(|c| (c.area_id, c.year, c.kind))
        .collect();
    let cells = cells(question, &leaves);
    let mut figures = Vec::new();
    for node in nodes {
        let communes = areas.communes(node, question.on);
        let own: Vec<AreaId> = leaves_of.remove(&node).unwrap_or_default();
        for cell in &cells {
            let sums = own.iter().filter_map(|leaf| Some((*leaf, leaves[leaf].get(cell)?)));
            figures.push(figure(node, cell, question, &communes, sums.collect(), &totals, &closed));
        }
    }
    figures
}

/// The areas of the depth asked for, by code.
fn nodes(areas: &Areas, question: &Question) -> Vec<AreaId> {
    let mut nodes = vec![question.area];
    while nodes.first().is_some_and(|first| areas.get(*first).level < question.depth) {
        nodes = nodes.into_iter().flat_map(|area| areas.children(area, question.on)).collect();
    }
    nodes.sort_by_key(|area| areas.code(*area, question.on));
    nodes
}

fn node_of(areas: &Areas, question: &Question, nodes: &[AreaId], leaf: AreaId) -> Option<AreaId> {
    let mut up = areas.ancestors(leaf, question.on);
    if let (None, Some(next)) = (areas.settled(leaf), areas.get(leaf).successors.first()) {
        // No split crossed a province: any successor leads to the right one, and to no commune.
        up = areas.ancestors(next.area, question.on).split_off(1);
    }
    up.into_iter().find(|area| nodes.contains(area))
}

fn add(question: &Question, cells: &mut BTreeMap<Cell, Sum>, count: &Count) {
    let group = if question.by_group { count.group.clone() } else { String::new() };
    let grade = if question.by_grade { count.grade.clone() } else { String::new() };
    let recognised = count.by_status[Status::Recognised as usize];
    for year in question.year_from..=question.year_to {
        let force = if (count.year..=count.valid_through).contains(&year) { recognised } else { 0 };
        if year != count.year && force == 0 {
            continue;
        }
        let cell = (year, count.kind, count.level, group.clone(), grade.clone());
        let sum = cells.entry(cell).or_default();
        sum.in_force += force;
        if year == count.year {
            for (sum, count) in sum.by_status.iter_mut().zip(count.by_status) {
                *sum += count;
            }
        }
    }
}

/// Every combination that is shown: the usual level of each kind in any case, so that nothing counted
/// differs from not asked; other levels and grades where they occur.
fn cells(question: &Question, leaves: &BTreeMap<AreaId, BTreeMap<Cell, Sum>>) -> BTreeSet<Cell> {
    let mut cells: BTreeSet<Cell> =
        leaves.values().flat_map(|cells| cells.keys().cloned()).collect();
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

fn figure(
    area: AreaId,
    cell: &Cell,
    question: &Question,
    communes: &[AreaId],
    sums: Vec<(AreaId, &Sum)>,
    totals: &HashMap<(AreaId, i16, Base), i64>,
    closed: &BTreeSet<(AreaId, i16, Kind)>,
) -> Figure {
    let (year, kind, level, group, grade) = cell;
    let (year, kind, level) = (*year, *kind, *level);
    let base = kind.base(level, Group::parse(group));
    let total_of = |area: AreaId| totals.get(&(area, year, base?)).copied();
    let mut sum = Sum::default();
    let (mut covered_recognised, mut with_records) = (0, 0);
    let recognised = Status::Recognised as usize;
    for (leaf, part) in sums {
        for (all, one) in sum.by_status.iter_mut().zip(part.by_status) {
            *all += one;
        }
        sum.in_force += part.in_force;
        if part.by_status.iter().any(|count| *count > 0) && communes.contains(&leaf) {
            with_records += 1;
        }
        if total_of(leaf).is_some() {
            covered_recognised += part.by_status[recognised];
        }
    }
    let known: Vec<i64> = communes.iter().filter_map(|commune| total_of(*commune)).collect();
    let covered_total: i64 = known.iter().sum();
    let (total, total_source) = match total_of(area) {
        Some(own) => (Some(own), TotalSource::Own),
        None if known.is_empty() => (None, TotalSource::Missing),
        None if known.len() == communes.len() => (Some(covered_total), TotalSource::Summed),
        None => (Some(covered_total), TotalSource::Partial),
    };
    let registered = sum.by_status.iter().sum();
    let whole = total.filter(|_| total_source != TotalSource::Partial);
    Figure {
        area,
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
        coverage: Coverage {
            communes: communes.len(),
            with_records,
            closed: communes.iter().filter(|c| closed.contains(&(**c, year, kind))).count(),
            with_total: known.len(),
        },
    }
}
