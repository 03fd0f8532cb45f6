//! The template of a list, as a workbook to fill in.

use rust_xlsxwriter::{
    Color, DataValidation, DataValidationErrorStyle, DataValidationRule, Format, FormatAlign,
    FormatBorder, Formula, Workbook, Worksheet, XlsxError,
};

use crate::base::error::{Error, Result};

/// A column of a template.
pub struct Column {
    pub head: &'static str,
    /// In characters.
    pub width: f64,
    /// What the sheet of explanations says.
    pub explains: &'static str,
    pub example: String,
    /// What may be chosen; anything else is still taken.
    pub choices: Vec<String>,
    pub cells: Cells,
}

/// What is typed into a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cells {
    /// As it stands: Excel must not take the zeros of a number.
    Text,
    /// A number that is not negative.
    Whole,
    Percent,
    Day,
}

impl Cells {
    fn format(self) -> &'static str {
        match self {
            Self::Text => "@",
            Self::Whole => "0",
            Self::Percent => "0.00",
            Self::Day => "dd/mm/yyyy",
        }
    }
}

/// A template: its title, its columns, and the rows that are filled in already.
pub struct Template {
    pub title: String,
    /// What stands below the title.
    pub hint: &'static str,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<String>>,
}

const FIRST_ROW: u32 = 4;
const LAST_ROW: u32 = 5_000;

pub fn failed(error: XlsxError) -> Error {
    Error::internal(error)
}

pub fn plain() -> Format {
    Format::new().set_font_name("Times New Roman").set_font_size(12)
}

pub fn head() -> Format {
    plain()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Center)
        .set_align(FormatAlign::VerticalCenter)
        .set_border(FormatBorder::Thin)
        .set_background_color(Color::RGB(0x00DD_EBF7))
}

impl Template {
    /// The sheet to fill in, a hidden one with the choices, and one that explains every column.
    pub fn write(&self) -> Result<Vec<u8>> {
        let mut book = Workbook::new();
        let mut lists = Worksheet::new();
        lists.set_name("Lua_chon").map_err(failed)?;
        let list = book.add_worksheet();
        list.set_name("Danh sách").map_err(failed)?;
        self.write_list(list, &mut lists).map_err(failed)?;
        self.write_explanations(book.add_worksheet()).map_err(failed)?;
        lists.set_hidden(true);
        book.push_worksheet(lists);
        book.save_to_buffer().map_err(failed)
    }

    fn write_list(&self, list: &mut Worksheet, lists: &mut Worksheet) -> Result<(), XlsxError> {
        let last = self.columns.len().saturating_sub(1) as u16;
        list.merge_range(0, 0, 0, last.max(1), &self.title, &plain().set_bold())?;
        list.merge_range(1, 0, 1, last.max(1), self.hint, &plain().set_italic())?;
        for (n, column) in (0..).zip(&self.columns) {
            list.set_column_width(n, column.width)?;
            let typed = plain().set_num_format(column.cells.format());
            list.set_column_format(n, &typed)?;
            list.write_with_format(2, n, column.head, &head())?;
            if self.rows.is_empty() && !column.example.is_empty() {
                let example = typed
                    .clone()
                    .set_border(FormatBorder::Thin)
                    .set_italic()
                    .set_font_color(Color::Gray);
                list.write_with_format(3, n, &column.example, &example)?;
            }
            if !column.choices.is_empty() {
                for (row, choice) in (0..).zip(&column.choices) {
                    lists.write(row, n, choice)?;
                }
                let letter = super::column_name(usize::from(n));
                let end = column.choices.len();
                let source = Formula::new(format!("=Lua_chon!${letter}$1:${letter}${end}"));
                let choices = DataValidation::new().allow_list_formula(source);
                self.validate(list, n, choices)?;
            } else if column.cells == Cells::Whole {
                let least = DataValidationRule::GreaterThanOrEqualTo(0);
                self.validate(list, n, DataValidation::new().allow_whole_number(least))?;
            }
        }
        for (row, cells) in (FIRST_ROW - 1..).zip(&self.rows) {
            for ((n, said), column) in (0..).zip(cells).zip(&self.columns) {
                let cell =
                    plain().set_num_format(column.cells.format()).set_border(FormatBorder::Thin);
                match said.parse::<u32>() {
                    Ok(number) if column.cells != Cells::Text => {
                        list.write_with_format(row, n, number, &cell)?
                    }
                    _ => list.write_with_format(row, n, said, &cell)?,
                };
            }
        }
        list.set_row_height(2, 34)?;
        list.set_freeze_panes(3, 0)?;
        list.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
        list.set_repeat_rows(2, 2)?;
        Ok(())
    }

    /// Excel asks back before it takes anything else.
    fn validate(
        &self,
        list: &mut Worksheet,
        column: u16,
        rule: DataValidation,
    ) -> Result<(), XlsxError> {
        let rule = rule.set_error_style(DataValidationErrorStyle::Warning);
        let last = LAST_ROW.max(FIRST_ROW + self.rows.len() as u32);
        list.add_data_validation(FIRST_ROW - 1, column, last, column, &rule)?;
        Ok(())
    }

    fn write_explanations(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        sheet.set_name("Hướng dẫn")?;
        sheet.set_column_width(0, 28)?;
        sheet.set_column_width(1, 90)?;
        sheet.set_landscape().set_paper_size(9).set_print_fit_to_pages(1, 0);
        let wrapped = plain().set_text_wrap();
        sheet.write_with_format(0, 0, "Cách điền", &plain().set_bold())?;
        for (row, column) in (1..).zip(&self.columns) {
            let name = column.head.trim_end_matches('*').trim();
            sheet.write_with_format(row, 0, format!("• {name}"), &wrapped)?;
            sheet.write_with_format(row, 1, column.explains, &wrapped)?;
        }
        Ok(())
    }
}
