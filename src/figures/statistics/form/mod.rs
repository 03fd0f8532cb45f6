//! The forms of an answer. One that was given out stays as it is: what is new gets a new number.

pub mod first;
mod links;
pub mod second;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::question::Asked;
use super::{Coverage, Question, Row, TotalSource};
use crate::access::Caller;
use crate::areas::{Areas, Part};
use crate::base::kind::{Base, Kind, Level, Status};

/// The forms in which a question is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    #[default]
    First = 1,
    Second = 2,
}

impl Form {
    /// The form of this number, if there is one.
    pub fn numbered(number: u8) -> Option<Self> {
        [Self::First, Self::Second].into_iter().find(|form| *form as u8 == number)
    }
}

/// The answer to a question, in the form that was asked for.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum Statistics {
    First(first::Answer),
    Second(second::Answer),
}

impl Statistics {
    /// The rows of an answer as they are told to this caller.
    pub fn new(form: Form, asked: &Asked, caller: Option<&Caller>, rows: Vec<Row>) -> Self {
        match form {
            Form::First => Self::First(first::Answer::new(asked, caller, rows)),
            Form::Second => Self::Second(second::Answer::new(asked, caller, rows)),
        }
    }
}

crate::text_enum! {
    /// What part of an area a row counts.
    pub enum PartName {
        Whole = "whole",
        Own = "own",
        Unresolved = "unresolved",
    }
}

impl From<&Part> for PartName {
    fn from(part: &Part) -> Self {
        match part {
            Part::Whole => Self::Whole,
            Part::Own => Self::Own,
            Part::Among(_) => Self::Unresolved,
        }
    }
}

impl PartName {
    pub fn vi(self) -> &'static str {
        match self {
            Self::Whole => "toàn bộ",
            Self::Own => "riêng địa bàn này",
            Self::Unresolved => "chưa xác định",
        }
    }
}

/// What a row counts: years, kinds and levels are never added up.
#[derive(Serialize, ToSchema)]
pub struct Counted {
    pub year: i16,
    /// Where asked by month.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "2026-11")]
    pub month: Option<String>,
    /// The last day of the month that is closed: the row is as known at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_on: Option<NaiveDate>,
    pub kind: Kind,
    pub level: Level,
    /// Where asked by group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<String>,
    /// What `rate_of_total` is taken of.
    pub base: Option<Base>,
    pub total: Option<i64>,
    pub total_source: TotalSource,
    /// All that entered the round, whatever became of them: withdrawn ones too.
    pub registered: i64,
    /// For those logged in.
    pub by_status: Option<ByStatus>,
    pub recognised: i64,
    /// Valid on 31 December of the year.
    pub in_force: i64,
    /// Percent, half up to two decimals; null without a base.
    #[schema(example = 74.07)]
    pub rate_of_registered: Option<f64>,
    /// Null too while some communes lack a total.
    pub rate_of_total: Option<f64>,
    /// Over the communes that have a total.
    pub rate_over_covered: Option<f64>,
    pub coverage: Coverage,
    /// What the latest paper report says of the same, beside what is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported: Option<PaperFigure>,
    /// The list of exactly what is counted, for those who may read it.
    #[schema(example = "/api/v1/titles?kind=family&level=commune&area=13669&year=2026")]
    pub records: Option<String>,
}

/// A figure of a paper report: never added to what is counted.
#[derive(Serialize, ToSchema)]
pub struct PaperFigure {
    /// The day as of which the report speaks.
    pub reported_on: NaiveDate,
    pub registered: Option<i32>,
    pub recognised: Option<i32>,
    pub total: Option<i32>,
    pub source: String,
    /// How many more the report has recognised than the register counts.
    pub difference: Option<i64>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ByStatus {
    pub registered: i64,
    pub self_assessed: i64,
    pub verified: i64,
    pub recognised: i64,
    pub not_recognised: i64,
    pub withdrawn: i64,
    pub revoked: i64,
}

impl From<[i64; Status::ALL.len()]> for ByStatus {
    fn from(counts: [i64; Status::ALL.len()]) -> Self {
        let of = |status: Status| counts[status as usize];
        Self {
            registered: of(Status::Registered),
            self_assessed: of(Status::SelfAssessed),
            verified: of(Status::Verified),
            recognised: of(Status::Recognised),
            not_recognised: of(Status::NotRecognised),
            withdrawn: of(Status::Withdrawn),
            revoked: of(Status::Revoked),
        }
    }
}

impl Counted {
    pub fn new(areas: &Areas, question: &Question, caller: Option<&Caller>, row: Row) -> Self {
        let Row { figure, paper } = row;
        let percent = |hundredths: i64| hundredths as f64 / 100.0;
        Self {
            year: figure.year,
            month: figure.month.map(|day| day.format("%Y-%m").to_string()),
            known_on: figure.month,
            kind: figure.kind,
            level: figure.level,
            base: figure.base,
            total: figure.total,
            total_source: figure.total_source,
            registered: figure.registered,
            by_status: caller.map(|_| figure.by_status.into()),
            recognised: figure.recognised,
            in_force: figure.in_force,
            rate_of_registered: figure.rate_of_registered.map(percent),
            rate_of_total: figure.rate_of_total.map(percent),
            rate_over_covered: figure.rate_over_covered.map(percent),
            records: links::may_read(areas, caller, &figure)
                .then(|| links::records(areas, question, &figure)),
            coverage: figure.coverage,
            reported: paper.map(|paper| PaperFigure {
                reported_on: paper.reported_on,
                registered: paper.registered,
                recognised: paper.recognised,
                total: paper.total,
                difference: paper.recognised.map(|n| i64::from(n) - figure.recognised),
                source: paper.source,
            }),
            group: figure.group,
            grade: figure.grade,
        }
    }
}
