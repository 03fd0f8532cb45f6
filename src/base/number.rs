//! Numbers that identify: the personal identification number and the number of an organisation.

use std::fmt;

use crate::base::error::{Say, say};
use crate::text_enum;

text_enum! {
    pub enum Sex {
        Male = "male",
        Female = "female",
    }
}

text_enum! {
    /// Whose number it is; under `citizen` and `organisation` a number stands once in the country.
    pub enum NumberScheme {
        Citizen = "citizen",
        Organisation = "organisation",
        HouseholdHead = "household_head",
    }
}

/// A personal identification number: 12 digits, of which 3 tell the place of first registration in
/// the codes of the former 63 provinces, 1 century and sex, 2 the year of birth (NĐ 62/2021/NĐ-CP).
/// There is no check digit.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonalNumber(String);

/// Why a text is no personal number of this person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberFault {
    /// Nine digits: the identity card of before 2016.
    OldCard,
    Length(usize),
    NotDigits,
    Sex,
    BirthYear,
}

impl PersonalNumber {
    /// Reads 12 digits; blanks, dots and hyphens between them do not count.
    pub fn parse(text: &str) -> Result<Self, NumberFault> {
        let digits: String =
            text.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '\'' | '\u{a0}')).collect();
        if !digits.chars().all(|c| c.is_ascii_digit()) {
            return Err(NumberFault::NotDigits);
        }
        match digits.len() {
            12 => Ok(Self(digits)),
            9 => Err(NumberFault::OldCard),
            other => Err(NumberFault::Length(other)),
        }
    }

    fn digit(&self, at: usize) -> i16 {
        i16::from(self.0.as_bytes()[at] - b'0')
    }

    pub fn birth_year(&self) -> i16 {
        1900 + self.digit(3) / 2 * 100 + self.digit(4) * 10 + self.digit(5)
    }

    pub fn sex(&self) -> Sex {
        if self.digit(3) % 2 == 0 { Sex::Male } else { Sex::Female }
    }

    /// Checks it against what is known of the person.
    pub fn fits(&self, sex: Option<Sex>, birth_year: Option<i16>) -> Result<(), NumberFault> {
        if sex.is_some_and(|sex| sex != self.sex()) {
            return Err(NumberFault::Sex);
        }
        if birth_year.is_some_and(|year| year != self.birth_year()) {
            return Err(NumberFault::BirthYear);
        }
        Ok(())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The number of an organisation (tax or unit code): 3 to 20 letters, digits and hyphens.
pub fn organisation_number(text: &str) -> Option<String> {
    let number: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let valid = (3..=20).contains(&number.len())
        && number.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && number.chars().any(|c| c.is_ascii_digit());
    valid.then(|| number.to_ascii_uppercase())
}

/// As it is shown everywhere: the last three characters.
pub fn masked(number: &str) -> String {
    let length = number.chars().count();
    let shown: String = number.chars().skip(length.saturating_sub(3)).collect();
    format!("{}{shown}", "•".repeat(length.saturating_sub(3)))
}

impl NumberFault {
    pub fn code(self) -> &'static str {
        match self {
            Self::OldCard => "number_old_card",
            Self::Length(_) => "number_length",
            Self::NotDigits => "number_not_digits",
            Self::Sex => "number_sex",
            Self::BirthYear => "number_birth_year",
        }
    }

    pub fn say(self) -> Say {
        match self {
            Self::OldCard => say(
                "Đây là số CMND 9 số; cần số định danh cá nhân (CCCD) gồm 12 chữ số. Nếu chưa có thì để \
                 trống.",
                "This is a nine-digit identity card; the 12-digit personal number is needed.",
            ),
            Self::Length(n) => say(
                format!("Số định danh cá nhân phải có 12 chữ số, ở đây có {n}."),
                format!("A personal number has 12 digits, not {n}."),
            ),
            Self::NotDigits => say(
                "Số định danh cá nhân chỉ gồm chữ số.",
                "A personal number consists of digits only.",
            ),
            Self::Sex => say(
                "Chữ số thứ 4 của số định danh không khớp với giới tính; hãy kiểm tra lại cả hai.",
                "The fourth digit of the number does not fit the sex.",
            ),
            Self::BirthYear => say(
                "Số định danh không khớp với năm sinh (chữ số 4 đến 6); hãy kiểm tra lại cả hai.",
                "The number does not fit the year of birth (digits 4 to 6).",
            ),
        }
    }
}

/// Nobody's number belongs in a log.
impl fmt::Debug for PersonalNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&masked(&self.0))
    }
}
