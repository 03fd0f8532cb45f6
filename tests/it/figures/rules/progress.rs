//! How far a number is from a share of a base.

use hoctap::figures::progress::{Distance, distance};

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
