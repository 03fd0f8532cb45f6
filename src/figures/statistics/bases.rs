//! Totals and closings on the map of a question: they are reported in the boundaries of 31 December
//! of their year, and hold in others where those are made of whole areas.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;

use super::{Question, TotalSource};
use crate::areas::{AreaId, AreaLevel, Areas, Place};
use crate::base::kind::{Base, Kind};
use crate::figures::totals::rows::Total;
use crate::register::rounds::closings::Closing;
use crate::register::rounds::closings::ClosingState;

/// The areas of a year's end of which an area on the map is made.
#[derive(Default)]
struct Made {
    of: Vec<AreaId>,
    /// Others lie in it with a part only.
    also_parts: bool,
}

pub struct Bases<'a> {
    areas: &'a Areas,
    on: NaiveDate,
    made: HashMap<(AreaLevel, i16), HashMap<AreaId, Made>>,
    totals: HashMap<(AreaId, i16, Base), i64>,
    closed: HashSet<(AreaId, i16, Kind)>,
    communes: HashMap<AreaId, Vec<AreaId>>,
}

impl<'a> Bases<'a> {
    pub fn new(
        areas: &'a Areas,
        question: &Question,
        totals: &[Total],
        closings: &[Closing],
    ) -> Self {
        let on = question.on;
        let mut made = HashMap::new();
        for year in question.year_from..=question.year_to {
            let end = NaiveDate::from_ymd_opt(i32::from(year), 12, 31).unwrap_or(on);
            let end = end.min(question.as_of.unwrap_or_else(|| areas.on()));
            for level in AreaLevel::ALL {
                made.insert((*level, year), self::made(areas, question, *level, end));
            }
        }
        let totals = totals
            .iter()
            .filter_map(|t| Some(((t.area_id, t.year, t.base), i64::from(t.total?))))
            .collect();
        let closed = closings
            .iter()
            .filter(|c| c.state != ClosingState::Open)
            .map(|c| (c.area_id, c.year, c.kind))
            .collect();
        let communes = match question.boundaries {
            crate::areas::Boundaries::Of(on) => areas
                .at_level(question.area, question.depth, on)
                .into_iter()
                .map(|node| (node, areas.communes(node, on)))
                .collect(),
            crate::areas::Boundaries::Recorded => HashMap::new(),
        };
        Self { areas, on, made, totals, closed, communes }
    }

    /// The communes of an area at the depth of the question.
    pub fn communes(&self, area: AreaId) -> &[AreaId] {
        self.communes.get(&area).map_or(&[], Vec::as_slice)
    }

    /// The total of a commune, if it is known for the whole of it.
    pub fn of_commune(&self, commune: AreaId, year: i16, base: Base) -> Option<i64> {
        let made = self.made.get(&(AreaLevel::Commune, year))?.get(&commune)?;
        self.whole(made, year, base)
    }

    /// Whether all that a commune is made of is closed.
    pub fn is_closed(&self, commune: AreaId, year: i16, kind: Kind) -> bool {
        let made = self.made.get(&(AreaLevel::Commune, year)).and_then(|m| m.get(&commune));
        made.is_some_and(|made| {
            !made.also_parts && made.of.iter().all(|id| self.closed.contains(&(*id, year, kind)))
        })
    }

    /// The area's own total, else the sum of its communes, as far as they have one.
    pub fn total(&self, area: AreaId, year: i16, base: Base) -> (Option<i64>, TotalSource) {
        let at = |level| self.made.get(&(level, year)).and_then(|made| made.get(&area));
        if let Some(made) = at(self.areas.get(area).level)
            && let Some(own) = self.whole(made, year, base)
        {
            let source = if made.of.len() == 1 { TotalSource::Own } else { TotalSource::Summed };
            return (Some(own), source);
        }
        let Some(communes) = at(AreaLevel::Commune) else { return (None, TotalSource::Missing) };
        if let Some(sum) = self.whole(communes, year, base) {
            return (Some(sum), TotalSource::Summed);
        }
        let known: Vec<i64> = self.known(communes, year, base).collect();
        if known.is_empty() {
            return (None, TotalSource::Missing);
        }
        (Some(known.iter().sum()), TotalSource::Partial)
    }

    fn whole(&self, made: &Made, year: i16, base: Base) -> Option<i64> {
        let known: Vec<i64> = self.known(made, year, base).collect();
        (!made.also_parts && known.len() == made.of.len() && !known.is_empty())
            .then(|| known.iter().sum())
    }

    fn known(&self, made: &Made, year: i16, base: Base) -> impl Iterator<Item = i64> {
        made.of.iter().filter_map(move |id| self.totals.get(&(*id, year, base)).copied())
    }

    /// The day on which the map is read.
    pub fn on(&self) -> NaiveDate {
        self.on
    }
}

/// For each area on the map: which areas of one level, in force on `end`, it is made of.
fn made(
    areas: &Areas,
    question: &Question,
    level: AreaLevel,
    end: NaiveDate,
) -> HashMap<AreaId, Made> {
    let mut made: HashMap<AreaId, Made> = HashMap::new();
    for area in areas.all().iter().filter(|a| a.level == level && a.version(end).is_some()) {
        let place = areas.place(area.id, None, question.boundaries);
        let up = areas.ancestors(areas.sure(&place, question.on), question.on);
        for id in &up {
            made.entry(*id).or_default().of.push(area.id);
        }
        if let Place::Among(candidates) = place {
            let touched: BTreeSet<AreaId> = candidates
                .iter()
                .flat_map(|candidate| areas.ancestors(*candidate, question.on))
                .filter(|id| !up.contains(id))
                .collect();
            for id in touched {
                made.entry(id).or_default().also_parts = true;
            }
        }
    }
    made
}
