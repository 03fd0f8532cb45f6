//! Everything that officials do, done by a server whose role owns nothing and may not touch the trail.

use chrono::Days;
use diesel_async::SimpleAsyncConnection;
use hoctap::access::Role;
use hoctap::acts::retention::rows::Rule;
use hoctap::base::clock::today;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::former::Former;
use crate::support::lists::{enter, families, id};
use crate::support::records::{
    COMMUNE, NEIGHBOUR, PROVINCE, citizen, decision, family, hamlet, record, register_is_sound,
    title_at, title_path,
};

fn path(holder: &Value, more: &str) -> String {
    format!("/holders/{}{more}", holder["id"].as_str().expect("an id"))
}

#[actix_web::test]
async fn a_year_of_an_office_needs_no_more_than_the_rights_of_a_server() {
    let owner = TestApp::start().await;
    let app = owner.beside_as("least_of_all").await;
    assert!(app.db().await.batch_execute("create table mine ()").await.is_err());
    let here = app.user(Role::Recorder, COMMUNE).await;
    let there = app.user(Role::Recorder, NEIGHBOUR).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let administrator = app.user(Role::Administrator, "VN").await;
    let why = json!({"reason": "Nhập nhầm"});

    // A list, applied and taken back.
    let east = hamlet(&here, COMMUNE, "thôn", "Đông").await;
    let list =
        families(&["1;Trần Văn An;1970;;Thôn Đông;4;85;;", "2;Lê Thị Bình;1980;;Thôn Đông;3;82;;"]);
    let import = enter(&here, "family&year=2026", list).await;
    here.post(&format!("/imports/{}/undo", id(&import)), json!({"partial": false})).await.is(200);

    // A decision, annulled; what is left is exported.
    let known = family(&here, "Trần Văn Bình").await;
    let title = title_at(&here, &approver, &known, 2025, "verified").await;
    let parts = json!([{"action": "recognise", "records": [record(&title)]}]);
    let made = approver.post("/decisions", decision("15", parts)).await.is(201);
    let at = format!("/decisions/{}/annul", made["id"].as_str().unwrap());
    approver.step(&at, &made, why.clone()).await.is(200);
    for what in ["titles?year=2025", "holders", "decisions", "audit", "statistics?kind=family"] {
        let answer = auditor.get(&format!("/exports/{what}")).await;
        assert_eq!(answer.status, 200, "{what}: {:#}", answer.body);
    }

    // Moved and back; merged and parted; forgotten.
    title_at(&here, &approver, &known, 2026, "registered").await;
    let claim = json!({"area": NEIGHBOUR, "code": known["code"]});
    let claimed = there.post("/moves", claim).await.is(201);
    let back = format!("/moves/{}/take-back", claimed["id"].as_str().unwrap());
    there.post(&back, why.clone()).await.is(200);
    let (stays, goes) = (family(&here, "Vũ Văn Tư").await, family(&here, "Vũ V. Tư").await);
    let merge = json!({"other": goes["code"], "other_version": goes["version"], "reason": "Trùng"});
    let merged = here.step(&path(&stays, "/merge"), &stays, merge).await.is(201);
    let part = format!("/merges/{}/undo", merged["id"].as_str().unwrap());
    here.post(&part, why.clone()).await.is(200);
    let person = citizen(&here, COMMUNE, "Ngô Thị Gấm", json!({})).await;
    let total = json!({"base": "adults", "total": 9, "source": "Bà Ngô Thị Gấm"});
    let totals = format!("/areas/commune/{COMMUNE}/totals/2026");
    here.put(&totals, json!({"totals": [total]})).await.is(200);
    here.put(&title_path(&person, 2026), json!({})).await.is(200);
    supervisor.step(&path(&person, "/personal-data"), &person, why.clone()).await.is(204);
    let told = here.get(&totals).await.is(200).to_string();
    assert!(!told.contains("Gấm") && told.contains("(đã xóa dữ liệu cá nhân)"), "{told}");

    // Hamlets: difficult, changed at once, changed when the day comes.
    let hamlets = format!("/areas/commune/{COMMUNE}/hamlets");
    let period = json!({"valid_from": "2026-01-01", "valid_to": null, "source": "Nghị định 272"});
    let call =
        here.call(Method::PUT, &format!("{hamlets}/{}/difficult", east["id"].as_str().unwrap()));
    let marked = call.knowing(&east).json(&json!({"periods": [period]})).send().await.is(200);
    let changes = format!("/areas/commune/{COMMUNE}/hamlet-changes");
    let west = hamlet(&here, COMMUNE, "thôn", "Tây").await;
    let change = |what: &str, on, hamlet: &Value, version: &Value, more: Value| {
        let mut body = json!({"change": what, "effective_on": on, "document": "Nghị quyết 12",
                              "hamlets": [{"id": hamlet["id"], "version": version}]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let rename = change("rename", today(), &east, &marked["version"], json!({"name": "Bắc"}));
    let renamed = here.post(&changes, rename).await.is(201);
    let undo = format!("{changes}/{}/undo", renamed["id"].as_str().unwrap());
    here.post(&undo, why.clone()).await.is(204);
    let convert = json!({"type": "tổ dân phố"});
    let tomorrow = today() + Days::new(1);
    let convert = change("convert", tomorrow, &west, &west["version"], convert);
    here.post(&changes, convert).await.is(201);
    app.midnight(1).await;
    let now = here.get(&format!("{hamlets}?on={tomorrow}")).await.is(200).to_string();
    assert!(now.contains("Tổ dân phố Tây"), "{now}");

    // A split commune of the past is placed; a reform comes and goes.
    let mut former = Former::open(&app, "13354").await;
    let waiting = former.hamlet("Nam").await;
    let place = json!({"hamlets": [{"id": waiting, "successor": "13363"}]});
    supervisor.post("/areas/commune/13354/placements", place).await.is(200);
    let file = format!(
        "effective_on,decree,level,old_code,new_code,kind,new_type,new_name,new_parent_code\n\
         {on},Nghị quyết 99,commune,13669,13669,whole,phường,Thành Nam Định,37\n\
         {on},Nghị quyết 99,commune,13684,13669,whole,,,\n",
        on = today()
    );
    let reform = administrator.call(Method::POST, "/reforms").bytes(file).send().await.is(201);
    let at = format!("/reforms/{}", reform["id"].as_str().unwrap());
    administrator.call(Method::POST, &format!("{at}/apply")).send().await.is(200);
    administrator.post(&format!("{at}/undo"), why).await.is(200);

    // What is past its time goes, by the rules of every class.
    let areas = app.shared.places.now();
    let mut db = app.db().await;
    for rule in Rule::all(&mut db).await.expect("the rules") {
        rule.apply(&mut db, &app.shared.keys, &areas).await.expect("what a rule removes");
    }
    let verdict = auditor.get("/audit/verify").await.is(200);
    assert_eq!(verdict["valid"], true, "{verdict:#}");
    register_is_sound(&app).await;
}
