//! Lists of holders and their titles: read, checked against the register, staged, then applied.

mod answer;
pub mod api;
mod apply;
mod check;
mod copy;
pub mod files;
pub mod hamlets;
mod line;
mod matched;
pub mod matching;
pub mod near;
mod plan;
pub mod read;
mod row;
pub mod rows;
mod run;
mod staged;
pub mod template;
mod trace;
mod undo;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use matching::Doubt;

use crate::base::error::Error;
use crate::base::kind::Group;
use crate::register::criteria::Score;
use crate::text_enum;

text_enum! {
    /// How far an import is.
    pub enum ImportState {
        /// Being read and compared with the register.
        Checking = "checking",
        /// Staged: nothing is changed yet.
        Checked = "checked",
        /// Its good rows are being entered: all of them will stand in the register, or none.
        Applying = "applying",
        /// Its good rows are in the register.
        Applied = "applied",
        /// What it brought into the register was taken back.
        Undone = "undone",
        /// It could not be read; `failure` says why.
        Failed = "failed",
    }
}

impl ImportState {
    /// Whether work on the list goes on.
    pub fn is_run(self) -> bool {
        matches!(self, Self::Checking | Self::Applying)
    }
}

/// One row as read: what it says, what was mended, what is wrong with it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub sheet: String,
    /// As Excel counts.
    pub number: u32,
    /// The printed code of the holder, or `mới`.
    pub code: Option<Code>,
    pub name: String,
    /// As written in its column, or the name of the sheet.
    pub hamlet: Option<String>,
    /// Whether `hamlet` is only the name of the sheet.
    pub hamlet_is_sheet: bool,
    pub group: Option<Group>,
    /// The holder's number, zeros restored.
    pub personal_number: Option<String>,
    /// The details that the row gives, by field.
    pub details: Value,
    pub own: Option<Score>,
    pub verified: Option<Score>,
    /// Column letter and head by field name, for what is found later.
    pub places: Vec<(String, String, String)>,
    pub faults: Vec<Fault>,
    pub notes: Vec<Fault>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Code {
    Printed(String),
    New,
}

/// Something to correct in a row, or something that was mended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// The column's letter, where one is meant.
    #[schema(example = "E")]
    pub column: Option<String>,
    /// The column's head in the list.
    #[schema(example = "Số CCCD")]
    pub header: Option<String>,
    /// What stands there; numbers of people are masked.
    pub value: String,
    /// Stable name of the fault.
    #[schema(example = "number_length")]
    pub code: String,
    /// Vietnamese: what is wrong and how to mend it.
    pub reason: String,
    /// The value that was likely meant.
    pub suggestion: Option<String>,
}

/// What a check found, in numbers of rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Summary {
    pub rows: usize,
    pub good: usize,
    pub bad: usize,
    /// Good rows whose holder the register has.
    pub matched: usize,
    /// Good rows whose holder is new.
    pub new: usize,
    /// Good rows that correct the name of their holder.
    pub renamed: usize,
    /// Good rows that leave something changed.
    pub changed: usize,
    pub unchanged: usize,
    /// Good rows in which something was mended to read it.
    pub mended: usize,
    /// Good rows that come after their deadline, or after the commune had closed: to enter them takes
    /// a reason.
    pub late: usize,
    /// Holders of last year's list that this one lacks.
    pub absent: usize,
    /// Their printed codes, at most 500.
    pub absent_codes: Vec<String>,
    /// Holders whose records stand again as they were before.
    pub taken_back: usize,
    /// Holders whose records stayed when the rest was taken back, because they were changed since.
    pub kept: usize,
    /// Lines and sheets that were taken for no rows of the list, at most 200.
    pub left_out: Vec<LeftOut>,
    /// Why a file could not be read, or a checked list was not applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// A line, or a whole sheet, that is no row of the list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LeftOut {
    pub sheet: String,
    /// As Excel counts; none for the sheet.
    pub row: Option<u32>,
    /// In Vietnamese.
    #[schema(example = "Dòng cộng.")]
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    pub code: String,
    /// In Vietnamese.
    pub reason: String,
}

impl Failure {
    pub fn of(error: &Error) -> Self {
        let problem = error.to_problem();
        Self { code: problem.code.to_owned(), reason: problem.detail.vi.into_owned() }
    }
}

impl Row {
    /// Of the annex of a decision: whoever stands in it passed, unless a result says otherwise.
    pub fn pass_unless_told(&mut self) {
        let told = self.verified.as_ref().is_some_and(|score| score.passed.is_some());
        if !told {
            let base = self.verified.take().or_else(|| self.own.clone()).unwrap_or_default();
            self.verified = Some(Score { passed: Some(true), ..base });
        }
    }

    /// A doubt as a fault of this row.
    pub fn doubted(&self, doubt: Doubt) -> Fault {
        let fault = self.fault(doubt.field, &doubt.value, doubt.code, doubt.reason);
        Fault { suggestion: doubt.suggestion, ..fault }
    }

    /// A fault in the column of a field, named as in [`read`].
    pub fn fault(&self, field: &str, value: &str, code: &str, reason: String) -> Fault {
        let place = self.places.iter().find(|(name, ..)| name == field);
        Fault {
            column: place.map(|(_, column, _)| column.clone()),
            header: place.map(|(_, _, header)| header.clone()),
            value: value.to_owned(),
            code: code.to_owned(),
            reason,
            suggestion: None,
        }
    }
}
