//! How far files to take away may go: their number, their size, their rows and their life.

use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use futures_util::future::join;
use hoctap::access::Role;
use reqwest::Method;
use serde_json::json;

use crate::support::records::{COMMUNE, family, title_path};
use crate::support::{Client, TestApp};

const CSV: &str = "/exports/titles?kind=family";

async fn register(app: &TestApp, families: usize) -> Client<'_> {
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    for n in 0..families {
        let new = family(&recorder, &format!("Nguyễn Văn Số {n}")).await;
        recorder.put(&title_path(&new, 2026), json!({})).await.is(200);
    }
    recorder
}

/// How many exports the trail knows of.
async fn exports(app: &TestApp) -> usize {
    let auditor = app.named_user("auditor", Role::Auditor, COMMUNE).await;
    let trail = auditor.get("/audit?entity=export").await.is(200);
    trail["items"].as_array().expect("items").len()
}

#[actix_web::test]
async fn a_workbook_ends_where_a_sheet_does() {
    let app = TestApp::start_with(|config| config.spool.xlsx_rows = 3).await;
    let recorder = register(&app, 3).await;
    let xlsx = format!("{CSV}&format=xlsx");
    assert_eq!(recorder.get(&xlsx).await.status, 200);
    let new = family(&recorder, "Trần Văn An").await;
    recorder.put(&title_path(&new, 2026), json!({})).await.is(200);
    let problem = recorder.get(&xlsx).await.refuses(422, "too_many_rows");
    let detail = problem["detail"].as_str().expect("a sentence");
    assert!(detail.contains("chỉ nhận 3 dòng; hãy xuất CSV"), "{detail}");
    let csv = recorder.get(CSV).await;
    assert_eq!((csv.status, csv.text().lines().count()), (200, 5));
    assert_eq!(exports(&app).await, 2, "what was not given is not in the trail");
}

#[actix_web::test]
async fn a_file_that_grows_too_large_is_given_up() {
    let app = TestApp::start_with(|config| {
        config.spool.bytes = 4_000;
        config.spool.files = 1;
    })
    .await;
    let recorder = register(&app, 40).await;
    for format in ["csv", "jsonl", "xlsx"] {
        let call = recorder.call(Method::GET, &format!("{CSV}&format={format}"));
        let answer = call.header("accept-encoding", "identity").send().await;
        answer.refuses(422, "export_too_large");
    }
    assert_eq!(exports(&app).await, 0);
    // Its room is free again, and what fits is given.
    let none = recorder.get("/exports/titles?kind=clan").await;
    assert_eq!((none.status, none.text().lines().count()), (200, 1));
}

#[actix_web::test]
async fn no_more_files_than_there_is_room_for() {
    let app = TestApp::start_with(|config| config.spool.files = 1).await;
    let recorder = register(&app, 1).await;
    let mut db = app.db().await;
    db.batch_execute("begin; lock table holders in access exclusive mode").await.expect("a lock");
    // The first waits for its rows; whoever comes meanwhile is sent away at once.
    let second = async {
        loop {
            let answer = recorder.get("/exports/statistics").await;
            if answer.status != 200 {
                break answer;
            }
        }
    };
    let refused = async {
        let answer = tokio::time::timeout(Duration::from_secs(20), second).await.expect("at once");
        db.batch_execute("rollback").await.expect("an end");
        answer
    };
    let (first, refused) = join(recorder.get(CSV), refused).await;
    assert_eq!(refused.header("retry-after"), "60");
    refused.refuses(503, "too_many_exports");
    assert_eq!((first.status, first.text().lines().count()), (200, 2));
    assert_eq!(recorder.get(CSV).await.status, 200, "there is room again");
}

#[actix_web::test]
async fn a_client_that_is_too_slow_gets_no_whole_file_and_gives_its_room_back() {
    let app = TestApp::start_with(|config| {
        config.spool.life = Duration::ZERO;
        config.spool.files = 1;
    })
    .await;
    let recorder = register(&app, 1).await;
    for _ in 0..2 {
        let path = format!("http://{}/api/v1{CSV}", app.address());
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let call = http.get(path).bearer_auth(recorder.token());
        let fetched = async { call.send().await?.bytes().await };
        // A refusal for want of room would be an answer.
        assert!(fetched.await.is_err(), "the file breaks off");
    }
}
