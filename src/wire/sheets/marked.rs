//! A list as it was sent, with what is to be corrected beside each row.

use std::collections::HashMap;

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};

use super::header::{Field, Header};
use super::workbook::{failed, head, plain};
use super::{Sheet, SheetRow};
use crate::base::error::Result;

/// What stands beside the rows of one sheet.
pub struct Marks {
    /// The numbers of the header's first and last row.
    pub head: (u32, u32),
    /// Where the list has a column of reasons already.
    pub column: Option<usize>,
    /// Whether it lacks a column for codes, which an answer may need.
    pub lacks_code: bool,
    /// By row number.
    pub reasons: HashMap<u32, String>,
}

impl Marks {
    /// Of a list of holders.
    pub fn of_list(header: &Header) -> Self {
        Self {
            head: (header.first_row, header.row),
            column: header.columns.get(&Field::Reasons).copied(),
            lacks_code: !header.columns.contains_key(&Field::Code),
            reasons: HashMap::new(),
        }
    }
}

/// The sheets again, each with its marks.
pub fn workbook(sheets: &[Sheet], marks: &HashMap<String, Marks>) -> Result<Vec<u8>> {
    let mut book = Workbook::new();
    for sheet in sheets {
        let page = book.add_worksheet();
        page.set_name(&sheet.name).map_err(failed)?;
        write(page, sheet, marks.get(&sheet.name)).map_err(failed)?;
    }
    book.save_to_buffer().map_err(failed)
}

fn write(page: &mut Worksheet, sheet: &Sheet, marks: Option<&Marks>) -> Result<(), XlsxError> {
    let old = marks.and_then(|marks| marks.column);
    let used = |row: &SheetRow| row.cells.iter().rposition(|cell| !cell.trim().is_empty());
    let width = sheet.rows.iter().filter_map(used).max().map_or(0, |last| last + 1);
    // A list that comes back a second time keeps its column of reasons where it was.
    let reasons = old.unwrap_or(width);
    let code = marks.filter(|marks| marks.lacks_code);
    let code = code.map(|_| if old.is_some() { width } else { width + 1 });
    set_widths(page, sheet, marks, width)?;
    write_cells(page, sheet, marks, (old, width))?;
    let Some(marks) = marks else { return Ok(()) };
    let (first, last) = marks.head;
    let row = last - 1;
    page.set_column_width(reasons as u16, 60)?;
    page.write_with_format(row, reasons as u16, "Lỗi cần sửa", &head())?;
    if let Some(code) = code {
        page.set_column_width(code as u16, 14)?;
        page.write_with_format(row, code as u16, "Mã sổ bộ", &head())?;
    }
    let why = plain()
        .set_text_wrap()
        .set_align(FormatAlign::VerticalCenter)
        .set_border(FormatBorder::Thin)
        .set_font_color(Color::RGB(0x00C0_0000));
    for (number, reason) in &marks.reasons {
        page.write_with_format(number - 1, reasons as u16, reason, &why)?;
        // Excel does not fit a row to a text that wraps when a program wrote it.
        let lines: usize = reason.lines().map(|line| 1 + line.chars().count() / 68).sum();
        page.set_row_height(number - 1, 16.5 * lines as f64)?;
    }
    page.set_freeze_panes(last, 0)?;
    for row in first..=last {
        page.set_row_height(row - 1, 33)?;
    }
    page.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
    Ok(())
}

fn write_cells(
    page: &mut Worksheet,
    sheet: &Sheet,
    marks: Option<&Marks>,
    (left_out, width): (Option<usize>, usize),
) -> Result<(), XlsxError> {
    let title = plain().set_bold().set_align(FormatAlign::Center);
    let cell = plain().set_border(FormatBorder::Thin).set_align(FormatAlign::VerticalCenter);
    let wrong = cell.clone().set_background_color(Color::RGB(0x00FF_F2CC));
    let (first, last) = marks.map_or((u32::MAX, 0), |marks| marks.head);
    let above = plain();
    let mut covered = std::collections::HashSet::new();
    for region in &sheet.merged {
        let (from, to) = region.columns;
        let top = sheet.rows.iter().find(|row| row.number == region.rows.0);
        let text = top.map_or("", |row| row.cells.get(from).map_or("", String::as_str));
        if (region.rows.0..=region.rows.1)
            .any(|row| marks.is_some_and(|m| m.reasons.contains_key(&row)))
        {
            continue;
        }
        let inside = (first..=last).contains(&region.rows.0);
        let format = if inside { head() } else { title.clone() };
        let (rows, columns) = (region.rows, (from as u16, to as u16));
        if page.merge_range(rows.0 - 1, columns.0, rows.1 - 1, columns.1, text, &format).is_ok() {
            covered.extend((rows.0..=rows.1).flat_map(|row| (from..=to).map(move |c| (row, c))));
        }
    }
    for SheetRow { number, cells } in &sheet.rows {
        let format = match marks {
            Some(marks) if marks.reasons.contains_key(number) => &wrong,
            Some(_) if (first..=last).contains(number) => &head(),
            Some(_) if *number > last => &cell,
            _ => &above,
        };
        let reasons = marks.is_some_and(|marks| marks.reasons.contains_key(number));
        let filled = cells.iter().filter(|cell| !cell.is_empty()).count();
        for column in (0..width).filter(|column| left_out != Some(*column)) {
            let text = cells.get(column).map_or("", String::as_str);
            if covered.contains(&(*number, column)) {
                continue;
            }
            if !text.is_empty() {
                write_text(page, number - 1, column as u16, text, format)?;
            } else if *number > last && (reasons || filled > 2) {
                // What is missing is seen as an empty cell of its row.
                page.write_blank(number - 1, column as u16, format)?;
            }
        }
    }
    Ok(())
}

/// Numbers stay numbers; what Excel would change as a number, such as one that begins with a zero,
/// stays text.
fn write_text(
    page: &mut Worksheet,
    row: u32,
    column: u16,
    text: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    match text.parse::<f64>() {
        Ok(number) if text.len() <= 9 && number.to_string() == text => {
            page.write_with_format(row, column, number, format)?
        }
        _ => page.write_with_format(row, column, text, &format.clone().set_num_format("@"))?,
    };
    Ok(())
}

/// As wide as what stands in a column below its head, within reason.
fn set_widths(
    page: &mut Worksheet,
    sheet: &Sheet,
    marks: Option<&Marks>,
    width: usize,
) -> Result<(), XlsxError> {
    let below = marks.map_or(0, |marks| marks.head.1);
    for column in 0..width {
        let rows = sheet.rows.iter().filter(|row| row.number > below);
        let merged = |row: &SheetRow| {
            sheet.merged.iter().any(|region| {
                (region.rows.0..=region.rows.1).contains(&row.number)
                    && (region.columns.0..=region.columns.1).contains(&column)
            })
        };
        let longest = rows
            .filter(|row| !merged(row))
            .filter_map(|row| row.cells.get(column))
            .map(|cell| cell.chars().count())
            .max();
        // A head may wrap between its words, not inside one.
        let heads = sheet.rows.iter().filter(|row| row.number == below);
        let words = heads.filter_map(|row| row.cells.get(column)).flat_map(|cell| cell.split(' '));
        let longest = words.map(|word| word.chars().count()).max().max(longest);
        let fitting = (longest.unwrap_or(0) as f64 * 1.15 + 2.0).clamp(7.0, 45.0);
        page.set_column_width(column as u16, fitting)?;
    }
    Ok(())
}
