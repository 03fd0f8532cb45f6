//! Lists of thousands: every statement's cost is that of its rows, whatever the planner believes.

use std::fmt::Write;

use diesel_async::SimpleAsyncConnection;
use hoctap::access::Role;
use hoctap::base::clock::today;
use hoctap::base::db;
use hoctap::server::housekeeping;
use reqwest::Method;
use serde_json::json;

use crate::support::lists::{apply, csv, faults, id, send, titles};
use crate::support::plans::{Plans, refuse_scans, rows_read_by};
use crate::support::records::{COMMUNE, NEIGHBOUR};
use crate::support::{Client, TestApp};

/// A list of `n` families of which the `bad`th of each hundred has an unreadable year.
fn families(n: usize, prefix: &str, bad: Option<usize>) -> Vec<u8> {
    let rows: Vec<String> = (0..n)
        .map(|i| {
            let born = if bad == Some(i % 100) { "hai".to_owned() } else { year(i) };
            format!("{};{};{born};4;85", i + 1, name(prefix, i))
        })
        .collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    csv("STT;Họ và tên chủ hộ;Năm sinh;Số nhân khẩu;Điểm tự chấm", &rows)
}

/// Names that are not near each other.
fn name(prefix: &str, mut i: usize) -> String {
    const WORDS: &[&str] = &["An", "Bình", "Cường", "Dũng", "Giang", "Hùng", "Khánh", "Long"];
    let mut name = prefix.to_owned();
    for _ in 0..6 {
        write!(name, " {}", WORDS[i % WORDS.len()]).unwrap();
        i /= WORDS.len();
    }
    name
}

fn year(i: usize) -> String {
    (1940 + i % 60).to_string()
}

/// Enters a list in another commune.
async fn enter_beside(app: &TestApp, area: &str, list: Vec<u8>) {
    let recorder = app.user(Role::Recorder, area).await;
    let path = format!("/imports?kind=family&year=2026&area={area}");
    let call = recorder.call(Method::POST, &path).header("prefer", "wait=60");
    let import = call.bytes(list).send().await.is(200);
    apply(&recorder, &import, true).await;
}

/// A list sent and applied twice, with some bad rows; the second time nothing changes.
async fn twice(recorder: &Client<'_>, list: &[u8], good: usize) {
    for changed in [good, 0] {
        let import = send(recorder, "family&year=2026", list.to_vec()).await;
        let done = apply(recorder, &import, false).await;
        assert_eq!(done["summary"]["changed"], changed, "{:#}", done["summary"]);
    }
}

#[actix_web::test]
async fn a_large_list_reads_its_own_rows_and_no_others_however_large_the_register() {
    let app = TestApp::start().await;
    let mut plans = Plans::watch(&app).await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    enter_beside(&app, NEIGHBOUR, families(3_000, "Trần", None)).await;
    // What the planner will know of staging: the bad rows of one list.
    send(&recorder, "family&year=2026", families(60, "Lê", Some(7))).await;
    app.db().await.batch_execute("analyze import_rows").await.unwrap();
    plans.take().await;
    twice(&recorder, &families(1_000, "Lê", Some(7)), 990).await;
    let small = plans.take().await;
    assert!(small.len() > 50, "{} plans", small.len());
    refuse_scans(&small);
    enter_beside(&app, "13693", families(3_000, "Phạm", None)).await;
    plans.take().await;
    // As many again, which differ from the others.
    twice(&recorder, &families(1_000, "Vũ", Some(7)), 990).await;
    let large = plans.take().await;
    refuse_scans(&large);
    let growth = rows_read_by(&large) / rows_read_by(&small);
    assert!(growth < 2.2, "{growth}");
}

#[actix_web::test]
async fn who_does_not_wait_is_told_how_far_it_is_and_where_it_failed() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let import = send(&recorder, "family&year=2026", families(300, "Lê", Some(7))).await;
    assert_eq!(import["progress"], json!({"checked": 300, "written": 0}));
    let path = format!("/imports/{}", id(&import));
    let apply = async |atomic: bool, wait: &str| {
        let call = recorder.call(Method::POST, &format!("{path}/apply")).header("prefer", wait);
        call.json(&json!({"atomic": atomic})).send().await
    };
    let ended = async || loop {
        let import = recorder.get(&path).await.is(200);
        if import["state"] != "applying" {
            return import;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    };
    let answer = apply(true, "wait=0").await;
    assert_eq!((answer.header("location"), answer.status), (&*format!("/api/v1{path}"), 202));
    assert_eq!(answer.is(202)["state"], "applying");
    let failed = ended().await;
    assert_eq!(failed["state"], "checked");
    assert_eq!(failed["summary"]["failure"]["code"], "import_has_errors", "{failed:#}");
    assert!(titles(&recorder, "kind=family").await.is_empty());
    apply(true, "wait=30").await.refuses(409, "import_has_errors");
    apply(false, "wait=0").await.is(202);
    let done = ended().await;
    assert_eq!((&done["state"], &done["summary"]["failure"]), (&json!("applied"), &json!(null)));
    assert_eq!(done["progress"], json!({"checked": 300, "written": 297}));
    assert_eq!(faults(&recorder, &import).await.len(), 3);
}

#[actix_web::test]
async fn an_applying_whose_server_died_leaves_a_checked_list() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let import = send(&recorder, "family&year=2026", families(3, "Lê", None)).await;
    let (path, mut db) = (format!("/imports/{}", id(&import)), app.db().await);
    let silent = async |db: &mut db::Conn, seconds: u32| {
        let set = format!("state = 'applying', heartbeat = now() - interval '{seconds} seconds'");
        db.batch_execute(&format!("update imports set {set}")).await.unwrap();
        housekeeping::once(db, &app.shared.keys, today()).await.unwrap();
        recorder.get(&path).await.is(200)
    };
    assert_eq!(silent(&mut db, 59).await["state"], "applying");
    // Who comes meanwhile waits with the others, and one with a key is told to ask again.
    let apply = recorder.call(Method::POST, &format!("{path}/apply")).header("prefer", "wait=0");
    apply.json(&json!({"atomic": true})).send().await.is(202);
    let apply = recorder.call(Method::POST, &format!("{path}/apply")).header("prefer", "wait=0");
    let apply = apply.header("idempotency-key", "a").json(&json!({"atomic": true}));
    apply.send().await.refuses(409, "request_in_flight");
    let failed = silent(&mut db, 61).await;
    assert_eq!(failed["state"], "checked");
    assert_eq!(failed["summary"]["failure"]["code"], "interrupted", "{failed:#}");
    assert_eq!(crate::support::lists::apply(&recorder, &import, true).await["state"], "applied");
}
