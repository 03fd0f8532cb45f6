//! Which titles a batch means: named one by one with their versions, or selected with their number.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::areas::{AreaId, Areas};
use crate::base::clock::today;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::kind::{Kind, Level, Status, Year};
use crate::base::version::Version;

/// The most that one batch may hold.
pub const MOST: usize = 20_000;

/// One title and the version on which the change builds.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct RecordRef {
    pub holder_id: Uuid,
    pub year: Year,
    pub level: Level,
    pub version: Version,
}

/// All titles of one area, kind, year and status.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    pub kind: Kind,
    /// The usual level of the kind if not given.
    pub level: Option<Level>,
    /// Code of an area within the caller's.
    #[schema(example = "13669")]
    pub area: String,
    pub year: Year,
    pub status: Status,
    pub hamlet: Option<Uuid>,
    /// Only what this import registered.
    pub import: Option<Uuid>,
    /// Only those whose scores come to this: `passes`, `fails`, `unknown`.
    pub outcome: Option<crate::register::criteria::Outcome>,
}

/// A choice as it stands in a body: `records`, or `select` with `expected`.
#[derive(Debug, Clone, Default)]
pub struct Named {
    pub records: Option<Vec<RecordRef>>,
    pub select: Option<Selection>,
    pub expected: Option<i64>,
}

/// The same, checked, with its area resolved. `at` points to where it stands.
#[derive(Debug, Clone)]
pub enum Choice {
    Records { at: String, records: Vec<RecordRef> },
    Select { at: String, selection: Selection, area: AreaId, expected: i64 },
}

impl Named {
    pub fn check(self, areas: &Areas, at: &str) -> Result<Choice> {
        let wrong = |pointer: &str, code, vi: &'static str, en: &'static str| {
            Err(Error::invalid_field(format!("{at}{pointer}"), code, say(vi, en)))
        };
        match (self.records, self.select, self.expected) {
            (Some(records), None, None) if (1..=MOST).contains(&records.len()) => {
                let mut errors = Vec::new();
                let mut seen = std::collections::HashSet::new();
                for (n, record) in records.iter().enumerate() {
                    if !seen.insert((record.holder_id, record.year, record.level)) {
                        errors.push(FieldError::new(
                            format!("{at}/records/{n}"),
                            "repeated",
                            say("Danh hiệu này có hai lần.", "This title stands twice."),
                        ));
                    }
                }
                if !errors.is_empty() {
                    return Err(Error::invalid(errors));
                }
                Ok(Choice::Records { at: at.to_owned(), records })
            }
            (Some(_), None, None) => wrong(
                "/records",
                "length",
                "Danh sách phải có từ 1 đến 20.000 danh hiệu.",
                "A list holds 1 to 20,000 titles.",
            ),
            (None, Some(selection), Some(expected)) => {
                let pointer = format!("{at}/select/area");
                let area = areas.resolve(&pointer, &selection.area, today())?;
                Ok(Choice::Select { at: at.to_owned(), selection, area, expected })
            }
            (None, Some(_), None) => wrong(
                "/expected",
                "required",
                "Cần ghi số lượng dự kiến (expected) của lựa chọn.",
                "A selection needs the number of titles expected.",
            ),
            _ => wrong(
                "",
                "choice",
                "Cần ghi hoặc records, hoặc select kèm expected.",
                "Give either records, or select with expected.",
            ),
        }
    }
}

impl Choice {
    /// Where the n-th chosen title stands in the request.
    pub fn pointer(&self, n: usize) -> String {
        match self {
            Self::Records { at, .. } => format!("{at}/records/{n}"),
            Self::Select { at, .. } => format!("{at}/select"),
        }
    }
}
