//! From the sheets of a list to its rows: pure, without the register.

use chrono::NaiveDate;

use super::hamlets::heading;
use super::line::Line;
use super::{LeftOut, Row};
use crate::base::error::{Error, Result, say};
use crate::base::kind::Kind;
use crate::base::text::search_key;
use crate::wire::sheets::header::{self, Field, Header};
use crate::wire::sheets::{Sheet, SheetRow};

/// What a file holds: its rows, and what was taken for none.
#[derive(Debug, Default)]
pub struct List {
    pub rows: Vec<Row>,
    pub left_out: Vec<LeftOut>,
}

/// The rows of every sheet that has a header of this kind; an error if none has.
pub fn read(sheets: &[Sheet], kind: Kind, today: NaiveDate) -> Result<List> {
    let mut list = List::default();
    let mut found = false;
    let mut others = Vec::new();
    for sheet in sheets.iter().filter(|sheet| !sheet.rows.is_empty()) {
        if let Some(other) = header::other_kind(sheet, kind) {
            others.push(other);
            list.leave_out(sheet, None, format!("Trang này là danh sách {}.", other.vi()));
        } else if let Some(header) = header::find(sheet, kind) {
            found = true;
            list.read_sheet(sheet, &header, kind, today);
        } else {
            list.leave_out(sheet, None, "Trang này không có dòng tiêu đề cột.".to_owned());
        }
    }
    match others[..] {
        _ if found && !list.rows.is_empty() => Ok(list),
        _ if found => Err(Error::unprocessable(
            "no_rows",
            say(
                "Dưới dòng tiêu đề cột không có dòng nào để nhập.",
                "There is no row below the heads of the columns.",
            ),
        )),
        [other, ..] => Err(Error::unprocessable(
            "list_of_other_kind",
            say(
                format!(
                    "Tệp này là danh sách {}, không phải danh sách {}; hãy chọn đúng loại danh sách \
                     rồi gửi lại.",
                    other.vi(),
                    kind.vi()
                ),
                format!("This is a list of the kind {other}, not {kind}."),
            ),
        )),
        [] => Err(Error::unprocessable(
            "header_missing",
            say(
                "Không tìm thấy dòng tiêu đề cột (ví dụ: STT, Họ và tên chủ hộ, Năm sinh, Thôn/Tổ, \
                 Điểm). Hãy dùng mẫu danh sách tải từ hệ thống.",
                "No row names the columns; use the template.",
            ),
        )),
    }
}

impl List {
    fn leave_out(&mut self, sheet: &Sheet, row: Option<u32>, reason: String) {
        self.left_out.push(LeftOut { sheet: sheet.name.clone(), row, reason });
    }

    fn read_sheet(&mut self, sheet: &Sheet, header: &Header, kind: Kind, today: NaiveDate) {
        let rows = &sheet.rows[header.first..];
        let last = rows.iter().rposition(|row| is_numbered(row, header));
        let (mut section, mut closed) = (None, false);
        let mut previous = header.row;
        for (at, row) in rows.iter().enumerate() {
            let gap = row.number > previous + 1;
            previous = row.number;
            // Where rows are numbered, what follows the last number may be a signature.
            let beyond = last.map_or(closed, |last| at > last);
            let reason = match meaning(row, header, kind) {
                Meaning::Nothing => continue,
                Meaning::Total => {
                    closed = true;
                    "Dòng cộng."
                }
                Meaning::Example => "Dòng ví dụ của mẫu.",
                Meaning::Heading(_) | Meaning::Remark | Meaning::Record
                    if beyond && (closed || gap || signs(row)) =>
                {
                    "Phần ký tên dưới danh sách."
                }
                Meaning::Heading(hamlet) => {
                    section = Some(hamlet);
                    "Dòng tên thôn, tổ dân phố; các dòng dưới thuộc thôn, tổ này."
                }
                Meaning::Remark => "Dòng này không phải một dòng của danh sách.",
                Meaning::Record => {
                    let section = section.as_deref();
                    self.rows.push(Line { sheet, header, kind, today, row, section }.read());
                    continue;
                }
            };
            self.leave_out(sheet, Some(row.number), reason.to_owned());
        }
    }
}

/// What a line below the header is.
enum Meaning {
    Record,
    /// It names the hamlet of the lines below.
    Heading(String),
    Total,
    Example,
    /// The header once more, or the numbers of its columns.
    Nothing,
    /// A text across the list.
    Remark,
}

fn meaning(row: &SheetRow, header: &Header, kind: Kind) -> Meaning {
    let index = header.columns.get(&Field::Index).map(|column| search_key(&row.cell(*column)));
    if header::numbers_columns(row) || header::repeats(row, header) {
        return Meaning::Nothing;
    }
    if header::is_total(row) {
        return Meaning::Total;
    }
    if index.as_deref() == Some("vi du") {
        return Meaning::Example;
    }
    let mut texts: Vec<String> = row.cells.iter().map(|cell| search_key(cell)).collect();
    texts.retain(|text| !text.is_empty());
    texts.sort_unstable();
    texts.dedup();
    let numbered = is_numbered(row, header);
    if let ([_], false) = (&texts[..], numbered) {
        let text = row.cells.iter().find(|cell| !cell.trim().is_empty());
        if let Some(hamlet) =
            text.and_then(|text| heading(text)).filter(|_| kind != Kind::Community)
        {
            return Meaning::Heading(hamlet);
        }
        let cells = row.cells.iter().filter(|cell| !cell.trim().is_empty()).count();
        if cells > 1 {
            return Meaning::Remark;
        }
    }
    let is_key = |field: &Field| {
        matches!(field, Field::Name | Field::Code)
            || *field == Field::Hamlet && kind == Kind::Community
    };
    let says = |field: &Field| !matches!(field, Field::Index | Field::Note | Field::Reasons);
    let filled = |test: &dyn Fn(&Field) -> bool| {
        let columns = header.columns.iter().filter(|(field, _)| test(field));
        columns.filter(|(_, column)| !row.cell(**column).is_empty()).count()
    };
    let known = filled(&says);
    if filled(&is_key) > 0 || known >= 2 || numbered && known >= 1 {
        Meaning::Record
    } else {
        Meaning::Remark
    }
}

fn is_numbered(row: &SheetRow, header: &Header) -> bool {
    !header::numbers_columns(row)
        && header.columns.get(&Field::Index).is_some_and(|column| {
            let text = row.cell(*column);
            !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.')
        })
}

/// Whether a line belongs to the place, day and signatures below a list.
fn signs(row: &SheetRow) -> bool {
    const WORDS: &[&str] = &[
        "chu tich",
        "nguoi lap",
        "lap bieu",
        "ke toan",
        "thu ky",
        "xac nhan",
        "ky ten",
        "ghi ro",
        "dong dau",
        "noi nhan",
        "truong ban",
        "to truong",
        "truong thon",
        "bi thu",
    ];
    let text = row.cells.iter().map(|cell| search_key(cell)).collect::<Vec<_>>().join(" | ");
    let dated = text.contains("ngay ") && text.contains(" thang ") && text.contains(" nam ");
    dated || WORDS.iter().any(|word| text.contains(word))
}
