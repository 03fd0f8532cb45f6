//! From one line of a list to a row: what each cell says, what was mended, what is wrong.

use chrono::NaiveDate;
use serde_json::{Map, Value, json};

use super::Fault;
use super::{Code, Row};
use crate::base::kind::Kind;
use crate::base::number::{PersonalNumber, masked};
use crate::base::text::{has_control, search_key};
use crate::register::criteria::Score;
use crate::register::holders::code;
use crate::wire::sheets::header::{Field, Header};
use crate::wire::sheets::{Sheet, SheetRow, cells, column_name};

/// A line, and what is needed to understand it.
pub struct Line<'a> {
    pub sheet: &'a Sheet,
    pub header: &'a Header,
    pub places: &'a [Place],
    pub kind: Kind,
    pub today: NaiveDate,
    pub row: &'a SheetRow,
    /// The hamlet that a line above names for those below it.
    pub section: Option<&'a str>,
}

/// Where a field stands: its name, the column's letter, the last line of its head.
pub type Place = (String, String, String);

/// Where each field of a sheet stands.
pub fn places(sheet: &Sheet, header: &Header) -> Vec<Place> {
    let head = sheet.rows.iter().find(|row| row.number == header.row);
    let place = |(field, column): (&Field, &usize)| {
        let head = head.map(|row| row.cell(*column)).unwrap_or_default();
        (name_of(*field).to_owned(), column_name(*column), head)
    };
    header.columns.iter().map(place).collect()
}

impl Line<'_> {
    fn text(&self, field: Field) -> String {
        self.header.columns.get(&field).map_or_else(String::new, |column| self.row.cell(*column))
    }

    pub fn read(&self) -> Row {
        let mut row = Row {
            sheet: self.sheet.name.clone(),
            number: self.row.number,
            places: self.places.to_vec(),
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

    /// Whether the column of births is one of days, and not of years alone.
    fn has_days(&self, row: &Row) -> bool {
        let head = row.places.iter().find(|(field, ..)| field == name_of(Field::Birth));
        self.kind == Kind::Citizen
            && head.is_some_and(|(_, _, head)| search_key(head).contains("ngay"))
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
        row.hamlet_is_sheet = hamlet.is_empty() && self.section.is_none();
        row.hamlet = Some(match (&*hamlet, self.section) {
            ("", None) => self.sheet.name.clone(),
            ("", Some(section)) => section.to_owned(),
            _ => hamlet,
        });
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
            self.wrong(
                row,
                Field::Name,
                "name_missing",
                "Thiếu tên; hãy ghi tên, hoặc xóa dòng này.",
            );
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
            match cells::birth(&birth, self.today, self.has_days(row)) {
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
            (Err(_), None) if cells::is_shortened(&text) => self.wrong(
                row,
                Field::Number,
                "number_shortened",
                "Excel đã rút gọn số này và làm mất các chữ số cuối; hãy định dạng cột là Văn bản \
                 (Text) rồi gõ lại đủ 12 chữ số.",
            ),
            (Err(fault), None) => {
                self.wrong(row, Field::Number, fault.code(), fault.say().vi.into_owned());
            }
        }
    }

    fn read_scores(&self, row: &mut Row) {
        row.own = self.score(row, Field::Own);
        row.verified = self.score(row, Field::Verified);
        let passed = match (&*self.text(Field::Result), &*self.text(Field::Failed)) {
            ("", "") => return,
            (text, "") => cells::passed(text),
            // A mark in the column of those who failed.
            ("", mark) => cells::passed(mark).map(|_| false),
            _ => None,
        };
        let Some(passed) = passed else {
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
        Field::Failed => "failed",
        Field::Index => "index",
        Field::Note => "note",
        Field::Reasons => "reasons",
    }
}
