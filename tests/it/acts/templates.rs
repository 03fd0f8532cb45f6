//! What officials are given: the template to fill in, and their list with what is to be corrected.

use std::collections::HashMap;
use std::io::{Cursor, Read};

use hoctap::access::Role;
use serde_json::{Value, json};

use crate::support::lists::{
    Page, apply, cells, csv, enter, errors, families, hamlets, id, marked, send, titles, xlsx,
};
use crate::support::records::{COMMUNE, PROVINCE, family, title_path};
use crate::support::{Client, TestApp};

async fn template(recorder: &Client<'_>, kind: &str, year: i16, prefill: bool) -> Vec<u8> {
    let path =
        format!("/imports/template?kind={kind}&area={COMMUNE}&year={year}&prefill={prefill}");
    let answer = recorder.get(&path).await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    answer.bytes
}

/// A sheet as CSV, changed on the way.
fn refill(sheet: &[Vec<String>], change: impl Fn(usize, &mut HashMap<String, String>)) -> Vec<u8> {
    let head =
        sheet.iter().position(|row| row.first().is_some_and(|c| c == "STT")).expect("a head");
    let mut writer = ::csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for (n, row) in sheet.iter().enumerate() {
        if n <= head {
            writer.write_record(row).unwrap();
            continue;
        }
        let named = sheet[head].iter().cloned().zip(row.iter().cloned());
        let mut named: HashMap<String, String> = named.collect();
        change(n - head, &mut named);
        writer.write_record(sheet[head].iter().map(|name| &named[name])).unwrap();
    }
    writer.into_inner().unwrap()
}

fn part(book: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(book)).expect("a workbook");
    let mut text = String::new();
    archive.by_name(name).expect("a part").read_to_string(&mut text).unwrap();
    text
}

#[actix_web::test]
async fn a_template_explains_itself_and_is_no_list_yet() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    hamlets(&recorder, "tổ dân phố", &["10", "2", "1"]).await;
    for (kind, choices) in
        [("family", 2), ("clan", 1), ("community", 2), ("unit", 1), ("citizen", 4)]
    {
        let book = template(&recorder, kind, 2026, false).await;
        let list = cells(&book, "Danh sách");
        assert!(
            list[0][0].ends_with("NĂM 2026 – Phường Nam Định, Tỉnh Ninh Bình"),
            "{}",
            list[0][0]
        );
        let explained = cells(&book, "Hướng dẫn");
        for head in list[2].iter().map(|head| head.trim_end_matches('*').trim()) {
            assert!(explained.iter().any(|row| row[0].contains(head)), "{kind}: {head}");
        }
        let sheet = part(&book, "xl/worksheets/sheet1.xml");
        assert_eq!(sheet.matches("<dataValidation ").count(), choices, "{kind}: drop-downs");
        assert!(sheet.contains("state=\"frozen\""));
        // The example row is there to be seen, and never becomes a record.
        assert_eq!(list[3][0], "Ví dụ");
        let import = send(&recorder, &format!("{kind}&year=2026"), book).await;
        assert_eq!(import["summary"]["failure"]["code"], "no_rows", "{kind}: {import:#}");
    }
    let lists = cells(&template(&recorder, "family", 2026, false).await, "Lua_chon");
    let offered: Vec<&String> =
        lists.iter().flatten().filter(|text| text.starts_with("Tổ")).collect();
    assert_eq!(offered, ["Tổ dân phố 1", "Tổ dân phố 2", "Tổ dân phố 10"]);
}

#[actix_web::test]
async fn last_years_list_comes_back_by_its_codes() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    hamlets(&recorder, "tổ dân phố", &["1", "2"]).await;
    let lists = [
        (
            "family",
            families(&[
                "1;Trần Văn An;1970;036070001234;TDP 1;4;85;;",
                "2;Trần Văn An;1971;;TDP 2;4;;;",
            ]),
        ),
        ("clan", csv("TT;Tên dòng họ;Trưởng họ;Số hộ", &["1;Dòng họ Trần;Trần Văn Tộ;45"])),
        ("community", csv("TT;Thôn, tổ dân phố;Số hộ;Dân số", &["1;TDP 1;240;900"])),
        (
            "unit",
            csv(
                "TT;Tên đơn vị;Mã số thuế;Loại hình;Số người",
                &["1;Trạm Y tế;0600123456;cơ quan;12"],
            ),
        ),
        (
            "citizen",
            csv(
                "TT;Họ và tên;Ngày sinh;Giới tính;Số CCCD;Nhóm;Tổ",
                &[
                    "1;Lê Thị Hoa;05/02/1985;Nữ;036185001234;Người học;1",
                    "2;Lê Văn Sơn;1990;Nam;;Công nhân;2",
                ],
            ),
        ),
    ];
    for (kind, list) in lists {
        let rows =
            enter(&recorder, &format!("{kind}&year=2025"), list).await["summary"]["rows"].clone();
        let book = template(&recorder, kind, 2026, true).await;
        let import = send(&recorder, &format!("{kind}&year=2026"), book.clone()).await;
        let summary = &import["summary"];
        assert_eq!(
            (&summary["matched"], &summary["bad"]),
            (&rows, &json!(0)),
            "{kind}: {import:#}"
        );
        assert_eq!((&summary["renamed"], &summary["absent"]), (&json!(0), &json!(0)), "{kind}");
        // Corrected names are the same holders still: their codes stand beside them.
        let filled = refill(&cells(&book, "Danh sách"), |n, row| {
            row.insert("Điểm tự chấm".to_owned(), format!("{}", 80 + n));
            for name in ["Họ và tên chủ hộ *", "Họ và tên *", "Tên dòng họ *", "Tên đơn vị *"]
            {
                if let Some(name) = row.get_mut(name) {
                    name.push_str(" mới");
                }
            }
        });
        let import = enter(&recorder, &format!("{kind}&year=2026"), filled).await;
        let summary = &import["summary"];
        assert_eq!(
            (&summary["matched"], &summary["new"]),
            (&rows, &json!(0)),
            "{kind}: {import:#}"
        );
        let renamed = if kind == "community" { json!(0) } else { rows.clone() };
        assert_eq!(summary["renamed"], renamed, "{kind}");
    }
    let scored = titles(&recorder, "kind=family&year=2026").await;
    assert!(scored.iter().all(|title| title["own_score"]["total"].as_f64() > Some(80.0)));
}

#[actix_web::test]
async fn a_list_comes_back_with_its_reasons_and_is_taken_once_corrected() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    hamlets(&recorder, "tổ dân phố", &["1"]).await;
    enter(&recorder, "family&year=2025", families(&["1;Trần Văn Hùng;1970;;TDP 1;4;85;;"])).await;
    let known = titles(&recorder, "year=2025").await[0]["code"].as_str().unwrap().to_owned();
    let page = Page::new(
        "Tổ 1",
        &[
            &["DANH SÁCH GIA ĐÌNH HỌC TẬP NĂM 2026"],
            &[],
            &["STT", "Họ và tên chủ hộ", "Năm sinh", "Số CCCD", "Điểm", ""],
            &["", "", "", "", "Tự chấm", "Thẩm định"],
            &["=1|1", "Trần Văn Hưng", "1970", "", "85", ""],
            &["=A5+1|2", "Lê Văn Cường", "19600", "@036060001234", "82", "81"],
            &["=A6+1|3", "Nguyễn Thị Bình", "1985", "", "180", ""],
            &["", "Tổng cộng", "", "", "3", ""],
        ],
    )
    .merging(&[
        (0, 0, 0, 5),
        (2, 4, 2, 5),
        (2, 0, 3, 0),
        (2, 1, 3, 1),
        (2, 2, 3, 2),
        (2, 3, 3, 3),
    ]);
    let import = send(&recorder, "family&year=2026", xlsx(&[page])).await;
    assert_eq!(errors(&recorder, &import).await.as_array().unwrap().len(), 3);
    let book = marked(&recorder, &import).await;
    let sheet = cells(&book, "Tổ 1");
    assert_eq!((&*sheet[3][6], &*sheet[3][7]), ("Lỗi cần sửa", "Mã sổ bộ"));
    assert!(sheet[4][6].contains(&known), "{}", sheet[4][6]);
    assert!(sheet[5][6].starts_with("Năm sinh: "), "{}", sheet[5][6]);
    assert!(sheet[6][6].contains("100"), "{}", sheet[6][6]);
    assert_eq!(sheet[5][3], "036060001234", "its zero is kept");
    assert!(part(&book, "xl/worksheets/sheet1.xml").contains("<mergeCell ref=\"A1:F1\"/>"));
    // Sent back as it is, it says the same beside the same rows, in the same column.
    let again = send(&recorder, "family&year=2026", book).await;
    assert_eq!(again["summary"]["bad"], 3, "{again:#}");
    let again = cells(&marked(&recorder, &again).await, "Tổ 1");
    assert_eq!(again, sheet);
    // Corrected, it comes in whole.
    let mut corrected = sheet;
    corrected[4][7] = "mới".to_owned();
    corrected[5][2] = "1960".to_owned();
    corrected[6][4] = "80".to_owned();
    let mut writer = ::csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
    for row in &corrected {
        writer.write_record(row).unwrap();
    }
    let import = send(&recorder, "family&year=2026", writer.into_inner().unwrap()).await;
    assert_eq!(import["summary"]["bad"], 0, "{:#}", errors(&recorder, &import).await);
    let import = apply(&recorder, &import, true).await;
    assert_eq!((&import["summary"]["new"], &import["summary"]["absent"]), (&json!(3), &json!(1)));
    let listed: Vec<Value> = titles(&recorder, "kind=family&year=2026")
        .await
        .iter()
        .map(|t| t["status"].clone())
        .collect();
    assert_eq!(listed, ["verified", "self_assessed", "self_assessed"]);
    assert!(
        recorder.get(&format!("/imports/{}/errors", id(&import))).await.is(200)["items"]
            == json!([])
    );
}

#[actix_web::test]
async fn a_template_that_is_filled_in_is_told_in_the_log_of_readings() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let known = family(&recorder, "Trần Văn Bình").await;
    recorder.put(&title_path(&known, 2025), json!({})).await.is(200);
    template(&recorder, "family", 2026, false).await;
    let reads = auditor.get("/personal-data/reads").await.is(200);
    assert_eq!(reads["items"], json!([]), "an empty one names nobody");
    template(&recorder, "family", 2026, true).await;
    let of_it = format!("/personal-data/reads?holder={}", known["id"].as_str().unwrap());
    let reads = auditor.get(&of_it).await.is(200);
    let read = &reads["items"][0];
    assert_eq!(
        (&read["action"], &read["actor_name"]),
        (&json!("export.holders"), &json!("recorder.13669"))
    );
}
