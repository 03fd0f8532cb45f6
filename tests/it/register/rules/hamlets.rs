//! Periods with special difficulties of hamlets that become one.

use chrono::NaiveDate;
use hoctap::register::hamlets::marks::{Period, common};

fn period(from: &str, to: Option<&str>, source: &str) -> Period {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    Period { from: day(from), to: to.map(day), source: source.to_owned() }
}

#[test]
fn what_is_made_of_several_is_difficult_while_all_were() {
    let long = period("2021-06-04", None, "861");
    let short = period("2026-01-01", Some("2030-12-31"), "272");
    let both = period("2026-01-01", Some("2030-12-31"), "272");
    let none: Vec<Period> = Vec::new();
    for (lists, expected) in [
        (vec![], none.clone()),
        (vec![vec![long.clone()]], vec![long.clone()]),
        (vec![vec![long.clone()], vec![short.clone()]], vec![both]),
        (vec![vec![long.clone()], vec![]], none.clone()),
        (vec![vec![short.clone()], vec![period("2031-01-01", None, "x")]], none),
    ] {
        assert_eq!(common(&lists), expected, "{lists:?}");
    }
}
