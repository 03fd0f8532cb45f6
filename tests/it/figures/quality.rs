//! What in the figures cannot be right or is unlikely, each made to happen and each absent otherwise.

use diesel_async::SimpleAsyncConnection;
use hoctap::access::Role;
use hoctap::base::kind::{Kind, Level};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::former::Former;
use crate::support::records::{
    COMMUNE, NEIGHBOUR, PROVINCE, decision, family, holder, recognise, title_path, verified,
};
use crate::support::{Client, TestApp};

const TOTALS: &str = "/areas/commune/13669/totals";

/// Those who work in the commune of most tests.
struct Office<'a> {
    recorder: Client<'a>,
    approver: Client<'a>,
}

impl<'a> Office<'a> {
    async fn of(app: &'a TestApp) -> Self {
        let recorder = app.user(Role::Recorder, COMMUNE).await;
        Self { recorder, approver: app.user(Role::Approver, COMMUNE).await }
    }

    async fn total(&self, year: i16, base: &str, total: i32) {
        let path = format!("{TOTALS}/{year}");
        let known = self.recorder.get(&path).await.is(200);
        let body = json!({"totals": [{"base": base, "total": total, "source": "Công an"}]});
        let call = self.recorder.call(Method::PUT, &path).knowing(&known).json(&body);
        call.send().await.is(200);
    }

    /// What a check found in a year.
    async fn found(&self, year: i16, check: &str) -> Vec<Value> {
        let path = format!("/statistics/quality?area={COMMUNE}&year={year}&code={check}");
        let answer = self.recorder.get(&path).await.is(200);
        answer["items"].as_array().expect("items").clone()
    }

    /// The only thing that a check found in a year, whose records are as many as expected.
    async fn finding(&self, year: i16, check: &str, records: i32) -> Value {
        let mut found = self.found(year, check).await;
        assert_eq!(found.len(), 1, "{check}: {found:#?}");
        let finding = found.remove(0);
        let link = format!("{}&count=exact", finding["records"].as_str().expect("a list"));
        assert_eq!(self.recorder.get(&link).await.is(200)["count"], records, "{finding:#}");
        finding
    }

    async fn families(&self, names: std::ops::Range<i32>) -> Vec<Value> {
        let mut families = Vec::new();
        for n in names {
            families.push(family(&self.recorder, &format!("Nguyễn Văn Số {n}")).await);
        }
        families
    }

    async fn recognised(&self, holders: &[Value], year: i16, total: i32) {
        let titles = verified(&self.recorder, holders, year, json!({"total": total})).await;
        let number = format!("{year}/{}", titles[0]["version"].as_str().expect("a version"));
        recognise(&self.approver, &number, &titles).await;
    }
}

#[actix_web::test]
async fn more_than_there_are() {
    let app = TestApp::start().await;
    let office = Office::of(&app).await;
    let families = office.families(0..3).await;
    office.recognised(&families[..2], 2026, 90).await;
    office.recorder.put(&title_path(&families[2], 2026), json!({})).await.is(200);
    office.total(2026, "households", 3).await;
    for check in ["registered_above_total", "recognised_above_total", "families_above_households"] {
        assert_eq!(office.found(2026, check).await, [] as [Value; 0], "{check}");
    }
    office.total(2026, "households", 1).await;
    let registered = office.finding(2026, "registered_above_total", 3).await;
    assert_eq!(registered["numbers"], json!({"counted": 3, "total": 1}));
    assert_eq!(registered["severity"], "error");
    let recognised = office.finding(2026, "recognised_above_total", 3).await;
    assert_eq!(recognised["numbers"], json!({"counted": 2, "total": 1}));
    let detail = recognised["detail"].as_str().expect("a sentence");
    assert!(detail.contains("gia đình học tập là 2, lớn hơn số hộ gia đình (1)"), "{detail}");
    let families = office.finding(2026, "families_above_households", 3).await;
    assert_eq!(families["numbers"], json!({"families": 3, "total": 1}));
}

#[actix_web::test]
async fn a_jump_against_the_year_before() {
    let app = TestApp::start().await;
    let office = Office::of(&app).await;
    let families = office.families(0..4).await;
    office.recognised(&families[..2], 2025, 90).await;
    office.recognised(&families[..3], 2026, 90).await;
    // Half more is not more than half.
    assert_eq!(office.found(2026, "count_jump").await, [] as [Value; 0]);
    office.recognised(&families[3..], 2026, 90).await;
    let jump = office.finding(2026, "count_jump", 4).await;
    assert_eq!(jump["numbers"], json!({"recognised": 4, "year_before": 2}));
    // Less is told once the year is closed.
    assert_eq!(office.found(2027, "count_jump").await, [] as [Value; 0]);
    office.recorder.put(&title_path(&families[0], 2027), json!({})).await.is(200);
    assert_eq!(office.found(2027, "count_jump").await, [] as [Value; 0]);
    let closing = json!({"closings": [{"kind": "family", "state": "complete"}]});
    office.recorder.put("/areas/commune/13669/closings/2027", closing).await.is(200);
    office.finding(2027, "count_jump", 1).await;
}

#[actix_web::test]
async fn totals_that_shrink_and_decisions_that_do_not_come() {
    let app = TestApp::start().await;
    let office = Office::of(&app).await;
    office.total(2025, "households", 100).await;
    office.total(2026, "households", 100).await;
    assert_eq!(office.found(2026, "total_shrank").await, [] as [Value; 0]);
    office.total(2026, "households", 99).await;
    let shrank = office.found(2026, "total_shrank").await;
    assert_eq!(shrank.len(), 1);
    assert_eq!(shrank[0]["numbers"], json!({"total": 99, "year_before": 100}));
    // Titles of 2025 are decided by 31 March 2026, those of 2026 a year later.
    let families = office.families(0..1).await;
    for year in [2025, 2026] {
        verified(&office.recorder, &families, year, json!({"total": 90})).await;
    }
    assert_eq!(office.found(2026, "decision_overdue").await, [] as [Value; 0]);
    let overdue = office.finding(2025, "decision_overdue", 1).await;
    assert_eq!(overdue["numbers"], json!({"undecided": 1}));
    // Where the province sets other days, those count for its communes.
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    for (year, day) in [(2025, "2026-12-31"), (2026, "2026-11-01")] {
        let rounds = json!({"rounds": [{"kind": "family", "decision_until": day}]});
        supervisor.put(&format!("/areas/province/37/rounds/{year}"), rounds).await.is(200);
    }
    assert_eq!(office.found(2025, "decision_overdue").await, [] as [Value; 0]);
    let overdue = office.finding(2026, "decision_overdue", 1).await;
    let detail = overdue["detail"].as_str().expect("a sentence");
    assert!(detail.contains("chưa có quyết định sau ngày 01/11/2026"), "{detail}");
    let path = "/statistics/quality?area=37&year=2026&code=decision_overdue";
    let found = supervisor.get(path).await.is(200);
    let areas: Vec<&Value> =
        found["items"].as_array().expect("items").iter().map(|f| &f["area"]).collect();
    assert_eq!(areas, [PROVINCE, COMMUNE]);
}

/// Phường Vị Xuyên, which went whole into Phường Nam Định, and Phường Tiên Nội, split between two.
const MERGED: &str = "13636";
const SPLIT: &str = "13354";

#[actix_web::test]
async fn jumps_are_followed_through_what_became_of_areas() {
    let app = TestApp::start().await;
    let mut of_split = Former::open(&app, SPLIT).await;
    let mut of_merged = Former::open(&app, MERGED).await;
    for n in 0..3 {
        for former in [&mut of_split, &mut of_merged] {
            let name = format!("Trần Thị Cũ {n}");
            let old = former.holder(&app, Kind::Family, None, &name).await;
            former.title(&old, 2024, Level::Commune).await;
        }
    }
    // As if a decision of that year had recognised them.
    let recognise = "update title_counts set recognised = registered, registered = 0";
    app.db().await.batch_execute(recognise).await.expect("counts");
    let office = Office::of(&app).await;
    let families = office.families(0..10).await;
    office.recognised(&families, 2025, 90).await;
    let jump = office.finding(2025, "count_jump", 10).await;
    assert_eq!(jump["numbers"], json!({"recognised": 10, "year_before": 3}));
    // What waits to be placed lies in the province all the same.
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let path = "/statistics/quality?area=37&year=2025&code=count_jump";
    let found = supervisor.get(path).await.is(200);
    let numbers: Vec<(&Value, &Value)> = found["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|found| (&found["area"], &found["numbers"]["year_before"]))
        .collect();
    assert_eq!(numbers, [(&json!(PROVINCE), &json!(6)), (&json!(COMMUNE), &json!(3))]);
}

#[actix_web::test]
async fn holders_who_look_alike_or_have_no_commune() {
    let app = TestApp::start().await;
    let office = Office::of(&app).await;
    let citizen = |year: i32, new: bool| json!({"name": "Lê Thị Hoa", "group": "farmers", "details": {"birth_year": year}, "confirm_new": new});
    let first = holder(&office.recorder, "citizen", COMMUNE, citizen(1980, false)).await;
    holder(&office.recorder, "citizen", COMMUNE, citizen(1981, true)).await;
    assert_eq!(office.found(2026, "probable_duplicates").await, [] as [Value; 0]);
    holder(&office.recorder, "citizen", COMMUNE, citizen(1980, true)).await;
    let found = office.found(2026, "probable_duplicates").await;
    assert_eq!(found[0]["numbers"], json!({"alike": 2}));
    let pairs = office.recorder.get(found[0]["records"].as_str().expect("a list")).await.is(200);
    assert_eq!(pairs["items"].as_array().expect("pairs").len(), 1);
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let path = "/statistics/quality?year=2026&code=holder_without_commune";
    assert_eq!(supervisor.get(path).await.is(200)["items"], json!([]));
    // As if entered before 1 July 2025 in 14503, which was split.
    let areas = app.shared.places.now();
    let old = areas.find("14503", "2025-06-30".parse().expect("a day")).expect("an area");
    let db = hoctap::base::db::copy_client(&app.shared.url).await.expect("a connection");
    let id: uuid::Uuid = first["id"].as_str().expect("an id").parse().expect("an id");
    let moved = db.execute("update holders set area_id = $1 where id = $2", &[&old, &id]).await;
    assert_eq!(moved.expect("a change"), 1);
    let without = supervisor.get(path).await.is(200);
    assert_eq!(without["items"][0]["numbers"], json!({"holders": 1}));
    assert_eq!(without["items"][0]["area"], "14503");
}

#[actix_web::test]
async fn units_and_families_whose_people_are_no_learning_citizens() {
    let app = TestApp::start().await;
    let office = Office::of(&app).await;
    let family = family(&office.recorder, "Trần Văn Bình").await;
    let unit = holder(&office.recorder, "unit", COMMUNE, json!({"name": "Trạm y tế"})).await;
    let mut people = Vec::new();
    for name in ["Trần Văn Bình", "Phạm Thị Lan"] {
        let details = json!({"birth_year": 1980, "family": family["code"], "unit": unit["code"]});
        let more = json!({"name": name, "group": "officials", "details": details});
        people.push(holder(&office.recorder, "citizen", COMMUNE, more).await);
    }
    office.recognised(&[family], 2026, 90).await;
    verified(&office.recorder, std::slice::from_ref(&unit), 2026, json!({"total": 90})).await;
    office.recognised(&people[..1], 2026, 90).await;
    let below = office.finding(2026, "unit_citizens_below", 1).await;
    assert_eq!(below["numbers"], json!({"citizens": 1, "people": 2}));
    assert_eq!(below["holders"], json!([unit["id"]]));
    let adults = office.finding(2026, "family_adults_not_citizens", 1).await;
    assert_eq!(adults["numbers"], json!({"families": 1}));
    office.recognised(&people[1..], 2026, 90).await;
    for check in ["unit_citizens_below", "family_adults_not_citizens"] {
        assert_eq!(office.found(2026, check).await, [] as [Value; 0], "{check}");
    }
}

#[actix_web::test]
async fn scores_that_all_equal_the_threshold() {
    let app = TestApp::start().await;
    let office = Office::of(&app).await;
    let families = office.families(0..11).await;
    verified(&office.recorder, &families[..9], 2026, json!({"total": 80})).await;
    assert_eq!(office.found(2026, "scores_at_threshold").await, [] as [Value; 0], "too few");
    verified(&office.recorder, &families[9..10], 2026, json!({"total": 80})).await;
    let at = office.finding(2026, "scores_at_threshold", 10).await;
    assert_eq!(at["numbers"], json!({"titles": 10}));
    assert!(at["detail"].as_str().expect("a sentence").contains("đúng 80 điểm"), "{at:#}");
    verified(&office.recorder, &families[10..], 2026, json!({"total": 81})).await;
    assert_eq!(office.found(2026, "scores_at_threshold").await, [] as [Value; 0]);
}

#[actix_web::test]
async fn a_round_registered_and_recognised_in_one_file() {
    let app = TestApp::start().await;
    let office = Office::of(&app).await;
    let mut list = "STT,Họ và tên chủ hộ,Điểm tự chấm,Điểm thẩm định\n".to_owned();
    for n in 1..=10 {
        list += &format!("{n},Nguyễn Văn Số {n},{},{}\n", 80 + n, 80 + n);
    }
    let path = format!("/imports?kind=family&area={COMMUNE}&year=2026");
    let call = office.recorder.call(Method::POST, &path).header("prefer", "wait=30");
    let import = call.bytes(list).send().await.is(200);
    let id = import["id"].as_str().expect("an id");
    let apply = format!("/imports/{id}/apply");
    office.recorder.post(&apply, json!({"atomic": true})).await.is(200);
    assert_eq!(
        office.found(2026, "registered_and_recognised_in_one_file").await,
        [] as [Value; 0],
        "not decided yet"
    );
    let select = json!({"kind": "family", "area": COMMUNE, "year": 2026, "status": "verified"});
    let parts = json!([{"action": "recognise", "select": select, "expected": 10}]);
    office.approver.post("/decisions", decision("1", parts)).await.is(201);
    office.finding(2026, "registered_and_recognised_in_one_file", 10).await;
    // One who entered the round and was not on the list makes it a round.
    let other = office.families(11..12).await;
    office.recorder.put(&title_path(&other[0], 2026), json!({})).await.is(200);
    assert_eq!(office.found(2026, "registered_and_recognised_in_one_file").await, [] as [Value; 0]);
}

#[actix_web::test]
async fn paper_figures_beside_the_counts() {
    let app = TestApp::start().await;
    let office = Office::of(&app).await;
    let supervisor = app.user(Role::Supervisor, COMMUNE).await;
    let families = office.families(0..2).await;
    office.recognised(&families, 2026, 90).await;
    let report = async |on: &str, recognised: i32, registered: i32, rate: i32| {
        let figure = json!({
            "year": 2026, "kind": "family", "reported_on": on, "recognised": recognised,
            "registered": registered, "printed_rate": rate, "printed_base": "registered",
            "source": "Báo cáo của phường",
        });
        supervisor.post("/areas/commune/13669/reported", figure).await.is(201);
    };
    let reported = [
        "recognised_above_registered",
        "printed_rate_fits_no_base",
        "reported_jump",
        "reported_differs",
    ];
    report("2026-10-31", 2, 2, 100).await;
    for check in reported {
        assert_eq!(office.found(2026, check).await, [] as [Value; 0], "{check}");
    }
    report("2026-11-20", 5, 4, 90).await;
    for check in reported {
        assert_eq!(office.found(2026, check).await.len(), 1, "{check}");
    }
    let differs = office.finding(2026, "reported_differs", 2).await;
    assert_eq!(differs["numbers"], json!({"reported": 5, "counted": 2}));
}

#[actix_web::test]
async fn each_commune_has_a_card_and_readers_see_their_area() {
    let app = TestApp::start().await;
    let office = Office::of(&app).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let path = "/statistics/quality/cards?area=37&year=2026&limit=500";
    let clean = supervisor.get(path).await.is(200);
    let clean = clean["items"].as_array().expect("cards");
    assert_eq!(clean.len(), 129);
    assert!(clean.iter().all(|card| card["score"] == 100.0));
    office.families(0..2).await;
    office.total(2025, "households", 10).await;
    office.total(2026, "households", 1).await;
    let cards = supervisor.get(path).await.is(200);
    let worst = &cards["items"][0];
    assert_eq!(worst["area"], COMMUNE);
    assert_eq!(worst["found"], json!({"families_above_households": 1, "total_shrank": 1}));
    assert_eq!(
        (&worst["errors"], &worst["warnings"], &worst["notes"]),
        (&json!(1), &json!(0), &json!(1))
    );
    assert_eq!(worst["score"], 88.89);
    assert_eq!(cards["items"][1]["score"], 100.0);
    let errors = supervisor.get("/statistics/quality?year=2026&severity=error").await.is(200);
    assert_eq!(errors["items"].as_array().expect("findings").len(), 1);
    let first = supervisor.get("/statistics/quality?year=2026&limit=1").await.is(200);
    let next = first["next"].as_str().expect("a cursor");
    let second = format!("/statistics/quality?year=2026&limit=1&cursor={next}");
    let second = supervisor.get(&second).await.is(200);
    assert_eq!(second["items"][0]["code"], "total_shrank");
    let neighbour = app.user(Role::Recorder, NEIGHBOUR).await;
    assert_eq!(neighbour.get("/statistics/quality?year=2026").await.is(200)["items"], json!([]));
    neighbour.get("/statistics/quality?area=13669").await.refuses(403, "area_not_covered");
    app.dashboard(PROVINCE).await.get("/statistics/quality").await.refuses(403, "role_not_allowed");
}
