//! The days on which a commune enters, verifies and decides the titles of each year.

use chrono::{Days, NaiveDate};
use rand::RngExt;
use rand::rngs::StdRng;

/// The register begins with the communes of today; the years before are entered late.
pub const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(2025, 7, 1).unwrap();
const FIRST_YEAR: i16 = 2022;
const LAST_YEAR: i16 = 2030;

pub struct Year {
    pub year: i16,
    pub entered: NaiveDate,
    /// When a few titles of the year before are revoked.
    pub revoking: NaiveDate,
    pub verified: NaiveDate,
    pub decided: NaiveDate,
}

/// The years of a commune that it has begun by yesterday.
pub fn of_commune(today: NaiveDate, rng: &mut StdRng) -> Vec<Year> {
    let mut years: Vec<Year> = (FIRST_YEAR..=LAST_YEAR).map(|year| days(year, rng)).collect();
    years.retain(|year| year.entered < today);
    years
}

fn days(year: i16, rng: &mut StdRng) -> Year {
    let mut within = |month, day, days| {
        let first = NaiveDate::from_ymd_opt(i32::from(year.max(2025)), month, day);
        first.unwrap_or_default() + Days::new(rng.random_range(0..days))
    };
    let mut year = Year {
        year,
        entered: if year < 2026 { within(9, 20, 20) } else { within(2, 10, 40) },
        revoking: if year < 2026 { within(10, 12, 8) } else { within(6, 1, 30) },
        verified: within(10, 25, 20),
        decided: within(11, 15, 30),
    };
    if year.year < 2025 {
        let entered = FIRST_DAY + Days::new(20 * (year.year - FIRST_YEAR) as u64);
        year.entered = entered + Days::new(rng.random_range(0..15));
        year.revoking = year.entered;
        year.verified = year.entered + Days::new(2);
        year.decided = year.entered + Days::new(4);
    }
    year
}
