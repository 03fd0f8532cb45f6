//! Points and percentages, kept exactly in hundredths.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Points in hundredths, so that sums are exact; on the wire a number with at most two decimals.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema,
)]
#[serde(try_from = "f64", into = "f64")]
#[schema(value_type = f64, example = 85.5, minimum = 0, maximum = 1_000_000, multiple_of = 0.01)]
pub struct Points(pub i32);

impl Points {
    pub const fn whole(points: i32) -> Self {
        Self(points * 100)
    }
}

impl TryFrom<f64> for Points {
    type Error = String;

    fn try_from(value: f64) -> Result<Self, String> {
        let hundredths = value * 100.0;
        let rounded = hundredths.round();
        if !(0.0..=1_000_000.0).contains(&value) || (hundredths - rounded).abs() > 1e-6 {
            return Err(format!("points must be 0 or more with at most two decimals, not {value}"));
        }
        Ok(Self(rounded as i32))
    }
}

impl From<Points> for f64 {
    fn from(points: Points) -> f64 {
        f64::from(points.0) / 100.0
    }
}

impl std::fmt::Display for Points {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", f64::from(*self))
    }
}

/// A percentage in hundredths, so that it is exact; on the wire a number with at most two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "f64", into = "f64")]
#[schema(value_type = f64, example = 74.07, minimum = 0, maximum = 1000, multiple_of = 0.01)]
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
