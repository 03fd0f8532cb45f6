//! Communes that were merged or split: whose accounts, hamlets and records go where.

use hoctap::areas::Areas;
use hoctap::auth::Role;
use hoctap::kind::{Kind, Level};
use serde_json::json;

use crate::support::TestApp;
use crate::support::former::{Former, before_reform};
use crate::support::records::{COMMUNE, PROVINCE, register_is_sound};

/// Phường Vị Xuyên, which went whole into Phường Nam Định.
const MERGED: &str = "13636";
/// Phường Tiên Nội, split between two wards.
const SPLIT: &str = "13354";

#[actix_web::test]
async fn an_account_of_a_merged_commune_works_on_for_the_new_one() {
    let app = TestApp::start().await;
    let mut former = Former::open(&app, MERGED).await;
    former.account("recorder.cu", Role::Recorder).await;
    let family = former.holder(&app, Kind::Family, None, "Trần Văn Xương").await;
    former.title(&family, 2025, Level::Commune).await;
    let recorder = app.log_in("recorder.cu").await;
    let me = recorder.get("/me").await.is(200);
    assert_eq!(
        (&me["area"], &me["area_name"]),
        (&json!(COMMUNE), &json!("Phường Nam Định, Tỉnh Ninh Bình"))
    );

    // What was made before the merger stays there; what it registers now is the new commune's.
    let path = format!("/holders/{}/titles", family.id);
    let before = recorder.get(&format!("{path}/2025/commune")).await.is(200);
    assert_eq!(before["area"], MERGED);
    let now = recorder.put(&format!("{path}/2026/commune"), json!({})).await.is(200);
    assert_eq!((&now["area"], &now["area_name"]), (&json!(COMMUNE), &me["area_name"]));
    register_is_sound(&app).await;
}

#[actix_web::test]
async fn accounts_of_a_split_commune_wait_for_a_new_area() {
    let app = TestApp::start().await;
    let mut former = Former::open(&app, SPLIT).await;
    let id = former.account("recorder.tiennoi", Role::Recorder).await;
    Former::open(&app, MERGED).await.account("recorder.cu", Role::Recorder).await;
    let administrator = app.user(Role::Administrator, PROVINCE).await;
    let recorder = app.log_in("recorder.tiennoi").await;
    let family = json!({"kind": "family", "area": "13363", "name": "Lê Văn Tám"});
    recorder.post("/holders", family.clone()).await.refuses(403, "area_not_covered");

    let waiting = administrator.get("/users?unsettled=true").await.is(200);
    assert_eq!(waiting["items"].as_array().unwrap().len(), 1);
    let account = &waiting["items"][0];
    assert_eq!((&account["id"], &account["unsettled"]), (&json!(id), &json!(true)));
    let path = format!("/users/{id}");
    let given = administrator.patch(&path, account, json!({"area": "13363"})).await.is(200);
    assert_eq!((&given["area"], &given["unsettled"]), (&json!("13363"), &json!(false)));
    let waiting = administrator.get("/users?unsettled=true").await.is(200);
    assert_eq!(waiting["items"], json!([]));
    app.log_in("recorder.tiennoi").await.post("/holders", family).await.is(201);
}

#[actix_web::test]
async fn a_server_that_started_before_a_reform_learns_of_its_day() {
    let app = TestApp::start().await;
    Former::open(&app, MERGED).await.account("recorder.cu", Role::Recorder).await;
    let stale = Areas::load_known(&mut app.db().await, None, before_reform()).await.unwrap();
    app.shared.keep_areas(stale);
    let recorder = app.log_in("recorder.cu").await;
    assert_eq!(recorder.get("/me").await.is(200)["area"], COMMUNE);
}
