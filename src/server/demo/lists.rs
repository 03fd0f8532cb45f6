//! The demo lists of one commune as an office writes them: with the mistakes that people make, and
//! corrected.

use std::path::Path;

use rand::RngExt;
use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Formula, Workbook, Worksheet, XlsxError};
use uuid::Uuid;

use super::commune;
use super::people::{People, Person};
use crate::base::error::{Error, Result};
use crate::base::kind::Kind;
use crate::base::version::Version;
use crate::register::hamlets::rows::Hamlet;
use crate::register::holders::rows::Holder;

/// The hamlets whose families and citizens are left for the lists, and the year of the lists.
const YEAR: i16 = super::YEARS[1];

struct Line {
    name: String,
    birth: String,
    number: String,
    hamlet: String,
    sex: &'static str,
    own: String,
}

/// Writes both lists of Phường Nam Định, each with mistakes and corrected, into a folder.
pub fn write(dir: &Path) -> Result<()> {
    std::fs::create_dir_all(dir).map_err(Error::internal)?;
    for kind in [Kind::Family, Kind::Citizen] {
        let good = lines(kind);
        let name = if kind == Kind::Family { "gia-dinh" } else { "cong-dan" };
        for (lines, ending) in [(with_mistakes(&good), "co-loi"), (good, "da-sua")] {
            let path = dir.join(format!("{name}-13669-{YEAR}-{ending}.xlsx"));
            book(kind, &lines).and_then(|mut book| book.save(&path)).map_err(Error::internal)?;
        }
    }
    Ok(())
}

/// Families or citizens whom the demo register knows from last year, and some that are new.
fn lines(kind: Kind) -> Vec<Line> {
    let mut people = People::seeded(13_669);
    let hamlets: Vec<Hamlet> = (1..=commune::HAMLETS).map(hamlet).collect();
    let known = commune::holders(&mut people, 0, &hamlets);
    let left = &hamlets[commune::HAMLETS - commune::LEFT_FOR_LISTS..];
    let mut newcomers = People::seeded(13_670);
    let mut lines = Vec::new();
    for hamlet in left {
        let here =
            |holder: &&(Holder, _)| holder.0.kind == kind && holder.0.hamlet_id == Some(hamlet.id);
        for (holder, number) in known.iter().filter(here).take(18) {
            let number = number.as_ref().map(|(_, text): &(_, String)| text.clone());
            let born = holder.birth_year.unwrap_or(1970);
            let sex = holder.details["sex"].as_str().unwrap_or("");
            lines.push(Line {
                name: holder.name.clone(),
                birth: born.to_string(),
                number: number.unwrap_or_default(),
                hamlet: hamlet.full_name(),
                sex: if sex == "female" { "Nữ" } else { "Nam" },
                own: newcomers.rng.random_range(76..97).to_string(),
            });
        }
        for _ in 0..2 {
            let Person { name, sex, birth_year, number } = newcomers.person(1950..2000);
            lines.push(Line {
                name: format!("{name} An"),
                birth: birth_year.to_string(),
                number,
                hamlet: hamlet.full_name(),
                sex: if sex == crate::base::number::Sex::Female { "Nữ" } else { "Nam" },
                own: newcomers.rng.random_range(76..97).to_string(),
            });
        }
    }
    lines
}

fn hamlet(n: usize) -> Hamlet {
    Hamlet {
        id: Uuid::from_u128(n as u128),
        area_id: 0,
        placed_id: None,
        hamlet_type: "tổ dân phố".to_owned(),
        name: n.to_string(),
        search_key: String::new(),
        valid_from: chrono::NaiveDate::default(),
        valid_to: None,
        version: Version::NEVER,
    }
}

/// What goes wrong in an office.
fn with_mistakes(good: &[Line]) -> Vec<Line> {
    let mut lines: Vec<Line> = good.iter().map(copy).collect();
    // Excel took the zero of a number, and somebody typed a short year: both are mended.
    lines[0].number = lines[0].number.trim_start_matches('0').to_owned();
    lines[1].hamlet = lines[1].hamlet.replace("Tổ dân phố ", "TDP số ");
    lines[2].own = "105".to_owned();
    lines[3].own = "tám mươi".to_owned();
    lines[4].birth = "19755".to_owned();
    lines[5].number = "162345678".to_owned();
    lines[6].hamlet = "Tổ dân phố 99".to_owned();
    lines[7].name.clear();
    lines[8].name = misspelt(&lines[8].name);
    lines[9].number = lines[10].number.clone().replace("036", "03A");
    lines[11].name = lines[11].name.to_uppercase();
    let again = copy(&lines[12]);
    lines.push(again);
    lines
}

fn copy(line: &Line) -> Line {
    Line {
        name: line.name.clone(),
        birth: line.birth.clone(),
        number: line.number.clone(),
        hamlet: line.hamlet.clone(),
        sex: line.sex,
        own: line.own.clone(),
    }
}

/// The name without the diacritics of its last syllable's end: nearly the same, not the same.
fn misspelt(name: &str) -> String {
    crate::base::text::search_key(name)
        .split(' ')
        .map(|word| {
            let mut chars = word.chars();
            chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
        })
        .collect::<Vec<String>>()
        .join(" ")
}

fn book(kind: Kind, lines: &[Line]) -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    // A fixed day: the same list has the same bytes.
    let made = rust_xlsxwriter::ExcelDateTime::from_ymd(2026, 11, 20)?;
    book.set_properties(
        &rust_xlsxwriter::DocProperties::new()
            .set_author("Hội Khuyến học phường Nam Định")
            .set_creation_datetime(&made),
    );
    let sheet = book.add_worksheet();
    sheet.set_name(format!("DS {YEAR}"))?;
    write_head(sheet, kind)?;
    let cell = font().set_border(FormatBorder::Thin);
    for (n, line) in (0_u32..).zip(lines) {
        let row = 7 + n;
        let count = Formula::new(if n == 0 { "=1".to_owned() } else { format!("=A{row}+1") });
        sheet.write_formula_with_format(row, 0, count.set_result((n + 1).to_string()), &cell)?;
        sheet.write_with_format(row, 1, &line.name, &cell)?;
        number_or_text(sheet, row, 2, &line.birth, &cell)?;
        // A number that begins with its zero is text; one that lost it is a number.
        number_or_text(sheet, row, 3, &line.number, &cell)?;
        sheet.write_with_format(row, 4, &line.hamlet, &cell)?;
        let fifth = if kind == Kind::Family { "" } else { line.sex };
        sheet.write_with_format(row, 5, fifth, &cell)?;
        number_or_text(sheet, row, 6, &line.own, &cell)?;
        sheet.write_with_format(row, 7, "", &cell)?;
        sheet.write_with_format(row, 8, "", &cell)?;
    }
    let end = 7 + lines.len() as u32;
    sheet.merge_range(end, 0, end, 5, "Tổng cộng", &font().set_bold())?;
    sheet.write_with_format(end, 6, lines.len() as f64, &font().set_bold())?;
    sheet.merge_range(end + 2, 5, end + 2, 8, "CHỦ TỊCH HỘI KHUYẾN HỌC", &centred())?;
    sheet.merge_range(end + 6, 5, end + 6, 8, "Đoàn Minh Khôi", &centred())?;
    Ok(book)
}

fn write_head(sheet: &mut Worksheet, kind: Kind) -> Result<(), XlsxError> {
    sheet.merge_range(0, 0, 0, 3, "HỘI KHUYẾN HỌC PHƯỜNG NAM ĐỊNH", &centred())?;
    sheet.merge_range(0, 4, 0, 8, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", &centred())?;
    sheet.merge_range(1, 4, 1, 8, "Độc lập - Tự do - Hạnh phúc", &centred())?;
    let title = format!("DANH SÁCH ĐĂNG KÝ VÀ TỰ CHẤM {} NĂM {YEAR}", kind.vi().to_uppercase());
    sheet.merge_range(3, 0, 3, 8, &title, &centred())?;
    let head = centred().set_border(FormatBorder::Thin).set_text_wrap();
    let (name, sixth) = match kind {
        Kind::Family => ("Họ và tên chủ hộ", "Số nhân khẩu"),
        _ => ("Họ và tên", "Giới tính"),
    };
    let heads = ["TT", name, "Năm sinh", "Số CCCD", "Tổ dân phố", sixth];
    for (column, text) in (0_u16..).zip(heads) {
        sheet.merge_range(5, column, 6, column, text, &head)?;
    }
    sheet.merge_range(5, 6, 5, 7, "Điểm", &head)?;
    sheet.write_with_format(6, 6, "Tự chấm", &head)?;
    sheet.write_with_format(6, 7, "Thẩm định", &head)?;
    sheet.merge_range(5, 8, 6, 8, "Ghi chú", &head)?;
    for (column, width) in [(0, 5.0), (1, 26.0), (3, 16.0), (4, 18.0), (8, 16.0)] {
        sheet.set_column_width(column, width)?;
    }
    Ok(())
}

fn number_or_text(
    sheet: &mut Worksheet,
    row: u32,
    column: u16,
    text: &str,
    format: &Format,
) -> Result<(), XlsxError> {
    match text.parse::<f64>() {
        Ok(number) if !text.starts_with('0') => {
            sheet.write_with_format(row, column, number, format)?
        }
        _ => sheet.write_with_format(row, column, text, format)?,
    };
    Ok(())
}

fn font() -> Format {
    Format::new().set_font_name("Times New Roman").set_font_size(12)
}

fn centred() -> Format {
    font().set_bold().set_align(FormatAlign::Center).set_align(FormatAlign::VerticalCenter)
}
