//! The annual report of a commune or province as a workbook, laid out as official documents are
//! (NĐ 30/2020): issuing body and motto at its head, figures as numbers, places to sign at its foot.

use rust_xlsxwriter::{
    Color, Format, FormatAlign, FormatBorder, FormatUnderline, Workbook, XlsxError,
};

use crate::base::error::{Error, Result};
use crate::base::kind::{Group, Kind, Level};
use crate::figures::statistics::api::FigureBody;
use crate::figures::statistics::form::Counted;

/// What a report is made of.
pub struct Report {
    /// `Phường Nam Định, Tỉnh Ninh Bình`.
    pub area_name: String,
    /// Of the body that issues it: `ỦY BAN NHÂN DÂN`.
    pub body: &'static str,
    pub year: i16,
    /// Of this year and the one before: whole, by group and by grade.
    pub figures: Vec<FigureBody>,
    /// Of every commune of a province, this year.
    pub communes: Vec<FigureBody>,
    pub notes: Vec<String>,
}

/// A line of the table.
struct Line<'a> {
    label: String,
    now: &'a Counted,
    before: Option<&'a Counted>,
    part: bool,
}

const HEADS: [(&str, f64); 10] = [
    ("TT", 5.0),
    ("Danh hiệu", 40.0),
    ("Tổng số (tính trên)", 42.0),
    ("Tổng số", 12.0),
    ("Đăng ký", 12.0),
    ("Được công nhận", 12.0),
    ("Tỷ lệ trên đăng ký (%)", 13.0),
    ("Tỷ lệ trên tổng số (%)", 13.0),
    ("Công nhận năm trước", 13.0),
    ("Tăng, giảm (-) so với năm trước", 15.0),
];

impl Report {
    pub fn write(&self) -> Result<Vec<u8>> {
        self.workbook().and_then(|mut book| book.save_to_buffer()).map_err(Error::internal)
    }

    fn workbook(&self) -> std::result::Result<Workbook, XlsxError> {
        let mut book = Workbook::new();
        self.summary(&mut book)?;
        if !self.communes.is_empty() {
            self.by_commune(&mut book)?;
        }
        Ok(book)
    }

    fn summary(&self, book: &mut Workbook) -> std::result::Result<(), XlsxError> {
        let sheet = book.add_worksheet();
        sheet.set_name("Báo cáo")?.set_paper_size(9).set_landscape().set_print_fit_to_pages(1, 0);
        sheet.set_margins(0.79, 0.59, 0.79, 0.79, 0.3, 0.3);
        for (n, (_, width)) in (0..).zip(HEADS) {
            sheet.set_column_width(n, width)?;
        }
        let centre = font(13.0).set_align(FormatAlign::Center);
        let bold = centre.clone().set_bold();
        let motto = bold.clone().set_underline(FormatUnderline::Single);
        let italic = centre.clone().set_italic();
        let place = self.area_name.split(',').next().unwrap_or_default();
        sheet.merge_range(0, 0, 0, 2, self.body, &bold)?;
        sheet.merge_range(0, 4, 0, 9, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", &bold)?;
        sheet.merge_range(1, 0, 1, 2, &place.to_uppercase(), &bold)?;
        sheet.merge_range(1, 4, 1, 9, "Độc lập - Tự do - Hạnh phúc", &motto)?;
        sheet.merge_range(2, 0, 2, 2, "Số:        /BC-…", &centre)?;
        sheet.merge_range(2, 4, 2, 9, "…………, ngày …… tháng …… năm ……", &italic)?;
        let title = bold.clone().set_font_size(14);
        sheet.merge_range(4, 0, 4, 9, "BÁO CÁO", &title)?;
        let about = format!("Kết quả đăng ký và công nhận các danh hiệu học tập năm {}", self.year);
        sheet.merge_range(5, 0, 5, 9, &about, &title)?;
        sheet.merge_range(6, 0, 6, 9, &self.area_name, &centre)?;
        let head = cell().set_bold().set_align(FormatAlign::Center).set_text_wrap();
        let head =
            head.set_align(FormatAlign::VerticalCenter).set_background_color(Color::RGB(0xEDEDED));
        sheet.set_row_height(8, 48)?;
        for (n, (text, _)) in (0..).zip(HEADS) {
            sheet.write_string_with_format(8, n, text, &head)?;
        }
        sheet.set_repeat_rows(8, 8)?;
        let mut row = 9;
        let mut count = 0;
        for line in self.lines() {
            let style = if line.part { cell() } else { cell().set_bold() };
            let (number, percent) = (style.clone().set_num_format("#,##0"), percent(&style));
            if line.part {
                sheet.write_blank(row, 0, &style)?;
            } else {
                count += 1;
                sheet.write_number_with_format(row, 0, f64::from(count), &style)?;
            }
            let label = if line.part { style.clone().set_indent(1) } else { style.clone() };
            sheet.write_string_with_format(row, 1, &line.label, &label.set_text_wrap())?;
            let base = line.now.base.map_or("", |base| base.vi());
            sheet.write_string_with_format(row, 2, base, &style.clone().set_text_wrap())?;
            let before = line.before.map(|before| before.recognised as f64);
            let values = [
                (3, line.now.total.map(|total| total as f64), &number),
                (4, Some(line.now.registered as f64), &number),
                (5, Some(line.now.recognised as f64), &number),
                (6, line.now.rate_of_registered, &percent),
                (7, line.now.rate_of_total, &percent),
                (8, before, &number),
                (9, before.map(|before| line.now.recognised as f64 - before), &number),
            ];
            for (column, value, format) in values {
                match value {
                    Some(value) => sheet.write_number_with_format(row, column, value, format)?,
                    None => sheet.write_blank(row, column, format)?,
                };
            }
            row += 1;
        }
        row += 1;
        let small = font(11.0).set_italic().set_text_wrap();
        for note in &self.notes {
            sheet.merge_range(row, 0, row, 9, note, &small)?;
            row += 1;
        }
        row += 1;
        sheet.merge_range(row, 0, row, 2, "Nơi nhận:", &font(12.0).set_bold().set_italic())?;
        sheet.merge_range(row, 6, row, 9, &format!("TM. {}", self.body), &bold)?;
        sheet.merge_range(row + 1, 6, row + 1, 9, "(Ký, ghi rõ họ tên và đóng dấu)", &italic)?;
        Ok(())
    }

    /// Each kind and level as a whole, and below it its groups and grades.
    fn lines(&self) -> Vec<Line<'_>> {
        let figures = || self.figures.iter().map(|figure| &figure.counted);
        let of = |now: &Counted| {
            figures().find(|f| {
                (f.year, f.kind, f.level) == (self.year - 1, now.kind, now.level)
                    && (&f.group, &f.grade) == (&now.group, &now.grade)
            })
        };
        let this_year: Vec<_> = figures().filter(|f| f.year == self.year).collect();
        let mut lines = Vec::new();
        for now in this_year.iter().filter(|f| f.group.is_none() && f.grade.is_none()) {
            let label = format!("{} {}", now.kind.vi(), now.level.vi());
            lines.push(Line { label, now, before: of(now), part: false });
            for part in this_year.iter().filter(|f| (f.kind, f.level) == (now.kind, now.level)) {
                let name = match (part.group.as_deref(), part.grade.as_deref()) {
                    (Some(group), _) if !group.is_empty() => {
                        Group::parse(group).map_or_else(|| group.to_owned(), |g| g.vi().to_owned())
                    }
                    (_, Some(grade)) if !grade.is_empty() => format!("Mức: {grade}"),
                    _ => continue,
                };
                lines.push(Line { label: name, now: part, before: of(part), part: true });
            }
        }
        lines
    }

    fn by_commune(&self, book: &mut Workbook) -> std::result::Result<(), XlsxError> {
        let sheet = book.add_worksheet();
        sheet.set_name("Theo xã")?.set_paper_size(9).set_landscape().set_print_fit_to_pages(1, 0);
        let head = cell().set_bold().set_align(FormatAlign::Center).set_text_wrap();
        let head =
            head.set_align(FormatAlign::VerticalCenter).set_background_color(Color::RGB(0xEDEDED));
        sheet.set_column_width(0, 5)?.set_column_width(1, 9)?.set_column_width(2, 34)?;
        for (n, text) in (0..).zip(["TT", "Mã", "Xã, phường, đặc khu"]) {
            sheet.merge_range(0, n, 1, n, text, &head)?;
        }
        for (n, kind) in (0..).zip(Kind::ALL) {
            let first = 3 + 3 * n;
            sheet.merge_range(0, first, 0, first + 2, kind.vi(), &head)?;
            for (column, text) in (first..).zip(["Đăng ký", "Công nhận", "Trên tổng số (%)"])
            {
                sheet.set_column_width(column, 10)?;
                sheet.write_string_with_format(1, column, text, &head)?;
            }
        }
        sheet.set_freeze_panes(2, 3)?.set_repeat_rows(0, 1)?;
        let (style, number) = (cell(), cell().set_num_format("#,##0"));
        let percent = percent(&style);
        let mut codes: Vec<(&str, &str)> = Vec::new();
        for figure in &self.communes {
            if codes.last().is_none_or(|(code, _)| *code != figure.area) {
                codes.push((&figure.area, &figure.area_name));
            }
        }
        for (row, (code, name)) in (2..).zip(codes) {
            sheet.write_number_with_format(row, 0, f64::from(row - 1), &style)?;
            sheet.write_string_with_format(row, 1, code, &style)?;
            let name = name.split(',').next().unwrap_or_default();
            sheet.write_string_with_format(row, 2, name, &style)?;
            for (n, kind) in (0..).zip(Kind::ALL) {
                let level: Level = kind.default_level();
                let here = self.communes.iter().filter(|figure| figure.area == code);
                let found = here
                    .map(|figure| &figure.counted)
                    .find(|f| (f.kind, f.level) == (*kind, level));
                let first = 3 + 3 * n;
                let values = [
                    (first, found.map(|f| f.registered as f64), &number),
                    (first + 1, found.map(|f| f.recognised as f64), &number),
                    (first + 2, found.and_then(|f| f.rate_of_total), &percent),
                ];
                for (column, value, format) in values {
                    match value {
                        Some(value) => {
                            sheet.write_number_with_format(row, column, value, format)?
                        }
                        None => sheet.write_blank(row, column, format)?,
                    };
                }
            }
        }
        Ok(())
    }
}

fn font(size: f64) -> Format {
    Format::new().set_font_name("Times New Roman").set_font_size(size)
}

fn cell() -> Format {
    font(12.0).set_border(FormatBorder::Thin).set_align(FormatAlign::VerticalCenter)
}

fn percent(style: &Format) -> Format {
    style.clone().set_num_format("0.00")
}
