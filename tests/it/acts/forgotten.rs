//! Who was forgotten stays so, and records go when their time is over.

use diesel_async::RunQueryDsl;
use hoctap::access::{Act, Role};
use hoctap::acts::imports::rows::Import;
use hoctap::acts::imports::{ImportState, Summary};
use reqwest::Method;
use serde_json::json;

use super::people::{NAME, NUMBER, apply, import, traces};
use crate::support::TestApp;
use crate::support::proof::prove;
use crate::support::records::{COMMUNE, PROVINCE, title_path};

#[actix_web::test]
async fn a_list_that_is_still_being_checked_brings_nobody_back() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let supervisor = app.user(Role::Supervisor, COMMUNE).await;
    let body = json!({"kind": "citizen", "area": COMMUNE, "name": NAME, "number": NUMBER});
    let her = recorder.post("/holders", body).await.is(201);
    let sent = import(&recorder, NAME).await;
    let id: uuid::Uuid = sent["id"].as_str().unwrap().parse().unwrap();
    // As if the check had not come to its end yet, and staged what it read afterwards.
    let mut db = app.db().await;
    for sql in [
        "create table staged_later as select * from import_rows".to_owned(),
        "delete from import_rows".to_owned(),
        format!("update imports set state = 'checking' where id = '{id}'"),
    ] {
        diesel::sql_query(sql).execute(&mut db).await.unwrap();
    }
    let path = format!("/holders/{}/personal-data", her["id"].as_str().unwrap());
    supervisor.step(&path, &her, json!({"reason": "Theo đơn yêu cầu"})).await.is(204);
    for sql in ["insert into import_rows select * from staged_later", "drop table staged_later"] {
        diesel::sql_query(sql).execute(&mut db).await.unwrap();
    }
    let import = Import::find(
        &mut db,
        &app.shared.places.now(),
        &Act::of_the_product(app.shared.places.now().country(), Role::Recorder).caller,
        id,
    )
    .await
    .unwrap();
    import.end_check(&mut db, ImportState::Checked, &Summary::default()).await.unwrap();
    let now = recorder.get(&format!("/imports/{id}")).await.is(200);
    assert_eq!(
        (&now["state"], &now["summary"]["failure"]["code"]),
        (&json!("failed"), &json!("personal_data_erased"))
    );
    assert_eq!(traces(&app).await, Vec::<String>::new());
    prove(&app).await;
}

#[actix_web::test]
async fn taking_a_list_back_brings_nobody_back() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let supervisor = app.user(Role::Supervisor, COMMUNE).await;
    let body = json!({"kind": "citizen", "area": COMMUNE, "name": NAME, "number": NUMBER});
    let before = recorder.post("/holders", body).await.is(201);
    let sent = import(&recorder, NAME).await;
    apply(&recorder, &sent).await;
    let path = format!("/imports/{}", sent["id"].as_str().unwrap());
    let home = format!("/holders/{}", before["id"].as_str().unwrap());
    let her = recorder.get(&home).await.is(200);
    let reason = json!({"reason": "Theo đơn yêu cầu"});
    supervisor.step(&format!("{home}/personal-data"), &her, reason).await.is(204);
    let undo = format!("{path}/undo");
    recorder.post(&undo, json!({"partial": false})).await.refuses(409, "import_built_upon");
    recorder.post(&undo, json!({"partial": true})).await.is(200);
    assert_eq!(traces(&app).await, Vec::<String>::new());
    assert_eq!(recorder.get(&home).await.is(200)["name"], "(đã xóa dữ liệu cá nhân)");
    prove(&app).await;
}

#[actix_web::test]
async fn records_go_when_their_time_is_over() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let administrator = app.user(Role::Administrator, "VN").await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let rules = auditor.get("/retention").await.is(200);
    assert!(rules["items"].as_array().unwrap().iter().all(|r| r["basis"].as_str().is_some()));
    let path = "/retention/untitled_holders";
    let rule = administrator.get(path).await.is(200);
    assert_eq!(rule["keep_days"], json!(null));
    let new = json!({"keep_days": 365, "basis": "QĐ 12/QĐ-UBND ngày 05/01/2026"});
    let call = administrator.call(Method::PUT, path).knowing(&rule).json(&new);
    assert_eq!(call.send().await.is(200)["keep_days"], 365);

    let body = json!({"kind": "citizen", "area": COMMUNE, "name": NAME, "number": NUMBER});
    let idle = recorder.post("/holders", body).await.is(201);
    let titled = json!({"kind": "citizen", "area": COMMUNE, "name": "Lê Thị An"});
    let titled = recorder.post("/holders", titled).await.is(201);
    recorder.put(&title_path(&titled, 2026), json!({})).await.is(200);
    assert_eq!(preview(&app, "untitled_holders").await, 0);
    let mut db = app.db().await;
    shift_time(&app, "at - interval '400 days'", "true").await;
    assert_eq!(preview(&app, "untitled_holders").await, 1);
    let areas = app.shared.places.now();
    for rule in hoctap::acts::retention::rows::Rule::all(&mut db).await.unwrap() {
        rule.apply(&mut db, &app.shared.keys, &areas).await.unwrap();
    }
    assert_eq!(traces(&app).await, Vec::<String>::new());
    assert_eq!(preview(&app, "untitled_holders").await, 0);
    let path = format!("/holders/{}", idle["code"].as_str().unwrap());
    assert_eq!(recorder.get(&path).await.is(200)["name"], "(đã xóa dữ liệu cá nhân)");
    let path = format!("/holders/{}", titled["code"].as_str().unwrap());
    assert_eq!(recorder.get(&path).await.is(200)["name"], "Lê Thị An");
    // The trail knows its hours: they must be as they were for it to verify.
    shift_time(&app, "at + interval '400 days'", "at < now() - interval '399 days'").await;
    prove(&app).await;
}

/// Lets time go by below the API, where the chain refuses nothing to its owner.
async fn shift_time(app: &TestApp, at: &str, which: &str) {
    let mut db = app.db().await;
    for sql in [
        "alter table audit_entries disable trigger user",
        &format!("update audit_entries set at = {at} where {which}"),
        "alter table audit_entries enable trigger user",
    ] {
        diesel::sql_query(sql).execute(&mut db).await.unwrap();
    }
}

async fn preview(app: &TestApp, class: &str) -> i64 {
    let mut db = app.db().await;
    let class = hoctap::acts::retention::Class::parse(class).unwrap();
    let rule = hoctap::acts::retention::rows::Rule::find(&mut db, class).await.unwrap();
    rule.preview(&mut db).await.unwrap()
}
