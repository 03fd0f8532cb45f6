//! The files themselves: workbooks, lines of JSON, documents, and the manifests that sign them.

use calamine::{Data, Reader, Xlsx};
use hoctap::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::exports::{digest, export, latest, rows};
use crate::support::records::{COMMUNE, NEIGHBOUR, PROVINCE, family, title_at, title_path};
use crate::support::{Answer, Client, TestApp};

/// The families of a commune, each with a title of 2026.
async fn families(recorder: &Client<'_>, names: &[&str]) {
    for name in names {
        let holder = family(recorder, name).await;
        recorder.put(&title_path(&holder, 2026), json!({})).await.is(200);
    }
}

/// The cells of a sheet of a workbook, as text or number.
fn cells(bytes: &[u8], sheet: usize) -> Vec<Vec<Data>> {
    let mut book = Xlsx::new(std::io::Cursor::new(bytes)).expect("a workbook");
    let range = book.worksheet_range_at(sheet).expect("a sheet").expect("its cells");
    range.rows().map(<[Data]>::to_vec).collect()
}

#[actix_web::test]
async fn a_workbook_speaks_to_officials() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let holder = family(&recorder, "=Trần Văn An").await;
    title_at(&recorder, &approver, &holder, 2026, "recognised").await;
    let answer = export(&recorder, "/exports/titles?year=2026&kind=family&format=xlsx").await;
    assert_eq!(answer.header("content-type"), hoctap::wire::reply::XLSX);
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"titles.xlsx\"");
    let rows = cells(&answer.bytes, 0);
    assert_eq!(rows.len(), 2);
    let of = |name: &str| {
        let n = rows[0].iter().position(|head| head == &Data::String(name.to_owned()));
        rows[1][n.unwrap_or_else(|| panic!("no column {name}: {:?}", rows[0]))].clone()
    };
    assert_eq!(of("Tên"), Data::String("=Trần Văn An".to_owned()), "text, never a formula");
    assert_eq!(of("Trạng thái"), Data::String("được công nhận".to_owned()));
    assert_eq!(of("Điểm tự chấm"), Data::Float(85.0), "a number as a number");
    assert!(matches!(of("Ngày đăng ký"), Data::DateTime(_)), "a day as a day");
    let notes = cells(&answer.bytes, 1);
    let said: Vec<String> = notes.iter().map(|row| format!("{}={}", row[0], row[1])).collect();
    assert!(said.contains(&"Điều kiện: kind=family".to_owned()), "{said:?}");
    assert!(said.contains(&"Điều kiện: year=2026".to_owned()), "{said:?}");
    assert!(said.contains(&"Số dòng=1".to_owned()), "{said:?}");
    let by_header =
        recorder.call(Method::GET, "/exports/titles").header("accept", hoctap::wire::reply::XLSX);
    assert_eq!(by_header.send().await.header("content-type"), hoctap::wire::reply::XLSX);
}

#[actix_web::test]
async fn lines_of_json_keep_types_and_column_names() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    families(&recorder, &["=1+1", "Lê \"Tư\""]).await;
    let answer = export(&recorder, "/exports/titles?format=jsonl").await;
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let lines: Vec<Value> =
        answer.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let csv = rows(&export(&recorder, "/exports/titles").await);
    assert_eq!(lines.len(), csv.len());
    for (line, row) in lines.iter().zip(&csv) {
        assert!(line.as_object().unwrap().keys().eq(row.as_object().unwrap().keys()));
        assert_eq!((&line["year"], &line["own_total"]), (&json!(2026), &Value::Null));
        assert_eq!(line["difficult"], false);
    }
    let mut names: Vec<_> = lines.iter().map(|line| line["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["=1+1", "Lê \"Tư\""]);
}

#[actix_web::test]
async fn a_file_is_compressed_once_and_its_digest_is_of_what_is_sent() {
    use std::io::Read;
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    families(&recorder, &["Trần Văn An", "Lê Thị Bình"]).await;
    let whole = export(&recorder, "/exports/titles").await;
    for coding in ["gzip", "br"] {
        let call = recorder.call(Method::GET, "/exports/titles").header("accept-encoding", coding);
        let answer = call.raw().await;
        assert_eq!(answer.header("content-encoding"), coding);
        assert_eq!(answer.header("repr-digest"), digest(&answer.bytes));
        assert_eq!(answer.header("content-length"), answer.bytes.len().to_string());
        let mut unpacked = Vec::new();
        match coding {
            "gzip" => flate2::read::GzDecoder::new(&*answer.bytes).read_to_end(&mut unpacked),
            _ => brotli::Decompressor::new(&*answer.bytes, 4096).read_to_end(&mut unpacked),
        }
        .expect("a whole file");
        assert_eq!(unpacked, whole.bytes);
        let manifest = manifest(&recorder, &answer).await;
        assert_eq!(manifest["sha256"], hex::encode(Sha256::digest(&whole.bytes)));
    }
}

/// The manifest to which an export links.
async fn manifest(who: &Client<'_>, export: &Answer) -> Value {
    let link = export.header("link");
    let path = link.strip_prefix('<').and_then(|l| l.strip_suffix(">; rel=\"describedby\""));
    who.get(path.unwrap_or_else(|| panic!("no manifest: {link:?}"))).await.is(200)
}

#[actix_web::test]
async fn a_manifest_says_what_was_taken_and_is_checked_without_the_register() {
    let app = TestApp::start().await;
    let dir = tempfile::tempdir().unwrap();
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    families(&recorder, &["Trần Văn An"]).await;
    let answer = export(&recorder, "/exports/titles?year=2026").await;
    let manifest = manifest(&recorder, &answer).await;
    assert_eq!((&manifest["table"], &manifest["rows"]), (&json!("titles"), &json!(1)));
    assert_eq!(manifest["question"], json!({"year": 2026}));
    assert_eq!((&manifest["scope"], &manifest["as_of"]), (&json!(COMMUNE), &Value::Null));
    let (_, item) = latest(&auditor, "export.titles").await;
    assert_eq!(item["entity_id"], manifest["id"], "the trail names it");

    app.write_proof_keys(&dir.path().join("keys.json")).await;
    std::fs::write(dir.path().join("titles.csv"), &answer.bytes).unwrap();
    std::fs::write(dir.path().join("manifest.json"), manifest.to_string()).unwrap();
    let verify = || {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_hoctap"));
        command.current_dir(dir.path()).env_clear();
        let arguments = "manifest verify manifest.json --file titles.csv --key keys.json";
        command.args(arguments.split(' ')).output().unwrap()
    };
    let checked = verify();
    assert!(checked.status.success(), "{checked:?}");
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(said.starts_with("1 rows of titles (year=2026) as they stood at "), "{said}");
    let mut more = manifest.clone();
    more["rows"] = json!(2);
    std::fs::write(dir.path().join("manifest.json"), more.to_string()).unwrap();
    assert!(!verify().status.success(), "another manifest");
    std::fs::write(dir.path().join("manifest.json"), manifest.to_string()).unwrap();
    std::fs::write(dir.path().join("titles.csv"), [&answer.bytes[..], b"x"].concat()).unwrap();
    assert!(!verify().status.success(), "another file");

    let neighbour = app.user(Role::Recorder, NEIGHBOUR).await;
    let path = format!("/exports/{}/manifest", manifest["id"].as_str().unwrap());
    neighbour.get(&path).await.refuses(404, "not_found");
    auditor.get(&path).await.is(200);
}

#[actix_web::test]
async fn what_was_known_on_a_closed_day_is_exported_the_same_for_ever() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    families(&recorder, &["Trần Văn An", "Lê Thị Bình"]).await;
    let day = hoctap::base::clock::today();
    let open = recorder.get(&format!("/exports/titles?as_of={day}")).await;
    open.refuses(422, "day_not_closed");
    app.midnight(1).await;
    let titles = format!("/exports/titles?year=2026&as_of={day}");
    let figures = format!("/exports/statistics?area={COMMUNE}&kind=family&as_of={day}");
    let (before, figures_before) =
        (export(&recorder, &titles).await, export(&recorder, &figures).await);
    families(&recorder, &["Phạm Văn Cả"]).await;
    assert_eq!(export(&recorder, &titles).await.bytes, before.bytes);
    assert_eq!(export(&recorder, &figures).await.bytes, figures_before.bytes);
    assert_eq!((rows(&before).len(), &rows(&before)[0]["as_of"]), (2, &json!(day)));
    assert_eq!(rows(&figures_before)[0]["registered"], "2");
    assert_eq!(rows(&export(&recorder, "/exports/titles?year=2026").await).len(), 3);
    let manifest = manifest(&recorder, &before).await;
    assert_eq!((&manifest["as_of"], &manifest["rows"]), (&json!(day), &json!(2)));
}

#[actix_web::test]
async fn the_annual_report_is_a_document_with_numbers() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let total = json!({"base": "households", "total": 8, "source": "Công an phường"});
    let totals = format!("/areas/commune/{COMMUNE}/totals/2026");
    recorder.put(&totals, json!({"totals": [total]})).await.is(200);
    for (name, year, status) in [
        ("Trần Văn An", 2025, "recognised"),
        ("Lê Thị Bình", 2026, "recognised"),
        ("Phạm Văn Cả", 2026, "recognised"),
        ("Ngô Văn Tư", 2026, "verified"),
    ] {
        let holder = family(&recorder, name).await;
        title_at(&recorder, &approver, &holder, year, status).await;
    }
    let path = format!("/reports/annual?area={COMMUNE}&year=2026");
    let commune = export(&recorder, &path).await;
    let report = cells(&commune.bytes, 0);
    let text = |row: &[Data]| row.iter().map(Data::to_string).collect::<Vec<_>>().join("|");
    assert!(text(&report[0]).contains("ỦY BAN NHÂN DÂN"));
    assert!(text(&report[0]).contains("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"));
    assert!(text(&report[1]).contains("PHƯỜNG NAM ĐỊNH"));
    let family = report.iter().find(|row| row[1] == "Gia đình học tập cấp xã").unwrap();
    let numbers: Vec<Option<f64>> = family[3..10].iter().map(calamine::DataType::as_f64).collect();
    let expected = [8.0, 3.0, 2.0, 66.67, 25.0, 1.0, 1.0];
    assert_eq!(numbers, expected.map(Some), "{family:?}");
    let learners = report.iter().find(|row| row[1] == "Người học").expect("the groups");
    assert_eq!(learners[4], Data::Float(0.0));

    let province = export(&recorder, &format!("/reports/annual?area={PROVINCE}&year=2026")).await;
    let communes = cells(&province.bytes, 1);
    assert_eq!(communes.len(), 2 + 129);
    let own = communes.iter().find(|row| row[1] == COMMUNE).unwrap();
    assert_eq!(
        (&own[3], &own[4], &own[5]),
        (&Data::Float(3.0), &Data::Float(2.0), &Data::Float(25.0))
    );
    recorder.get("/reports/annual?area=VN&year=2026").await.refuses(422, "invalid");
}
