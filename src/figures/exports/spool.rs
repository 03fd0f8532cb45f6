//! The spool file: rows are written to it once, hashed and compressed on the way.

use std::borrow::Cow;
use std::error::Error as _;
use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};

use brotli::CompressorWriter;
use chrono::Datelike;
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_xlsxwriter::{ExcelDateTime, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};
use sha2::{Digest, Sha256};

use super::asked::Form;
use super::{Cell, Format, Table};
use crate::base::clock::VIETNAM;
use crate::base::config::SpoolLimits;
use crate::base::error::{Error, Result, say};
use crate::wire::reply::Coding;

/// A file under way, deleted with its handle.
pub struct Spool {
    table: &'static Table,
    writer: Writer,
    limits: SpoolLimits,
    /// Rows without the header.
    rows: u64,
}

/// A finished file and what proves it whole.
pub struct Spooled {
    pub file: File,
    pub length: u64,
    /// Of the file as it is sent.
    pub sent_sha256: [u8; 32],
    /// Of the file as it is kept, not compressed.
    pub sha256: [u8; 32],
    pub rows: u64,
}

enum Writer {
    Csv(Box<csv::Writer<Sink>>),
    Jsonl(Box<Sink>),
    Xlsx(Box<Workbook>),
}

/// Hashes what is written before and after it is compressed.
struct Sink {
    plain: Sha256,
    coder: Coder,
}

enum Coder {
    Identity(Hashed),
    Gzip(Box<GzEncoder<Hashed>>),
    Brotli(Box<CompressorWriter<Hashed>>),
}

struct Hashed {
    file: BufWriter<File>,
    hash: Sha256,
    length: u64,
    most: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.length + bytes.len() as u64 > self.most {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.coder {
            // Its own hash is that of the file already.
            Coder::Identity(file) => return file.write(bytes),
            Coder::Gzip(coder) => coder.write(bytes)?,
            Coder::Brotli(coder) => coder.write(bytes)?,
        };
        self.plain.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.coder {
            Coder::Identity(file) => file.flush(),
            // Flushing would only spoil the compression.
            Coder::Gzip(_) | Coder::Brotli(_) => Ok(()),
        }
    }
}

impl Sink {
    fn create(coding: Coding, most: u64) -> Result<Self> {
        let file = tempfile::tempfile().map_err(Error::internal)?;
        let hashed = Hashed {
            file: BufWriter::with_capacity(1 << 16, file),
            hash: Sha256::new(),
            length: 0,
            most,
        };
        let coder = match coding {
            Coding::Identity => Coder::Identity(hashed),
            Coding::Gzip => Coder::Gzip(Box::new(GzEncoder::new(hashed, Compression::fast()))),
            Coding::Brotli => {
                Coder::Brotli(Box::new(CompressorWriter::new(hashed, 1 << 16, 3, 22)))
            }
        };
        Ok(Self { plain: Sha256::new(), coder })
    }

    fn finish(self, rows: u64) -> Result<Spooled> {
        let (hashed, coded) = match self.coder {
            Coder::Identity(hashed) => (hashed, false),
            Coder::Gzip(coder) => (coder.finish().map_err(failed)?, true),
            Coder::Brotli(mut coder) => {
                coder.flush().map_err(failed)?;
                (coder.into_inner(), true)
            }
        };
        let mut file = hashed.file.into_inner().map_err(|e| failed(e.into_error()))?;
        file.rewind().map_err(Error::internal)?;
        let sent_sha256 = hashed.hash.finalize().into();
        let sha256 = if coded { self.plain.finalize().into() } else { sent_sha256 };
        Ok(Spooled { file, length: hashed.length, sent_sha256, sha256, rows })
    }
}

impl Spool {
    /// A file that begins with its header; the mark at its start tells Excel that it is UTF-8.
    pub fn create(table: &'static Table, form: Form, limits: SpoolLimits) -> Result<Self> {
        let writer = match form.format {
            Format::Csv => {
                let mut sink = Sink::create(form.coding, limits.bytes)?;
                if form.bom {
                    sink.write_all("\u{feff}".as_bytes()).map_err(failed)?;
                }
                let mut csv = csv::WriterBuilder::new()
                    .terminator(csv::Terminator::CRLF)
                    .buffer_capacity(1 << 16)
                    .from_writer(sink);
                csv.write_record(table.columns.iter().map(|c| c.name)).map_err(broken)?;
                Writer::Csv(Box::new(csv))
            }
            Format::Jsonl => Writer::Jsonl(Box::new(Sink::create(form.coding, limits.bytes)?)),
            Format::Xlsx => Writer::Xlsx(Box::new(workbook(table).map_err(unwritten)?)),
        };
        Ok(Self { table, writer, limits, rows: 0 })
    }

    pub fn row(&mut self, cells: &[Cell<'_>]) -> Result<()> {
        debug_assert_eq!(cells.len(), self.table.columns.len());
        self.rows += 1;
        match &mut self.writer {
            Writer::Csv(csv) => {
                for cell in cells {
                    csv.write_field(plain(cell).as_bytes()).map_err(broken)?;
                }
                csv.write_record(None::<&[u8]>).map_err(broken)
            }
            Writer::Jsonl(sink) => write_json(sink, self.table, cells).map_err(failed),
            Writer::Xlsx(book) => {
                if self.rows > self.limits.xlsx_rows {
                    return Err(too_many_rows(self.limits.xlsx_rows));
                }
                let sheet = book.worksheet_from_index(0).map_err(unwritten)?;
                write_cells(sheet, self.rows as u32, cells).map_err(unwritten)
            }
        }
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Ends the file; a workbook gets a second sheet with `notes`.
    pub fn finish(self, notes: &[(String, Cell<'_>)]) -> Result<Spooled> {
        let sink = match self.writer {
            Writer::Csv(csv) => csv.into_inner().map_err(|e| failed(e.into_error()))?,
            Writer::Jsonl(sink) => *sink,
            Writer::Xlsx(mut book) => {
                write_notes(&mut book, notes).map_err(unwritten)?;
                let mut sink = Sink::create(Coding::Identity, self.limits.bytes)?;
                book.save_to_writer(&mut sink).map_err(unwritten)?;
                sink
            }
        };
        sink.finish(self.rows)
    }
}

fn failed(error: io::Error) -> Error {
    if error.kind() == io::ErrorKind::FileTooLarge {
        return Error::unprocessable(
            "export_too_large",
            say(
                "Dữ liệu quá lớn cho một tệp; hãy chia theo tỉnh, năm hoặc loại danh hiệu.",
                "Too much for one file; divide it by province, year or kind.",
            ),
        );
    }
    Error::internal(error)
}

fn broken(error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => failed(error),
        other => Error::internal(format!("{other:?}")),
    }
}

fn unwritten(error: XlsxError) -> Error {
    match error {
        XlsxError::IoError(error) => failed(error),
        other => {
            // What could not be written lies below the error of the archive.
            let below = other.source().and_then(|below| below.downcast_ref::<io::Error>());
            match below.map(io::Error::kind) {
                Some(kind) => failed(kind.into()),
                None => Error::internal(other),
            }
        }
    }
}

fn too_many_rows(most: u64) -> Error {
    Error::unprocessable(
        "too_many_rows",
        say(
            format!("Tệp Excel chỉ nhận {most} dòng; hãy xuất CSV hoặc chia nhỏ."),
            format!("A workbook ends at {most} rows; take CSV or divide it."),
        ),
    )
}

/// A cell as text on the wire.
fn plain<'a>(cell: &'a Cell<'_>) -> Cow<'a, str> {
    match cell {
        Cell::Empty => Cow::Borrowed(""),
        Cell::Text(text) => safe(text),
        Cell::Term(name, _) => Cow::Borrowed(name),
        Cell::Integer(n) => Cow::Owned(n.to_string()),
        Cell::Decimal(n) => Cow::Owned(n.to_string()),
        Cell::Percent(n) => Cow::Owned(format!("{n:.2}")),
        Cell::Date(day) => Cow::Owned(day.to_string()),
        Cell::Time(at) => Cow::Owned(at.to_rfc3339()),
        Cell::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
    }
}

/// A cell that no spreadsheet takes for a formula: an apostrophe stands before what would begin one.
pub fn safe(cell: &str) -> Cow<'_, str> {
    if !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
        || cell.parse::<f64>().is_ok_and(f64::is_finite)
    {
        Cow::Borrowed(cell)
    } else {
        Cow::Owned(format!("'{cell}"))
    }
}

fn write_json(sink: &mut Sink, table: &Table, cells: &[Cell<'_>]) -> io::Result<()> {
    let mut line = Vec::with_capacity(512);
    for (n, (column, cell)) in table.columns.iter().zip(cells).enumerate() {
        line.push(if n == 0 { b'{' } else { b',' });
        write!(line, "\"{}\":", column.name)?;
        match cell {
            Cell::Empty => line.extend_from_slice(b"null"),
            // As it is: JSON runs no formulas.
            Cell::Text(text) => serde_json::to_writer(&mut line, text)?,
            Cell::Integer(n) => write!(line, "{n}")?,
            Cell::Decimal(n) | Cell::Percent(n) => serde_json::to_writer(&mut line, n)?,
            Cell::Flag(flag) => write!(line, "{flag}")?,
            other => serde_json::to_writer(&mut line, &*plain(other))?,
        }
    }
    line.extend_from_slice(b"}\n");
    sink.write_all(&line)
}

fn font() -> rust_xlsxwriter::Format {
    rust_xlsxwriter::Format::new().set_font_name("Times New Roman").set_font_size(12)
}

fn workbook(table: &Table) -> std::result::Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name(table.vi)?.set_freeze_panes(1, 0)?;
    let body = font();
    let head = font()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Center)
        .set_align(FormatAlign::VerticalCenter)
        .set_border_bottom(FormatBorder::Thin);
    for (n, column) in (0..).zip(table.columns) {
        sheet.set_column_width(n, column.width)?;
        sheet.set_column_format(n, &body)?;
        sheet.write_string_with_format(0, n, column.vi, &head)?;
    }
    Ok(book)
}

fn write_cells(
    sheet: &mut Worksheet,
    row: u32,
    cells: &[Cell<'_>],
) -> std::result::Result<(), XlsxError> {
    for (n, cell) in (0..).zip(cells) {
        write_cell(sheet, row, n, cell)?;
    }
    Ok(())
}

fn write_cell(
    sheet: &mut Worksheet,
    row: u32,
    n: u16,
    cell: &Cell<'_>,
) -> std::result::Result<(), XlsxError> {
    match cell {
        Cell::Empty => return Ok(()),
        Cell::Text(text) => sheet.write_string(row, n, &**text)?,
        Cell::Term(_, vi) => sheet.write_string(row, n, *vi)?,
        Cell::Integer(value) => sheet.write_number(row, n, *value as f64)?,
        Cell::Decimal(value) => sheet.write_number(row, n, *value)?,
        Cell::Percent(value) => {
            sheet.write_number_with_format(row, n, *value, &font().set_num_format("0.00"))?
        }
        Cell::Date(day) => {
            let date =
                ExcelDateTime::from_ymd(day.year() as u16, day.month() as u8, day.day() as u8)?;
            sheet.write_datetime_with_format(row, n, &date, &font().set_num_format("dd/mm/yyyy"))?
        }
        Cell::Time(at) => {
            let local = at.with_timezone(&VIETNAM).format("%d/%m/%Y %H:%M:%S").to_string();
            sheet.write_string(row, n, local)?
        }
        Cell::Flag(flag) => sheet.write_string(row, n, if *flag { "có" } else { "không" })?,
    };
    Ok(())
}

/// A second sheet: what was asked, when, and how far it reaches.
fn write_notes(
    book: &mut Workbook,
    notes: &[(String, Cell<'_>)],
) -> std::result::Result<(), XlsxError> {
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name("Ghi chú")?.set_column_width(0, 34)?.set_column_width(1, 60)?;
    let (body, bold) = (font(), font().set_bold());
    sheet.set_column_format(1, &body)?;
    for (row, (label, cell)) in (0..).zip(notes) {
        sheet.write_string_with_format(row, 0, label, &bold)?;
        write_cell(sheet, row, 1, cell)?;
    }
    Ok(())
}
