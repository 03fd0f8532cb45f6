//! Imports: a list is checked, explained, and applied once.

use diesel_async::SimpleAsyncConnection;
use hoctap::access::Role;
use hoctap::base::clock::today;
use hoctap::base::db;
use hoctap::server::housekeeping;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::lists::{
    apply, csv, enter, errors, families, faults, hamlets, id, send, titles,
};
use crate::support::records::{COMMUNE, NEIGHBOUR, PROVINCE, decision, record};
use crate::support::{Client, TestApp};

const FAMILIES: &[&str] = &[
    "1;Trần Văn An;1970;036070001234;TDP 1;4;85;;",
    "2;Nguyễn Thị Bình;1985;;TDP 1;3;78;80;Đạt",
    "3;Lê Văn Cường;1960;;TDP 2;5;;;",
];

pub(super) async fn summary(recorder: &Client<'_>, query: &str, file: Vec<u8>) -> Value {
    send(recorder, query, file).await["summary"].take()
}

/// How many rows match, are new, renamed, changed.
pub(super) fn told(summary: &Value) -> [i64; 4] {
    ["matched", "new", "renamed", "changed"].map(|name| summary[name].as_i64().expect("a number"))
}

#[actix_web::test]
async fn nothing_changes_before_it_is_applied_and_nothing_a_second_time() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    hamlets(&recorder, "tổ dân phố", &["1", "2"]).await;
    let import = send(&recorder, "family&year=2026", families(FAMILIES)).await;
    assert_eq!((&import["state"], told(&import["summary"])), (&json!("checked"), [0, 3, 0, 3]));
    assert!(titles(&recorder, "kind=family").await.is_empty());
    let done = apply(&recorder, &import, true).await;
    assert_eq!((&done["state"], told(&done["summary"])), (&json!("applied"), [0, 3, 0, 3]));
    let path = format!("/titles?area={COMMUNE}&import={}&count=exact", id(&import));
    assert_eq!(recorder.get(&path).await.is(200)["count"], 3);
    let trail = async || {
        let found = auditor.get(&format!("/audit?area={COMMUNE}&entity=import")).await.is(200);
        found["items"].as_array().unwrap().iter().map(|e| e["items"].clone()).collect::<Vec<_>>()
    };
    let before = trail().await;
    assert_eq!(before, [7, 1], "one entry with all: three holders, three titles, the import");
    // Once more: the import, and then the same file.
    apply(&recorder, &import, true).await;
    assert_eq!(trail().await, before);
    let again = send(&recorder, "family&year=2026", families(FAMILIES)).await;
    assert_eq!(told(&again["summary"]), [3, 0, 0, 0]);
    assert_eq!(again["summary"]["unchanged"], 3);
    apply(&recorder, &again, true).await;
    assert_eq!(trail().await, [json!(1), json!(1), json!(7), json!(1)], "the import itself alone");
    let mut db = app.db().await;
    assert_eq!(hoctap::figures::statistics::rows::differences(&mut db).await.unwrap(), 0);
    let verdict = auditor.get(&format!("/audit/verify?area={COMMUNE}")).await.is(200);
    assert_eq!(verdict["valid"], true, "{verdict:#}");
}

#[actix_web::test]
async fn an_idempotency_key_leads_to_one_import() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let list = csv("STT;Họ và tên chủ hộ;Năm sinh", &["1;Trần Văn An;1970"]);
    let send = async |key: &str, year: i16, file: &[u8]| {
        let path = format!("/imports?kind=family&year={year}&area={COMMUNE}");
        let call = recorder.call(Method::POST, &path).header("idempotency-key", key);
        call.header("prefer", "wait=60").bytes(file).send().await
    };
    let first = send("một", 2026, &list).await.is(400);
    assert_eq!(first["code"], "idempotency_key", "{first:#}");
    let first = send("a", 2026, &list).await.is(200);
    let second = send("a", 2026, &list).await.is(200);
    assert_eq!(first["id"], second["id"]);
    send("a", 2025, &list).await.refuses(422, "idempotency_key_reused");
    send("a", 2026, b"STT;khac").await.refuses(422, "idempotency_key_reused");
    assert_ne!(send("b", 2026, &list).await.is(200)["id"], first["id"]);
    let path = format!("/imports/{}/apply", id(&first));
    for _ in 0..2 {
        let call = recorder.call(Method::POST, &path).header("idempotency-key", "c");
        let done = call.json(&json!({"atomic": true})).send().await.is(200);
        assert_eq!(done["state"], "applied");
    }
    let all = recorder.get("/imports").await.is(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn the_good_rows_enter_or_none_as_the_caller_chooses() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    hamlets(&recorder, "tổ dân phố", &["1"]).await;
    let list = families(FAMILIES);
    let import = send(&recorder, "family&year=2026", list).await;
    assert_eq!(
        faults(&recorder, &import).await,
        [(4, "E".into(), "hamlet_unknown".into(), "".into())]
    );
    let path = format!("/imports/{}/apply", id(&import));
    recorder.post(&path, json!({"atomic": true})).await.refuses(409, "import_has_errors");
    assert!(titles(&recorder, "kind=family").await.is_empty());
    let holders = recorder.get(&format!("/holders?area={COMMUNE}&count=exact")).await.is(200);
    assert_eq!(holders["count"], 0);
    // What was missing is there by the time the list is applied: the row is good now.
    hamlets(&recorder, "tổ dân phố", &["2"]).await;
    let done = apply(&recorder, &import, true).await;
    assert_eq!((&done["summary"]["good"], &done["summary"]["bad"]), (&json!(3), &json!(0)));
    assert_eq!(errors(&recorder, &import).await, json!([]));
    let bad = families(&["1;Trần Văn Dũng;1971;;TDP 1;4;85;;", "2;Trần Văn Em;1972;;TDP 9;4;85;;"]);
    let import = send(&recorder, "family&year=2026", bad).await;
    let done = apply(&recorder, &import, false).await;
    assert_eq!((&done["summary"]["good"], &done["summary"]["bad"]), (&json!(1), &json!(1)));
    assert_eq!(titles(&recorder, "kind=family").await.len(), 4);
    assert_eq!(errors(&recorder, &import).await[0]["row"], 3);
}

#[actix_web::test]
async fn a_check_whose_server_died_has_failed_and_nothing_of_it_is_applied() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let list = csv("STT;Họ và tên chủ hộ;Năm sinh", &["1;Trần Văn An;1970"]);
    let import = send(&recorder, "family&year=2026", list.clone()).await;
    let (mut db, import_id) = (app.db().await, id(&import));
    let set = async |db: &mut db::Conn, what: &str| {
        db.batch_execute(&format!("update imports set {what} where id = '{import_id}'"))
            .await
            .unwrap();
    };
    set(&mut db, "state = 'checking', heartbeat = now() - interval '59 seconds'").await;
    housekeeping::once(&mut db, &app.shared.keys, today()).await.unwrap();
    let path = format!("/imports/{import_id}");
    assert_eq!(recorder.get(&path).await.is(200)["state"], "checking");
    let apply_path = format!("{path}/apply");
    recorder.post(&apply_path, json!({"atomic": false})).await.refuses(409, "import_not_checked");
    set(&mut db, "heartbeat = now() - interval '61 seconds'").await;
    housekeeping::once(&mut db, &app.shared.keys, today()).await.unwrap();
    let failed = recorder.get(&path).await.is(200);
    assert_eq!(
        (&failed["state"], &failed["summary"]["failure"]["code"]),
        (&json!("failed"), &json!("interrupted"))
    );
    recorder.post(&apply_path, json!({"atomic": false})).await.refuses(409, "import_failed");
    // A database that crashed has forgotten what was staged: that is no list of no rows.
    let import = send(&recorder, "family&year=2026", list).await;
    db.batch_execute("truncate import_rows").await.unwrap();
    let path = format!("/imports/{}/apply", id(&import));
    recorder.post(&path, json!({"atomic": true})).await.refuses(409, "import_expired");
    assert!(titles(&recorder, "kind=family").await.is_empty());
}

#[actix_web::test]
async fn a_row_for_a_settled_title_is_an_error_unless_it_changes_nothing() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let list = |an: &str, binh: &str| {
        csv(
            "STT;Họ và tên chủ hộ;Năm sinh;Số nhân khẩu;Tự chấm;Thẩm định;Kết quả",
            &[&format!("1;Trần Văn An;1970;{an}"), &format!("2;Nguyễn Thị Bình;1985;{binh}")],
        )
    };
    enter(&recorder, "family&year=2026", list("4;85;84;Đạt", "3;90;91;Đạt")).await;
    let verified = titles(&recorder, "kind=family").await;
    assert_eq!(verified[0]["status"], "verified");
    let parts = json!([{"action": "recognise", "records": [record(&verified[1])]}]);
    approver.post("/decisions", decision("1", parts)).await.is(201);
    let same = summary(&recorder, "family&year=2026", list("4;85;84;Đạt", "3;90;91;")).await;
    assert_eq!((&same["bad"], told(&same)), (&json!(0), [2, 0, 0, 0]));
    let other = send(&recorder, "family&year=2026", list("5;85;84;Đạt", "3;90;95;Đạt")).await;
    let rows = errors(&recorder, &other).await;
    let reasons: Vec<&str> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            assert_eq!(row["faults"][0]["code"], "title_closed");
            row["faults"][0]["reason"].as_str().unwrap()
        })
        .collect();
    assert!(reasons[0].contains("được công nhận") || reasons[0].contains("đã thẩm định"));
    assert_eq!(reasons.len(), 2);
    apply(&recorder, &other, false).await;
    assert_eq!(titles(&recorder, "kind=family").await[0]["version"], verified[0]["version"]);
}

#[actix_web::test]
async fn all_five_kinds_come_by_lists() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    hamlets(&recorder, "tổ dân phố", &["1", "2"]).await;
    for (kind, list) in [
        ("family", families(FAMILIES)),
        (
            "clan",
            csv(
                "TT;Tên dòng họ;Trưởng họ;Số hộ;Điểm;Kết quả",
                &["1;Dòng họ Trần;Trần Văn Tộ;45;88;Đạt"],
            ),
        ),
        (
            "community",
            csv(
                "TT;Thôn, tổ dân phố;Số hộ;Dân số;Điểm tự chấm",
                &["1;TDP 1;240;900;82", "2;Tổ 2;250;910;79"],
            ),
        ),
        (
            "unit",
            csv(
                "TT;Tên cơ quan, đơn vị;Mã số thuế;Loại hình;Số CBCNV;Xếp loại",
                &["1;Trường Tiểu học Chu Văn An;0600123456;cơ sở giáo dục;45;Đạt"],
            ),
        ),
        (
            "citizen",
            csv(
                "TT;Họ và tên;Năm sinh;Giới tính;Số định danh cá nhân;Nhóm đối tượng;Tổ dân phố;Tổng điểm",
                &[
                    "1;Lê Thị Hoa;1985;Nữ;036185001234;Người học;Tổ 1;85",
                    "2;Lê Văn Sơn;1990;Nam;;Công nhân;2;66",
                ],
            ),
        ),
    ] {
        enter(&recorder, &format!("{kind}&year=2026"), list.clone()).await;
        let again = summary(&recorder, &format!("{kind}&year=2026"), list).await;
        assert_eq!((&again["changed"], &again["bad"]), (&json!(0), &json!(0)), "{kind}: {again:#}");
    }
    let details = async |kind: &str| {
        let found = recorder.get(&format!("/holders?kind={kind}&area={COMMUNE}")).await.is(200);
        found["items"][0]["details"].clone()
    };
    assert_eq!(details("clan").await, json!({"head": "Trần Văn Tộ", "households": 45}));
    assert_eq!(details("community").await, json!({"households": 240, "population": 900}));
    assert_eq!(details("unit").await, json!({"unit_type": "cơ sở giáo dục", "staff": 45}));
    let citizens = titles(&recorder, "kind=citizen").await;
    assert_eq!(
        (&citizens[0]["group"], &citizens[1]["group"]),
        (&json!("learners"), &json!("workers"))
    );
    assert_eq!(citizens[1]["hamlet_name"], "Tổ dân phố 2");
    let communities = titles(&recorder, "kind=community").await;
    assert_eq!(
        (&communities[0]["name"], &communities[0]["level"]),
        (&json!("Tổ dân phố 1"), &json!("hamlet"))
    );
}

#[actix_web::test]
async fn only_the_recorder_of_the_commune_sends_lists() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let neighbour = app.user(Role::Recorder, NEIGHBOUR).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let list = csv("STT;Họ và tên chủ hộ;Năm sinh", &["1;Trần Văn An;1970"]);
    let path = |area: &str| format!("/imports?kind=family&year=2026&area={area}");
    let post = async |client: &Client<'_>, area: &str| {
        client.call(Method::POST, &path(area)).bytes(list.clone()).send().await
    };
    post(&approver, COMMUNE).await.refuses(403, "role_not_allowed");
    post(&neighbour, COMMUNE).await.refuses(403, "area_not_covered");
    post(&recorder, PROVINCE).await.refuses(403, "area_not_covered");
    post(&app.stranger(), COMMUNE).await.is(401);
    let import = send(&recorder, "family&year=2026", list.clone()).await;
    let path = format!("/imports/{}", id(&import));
    neighbour.get(&path).await.refuses(404, "not_found");
    neighbour
        .post(&format!("{path}/apply"), json!({"atomic": true}))
        .await
        .refuses(404, "not_found");
    approver.get(&format!("{path}/errors")).await.refuses(403, "role_not_allowed");
    // Who decides on what a list brought may see the list itself.
    assert_eq!(approver.get(&path).await.is(200)["summary"]["new"], 1);
    recorder.get("/imports?year=2026").await.is(422);
}
