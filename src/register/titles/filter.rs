//! Which titles a list shows.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use uuid::Uuid;

use crate::areas::boundaries::Made;
use crate::areas::{AreaId, Areas};
use crate::base::kind::{Kind, Level, Status};
use crate::base::schema::titles;
use crate::base::text::search_key;
use crate::register::criteria::Outcome;

/// Which titles a list shows.
#[derive(Debug, Clone, Default)]
pub struct TitleFilter {
    pub kind: Option<Kind>,
    pub level: Option<Level>,
    pub area: Option<AreaId>,
    /// Exactly the records that stand in an area in some boundaries.
    pub made: Option<Made>,
    pub year: Option<i16>,
    pub status: Option<Status>,
    pub grade: Option<String>,
    pub group: Option<String>,
    pub outcome: Option<Outcome>,
    pub hamlet: Option<Uuid>,
    pub decision: Option<Uuid>,
    pub import: Option<Uuid>,
    pub late: Option<bool>,
    /// Part of the holder's name.
    pub q: Option<String>,
}

pub(super) type Condition = Box<dyn BoxableExpression<titles::table, Pg, SqlType = Bool>>;

impl TitleFilter {
    /// The areas of which records are meant, in the order of lists: those that the caller's `scope`
    /// answers for and the filter means.
    pub fn places(&self, areas: &Areas, scope: AreaId) -> Vec<AreaId> {
        let mut places = areas.cover(scope);
        if let Some(area) = self.area {
            let meant = areas.cover(area);
            places.retain(|place| meant.contains(place));
        }
        if let Some(made) = &self.made {
            places.retain(|place| {
                made.unplaced.contains(place) || made.placed.iter().any(|(of, _)| of == place)
            });
        }
        places.into_iter().collect()
    }

    /// In which successors of a split area records are meant; none where that does not matter.
    pub(super) fn placements(&self, areas: &Areas) -> Option<Vec<AreaId>> {
        Some(areas.cover(self.area?).into_iter().collect())
    }

    /// Whether the counts say how many titles it finds.
    pub fn is_counted(&self) -> bool {
        self.outcome.is_none()
            && self.hamlet.is_none()
            && self.decision.is_none()
            && self.import.is_none()
            && self.late.is_none()
            && self.q.is_none()
    }

    /// Its titles of one area.
    pub(super) fn within(&self, areas: &Areas, place: AreaId) -> Condition {
        let mut all: Condition = Box::new(titles::area_id.eq(place));
        if let Some(placed) = self.placements(areas).filter(|_| areas.settled(place).is_none()) {
            let here = titles::placed_id.assume_not_null().eq_any(placed);
            all = Box::new(all.and(titles::placed_id.is_null().or(here)));
        }
        if let Some(made) = &self.made {
            all = Box::new(all.and(standing(made, place)));
        }
        macro_rules! also {
            ($($value:expr => $column:expr,)+) => {
                $(if let Some(value) = $value.clone() {
                    all = Box::new(all.and($column.eq(value)));
                })+
            };
        }
        also! {
            self.kind => titles::kind,
            self.level => titles::level,
            self.year => titles::year,
            self.status => titles::status,
            self.grade => titles::grade,
            self.group => titles::group_code,
            self.outcome => titles::outcome,
            self.hamlet => titles::hamlet_id.assume_not_null(),
            self.decision => titles::decision_id.assume_not_null(),
            self.import => titles::import_id.assume_not_null(),
        }
        // Written so that the index of what came late serves it.
        match self.late {
            Some(true) => all = Box::new(all.and(titles::late)),
            Some(false) => all = Box::new(all.and(diesel::dsl::not(titles::late))),
            None => {}
        }
        if let Some(q) = &self.q {
            let part = format!("%{}%", search_key(q));
            all = Box::new(all.and(titles::search_key.like(part)));
        }
        all
    }
}

/// Those made in a place that stand, as placed, in what `made` describes.
fn standing(made: &Made, place: AreaId) -> Condition {
    let placed: Vec<AreaId> =
        made.placed.iter().filter(|(of, _)| *of == place).map(|(_, placed)| *placed).collect();
    let there =
        titles::placed_id.is_not_null().and(titles::placed_id.assume_not_null().eq_any(placed));
    match made.unplaced.contains(&place) {
        true => Box::new(titles::placed_id.is_null().or(there)),
        false => Box::new(there),
    }
}
