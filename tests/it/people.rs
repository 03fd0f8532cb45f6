//! What people ask of the register: to see what it holds on them, and to be forgotten.

use diesel::sql_types::Text;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use hoctap::access::{Act, Role};
use hoctap::acts::imports::rows::Import;
use hoctap::acts::imports::{ImportState, Summary};
use hoctap::base::text::search_key;
use reqwest::Method;
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

use crate::support::proof::prove;
use crate::support::records::{
    COMMUNE, PROVINCE, close_day, decision, record, title_at, title_path,
};
use crate::support::{Client, TestApp};

const NAME: &str = "Trịnh Bá Thuỷ Ngân";
const NUMBER: &str = "036085771234";

/// A list that names her, checked and applied.
async fn import(recorder: &Client<'_>, name: &str) -> Value {
    let list =
        format!("STT,Họ và tên,Năm sinh,Số CCCD\n1,{name},1985,{NUMBER}\n2,Lê Thị An,1970,\n");
    let path = format!("/imports?kind=citizen&area={COMMUNE}&year=2025");
    let call = recorder.call(Method::POST, &path).header("prefer", "wait=20");
    call.bytes(list).send().await.is(200)
}

async fn apply(recorder: &Client<'_>, import: &Value) {
    let path = format!("/imports/{}/apply", import["id"].as_str().unwrap());
    recorder.post(&path, json!({"atomic": true})).await.is(200);
}

/// Every row of every table, as text.
async fn dump(app: &TestApp) -> Vec<(String, String)> {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = Text)]
        text: String,
    }
    let mut db = app.db().await;
    let tables: Vec<Row> = diesel::sql_query(
        "select c.oid::regclass::text as text from pg_class c
         join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = 'public' and c.relkind = 'r' order by 1",
    )
    .load(&mut db)
    .await
    .unwrap();
    let mut rows = Vec::new();
    for table in tables {
        let sql = format!("select t::text as text from {} t", table.text);
        let found: Vec<Row> = diesel::sql_query(sql).load(&mut db).await.unwrap();
        rows.extend(found.into_iter().map(|row| (table.text.clone(), row.text)));
    }
    rows
}

/// The tables in which she can still be read, in any way of writing.
async fn traces(app: &TestApp) -> Vec<String> {
    let (name, key) = (NAME.to_lowercase(), search_key(NAME));
    let mut found: Vec<String> = dump(app)
        .await
        .into_iter()
        .filter(|(_, row)| {
            let composed: String = row.nfc().collect::<String>().to_lowercase();
            composed.contains(&name) || search_key(row).contains(&key) || row.contains(NUMBER)
        })
        .map(|(table, _)| table)
        .collect();
    found.sort();
    found.dedup();
    found
}

#[actix_web::test]
async fn a_person_sees_all_that_is_held_and_is_forgotten_on_request() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let list = import(&recorder, NAME).await;
    apply(&recorder, &list).await;
    let found = json!({"kind": "citizen", "number": NUMBER});
    let found = recorder.post("/holders/lookup", found).await.is(200);
    let her = found["items"][0]["holder"].clone();
    let family = json!({"kind": "family", "area": COMMUNE, "name": NAME, "number": NUMBER});
    let family = recorder.post("/holders", family).await.is(201);
    let path = format!("/holders/{}", her["code"].as_str().unwrap());
    let group = json!({"group": "farmers", "details": {"sex": "female"}});
    recorder.patch(&path, &her, group).await.refuses(422, "invalid");
    let group = json!({"group": "farmers", "details": {"sex": "male", "family": family["code"]}});
    let her = recorder.patch(&path, &her, group).await.is(200);
    title_at(&recorder, &approver, &her, 2026, "recognised").await;
    let other = title_at(&recorder, &approver, &family, 2026, "verified").await;
    let reason = format!("Bổ sung theo đề nghị của bà {}", NAME.to_uppercase());
    let parts = json!([{"action": "recognise", "records": [record(&other)], "reason": reason}]);
    approver.post("/decisions", decision("77", parts)).await.is(201);
    let open = recorder.put(&title_path(&her, 2024), json!({})).await.is(200);
    let withdraw = format!("{}/withdraw", title_path(&her, 2024));
    let reason = json!({"reason": format!("Bà {} (036 085 771 234) chuyển đi", NAME)});
    recorder.step(&withdraw, &open, reason).await.is(200);
    let again = import(&recorder, NAME).await;

    // Everything, with the number whole, as data and as a page to hand over.
    let held = recorder.get(&format!("{path}/personal-data")).await.is(200);
    assert_eq!(held["numbers"], json!([{"scheme": "citizen", "number": NUMBER}]));
    assert_eq!(held["holder"]["name"], NAME);
    assert_eq!(held["titles"].as_array().unwrap().len(), 3);
    assert_eq!(held["decisions"][0]["name"], NAME);
    assert_eq!(held["staged_rows"].as_array().unwrap().len(), 1);
    assert_eq!(held["staged_rows"][0]["row"]["personal_number"], NUMBER);
    let actions: Vec<&str> = held["history"]
        .as_array()
        .unwrap()
        .iter()
        .map(|h| h["entry"]["action"].as_str().unwrap())
        .collect();
    assert!(actions.contains(&"import.apply") && actions.contains(&"decision.enter"));
    assert!(held["history"].to_string().contains(NAME));
    let text = supervisor.get(&format!("{path}/personal-data?format=text")).await;
    assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
    let text = text.text();
    for part in [NAME, NUMBER, "Danh hiệu", "công nhận", "Giới tính: nam", "xuất dữ liệu cá nhân"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    app.user(Role::Recorder, "13693").await.get(&format!("{path}/personal-data")).await.is(404);

    // Who read is known: the look-up, and both exports.
    recorder.get("/exports/titles?kind=citizen").await;
    let reads = auditor.get("/personal-data/reads").await.is(200);
    let told: Vec<(&str, &str)> = reads["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["action"].as_str().unwrap(), r["actor_name"].as_str().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("export.titles", "recorder.13669"),
            ("personal_data.export", "supervisor.37"),
            ("personal_data.export", "recorder.13669"),
            ("number.look_up", "recorder.13669"),
        ]
    );
    let of_her = format!("/personal-data/reads?holder={}&limit=2", her["id"].as_str().unwrap());
    let first = auditor.get(&of_her).await.is(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    let next = format!("{of_her}&cursor={}", first["next"].as_str().unwrap());
    assert_eq!(auditor.get(&next).await.is(200)["items"][0]["action"], "number.look_up");

    // Forgotten: nowhere in the register, in any spelling; counts and chains stand.
    assert!(!traces(&app).await.is_empty());
    let counts = recorder.get("/titles?count=exact").await.is(200)["count"].clone();
    let her = recorder.get(&path).await.is(200);
    let body = json!({"reason": format!("Đơn của {}", NAME)});
    let at = format!("{path}/personal-data");
    supervisor.step(&at, &her, body).await.refuses(422, "invalid");
    let body = json!({"reason": "Theo đơn yêu cầu ngày 20/11/2026"});
    recorder.step(&at, &her, body.clone()).await.refuses(403, "role_not_allowed");
    supervisor.step(&at, &her, body.clone()).await.is(204);
    assert_eq!(traces(&app).await, Vec::<String>::new());
    assert_eq!(recorder.get("/titles?count=exact").await.is(200)["count"], counts);
    prove(&app).await;
    let verdict = auditor.get("/audit/verify").await.is(200);
    assert_eq!(verdict["valid"], true);

    // Nameless wherever it is listed; the reason of the erasure is kept.
    let nameless = recorder.get(&path).await.is(200);
    assert_eq!(nameless["name"], "(đã xóa dữ liệu cá nhân)");
    assert_eq!((&nameless["number"], &nameless["details"]), (&json!(null), &json!({})));
    let title = recorder.get(&title_path(&her, 2026)).await.is(200);
    assert_eq!((&title["name"], &title["status"]), (&nameless["name"], &json!("recognised")));
    let history = recorder.get(&format!("{path}/history")).await.is(200);
    let last = &history["items"][0];
    assert_eq!(last["entry"]["action"], "personal_data.erase");
    assert_eq!(last["entry"]["reason"], "Theo đơn yêu cầu ngày 20/11/2026");
    let rename = json!({"name": "Trần Thị Mới"});
    recorder.patch(&path, &nameless, rename).await.refuses(409, "holder_erased");

    // The list that was not applied must be sent again; the number is free for whoever has it.
    let again = recorder.get(&format!("/imports/{}", again["id"].as_str().unwrap())).await.is(200);
    assert_eq!(again["state"], "failed");
    let body =
        json!({"kind": "citizen", "area": COMMUNE, "name": "Trịnh Bá Ngân", "number": NUMBER});
    recorder.post("/holders", body).await.is(201);
}

#[actix_web::test]
async fn what_was_typed_beside_figures_is_forgotten_with_the_person() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let citizen = json!({"kind": "citizen", "area": COMMUNE, "name": NAME, "number": NUMBER});
    let her = recorder.post("/holders", citizen).await.is(201);
    // A name of one word is a word of other things too.
    let an = json!({"kind": "family", "area": COMMUNE, "name": "An"});
    let an = recorder.post("/holders", an).await.is(201);

    let at = format!("/areas/commune/{COMMUNE}");
    let totals = format!("{at}/totals/2025");
    for source in ["Công an phường".to_owned(), format!("Bà {} cung cấp", NAME.to_uppercase())]
    {
        let base = if source.starts_with("Công") { "households" } else { "adults" };
        let total = json!({"totals": [{"base": base, "total": 900, "source": source}]});
        let known = recorder.get(&totals).await.is(200);
        let put = recorder.call(Method::PUT, &totals).knowing(&known).json(&total);
        put.send().await.is(200);
    }
    let reason = format!("Theo lời bà {NAME}, số 036 085 771 234");
    let closing = json!({"closings": [
        {"kind": "clan", "state": "nothing_to_report", "reason": reason},
    ]});
    recorder.put(&format!("{at}/closings/2025"), closing).await.is(200);
    let paper = json!({"year": 2025, "kind": "citizen", "reported_on": "2025-12-31",
                       "recognised": 2, "source": format!("Sổ của {NAME}")});
    supervisor.post(&format!("{at}/reported"), paper).await.is(201);
    let target = json!({"targets": [{"kind": "family", "base": "households", "percent": 70,
                                     "source": format!("Ý kiến của {NAME}")}]});
    supervisor.put(&format!("{at}/targets/2025"), target).await.is(200);
    // Where she never was, and where she stands in no annex.
    let neighbour = app.user(Role::Recorder, "13693").await;
    let total =
        json!({"totals": [{"base": "adults", "total": 5, "source": format!("Hỏi {NAME}")}]});
    neighbour.put("/areas/commune/13693/totals/2025", total).await.is(200);
    let approver = app.user(Role::Approver, COMMUNE).await;
    let title = title_at(&recorder, &approver, &an, 2026, "verified").await;
    let parts = json!([{"action": "recognise", "records": [record(&title)]}]);
    let made = approver.post("/decisions", decision("91", parts)).await.is(201);
    let annul = format!("/decisions/{}/annul", made["id"].as_str().unwrap());
    let why = json!({"reason": format!("Bà {NAME} khiếu nại")});
    approver.step(&annul, &made, why).await.is(200);
    let an = recorder.get(&format!("/holders/{}", an["id"].as_str().unwrap())).await.is(200);
    let day = close_day(&app).await;
    let question = format!("/statistics?area={COMMUNE}&kind=citizen&year_from=2025&as_of={day}");
    assert!(auditor.get(&question).await.text().contains(NAME));
    let tables = traces(&app).await;
    for table in ["area_totals", "closings", "reported_figures", "targets", "audit_values"] {
        assert!(tables.iter().any(|known| known == table), "{table}: {tables:?}");
    }
    assert!(!tables.iter().any(|table| table == "audit_items"), "{tables:?}");

    for person in [&her, &an] {
        let path = format!("/holders/{}", person["id"].as_str().unwrap());
        let reason = json!({"reason": "Theo đơn yêu cầu"});
        supervisor.step(&format!("{path}/personal-data"), person, reason).await.is(204);
    }
    assert_eq!(traces(&app).await, Vec::<String>::new());
    let told = recorder.get(&totals).await.is(200).to_string();
    assert!(told.contains("Công an phường") && told.contains("(đã xóa dữ liệu cá nhân)"), "{told}");
    assert!(!auditor.get(&question).await.text().contains(NAME));
    prove(&app).await;
    assert_eq!(auditor.get("/audit/verify").await.is(200)["valid"], true);

    // Nothing else of such a line can be changed, nor can anything be put in the place of a text.
    for change in
        ["total = 1", "source = 'Công an tỉnh'", "total = 1, source = '(đã xóa dữ liệu cá nhân)'"]
    {
        let update = format!("update area_totals set {change}");
        let refused = app.db().await.batch_execute(&update).await.expect_err(change);
        assert!(refused.to_string().contains("append-only"), "{change}: {refused}");
    }
}

#[actix_web::test]
async fn a_merged_person_is_forgotten_whole() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let supervisor = app.user(Role::Supervisor, COMMUNE).await;
    let make = |name: &str, number: Option<&str>| json!({"kind": "citizen", "area": COMMUNE, "name": name, "number": number});
    let known = recorder.post("/holders", make("Trịnh B. Ngân", Some(NUMBER))).await.is(201);
    let twin = recorder.post("/holders", make(NAME, None)).await.is(201);
    let path = format!("/holders/{}", known["id"].as_str().unwrap());
    let merge = json!({"other": twin["code"], "other_version": twin["version"], "reason": "Trùng"});
    let merged = recorder.step(&format!("{path}/merge"), &known, merge).await.is(201);
    let survivor = recorder.get(&path).await.is(200);
    let reason = json!({"reason": "Theo đơn yêu cầu"});
    supervisor.step(&format!("{path}/personal-data"), &survivor, reason.clone()).await.is(204);
    assert_eq!(traces(&app).await, Vec::<String>::new());
    let undo = format!("/merges/{}/undo", merged["id"].as_str().unwrap());
    recorder.post(&undo, reason).await.refuses(409, "merge_erased");
    let unit = json!({"kind": "unit", "area": COMMUNE, "name": "Trường Tiểu học Số 1"});
    let unit = recorder.post("/holders", unit).await.is(201);
    let path = format!("/holders/{}/personal-data", unit["id"].as_str().unwrap());
    recorder.get(&path).await.refuses(422, "not_a_person");
    prove(&app).await;
}

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
