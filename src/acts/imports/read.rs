//! From the sheets of a list to its rows, one by one: pure, without the register.

use chrono::NaiveDate;

use super::hamlets::heading;
use super::line::{Line, Place, places};
use super::{LeftOut, Row};
use crate::base::error::{Error, Result, say};
use crate::base::kind::Kind;
use crate::base::text::search_key;
use crate::wire::sheets::header::{self, Field, Header};
use crate::wire::sheets::spool::{Leaf, Rows, Spool};
use crate::wire::sheets::{Sheet, SheetRow};

/// So many rows of a sheet tell where its header is, and of which kind it is.
const HEAD: usize = 64;

/// A file as a list of one kind.
pub struct List {
    spool: Spool,
    pages: Vec<Page>,
    kind: Kind,
    today: NaiveDate,
}

/// A sheet of it.
enum Page {
    List(Box<Listed>),
    Other(LeftOut),
}

/// A sheet with a header of this kind.
struct Listed {
    leaf: Leaf,
    /// Its first rows.
    head: Sheet,
    header: Header,
    places: Vec<Place>,
    /// The last line that is numbered, counted from the header; none if no line is.
    last: Option<usize>,
}

impl List {
    /// Finds the header of every sheet; an error if none has one of this kind.
    pub fn open(spool: Spool, kind: Kind, today: NaiveDate) -> Result<Self> {
        let mut pages = Vec::new();
        let mut others = Vec::new();
        for leaf in spool.leaves()? {
            let head = spool.head(&leaf, HEAD)?;
            if head.rows.is_empty() {
                continue;
            }
            if let Some(other) = header::other_kind(&head, kind) {
                others.push(other);
                let reason = format!("Trang này là danh sách {}.", other.vi());
                pages.push(Page::Other(LeftOut { sheet: leaf.name, row: None, reason }));
            } else if let Some(header) = header::find(&head, kind) {
                let last = last_numbered(spool.rows(&leaf), &header)?;
                let places = places(&head, &header);
                pages.push(Page::List(Box::new(Listed { leaf, head, header, places, last })));
            } else {
                let reason = "Trang này không có dòng tiêu đề cột.".to_owned();
                pages.push(Page::Other(LeftOut { sheet: leaf.name, row: None, reason }));
            }
        }
        match others[..] {
            _ if pages.iter().any(|page| matches!(page, Page::List(_))) => {
                Ok(Self { spool, pages, kind, today })
            }
            [other, ..] => Err(of_other_kind(other, kind)),
            [] => Err(header_missing()),
        }
    }

    /// The rows from the first on.
    pub fn rows(&self) -> Reader<'_> {
        Reader { list: self, pages: self.pages.iter(), page: None, left_out: Vec::new() }
    }
}

fn last_numbered(rows: Rows<'_>, header: &Header) -> Result<Option<usize>> {
    let mut last = None;
    if header.columns.contains_key(&Field::Index) {
        for (at, row) in rows.skip(header.first).enumerate() {
            if is_numbered(&row?, header) {
                last = Some(at);
            }
        }
    }
    Ok(last)
}

pub fn no_rows() -> Error {
    Error::unprocessable(
        "no_rows",
        say(
            "Dưới dòng tiêu đề cột không có dòng nào để nhập.",
            "There is no row below the heads of the columns.",
        ),
    )
}

fn of_other_kind(other: Kind, kind: Kind) -> Error {
    Error::unprocessable(
        "list_of_other_kind",
        say(
            format!(
                "Tệp này là danh sách {}, không phải danh sách {}; hãy chọn đúng loại danh sách rồi \
                 gửi lại.",
                other.vi(),
                kind.vi()
            ),
            format!("This is a list of the kind {other}, not {kind}."),
        ),
    )
}

fn header_missing() -> Error {
    Error::unprocessable(
        "header_missing",
        say(
            "Không tìm thấy dòng tiêu đề cột (ví dụ: STT, Họ và tên chủ hộ, Năm sinh, Thôn/Tổ, Điểm). \
             Hãy dùng mẫu danh sách tải từ hệ thống.",
            "No row names the columns; use the template.",
        ),
    )
}

/// Reads the rows of a list one by one.
pub struct Reader<'a> {
    list: &'a List,
    pages: std::slice::Iter<'a, Page>,
    page: Option<Open<'a>>,
    left_out: Vec<LeftOut>,
}

/// A sheet that is being read.
struct Open<'a> {
    listed: &'a Listed,
    rows: std::iter::Enumerate<std::iter::Skip<Rows<'a>>>,
    /// The hamlet that a line above names for those below it.
    section: Option<String>,
    /// Whether the list's total was met.
    closed: bool,
    /// The number of the line before.
    previous: u32,
}

/// What a line is to a list: one of its rows, or left out for a reason.
enum Said {
    Row(Box<Row>),
    LeftOut(&'static str),
    Nothing,
}

impl Reader<'_> {
    /// The next rows, `n` at most; none at the end.
    pub fn part(&mut self, n: usize) -> Result<Vec<Row>> {
        self.take(n).collect()
    }

    /// What was taken for no row so far, at most `n`.
    pub fn left_out(self, n: usize) -> Vec<LeftOut> {
        self.left_out.into_iter().take(n).collect()
    }

    fn leave_out(&mut self, left: LeftOut) {
        // More are never shown.
        if self.left_out.len() < 1_000 {
            self.left_out.push(left);
        }
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(page) = &mut self.page else {
                match self.pages.next()? {
                    Page::Other(left) => self.leave_out(left.clone()),
                    Page::List(listed) => {
                        self.page = Some(Open::new(&self.list.spool, listed));
                    }
                }
                continue;
            };
            let (at, row) = match page.rows.next() {
                Some((at, Ok(row))) => (at, row),
                Some((_, Err(error))) => return Some(Err(error)),
                None => {
                    self.page = None;
                    continue;
                }
            };
            match page.read(at, &row, self.list.kind, self.list.today) {
                Said::Row(row) => return Some(Ok(*row)),
                Said::LeftOut(reason) => {
                    let sheet = page.listed.leaf.name.clone();
                    let (row, reason) = (Some(row.number), reason.to_owned());
                    self.leave_out(LeftOut { sheet, row, reason });
                }
                Said::Nothing => {}
            }
        }
    }
}

impl<'a> Open<'a> {
    fn new(spool: &'a Spool, listed: &'a Listed) -> Self {
        let rows = spool.rows(&listed.leaf).skip(listed.header.first).enumerate();
        Self { listed, rows, section: None, closed: false, previous: listed.header.row }
    }

    fn read(&mut self, at: usize, row: &SheetRow, kind: Kind, today: NaiveDate) -> Said {
        let Listed { head, header, places, last, .. } = self.listed;
        let gap = row.number > self.previous + 1;
        self.previous = row.number;
        // Where rows are numbered, what follows the last number may be a signature.
        let beyond = last.map_or(self.closed, |last| at > last);
        match meaning(row, header, kind) {
            Meaning::Nothing => Said::Nothing,
            Meaning::Total => {
                self.closed = true;
                Said::LeftOut("Dòng cộng.")
            }
            Meaning::Example => Said::LeftOut("Dòng ví dụ của mẫu."),
            Meaning::Heading(_) | Meaning::Remark | Meaning::Record
                if beyond && (self.closed || gap || signs(row)) =>
            {
                Said::LeftOut("Phần ký tên dưới danh sách.")
            }
            Meaning::Heading(hamlet) => {
                self.section = Some(hamlet);
                Said::LeftOut("Dòng tên thôn, tổ dân phố; các dòng dưới thuộc thôn, tổ này.")
            }
            Meaning::Remark => Said::LeftOut("Dòng này không phải một dòng của danh sách."),
            Meaning::Record => {
                let section = self.section.as_deref();
                let line = Line { sheet: head, header, places, kind, today, row, section };
                Said::Row(Box::new(line.read()))
            }
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
    let numbered = is_numbered(row, header);
    if !numbered && let Some(text) = only_text(row) {
        if let Some(hamlet) = heading(text).filter(|_| kind != Kind::Community) {
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

/// What a row says in one cell, or again in each that it fills.
fn only_text(row: &SheetRow) -> Option<&str> {
    let mut filled =
        row.cells.iter().map(|cell| (cell, search_key(cell))).filter(|(_, key)| !key.is_empty());
    let (first, said) = filled.next()?;
    filled.all(|(_, key)| key == said).then_some(first)
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
