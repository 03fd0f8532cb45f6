//! Dates, points and counts as people write them.

use chrono::NaiveDate;
use hoctap::base::hundredths::Points;
use hoctap::wire::sheets::cells::{
    birth, count, is_shortened, mend_number, passed, percent, points,
};

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

#[test]
fn dates_are_written_in_many_ways() {
    let born = Some(day(1985, 2, 5));
    for text in [
        "05/02/1985",
        "5-2-1985",
        "5.2.1985",
        "1985-02-05",
        "ngày 05 tháng 02 năm 1985",
        "5/2/85",
        "31083",
    ] {
        let read = birth(text, day(2026, 11, 1), true).unwrap();
        assert_eq!((read.date, read.year), (born, 1985), "{text}");
    }
    for text in ["1985", "năm 1985", "02/1985"] {
        let read = birth(text, day(2026, 11, 1), true).unwrap();
        assert_eq!((read.date, read.year), (None, 1985), "{text}");
    }
    for text in ["", "31/02/1985", "05/02/2985", "khoảng 1985?", "85", "1/1/2027", "hai"] {
        assert_eq!(birth(text, day(2026, 11, 1), true), None, "{text}");
    }
    // Among years it is a slip of the pen.
    assert_eq!(birth("19755", day(2026, 11, 1), false), None);
}

#[test]
fn points_and_results_are_read_as_people_write_them() {
    for (text, hundredths) in
        [("85", 8500), ("85,5", 8550), ("85.55", 8555), ("85 điểm", 8500), ("85/100", 8500)]
    {
        assert_eq!(points(text), Some(Points(hundredths)), "{text}");
    }
    for (text, number) in [
        ("8500", Some(8500)),
        ("8.500", Some(8500)),
        ("1 669 074", Some(1_669_074)),
        ("8.5", None),
        ("-3", None),
        ("", None),
    ] {
        assert_eq!(count(text), number, "{text}");
    }
    for (text, hundredths) in [
        ("72", Some(7200)),
        ("72,5", Some(7250)),
        ("0,5 %", Some(50)),
        ("0.72", None),
        ("72.123", None),
        ("cao", None),
    ] {
        assert_eq!(percent(text), hundredths, "{text}");
    }
    assert_eq!(points("tám lăm"), None);
    assert_eq!(passed("Đạt"), Some(true));
    assert_eq!(passed("KHÔNG ĐẠT"), Some(false));
    assert_eq!(passed("khá"), None);
    assert_eq!(mend_number("36085001234").as_deref(), Some("036085001234"));
    assert_eq!(mend_number("123456789"), None);
    // A digit was left out here: no zero is missing.
    assert_eq!(mend_number("03608500123"), None);
    assert!(is_shortened("3,6085E+10") && !is_shortened("3608500E+"));
}
