//! Lists as offices send them, and what is done with them over the API.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx, open_workbook_from_rs};
use reqwest::Method;
use rust_xlsxwriter::{Format, Formula, Workbook, Worksheet};
use serde_json::{Value, json};

use super::Client;
use super::records::COMMUNE;

/// A list of families in its plainest form; the header is added.
pub fn families(rows: &[&str]) -> Vec<u8> {
    csv(
        "STT;Họ và tên chủ hộ;Năm sinh;Số CCCD;Thôn/Tổ;Số nhân khẩu;Điểm tự chấm;Điểm thẩm định;Kết quả",
        rows,
    )
}

pub fn csv(head: &str, rows: &[&str]) -> Vec<u8> {
    let mut text = format!("{head}\n");
    for row in rows {
        text.push_str(row);
        text.push('\n');
    }
    text.into_bytes()
}

/// One sheet, each cell as it would be typed: numbers become numbers, `=…|cached` a formula with its
/// last value, `@…` text that looks like a number.
pub struct Page {
    pub name: &'static str,
    pub rows: Vec<Vec<&'static str>>,
    /// First row, first column, last row, last column, counted from 0.
    pub merged: Vec<(u32, u16, u32, u16)>,
}

impl Page {
    pub fn new(name: &'static str, rows: &[&[&'static str]]) -> Self {
        Self { name, rows: rows.iter().map(|row| row.to_vec()).collect(), merged: Vec::new() }
    }

    pub fn merging(mut self, regions: &[(u32, u16, u32, u16)]) -> Self {
        self.merged.extend(regions);
        self
    }

    fn write(&self, sheet: &mut Worksheet) {
        let plain = Format::new();
        for region in &self.merged {
            let (first_row, first_column, last_row, last_column) = *region;
            sheet.merge_range(first_row, first_column, last_row, last_column, "", &plain).unwrap();
        }
        for (row, cells) in (0..).zip(&self.rows) {
            for (column, text) in (0..).zip(cells) {
                if text.is_empty() {
                    continue;
                }
                if let Some((formula, value)) =
                    text.strip_prefix('=').and_then(|t| t.split_once('|'))
                {
                    let formula = Formula::new(format!("={formula}")).set_result(value);
                    sheet.write_formula(row, column, formula).unwrap();
                } else if let Some(text) = text.strip_prefix('@') {
                    sheet.write_string(row, column, text).unwrap();
                } else if let Ok(number) = text.parse::<f64>() {
                    sheet.write_number(row, column, number).unwrap();
                } else {
                    sheet.write_string(row, column, *text).unwrap();
                }
            }
        }
    }
}

pub fn xlsx(pages: &[Page]) -> Vec<u8> {
    let mut book = Workbook::new();
    for page in pages {
        let sheet = book.add_worksheet();
        sheet.set_name(page.name).unwrap();
        page.write(sheet);
    }
    book.save_to_buffer().unwrap()
}

/// The cells of a sheet of a workbook as text.
pub fn cells(book: &[u8], sheet: &str) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = open_workbook_from_rs(Cursor::new(book)).expect("a workbook");
    let range = book.worksheet_range(sheet).expect("a sheet");
    let text = |cell: &Data| if let Data::Empty = cell { String::new() } else { cell.to_string() };
    let start = range.start().unwrap_or_default();
    let above = std::iter::repeat_n(Vec::new(), start.0 as usize);
    let rows = range.rows().map(|row| {
        let before = std::iter::repeat_n(String::new(), start.1 as usize);
        before.chain(row.iter().map(text)).collect()
    });
    above.chain(rows).collect()
}

/// Sends a list and waits until it is checked; `query` is kind and year: `family&year=2026`.
pub async fn send(recorder: &Client<'_>, query: &str, file: Vec<u8>) -> Value {
    let answer = recorder
        .call(Method::POST, &format!("/imports?kind={query}&area={COMMUNE}"))
        .header("prefer", "wait=60")
        .bytes(file)
        .send()
        .await;
    assert!(answer.header("location").starts_with("/api/v1/imports/"));
    answer.is(200)
}

pub async fn apply(recorder: &Client<'_>, import: &Value, atomic: bool) -> Value {
    let path = format!("/imports/{}/apply", id(import));
    recorder.post(&path, json!({"atomic": atomic})).await.is(200)
}

/// Sends a list without mistakes and applies it.
pub async fn enter(recorder: &Client<'_>, query: &str, file: Vec<u8>) -> Value {
    let import = send(recorder, query, file).await;
    assert_eq!(import["state"], "checked", "{import:#}");
    assert_eq!(import["summary"]["bad"], 0, "{:#}", errors(recorder, &import).await);
    apply(recorder, &import, true).await
}

pub async fn errors(recorder: &Client<'_>, import: &Value) -> Value {
    let path = format!("/imports/{}/errors?limit=500", id(import));
    recorder.get(&path).await.is(200)["items"].take()
}

/// Row, column, code and suggestion of every fault.
pub async fn faults(recorder: &Client<'_>, import: &Value) -> Vec<(i64, String, String, String)> {
    let mut found = Vec::new();
    for row in errors(recorder, import).await.as_array().expect("rows") {
        for fault in row["faults"].as_array().expect("faults") {
            let text = |field: &str| fault[field].as_str().unwrap_or("").to_owned();
            let reason = text("reason");
            assert!(reason.len() > 10 && !reason.contains("{}"), "{fault:#}");
            let number = row["row"].as_i64().expect("a number");
            found.push((number, text("column"), text("code"), text("suggestion")));
        }
    }
    found
}

/// The list with its reasons, as a workbook.
pub async fn marked(recorder: &Client<'_>, import: &Value) -> Vec<u8> {
    let path = format!("/imports/{}/errors?format=xlsx", id(import));
    let answer = recorder.get(&path).await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    answer.bytes
}

/// The titles that a query finds, by name.
pub async fn titles(recorder: &Client<'_>, query: &str) -> Vec<Value> {
    let path = format!("/titles?area={COMMUNE}&{query}&limit=500");
    let mut page = recorder.get(&path).await.is(200);
    let mut titles: Vec<Value> = page["items"].as_array_mut().expect("items").drain(..).collect();
    titles.sort_by_key(|title| title["name"].to_string());
    titles
}

/// Adds hamlets to the commune of most tests.
pub async fn hamlets(recorder: &Client<'_>, kind: &str, names: &[&str]) {
    for name in names {
        let body = json!({"type": kind, "name": name});
        recorder.post(&format!("/areas/commune/{COMMUNE}/hamlets"), body).await.is(201);
    }
}

pub fn id(import: &Value) -> &str {
    import["id"].as_str().expect("an id")
}
