//! What people report beside the records: totals that rates are taken of, and closings. Append-only:
//! a correction is a new line.

pub mod api;
pub mod rows;

use crate::text_enum;

text_enum! {
    /// Whether a commune is done with a kind for a year.
    pub enum ClosingState {
        /// Opened again.
        Open = "open",
        /// All records are in.
        Complete = "complete",
        /// There are none this year.
        NothingToReport = "nothing_to_report",
    }
}
