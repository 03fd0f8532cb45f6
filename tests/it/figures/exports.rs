//! Figures and records to take away: what stands in the files, who may have them, what the trail keeps.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hoctap::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::records::{COMMUNE, NEIGHBOUR, PROVINCE, family, title_at, title_path};
use crate::support::{Answer, Client, TestApp};

/// The rows of a CSV file as objects by column.
pub(super) fn rows(answer: &Answer) -> Vec<Value> {
    let text = answer.text();
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let columns = reader.headers().expect("a header").clone();
    let row = |record: csv::StringRecord| {
        columns.iter().zip(record.iter()).map(|(c, v)| (c.to_owned(), json!(v))).collect()
    };
    reader.records().map(|record| Value::Object(row(record.expect("a row")))).collect()
}

/// A file as it is kept, not compressed on its way.
pub(super) async fn export(who: &Client<'_>, path: &str) -> Answer {
    let answer = who.call(Method::GET, path).header("accept-encoding", "identity").send().await;
    assert_eq!(answer.status, 200, "{:#}", answer.body);
    answer
}

pub(super) fn digest(bytes: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(bytes)))
}

/// The latest entry of an action that an auditor of the province sees, with its first item.
pub(super) async fn latest(auditor: &Client<'_>, action: &str) -> (Value, Value) {
    let trail = auditor.get("/audit?entity=export").await.is(200);
    let entry = trail["items"].as_array().unwrap().iter().find(|e| e["action"] == action);
    let entry = entry.expect("an entry").clone();
    let id = entry["id"].as_str().unwrap();
    let items = auditor.get(&format!("/audit/{id}/items")).await.is(200);
    (entry, items["items"][0].clone())
}

#[actix_web::test]
async fn an_export_of_titles_holds_every_record_of_the_question() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    for (name, status) in
        [("Trần Văn An", "recognised"), ("Lê Thị Bình", "verified"), ("Phạm Văn Cả", "withdrawn")]
    {
        let holder = family(&recorder, name).await;
        title_at(&recorder, &approver, &holder, 2026, status).await;
    }
    let answer = export(&recorder, "/exports/titles?kind=family&year=2026").await;
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"titles.csv\"");
    assert_eq!(answer.header("content-length"), answer.bytes.len().to_string());
    assert_eq!(answer.header("repr-digest"), digest(&answer.bytes));
    let found = rows(&answer);
    let mut named: Vec<_> = found
        .iter()
        .map(|r| (r["name"].as_str().unwrap(), r["status"].as_str().unwrap()))
        .collect();
    named.sort_unstable();
    assert_eq!(
        named,
        [("Lê Thị Bình", "verified"), ("Phạm Văn Cả", "withdrawn"), ("Trần Văn An", "recognised")]
    );
    let recognised = found.iter().find(|r| r["status"] == "recognised").unwrap();
    assert_eq!(recognised["area"], COMMUNE);
    assert_eq!(recognised["area_name"], "Phường Nam Định, Tỉnh Ninh Bình");
    assert_eq!(
        (&recognised["own_total"], &recognised["outcome"]),
        (&json!("85"), &json!("passes"))
    );
    assert_ne!(recognised["decision"], "");
    let only = recorder.get("/exports/titles?status=verified").await;
    assert_eq!(rows(&only).len(), 1, "the filters of the list");
    // What came after the commune had closed is marked.
    let closing = json!({"closings": [{"kind": "family", "state": "complete"}]});
    recorder.put("/areas/commune/13669/closings/2026", closing).await.is(200);
    let late = family(&recorder, "Đinh Công Tráng").await;
    let reason = json!({"reason": "Bỏ sót khi chốt"});
    recorder.put(&title_path(&late, 2026), reason).await.is(200);
    let found = rows(&export(&recorder, "/exports/titles?kind=family&year=2026").await);
    let late: Vec<&Value> = found.iter().filter(|r| r["late"] == "true").collect();
    assert_eq!(late.len(), 1);
    assert_eq!((&late[0]["name"], found.len()), (&json!("Đinh Công Tráng"), 4));
}

#[actix_web::test]
async fn a_spreadsheet_reads_it_as_text_and_runs_nothing() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    for name in ["=1+1 Nguyễn", "@Lan", "Ngô \"Tư\", trưởng"] {
        let holder = family(&recorder, name).await;
        recorder.put(&title_path(&holder, 2026), json!({})).await.is(200);
    }
    let answer = recorder.get("/exports/titles?year=2026&bom=true").await;
    assert!(answer.bytes.starts_with("\u{feff}code,name,".as_bytes()), "Excel knows UTF-8 by it");
    assert!(answer.text().contains("\r\n"));
    let mut names: Vec<_> =
        rows(&answer).iter().map(|r| r["name"].as_str().unwrap().to_owned()).collect();
    names.sort_unstable();
    assert_eq!(names, ["'=1+1 Nguyễn", "'@Lan", "Ngô \"Tư\", trưởng"]);
    let plain = recorder.get("/exports/titles?year=2026").await;
    assert!(plain.bytes.starts_with(b"code,"));
}

#[actix_web::test]
async fn an_export_leaves_one_entry_that_says_what_was_taken_away() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let holder = family(&recorder, "Trần Văn An").await;
    recorder.put(&title_path(&holder, 2026), json!({})).await.is(200);
    let answer = recorder.get("/exports/titles?kind=family&year=2026").await;
    let (entry, item) = latest(&auditor, "export.titles").await;
    assert_eq!(entry["actor_name"], "recorder.13669");
    assert_eq!((&entry["area"], &entry["items"]), (&json!(COMMUNE), &json!(1)));
    let after = &item["after"];
    assert_eq!(
        (&after["question"]["kind"], &after["question"]["year"]),
        (&json!("family"), &json!(2026))
    );
    assert_eq!(after["rows"], 1);
    assert_eq!(after["sha256"], hex::encode(Sha256::digest(&answer.bytes)));
    assert_eq!(after["question"].as_object().unwrap().len(), 2, "only what was asked");
    let entries = auditor.get("/audit?entity=export").await.is(200);
    assert_eq!(entries["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn nobody_takes_away_what_it_may_not_read() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let neighbour = app.user(Role::Recorder, NEIGHBOUR).await;
    let holder = family(&recorder, "Trần Văn An").await;
    recorder.put(&title_path(&holder, 2026), json!({})).await.is(200);
    assert_eq!(rows(&neighbour.get("/exports/titles").await).len(), 0);
    app.stranger().get("/exports/titles").await.refuses(401, "token_missing");
    let dashboard = app.dashboard(PROVINCE).await;
    dashboard.get("/exports/titles").await.refuses(403, "role_not_allowed");
    let administrator = app.user(Role::Administrator, PROVINCE).await;
    administrator.get("/exports/titles").await.refuses(403, "role_not_allowed");
    recorder.get("/exports/titles?colour=red").await.refuses(422, "invalid");
}

#[actix_web::test]
async fn exported_statistics_are_those_of_the_answer() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let holder = family(&recorder, "Trần Văn An").await;
    title_at(&recorder, &approver, &holder, 2026, "recognised").await;
    let question = "area=37&depth=commune&kind=family&year_from=2026";
    let asked = recorder.get(&format!("/statistics?{question}")).await.is(200);
    let exported = recorder.get(&format!("/exports/statistics?{question}")).await;
    let rows = rows(&exported);
    let items = asked["items"].as_array().unwrap();
    assert_eq!(rows.len(), 129);
    assert_eq!(rows.len(), items.len());
    for (row, item) in rows.iter().zip(items) {
        for column in ["area", "area_name", "kind", "total_source"] {
            assert_eq!(row[column], item[column]);
        }
        for column in ["registered", "recognised", "in_force"] {
            assert_eq!(row[column], item[column].to_string());
        }
    }
    let own = rows.iter().find(|r| r["area"] == COMMUNE).unwrap();
    assert_eq!((&own["recognised"], &own["rate_of_registered"]), (&json!("1"), &json!("100.00")));
    assert_eq!(own["rate_of_total"], "", "no base, no rate");
}

#[actix_web::test]
async fn holders_decisions_and_the_trail_are_exported_like_their_lists() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let number = "036085001234";
    let body = json!({"kind": "family", "area": COMMUNE, "name": "Trần Văn An", "number": number,
        "details": {"members": 4, "pupils": 2}});
    let holder = recorder.post("/holders", body).await.is(201);
    title_at(&recorder, &approver, &holder, 2026, "recognised").await;

    let holders = export(&auditor, "/exports/holders?kind=family").await;
    let found = rows(&holders);
    assert_eq!((&found[0]["code"], &found[0]["members"]), (&holder["code"], &json!("4")));
    assert_eq!(found[0]["number"], "•••••••••234");
    assert!(!holders.text().contains(number));

    let decisions = rows(&export(&auditor, "/exports/decisions").await);
    assert_eq!(decisions.len(), 1);
    assert_eq!(
        (&decisions[0]["action"], &decisions[0]["name"]),
        (&json!("recognise"), &json!("Trần Văn An"))
    );
    assert_eq!(decisions[0]["capacity"], "KT. CHỦ TỊCH");

    let listed = auditor.get(&format!("/audit?area={COMMUNE}")).await.is(200);
    let trail = rows(&export(&auditor, &format!("/exports/audit?area={COMMUNE}")).await);
    let listed = listed["items"].as_array().unwrap();
    assert_eq!(trail.len(), listed.len());
    for (row, entry) in trail.iter().zip(listed) {
        assert_eq!((&row["entry"], &row["hash"]), (&entry["id"], &entry["hash"]));
        assert_eq!(row["summary"], entry["summary"]);
    }
    let refused = recorder.get("/exports/audit").await.refuses(403, "role_not_allowed");
    let told = refused["detail"].as_str().unwrap();
    assert!(told.ends_with("hãy nhờ: người giám sát, kiểm toán viên."), "{told}");
    recorder.get("/exports/holders?q=An").await.refuses(422, "invalid");
    recorder.get("/exports/titles?limit=5").await.refuses(422, "invalid");
    recorder.get("/exports/titles?format=pdf").await.refuses(422, "invalid");
}
