//! Periods follow each other.

use chrono::NaiveDate;
use hoctap::acts::difficult::{Period, faults};

#[test]
fn periods_follow_each_other() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let period = |from: &str, to: Option<&str>| Period {
        from: day(from),
        to: to.map(day),
        source: String::new(),
    };
    let codes = |periods: &[Period]| {
        faults(periods).into_iter().map(|fault| fault.code).collect::<Vec<_>>()
    };
    let first = period("2021-06-04", Some("2025-12-31"));
    assert_eq!(codes(&[first.clone(), period("2026-01-01", None)]), [""; 0]);
    assert_eq!(codes(&[first.clone(), period("2025-12-31", None)]), ["overlap"]);
    assert_eq!(codes(&[period("2026-01-01", Some("2025-12-31"))]), ["before_from"]);
}
