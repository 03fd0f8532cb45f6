//! Opening a file of unknown make: XLSX, XLS, ODS by their first bytes, CSV otherwise.

use std::borrow::Cow;
use std::io::{Cursor, Read, Seek};

use calamine::{Data, Dimensions, Range, Reader, SheetVisible, Sheets, open_workbook_auto_from_rs};

use super::spool::Piece;
use super::{Merged, Sheet, SheetRow, stream};

/// The most rows of a list; more belong into several.
pub const MOST_ROWS: usize = 200_000;
pub const MOST_COLUMNS: usize = 200;

/// Why a file cannot be read, by a stable code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    Empty,
    NotUtf8,
    BadWorkbook,
    Protected,
    TooManyRows,
}

impl Unreadable {
    pub const ALL: [Self; 5] =
        [Self::Empty, Self::NotUtf8, Self::BadWorkbook, Self::Protected, Self::TooManyRows];

    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "file_empty",
            Self::NotUtf8 => "file_not_utf8",
            Self::BadWorkbook => "file_unreadable",
            Self::Protected => "file_protected",
            Self::TooManyRows => "file_too_many_rows",
        }
    }
}

/// Whoever is told what a file says, piece by piece.
pub struct Sink<'a> {
    rows: usize,
    tell: &'a mut dyn FnMut(Piece) -> Result<(), Unreadable>,
}

impl Sink<'_> {
    fn sheet(&mut self, name: &str, merged: Vec<Merged>) -> Result<(), Unreadable> {
        (self.tell)(Piece::Sheet { name: name.to_owned(), merged })
    }

    pub(super) fn row(&mut self, row: SheetRow) -> Result<(), Unreadable> {
        self.rows += 1;
        if self.rows > MOST_ROWS {
            return Err(Unreadable::TooManyRows);
        }
        (self.tell)(Piece::Row(row))
    }
}

/// Tells what a file says; a fault may come after some of it was told.
pub fn tell(
    bytes: &[u8],
    tell: &mut dyn FnMut(Piece) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let zip = bytes.starts_with(b"PK");
    let ole = bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]);
    let mut sink = Sink { rows: 0, tell };
    if zip || ole {
        workbook(bytes, &mut sink)?
    } else {
        csv(bytes, &mut sink)?
    }
    if sink.rows == 0 { Err(Unreadable::Empty) } else { Ok(()) }
}

/// The sheets of a small file.
pub fn open(bytes: &[u8]) -> Result<Vec<Sheet>, Unreadable> {
    let mut sheets: Vec<Sheet> = Vec::new();
    tell(bytes, &mut |piece| {
        match piece {
            Piece::Sheet { name, merged } => sheets.push(Sheet { name, rows: Vec::new(), merged }),
            Piece::Row(row) => {
                if let Some(sheet) = sheets.last_mut() {
                    sheet.rows.push(row);
                }
            }
        }
        Ok(())
    })?;
    Ok(sheets)
}

fn workbook(bytes: &[u8], sink: &mut Sink<'_>) -> Result<(), Unreadable> {
    let mut book = open_workbook_auto_from_rs(Cursor::new(bytes)).map_err(|error| {
        match error.to_string().to_lowercase().contains("password") {
            true => Unreadable::Protected,
            false => Unreadable::BadWorkbook,
        }
    })?;
    let visible: Vec<String> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .collect();
    for name in visible {
        let merged = merged(&mut book, &name);
        let regions = merged.iter().map(|region| Merged {
            rows: (region.start.0 + 1, region.end.0 + 1),
            columns: (region.start.1 as usize, region.end.1 as usize),
        });
        sink.sheet(&name, regions.collect())?;
        if let Sheets::Xlsx(xlsx) = &mut book {
            stream::sheet(xlsx, &name, &merged, sink)?;
            continue;
        }
        let range = book.worksheet_range(&name).map_err(|_| Unreadable::BadWorkbook)?;
        rows(&range, &merged).into_iter().try_for_each(|row| sink.row(row))?;
    }
    Ok(())
}

fn merged<RS: Read + Seek>(book: &mut Sheets<RS>, name: &str) -> Vec<Dimensions> {
    match book {
        Sheets::Xls(xls) => xls.merge_cells_by_sheet_name(name).unwrap_or_default(),
        Sheets::Xlsx(xlsx) => xlsx.merge_cells_by_sheet_name(name).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn rows(range: &Range<Data>, merged: &[Dimensions]) -> Vec<SheetRow> {
    let Some((first_row, first_column)) = range.start() else { return Vec::new() };
    let mut rows: Vec<SheetRow> = (first_row..)
        .zip(range.rows())
        .map(|(number, cells)| {
            let mut row = SheetRow { number: number + 1, cells: Vec::new() };
            row.cells.resize(first_column as usize, String::new());
            row.cells.extend(cells.iter().take(MOST_COLUMNS).map(text));
            row
        })
        .collect();
    for region in merged {
        fill(&mut rows, first_row, region);
    }
    rows.retain(|row| !is_empty(row));
    rows
}

pub(super) fn is_empty(row: &SheetRow) -> bool {
    row.cells.iter().all(|cell| cell.trim().is_empty())
}

/// Every cell of a merged region says what its first one says.
fn fill(rows: &mut [SheetRow], first_row: u32, region: &Dimensions) {
    let at = |row: u32| row.checked_sub(first_row).map(|row| row as usize);
    let Some(first) = at(region.start.0) else { return };
    let (from, to) = (region.start.1 as usize, region.end.1 as usize);
    let Some(text) = rows.get(first).and_then(|row| row.cells.get(from)).cloned() else { return };
    let last = at(region.end.0).unwrap_or(first).min(rows.len().saturating_sub(1));
    for row in &mut rows[first..=last] {
        for column in from..=to.min(row.cells.len().saturating_sub(1)) {
            row.cells[column].clone_from(&text);
        }
    }
}

/// A value as its text: whole numbers without decimals, dates in ISO form.
pub(super) fn text(value: &Data) -> String {
    match value {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Int(number) => number.to_string(),
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => {
            format!("{number:.0}")
        }
        // What a binary fraction made of 85.1 is not what was typed.
        Data::Float(number) => ((number * 1e6).round() / 1e6).to_string(),
        Data::Bool(true) => "x".to_owned(),
        Data::Bool(false) => String::new(),
        Data::DateTime(moment) if moment.is_datetime() => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        Data::DateTime(moment) => moment.as_f64().to_string(),
        Data::Error(error) => error.to_string(),
    }
}

/// CSV in UTF-8 (or UTF-16 with its mark, as Excel's "Unicode text"), separated as its first lines are.
fn csv(bytes: &[u8], sink: &mut Sink<'_>) -> Result<(), Unreadable> {
    let text = decode(bytes)?;
    if text.trim().is_empty() {
        return Err(Unreadable::Empty);
    }
    let head: String = text.lines().take(20).collect::<Vec<_>>().join("\n");
    let separator = [b';', b'\t', b',']
        .into_iter()
        .max_by_key(|s| head.bytes().filter(|b| b == s).count())
        .unwrap_or(b',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    sink.sheet("CSV", Vec::new())?;
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|_| Unreadable::BadWorkbook)? {
        let number = record.position().map_or(0, |at| at.line()) as u32;
        let cells = record.iter().take(MOST_COLUMNS).map(str::to_owned).collect();
        let row = SheetRow { number, cells };
        if !is_empty(&row) {
            sink.row(row)?;
        }
    }
    Ok(())
}

fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Unreadable> {
    let utf16 = |read: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| read([pair[0], pair[1]])).collect();
        String::from_utf16(&units).map(Cow::Owned).map_err(|_| Unreadable::NotUtf8)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(u16::from_le_bytes, rest),
        [0xfe, 0xff, rest @ ..] => utf16(u16::from_be_bytes, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => decode(rest),
        _ => {
            // Text has no such byte: this is a program, a picture or the like under another name.
            if bytes.contains(&0) {
                return Err(Unreadable::BadWorkbook);
            }
            std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| Unreadable::NotUtf8)
        }
    }
}
