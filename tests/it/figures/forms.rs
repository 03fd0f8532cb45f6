//! Totals, reported figures and targets by sheet: templates out, filled-in workbooks back.

use hoctap::access::Role;
use hoctap::base::clock::today;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::lists::{Page, cells, xlsx};
use crate::support::records::{COMMUNE, NEIGHBOUR, PROVINCE};
use crate::support::{Answer, Client, TestApp, faults};

pub async fn send(client: &Client<'_>, path: &str, file: impl Into<Vec<u8>>) -> Answer {
    client.call(Method::POST, path).bytes(file).send().await
}

async fn template(client: &Client<'_>, path: &str) -> Vec<Vec<String>> {
    let answer = client.get(path).await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    let explained = cells(&answer.bytes, "Hướng dẫn");
    assert!(explained.len() > 4, "{explained:?}");
    cells(&answer.bytes, "Danh sách")
}

/// The template as somebody filled it in and saved it: each row as `fill` leaves it.
fn filled(
    rows: &[Vec<String>],
    fill: impl Fn(&mut dyn FnMut(&str, &'static str), &str),
) -> Vec<u8> {
    let mut page = Page { name: "Danh sách", rows: Vec::new(), merged: Vec::new() };
    for (n, row) in rows.iter().enumerate() {
        let mut row: Vec<String> = row.clone();
        row.resize(rows[2].len(), String::new());
        if n > 2 {
            let code = row[0].clone();
            let mut set = |head: &str, text: &'static str| {
                let named = |known: &String| known.trim_end_matches([' ', '*']) == head;
                let column = rows[2].iter().position(named).expect("a column");
                row[column] = text.to_owned();
            };
            fill(&mut set, &code);
            row[0] = format!("@{code}");
        }
        page.rows.push(row.into_iter().map(|cell| &*cell.leak()).collect());
    }
    xlsx(&[page])
}

async fn total(client: &Client<'_>, area: &str, year: i32, base: &str) -> Value {
    let path = format!("/areas/{area}/totals/{year}?history=true");
    let found = client.get(&path).await.is(200);
    let items = found["history"].as_array().expect("a history");
    Value::Array(items.iter().filter(|t| t["base"] == base).map(|t| t["total"].clone()).collect())
}

#[actix_web::test]
async fn totals_are_filled_into_the_template_and_come_back_once() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let rows = template(&recorder, "/totals/template?year=2026").await;
    assert!(rows[0][0].contains("TỔNG SỐ NĂM 2026 – Phường Nam Định"), "{}", rows[0][0]);
    assert_eq!(&rows[3][..3], ["13669", "Phường Nam Định, Tỉnh Ninh Bình", "2026"]);
    assert_eq!(rows.len(), 4);
    // Nothing filled in is nothing to enter.
    let empty = send(&recorder, "/totals/sheet", filled(&rows, |_, _| {})).await;
    empty.refuses(422, "no_rows");
    let book = filled(&rows, |set, _| {
        set("Số hộ gia đình", "8500");
        set("Số người lớn", "@22.100");
        set("Ngày thống kê", "05/11/2026");
        set("Nguồn", "Công an phường");
    });
    let entered = send(&recorder, "/totals/sheet", book.clone()).await.is(200);
    assert_eq!(entered, json!({"rows": 1, "left_out": 0, "added": 2, "unchanged": 0}));
    let known = recorder.get("/areas/commune/13669/totals/2026").await.is(200);
    let household = known["totals"].as_array().unwrap().iter().find(|t| t["base"] == "households");
    let household = household.expect("a total");
    assert_eq!(
        (&household["total"], &household["counted_on"]),
        (&json!(8500), &json!("2026-11-05"))
    );
    assert_eq!(total(&recorder, "commune/13669", 2026, "adults").await, json!([22100]));
    // The same sheet again adds nothing and leaves no trace; another figure is a correction.
    let again = send(&recorder, "/totals/sheet", book).await.is(200);
    assert_eq!(again, json!({"rows": 1, "left_out": 0, "added": 0, "unchanged": 2}));
    let better = filled(&rows, |set, _| {
        set("Số hộ gia đình", "8450");
        set("Số người lớn", "rút");
        set("Nguồn", "Công an phường");
    });
    send(&recorder, "/totals/sheet", better).await.is(200);
    let households = total(&recorder, "commune/13669", 2026, "households").await;
    assert_eq!(households, json!([8450, 8500]));
    assert_eq!(total(&recorder, "commune/13669", 2026, "adults").await, json!([null, 22100]));
    let auditor = app.user(Role::Auditor, COMMUNE).await;
    let trail = auditor.get("/audit?area=13669&entity=total").await.is(200);
    let entries = trail["items"].as_array().expect("entries");
    assert_eq!(entries.len(), 2, "{trail:#}");
    assert!(entries.iter().all(|entry| entry["action"] == "totals.import"));
    assert_eq!(auditor.get("/audit/verify?area=13669").await.is(200)["valid"], true);
}

#[actix_web::test]
async fn one_sheet_holds_many_areas_and_years_and_leaves_one_entry_in_each_chain() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, PROVINCE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let rows = template(&recorder, "/totals/template").await;
    let codes: Vec<&str> = rows[3..].iter().map(|row| &*row[0]).collect();
    assert_eq!((codes[0], codes.len()), (PROVINCE, 130));
    assert!(codes.contains(&COMMUNE) && codes[1..].is_sorted());
    // Two sheets as an office keeps them: a title block, a header of two lines, a year each.
    // Of 2024 a code means a ward of the former Nam Định, and the name beside it must be that ward's.
    let page = |year, first, households: [&'static str; 2]| {
        Page::new(
            year,
            &[
                &["UBND TỈNH NINH BÌNH"],
                &["TT", "Tên xã", "Mã xã", "Năm", "Số hộ", "Nguồn"],
                &["1", first, "13669", year, households[0], "Thống kê tỉnh"],
                &["2", "", NEIGHBOUR, year, households[1], "Thống kê tỉnh"],
                &["", "Cộng", "", "", "", ""],
            ],
        )
    };
    let wrong = xlsx(&[page("2024", "Phường Nam Định", ["9000", "@4 100"])]);
    let problem = send(&recorder, "/totals/sheet", wrong).await.refuses(422, "invalid");
    assert_eq!(faults(&problem), [("/sheets/0/rows/3/area", "area_name_differs")]);
    let book = xlsx(&[
        page("2024", "Phường Cửa Bắc", ["9000", "@4 100"]),
        page("2025", "Phường Nam Định", ["9100", "4200"]),
    ]);
    let call = || {
        let call = recorder.call(Method::POST, "/totals/sheet").bytes(book.clone());
        call.header("idempotency-key", "bieu-1")
    };
    let entered = call().send().await.is(200);
    assert_eq!(entered, json!({"rows": 4, "left_out": 2, "added": 4, "unchanged": 0}));
    // A repeated request is answered as the first was.
    assert_eq!(call().send().await.is(200), entered);
    for (commune, years) in [(COMMUNE, [9000, 9100]), (NEIGHBOUR, [4100, 4200])] {
        for (year, expected) in [2024, 2025].into_iter().zip(years) {
            let area = format!("commune/{commune}");
            let found = total(&recorder, &area, year, "households").await;
            assert_eq!(found, json!([expected]), "{commune} {year}");
        }
        let trail = auditor.get(&format!("/audit?area={commune}&entity=total")).await.is(200);
        let entries = trail["items"].as_array().expect("entries");
        let total: i64 = entries.iter().map(|entry| entry["items"].as_i64().unwrap_or(0)).sum();
        assert_eq!((entries.len(), total), (1, 2), "{trail:#}");
    }
}

#[actix_web::test]
async fn every_wrong_cell_is_explained_and_nothing_is_entered() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let page = Page::new(
        "Tổng số",
        &[
            &["BIỂU TỔNG SỐ"],
            &["Mã địa bàn *", "Tên địa bàn", "Năm *", "Số hộ gia đình", "Ngày thống kê", "Nguồn *"],
            &["@13669", "Phường Nam Định", "2026", "8500", "05/11/2026", "Công an"],
            &["@13669", "", "2020", "tám nghìn", "31/31/2026", ""],
            &["@13669", "Phường Thiên Trường", "2025", "1", "", "Công an"],
            &[NEIGHBOUR, "", "2025", "1", "", "Công an"],
            &["", "", "2025", "1", "", "Công an"],
            &["99999", "", "2025", "1", "", "Công an"],
            &["@13669", "", "2026", "8500", "", "Công an"],
        ],
    );
    let book = xlsx(&[page]);
    let problem = send(&recorder, "/totals/sheet", book.clone()).await.refuses(422, "invalid");
    let at = |row: u32, field: &str| format!("/sheets/0/rows/{row}/{field}");
    let expected = [
        (at(4, "year"), "range"),
        (at(4, "source"), "required"),
        (at(4, "counted_on"), "date"),
        (at(4, "households"), "range"),
        (at(5, "area"), "area_name_differs"),
        (at(6, "area"), "area_not_covered"),
        (at(7, "area"), "required"),
        (at(8, "area"), "area_unknown"),
        (at(9, "households"), "repeated"),
    ];
    let expected: Vec<(&str, &str)> = expected.iter().map(|(at, code)| (&**at, *code)).collect();
    assert_eq!(faults(&problem), expected);
    let first = problem["errors"][0]["detail"].as_str().expect("a sentence");
    assert_eq!(first, "Dòng 4, cột C “Năm”: “2020” không phải năm từ 2021 đến 2030.");
    let call = recorder.call(Method::POST, "/totals/sheet").bytes(book.clone());
    let english = call.header("accept-language", "en").send().await;
    let first = english.body["errors"][0]["detail"].as_str().expect("a sentence").to_owned();
    assert_eq!(first, "Row 4, column C (year): Not a year from 2021 to 2030.");
    assert_eq!(recorder.get("/areas/commune/13669/totals/2026").await.is(200)["totals"], json!([]));

    // The same workbook with the reasons beside its rows, to correct and send again.
    let marked = send(&recorder, "/totals/sheet?marked=true", book).await;
    assert_eq!(marked.status, 200);
    let rows = cells(&marked.bytes, "Tổng số");
    assert_eq!(rows[1][6], "Lỗi cần sửa");
    assert_eq!(rows[2][6], "");
    assert_eq!(rows[3][6].lines().count(), 4, "{}", rows[3][6]);
    assert!(rows[4][6].contains("Mã 13669 là “Phường Nam Định"), "{}", rows[4][6]);
    assert_eq!(recorder.get("/areas/commune/13669/totals/2026").await.is(200)["totals"], json!([]));
    // Sent again with the column of reasons, it is read as before.
    send(&recorder, "/totals/sheet", marked.bytes).await.refuses(422, "invalid");
    // What is no such form says what one looks like.
    let no_form = send(&recorder, "/totals/sheet", "STT,Họ và tên\n1,An\n").await;
    let problem = no_form.refuses(422, "header_missing");
    assert!(problem["detail"].as_str().unwrap().contains("Mã địa bàn, Năm, Nguồn"), "{problem:#}");
    send(&recorder, "/totals/sheet", "").await.refuses(422, "file_empty");
}

#[actix_web::test]
async fn reported_figures_come_by_sheet_with_codes_that_lost_their_zeros() {
    let app = TestApp::start().await;
    let supervisor = app.user(Role::Supervisor, "VN").await;
    let rows = template(&supervisor, "/reported/template?area=13669&year=2025").await;
    assert_eq!(rows.len(), 3 + 5);
    let book = filled(&rows, |set, _| {
        set("Ngày báo cáo", "31/12/2025");
        set("Số công nhận", "7000");
        set("Tỷ lệ in (%)", "72.5");
        set("Tỷ lệ tính trên", "tổng số");
        set("Nguồn", "Báo cáo số 12/BC-HKH");
    });
    let entered = send(&supervisor, "/reported/sheet", book).await.is(200);
    assert_eq!(entered["added"], 5);
    let found = supervisor.get("/areas/commune/13669/reported").await.is(200);
    assert_eq!(found["items"][0]["printed_rate"], json!(72.5));
    let head = "Mã;Tên địa bàn;Năm;Ngày báo cáo;Danh hiệu;Số công nhận;Tỷ lệ;Nguồn";
    let sheet = |rows: &str| format!("{head}\n{rows}\n").into_bytes();
    let mended = sheet("1;Thành phố Hà Nội;2025;31/12/2025;CĐHT;4709;91,67;Báo cáo");
    send(&supervisor, "/reported/sheet", mended).await.is(200);
    let hanoi = supervisor.get("/areas/province/01/reported").await.is(200);
    assert_eq!(hanoi["items"][0]["kind"], "community");
    let wrong = sheet(
        "01;Thành phố Hà Nội;2025;31/12/2025;CDHT;4709;;Báo cáo\n\
         01;Thành phố Hà Nội;2025;31/12/2999;Gia đình;rút;0,72;Báo cáo",
    );
    let problem = send(&supervisor, "/reported/sheet", wrong).await.refuses(422, "invalid");
    let found: Vec<&str> = faults(&problem).into_iter().map(|(_, code)| code).collect();
    assert_eq!(found, ["kind_unknown", "date", "range", "percent"]);
}

#[actix_web::test]
async fn targets_come_by_sheet_from_those_who_set_them() {
    let app = TestApp::start().await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let rows = template(&supervisor, "/targets/template?area=13669&year=2030").await;
    assert_eq!(rows.len(), 3 + 8);
    let book = filled(&rows, |set, _| {
        set("Chỉ tiêu (%)", "82.5");
        set("Nguồn", "Kế hoạch 120/KH-UBND");
    });
    assert_eq!(send(&supervisor, "/targets/sheet", book).await.is(200)["added"], 8);
    let path = "/areas/commune/13669/targets/2030";
    let set = supervisor.get(path).await.is(200);
    let own = |set: &Value| {
        let all = set["targets"].as_array().expect("targets");
        all.iter().filter(|t| t["set_by"] == COMMUNE && t["percent"] == 82.5).count()
    };
    assert_eq!(own(&set), 8, "{set:#}");
    let taken_back = filled(&rows, |set, _| {
        set("Chỉ tiêu (%)", "rút");
        set("Nguồn", "Kế hoạch 121/KH-UBND");
    });
    send(&supervisor, "/targets/sheet", taken_back).await.is(200);
    assert_eq!(own(&supervisor.get(path).await.is(200)), 0);
    let head = "Mã địa bàn,Năm,Danh hiệu,Tính trên,Nhóm đối tượng,Chỉ tiêu (%),Nguồn";
    let national = "VN,2030,Gia đình học tập,số hộ gia đình,,85,QĐ";
    let wrong = "37,2030,Gia đình học tập,số dòng họ,,101,QĐ";
    let sheet = format!("{head}\n{national}\n{wrong}\n");
    let problem = send(&supervisor, "/targets/sheet", sheet).await.refuses(422, "invalid");
    let found: Vec<&str> = faults(&problem).into_iter().map(|(_, code)| code).collect();
    assert_eq!(found, ["area_not_covered", "base_not_of_kind", "range"]);
    let administrator = app.user(Role::Administrator, "VN").await;
    let sheet = format!("{head}\n{national}\n");
    assert_eq!(send(&administrator, "/targets/sheet", sheet).await.is(200)["added"], 1);
}

#[actix_web::test]
async fn templates_are_of_the_callers_areas() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let other = format!("/totals/template?area={NEIGHBOUR}");
    recorder.get(&other).await.refuses(403, "area_not_covered");
    recorder.get("/totals/template?year=2031").await.refuses(422, "invalid");
    let this = template(&recorder, "/totals/template").await;
    assert_eq!(this[3][2], today().format("%Y").to_string());
}
