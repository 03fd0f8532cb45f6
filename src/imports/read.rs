//! From the sheets of a list to rows: pure, without the register.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::{Code, Fault, Row};
use crate::criteria::Score;
use crate::error::{Error, Result, say};
use crate::holders::code;
use crate::kind::Kind;
use crate::number::{PersonalNumber, masked};
use crate::sheets::header::{self, Field, Header};
use crate::sheets::{Sheet, SheetRow, cells, column_name};
use crate::text::{has_control, search_key};

/// The rows of every sheet that has a header; an error if none has.
pub fn read(sheets: &[Sheet], kind: Kind, today: NaiveDate) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    let mut found = false;
    for sheet in sheets {
        let Some(header) = header::find(sheet, kind) else { continue };
        found = true;
        for row in &sheet.rows[header.first.min(sheet.rows.len())..] {
            if header::is_total(row) {
                break;
            }
            if !header::numbers_columns(row) && has_content(row, &header) {
                rows.push(Reader { sheet, header: &header, kind, today, row }.read());
            }
        }
    }
    if found {
        return Ok(rows);
    }
    Err(Error::unprocessable(
        "header_missing",
        say(
            "Không tìm thấy dòng tiêu đề cột (ví dụ: STT, Họ và tên chủ hộ, Năm sinh, Thôn/Tổ, Điểm). \
             Hãy dùng mẫu danh sách tải từ hệ thống.",
            "No row names the columns; use the template.",
        ),
    ))
}

/// A record says more than its number: signatures below a list stand in other columns alone.
fn has_content(row: &SheetRow, header: &Header) -> bool {
    let filled = header
        .columns
        .iter()
        .filter(|(field, _)| !matches!(field, Field::Index | Field::Note | Field::Reasons))
        .filter(|(_, column)| !row.cell(**column).is_empty());
    let numbered = header.columns.get(&Field::Index).is_some_and(|column| {
        let text = row.cell(*column);
        !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.')
    });
    let count = filled.count();
    count >= 2 || numbered && count >= 1
}

struct Reader<'a> {
    sheet: &'a Sheet,
    header: &'a Header,
    kind: Kind,
    today: NaiveDate,
    row: &'a SheetRow,
}

impl Reader<'_> {
    fn text(&self, field: Field) -> String {
        self.header.columns.get(&field).map_or_else(String::new, |column| self.row.cell(*column))
    }

    fn read(&self) -> Row {
        let mut row = Row {
            sheet: self.sheet.name.clone(),
            number: self.row.number,
            places: self.places(),
            ..Row::default()
        };
        let mut details = Map::new();
        self.read_name(&mut row);
        self.read_code(&mut row);
        self.read_details(&mut row, &mut details);
        self.read_number(&mut row, &mut details);
        self.read_scores(&mut row);
        row.details = Value::Object(details);
        row
    }

    /// Where each field stands: its name, the column's letter, the last line of its head.
    fn places(&self) -> Vec<(String, String, String)> {
        let head = self.sheet.rows.iter().find(|row| row.number == self.header.row);
        self.header
            .columns
            .iter()
            .map(|(field, column)| {
                let head = head.map(|row| row.cell(*column)).unwrap_or_default();
                (name_of(*field).to_owned(), column_name(*column), head)
            })
            .collect()
    }

    fn wrong(&self, row: &mut Row, field: Field, code: &str, reason: impl Into<String>) {
        let text = self.text(field);
        let value = if field == Field::Number { masked(&text) } else { text };
        let fault = row.fault(name_of(field), &value, code, reason.into());
        row.faults.push(fault);
    }

    fn read_name(&self, row: &mut Row) {
        row.name = self.text(Field::Name);
        let hamlet = self.text(Field::Hamlet);
        row.hamlet_is_sheet = hamlet.is_empty();
        row.hamlet = if hamlet.is_empty() { Some(self.sheet.name.clone()) } else { Some(hamlet) };
        for field in [Field::Name, Field::Hamlet] {
            if has_control(&self.text(field)) {
                self.wrong(
                    row,
                    field,
                    "control_character",
                    "Ô có dấu tab hoặc xuống dòng; hãy gõ lại trên một dòng.",
                );
            }
        }
        if self.kind != Kind::Community && row.name.is_empty() {
            self.wrong(row, Field::Name, "name_missing", "Thiếu tên.");
        }
    }

    fn read_code(&self, row: &mut Row) {
        let text = self.text(Field::Code);
        row.code = match &*search_key(&text) {
            "" => None,
            "moi" => Some(Code::New),
            _ => match code::parse(&text) {
                Some(code) => Some(Code::Printed(code)),
                None => {
                    self.wrong(
                        row,
                        Field::Code,
                        "code_wrong",
                        "Mã này bị gõ sai; hãy chép lại từ danh sách đã in, hoặc ghi “mới”.",
                    );
                    None
                }
            },
        };
    }

    fn read_details(&self, row: &mut Row, details: &mut Map<String, Value>) {
        let birth = self.text(Field::Birth);
        if !birth.is_empty() {
            match cells::birth(&birth, self.today) {
                None => self.wrong(
                    row,
                    Field::Birth,
                    "birth_unreadable",
                    "Không đọc được ngày hoặc năm sinh; hãy ghi dạng 05/02/1985 hoặc 1985.",
                ),
                Some(read) => {
                    match (self.kind, read.date) {
                        (Kind::Citizen, Some(date)) => {
                            details.insert("birth_date".into(), json!(date));
                        }
                        (Kind::Citizen, None) => {
                            details.insert("birth_year".into(), json!(read.year));
                        }
                        _ => {
                            details.insert("head_birth_year".into(), json!(read.year));
                        }
                    }
                    if read.mended {
                        let meant = read
                            .date
                            .map_or(read.year.to_string(), |d| d.format("%d/%m/%Y").to_string());
                        self.mended(row, Field::Birth, &birth, meant);
                    }
                }
            }
        }
        let sex = self.text(Field::Sex);
        if !sex.is_empty() {
            match cells::sex(&sex) {
                Some(sex) => drop(details.insert("sex".into(), json!(sex))),
                None => self.wrong(row, Field::Sex, "sex_unreadable", "Hãy ghi Nam hoặc Nữ."),
            }
        }
        let group = self.text(Field::Group);
        if !group.is_empty() {
            row.group = cells::group(&group);
            if row.group.is_none() {
                self.wrong(
                    row,
                    Field::Group,
                    "group_unknown",
                    "Nhóm đối tượng phải là: nông dân; công nhân, thợ thủ công, lao động tự do; \
                     cán bộ, công chức, viên chức; người học.",
                );
            }
        }
        let numbers = [
            (Field::Members, "members"),
            (Field::Adults, "adults"),
            (Field::Pupils, "pupils"),
            (Field::Households, "households"),
            (Field::Population, "population"),
            (Field::Staff, "staff"),
        ];
        for (field, name) in numbers {
            let text = self.text(field);
            if text.is_empty() {
                continue;
            }
            match cells::count(&text) {
                Some(number) => drop(details.insert(name.into(), json!(number))),
                None => self.wrong(row, field, "count_unreadable", "Hãy ghi một số nguyên."),
            }
        }
        for (field, name) in [(Field::Head, "head"), (Field::UnitType, "unit_type")] {
            let text = self.text(field);
            if !text.is_empty() {
                details.insert(name.into(), json!(text));
            }
        }
        if let Some(educates) = cells::passed(&self.text(Field::Educates)) {
            details.insert("educates".into(), json!(educates));
        }
    }

    /// A number that lost its zeros gets them back if the result is a number of this person.
    fn read_number(&self, row: &mut Row, details: &mut Map<String, Value>) {
        let text = self.text(Field::Number);
        if text.is_empty() {
            return;
        }
        if self.kind == Kind::Unit {
            row.personal_number = Some(text);
            return;
        }
        let born = details.get("head_birth_year").or(details.get("birth_year"));
        let born = born.and_then(Value::as_i64).map(|year| year as i16);
        let mended = cells::mend_number(&text).filter(|mended| {
            PersonalNumber::parse(mended).is_ok_and(|number| number.fits(None, born).is_ok())
        });
        match (PersonalNumber::parse(&text), mended) {
            (Ok(number), _) => row.personal_number = Some(number.as_str().to_owned()),
            (Err(_), Some(mended)) => {
                self.mended(row, Field::Number, &masked(&text), masked(&mended));
                row.personal_number = Some(mended);
            }
            (Err(fault), None) => {
                self.wrong(row, Field::Number, fault.code(), fault.say().vi.into_owned());
            }
        }
    }

    fn read_scores(&self, row: &mut Row) {
        row.own = self.score(row, Field::Own);
        row.verified = self.score(row, Field::Verified);
        let text = self.text(Field::Result);
        if text.is_empty() {
            return;
        }
        let Some(passed) = cells::passed(&text) else {
            self.wrong(row, Field::Result, "result_unreadable", "Hãy ghi Đạt hoặc Không đạt.");
            return;
        };
        let base = row.verified.clone().or_else(|| row.own.clone()).unwrap_or_default();
        row.verified = Some(Score { passed: Some(passed), ..base });
    }

    fn score(&self, row: &mut Row, field: Field) -> Option<Score> {
        let text = self.text(field);
        if text.is_empty() {
            return None;
        }
        if let Some(points) = cells::points(&text) {
            return Some(Score { total: Some(points), ..Score::default() });
        }
        if let Some(passed) = cells::passed(&text) {
            return Some(Score { passed: Some(passed), ..Score::default() });
        }
        self.wrong(row, field, "points_unreadable", "Hãy ghi điểm bằng số, ví dụ 85 hoặc 85,5.");
        None
    }

    fn mended(&self, row: &mut Row, field: Field, value: &str, meant: String) {
        let reason = format!("Đã hiểu là {meant}.");
        let note = row.fault(name_of(field), value, "mended", reason);
        row.notes.push(Fault { suggestion: Some(meant), ..note });
    }
}

/// The name by which faults that are found later refer to a column.
fn name_of(field: Field) -> &'static str {
    match field {
        Field::Code => "code",
        Field::Name => "name",
        Field::Hamlet => "hamlet",
        Field::Birth => "birth",
        Field::Sex => "sex",
        Field::Number => "number",
        Field::Group => "group",
        Field::Members => "members",
        Field::Adults => "adults",
        Field::Pupils => "pupils",
        Field::Head => "head",
        Field::Households => "households",
        Field::Population => "population",
        Field::UnitType => "unit_type",
        Field::Staff => "staff",
        Field::Educates => "educates",
        Field::Own => "own",
        Field::Verified => "verified",
        Field::Result => "result",
        Field::Index => "index",
        Field::Note => "note",
        Field::Reasons => "reasons",
    }
}
