//! Communes that were merged or split: whose accounts, hamlets and records go where.

use hoctap::access::Role;
use hoctap::areas::Areas;
use hoctap::base::kind::{Kind, Level};
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
    app.shared.places.keep(stale);
    let recorder = app.log_in("recorder.cu").await;
    assert_eq!(recorder.get("/me").await.is(200)["area"], COMMUNE);
}

#[actix_web::test]
async fn the_province_places_the_hamlets_of_a_split_commune_and_their_people_follow() {
    let app = TestApp::start().await;
    let mut former = Former::open(&app, SPLIT).await;
    let east = former.hamlet("Đông").await;
    let west = former.hamlet("Tây").await;
    let binh = former.holder(&app, Kind::Family, Some(east), "Trần Văn Bình").await;
    let cuc = former.holder(&app, Kind::Family, Some(west), "Lê Thị Cúc").await;
    let clan = former.holder(&app, Kind::Clan, None, "Dòng họ Trần").await;
    let ward = former.holder(&app, Kind::Community, None, "Phường Tiên Nội").await;
    for year in [2024, 2025] {
        for holder in [&binh, &cuc, &clan, &ward] {
            former.title(holder, year, Level::Commune).await;
        }
    }
    let one = app.user(Role::Recorder, "13363").await;
    let other = app.user(Role::Recorder, "13366").await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let path = format!("/areas/commune/{SPLIT}/placements");
    let home = format!("/holders/{}", binh.id);
    let title = format!("{home}/titles/2025/commune");

    // Both successors see what waits, and neither changes it.
    let open = supervisor.get(&path).await.is(200);
    assert_eq!((&open["holders"], &open["titles"]), (&json!(2), &json!(8)));
    assert_eq!(open["hamlets"].as_array().unwrap().len(), 2);
    assert_eq!(open["successors"][0]["code"], "13363");
    for recorder in [&one, &other] {
        assert_eq!(recorder.get(&path).await.is(200), open);
        let holder = recorder.get(&home).await.is(200);
        let renamed = json!({"name": "Trần Văn Bảy"});
        recorder.patch(&home, &holder, renamed).await.refuses(409, "area_not_settled");
        let seen = recorder.get(&title).await.is(200);
        let score = json!({"score": {"total": 80}});
        recorder
            .step(&format!("{title}/assess"), &seen, score)
            .await
            .refuses(409, "area_not_settled");
        let place = json!({"hamlets": [{"id": east, "successor": "13363"}]});
        recorder.post(&path, place).await.refuses(403, "role_not_allowed");
    }
    let narrow = app.user(Role::Supervisor, "13363").await;
    narrow.post(&path, json!({"rest": "13363"})).await.refuses(403, "province_places");
    let wrong = json!({"hamlets": [{"id": east, "successor": "13669"}]});
    supervisor.post(&path, wrong).await.refuses(422, "invalid");

    // One hamlet, then the other with what follows none.
    let place = json!({"hamlets": [{"id": east, "successor": "13363"}]});
    let done = supervisor.post(&path, place).await.is(200);
    assert_eq!(done, json!({"hamlets": 1, "holders": 1, "titles": 2}));
    let holder = one.get(&home).await.is(200);
    assert_eq!((&holder["area"], &holder["hamlet"]), (&json!("13363"), &json!(east)));
    other.get(&home).await.refuses(404, "not_found");
    let place = json!({"hamlets": [{"id": west, "successor": "13366"}], "rest": "13363"});
    let done = supervisor.post(&path, place).await.is(200);
    assert_eq!(done, json!({"hamlets": 1, "holders": 3, "titles": 6}));
    let open = supervisor.get(&path).await.is(200);
    assert_eq!((&open["hamlets"], &open["titles"]), (&json!([]), &json!(0)));
    let ended = one.get(&format!("/holders/{}", ward.id)).await.is(200);
    assert_eq!(ended["ended_on"], "2025-06-30");

    // A placement is taken back until its commune goes on with what came.
    let back = json!({"hamlets": [west], "reason": "Nhầm phường"});
    let undo = format!("{path}/undo");
    let done = supervisor.post(&undo, back.clone()).await.is(200);
    assert_eq!(done, json!({"hamlets": 1, "holders": 1, "titles": 2}));
    supervisor.post(&undo, back).await.refuses(409, "built_on");
    let place = json!({"hamlets": [{"id": west, "successor": "13363"}]});
    supervisor.post(&path, place).await.is(200);
    let seen = one.get(&title).await.is(200);
    let score = json!({"score": {"total": 80}});
    one.step(&format!("{title}/assess"), &seen, score).await.is(200);
    let back = json!({"hamlets": [east], "reason": "Nhầm phường"});
    supervisor.post(&undo, back).await.refuses(409, "built_on");
    one.put(&format!("/holders/{}/titles/2026/commune", cuc.id), json!({})).await.is(200);
    register_is_sound(&app).await;
}
