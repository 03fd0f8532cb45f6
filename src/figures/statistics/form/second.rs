//! Form 2: it says what was asked, names each area once, by what a question takes, and gives what
//! every rate is taken of.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Counted, Form, PartName, links};
use crate::access::Caller;
use crate::areas::{AreaId, AreaLevel, Part};
use crate::figures::statistics::question::Asked;
use crate::figures::statistics::{Covered, Row};

/// The answer to a question in form 2.
#[derive(Serialize, ToSchema)]
#[schema(as = StatisticsForm2)]
pub struct Answer {
    /// 2, the number of the form of this answer.
    format: u8,
    /// The path that asks the same, with all that was left to be understood written out.
    #[schema(example = "/api/v1/statistics?area=37&depth=commune&year_from=2026&year_to=2026\
                        &boundaries=2026-12-31&as_of=2026-12-31&format=2")]
    question: String,
    /// The day in whose boundaries the areas stand, or `recorded`.
    #[schema(example = "2026-12-31")]
    boundaries: String,
    /// The closed day at whose end the register is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of: Option<NaiveDate>,
    /// The day up to which decisions are counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<NaiveDate>,
    /// When the register was counted as it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    counted_at: Option<DateTime<Utc>>,
    /// Every area that the rows name, each once, by code.
    areas: Vec<Named>,
    items: Vec<FigureBody>,
}

/// An area of the answer.
#[derive(Serialize, ToSchema)]
#[schema(as = NamedArea)]
pub struct Named {
    /// As the rows name it, and as a question takes it: its code, or with its last day behind it if
    /// it has ended.
    #[schema(example = "13636@2025-06-30")]
    area: String,
    #[schema(example = "Phường Vị Xuyên, Tỉnh Nam Định")]
    name: String,
    level: AreaLevel,
    /// The last day of an area that had ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<NaiveDate>,
}

/// One row: its area is told at the head of the answer.
#[derive(Serialize, ToSchema)]
#[schema(as = FigureForm2)]
pub struct FigureBody {
    #[schema(example = "13669")]
    area: String,
    /// `own` counts what belongs to the area itself and lies in none of those of the depth asked for;
    /// `unresolved` what lies in one of its candidates, and nobody can say yet in which.
    part: PartName,
    /// Of an unresolved row.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<String>,
    #[serde(flatten)]
    counted: Counted,
    /// What `rate_over_covered` is taken of; null while no commune has a total.
    covered: Option<Covered>,
}

impl Answer {
    pub fn new(asked: &Asked, caller: Option<&Caller>, rows: Vec<Row>) -> Self {
        let Asked { question, areas } = asked;
        let mut named: BTreeMap<String, AreaId> = BTreeMap::new();
        let mut name = |id: AreaId| {
            let naming = areas.naming(id, question.on);
            named.entry(naming.clone()).or_insert(id);
            naming
        };
        let items = rows
            .into_iter()
            .map(|row| FigureBody {
                area: name(row.figure.area),
                part: PartName::from(&row.figure.part),
                candidates: match &row.figure.part {
                    Part::Among(candidates) => candidates.iter().map(|id| name(*id)).collect(),
                    Part::Whole | Part::Own => Vec::new(),
                },
                covered: row.figure.covered,
                counted: Counted::new(areas, question, caller, row),
            })
            .collect();
        let areas = named.into_iter().map(|(area, id)| {
            let known = areas.get(id);
            let version = known.nearest(question.on);
            Named {
                area,
                name: areas.name(id, question.on),
                level: known.level,
                until: version.valid_to.filter(|_| !version.holds(question.on)),
            }
        });
        Self {
            format: Form::Second as u8,
            question: links::question(asked, Form::Second),
            boundaries: question.boundaries.to_string(),
            as_of: question.as_of,
            decided_by: question.decided_by,
            counted_at: question.as_of.is_none().then(Utc::now),
            areas: areas.collect(),
            items,
        }
    }
}
