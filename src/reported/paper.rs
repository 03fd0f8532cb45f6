//! The published figures that come with the product: the demo shows them, with what is wrong in them.

use chrono::NaiveDate;
use serde::Deserialize;

use super::rows::Reported;
use super::{Numbers, PrintedBase};
use crate::areas::Areas;
use crate::error::{Error, Result};
use crate::inputs::Percent;
use crate::kind::{Kind, Level};

const PUBLISHED: &[u8] = include_bytes!("../../data/reported/reported_figures.csv");

#[derive(Deserialize)]
struct Line {
    area_code: String,
    /// The day whose code is meant.
    boundaries_on: NaiveDate,
    assessment_year: i16,
    reported_on: NaiveDate,
    kind: Kind,
    level: Level,
    registered: Option<i32>,
    recognised: Option<i32>,
    total: Option<i32>,
    printed_rate: Option<Percent>,
    printed_base: Option<PrintedBase>,
    source: String,
}

/// All of them, in the areas that they are of.
pub fn published(areas: &Areas) -> Result<Vec<Reported>> {
    csv::Reader::from_reader(PUBLISHED)
        .deserialize()
        .map(|line| {
            let line: Line = line.map_err(Error::internal)?;
            let area = areas.resolve("area_code", &line.area_code, line.boundaries_on)?;
            let key = (area, line.assessment_year, line.kind, line.level, line.reported_on);
            let numbers = Numbers {
                registered: line.registered,
                recognised: line.recognised,
                total: line.total,
                printed_rate: line.printed_rate,
                printed_base: line.printed_base,
            };
            Ok(Reported::new(key, numbers, &line.source))
        })
        .collect()
}
