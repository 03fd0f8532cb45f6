//! What a cell means: dates in five ways, numbers that lost their zeros, points, results.

use chrono::{Datelike, NaiveDate};

use crate::base::hundredths::Points;
use crate::base::kind::Group;
use crate::base::number::Sex;
use crate::base::text::search_key;

/// A birth date, or only its year; and whether something had to be mended to read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Birth {
    pub date: Option<NaiveDate>,
    pub year: i16,
    pub mended: bool,
}

/// Reads `05/02/1985`, `5-2-1985`, `5.2.85`, `1985-02-05`, `ngày 05 tháng 02 năm 1985`, `02/1985`,
/// `1985`, or, in a column of dates, the number by which Excel keeps one.
pub fn birth(text: &str, today: NaiveDate, dates: bool) -> Option<Birth> {
    let numbers: Vec<&str> =
        text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).collect();
    let letters: String = search_key(text).chars().filter(|c| c.is_alphabetic()).collect();
    let words = ["", "ngaythangnam", "nam", "sinhnam", "sinhngay", "ngay", "thangnam"];
    if !words.contains(&&*letters) {
        return None;
    }
    let full = |year: &str| -> Option<(i32, bool)> {
        let number: i32 = year.parse().ok()?;
        match year.len() {
            4 => Some((number, false)),
            // Of two possible centuries the one that has begun.
            2 if 2000 + number <= today.year() => Some((2000 + number, true)),
            2 => Some((1900 + number, true)),
            _ => None,
        }
    };
    let birth = match numbers[..] {
        [year] if year.len() == 4 => Birth { date: None, year: year.parse().ok()?, mended: false },
        [serial] if dates && serial.len() == 5 => {
            // Days since 30 December 1899.
            let date = NaiveDate::from_ymd_opt(1899, 12, 30)?
                .checked_add_days(chrono::Days::new(serial.parse().ok()?))?;
            Birth { date: Some(date), year: date.year() as i16, mended: true }
        }
        [month, year] if (1..=12).contains(&month.parse::<u32>().ok()?) => {
            let (year, mended) = full(year)?;
            Birth { date: None, year: year as i16, mended }
        }
        [year, month, day] if year.len() == 4 => {
            let date = NaiveDate::from_ymd_opt(
                year.parse().ok()?,
                month.parse().ok()?,
                day.parse().ok()?,
            )?;
            Birth { date: Some(date), year: date.year() as i16, mended: false }
        }
        [day, month, year] => {
            let (year, mended) = full(year)?;
            let date = NaiveDate::from_ymd_opt(year, month.parse().ok()?, day.parse().ok()?)?;
            Birth { date: Some(date), year: date.year() as i16, mended }
        }
        _ => return None,
    };
    let begun = birth.date.is_none_or(|date| date <= today);
    (begun && (1900..=today.year() as i16).contains(&birth.year)).then_some(birth)
}

/// Points: `85`, `85,5`, `85.5`, `85 điểm`, `85/100`.
pub fn points(text: &str) -> Option<Points> {
    let plain = text.trim().to_lowercase().replace("điểm", "").replace('đ', "");
    let plain = plain.split('/').next().unwrap_or("").trim().replace(',', ".");
    plain.parse::<f64>().ok().and_then(|number| Points::try_from(number).ok())
}

/// đạt or không đạt, in the words and marks of lists.
pub fn passed(text: &str) -> Option<bool> {
    match &*search_key(text) {
        "dat" | "d" | "x" | "co" | "cong nhan" | "dat yeu cau" | "duoc cong nhan" => Some(true),
        "khong dat" | "khong" | "k" | "kd" | "chua dat" | "ko dat" | "khong cong nhan" => {
            Some(false)
        }
        _ => None,
    }
}

pub fn sex(text: &str) -> Option<Sex> {
    match &*search_key(text) {
        "nam" | "m" => Some(Sex::Male),
        "nu" | "f" => Some(Sex::Female),
        _ => None,
    }
}

pub fn group(text: &str) -> Option<Group> {
    let key = search_key(text);
    let has = |words: &[&str]| words.iter().any(|word| key.contains(word));
    if has(&["nong"]) || key == "1" {
        Some(Group::Farmers)
    } else if has(&["can bo", "cong chuc", "vien chuc", "nhan vien"]) || key == "3" {
        Some(Group::Officials)
    } else if has(&["cong nhan", "tho ", "lao dong", "tu do"]) || key == "2" {
        Some(Group::Workers)
    } else if has(&["nguoi hoc", "hoc sinh", "sinh vien", "hoc vien"]) || key == "4" {
        Some(Group::Learners)
    } else {
        Group::parse(text)
    }
}

/// A count of people or households; blanks and points stand before three digits each.
pub fn count(text: &str) -> Option<i64> {
    let groups: Vec<&str> = text.trim().split(['.', ' ', '\u{a0}']).collect();
    let digits = |group: &&str| group.chars().all(|c| c.is_ascii_digit());
    let parted = groups.len() == 1
        || (1..=3).contains(&groups[0].len()) && groups[1..].iter().all(|g| g.len() == 3);
    (parted && groups.iter().all(digits)).then(|| groups.concat().parse().ok()).flatten()
}

/// A day, in any of the forms of a birth date, not later than today.
pub fn day(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    birth(text, today, true)?.date
}

/// Hundredths of a percent: `72`, `72,5`, `72.5 %`. What a spreadsheet shows as 72 % it keeps as 0.72,
/// which says that only with the sign.
pub fn percent(text: &str) -> Option<i32> {
    let signed = text.contains('%');
    let plain = text.replace('%', "").trim().replace(',', ".");
    let number: f64 = plain.parse().ok().filter(|n| (0.0..=1000.0).contains(n))?;
    let hundredths = (number * 100.0).round();
    let exact = (number * 100.0 - hundredths).abs() < 1e-6;
    (exact && (signed || number > 1.0 || number == 0.0)).then_some(hundredths as i32)
}

/// A personal number whose leading zeros a spreadsheet took: `36085001234` of 12 digits. Codes of
/// places begin with one zero or two; whoever lost some lost all.
pub fn mend_number(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '\'')).collect();
    let lost = (10..=11).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.chars().all(|c| c.is_ascii_digit());
    lost.then(|| format!("{digits:0>12}"))
}

/// Whether a spreadsheet shortened a long number to a power of ten: its last digits are gone.
pub fn is_shortened(text: &str) -> bool {
    let text = text.trim().to_ascii_uppercase();
    let parts = text.split_once("E+");
    parts.is_some_and(|(head, power)| {
        !power.is_empty()
            && power.chars().all(|c| c.is_ascii_digit())
            && head.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
    })
}
