//! The form of an answer. A form that was given out stays as it is: what is new gets a new number.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Coverage, Figure, Question, TotalSource};
use crate::areas::api::AreaLink;
use crate::areas::{AreaLevel, Areas, Part};
use crate::auth::{Caller, Permission};
use crate::kind::{Base, Kind, Level, Status};
use crate::reported::rows::Reported;

/// The answer to a question.
#[derive(Serialize, ToSchema)]
pub struct Statistics {
    /// The day in whose boundaries the areas stand, or `recorded`.
    #[schema(example = "2025-06-30")]
    boundaries: String,
    /// The closed day at whose end the register is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<NaiveDate>,
    /// The day up to which decisions are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<NaiveDate>,
    /// The number of the form of this answer.
    format: u8,
    /// When the register was counted as it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    counted_at: Option<DateTime<Utc>>,
    items: Vec<FigureBody>,
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

/// One row: years, kinds and levels are never added up.
#[derive(Serialize, ToSchema)]
#[schema(as = Figure)]
pub struct FigureBody {
    #[schema(example = "13669")]
    pub area: String,
    #[schema(example = "Phường Nam Định, Tỉnh Ninh Bình")]
    pub area_name: String,
    pub area_level: AreaLevel,
    /// The last day of an area that had ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub area_until: Option<NaiveDate>,
    /// `own` counts what belongs to the area itself and lies in none of those of the depth asked for;
    /// `unresolved` what lies in one of its candidates, and nobody can say yet in which.
    pub part: PartName,
    /// Of an unresolved row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<AreaLink>,
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

impl Statistics {
    pub fn new(question: &Question, items: Vec<FigureBody>) -> Self {
        Self {
            boundaries: question.boundaries.to_string(),
            as_of: question.as_of,
            decided_by: question.decided_by,
            format: super::FORMAT,
            counted_at: question.as_of.is_none().then(Utc::now),
            items,
        }
    }
}

/// A row as it is told to this caller.
pub fn body(
    areas: &Areas,
    question: &Question,
    caller: Option<&Caller>,
    figure: Figure,
    paper: Option<&Reported>,
) -> FigureBody {
    let percent = |hundredths: i64| hundredths as f64 / 100.0;
    let version = areas.get(figure.area).nearest(question.on);
    let candidates = match &figure.part {
        Part::Among(candidates) => {
            candidates.iter().map(|id| AreaLink::new(areas, *id, question.on)).collect()
        }
        Part::Whole | Part::Own => Vec::new(),
    };
    FigureBody {
        area: version.code.clone(),
        area_name: areas.name(figure.area, question.on),
        area_level: areas.get(figure.area).level,
        area_until: version.valid_to.filter(|_| !version.holds(question.on)),
        part: PartName::from(&figure.part),
        candidates,
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
        records: reads(areas, caller, &figure).then(|| records(areas, question, &figure)),
        coverage: figure.coverage,
        reported: paper.map(|paper| PaperFigure {
            reported_on: paper.reported_on,
            registered: paper.registered,
            recognised: paper.recognised,
            total: paper.total,
            source: paper.source.clone(),
            difference: paper.recognised.map(|n| i64::from(n) - figure.recognised),
        }),
        group: figure.group,
        grade: figure.grade,
    }
}

/// Whether the caller may read the records behind a row. An area that was not known on the day of
/// the question holds none of them.
fn reads(areas: &Areas, caller: Option<&Caller>, figure: &Figure) -> bool {
    caller.is_some_and(|caller| {
        caller.role.may(Permission::ReadRecords)
            && areas.knows(caller.area)
            && areas.covers(caller.area, figure.area)
    })
}

/// The path of the list of exactly what a row counts.
fn records(areas: &Areas, question: &Question, figure: &Figure) -> String {
    const LIST: &str = "/api/v1/titles?";
    let mut query = form_urlencoded::Serializer::for_suffix(LIST.to_owned(), LIST.len());
    let area = areas.naming(figure.area, question.on);
    query
        .append_pair("kind", figure.kind.as_str())
        .append_pair("level", figure.level.as_str())
        .append_pair("area", &area)
        .append_pair("year", &figure.year.to_string());
    for (name, value) in [("group", &figure.group), ("grade", &figure.grade)] {
        if let Some(value) = value {
            query.append_pair(name, if value.is_empty() { "none" } else { value });
        }
    }
    query.append_pair("boundaries", &question.boundaries.to_string());
    match &figure.part {
        Part::Whole => {}
        Part::Own => {
            query.append_pair("part", PartName::Own.as_str());
        }
        Part::Among(candidates) => {
            let codes: Vec<&str> =
                candidates.iter().map(|id| areas.code(*id, question.on)).collect();
            query.append_pair("among", &codes.join(","));
        }
    }
    if let Some(day) = figure.month.or(question.as_of) {
        query.append_pair("as_of", &day.to_string());
    }
    query.finish()
}
