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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_from_a_target() {
        // Recognised, total, percent, year, target year: rate, needed, gap, yearly.
        type Row =
            (i64, Option<i64>, i64, i16, i16, Option<i64>, Option<i64>, Option<i64>, Option<i64>);
        let some = Some;
        let table: [Row; 8] = [
            (700, some(1000), 8000, 2026, 2030, some(7000), some(800), some(100), some(25)),
            (700, some(1000), 8000, 2027, 2030, some(7000), some(800), some(100), some(34)),
            (800, some(1000), 8000, 2026, 2030, some(8000), some(800), some(0), some(0)),
            (900, some(1000), 8000, 2026, 2030, some(9000), some(800), some(0), some(0)),
            // The year has come: a gap, and nobody can make it up in time.
            (600, some(1000), 7000, 2025, 2025, some(6000), some(700), some(100), None),
            // 65 % of 3 are two: one is not enough.
            (1, some(3), 6500, 2026, 2030, some(3333), some(2), some(1), some(1)),
            (5, None, 6500, 2026, 2030, None, None, None, None),
            (5, some(0), 6500, 2026, 2030, None, None, None, None),
        ];
        for (recognised, total, percent, year, target, rate, needed, gap, yearly) in table {
            assert_eq!(
                distance(recognised, total, percent, year, target),
                Distance { rate, needed, gap, yearly },
                "{recognised} of {total:?} for {percent} by {target}"
            );
        }
    }
}
