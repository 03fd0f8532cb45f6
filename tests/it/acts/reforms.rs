//! Areas to come: a decree renames or merges communes, and the register goes on without a break.

use chrono::{Days, NaiveDate};
use hoctap::access::Role;
use hoctap::acts::reforms::command;
use hoctap::base::clock::today;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::records::{
    COMMUNE, NEIGHBOUR, PROVINCE, close_day, family, holder, register_is_sound, title_at,
};
use crate::support::{Client, TestApp, faults};

const HEADER: &str =
    "effective_on,decree,level,old_code,new_code,kind,new_type,new_name,new_parent_code\n";
/// The renaming of a commune into a ward.
const RENAMING: &str = include_str!("../../../data/reforms/doi-xa-thanh-phuong.csv");

async fn send(client: &Client<'_>, file: &str) -> crate::support::Answer {
    client.call(Method::POST, "/reforms").bytes(file).send().await
}

/// A file of rows that hold from a day on.
fn file(on: NaiveDate, rows: &[&str]) -> String {
    let rows = rows.iter().map(|row| format!("{on},Nghị quyết 99/NQ-UBTVQH16,{row}\n"));
    std::iter::once(HEADER.to_owned()).chain(rows).collect()
}

async fn step(client: &Client<'_>, reform: &Value, step: &str) -> crate::support::Answer {
    let path = format!("/reforms/{}/{step}", reform["id"].as_str().expect("an id"));
    client.call(Method::POST, &path).send().await
}

async fn name(client: &Client<'_>, code: &str, on: NaiveDate) -> Value {
    client.get(&format!("/areas/commune/{code}?on={on}")).await.is(200)["full_name"].clone()
}

async fn registered(client: &Client<'_>, question: &str) -> Value {
    let answer = client.get(&format!("/statistics?kind=family&{question}")).await.is(200);
    answer["items"][0]["registered"].clone()
}

#[actix_web::test]
async fn a_commune_becomes_a_ward_on_the_day_of_the_decree() {
    let app = TestApp::start().await;
    let administrator = app.user(Role::Administrator, "VN").await;
    let recorder = app.user(Role::Recorder, "13741").await;
    let stranger = app.stranger();
    let lives = holder(&recorder, "family", "13741", json!({"name": "Trần Văn An"})).await;
    let path = format!("/holders/{}/titles/2026/commune", lives["id"].as_str().expect("an id"));
    recorder.put(&path, json!({})).await.is(200);
    let question = "area=13741&year_from=2026";
    let before = stranger.get(&format!("/statistics?{question}")).await;
    let closed = close_day(&app).await;
    let asked = format!("/statistics?{question}&as_of={closed}&boundaries=2026-11-30");
    let then = stranger.get(&asked).await.bytes;

    let reform = send(&administrator, RENAMING).await.is(201);
    assert_eq!(
        (&reform["state"], &reform["effective_on"]),
        (&json!("staged"), &json!("2026-11-25"))
    );
    let touched = &reform["areas"][0];
    assert_eq!(touched["area"]["full_name"], "Xã Vụ Bản");
    assert_eq!(touched["becomes"], json!(["13741"]));
    assert_eq!((&touched["holders"], &touched["accounts"]), (&json!(1), &json!(1)));
    assert_eq!(touched["titles"], json!([{"year": 2026, "titles": 1}]));
    let day = NaiveDate::from_ymd_opt(2026, 11, 25).expect("a day");
    assert_eq!(name(&stranger, "13741", day).await, "Xã Vụ Bản", "it only waits");

    let reform = step(&administrator, &reform, "apply").await.is(200);
    assert_eq!(reform["state"], "applied");
    assert_eq!(name(&stranger, "13741", day).await, "Phường Vụ Bản");
    assert_eq!(name(&stranger, "13741", day - Days::new(1)).await, "Xã Vụ Bản");
    step(&administrator, &reform, "apply").await.refuses(409, "reform_state");
    // The same area, its records and its people; the answer that was given before is not given again.
    recorder.get(&path).await.is(200);
    assert_eq!(registered(&stranger, question).await, 1);
    let now = stranger.get(&format!("/statistics?{question}")).await;
    assert_ne!(now.header("etag"), before.header("etag"));
    // What a closed day knew, it knows for ever.
    assert_eq!(stranger.get(&asked).await.bytes, then);
    register_is_sound(&app).await;
}

#[actix_web::test]
async fn two_communes_become_one_and_those_who_work_there_work_on() {
    let app = TestApp::start().await;
    let administrator = app.user(Role::Administrator, "VN").await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let neighbour = app.user(Role::Recorder, NEIGHBOUR).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let first = family(&recorder, "Trần Văn An").await;
    title_at(&recorder, &approver, &first, 2026, "recognised").await;
    let second = holder(&neighbour, "family", NEIGHBOUR, json!({"name": "Lê Thị Bình"})).await;
    title_at(&neighbour, &approver, &second, 2026, "verified").await;

    let rows =
        ["commune,13669,13669,whole,phường,Thành Nam Định,37", "commune,13684,13669,whole,,,"];
    let reform = send(&administrator, &file(today(), &rows)).await.is(201);
    let stands: Vec<_> =
        reform["areas"].as_array().expect("areas").iter().map(|a| &a["holders"]).collect();
    assert_eq!(stands, [1, 1]);
    step(&administrator, &reform, "apply").await.is(200);

    let question = "area=13669&year_from=2026";
    assert_eq!(registered(&auditor, question).await, 2, "the new one has both");
    let eve = today() - Days::new(1);
    let then = format!("area=13684@{eve}&year_from=2026&boundaries={eve}");
    assert_eq!(registered(&auditor, &then).await, 1, "within the former bounds");
    app.stranger().get("/areas/commune/13684").await.is(404);
    let lineage = app.stranger().get("/areas/commune/13669/lineage").await.is(200);
    assert_eq!(lineage["area"]["full_name"], "Phường Thành Nam Định");
    assert_eq!(lineage["predecessors"].as_array().expect("predecessors").len(), 2);
    // The recorder of the commune that is no more records in the new one, also what was begun before.
    let third = family(&neighbour, "Phạm Văn Cả").await;
    title_at(&neighbour, &approver, &third, 2026, "recognised").await;
    let path = format!("/holders/{}/titles/2026/commune", first["id"].as_str().expect("an id"));
    neighbour.get(&path).await.is(200);
    assert_eq!(registered(&auditor, question).await, 3);
    let far = app.user(Role::Recorder, "00070").await;
    far.get(&path).await.is(404);
    register_is_sound(&app).await;
}

#[actix_web::test]
async fn a_reform_is_taken_back_until_somebody_builds_on_it() {
    let app = TestApp::start().await;
    let administrator = app.user(Role::Administrator, "VN").await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let stranger = app.stranger();
    let first = family(&recorder, "Trần Văn An").await;
    let rows =
        ["commune,13669,13669,whole,phường,Thành Nam Định,37", "commune,13684,13669,whole,,,"];
    let undo = async |reform: &Value| {
        let path = format!("/reforms/{}/undo", reform["id"].as_str().expect("an id"));
        administrator.post(&path, json!({"reason": "Nhập nhầm mã"})).await
    };
    // On the day itself, and again after that day was closed.
    for closing in [false, true] {
        let reform = send(&administrator, &file(today(), &rows)).await.is(201);
        undo(&reform).await.refuses(409, "reform_state");
        step(&administrator, &reform, "apply").await.is(200);
        stranger.get("/areas/commune/13684").await.is(404);
        if closing {
            close_day(&app).await;
        }
        assert_eq!(undo(&reform).await.is(200)["state"], "undone");
        undo(&reform).await.refuses(409, "reform_state");
        assert_eq!(name(&stranger, COMMUNE, today()).await, "Phường Nam Định");
        assert_eq!(name(&stranger, NEIGHBOUR, today()).await, "Phường Thiên Trường");
        let lineage = stranger.get("/areas/commune/13684/lineage").await.is(200);
        assert_eq!(lineage["successors"], json!([]));
        family(&recorder, &format!("Sau khi hủy {closing}")).await;
        register_is_sound(&app).await;
    }
    // A later change of the same area goes first.
    let merger = send(&administrator, &file(today(), &rows)).await.is(201);
    step(&administrator, &merger, "apply").await.is(200);
    let tomorrow = today() + Days::new(1);
    let renaming = file(tomorrow, &["commune,13669,,rename,,Nam Định Mới,"]);
    let renaming = send(&administrator, &renaming).await.is(201);
    step(&administrator, &renaming, "apply").await.is(200);
    undo(&merger).await.refuses(409, "changed_later");
    undo(&renaming).await.is(200);
    // An account and a record of the new commune keep it.
    let added = app.named_user("moi.13669", Role::Recorder, COMMUNE).await;
    let problem = undo(&merger).await.refuses(409, "built_on");
    assert_eq!(faults(&problem), [("/accounts", "built_on"), ("/entries", "built_on")]);
    family(&added, "Lê Thị Bình").await;
    let problem = undo(&merger).await.refuses(409, "built_on");
    assert!(faults(&problem).contains(&("/holders", "built_on")), "{problem:#}");
    let path = format!("/holders/{}", first["id"].as_str().expect("an id"));
    added.get(&path).await.is(200);
    register_is_sound(&app).await;
}

#[actix_web::test]
async fn the_command_line_applies_the_same_file() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, "13741").await;
    holder(&recorder, "family", "13741", json!({"name": "Trần Văn An"})).await;
    let mut db = app.db().await;
    let areas = app.shared.places.now();
    let text = command::import(&mut db, &areas, RENAMING, false).await.expect("a reform");
    assert!(text.contains("13741 Xã Vụ Bản, Tỉnh Ninh Bình -> 13741: 1 holders"), "{text}");
    let text = command::import(&mut db, &areas, RENAMING, true).await.expect("a reform");
    assert!(text.ends_with("applied\n"), "{text}");
    let again = command::import(&mut db, &areas, RENAMING, true).await;
    // The areas that were read before are not those that stand now.
    assert!(again.is_err());
    // A server learns of it by itself.
    app.shared.places.keep(hoctap::areas::Areas::load(&mut db).await.expect("the areas"));
    let day = NaiveDate::from_ymd_opt(2026, 11, 25).expect("a day");
    assert_eq!(name(&app.stranger(), "13741", day).await, "Phường Vụ Bản");
    register_is_sound(&app).await;
}

#[actix_web::test]
async fn a_file_is_refused_with_all_its_faults() {
    let app = TestApp::start().await;
    let administrator = app.user(Role::Administrator, "VN").await;
    let day = today();
    let lone = "commune,13669,13670,part,phường,Nam Định,37";
    let rows = [
        "commune,99999,13669,whole,,,",
        "commune,13669,,whole,,,",
        "commune,13684,12,rename,làng,,",
        "district,356,356,rename,,,",
    ];
    let problem = send(&administrator, &file(day, &rows)).await.refuses(422, "invalid");
    let found = faults(&problem);
    assert_eq!(
        found,
        [
            ("/2/old_code", "area_unknown"),
            ("/3/new_code", "gap"),
            ("/4/new_code", "code"),
            ("/4/new_type", "type"),
            ("/5/level", "level"),
        ]
    );
    for (rows, expected) in [
        (vec![lone], vec![("/2/kind", "gap")]),
        (vec!["commune,13669,13684,whole,phường,Nam Định,37"], vec![("/2/new_code", "overlap")]),
        (vec!["commune,13669,13669,rename,,,"], vec![("/2/new_name", "unchanged")]),
        (
            vec!["commune,13669,13670,whole,,,01999"],
            vec![
                ("/2/new_type", "required"),
                ("/2/new_name", "required"),
                ("/2/new_parent_code", "parent"),
            ],
        ),
        (
            vec![lone, lone, "commune,13669,13671,whole,xã,Một,"],
            vec![("/3/new_code", "duplicate"), ("/4/kind", "mixed")],
        ),
        (
            vec!["commune,13669,13670,whole,xã,Một,", "commune,13684,13670,whole,xã,Hai,"],
            vec![("/3/new_name", "differs")],
        ),
        (vec!["province,37,99,whole,tỉnh,Ninh Bình,"], vec![("/2/old_code", "left_behind")]),
    ] {
        let problem = send(&administrator, &file(day, &rows)).await.refuses(422, "invalid");
        let mut found = faults(&problem);
        if found[0].1 == "overlap" {
            found.truncate(1);
        }
        assert_eq!(found, expected, "{rows:?}");
    }
    let early = NaiveDate::from_ymd_opt(2025, 7, 1).expect("a day");
    let problem = send(&administrator, &file(early, &[lone])).await.refuses(422, "invalid");
    assert_eq!(faults(&problem), [("/2/effective_on", "date")]);
    let problem = send(&administrator, "a,b\n1,2\n").await.refuses(422, "invalid");
    assert_eq!(faults(&problem), [("", "columns")]);
    let province = app.user(Role::Administrator, PROVINCE).await;
    let refused = send(&province, &file(day, &[lone])).await;
    refused.refuses(403, "country_reforms");
}
