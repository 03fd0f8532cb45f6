//! What lies between two closed days: every figure that changed, and the entries that changed it.

pub mod api;
pub mod cells;
pub mod explain;
pub mod form;
pub mod rows;

use std::collections::BTreeSet;

use crate::areas::{AreaId, Areas, Part, Place};
use crate::base::kind::{Base, Kind, Level};
use crate::base::version::Version;
use crate::figures::statistics::compute::{Cell, Slot, slot};
use crate::figures::statistics::{Figure, Question, Row, TotalSource, question};
use crate::text_enum;

text_enum! {
    /// A figure that changed. Rates follow from these.
    pub enum ChangedFigure {
        Total = "total",
        Registered = "registered",
        ByStatus = "by_status",
        Recognised = "recognised",
        InForce = "in_force",
        Coverage = "coverage",
        Reported = "reported",
    }
}

/// A row that is not the same on both days; none where a day knew no such area.
#[derive(Debug)]
pub struct Difference {
    pub slot: Slot,
    pub cell: Cell,
    pub before: Option<Row>,
    pub after: Option<Row>,
    pub changed: Vec<ChangedFigure>,
}

/// Which figures of a row differ. Who may not see states is not told that only they did.
pub fn changed(before: Option<&Row>, after: Option<&Row>, states: bool) -> Vec<ChangedFigure> {
    let differs = |what: ChangedFigure| match what {
        ChangedFigure::Total => differ(before, after, |row| total(&row.figure)),
        ChangedFigure::Registered => differ(before, after, |row| row.figure.registered),
        ChangedFigure::ByStatus => states && differ(before, after, |row| row.figure.by_status),
        ChangedFigure::Recognised => differ(before, after, |row| row.figure.recognised),
        ChangedFigure::InForce => differ(before, after, |row| row.figure.in_force),
        ChangedFigure::Coverage => differ(before, after, |row| row.figure.coverage.clone()),
        ChangedFigure::Reported => differ(before, after, |row| row.paper.clone()),
    };
    let changed: Vec<ChangedFigure> =
        ChangedFigure::ALL.iter().copied().filter(|what| differs(*what)).collect();
    // An area that is new on the map, or gone from it, is worth telling where it counts something.
    let empty = (before.is_none() || after.is_none()) && changed == [ChangedFigure::Coverage];
    if empty { Vec::new() } else { changed }
}

/// Whether a value of two rows differs; what is not there counts nothing.
fn differ<T: PartialEq + Default>(
    before: Option<&Row>,
    after: Option<&Row>,
    value: impl Fn(&Row) -> T,
) -> bool {
    before.map(&value).unwrap_or_default() != after.map(&value).unwrap_or_default()
}

fn total(figure: &Figure) -> Option<(i64, TotalSource)> {
    figure.total.map(|total| (total, figure.total_source))
}

/// Something other than titles that came to be known between the days, and the entry that says so.
#[derive(Debug, Clone)]
pub struct Input {
    pub of: InputOf,
    pub area: AreaId,
    pub entry: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputOf {
    Total(i16, Base),
    Closing(i16, Kind),
    Reported(i16, Kind, Level),
    /// The area itself: a reform became known.
    Area,
}

impl Input {
    /// The figures of a row that it may have changed.
    fn may_change(&self, row: &Difference) -> &'static [ChangedFigure] {
        let (year, kind, level, ..) = &row.cell;
        let base = row.after.as_ref().or(row.before.as_ref()).and_then(|row| row.figure.base);
        match self.of {
            InputOf::Total(of, total) if of == *year && base == Some(total) => {
                &[ChangedFigure::Total, ChangedFigure::Coverage]
            }
            InputOf::Closing(of, closed) if (of, closed) == (*year, *kind) => {
                &[ChangedFigure::Coverage]
            }
            InputOf::Reported(of, reported, at)
                if (of, reported, at) == (*year, *kind, *level)
                    && row.slot == (self.area, Part::Whole) =>
            {
                &[ChangedFigure::Reported]
            }
            InputOf::Area => ChangedFigure::ALL,
            _ => &[],
        }
    }

    /// Whether it changed a figure of a row that what was said of its area stands in.
    pub fn changed(&self, row: &Difference) -> bool {
        self.may_change(row).iter().any(|what| row.changed.contains(what))
    }
}

/// The rows in which something of an area may stand: its records, wherever placed, or what was
/// reported of it.
pub fn slots(areas: &Areas, question: &Question, id: AreaId) -> BTreeSet<Slot> {
    let mut found = BTreeSet::new();
    if !areas.knows(id) {
        return found;
    }
    let placed = areas.came_of(id).into_iter().map(Some);
    for placed in placed.chain([None]) {
        let place = areas.place(id, placed, question.boundaries);
        found.extend(slot(areas, question, &place));
        // What was reported of the whole says nothing of the parts, and keeps them from having a total.
        if let Place::Among(candidates) = place {
            let whole = |candidate| slot(areas, question, &Place::In(candidate));
            found.extend(candidates.into_iter().filter_map(whole));
        }
    }
    found
}

/// The areas from which some of these rows are made, or all of the question; none means all there are.
pub fn sources(
    areas: &Areas,
    question: &Question,
    concerned: Option<&BTreeSet<Slot>>,
) -> Option<Vec<AreaId>> {
    let Some(concerned) = concerned else { return question::sources(areas, question) };
    let ids = areas.all().iter().map(|area| area.id);
    Some(ids.filter(|id| !slots(areas, question, *id).is_disjoint(concerned)).collect())
}

/// Whether a row stands on the map of a question.
pub fn stands(areas: &Areas, question: &Question, (area, part): &Slot) -> bool {
    let candidates = match part {
        Part::Among(candidates) => candidates.as_slice(),
        Part::Whole | Part::Own => &[],
    };
    let known = areas.knows(*area) && candidates.iter().all(|id| areas.knows(*id));
    match question.boundaries {
        crate::areas::Boundaries::Of(on) if known && *part == Part::Whole => {
            areas.version(*area, on).is_some()
        }
        _ => known,
    }
}
