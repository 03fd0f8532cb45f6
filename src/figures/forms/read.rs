//! From the sheets of a form to its lines, and everything to correct in them: pure, without the register.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::line::{Figure, Line};
use super::{Fault, Field, Form, Lines};
use crate::areas::boundaries_of;
use crate::areas::{AreaId, Areas};
use crate::base::error::{Error, Result, say};
use crate::base::kind::{Base, Year};
use crate::figures::reported::rows::Reported;
use crate::figures::reported::{Numbers, api as reported_api};
use crate::figures::targets::rows::Target;
use crate::figures::targets::{Goal, api as targets_api};
use crate::figures::totals::rows::Total;
use crate::ledger::lines::Line as Entered;
use crate::wire::sheets::{Sheet, header};

/// The most rows of one file.
pub const MOST: usize = 20_000;

/// What a form says.
#[derive(Debug)]
pub struct Filled {
    pub lines: Lines,
    /// Rows with figures.
    pub rows: usize,
    /// Rows of areas without any.
    pub left_out: usize,
    pub faults: Vec<Fault>,
}

/// Who may enter what: passes for the areas of the caller.
pub type May<'a> = &'a dyn Fn(AreaId) -> Result<()>;

/// The lines of every sheet that has the header of the form.
pub fn read(
    form: Form,
    sheets: &[Sheet],
    areas: &Areas,
    may: May<'_>,
    today: NaiveDate,
) -> Result<Filled> {
    let mut reading = Reading { form, rows: 0, left_out: 0, faults: Vec::new() };
    let lines = match form {
        Form::Totals => {
            Lines::Totals(reading.lines(sheets, areas, today, &|line| totals(line, may))?)
        }
        Form::Reported => Lines::Reported(
            reading
                .lines(sheets, areas, today, &|line| reported(line, may).into_iter().collect())?,
        ),
        Form::Targets => Lines::Targets(
            reading.lines(sheets, areas, today, &|line| target(line, may).into_iter().collect())?,
        ),
    };
    let Reading { rows, left_out, faults, .. } = reading;
    Ok(Filled { lines, rows, left_out, faults })
}

struct Reading {
    form: Form,
    rows: usize,
    left_out: usize,
    faults: Vec<Fault>,
}

impl Reading {
    fn lines<L: Entered>(
        &mut self,
        sheets: &[Sheet],
        areas: &Areas,
        today: NaiveDate,
        of: &dyn Fn(&mut Line<'_>) -> Vec<(Field, L)>,
    ) -> Result<Vec<L>> {
        let mut lines = Vec::new();
        let mut stood: HashMap<String, u32> = HashMap::new();
        let mut is_form = false;
        for (n, sheet) in sheets.iter().enumerate() {
            let Some(header) = self.form.header(sheet) else { continue };
            is_form = true;
            for row in &sheet.rows[header.first..] {
                if header::numbers_columns(row) || header::repeats(row, &header) {
                    continue;
                }
                let faults = Vec::new();
                let mut line = Line { areas, today, sheet: n, header: &header, row, faults };
                let figures = header.columns.keys().filter(|field| self.form.is_figure(**field));
                if figures.into_iter().all(|field| line.text(*field).is_empty()) {
                    self.left_out += 1;
                    continue;
                }
                self.rows += 1;
                for (field, made) in of(&mut line) {
                    if let Some(before) = stood.insert(made.id(), row.number) {
                        line.wrong(
                            field,
                            "repeated",
                            format!("Trùng với dòng {before}; chỉ giữ một dòng."),
                            format!("Row {before} says the same; keep one of them."),
                        );
                    }
                    lines.push(made);
                }
                self.faults.append(&mut line.faults);
            }
        }
        if self.rows > MOST {
            return Err(Error::unprocessable(
                "too_many",
                say("Biểu có hơn 20.000 dòng; hãy chia nhỏ.", "At most 20,000 rows."),
            ));
        }
        match (is_form, self.rows) {
            (true, 1..) => Ok(lines),
            (true, 0) => Err(Error::unprocessable(
                "no_rows",
                say("Biểu chưa có số nào.", "The form holds no figure."),
            )),
            (false, _) => Err(self.no_header()),
        }
    }

    fn no_header(&self) -> Error {
        let heads = self.form.fields();
        let marked = heads.iter().map(|field| field.head()).filter(|head| head.ends_with('*'));
        let heads: Vec<&str> = marked.map(|head| head.trim_end_matches([' ', '*'])).collect();
        Error::unprocessable(
            "header_missing",
            say(
                format!(
                    "Không thấy dòng tiêu đề có đủ các cột {}; hãy dùng mẫu tải từ hệ thống.",
                    heads.join(", ")
                ),
                "No row names the columns; use the template.",
            ),
        )
    }
}

/// A row of totals holds one for each base that it names.
fn totals(line: &mut Line<'_>, may: May<'_>) -> Vec<(Field, Total)> {
    let year = line.year(Year::FIRST.get(), Year::LAST.get());
    let on = year.map_or(line.today, |year| boundaries_of(year, line.today));
    let on = line.day(Field::BoundariesOn).unwrap_or(on);
    let area = line.area(on, may);
    let (source, counted_on) = (line.source(), line.day(Field::CountedOn));
    let figures: Vec<(Base, Figure)> =
        Base::ALL.iter().map(|base| (*base, line.figure(Field::TotalOf(*base)))).collect();
    let (Some(area), Some(year)) = (area, year) else { return Vec::new() };
    let given = figures.into_iter().filter(|(_, figure)| *figure != Figure::Empty);
    given
        .map(|(base, figure)| {
            let total = Total::new(area, year, base, figure.number(), &source);
            (Field::TotalOf(base), Total { counted_on, ..total })
        })
        .collect()
}

fn reported(line: &mut Line<'_>, may: May<'_>) -> Option<(Field, Reported)> {
    let year = line.year(2000, 2100);
    let reported_on = line.needed_day(Field::ReportedOn);
    let on = line.day(Field::BoundariesOn).or_else(|| {
        let (year, reported_on) = (year?, reported_on?);
        Some(reported_api::place_of(year, reported_on))
    });
    let area = line.area(on.unwrap_or(line.today), may);
    let kind = line.kind();
    let level = kind.map(|kind| line.level(kind));
    let numbers = Numbers {
        registered: line.number(Field::Registered),
        recognised: line.number(Field::Recognised),
        total: line.number(Field::Total),
        printed_rate: line.percent(Field::PrintedRate),
        printed_base: line.printed_base(),
    };
    let source = line.source();
    let sound = line.faults.is_empty();
    let key = (area?, year?, kind?, level?, reported_on?);
    let figure = Reported::new(key, numbers, &source);
    if sound {
        let fields = [Field::Level, Field::ReportedOn, Field::Recognised];
        line.refused(reported_api::faults(&figure), &fields);
    }
    Some((Field::Kind, figure))
}

fn target(line: &mut Line<'_>, may: May<'_>) -> Option<(Field, Target)> {
    let year = line.year(Year::FIRST.get(), Year::LAST.get());
    let on = year.map_or(line.today, |year| boundaries_of(year, line.today));
    let on = line.day(Field::BoundariesOn).unwrap_or(on);
    let area = line.area(on, may);
    let (kind, base, group) = (line.kind(), line.base(), line.group());
    let taken_back = crate::base::text::search_key(&line.text(Field::Percent)) == "rut";
    let percent = if taken_back { None } else { line.percent(Field::Percent) };
    let source = line.source();
    let sound = line.faults.is_empty();
    let goal = Goal { kind: kind?, base: base?, group };
    let target = Target::new(area?, year?, goal, percent, &source);
    if sound {
        line.refused(targets_api::faults(&target, ""), &[Field::Base, Field::Percent]);
    }
    Some((Field::Percent, target))
}
