//! Progress: how far an area is from its targets, and how fast it would have to go.

pub mod api;

/// How far a number of recognised titles is from a share of a base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Distance {
    /// Hundredths of a percent; none without a base.
    pub rate: Option<i64>,
    /// How many recognised titles are the target.
    pub needed: Option<i64>,
    /// How many more would reach it.
    pub gap: Option<i64>,
    /// How many more each year until the year of the target; none once that has come.
    pub yearly: Option<i64>,
}

/// The distance of what is recognised in `year` from `percent` (in hundredths) of `total` in the
/// year of the target. What does not divide evenly is rounded up: less would not reach it.
pub fn distance(
    recognised: i64,
    total: Option<i64>,
    percent: i64,
    year: i16,
    target_year: i16,
) -> Distance {
    let total = total.filter(|total| *total > 0);
    let needed = total.map(|total| up(total * percent, 10_000));
    let gap = needed.map(|needed| (needed - recognised).max(0));
    let years = i64::from(target_year - year);
    let yearly = gap.filter(|_| years > 0).map(|gap| up(gap, years));
    let rate = total.and_then(|total| crate::base::hundredths::rate(recognised, total));
    Distance { rate, needed, gap, yearly }
}

fn up(part: i64, whole: i64) -> i64 {
    (part + whole - 1) / whole
}
