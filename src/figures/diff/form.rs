//! The form of a difference on the wire.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::ChangedFigure;
use crate::areas::AreaLevel;
use crate::base::hundredths::Percent;
use crate::base::kind::{Base, Group, Kind, Level};
use crate::base::version::Version;
use crate::figures::statistics::form::first::FigureBody;
use crate::figures::statistics::form::{ByStatus, PartName};

/// The number of this form.
pub const FORM: u8 = 1;

/// What changed between the ends of two closed days, or since the end of one.
#[derive(Serialize, ToSchema)]
pub struct Diff {
    pub from: NaiveDate,
    /// Null where the register is meant as it stands.
    pub to: Option<NaiveDate>,
    /// The day in whose boundaries both stand, or `recorded`.
    #[schema(example = "2026-12-15")]
    pub boundaries: String,
    /// The number of the form of this answer.
    pub format: u8,
    /// How many rows changed in all.
    pub count: usize,
    /// The rows that changed, in the order of `/statistics`.
    pub items: Vec<DifferenceBody>,
    /// The cursor of the next rows.
    pub next: Option<String>,
    /// Targets of the area and of those above it that changed: no row of statistics tells them.
    pub targets: Vec<TargetDifference>,
}

/// A row of statistics that is not the same on both days.
#[derive(Serialize, ToSchema)]
#[schema(as = Difference)]
pub struct DifferenceBody {
    #[schema(example = "13669")]
    pub area: String,
    #[schema(example = "Phường Nam Định, Tỉnh Ninh Bình")]
    pub area_name: String,
    pub area_level: AreaLevel,
    pub part: PartName,
    pub year: i16,
    pub kind: Kind,
    pub level: Level,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<String>,
    /// The figures that differ; rates follow from them.
    pub changed: Vec<ChangedFigure>,
    /// The row as `/statistics` tells it of the first day; null where that knew no such area.
    pub before: Option<FigureBody>,
    /// The same of the last day.
    pub after: Option<FigureBody>,
    pub entries: Entries,
}

/// The entries of the trail that changed something.
#[derive(Serialize, ToSchema)]
pub struct Entries {
    /// How many there are in all.
    pub count: usize,
    /// Those in chains that the caller may read, at most 20, those that changed most first; null for
    /// callers who may read none.
    pub items: Option<Vec<EntryBody>>,
}

/// An entry of the trail, and what it changed in a row.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ExplainingEntry)]
pub struct EntryBody {
    pub id: Version,
    /// Code of the chain's area.
    #[schema(example = "13669")]
    pub area: String,
    pub seq: i64,
    pub at: DateTime<Utc>,
    /// The day of the register on which it is known.
    pub day: NaiveDate,
    #[schema(example = "decision.enter")]
    pub action: String,
    /// How many titles more or fewer; null for an entry that changed no title, but what is reported,
    /// closed, or known of areas.
    pub titles: Option<Effect>,
    /// The list of what it changed.
    #[schema(example = "/api/v1/audit/14172-57/items")]
    pub items: String,
}

/// What an entry adds to the figures of a row.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Effect {
    pub registered: i64,
    pub recognised: i64,
    pub in_force: i64,
    pub by_status: ByStatus,
}

/// A target that is not the same on both days.
#[derive(Serialize, ToSchema)]
pub struct TargetDifference {
    /// Code of the area that set it.
    #[schema(example = "37")]
    pub set_by: String,
    pub set_by_name: String,
    /// The year of the target.
    pub year: i16,
    pub kind: Kind,
    pub base: Base,
    pub group: Option<Group>,
    /// Null where there was none.
    pub before: Option<Percent>,
    /// Null where it was taken back.
    pub after: Option<Percent>,
    pub entries: Entries,
}
