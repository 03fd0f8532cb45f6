//! The rows of a reform's file, each read and checked by itself.

use chrono::NaiveDate;
use serde::Deserialize;

use super::{ReformKind, types};
use crate::areas::{AreaId, AreaLevel, Areas};
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::text::{has_control, tidy};

const COLUMNS: [&str; 9] = [
    "effective_on",
    "decree",
    "level",
    "old_code",
    "new_code",
    "kind",
    "new_type",
    "new_name",
    "new_parent_code",
];
/// There are some 3,300 communes.
const MAX_ROWS: usize = 10_000;
/// The areas of the day before are those that came with the product.
const FIRST: NaiveDate = NaiveDate::from_ymd_opt(2025, 7, 2).unwrap();

#[derive(Deserialize)]
struct Cells {
    effective_on: String,
    decree: String,
    level: String,
    old_code: String,
    new_code: String,
    kind: String,
    new_type: String,
    new_name: String,
    new_parent_code: String,
}

/// A row of the file that names an area of the day before.
#[derive(Debug)]
pub struct Row {
    /// As an editor counts: the header is line 1.
    pub line: usize,
    pub level: AreaLevel,
    pub old: AreaId,
    pub new_code: String,
    pub kind: ReformKind,
    pub new_type: Option<String>,
    pub new_name: Option<String>,
    pub new_parent: Option<String>,
}

/// The file: what all rows share, and the rows.
pub struct Content {
    pub decree: String,
    pub on: NaiveDate,
    pub rows: Vec<Row>,
}

/// What is wrong, by line and column.
#[derive(Default)]
pub struct Faults(Vec<FieldError>);

impl Faults {
    pub fn add(
        &mut self,
        line: usize,
        column: &str,
        code: &'static str,
        vi: impl AsRef<str>,
        en: impl AsRef<str>,
    ) {
        let detail = say(
            format!("Dòng {line}, cột {column}: {}", vi.as_ref()),
            format!("Line {line}, column {column}: {}", en.as_ref()),
        );
        self.0.push(FieldError::new(format!("/{line}/{column}"), code, detail));
    }

    /// Passes if there are none.
    pub fn check(&mut self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::invalid(std::mem::take(&mut self.0))) }
    }
}

/// Reads a whole file, and says all that is wrong with single rows of it.
pub fn read(file: &[u8], areas: &Areas) -> Result<Content> {
    let cells = cells(file)?;
    let mut faults = Faults::default();
    let (decree, on) = common(&cells, &mut faults);
    let rows = match on {
        Some(on) => cells.iter().filter_map(|(n, c)| row(*n, c, on, areas, &mut faults)).collect(),
        None => Vec::new(),
    };
    faults.check()?;
    // Without a fault there is a day.
    Ok(Content { decree, on: on.unwrap_or(FIRST), rows })
}

/// The codes of each pair, old and new, of a file that was read before.
pub fn pairs(file: &[u8]) -> Result<Vec<(String, String)>> {
    let pair = |(_, cells): (usize, Cells)| match cells.new_code.is_empty() {
        true => (cells.old_code.clone(), cells.old_code),
        false => (cells.old_code, cells.new_code),
    };
    Ok(cells(file)?.into_iter().map(pair).collect())
}

fn cells(file: &[u8]) -> Result<Vec<(usize, Cells)>> {
    let wrong = |code, vi: String, en: String| Err(Error::invalid_field("", code, say(vi, en)));
    let text = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
    let header = reader.headers().map(|h| h.iter().collect::<Vec<_>>() == COLUMNS);
    if !matches!(header, Ok(true)) {
        return wrong(
            "columns",
            format!("Dòng đầu phải ghi đúng các cột: {}.", COLUMNS.join(",")),
            format!("The first line must name these columns: {}.", COLUMNS.join(",")),
        );
    }
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        let line = reader.position().line() as usize;
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                let line = record.position().map_or(line, |at| at.line() as usize);
                rows.push((line, record.deserialize(None).map_err(Error::internal)?));
            }
            Err(_) => {
                return wrong(
                    "unreadable",
                    format!("Không đọc được từ dòng {line}: tệp phải là CSV, mã UTF-8, đủ 9 cột."),
                    format!(
                        "Unreadable from line {line} on: CSV in UTF-8 with 9 columns is needed."
                    ),
                );
            }
        }
    }
    if rows.is_empty() || rows.len() > MAX_ROWS {
        return wrong(
            "rows",
            format!("Tệp phải có từ 1 đến {MAX_ROWS} dòng."),
            format!("The file must have 1 to {MAX_ROWS} rows."),
        );
    }
    Ok(rows)
}

/// The decree and the day, the same in every row.
fn common(rows: &[(usize, Cells)], faults: &mut Faults) -> (String, Option<NaiveDate>) {
    let first = &rows[0].1;
    let decree = tidy(&first.decree);
    if decree.is_empty() || decree.chars().count() > 500 || has_control(&decree) {
        let (vi, en) = ("ghi văn bản, tối đa 500 ký tự.", "a decree of at most 500 characters.");
        faults.add(rows[0].0, "decree", "decree", vi, en);
    }
    let on = first.effective_on.parse::<NaiveDate>().ok().filter(|on| *on >= FIRST);
    if on.is_none() {
        let vi = "ghi ngày dạng 2026-11-25, từ 2025-07-02 trở đi.";
        let en = "a day such as 2026-11-25, not before 2025-07-02.";
        faults.add(rows[0].0, "effective_on", "date", vi, en);
    }
    for (line, row) in &rows[1..] {
        let (vi, en) = ("khác dòng đầu; mỗi tệp một văn bản.", "differs from the first row.");
        if row.decree != first.decree {
            faults.add(*line, "decree", "differs", vi, en);
        }
        if row.effective_on != first.effective_on {
            faults.add(*line, "effective_on", "differs", vi, en);
        }
    }
    (decree, on)
}

fn row(
    line: usize,
    cells: &Cells,
    on: NaiveDate,
    areas: &Areas,
    faults: &mut Faults,
) -> Option<Row> {
    let kind = ReformKind::parse(&cells.kind);
    if kind.is_none() {
        let (vi, en) = ("ghi whole, part hoặc rename.", "whole, part or rename.");
        faults.add(line, "kind", "kind", vi, en);
    }
    let level = AreaLevel::parse(&cells.level).filter(|level| !types(*level).is_empty());
    let Some(level) = level else {
        let (vi, en) = ("ghi province hoặc commune.", "province or commune.");
        faults.add(line, "level", "level", vi, en);
        return None;
    };
    let old = old(line, &cells.old_code, level, on, areas, faults);
    let new_code = match (&*cells.new_code, kind) {
        ("", Some(ReformKind::Rename)) => cells.old_code.clone(),
        ("", _) => {
            let vi = "địa bàn cũ kết thúc mà không thuộc địa bàn nào.";
            faults.add(line, "new_code", "gap", vi, "the old area would end without a successor.");
            return None;
        }
        (code, _) => code.to_owned(),
    };
    let digits = new_code.bytes().all(|b| b.is_ascii_digit());
    if !digits || AreaLevel::of_code(&new_code) != Some(level) {
        let (vi, en) = ("mã không đúng dạng của cấp này.", "no code of this level.");
        faults.add(line, "new_code", "code", vi, en);
    }
    let text = |cell: &str| Some(tidy(cell)).filter(|text| !text.is_empty());
    let new_type = text(&cells.new_type).map(|of| of.to_lowercase());
    if new_type.as_deref().is_some_and(|of| !types(level).contains(&of)) {
        let known = types(level).join(", ");
        faults.add(line, "new_type", "type", format!("ghi {known}."), format!("one of {known}."));
    }
    let new_name = text(&cells.new_name);
    if new_name.as_ref().is_some_and(|n| n.chars().count() > 100 || has_control(n)) {
        let (vi, en) = ("tối đa 100 ký tự.", "at most 100 characters.");
        faults.add(line, "new_name", "name", vi, en);
    }
    let new_parent = text(&cells.new_parent_code);
    Some(Row { line, level, old: old?, new_code, kind: kind?, new_type, new_name, new_parent })
}

/// The area that stands under a code on the day before, and would stand so on.
fn old(
    line: usize,
    code: &str,
    level: AreaLevel,
    on: NaiveDate,
    areas: &Areas,
    faults: &mut Faults,
) -> Option<AreaId> {
    let before = on.pred_opt()?;
    let found = areas.find(code, before).filter(|id| areas.get(*id).level == level);
    let Some(id) = found else {
        let vi = format!("ngày {} không có địa bàn nào mang mã này.", before.format("%d/%m/%Y"));
        faults.add(line, "old_code", "area_unknown", vi, format!("no area has it on {before}."));
        return None;
    };
    if areas.version(id, before).is_some_and(|version| version.valid_to.is_some()) {
        let vi = "địa bàn này đã đổi tên hoặc kết thúc sau ngày đó.";
        let en = "the area is renamed or ends after that day already.";
        faults.add(line, "old_code", "changed_later", vi, en);
        return None;
    }
    Some(id)
}
