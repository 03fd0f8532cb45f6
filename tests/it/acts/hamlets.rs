//! Hamlets over time: renamed, converted, merged and dissolved by a decision, and taken back.

use hoctap::access::Role;
use hoctap::areas::Areas;
use hoctap::register::hamlets::rows::Hamlet;
use serde_json::{Value, json};

use crate::support::lists::{csv, enter, faults as faults_of, hamlets, send};
use crate::support::records::{COMMUNE, NEIGHBOUR, family_in, hamlet, register_is_sound, title_at};
use crate::support::{Client, TestApp, faults};

const HAMLETS: &str = "/areas/commune/13669/hamlets";
const CHANGES: &str = "/areas/commune/13669/hamlet-changes";

fn change(action: &str, on: &str, hamlets: &[&Value]) -> Value {
    let hamlets: Vec<Value> = hamlets.iter().map(|hamlet| named(hamlet)).collect();
    json!({"change": action, "effective_on": on, "document": "Nghị quyết 12/NQ-HĐND",
           "hamlets": hamlets})
}

fn named(hamlet: &Value) -> Value {
    json!({"id": hamlet["id"], "version": hamlet["version"]})
}

fn with(mut body: Value, more: Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn names(recorder: &Client<'_>, query: &str) -> Vec<String> {
    let found = recorder.get(&format!("{HAMLETS}{query}")).await.is(200);
    let items = found["items"].as_array().unwrap();
    items.iter().map(|hamlet| hamlet["full_name"].as_str().unwrap().to_owned()).collect()
}

/// Every name and the present name of the hamlet that stands for it.
async fn resolved(app: &TestApp) -> Vec<(String, String)> {
    let mut db = app.db().await;
    let areas = Areas::load(&mut db).await.unwrap();
    let commune = areas.find(COMMUNE, areas.on()).unwrap();
    let names = Hamlet::names_of_commune(&mut db, &areas, commune).await.unwrap();
    let today = Hamlet::of_commune(&mut db, commune).await.unwrap();
    let meant = |id| today.iter().find(|hamlet| hamlet.id == id).unwrap().full_name();
    names.into_iter().map(|name| (name.full_name, meant(name.hamlet))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[actix_web::test]
async fn a_commune_becomes_a_ward_and_its_hamlets_are_converted_and_renamed() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let east = hamlet(&recorder, COMMUNE, "thôn", "Đông").await;
    let west = hamlet(&recorder, COMMUNE, "thôn", "Tây").await;
    let community = json!({"kind": "community", "area": COMMUNE, "hamlet": west["id"]});
    let community = recorder.post("/holders", community).await.is(201);

    let convert = change("convert", "2026-03-01", &[&east, &west]);
    let body = with(convert, json!({"type": "tổ dân phố"}));
    let made = recorder.post(CHANGES, body.clone()).await.is(201);
    assert_eq!(made["hamlets"][0]["full_name"], "Thôn Đông");
    assert_eq!(made["hamlets"][0]["until"], "2026-02-28");
    recorder.post(CHANGES, body).await.refuses(422, "invalid");
    let now = recorder.get(HAMLETS).await.is(200);
    let west = &now["items"][1];
    let rename = with(change("rename", "2026-06-01", &[west]), json!({"name": "số 2"}));
    recorder.post(CHANGES, rename).await.is(201);

    // Each day has its names; the community goes by that of today.
    assert_eq!(names(&recorder, "?on=2026-02-28").await, ["Thôn Đông", "Thôn Tây"]);
    assert_eq!(names(&recorder, "?on=2026-05-31").await, ["Tổ dân phố Đông", "Tổ dân phố Tây"]);
    assert_eq!(names(&recorder, "").await, ["Tổ dân phố Đông", "Tổ dân phố số 2"]);
    let path = format!("/holders/{}", community["id"].as_str().unwrap());
    assert_eq!(recorder.get(&path).await.is(200)["name"], "Tổ dân phố số 2");
    assert_eq!(
        resolved(&app).await,
        pairs(&[
            ("Tổ dân phố Đông", "Tổ dân phố Đông"),
            ("Tổ dân phố số 2", "Tổ dân phố số 2"),
            ("Tổ dân phố Tây", "Tổ dân phố số 2"),
            ("Thôn Tây", "Tổ dân phố số 2"),
            ("Thôn Đông", "Tổ dân phố Đông"),
        ])
    );
    let told = recorder.get(CHANGES).await.is(200);
    assert_eq!(told["items"][0]["change"], "rename");
    assert_eq!(told["items"][1]["document"], "Nghị quyết 12/NQ-HĐND");
    register_is_sound(&app).await;
}

#[actix_web::test]
async fn hamlets_merge_into_a_new_one_with_their_people_and_the_merger_is_taken_back() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let east = hamlet(&recorder, COMMUNE, "thôn", "Đông").await;
    let west = hamlet(&recorder, COMMUNE, "thôn", "Tây").await;
    let family = family_in(&recorder, &east, "Trần Văn Bình").await;
    let community = json!({"kind": "community", "area": COMMUNE, "hamlet": west["id"]});
    let community = recorder.post("/holders", community).await.is(201);
    let path = format!("/holders/{}", community["id"].as_str().unwrap());
    recorder.put(&format!("{path}/titles/2025/hamlet"), json!({})).await.is(200);
    title_at(&recorder, &approver, &family, 2025, "recognised").await;

    let merge = with(
        change("merge", "2026-09-01", &[&east, &west]),
        json!({"type": "thôn", "name": "Đông"}),
    );
    let made = recorder.post(CHANGES, merge.clone()).await.is(201);
    assert_eq!(names(&recorder, "").await, ["Thôn Đông"]);
    assert_eq!(names(&recorder, "?on=2026-08-31").await, ["Thôn Đông", "Thôn Tây"]);
    let family_path = format!("/holders/{}", family["id"].as_str().unwrap());
    let moved = recorder.get(&family_path).await.is(200);
    assert_eq!(moved["hamlet"], made["hamlets"][0]["into"]);
    assert_ne!(moved["hamlet"], east["id"]);
    // The community of a merged hamlet ended: it keeps its past and takes nothing new.
    assert_eq!(recorder.get(&path).await.is(200)["ended_on"], "2026-08-31");
    recorder.get(&format!("{path}/titles/2025/hamlet")).await.is(200);
    let late = recorder.put(&format!("{path}/titles/2027/hamlet"), json!({})).await;
    late.refuses(409, "holder_ended");
    let list = format!(
        "TT;Mã sổ bộ;Thôn, tổ dân phố;Số hộ\n1;{};Thôn Tây;240\n",
        community["code"].as_str().unwrap()
    );
    let import = send(&recorder, "community&year=2027", list.into_bytes()).await;
    let codes: Vec<String> =
        faults_of(&recorder, &import).await.into_iter().map(|(_, _, code, _)| code).collect();
    assert_eq!(codes, ["holder_ended"]);
    assert_eq!(
        resolved(&app).await,
        pairs(&[("Thôn Đông", "Thôn Đông"), ("Thôn Tây", "Thôn Đông"), ("Thôn Đông", "Thôn Đông")])
    );

    // Taken back, everything stands as before; built on, it stays.
    let undo = format!("{CHANGES}/{}/undo", made["id"].as_str().unwrap());
    let why = json!({"reason": "Nhập nhầm"});
    recorder.post(&undo, why.clone()).await.is(204);
    recorder.post(&undo, why.clone()).await.refuses(409, "undone_already");
    assert_eq!(names(&recorder, "").await, ["Thôn Đông", "Thôn Tây"]);
    assert_eq!(recorder.get(&family_path).await.is(200)["hamlet"], east["id"]);
    assert_eq!(recorder.get(&path).await.is(200)["ended_on"], Value::Null);

    let now = recorder.get(HAMLETS).await.is(200);
    let (east, west) = (&now["items"][0], &now["items"][1]);
    let merge = with(change("merge", "2026-09-01", &[west]), json!({"into": named(east)}));
    let made = recorder.post(CHANGES, merge).await.is(201);
    assert_eq!(names(&recorder, "").await, ["Thôn Đông"]);
    let east = recorder.get(HAMLETS).await.is(200)["items"][0].clone();
    recorder
        .patch(
            &format!("{HAMLETS}/{}", east["id"].as_str().unwrap()),
            &east,
            json!({"difficult": true}),
        )
        .await
        .is(200);
    let undo = format!("{CHANGES}/{}/undo", made["id"].as_str().unwrap());
    recorder.post(&undo, why).await.refuses(409, "built_on");
    register_is_sound(&app).await;
}

#[actix_web::test]
async fn a_hamlet_is_dissolved_once_nobody_lives_there() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let bare = hamlet(&recorder, COMMUNE, "thôn", "Bãi").await;
    let full = hamlet(&recorder, COMMUNE, "thôn", "Đông").await;
    family_in(&recorder, &full, "Trần Văn Bình").await;
    let refused = recorder.post(CHANGES, change("dissolve", "2026-09-01", &[&bare, &full])).await;
    assert_eq!(faults(&refused.is(422)), [("/hamlets/1", "hamlet_inhabited")]);
    recorder.post(CHANGES, change("dissolve", "2026-09-01", &[&bare])).await.is(201);
    assert_eq!(names(&recorder, "").await, ["Thôn Đông"]);
    assert_eq!(resolved(&app).await, pairs(&[("Thôn Đông", "Thôn Đông")]));
    register_is_sound(&app).await;
}

#[actix_web::test]
async fn a_change_of_hamlets_names_everything_that_is_wrong_with_it() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let there = app.user(Role::Recorder, NEIGHBOUR).await;
    let supervisor = app.user(Role::Supervisor, COMMUNE).await;
    let east = hamlet(&recorder, COMMUNE, "thôn", "Đông").await;
    let foreign = hamlet(&there, NEIGHBOUR, "thôn", "Xa").await;
    let body = with(change("merge", "2030-01-01", &[&east]), json!({"name": "Mới"}));
    let refused = recorder.post(CHANGES, body).await.is(422);
    assert_eq!(
        faults(&refused),
        [("/effective_on", "too_far"), ("/hamlets", "length"), ("/type", "required")]
    );
    let body = with(change("convert", "2026-01-01", &[&foreign]), json!({"type": "xóm"}));
    let refused = recorder.post(CHANGES, body.clone()).await.is(422);
    assert_eq!(faults(&refused), [("/hamlets/0", "hamlet_unknown")]);
    supervisor.post(CHANGES, body.clone()).await.refuses(403, "role_not_allowed");
    there.post(CHANGES, body).await.refuses(404, "not_found");
}

#[actix_web::test]
async fn a_list_that_may_mean_two_hamlets_is_asked_which() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    hamlets(&recorder, "tổ dân phố", &["5"]).await;
    hamlets(&recorder, "thôn", &["5"]).await;
    let list = |hamlet: &str| {
        let row = format!("1;Trần Văn An;1970;{hamlet};85");
        csv("STT;Họ và tên chủ hộ;Năm sinh;Thôn/Tổ;Điểm tự chấm", &[&*row])
    };
    let import = send(&recorder, "family&year=2026", list("5")).await;
    assert_eq!(import["summary"]["bad"], 1, "{import:#}");
    let path = format!("/imports/{}/errors", import["id"].as_str().unwrap());
    let told = recorder.get(&path).await.is(200);
    let fault = &told["items"][0]["faults"][0];
    assert_eq!((&fault["code"], &fault["column"]), (&json!("hamlet_ambiguous"), &json!("D")));
    let reason = fault["reason"].as_str().unwrap();
    assert!(reason.contains("Thôn 5") && reason.contains("Tổ dân phố 5"), "{reason}");
    // Written as one of the two that were named, it is that one.
    enter(&recorder, "family&year=2026", list("Thôn 5")).await;
    let living = recorder.get("/holders?kind=family").await.is(200);
    assert_eq!(living["items"][0]["hamlet_name"], "Thôn 5", "{living:#}");
}
