//! Form 1: every row names its area in full.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Counted, Form, PartName};
use crate::access::Caller;
use crate::areas::api::AreaLink;
use crate::areas::{AreaLevel, Areas, Part};
use crate::figures::statistics::question::Asked;
use crate::figures::statistics::{Question, Row};

/// The answer to a question in form 1.
#[derive(Serialize, ToSchema)]
#[schema(as = StatisticsForm1)]
pub struct Answer {
    /// The day in whose boundaries the areas stand, or `recorded`.
    #[schema(example = "2025-06-30")]
    boundaries: String,
    /// The closed day at whose end the register is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<NaiveDate>,
    /// The day up to which decisions are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<NaiveDate>,
    /// 1, the number of the form of this answer.
    format: u8,
    /// When the register was counted as it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    counted_at: Option<DateTime<Utc>>,
    items: Vec<FigureBody>,
}

/// One row, with its area.
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
    #[serde(flatten)]
    pub counted: Counted,
}

impl Answer {
    pub fn new(asked: &Asked, caller: Option<&Caller>, rows: Vec<Row>) -> Self {
        let Asked { question, areas } = asked;
        let told = |row| FigureBody::new(areas, question, caller, row);
        Self {
            boundaries: question.boundaries.to_string(),
            as_of: question.as_of,
            decided_by: question.decided_by,
            format: Form::First as u8,
            counted_at: question.as_of.is_none().then(Utc::now),
            items: rows.into_iter().map(told).collect(),
        }
    }
}

impl FigureBody {
    /// A row as it is told to this caller.
    pub fn new(areas: &Areas, question: &Question, caller: Option<&Caller>, row: Row) -> Self {
        let figure = &row.figure;
        let version = areas.get(figure.area).nearest(question.on);
        let candidates = match &figure.part {
            Part::Among(candidates) => {
                candidates.iter().map(|id| AreaLink::new(areas, *id, question.on)).collect()
            }
            Part::Whole | Part::Own => Vec::new(),
        };
        Self {
            area: version.code.clone(),
            area_name: areas.name(figure.area, question.on),
            area_level: areas.get(figure.area).level,
            area_until: version.valid_to.filter(|_| !version.holds(question.on)),
            part: PartName::from(&figure.part),
            candidates,
            counted: Counted::new(areas, question, caller, row),
        }
    }
}
