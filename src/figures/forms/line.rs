//! One row of a form: its cells, and everything that is wrong with them.

use chrono::NaiveDate;

use super::{Fault, Field};
use crate::areas::{AreaId, AreaLevel, Areas};
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::hundredths::Percent;
use crate::base::kind::{Base, Group, Kind, Level};
use crate::base::text::search_key;
use crate::figures::reported::PrintedBase;
use crate::wire::sheets::SheetRow;
use crate::wire::sheets::cells;
use crate::wire::sheets::header::Header;

/// A row under way.
pub struct Line<'a> {
    pub areas: &'a Areas,
    pub today: NaiveDate,
    pub sheet: usize,
    pub header: &'a Header<Field>,
    pub row: &'a SheetRow,
    pub faults: Vec<Fault>,
}

/// What stands where a figure is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    Empty,
    /// `rút`: what was entered before counts no more.
    TakenBack,
    Number(i32),
}

impl Figure {
    pub fn number(self) -> Option<i32> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }
}

const MOST: i64 = 200_000_000;

impl Line<'_> {
    /// The cell of a field, tidied; empty where the sheet has no such column.
    pub fn text(&self, field: Field) -> String {
        let column = self.header.columns.get(&field);
        let text = column.map(|column| self.row.cell(*column)).unwrap_or_default();
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    }

    pub fn wrong(
        &mut self,
        field: Field,
        code: &'static str,
        vi: impl Into<String>,
        en: impl Into<String>,
    ) {
        let column = self.header.columns.get(&field).copied();
        let said = say(vi.into(), en.into());
        let (sheet, row) = (self.sheet, self.row.number);
        self.faults.push(Fault { sheet, row, field, column, code, said });
    }

    /// What the rules of a single entry say against the row.
    pub fn refused(&mut self, errors: impl IntoIterator<Item = FieldError>, fields: &[Field]) {
        for FieldError { pointer, code, detail } in errors {
            let name = pointer.rsplit('/').next().unwrap_or_default();
            let field = fields.iter().copied().find(|field| field.name() == name);
            self.wrong(field.unwrap_or(Field::Code), code, detail.vi, detail.en);
        }
    }

    fn missing(&mut self, field: Field) {
        let head = field.head().trim_end_matches([' ', '*']).to_owned();
        self.wrong(
            field,
            "required",
            format!("Thiếu “{head}”; hãy điền vào ô này."),
            "This cell must be filled in.",
        );
    }

    pub fn source(&mut self) -> String {
        let source = self.text(Field::Source);
        match source.chars().count() {
            0 => self.missing(Field::Source),
            1..=500 => {}
            _ => self.wrong(
                Field::Source,
                "length",
                "Nguồn dài quá 500 ký tự; hãy rút gọn.",
                "At most 500 characters.",
            ),
        }
        source
    }

    pub fn figure(&mut self, field: Field) -> Figure {
        let text = self.text(field);
        match cells::count(&text) {
            _ if text.is_empty() => Figure::Empty,
            _ if search_key(&text) == "rut" => Figure::TakenBack,
            Some(number @ 0..=MOST) => Figure::Number(number as i32),
            _ => {
                self.wrong(
                    field,
                    "range",
                    format!("“{text}” không phải số nguyên từ 0 đến 200.000.000; hãy ghi lại số."),
                    "A whole number from 0 to 200,000,000 is expected.",
                );
                Figure::Empty
            }
        }
    }

    /// A number of a report, which nobody takes back in a sheet.
    pub fn number(&mut self, field: Field) -> Option<i32> {
        let figure = self.figure(field);
        if figure == Figure::TakenBack {
            self.wrong(
                field,
                "range",
                "Số liệu báo cáo chỉ rút từng dòng trên hệ thống, không rút bằng biểu.",
                "A reported figure is taken back one by one, not by a sheet.",
            );
        }
        figure.number()
    }

    pub fn percent(&mut self, field: Field) -> Option<Percent> {
        let text = self.text(field);
        let percent = cells::percent(&text);
        if percent.is_none() && !text.is_empty() {
            self.wrong(
                field,
                "percent",
                format!(
                    "“{text}” không phải số phần trăm; ghi 72 hoặc 72,5 (nhiều nhất hai số lẻ) cho \
                     72 %, không dùng định dạng % của Excel."
                ),
                "Write 72 or 72.5 for 72 %, without Excel's format of percentages.",
            );
        }
        percent.map(Percent)
    }

    /// The day of a field; none where it is empty or wrong.
    pub fn day(&mut self, field: Field) -> Option<NaiveDate> {
        let text = self.text(field);
        let day = cells::day(&text, self.today);
        if day.is_none() && !text.is_empty() {
            self.wrong(
                field,
                "date",
                format!("“{text}” không phải ngày đến hôm nay; hãy ghi như 31/12/2025."),
                "Not a day up to today; write it as 31/12/2025.",
            );
        }
        day
    }

    pub fn needed_day(&mut self, field: Field) -> Option<NaiveDate> {
        if self.text(field).is_empty() {
            self.missing(field);
        }
        self.day(field)
    }

    pub fn year(&mut self, first: i16, last: i16) -> Option<i16> {
        let text = self.text(Field::Year);
        let year = search_key(&text).trim_start_matches("nam ").parse().ok();
        let year = year.filter(|year| (first..=last).contains(year));
        if text.is_empty() {
            self.missing(Field::Year);
        } else if year.is_none() {
            self.wrong(
                Field::Year,
                "range",
                format!("“{text}” không phải năm từ {first} đến {last}."),
                format!("Not a year from {first} to {last}."),
            );
        }
        year
    }

    pub fn kind(&mut self) -> Option<Kind> {
        let text = self.text(Field::Kind);
        let key = search_key(&text);
        let short = |kind: Kind| match kind {
            Kind::Family => "GĐHT",
            Kind::Clan => "DHHT",
            Kind::Community => "CĐHT",
            Kind::Unit => "ĐVHT",
            Kind::Citizen => "CDHT",
        };
        let named = |kind: &Kind| {
            key == kind.as_str() || key == search_key(kind.vi()) || key == search_key(kind.noun().0)
        };
        // Communities and citizens differ by one stroke: who leaves strokes out is asked.
        let plain = text.is_ascii() && key == "cdht";
        let shortened = |kind: &Kind| short(*kind) == text.to_uppercase() && !plain;
        let kind = Kind::ALL.iter().copied().find(|kind| named(kind) || shortened(kind));
        if text.is_empty() {
            self.missing(Field::Kind);
        } else if kind.is_none() {
            let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.vi()).collect();
            self.wrong(
                Field::Kind,
                "kind_unknown",
                format!("“{text}” không rõ danh hiệu nào; ghi đầy đủ: {}.", names.join(", ")),
                "Unknown or ambiguous title; write its name in full.",
            );
        }
        kind
    }

    /// One of a few words; none where the cell is empty or says something else.
    fn chosen<T: Copy>(&mut self, field: Field, all: &[(T, &[&str])]) -> Option<T> {
        let text = self.text(field);
        let key = search_key(&text);
        let found = all.iter().find(|(_, words)| words.iter().any(|w| search_key(w) == key));
        if found.is_none() && !text.is_empty() {
            let words: Vec<&str> = all.iter().map(|(_, words)| words[0]).collect();
            self.wrong(
                field,
                "choice",
                format!("“{text}” không dùng được; chọn một trong: {}.", words.join("; ")),
                format!("Not one of: {}.", words.join("; ")),
            );
        }
        found.map(|(value, _)| *value)
    }

    pub fn level(&mut self, kind: Kind) -> Level {
        let all: Vec<(Level, [&str; 3])> = Level::ALL
            .iter()
            .map(|level| {
                let vi = level.vi();
                (*level, [vi, level.as_str(), vi.trim_start_matches("cấp ")])
            })
            .collect();
        let all: Vec<(Level, &[&str])> =
            all.iter().map(|(level, words)| (*level, &words[..])).collect();
        self.chosen(Field::Level, &all).unwrap_or(kind.default_level())
    }

    pub fn base(&mut self) -> Option<Base> {
        if self.text(Field::Base).is_empty() {
            self.missing(Field::Base);
        }
        let all: Vec<(Base, [&str; 2])> =
            Base::ALL.iter().map(|base| (*base, [base.vi(), base.as_str()])).collect();
        let all: Vec<(Base, &[&str])> =
            all.iter().map(|(base, words)| (*base, &words[..])).collect();
        self.chosen(Field::Base, &all)
    }

    pub fn group(&mut self) -> Option<Group> {
        let all: Vec<(Group, [&str; 2])> =
            Group::ALL.iter().map(|group| (*group, [group.vi(), group.as_str()])).collect();
        let all: Vec<(Group, &[&str])> =
            all.iter().map(|(group, words)| (*group, &words[..])).collect();
        self.chosen(Field::Group, &all)
    }

    pub fn printed_base(&mut self) -> Option<PrintedBase> {
        let all: &[(PrintedBase, &[&str])] = &[
            (PrintedBase::Registered, &["số đăng ký", "registered", "đăng ký"]),
            (PrintedBase::Total, &["tổng số", "total", "tổng"]),
            (PrintedBase::Unknown, &["không rõ", "unknown"]),
        ];
        self.chosen(Field::PrintedBase, all)
    }

    /// The area of the row in the boundaries of a day: by its code, which may have lost its zeros, or
    /// its name alone; a name beside the code must be the area's.
    pub fn area(&mut self, on: NaiveDate, may: &dyn Fn(AreaId) -> Result<()>) -> Option<AreaId> {
        let (code, name) = (self.text(Field::Code), self.text(Field::Name));
        let found = match (code.is_empty(), name.is_empty()) {
            (true, true) => {
                self.missing(Field::Code);
                return None;
            }
            (true, false) => self.areas.resolve("", &name, on),
            (false, _) => self.coded(&code, &name, on),
        };
        let field = if code.is_empty() { Field::Name } else { Field::Code };
        match found.and_then(|area| may(area).map(|()| area)) {
            Ok(area) => Some(area),
            Err(error) => {
                let problem = error.to_problem();
                let said = match &problem.errors[..] {
                    [] => vec![problem.detail.clone()],
                    errors => errors.iter().map(|error| error.detail.clone()).collect(),
                };
                let code = problem.errors.first().map_or(problem.code, |error| error.code);
                let join = |text: Vec<&str>| text.join(" ");
                let vi = join(said.iter().map(|said| &*said.vi).collect());
                let en = join(said.iter().map(|said| &*said.en).collect());
                self.wrong(field, code, vi, en);
                None
            }
        }
    }

    fn coded(&self, code: &str, name: &str, on: NaiveDate) -> Result<AreaId> {
        let level = AreaLevel::parse(&self.text(Field::AreaLevel));
        let digits = code.chars().all(|c| c.is_ascii_digit());
        let zeros = [2, 3, 5].into_iter().filter(|n| digits && code.len() < *n);
        let codes = zeros.map(|n| format!("{code:0>n$}"));
        let mut found: Vec<AreaId> = std::iter::once(code.to_owned())
            .chain(codes)
            .filter_map(|code| self.areas.find(&code, on))
            .filter(|area| level.is_none_or(|level| self.areas.get(*area).level == level))
            .collect();
        let first = found.first().copied();
        if !name.is_empty() {
            found.retain(|area| self.is_called(*area, name, on));
        } else if first.is_some_and(|first| self.areas.code(first, on) == code) {
            found.truncate(1);
        }
        match (&found[..], first) {
            ([area], _) => Ok(*area),
            ([], Some(other)) => Err(Error::invalid_field(
                "",
                "area_name_differs",
                say(
                    format!(
                        "Mã {} là “{}”, không phải “{name}”; hãy xem lại mã hoặc tên.",
                        self.areas.code(other, on),
                        self.areas.name(other, on)
                    ),
                    format!("The code is of {}.", self.areas.name(other, on)),
                ),
            )),
            ([], None) => Err(Error::invalid(self.areas.suggest("", code, level, on))),
            (several, _) => {
                let one = |area: &AreaId| {
                    format!("{} {}", self.areas.code(*area, on), self.areas.name(*area, on))
                };
                let names: Vec<String> = several.iter().map(one).collect();
                Err(Error::invalid_field(
                    "",
                    "area_ambiguous",
                    say(
                        format!("Mã {code} thiếu số 0; có thể là {}.", names.join(" hoặc ")),
                        format!("Zeros are missing; perhaps {}.", names.join(" or ")),
                    ),
                ))
            }
        }
    }

    /// By any of its names, with or without its province.
    fn is_called(&self, area: AreaId, name: &str, on: NaiveDate) -> bool {
        let key = search_key(name);
        search_key(&self.areas.name(area, on)) == key
            || self
                .areas
                .get(area)
                .versions
                .iter()
                .any(|version| version.search_key == key || search_key(&version.name) == key)
    }
}
