//! Lists as offices write them, and what the check makes of them.

use hoctap::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::lists::{
    self, Page, csv, enter, errors, families, faults, hamlets, send, titles, xlsx,
};
use crate::support::records::COMMUNE;
use crate::support::{Client, TestApp};

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

#[actix_web::test]
async fn every_mistake_of_a_list_is_told_at_once() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    hamlets(&recorder, "thôn", &["Vạn Diệp"]).await;
    let list = families(&[
        "1;Trần Văn An;1970;36070001234;Vạn Diệp;4;85;;",
        "2;;1970;;Vạn Diệp;4;85;;",
        "3;Trần Văn Ba;19755;;Vạn Diệp;bốn;85;;",
        "4;Trần Văn Tư;1970;162345678;Vạn Diệp;4;105;;",
        "5;Trần Văn Năm;1970;03607000123;Vạn Diêp;4;tám mươi;;",
        "6;Trần Văn Sáu;1971;036070001299;Vạn Điểm;0;85;;khá",
        "7;Trần Văn Bảy;1970;3,6085E+10;Vạn Diệp;4;85;;",
        "8;\"Trần\tVăn Tám\";1970;;Vạn Diệp;4;85;;",
        "9;Trần Văn An;1970;036070001234;Vạn Diệp;4;85;;",
    ]);
    let import = send(&recorder, "family&year=2026", list).await;
    let summary = &import["summary"];
    assert_eq!(
        (&summary["rows"], &summary["good"], &summary["bad"]),
        (&json!(9), &json!(1), &json!(8))
    );
    assert_eq!(summary["mended"], 1, "the zero of a number: {summary:#}");
    let found = faults(&recorder, &import).await;
    let found: Vec<_> = found
        .iter()
        .map(|(row, column, code, meant)| (*row, &**column, &**code, &**meant))
        .collect();
    assert_eq!(
        found,
        [
            (3, "B", "name_missing", ""),
            (4, "C", "birth_unreadable", ""),
            (4, "F", "count_unreadable", ""),
            (5, "D", "number_old_card", ""),
            (6, "D", "number_length", ""),
            (6, "G", "points_unreadable", ""),
            (7, "I", "result_unreadable", ""),
            (7, "E", "hamlet_unknown", "Thôn Vạn Diệp"),
            (8, "D", "number_shortened", ""),
            (9, "B", "control_character", ""),
            (10, "B", "duplicate_row", ""),
        ]
    );
    let rows = errors(&recorder, &import).await;
    let old_card = &rows[2]["faults"][0];
    assert_eq!(old_card["value"], "••••••678", "numbers are masked");
    assert_eq!(old_card["header"], "Số CCCD");
    // What needs the register is told as soon as the cells can be read.
    let list = families(&[
        "1;Trần Văn Ba;1975;;Vạn Diệp;0;85;;",
        "2;Trần Văn Sáu;1971;036070001299;Vạn Diệp;4;105;;",
    ]);
    let import = send(&recorder, "family&year=2026", list).await;
    let rows = errors(&recorder, &import).await;
    assert_eq!(
        (&rows[0]["faults"][0]["code"], &rows[0]["faults"][0]["value"]),
        (&json!("range"), &json!("0"))
    );
    assert_eq!(rows[1]["faults"][0]["code"], "number_birth_year");
}

#[actix_web::test]
async fn what_is_no_list_of_this_kind_fails_and_says_why() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let citizens = csv("STT;Họ và tên;Năm sinh;Giới tính", &["1;Lê Thị Hoa;1990;Nữ"]);
    let titled = xlsx(&[Page::new(
        "DS",
        &[
            &["DANH SÁCH CÔNG DÂN HỌC TẬP"],
            &["TT", "Họ và tên", "Năm sinh"],
            &["1", "Lê Hoa", "1990"],
        ],
    )]);
    let program = [b"MZ\x90\x00\x03\x00".as_slice(), &[0; 4096]].concat();
    let latin = "STT;Họ và tên chủ hộ\n1;Trần".encode_utf16().map(|u| u as u8).collect();
    for (file, code) in [
        (citizens, "list_of_other_kind"),
        (titled, "list_of_other_kind"),
        (families(&[]), "no_rows"),
        (b" \n\n".to_vec(), "file_empty"),
        (b"Xin chao\nday khong phai danh sach\n".to_vec(), "header_missing"),
        (program, "file_unreadable"),
        (b"PK\x03\x04 not a workbook".to_vec(), "file_unreadable"),
        (latin, "file_not_utf8"),
    ] {
        let import = send(&recorder, "family&year=2026", file).await;
        assert_eq!(
            (&import["state"], &import["summary"]["failure"]["code"]),
            (&json!("failed"), &json!(code))
        );
        assert!(import["summary"]["failure"]["reason"].as_str().unwrap().ends_with('.'));
        let path = format!("/imports/{}/apply", lists::id(&import));
        recorder.post(&path, json!({"atomic": false})).await.refuses(409, "import_failed");
    }
    let nothing = post(&recorder, Vec::new()).send().await;
    nothing.refuses(422, "file_empty");
}

fn post<'a>(recorder: &Client<'a>, file: Vec<u8>) -> crate::support::Call<'a> {
    let path = format!("/imports?kind=family&year=2026&area={COMMUNE}");
    recorder.call(Method::POST, &path).header("prefer", "wait=60").bytes(file)
}

#[actix_web::test]
async fn a_workbook_that_asks_for_all_there_is_ends_its_reader_and_not_the_server() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    // Two cells at the ends of the sheet: between them lie seventeen thousand million others.
    let far = xlsx(&[Page::new("DS", &[&["STT"]])]);
    let far = rewrite(&far, "xl/worksheets/sheet1.xml", |xml| {
        xml.replace("</row>", "</row><row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>")
            .replace("ref=\"A1\"", "ref=\"A1:XFD1048576\"")
    });
    // A long text in a cell that is merged over two thousand rows of two hundred columns.
    let long = xlsx(&[Page::new("DS", &[&["LONG"], &["1"]]).merging(&[(2, 0, 2_001, 199)])]);
    let long = rewrite(&long, "xl/worksheets/sheet1.xml", |xml| {
        let text = "a".repeat(1_000);
        let cell = format!("<c r=\"A3\" t=\"inlineStr\"><is><t>{text}</t></is></c>");
        let last = "<row r=\"2003\"><c r=\"GR2003\"><v>1</v></c></row>";
        let end = xml.find("<row r=\"3\"").expect("the merged rows");
        let after = xml.find("</sheetData>").expect("the end");
        format!("{}<row r=\"3\">{cell}</row>{last}{}", &xml[..end], &xml[after..])
    });
    for (bomb, code) in [(far, "header_missing"), (long, "file_unreadable")] {
        let import = send(&recorder, "family&year=2026", bomb).await;
        assert_eq!(import["summary"]["failure"]["code"], code, "{import:#}");
    }
    enter(&recorder, "family&year=2026", families(&["1;Trần Văn An;1970;;;4;85;;"])).await;
}

/// The same archive with one part changed.
fn rewrite(book: &[u8], part: &str, change: impl Fn(String) -> String) -> Vec<u8> {
    use std::io::{Cursor, Read, Write};
    let mut old = zip::ZipArchive::new(Cursor::new(book)).unwrap();
    let mut new = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for n in 0..old.len() {
        let mut file = old.by_index(n).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        let name = file.name().unwrap().into_owned();
        new.start_file(&*name, zip::write::SimpleFileOptions::default()).unwrap();
        let text = if name == part { change(text) } else { text };
        new.write_all(text.as_bytes()).unwrap();
    }
    new.finish().unwrap().into_inner()
}

#[actix_web::test]
async fn a_file_beyond_the_limit_is_refused_before_it_is_read() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let path = format!("/api/v1/imports?kind=family&year=2026&area={COMMUNE}");
    // It says its size, and the answer comes before the rest does.
    let mut stream = tokio::net::TcpStream::connect(app.address()).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\nSTT",
        recorder.token(),
        200 << 20
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
    // It does not: the server stops at its limit.
    let mut stream = tokio::net::TcpStream::connect(app.address()).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
         transfer-encoding: chunked\r\n\r\n",
        recorder.token()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut read, mut write) = stream.split();
    let sending = async {
        let piece = vec![b'a'; 1 << 20];
        let mut sent = 0;
        while sent < 200 && write.write_all(b"100000\r\n").await.is_ok() {
            if write.write_all(&piece).await.is_err() || write.write_all(b"\r\n").await.is_err() {
                break;
            }
            sent += 1;
        }
        sent
    };
    let receiving = async {
        let mut answer = vec![0; 12];
        read.read_exact(&mut answer).await.unwrap();
        answer
    };
    tokio::pin!(sending);
    let answer = tokio::select! {
        answer = receiving => answer,
        sent = &mut sending => panic!("{sent} MB were taken without an answer"),
    };
    assert_eq!(answer, b"HTTP/1.1 413");
}
