//! Figures: computed from counts, totals and closings, never from records.

pub mod api;
pub mod bases;
pub mod blocks;
pub mod cache;
pub mod compute;
pub mod form;
pub mod question;
pub mod rows;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::areas::{AreaId, AreaLevel, Boundaries, Part};
use crate::base::kind::{Base, Kind, Level, Status};
use crate::figures::reported::rows::Reported;
use crate::text_enum;

pub use compute::compute;

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
    pub boundaries: Boundaries,
    /// The closed day at whose end the register is meant; none for the register as it stands.
    pub as_of: Option<NaiveDate>,
    /// What decisions of later days changed is left out.
    pub decided_by: Option<NaiveDate>,
    /// One row for each month of each year, as known at its last closed day.
    pub monthly: bool,
    /// The day on which codes and names are read.
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

impl TotalSource {
    pub fn vi(self) -> &'static str {
        match self {
            Self::Own => "của địa bàn",
            Self::Summed => "cộng từ các xã",
            Self::Partial => "cộng từ một số xã",
            Self::Missing => "chưa có",
        }
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

/// The communes of a row that have a total, taken together.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct Covered {
    pub recognised: i64,
    pub total: i64,
}

/// The figures of one row of the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub area: AreaId,
    pub part: Part,
    /// The last closed day of the month that is meant.
    pub month: Option<NaiveDate>,
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
    pub covered: Option<Covered>,
    pub coverage: Coverage,
}

/// A row of the answer, and what paper says beside it.
#[derive(Debug, Clone)]
pub struct Row {
    pub figure: Figure,
    pub paper: Option<Reported>,
}
