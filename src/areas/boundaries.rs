//! The same records on the map of another day: where those of an area stand in its boundaries.

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;

use super::{AreaId, AreaLevel, Areas};
use crate::base::error::{Error, Result, say};

/// Whose boundaries are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Boundaries {
    /// Those of a day.
    Of(NaiveDate),
    /// Each record's own, of its day.
    Recorded,
}

/// Where the records of an area stand in some boundaries.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    In(AreaId),
    /// In one of several areas: of a split one, until it is placed; going back, of a merged one.
    Among(Vec<AreaId>),
}

/// What part of an area is meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    Whole,
    /// What belongs to the area itself and lies in none of those below it.
    Own,
    /// What lies in one of these, and nobody can say yet in which.
    Among(Vec<AreaId>),
}

/// The records that stand in a part of an area: by the area in which they were made, and by that and
/// the successor in which they were placed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Made {
    pub unplaced: Vec<AreaId>,
    pub placed: Vec<(AreaId, AreaId)>,
}

/// Mergers before this day are not known.
const FIRST: NaiveDate = NaiveDate::from_ymd_opt(2025, 3, 1).unwrap();

impl Boundaries {
    /// Reads `YYYY-MM-DD` or `recorded`; `day` where nothing is said.
    pub fn read(text: Option<&str>, day: NaiveDate) -> Result<Self> {
        let wrong = |vi: &'static str, en: &'static str| {
            Err(Error::invalid_field("?boundaries", "boundaries", say(vi, en)))
        };
        match text {
            None => Ok(Self::Of(day)),
            Some("recorded") => Ok(Self::Recorded),
            Some(text) => match text.parse::<NaiveDate>() {
                Ok(on) if on >= FIRST => Ok(Self::Of(on)),
                Ok(_) => wrong(
                    "Chỉ có địa giới từ ngày 01/03/2025 trở đi.",
                    "Boundaries are known from 2025-03-01 on.",
                ),
                Err(_) => wrong(
                    "Ghi ngày dạng 2025-06-30, hoặc recorded.",
                    "A day such as 2025-06-30, or recorded.",
                ),
            },
        }
    }

    /// The day on which codes and names are read; for recorded ones that of the question.
    pub fn day(self, asked: NaiveDate) -> NaiveDate {
        match self {
            Self::Of(day) => day,
            Self::Recorded => asked,
        }
    }
}

impl fmt::Display for Boundaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Of(day) => day.fmt(f),
            Self::Recorded => f.write_str("recorded"),
        }
    }
}

impl Areas {
    /// Where a record of `area`, placed in a successor or not, stands in some boundaries.
    pub fn place(&self, area: AreaId, placed: Option<AreaId>, boundaries: Boundaries) -> Place {
        let Boundaries::Of(on) = boundaries else { return Place::In(area) };
        let mut found = BTreeSet::new();
        self.gather(area, placed, on, &mut found);
        match found.len() {
            1 => Place::In(found.pop_first().unwrap_or(area)),
            0 => Place::In(self.country()),
            _ => Place::Among(found.into_iter().collect()),
        }
    }

    fn gather(
        &self,
        id: AreaId,
        placed: Option<AreaId>,
        on: NaiveDate,
        found: &mut BTreeSet<AreaId>,
    ) {
        let area = self.get(id);
        if area.version(on).is_some() {
            found.insert(id);
            return;
        }
        if area.versions[0].valid_from > on {
            for before in &area.predecessors {
                self.gather(before.area, None, on, found);
            }
            if !area.predecessors.is_empty() {
                return;
            }
        }
        let next: Vec<_> = area.successors.iter().filter(|next| next.on <= on).collect();
        let chosen = placed.and_then(|placed| next.iter().find(|n| self.leads(n.area, placed)));
        match (chosen, &next[..]) {
            (Some(next), _) => {
                self.gather(next.area, placed.filter(|placed| *placed != next.area), on, found);
            }
            // What was abolished belongs to what it lay in.
            (None, []) => {
                if let Some(parent) = area.nearest(on).parent {
                    self.gather(parent, None, on, found);
                }
            }
            (None, next) => {
                for next in next {
                    self.gather(next.area, None, on, found);
                }
            }
        }
    }

    /// Whether `to` is `from` or came out of it.
    fn leads(&self, from: AreaId, to: AreaId) -> bool {
        from == to || self.get(from).successors.iter().any(|next| self.leads(next.area, to))
    }

    /// The lowest area that holds all of these on a day.
    pub fn common(&self, ids: &[AreaId], on: NaiveDate) -> AreaId {
        let Some((first, others)) = ids.split_first() else { return self.country() };
        let others: Vec<Vec<AreaId>> = others.iter().map(|id| self.ancestors(*id, on)).collect();
        let mut up = self.ancestors(*first, on).into_iter();
        up.find(|id| others.iter().all(|up| up.contains(id))).unwrap_or(self.country())
    }

    /// The lowest area that surely holds a record, whichever candidate it belongs to.
    pub fn sure(&self, place: &Place, on: NaiveDate) -> AreaId {
        match place {
            Place::In(area) => *area,
            Place::Among(candidates) => self.common(candidates, on),
        }
    }

    /// The records of a part of an area in some boundaries, `on` being the day on which its code was
    /// read; none restricts nothing.
    pub fn made(
        &self,
        area: AreaId,
        part: &Part,
        boundaries: Boundaries,
        on: NaiveDate,
    ) -> Option<Made> {
        if area == self.country() && *part == Part::Whole {
            return None;
        }
        let stands = |id, placed| {
            let place = self.place(id, placed, boundaries);
            match part {
                Part::Whole => self.ancestors(self.sure(&place, on), on).contains(&area),
                Part::Own => place == Place::In(area),
                Part::Among(candidates) => place == Place::Among(candidates.clone()),
            }
        };
        let mut made = Made::default();
        for id in self.all().iter().map(|area| area.id) {
            if stands(id, None) {
                made.unplaced.push(id);
            }
            let placed = self.came_of(id).into_iter().filter(|placed| stands(id, Some(*placed)));
            made.placed.extend(placed.map(|placed| (id, placed)));
        }
        Some(made)
    }

    /// All areas that came out of an area.
    pub fn came_of(&self, id: AreaId) -> BTreeSet<AreaId> {
        let next = self.get(id).successors.iter();
        next.flat_map(|next| {
            let mut came = self.came_of(next.area);
            came.insert(next.area);
            came
        })
        .collect()
    }

    /// The areas of a level within an area, in force on a day.
    pub fn at_level(&self, id: AreaId, level: AreaLevel, on: NaiveDate) -> Vec<AreaId> {
        match self.get(id).level {
            own if own == level => vec![id],
            own if own > level => Vec::new(),
            _ => {
                let below = self.children(id, on).into_iter();
                below.flat_map(|child| self.at_level(child, level, on)).collect()
            }
        }
    }
}

/// The day in whose boundaries the inputs of a year stand: its 31 December, or `today` while that
/// lies ahead. What lies before 2021 stands in the oldest boundaries that are known.
pub fn boundaries_of(year: i16, today: NaiveDate) -> NaiveDate {
    let end = NaiveDate::from_ymd_opt(i32::from(year), 12, 31).unwrap_or_default();
    let oldest = NaiveDate::from_ymd_opt(2021, 1, 1).unwrap_or_default();
    end.min(today).max(oldest)
}
