//! Lists as offices write them, each read as it stands.

use hoctap::access::Role;
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::lists::{self, Page, csv, enter, faults, hamlets, send, titles, xlsx};
use crate::support::records::COMMUNE;

fn scores(title: &Value) -> (Option<f64>, Option<f64>, Option<bool>) {
    let (own, verified) = (&title["own_score"], &title["verified_score"]);
    (own["total"].as_f64(), verified["total"].as_f64(), verified["passed"].as_bool())
}

#[actix_web::test]
async fn a_list_of_an_office_is_read_as_it_stands() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    hamlets(&recorder, "tổ dân phố", &["1", "2"]).await;
    // A title block, a head of two lines, merged cells, numbers by formula, columns numbered, a
    // total, signatures: as printed.
    let page = Page::new(
        "DS 2026",
        &[
            &["HỘI KHUYẾN HỌC PHƯỜNG NAM ĐỊNH", "", "", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"],
            &["", "", "", "Độc lập - Tự do - Hạnh phúc"],
            &[],
            &["DANH SÁCH GIA ĐÌNH HỌC TẬP NĂM 2026"],
            &[],
            &["TT", "Họ và tên chủ hộ", "Năm sinh", "Số CCCD", "Tổ dân phố", "Điểm", "", "Kết quả"],
            &["", "", "", "", "", "Tự chấm", "Thẩm định", ""],
            &["(1)", "(2)", "(3)", "(4)", "(5)", "(6)", "(7)", "(8)"],
            &["=1|1", "Trần Văn An", "1970", "@036070001234", "TDP số 1", "85.5", "84", "Đạt"],
            &["=A9+1|2", "Nguyễn Thị Bình", "1985", "36185001234", "", "=80+7|87", "", ""],
            &["=A10+1|3", "Lê Văn Cường", "1960", "", "Tổ 2", "60", "58", "Không đạt"],
            &["", "Tổng cộng", "", "", "", "3"],
            &[],
            &["", "NGƯỜI LẬP BIỂU", "", "", "", "CHỦ TỊCH HỘI KHUYẾN HỌC"],
            &["", "Phạm Thị Lan", "", "", "", "Đoàn Minh Khôi"],
        ],
    )
    .merging(&[
        (0, 0, 0, 2),
        (0, 3, 0, 7),
        (3, 0, 3, 7),
        (5, 0, 6, 0),
        (5, 1, 6, 1),
        (5, 2, 6, 2),
        (5, 3, 6, 3),
        (5, 4, 6, 4),
        (5, 5, 5, 6),
        (5, 7, 6, 7),
        (8, 4, 9, 4),
        (13, 5, 13, 7),
        (14, 5, 14, 7),
    ]);
    let import = enter(&recorder, "family&year=2026", xlsx(&[page])).await;
    let summary = &import["summary"];
    assert_eq!(
        (&summary["rows"], &summary["new"], &summary["mended"]),
        (&json!(3), &json!(3), &json!(1))
    );
    let left_out: Vec<i64> = summary["left_out"]
        .as_array()
        .unwrap()
        .iter()
        .map(|l| l["row"].as_i64().unwrap())
        .collect();
    assert_eq!(left_out, [12, 14, 15], "the total and the signatures, {summary:#}");
    let found = titles(&recorder, "kind=family&year=2026").await;
    let names: Vec<&Value> = found.iter().map(|title| &title["name"]).collect();
    assert_eq!(names, ["Lê Văn Cường", "Nguyễn Thị Bình", "Trần Văn An"]);
    let statuses: Vec<&Value> = found.iter().map(|title| &title["status"]).collect();
    assert_eq!(statuses, ["verified", "self_assessed", "verified"]);
    let hamlets: Vec<&Value> = found.iter().map(|title| &title["hamlet_name"]).collect();
    assert_eq!(hamlets, ["Tổ dân phố 2", "Tổ dân phố 1", "Tổ dân phố 1"], "merged downwards");
    assert_eq!(scores(&found[0]), (Some(60.0), Some(58.0), Some(false)));
    assert_eq!(scores(&found[1]), (Some(87.0), None, None), "the last value of a formula");
    assert_eq!(scores(&found[2]), (Some(85.5), Some(84.0), Some(true)));
}

#[actix_web::test]
async fn an_old_excel_list_is_read_like_a_new_one() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    hamlets(&recorder, "tổ dân phố", &["1", "2"]).await;
    let file = include_bytes!("files/danh-sach-gia-dinh.xls").to_vec();
    let import = enter(&recorder, "family&year=2026", file).await;
    assert_eq!(import["summary"]["new"], 4, "{import:#}");
    let found = titles(&recorder, "kind=family&year=2026").await;
    let read: Vec<(&str, &str, Option<f64>)> = found
        .iter()
        .map(|t| {
            let hamlet = t["hamlet_name"].as_str().unwrap_or("");
            (t["name"].as_str().unwrap(), hamlet, t["own_score"]["total"].as_f64())
        })
        .collect();
    assert_eq!(
        read,
        [
            ("Lê Văn Cường", "Tổ dân phố 2", Some(78.0)),
            ("Nguyễn Thị Bình", "Tổ dân phố 1", Some(87.0)),
            ("Phạm Văn Dũng", "Tổ dân phố 2", Some(91.5)),
            ("Trần Văn An", "Tổ dân phố 1", Some(85.0)),
        ]
    );
}

#[actix_web::test]
async fn sheets_and_lines_across_the_list_may_be_hamlets() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    hamlets(&recorder, "thôn", &["Vạn Diệp", "Phú Ốc"]).await;
    let head: &[&str] = &["TT", "Họ và tên chủ hộ", "Năm sinh", "Điểm tự chấm"];
    let sheets = xlsx(&[
        Page::new("Vạn Diệp", &[head, &["1", "Trần Văn An", "1970", "85"]]),
        Page::new("Thôn Phú Ốc", &[head, &["1", "Trần Văn An", "1970", "86"]]),
        Page::new("Ghi chép", &[&["Gửi trước ngày 20"]]),
    ]);
    let import = enter(&recorder, "family&year=2026", sheets).await;
    assert_eq!(import["summary"]["left_out"][0]["sheet"], "Ghi chép");
    let found = titles(&recorder, "kind=family&year=2026").await;
    let hamlets: Vec<&Value> = found.iter().map(|t| &t["hamlet_name"]).collect();
    assert!(hamlets.contains(&&json!("Thôn Vạn Diệp")) && hamlets.contains(&&json!("Thôn Phú Ốc")));
    let sections = csv(
        "TT;Họ và tên;Năm sinh;Giới tính",
        &[
            "I. Thôn Vạn Diệp;;;",
            "1;Lê Thị Hoa;1990;Nữ",
            "II. Thôn Phú Ốc;;;",
            "1;Lê Văn Sơn;1991;Nam",
        ],
    );
    enter(&recorder, "citizen&year=2026", sections).await;
    let found = titles(&recorder, "kind=citizen&year=2026").await;
    let hamlets: Vec<&Value> = found.iter().map(|t| &t["hamlet_name"]).collect();
    assert_eq!(hamlets, ["Thôn Vạn Diệp", "Thôn Phú Ốc"]);
}

#[actix_web::test]
async fn text_files_of_every_make_hold_the_same_list() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let plain = "STT;Họ và tên chủ hộ;Năm sinh;Điểm tự chấm\n1;Trần Văn Hòa;1970;85,5\n";
    let comma = "STT,Họ và tên chủ hộ,Năm sinh,Điểm tự chấm\n1,Trần Văn Hòa,1970,\"85,5\"\n";
    let utf16 =
        |units: fn(u16) -> [u8; 2]| plain.encode_utf16().flat_map(units).collect::<Vec<u8>>();
    let decomposed: String = unicode_normalization::UnicodeNormalization::nfd(plain).collect();
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("semicolons", plain.into()),
        ("commas", comma.into()),
        ("tabs", plain.replace(';', "\t").into()),
        ("a byte order mark", [b"\xef\xbb\xbf", plain.as_bytes()].concat()),
        ("Windows line ends", plain.replace('\n', "\r\n").into()),
        ("UTF-16 of little end", [vec![0xff, 0xfe], utf16(u16::to_le_bytes)].concat()),
        ("UTF-16 of big end", [vec![0xfe, 0xff], utf16(u16::to_be_bytes)].concat()),
        ("letters and marks apart", decomposed.into()),
        ("the tone elsewhere", plain.replace("Hòa", "Hoà").into()),
        ("capitals", plain.replace("Trần Văn Hòa", "TRẦN VĂN  HÒA").into()),
    ];
    for (n, (make, file)) in files.into_iter().enumerate() {
        let import = send(&recorder, "family&year=2026", file).await;
        let summary = &import["summary"];
        assert_eq!(
            (&summary["rows"], &summary["good"]),
            (&json!(1), &json!(1)),
            "{make}: {import:#}"
        );
        assert_eq!(summary["changed"], if n == 0 { 1 } else { 0 }, "{make}: {import:#}");
        lists::apply(&recorder, &import, true).await;
    }
    let found = titles(&recorder, "kind=family&year=2026").await;
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["name"], scores(&found[0]).0), (&json!("Trần Văn Hòa"), Some(85.5)));
}

#[actix_web::test]
async fn days_of_birth_are_written_in_five_ways() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let list = csv(
        "STT;Họ và tên;Ngày sinh;Giới tính",
        &[
            "1;Đỗ Một;05/02/1985;Nữ",
            "2;Đỗ Hai;5-2-1985;Nữ",
            "3;Đỗ Ba;1985-02-05;Nữ",
            "4;Đỗ Bốn;ngày 05 tháng 02 năm 1985;Nữ",
            "5;Đỗ Năm;31083;Nữ",
            "6;Đỗ Sáu;5.2.85;Nữ",
            "7;Đỗ Bảy;1985;Nữ",
            "8;Đỗ Tám;31/02/1985;Nữ",
            "9;Đỗ Chín;năm Ất Sửu;Nữ",
        ],
    );
    let import = send(&recorder, "citizen&year=2026", list).await;
    assert_eq!(import["summary"]["mended"], 2, "the number and the short year");
    let wrong = faults(&recorder, &import).await;
    let wrong: Vec<_> =
        wrong.iter().map(|(row, column, code, _)| (*row, &**column, &**code)).collect();
    assert_eq!(wrong, [(9, "C", "birth_unreadable"), (10, "C", "birth_unreadable")]);
    lists::apply(&recorder, &import, false).await;
    let found = recorder.get(&format!("/holders?kind=citizen&area={COMMUNE}")).await.is(200);
    for holder in found["items"].as_array().unwrap() {
        let details = &holder["details"];
        if holder["name"] == "Đỗ Bảy" {
            assert_eq!(details["birth_year"], 1985);
        } else {
            assert_eq!(details["birth_date"], "1985-02-05", "{holder:#}");
        }
    }
    assert_eq!(found["items"].as_array().unwrap().len(), 7);
}
