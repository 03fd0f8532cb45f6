//! What people report beside the records: totals that rates are taken of, and closings. Append-only:
//! a correction is a new line.

pub mod api;
pub mod closings_api;
pub mod lines;
pub mod rows;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::areas::{AreaId, Areas};
use crate::auth::Caller;
use crate::error::{Error, Result, say};
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

/// A percentage in hundredths, so that it is exact; on the wire a number with at most two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "f64", into = "f64")]
#[schema(value_type = f64, example = 74.07, minimum = 0, maximum = 1000)]
pub struct Percent(pub i32);

impl TryFrom<f64> for Percent {
    type Error = String;

    fn try_from(value: f64) -> std::result::Result<Self, String> {
        let hundredths = value * 100.0;
        let rounded = hundredths.round();
        if !(0.0..=1000.0).contains(&value) || (hundredths - rounded).abs() > 1e-6 {
            return Err(format!(
                "a percentage has at most two decimals and is no more than 1000, not {value}"
            ));
        }
        Ok(Self(rounded as i32))
    }
}

impl From<Percent> for f64 {
    fn from(percent: Percent) -> f64 {
        f64::from(percent.0) / 100.0
    }
}

/// As officials write it: `74,07`, and `72` for a whole number.
impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&f64::from(*self).to_string().replace('.', ","))
    }
}

/// Hundredths of a percent, rounded half up once; none without a base.
pub fn rate(part: i64, whole: i64) -> Option<i64> {
    (whole > 0).then(|| (part * 20_000 + whole) / (2 * whole))
}

/// The day in whose boundaries the inputs of a year stand: its 31 December, or `today` while that
/// lies ahead. What lies before 2021 stands in the oldest boundaries that are known.
pub fn boundaries_of(year: i16, today: NaiveDate) -> NaiveDate {
    let end = NaiveDate::from_ymd_opt(i32::from(year), 12, 31).unwrap_or_default();
    let oldest = NaiveDate::from_ymd_opt(2021, 1, 1).unwrap_or_default();
    end.min(today).max(oldest)
}

/// In whose chain the inputs of an area stand: of the area that keeps its records today, or of the
/// one above where it was split or abolished, as all districts were.
pub fn chain(areas: &Areas, area: AreaId) -> AreaId {
    match (areas.settled(area), areas.get(area).versions.last().and_then(|last| last.parent)) {
        (Some(settled), _) => settled,
        (None, Some(above)) => chain(areas, above),
        (None, None) => area,
    }
}

/// Passes if the caller's area answers for `area`, and still does where that has ended.
pub fn answers_for(areas: &Areas, caller: &Caller, area: AreaId) -> Result<()> {
    if areas.covers(caller.area, area) && areas.covers(caller.area, chain(areas, area)) {
        return Ok(());
    }
    Err(Error::forbidden(
        "area_not_covered",
        say("Địa bàn này ngoài phạm vi của tài khoản.", "This area is outside the caller's."),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_rounded_half_up_to_two_decimals() {
        let table = [
            ((80, 108), Some(7407)),
            ((26, 108), Some(2407)),
            ((2, 108), Some(185)),
            ((1, 8), Some(1250)),
            // 0.125 % and 0.625 %: half up, never to even.
            ((1, 800), Some(13)),
            ((5, 800), Some(63)),
            ((0, 5), Some(0)),
            ((3, 0), None),
            ((110, 100), Some(11_000)),
        ];
        for ((part, whole), expected) in table {
            assert_eq!(rate(part, whole), expected, "{part} of {whole}");
        }
    }
}
