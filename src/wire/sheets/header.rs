//! Finding the header of a list below its title block, and what its columns mean.

use std::collections::BTreeMap;

use super::{Sheet, SheetRow};
use crate::base::kind::Kind;
use crate::base::text::search_key;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Index,
    Code,
    Name,
    Hamlet,
    Birth,
    Sex,
    Number,
    Group,
    Members,
    Adults,
    Pupils,
    Head,
    Households,
    Population,
    UnitType,
    Staff,
    Educates,
    Own,
    Verified,
    Result,
    /// A column of its own for those who did not pass.
    Failed,
    Note,
    /// What a workbook of errors says; not read.
    Reasons,
}

/// Where the rows of a sheet begin, and the column of each field.
#[derive(Debug, Clone, PartialEq)]
pub struct Header<F: Ord = Field> {
    /// The position in `sheet.rows` of the first row below.
    pub first: usize,
    /// The numbers of the header's first and last row, as Excel counts.
    pub first_row: u32,
    pub row: u32,
    pub columns: BTreeMap<F, usize>,
    /// The column that names the records, and the search keys of its heads.
    pub key: (usize, Vec<String>),
}

/// How deep a title block may be.
const SEARCHED: usize = 40;

/// The header of a list of this kind; none if the sheet has none.
pub fn find(sheet: &Sheet, kind: Kind) -> Option<Header> {
    let key = if kind == Kind::Community { Field::Hamlet } else { Field::Name };
    find_heads(sheet, &|head| field(kind, head), key, |columns| {
        let known = columns.keys().filter(|field| **field != Field::Index).count();
        let named = columns.contains_key(&key) || columns.contains_key(&Field::Code);
        // The annex of a decision may name its holders and nothing else.
        let alone = columns.contains_key(&Field::Index);
        let named_by = [key, Field::Code].into_iter().find(|field| columns.contains_key(field));
        named_by.filter(|_| named && (known >= 2 || alone))
    })
}

/// The header of a form: `field` knows its heads, and it has all that are `needed`.
pub fn find_form<F: Copy + Ord>(
    sheet: &Sheet,
    field: impl Fn(&str) -> Option<F>,
    needed: &[F],
) -> Option<Header<F>> {
    let key = *needed.first()?;
    let whole = |columns: &BTreeMap<F, usize>| needed.iter().all(|f| columns.contains_key(f));
    find_heads(sheet, &field, key, |columns| whole(columns).then_some(key))
}

/// The first line, or two, whose heads make a header: `named_by` tells which column names the records.
fn find_heads<F: Copy + Ord>(
    sheet: &Sheet,
    field: &dyn Fn(&str) -> Option<F>,
    key: F,
    named_by: impl Fn(&BTreeMap<F, usize>) -> Option<F>,
) -> Option<Header<F>> {
    // A sheet that explains the columns names them too.
    if search_key(&sheet.name).starts_with("huong dan") {
        return None;
    }
    let rows = &sheet.rows[..sheet.rows.len().min(SEARCHED)];
    rows.iter().enumerate().find_map(|(at, row)| {
        let one = columns(field, row, None);
        let two = rows.get(at + 1).map(|below| columns(field, row, Some(below)));
        // A second line of the header tells more than the first alone.
        let (columns, height) = match two {
            Some(two) if one.len() > 1 && two.len() > one.len() && two.contains_key(&key) => {
                (two, 2)
            }
            _ => (one, 1),
        };
        let column = columns[&named_by(&columns)?];
        let heads = rows[at..at + height].iter().map(|row| search_key(&row.cell(column)));
        Some(Header {
            first: at + height,
            first_row: row.number,
            row: rows[at + height - 1].number,
            key: (column, heads.filter(|head| !head.is_empty()).collect()),
            columns,
        })
    })
}

fn columns<F: Ord>(
    field: &dyn Fn(&str) -> Option<F>,
    row: &SheetRow,
    below: Option<&SheetRow>,
) -> BTreeMap<F, usize> {
    let mut columns = BTreeMap::new();
    let width = row.cells.len().max(below.map_or(0, |row| row.cells.len()));
    for column in 0..width {
        let upper = search_key(&row.cell(column));
        let lower = below.map(|row| search_key(&row.cell(column))).unwrap_or_default();
        // A long text is a title, not the head of a column.
        if upper.len() + lower.len() > 80 {
            continue;
        }
        let both = if upper == lower { upper.clone() } else { format!("{upper} {lower}") };
        if let Some(field) = field(both.trim()) {
            columns.entry(field).or_insert(column);
        }
    }
    columns
}

fn field(kind: Kind, key: &str) -> Option<Field> {
    let padded = format!(" {key} ");
    let has = |words: &[&str]| words.iter().any(|word| padded.contains(&format!(" {word} ")));
    let person = matches!(kind, Kind::Family | Kind::Citizen);
    Some(match key {
        "" => return None,
        "tt" | "stt" | "so tt" | "so thu tu" => Field::Index,
        _ if has(&["loi can sua"]) => Field::Reasons,
        _ if has(&["ghi chu"]) => Field::Note,
        _ if has(&["khong dat", "chua dat"]) && !passes(&padded) => Field::Failed,
        _ if has(&["tham dinh"]) => Field::Verified,
        _ if has(&["tu cham", "tu danh gia"]) => Field::Own,
        _ if has(&["ket qua", "xep loai", "dat", "danh gia"]) => Field::Result,
        _ if has(&["diem", "tong diem", "so diem"]) => Field::Own,
        "ma" => Field::Code,
        _ if has(&["ma so bo", "ma hoc tap", "ma ho so"]) => Field::Code,
        _ if person && has(&["cccd", "dinh danh", "ddcn", "cmnd", "can cuoc"]) => Field::Number,
        _ if kind == Kind::Unit && has(&["ma so", "ma don vi", "ma so thue", "mst"]) => {
            Field::Number
        }
        _ if has(&["di hoc", "hoc sinh"]) && kind == Kind::Family => Field::Pupils,
        _ if has(&["nam sinh", "ngay sinh", "ngay thang nam sinh"]) && person => Field::Birth,
        _ if has(&["gioi tinh", "nam nu"]) && kind == Kind::Citizen => Field::Sex,
        _ if has(&["nguoi lon"]) && kind == Kind::Family => Field::Adults,
        _ if has(&["nhan khau", "so khau", "dan so"]) && kind == Kind::Community => {
            Field::Population
        }
        _ if has(&["nhan khau", "so khau", "thanh vien", "so nguoi"]) && kind == Kind::Family => {
            Field::Members
        }
        _ if has(&["so ho"]) && matches!(kind, Kind::Clan | Kind::Community) => Field::Households,
        _ if has(&["truong ho", "truong toc", "truong dong ho"]) && kind == Kind::Clan => {
            Field::Head
        }
        _ if has(&["co so giao duc", "giao duc"]) && kind == Kind::Unit => Field::Educates,
        _ if has(&["loai", "loai hinh", "loai don vi"]) && kind == Kind::Unit => Field::UnitType,
        _ if kind == Kind::Unit
            && has(&["so nguoi", "so can bo", "bien che", "nhan vien", "cbcnv", "cbccvc"]) =>
        {
            Field::Staff
        }
        _ if has(&["nhom", "doi tuong"]) && kind == Kind::Citizen => Field::Group,
        _ if has(&["ho va ten", "ho ten", "chu ho", "ten gia dinh"]) && person => Field::Name,
        _ if has(&["dong ho", "ten dong ho"]) && kind == Kind::Clan => Field::Name,
        _ if has(&["don vi", "co quan", "ten don vi", "to chuc"]) && kind == Kind::Unit => {
            Field::Name
        }
        _ if has(&["thon", "xom", "to dan pho", "tdp", "khu pho", "ban", "khu dan cu", "ap"]) => {
            Field::Hamlet
        }
        _ if has(&["cong dong", "ten cong dong"]) && kind == Kind::Community => Field::Hamlet,
        _ => return None,
    })
}

/// Whether a head speaks of passing too: `Đạt / Không đạt` is one column for both.
fn passes(padded: &str) -> bool {
    padded.replace(" khong dat ", "  ").replace(" chua dat ", "  ").contains(" dat ")
}

/// The kind of which a list plainly is, if that is another than the one it was sent as: by its title,
/// or by columns that only lists of that kind have.
pub fn other_kind(sheet: &Sheet, kind: Kind) -> Option<Kind> {
    let header = find(sheet, kind);
    let titled = titled(sheet, header.as_ref().map_or(0, |header| header.first));
    if !titled.is_empty() {
        return (!titled.contains(&kind)).then(|| titled[0]);
    }
    let Some(header) = header else {
        return Kind::ALL.iter().copied().find(|other| find(sheet, *other).is_some());
    };
    let head = head_text(sheet, &header);
    let speaks = |words: &[&str]| words.iter().any(|word| head.contains(&format!(" {word} ")));
    match kind {
        Kind::Family if speaks(&["chu ho", "gia dinh", "nhan khau", "so khau"]) => None,
        Kind::Family if speaks(&["gioi tinh", "nam nu", "doi tuong", "nghe nghiep"]) => {
            Some(Kind::Citizen)
        }
        Kind::Citizen if speaks(&["gioi tinh", "nam nu", "doi tuong", "cong dan"]) => None,
        Kind::Citizen if speaks(&["chu ho", "nhan khau", "so khau"]) => Some(Kind::Family),
        _ => None,
    }
}

/// The kinds that the name of the sheet and the lines above its header speak of.
fn titled(sheet: &Sheet, first: usize) -> Vec<Kind> {
    let mut text = search_key(&sheet.name);
    for row in &sheet.rows[..first.saturating_sub(1).min(sheet.rows.len())] {
        for cell in &row.cells {
            text.push('|');
            text.push_str(&search_key(cell));
        }
    }
    let speaks = |kind: &&Kind| text.contains(&search_key(kind.vi()));
    Kind::ALL.iter().filter(speaks).copied().collect()
}

fn head_text(sheet: &Sheet, header: &Header) -> String {
    let rows = &sheet.rows[header.first.saturating_sub(2)..header.first];
    let cells = rows.iter().flat_map(|row| &row.cells).map(|cell| search_key(cell));
    format!(" {} ", cells.collect::<Vec<_>>().join(" | "))
}

/// Whether a row closes the list: its total.
pub fn is_total(row: &SheetRow) -> bool {
    let first = row.cells.iter().map(|cell| search_key(cell)).find(|key| !key.is_empty());
    first.is_some_and(|key| {
        ["tong cong", "tong so", "tong", "cong"].contains(&&*key)
            || key.starts_with("tong cong ")
            || key.starts_with("tong so ")
    })
}

/// Whether a row is the header once more, as on each printed page.
pub fn repeats<F: Ord>(row: &SheetRow, header: &Header<F>) -> bool {
    let (column, heads) = &header.key;
    heads.contains(&search_key(&row.cell(*column)))
}

/// Whether a row only numbers the columns, as printed forms do: `1 2 3 …` or `(1) (2) (3) …`.
pub fn numbers_columns(row: &SheetRow) -> bool {
    let keys = row.cells.iter().map(|cell| search_key(cell)).filter(|key| !key.is_empty());
    let (mut last, mut found) = (None, 0);
    for key in keys {
        let Ok(number) = key.parse::<u32>() else { return false };
        if last.is_some_and(|last| number != last + 1) {
            return false;
        }
        last = Some(number);
        found += 1;
    }
    found >= 3
}
