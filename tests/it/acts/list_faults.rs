//! What is wrong with a list is told whole, and no file harms the server.

use hoctap::access::Role;
use reqwest::Method;
use serde_json::json;

use crate::support::lists::{
    self, Page, csv, enter, errors, families, faults, hamlets, send, xlsx,
};
use crate::support::records::COMMUNE;
use crate::support::{Client, TestApp};

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
