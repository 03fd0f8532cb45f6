//! The forms of the figures, byte by byte: an answer that was given out is given again by every later
//! server. What a newer form says otherwise gets a number of its own.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel_async::SimpleAsyncConnection;
use hoctap::access::Role;
use hoctap::base::kind::{Kind, Level};
use hoctap::server::housekeeping;
use serde_json::{Value, json};

use crate::support::former::Former;
use crate::support::records::{COMMUNE, decision, family, holder, record, title_at, title_path};
use crate::support::{Client, TestApp};

/// The days of this register are these, whenever the test runs.
const FIRST: &str = "2030-06-30";
const LAST: &str = "2030-07-01";

async fn close(app: &TestApp, day: &str) {
    let next = day.parse::<NaiveDate>().expect("a day").succ_opt().expect("another");
    let kept = housekeeping::once(&mut app.db().await, &app.shared.keys, next).await;
    kept.expect("housekeeping");
}

/// An answer as it is kept in a file.
async fn is_kept(client: &Client<'_>, question: &str, kept: &str) {
    let answer = client.get(question).await;
    assert_eq!(String::from_utf8_lossy(&answer.bytes), kept.trim_end(), "{question}");
}

/// An answer as it is kept in both forms: the first is the one that nobody needs to name, and the
/// second says the same, and what it was asked.
async fn are_kept(client: &Client<'_>, question: &str, [first, second]: [&str; 2]) {
    is_kept(client, question, first).await;
    is_kept(client, &format!("{question}&format=1"), first).await;
    is_kept(client, &format!("{question}&format=2"), second).await;
    let read = |kept: &str| serde_json::from_str::<Value>(kept).expect("JSON");
    let (first, second) = (read(first), read(second));
    let spelled_out = second["question"].as_str().expect("a path");
    let spelled_out = spelled_out.strip_prefix("/api/v1").expect("of this version").to_owned();
    let again = client.get(&spelled_out).await;
    assert_eq!(again.is(200), second, "{spelled_out}");
    assert_eq!(rows_of_first(&first), rows_of_second(&second), "{question}");
    for part in ["boundaries", "as_of", "decided_by"] {
        assert_eq!(first[part], second[part], "{question}");
    }
}

/// The rows without what only one of the forms tells.
fn rows_of_first(answer: &Value) -> Vec<Value> {
    let mut rows = answer["items"].as_array().expect("items").clone();
    for row in &mut rows {
        for candidate in row["candidates"].as_array_mut().into_iter().flatten() {
            *candidate = candidate["full_name"].take();
        }
    }
    rows
}

fn rows_of_second(answer: &Value) -> Vec<Value> {
    let areas = answer["areas"].as_array().expect("areas").iter();
    let areas: HashMap<&str, &Value> =
        areas.map(|area| (area["area"].as_str().expect("a code"), area)).collect();
    let mut rows = answer["items"].as_array().expect("items").clone();
    for row in &mut rows {
        let naming = row["area"].as_str().expect("a code").to_owned();
        let area = areas[&*naming];
        row["area"] = json!(naming.split('@').next());
        row["area_name"] = area["name"].clone();
        row["area_level"] = area["level"].clone();
        if area.get("until").is_some() {
            row["area_until"] = area["until"].clone();
        }
        for candidate in row["candidates"].as_array_mut().into_iter().flatten() {
            let name = areas[candidate.as_str().expect("a code")]["name"].as_str();
            *candidate = json!(name.and_then(|name| name.split(',').next()));
        }
        let covered =
            row.as_object_mut().expect("a row").remove("covered").expect("what it covers");
        let percent = covered["total"].as_i64().map(|total| {
            let recognised = covered["recognised"].as_i64().expect("a count");
            // Half up, in hundredths of a percent.
            ((recognised * 20_000 + total) / (2 * total)) as f64 / 100.0
        });
        assert_eq!(row["rate_over_covered"], json!(percent));
        assert_eq!(covered.is_null(), row["coverage"]["with_total"] == 0);
    }
    rows
}

macro_rules! both {
    ($name:literal) => {
        [
            include_str!(concat!("golden/1/", $name, ".json")),
            include_str!(concat!("golden/2/", $name, ".json")),
        ]
    };
}

#[actix_web::test]
async fn the_forms_of_an_answer_keep_their_bytes() {
    let app = TestApp::start().await;
    let before = format!("insert into closed_days (day) values (date '{FIRST}' - 1)");
    app.db().await.batch_execute(&before).await.expect("a closed day");
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let supervisor = app.user(Role::Supervisor, COMMUNE).await;
    let auditor = app.user(Role::Auditor, "VN").await;

    // Records of old communes, one of them split since; of today's; totals, a closing, a paper.
    for commune in ["13636", "13354"] {
        let mut former = Former::open(&app, commune).await;
        let old = former.holder(&app, Kind::Family, None, "Trần Văn Xương").await;
        former.title(&old, 2025, Level::Commune).await;
    }
    let mut recognised = Vec::new();
    for (name, status) in [("An", "recognised"), ("Bình", "verified"), ("Cả", "withdrawn")] {
        let new = family(&recorder, name).await;
        recognised.push(title_at(&recorder, &approver, &new, 2025, status).await);
    }
    let person = json!({"name": "Lê Thị Cúc", "group": "farmers"});
    let person = holder(&recorder, "citizen", COMMUNE, person).await;
    recorder.put(&title_path(&person, 2025), json!({})).await.is(200);
    let total = json!({"totals": [{"base": "households", "total": 7, "source": "Công an phường",
                                   "counted_on": "2025-12-31"}]});
    recorder.put("/areas/commune/13669/totals/2025", total).await.is(200);
    let paper = json!({"year": 2025, "kind": "family", "reported_on": "2025-12-31",
                       "registered": 4, "recognised": 2, "total": 7, "source": "Báo cáo năm"});
    supervisor.post("/areas/commune/13669/reported", paper).await.is(201);
    close(&app, FIRST).await;
    let parts =
        json!([{"action": "revoke", "records": [record(&recognised[0])], "reason": "Sai phạm"}]);
    approver.post("/decisions", decision("99", parts)).await.is(201);
    let closing = json!({"closings": [{"kind": "family", "state": "complete"}]});
    recorder.put("/areas/commune/13669/closings/2025", closing).await.is(200);
    close(&app, LAST).await;

    let year = "year_from=2025";
    let stranger = app.stranger();
    let public = format!("/statistics?area=37&{year}&as_of={FIRST}");
    are_kept(&stranger, &public, both!("public")).await;
    let groups = format!("/statistics?area=13669&by=group,grade&kind=citizen&{year}&as_of={LAST}");
    are_kept(&auditor, &groups, both!("groups")).await;
    let families = format!("/statistics?kind=family&{year}&as_of={FIRST}");
    for (question, kept) in [
        ("area=13669&decided_by=2025-12-31", both!("decided")),
        ("area=36&boundaries=2025-06-30", both!("former")),
        ("area=35@2025-06-30&boundaries=recorded&depth=commune", both!("recorded")),
        ("area=356&boundaries=2025-06-30&depth=commune", both!("unresolved")),
    ] {
        are_kept(&auditor, &format!("{families}&{question}"), kept).await;
    }
    let monthly =
        format!("/statistics?area=13669&kind=family&year_from=2030&interval=month&as_of={LAST}");
    are_kept(&auditor, &monthly, both!("monthly")).await;
    let diff = format!("/statistics/diff?area=37&from={FIRST}&to={LAST}");
    is_kept(&stranger, &diff, include_str!("golden/diff.json")).await;
}
