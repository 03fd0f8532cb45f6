//! Decisions on hamlets that are entered before their day: they wait, are made when the day begins, or
//! are withdrawn.

use chrono::{Days, NaiveDate};
use futures_util::future::join;
use hoctap::access::Role;
use hoctap::base::clock::today;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::records::{
    COMMUNE, PROVINCE, family_in, hamlet, register_is_sound, title_path,
};
use crate::support::{Client, TestApp};

const HAMLETS: &str = "/areas/commune/13669/hamlets";
const CHANGES: &str = "/areas/commune/13669/hamlet-changes";

fn in_days(n: u64) -> NaiveDate {
    today() + Days::new(n)
}

fn change(action: &str, on: NaiveDate, hamlets: &[&Value], more: Value) -> Value {
    let named: Vec<Value> =
        hamlets.iter().map(|h| json!({"id": h["id"], "version": h["version"]})).collect();
    let mut body = json!({"change": action, "effective_on": on, "hamlets": named,
                          "document": "Nghị quyết 12/NQ-HĐND"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// The hamlets of the commune on a day, by name.
async fn listed(recorder: &Client<'_>, on: NaiveDate) -> Vec<Value> {
    let found = recorder.get(&format!("{HAMLETS}?on={on}")).await.is(200);
    found["items"].as_array().unwrap().clone()
}

fn names(hamlets: &[Value]) -> Vec<&str> {
    hamlets.iter().map(|hamlet| hamlet["full_name"].as_str().unwrap()).collect()
}

/// What is told of a change now.
async fn told(recorder: &Client<'_>, change: &Value) -> Value {
    let all = recorder.get(CHANGES).await.is(200);
    let items = all["items"].as_array().unwrap();
    items.iter().find(|told| told["id"] == change["id"]).expect("the change").clone()
}

async fn undo(recorder: &Client<'_>, change: &Value) -> crate::support::Answer {
    let path = format!("{CHANGES}/{}/undo", change["id"].as_str().unwrap());
    recorder.post(&path, json!({"reason": "Nghị quyết bị bãi bỏ"})).await
}

#[actix_web::test]
async fn a_merger_waits_for_its_day_and_is_made_once_by_one_of_two_servers() {
    let app = TestApp::start().await;
    let other = app.beside().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let east = hamlet(&recorder, COMMUNE, "thôn", "Đông").await;
    let west = hamlet(&recorder, COMMUNE, "thôn", "Tây").await;
    let family = family_in(&recorder, &east, "Trần Văn Bình").await;
    let home = format!("/holders/{}", family["id"].as_str().unwrap());
    recorder.put(&title_path(&family, 2026), json!({})).await.is(200);

    let merge = json!({"type": "tổ dân phố", "name": "số 1"});
    let merge = change("merge", in_days(2), &[&east, &west], merge);
    let made = recorder.post(CHANGES, merge).await.is(201);
    assert_eq!(
        (&made["state"], &made["hamlets"][0]["full_name"]),
        (&json!("planned"), &json!("Thôn Đông"))
    );
    // It is seen, and changes nothing yet: not the hamlets, nor their versions, nor who lives there.
    let now = listed(&recorder, today()).await;
    assert_eq!(names(&now), ["Thôn Đông", "Thôn Tây"]);
    assert_eq!(now[0]["version"], east["version"]);
    let waits = &now[1]["planned"][0];
    assert_eq!(
        (&waits["change"], &waits["full_name"]),
        (&json!("merge"), &json!("Tổ dân phố số 1"))
    );
    assert_eq!((&waits["effective_on"], &waits["id"]), (&json!(in_days(2)), &made["id"]));
    app.midnight(1).await;
    assert_eq!(told(&recorder, &made).await["state"], "planned");
    assert_eq!(recorder.get(&home).await.is(200)["hamlet"], east["id"]);
    let eve = auditor.get(&format!("/statistics?area=37&kind=family&as_of={}", today())).await;

    // Midnight comes to both at once.
    join(app.midnight(2), other.midnight(2)).await;
    app.midnight(2).await;
    let now = told(&recorder, &made).await;
    assert_eq!((&now["state"], &now["hamlets"][0]["until"]), (&json!("made"), &json!(in_days(1))));
    let into = now["hamlets"][0]["into"].clone();
    assert_eq!(recorder.get(&home).await.is(200)["hamlet"], into);
    assert_eq!(names(&listed(&recorder, in_days(1)).await), ["Thôn Đông", "Thôn Tây"]);
    let after = listed(&recorder, in_days(2)).await;
    assert_eq!(names(&after), ["Tổ dân phố số 1"]);
    assert_eq!((&after[0]["id"], &after[0]["planned"]), (&into, &Value::Null));
    // Who did it, and on which day of the register.
    let entries = auditor.get("/audit?area=13669&limit=100").await.is(200);
    let mut entries = entries["items"].as_array().unwrap().clone();
    entries.retain(|entry| entry["action"] == "hamlet.merge");
    assert_eq!(entries.len(), 1, "made once");
    assert_eq!(
        (&entries[0]["day"], &entries[0]["actor_name"]),
        (&json!(in_days(2)), &json!("hoctap"))
    );
    let again = auditor.get(&format!("/statistics?area=37&kind=family&as_of={}", today())).await;
    assert_eq!(again.bytes, eve.bytes, "a closed day stays as it was");

    // It is taken back as any other.
    undo(&recorder, &made).await.is(204);
    assert_eq!(told(&recorder, &made).await["state"], "undone");
    assert_eq!(recorder.get(&home).await.is(200)["hamlet"], east["id"]);
    assert_eq!(names(&listed(&recorder, in_days(2)).await), ["Thôn Đông", "Thôn Tây"]);
    register_is_sound(&app).await;
}

#[actix_web::test]
async fn a_planned_change_is_withdrawn_or_says_why_it_could_not_be_made() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let east = hamlet(&recorder, COMMUNE, "thôn", "Đông").await;
    let west = hamlet(&recorder, COMMUNE, "thôn", "Tây").await;
    let bare = hamlet(&recorder, COMMUNE, "thôn", "Bãi").await;
    // What is wrong already is said when it is entered.
    let rename = json!({"name": "Tây"});
    let clash = change("rename", in_days(1), &[&east], rename.clone());
    recorder.post(CHANGES, clash).await.refuses(409, "name_taken");
    // Names that become free on the same day may be given.
    let first = change("rename", in_days(1), &[&west], json!({"name": "Nam"}));
    let first = recorder.post(CHANGES, first).await.is(201);
    let second =
        recorder.post(CHANGES, change("rename", in_days(1), &[&east], rename)).await.is(201);
    let gone =
        recorder.post(CHANGES, change("dissolve", in_days(1), &[&bare], json!({}))).await.is(201);
    let later = change("convert", in_days(3), &[&west], json!({"type": "tổ dân phố"}));
    let later = recorder.post(CHANGES, later).await.is(201);
    undo(&recorder, &later).await.is(204);
    undo(&recorder, &later).await.refuses(409, "undone_already");
    let withdrawn = told(&recorder, &later).await;
    assert_eq!(
        (&withdrawn["state"], &withdrawn["undone_on"]),
        (&json!("withdrawn"), &json!(today()))
    );

    // A correction meanwhile does no harm; that somebody moved in does.
    let path = format!("{HAMLETS}/{}", east["id"].as_str().unwrap());
    recorder.patch(&path, &east, json!({"difficult": true})).await.is(200);
    family_in(&recorder, &bare, "Lê Thị Cúc").await;
    app.midnight(1).await;
    assert_eq!(told(&recorder, &first).await["state"], "made");
    assert_eq!(told(&recorder, &second).await["state"], "made");
    let failed = told(&recorder, &gone).await;
    assert_eq!(
        (&failed["state"], &failed["faults"][0]["code"]),
        (&json!("failed"), &json!("hamlet_inhabited"))
    );
    assert_eq!(failed["faults"][0]["detail"], "Thôn Bãi còn 1 đối tượng; hãy sáp nhập.");
    undo(&recorder, &gone).await.refuses(409, "never_made");
    app.midnight(4).await;
    let now = listed(&recorder, in_days(4)).await;
    assert_eq!(names(&now), ["Thôn Bãi", "Thôn Nam", "Thôn Tây"], "what was withdrawn is not made");
    assert!(now.iter().all(|hamlet| hamlet["planned"] == Value::Null));
    assert_eq!(now[2]["id"], east["id"]);
    register_is_sound(&app).await;
}

#[actix_web::test]
async fn what_was_planned_outlives_a_merger_of_communes_but_not_a_split() {
    let app = TestApp::start().await;
    let administrator = app.user(Role::Administrator, "VN").await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let split = app.user(Role::Recorder, "13741").await;
    let east = hamlet(&recorder, COMMUNE, "thôn", "Đông").await;
    let family = family_in(&recorder, &east, "Trần Văn Bình").await;
    let there = hamlet(&split, "13741", "thôn", "Tây").await;
    let convert = json!({"type": "tổ dân phố"});
    let made = change("convert", in_days(2), &[&east], convert.clone());
    let made = recorder.post(CHANGES, made).await.is(201);
    let lost = change("convert", in_days(2), &[&there], convert);
    let lost = split.post("/areas/commune/13741/hamlet-changes", lost).await.is(201);

    let rows = [
        "commune,13669,13669,whole,phường,Thành Nam Định,37",
        "commune,13684,13669,whole,,,",
        "commune,13741,13741,part,xã,Vụ Bản Một,37",
        "commune,13741,13742,part,xã,Vụ Bản Hai,37",
    ];
    let rows = rows.iter().map(|row| format!("{},Nghị quyết 99,{row}\n", today()));
    let head =
        "effective_on,decree,level,old_code,new_code,kind,new_type,new_name,new_parent_code\n";
    let file: String = std::iter::once(head.to_owned()).chain(rows).collect();
    let reform = administrator.call(Method::POST, "/reforms").bytes(file).send().await.is(201);
    let path = format!("/reforms/{}/apply", reform["id"].as_str().unwrap());
    administrator.call(Method::POST, &path).send().await.is(200);
    let waits = listed(&recorder, today()).await;
    assert_eq!(waits[0]["planned"][0]["id"], made["id"]);

    // The ward that the commune went into keeps the hamlet, and its chain the change.
    app.midnight(2).await;
    let now = told(&recorder, &made).await;
    assert_eq!(now["state"], "made");
    assert_eq!(names(&listed(&recorder, in_days(2)).await), ["Tổ dân phố Đông"]);
    let path = format!("/holders/{}", family["id"].as_str().unwrap());
    assert_eq!(recorder.get(&path).await.is(200)["hamlet_name"], "Tổ dân phố Đông");
    undo(&recorder, &made).await.is(204);
    // What waits to be placed is changed by nobody.
    let path = format!("/areas/commune/13741/hamlets?on={}", in_days(2));
    let successor = app.named_user("recorder.vuban", Role::Recorder, "13741").await;
    let left = successor.get(&path).await.is(200);
    assert_eq!(left["items"][0]["full_name"], "Thôn Tây");
    assert_eq!(left["items"][0]["planned"], Value::Null);
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let entries = supervisor.get("/audit?area=37&entity=hamlet&limit=100").await.is(200);
    let entries = entries["items"].as_array().unwrap();
    let failed = entries.iter().filter(|entry| entry["action"] == "hamlet.not_made").count();
    assert_eq!(failed, 1, "{}", lost["id"]);
    register_is_sound(&app).await;
}
