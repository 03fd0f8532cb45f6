//! Asking again: who has the latest figures is told so, at no cost, by any server.

use std::time::Duration;

use diesel::sql_types::BigInt;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::join_all;
use hoctap::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::records::{COMMUNE, PROVINCE, close_day, family, title_at, title_path};
use crate::support::{Answer, Client, TestApp};

const QUESTION: &str = "/statistics?area=37&kind=family&year_from=2026";

async fn knowing(client: &Client<'_>, question: &str, tag: &str) -> Answer {
    client.call(Method::GET, question).header("if-none-match", tag).send().await
}

#[actix_web::test]
async fn a_client_that_has_the_latest_costs_no_figures() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let closed = close_day(&app).await;
    let then = format!("{QUESTION}&as_of={closed}");
    let tag_then = stranger.get(&then).await.header("etag").to_owned();
    let tag_now = stranger.get(QUESTION).await.header("etag").to_owned();
    // Whoever would count now had to wait.
    let mut db = app.db().await;
    db.batch_execute(
        "begin; lock table title_counts, count_changes, count_blocks, area_totals, closings
         in access exclusive mode",
    )
    .await
    .expect("locks");
    for (question, tag) in [(QUESTION, &tag_now), (&*then, &tag_then)] {
        let known = knowing(&stranger, question, tag);
        let known = tokio::time::timeout(Duration::from_secs(5), known).await.expect("at once");
        assert_eq!((known.status, known.header("etag")), (304, &**tag));
    }
    db.batch_execute("rollback").await.expect("an end");
}

#[actix_web::test]
async fn a_closed_day_is_kept_for_ever() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let day = close_day(&app).await;
    let question = format!("{QUESTION}&as_of={day}");
    let first = recorder.get(&question).await;
    assert_eq!(first.header("cache-control"), "private, max-age=31536000, immutable");
    let public = app.stranger().get(&question).await;
    assert_eq!(public.header("cache-control"), "public, max-age=31536000, immutable");
    let live = app.stranger().get(QUESTION).await;
    assert_eq!(live.header("cache-control"), "private, no-cache");
    let new = family(&recorder, "Trần Văn An").await;
    recorder.put(&title_path(&new, 2026), json!({})).await.is(200);
    close_day(&app).await;
    let again = recorder.get(&question).await;
    assert_eq!((again.header("etag"), &again.bytes), (first.header("etag"), &first.bytes));
    // A server that never heard the question answers it with the same bytes.
    let other = app.beside().await;
    let elsewhere = other.log_in("recorder.13669").await.get(&question).await;
    assert_eq!((elsewhere.header("etag"), &elsewhere.bytes), (first.header("etag"), &first.bytes));
}

#[actix_web::test]
async fn what_one_server_wrote_it_tells_at_once_and_another_within_a_second() {
    let app = TestApp::start().await;
    let other = app.beside().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let (here, there) = (app.stranger(), other.stranger());
    for n in 0..3 {
        let tag = here.get(QUESTION).await.header("etag").to_owned();
        // The other has just asked how things stand.
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        assert_eq!(knowing(&there, QUESTION, &tag).await.status, 304, "the same tag everywhere");
        let new = family(&recorder, &format!("Gia đình {n}")).await;
        recorder.put(&title_path(&new, 2026), json!({})).await.is(200);
        let now = knowing(&here, QUESTION, &tag).await;
        assert_eq!(now.body["items"][0]["registered"], n + 1);
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let now = knowing(&there, QUESTION, &tag).await;
        assert_eq!(now.body["items"][0]["registered"], n + 1);
    }
}

#[actix_web::test]
async fn a_question_that_many_ask_at_once_is_counted_once() {
    #[derive(diesel::QueryableByName)]
    struct Waiting {
        #[diesel(sql_type = BigInt)]
        waiting: i64,
    }
    let app = TestApp::start().await;
    let mut db = app.db().await;
    db.batch_execute("begin; lock table title_counts in access exclusive mode")
        .await
        .expect("a lock");
    let stranger = app.stranger();
    let asked = join_all((0..6).map(|_| stranger.get(QUESTION)));
    let counting = async {
        let mut most = 0;
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let now: Waiting = diesel::sql_query(
                "select count(*) as waiting from pg_locks
                 where not granted and relation = 'title_counts'::regclass",
            )
            .get_result(&mut db)
            .await
            .expect("the locks");
            most = most.max(now.waiting);
        }
        db.batch_execute("rollback").await.expect("an end");
        most
    };
    let (answers, most) = futures_util::future::join(asked, counting).await;
    assert_eq!(most, 1);
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.bytes == answers[0].bytes));
}

#[actix_web::test]
async fn the_course_of_a_year_is_told_month_by_month() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let mut known = std::collections::BTreeMap::new();
    let mut months = std::collections::BTreeMap::new();
    // Days enough to come into the next month, whatever today is.
    for n in 0..33 {
        if n % 8 == 0 {
            let new = family(&recorder, &format!("Gia đình {n}")).await;
            title_at(&recorder, &approver, &new, 2026, "registered").await;
        }
        let day = close_day(&app).await;
        known.insert(day, n / 8 + 1);
        if chrono::Datelike::year(&day) == 2026 {
            months.insert(day.format("%Y-%m").to_string(), day);
        }
    }
    assert!(months.len() > 1);
    let answer = auditor.get(&format!("{QUESTION}&interval=month")).await.is(200);
    let items = answer["items"].as_array().expect("items");
    assert_eq!(items.len(), months.len());
    for (item, (month, day)) in items.iter().zip(&months) {
        assert_eq!((&item["month"], &item["known_on"]), (&json!(month), &json!(day)));
        assert_eq!(item["registered"], known[day]);
        let link = item["records"].as_str().expect("a link");
        let listed = auditor.get(&format!("{link}&count=exact")).await.is(200);
        assert_eq!(listed["count"], item["registered"]);
    }
    // As known on an earlier day there is no later month.
    let first = months.values().next().expect("a month");
    let answer = auditor.get(&format!("{QUESTION}&interval=month&as_of={first}")).await.is(200);
    assert_eq!(answer["items"].as_array().expect("items").len(), 1);
}

#[actix_web::test]
async fn figures_are_compressed_once_and_each_coding_has_its_tag() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let ask = async |coding: &'static str| {
        let call = stranger.call(reqwest::Method::GET, "/statistics?depth=province");
        call.header("accept-encoding", coding).raw().await
    };
    let plain = ask("identity").await;
    let tag = plain.header("etag").trim_matches('"').to_owned();
    assert!(plain.bytes.starts_with(b"{\"boundaries\""));
    for (accepted, coding) in [("gzip", "gzip"), ("gzip, br", "br")] {
        let packed = ask(accepted).await;
        assert_eq!(packed.header("content-encoding"), coding);
        assert_eq!(packed.header("etag"), format!("\"{tag};{coding}\""));
        assert!(packed.header("vary").contains("Accept-Encoding"));
        assert!(packed.bytes.len() < plain.bytes.len() / 2);
        assert_eq!(ask(accepted).await.bytes, packed.bytes);
        // Whoever has it in one coding has it.
        let call = stranger.call(reqwest::Method::GET, "/statistics?depth=province");
        let known = call.header("if-none-match", packed.header("etag")).raw().await;
        assert_eq!((known.status, known.header("etag")), (304, packed.header("etag")));
    }
}

#[actix_web::test]
async fn a_list_is_packed_as_its_reader_takes_it_and_one_record_is_not() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, "13669").await;
    let mut known = Value::Null;
    for n in 0..20 {
        let new = json!({"kind": "family", "area": "13669", "name": format!("Trần Văn {n}"),
                         "confirm_new": true, "details": {"head_birth_year": 1960 + n}});
        known = recorder.post("/holders", new).await.is(201);
    }
    let ask = async |path: &str, coding: &'static str| {
        let call = recorder.call(reqwest::Method::GET, path);
        call.header("accept-encoding", coding).raw().await
    };
    let list = "/holders?area=13669";
    let plain = ask(list, "identity").await;
    assert_eq!(plain.header("content-encoding"), "");
    for (accepted, coding) in [("gzip", "gzip"), ("br", "br"), ("gzip;q=0, br", "br")] {
        let packed = ask(list, accepted).await;
        assert_eq!(packed.header("content-encoding"), coding, "{accepted}");
        assert!(packed.bytes.len() < plain.bytes.len() / 3, "{accepted}");
        let read = recorder.call(reqwest::Method::GET, list).header("accept-encoding", accepted);
        assert_eq!(read.send().await.bytes, plain.bytes, "{accepted}");
    }
    let id = known["id"].as_str().expect("an id");
    let one = ask(&format!("/holders/{id}"), "gzip, br").await;
    assert_eq!(one.header("content-encoding"), "");
    assert_eq!(one.body["name"], "Trần Văn 19");
}
