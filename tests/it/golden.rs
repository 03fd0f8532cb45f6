//! Form 1 of the figures, byte by byte: an answer that was given out is given again by every later
//! server. What a newer form says otherwise gets a number of its own.

use chrono::NaiveDate;
use diesel_async::SimpleAsyncConnection;
use hoctap::auth::Role;
use hoctap::housekeeping;
use hoctap::kind::{Kind, Level};
use serde_json::json;

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

/// The answer as it is kept in a file, format 1 named or not.
async fn is_kept(client: &Client<'_>, question: &str, kept: &[u8]) {
    for question in [question.to_owned(), format!("{question}&format=1")] {
        let answer = client.get(&question).await;
        let told = String::from_utf8_lossy(&answer.bytes).into_owned();
        assert_eq!(told, String::from_utf8_lossy(kept).trim_end(), "{question}");
    }
}

#[actix_web::test]
async fn the_first_form_of_an_answer_keeps_its_bytes() {
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
    is_kept(&stranger, &public, include_bytes!("golden/public.json")).await;
    let groups = format!("/statistics?area=13669&by=group,grade&kind=citizen&{year}&as_of={LAST}");
    is_kept(&auditor, &groups, include_bytes!("golden/groups.json")).await;
    let families = format!("/statistics?kind=family&{year}&as_of={FIRST}");
    for (question, kept) in [
        ("area=13669&decided_by=2025-12-31", &include_bytes!("golden/decided.json")[..]),
        ("area=36&boundaries=2025-06-30", include_bytes!("golden/former.json")),
        (
            "area=35@2025-06-30&boundaries=recorded&depth=commune",
            include_bytes!("golden/recorded.json"),
        ),
        ("area=356&boundaries=2025-06-30&depth=commune", include_bytes!("golden/unresolved.json")),
    ] {
        is_kept(&auditor, &format!("{families}&{question}"), kept).await;
    }
    let monthly =
        format!("/statistics?area=13669&kind=family&year_from=2030&interval=month&as_of={LAST}");
    is_kept(&auditor, &monthly, include_bytes!("golden/monthly.json")).await;
    let diff = format!("/statistics/diff?area=37&from={FIRST}&to={LAST}");
    is_kept(&stranger, &diff, include_bytes!("golden/diff.json")).await;
}
