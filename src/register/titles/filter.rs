//! Which titles a list shows, and which of them a caller may see.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer};
use uuid::Uuid;

use crate::access::Caller;
use crate::areas::AreaId;
use crate::areas::boundaries::Made;
use crate::base::kind::{Kind, Level, Status};
use crate::base::schema::{area_scopes, holders, titles};
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

/// The order of a list: by area, kind, year, holder and level.
pub type TitleCursor = (i32, Kind, i16, Uuid, Level);

type Joined = diesel::helper_types::InnerJoinQuerySource<titles::table, holders::table>;
type Condition = Box<dyn BoxableExpression<Joined, Pg, SqlType = Bool>>;

#[diesel::dsl::auto_type(no_type_alias)]
fn covered(area: AreaId) -> _ {
    let area: i32 = area;
    area_scopes::table.filter(area_scopes::area_id.eq(area)).select(area_scopes::covered_id)
}

/// The area covers its commune or, where it was placed, its placement.
fn within(area: AreaId) -> Condition {
    Box::new(
        titles::placed_id
            .is_null()
            .and(titles::area_id.eq_any(covered(area)))
            .or(titles::placed_id.assume_not_null().eq_any(covered(area))),
    )
}

/// It was made in one of these areas, and placed as they say.
fn standing(made: &Made) -> Condition {
    let placed =
        diesel::dsl::sql::<Bool>("(titles.area_id, titles.placed_id) in (select * from unnest(")
            .bind::<Array<Integer>, _>(
                made.placed.iter().map(|(area, _)| *area).collect::<Vec<_>>(),
            )
            .sql(", ")
            .bind::<Array<Integer>, _>(
                made.placed.iter().map(|(_, placed)| *placed).collect::<Vec<_>>(),
            )
            .sql("))");
    let unplaced = titles::placed_id.is_null().and(titles::area_id.eq_any(made.unplaced.clone()));
    // What is compared with nothing is not false but unknown.
    Box::new(unplaced.or(titles::placed_id.is_not_null().and(placed)))
}

/// The caller's area covers its commune, its placement, or the holder's commune today.
pub(super) fn visible(caller: &Caller) -> Condition {
    Box::new(
        titles::area_id
            .eq_any(covered(caller.area))
            .or(titles::placed_id.assume_not_null().eq_any(covered(caller.area)))
            .or(holders::area_id.eq_any(covered(caller.area))),
    )
}

/// What the caller sees of what the filter wants.
pub(super) fn matching(caller: &Caller, filter: &TitleFilter) -> Condition {
    let mut all = visible(caller);
    let mut also = |condition: Condition| {
        let before = std::mem::replace(&mut all, Box::new(diesel::dsl::sql::<Bool>("true")));
        all = Box::new(before.and(condition));
    };
    if let Some(kind) = filter.kind {
        also(Box::new(titles::kind.eq(kind)));
    }
    if let Some(level) = filter.level {
        also(Box::new(titles::level.eq(level)));
    }
    if let Some(area) = filter.area {
        also(within(area));
    }
    if let Some(made) = &filter.made {
        also(standing(made));
    }
    if let Some(year) = filter.year {
        also(Box::new(titles::year.eq(year)));
    }
    if let Some(status) = filter.status {
        also(Box::new(titles::status.eq(status)));
    }
    if let Some(grade) = filter.grade.clone() {
        also(Box::new(titles::grade.eq(grade)));
    }
    if let Some(group) = filter.group.clone() {
        also(Box::new(titles::group_code.eq(group)));
    }
    if let Some(outcome) = filter.outcome {
        also(Box::new(titles::outcome.eq(outcome)));
    }
    if let Some(hamlet) = filter.hamlet {
        also(Box::new(holders::hamlet_id.assume_not_null().eq(hamlet)));
    }
    if let Some(decision) = filter.decision {
        also(Box::new(titles::decision_id.assume_not_null().eq(decision)));
    }
    if let Some(import) = filter.import {
        also(Box::new(titles::import_id.assume_not_null().eq(import)));
    }
    if let Some(late) = filter.late {
        also(Box::new(titles::late.eq(late)));
    }
    if let Some(q) = &filter.q {
        also(Box::new(holders::search_key.like(format!("%{}%", search_key(q)))));
    }
    all
}
