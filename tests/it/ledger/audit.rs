//! The trail: what it tells, to whom, and that it holds.

use diesel_async::SimpleAsyncConnection;
use hoctap::access::Role;
use serde_json::{Value, json};

use crate::support::records::{COMMUNE, NEIGHBOUR, PROVINCE, family, title_at, title_path};
use crate::support::{Answer, TestApp};

fn actions(answer: &Value) -> Vec<&str> {
    answer["items"].as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect()
}

fn items(answer: Answer) -> Vec<Value> {
    answer.is(200)["items"].as_array().unwrap().clone()
}

#[actix_web::test]
async fn every_change_is_found_by_area_actor_thing_and_day() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let holder = family(&recorder, "Trần Văn An").await;
    title_at(&recorder, &approver, &holder, 2026, "recognised").await;
    let trail = auditor.get(&format!("/audit?area={COMMUNE}&entity=title")).await.is(200);
    assert_eq!(
        actions(&trail),
        ["decision.enter", "title.verify", "title.assess", "title.register"],
        "the newest first"
    );
    let decision = &trail["items"][0];
    assert_eq!(
        (&decision["actor_name"], &decision["role"]),
        (&json!("approver.13669"), &json!("approver"))
    );
    let actor = decision["actor"].as_str().unwrap();
    let by_actor = auditor.get(&format!("/audit?area={COMMUNE}&actor={actor}")).await.is(200);
    assert_eq!(actions(&by_actor), ["decision.enter"]);
    let id = holder["id"].as_str().unwrap();
    let of_holder = auditor.get(&format!("/audit?entity=holder:{id}")).await.is(200);
    assert_eq!(actions(&of_holder), ["holder.create"]);
    let day = decision["day"].as_str().unwrap();
    assert!(
        !items(auditor.get(&format!("/audit?area={COMMUNE}&from={day}&to={day}")).await).is_empty()
    );
    assert!(items(auditor.get("/audit?to=2025-12-31").await).is_empty());
    let page = auditor.get(&format!("/audit?area={COMMUNE}&limit=2")).await.is(200);
    let next = page["next"].as_str().expect("another page");
    let second = auditor.get(&format!("/audit?area={COMMUNE}&limit=2&cursor={next}")).await.is(200);
    assert_ne!(page["items"][1]["id"], second["items"][0]["id"]);
    let other = format!("/audit?area={NEIGHBOUR}&cursor={next}");
    auditor.get(&other).await.refuses(422, "invalid");
}

#[actix_web::test]
async fn an_entry_says_what_changed_and_why_and_hides_numbers() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let number = "036085001234";
    let body = json!({"kind": "citizen", "area": COMMUNE, "name": "Trần Văn An", "number": number,
        "details": {"birth_year": 1985, "sex": "male"}});
    let holder = recorder.post("/holders", body).await.is(201);
    let path = title_path(&holder, 2026);
    let title = recorder.put(&path, json!({})).await.is(200);
    let reason = json!({"reason": "Chuyển vào Đồng Nai"});
    recorder.step(&format!("{path}/withdraw"), &title, reason).await.is(200);
    let trail = auditor.get(&format!("/audit?area={COMMUNE}")).await.is(200);
    assert_eq!(actions(&trail)[..3], ["title.withdraw", "title.register", "holder.create"]);
    assert_eq!(trail["items"][0]["reason"], "Chuyển vào Đồng Nai");
    let of = async |n: usize| {
        let id = trail["items"][n]["id"].as_str().unwrap();
        items(auditor.get(&format!("/audit/{id}/items")).await).remove(0)
    };
    let withdrawn = of(0).await;
    assert_eq!(
        (&withdrawn["before"], &withdrawn["after"]),
        (&json!({"status": "registered"}), &json!({"status": "withdrawn"}))
    );
    let created = of(2).await;
    assert_eq!(created["after"]["name"], "Trần Văn An");
    assert_eq!(created["after"]["number"], "•••••••••234");
    let listed = recorder.get(&format!("/holders?area={COMMUNE}")).await;
    let exported = recorder.get("/exports/titles").await;
    for text in [trail.to_string(), created.to_string(), listed.body.to_string(), exported.text()] {
        assert!(!text.contains(number));
    }
}

#[actix_web::test]
async fn the_trail_of_another_area_is_nobodys() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let stranger = app.user(Role::Auditor, NEIGHBOUR).await;
    family(&recorder, "Trần Văn An").await;
    let auditor = app.user(Role::Auditor, COMMUNE).await;
    let entry = items(auditor.get(&format!("/audit?area={COMMUNE}")).await).remove(0);
    let id = entry["id"].as_str().unwrap();
    assert!(items(stranger.get(&format!("/audit?area={COMMUNE}")).await).is_empty());
    stranger.get(&format!("/audit/{id}/items")).await.refuses(404, "not_found");
    stranger.get(&format!("/audit/verify?area={COMMUNE}")).await.refuses(404, "not_found");
    recorder.get("/audit").await.refuses(403, "role_not_allowed");
    app.stranger().get("/audit").await.refuses(401, "token_missing");
}

#[actix_web::test]
async fn the_first_entry_that_does_not_fit_is_named() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let mut chains = 0;
    for name in ["Trần Văn An", "Lê Thị Bình", "Phạm Văn Cả"] {
        let holder = family(&recorder, name).await;
        recorder.put(&title_path(&holder, 2026), json!({})).await.is(200);
        chains += 1;
    }
    let path = format!("/audit/verify?area={COMMUNE}");
    let verdict = auditor.get(&path).await.is(200);
    assert_eq!((&verdict["valid"], &verdict["chains"]), (&json!(true), &json!(1)));
    assert!(verdict["entries"].as_u64().unwrap() >= 2 * chains);
    // Only the owner of the tables could do this, and only by force.
    let mut db = app.db().await;
    let refused = db.batch_execute("delete from audit_items").await.unwrap_err().to_string();
    assert!(refused.contains("append-only"), "{refused}");
    db.batch_execute(
        "alter table audit_items disable trigger user;
         update audit_items set body = replace(body, 'family', 'clan')
         where seq = (select min(seq) from audit_items where entity = 'holder');",
    )
    .await
    .expect("force");
    let verdict = auditor.get(&path).await.is(200);
    assert_eq!(verdict["valid"], false);
    assert_eq!(verdict["faults"][0]["what"], "items");
    let first = verdict["faults"][0]["seq"].as_i64().unwrap();
    let trail = items(auditor.get(&format!("/audit?area={COMMUNE}&entity=holder")).await);
    assert_eq!(trail.last().unwrap()["seq"], first);
}

#[actix_web::test]
async fn whatever_is_forged_is_named() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let holder = family(&recorder, "Trần Văn An").await;
    title_at(&recorder, &approver, &holder, 2026, "withdrawn").await;
    let areas = app.shared.places.now();
    let area = areas.resolve("", COMMUNE, hoctap::base::clock::today()).expect("the commune");
    let mut db = app.db().await;
    let forgeries = [
        ("update audit_entries set body = replace(body, 'recorder', 'approver') where seq = 3", "hash", 3),
        ("update audit_entries set actor_id = gen_random_uuid() where seq = 3", "columns", 3),
        ("update audit_entries set day = day - 1 where seq = 3", "columns", 3),
        ("update audit_entries set at = at - interval '1 hour' where seq = 3", "columns", 3),
        ("update audit_entries set action = 'title.verify' where seq = 3", "columns", 3),
        ("delete from audit_entries where seq = 4", "sequence", 5),
        ("delete from audit_entries where seq > 4", "head", 4),
        ("delete from audit_items where seq = 4", "items", 4),
        ("update audit_items set body = body || ' ' where seq = 4", "items", 4),
        ("update audit_items set entity_id = 'x' where seq = 4", "items", 4),
        ("insert into audit_items select area_id, seq, 99, entity, entity_id, body from audit_items
          where seq = 4 and n = 0", "items", 4),
        ("update audit_values set value = replace(value, 'An', 'Ba') where field = 'after'", "commitment", 3),
        ("update audit_values set value = 'khác' where field = 'reason'", "commitment", 5),
        ("update audit_entries e set body = f.body, hash = f.hash from audit_entries f
          where e.area_id = f.area_id and e.seq = 4 and f.seq = 3", "previous", 4),
        ("update audit_heads set hash = decode(repeat('00', 32), 'hex')", "head", 5),
    ];
    for (forgery, what, seq) in forgeries {
        db.batch_execute("begin; set local session_replication_role = replica").await.unwrap();
        db.batch_execute(forgery).await.expect("force");
        let verdict =
            hoctap::ledger::audit::verify::verify(&mut db, &[area]).await.expect("a verdict");
        db.batch_execute("rollback").await.unwrap();
        let found: Vec<_> = verdict.faults.iter().map(|f| (f.what, f.seq)).collect();
        assert_eq!(found, [(what, seq)], "{forgery}");
        assert!(!verdict.valid);
    }
    // Erasing a personal value is no forgery.
    db.batch_execute("delete from audit_values").await.expect("allowed");
    assert!(
        hoctap::ledger::audit::verify::verify(&mut db, &[area]).await.expect("a verdict").valid
    );
    for table in ["audit_entries", "audit_items", "closed_days"] {
        for change in [format!("delete from {table}"), format!("truncate {table}")] {
            let refused = db.batch_execute(&change).await.unwrap_err().to_string();
            assert!(refused.contains("append-only"), "{refused}");
        }
    }
    for change in [
        "update audit_entries set items = 0",
        "update audit_items set n = n + 9",
        "update audit_values set value = ''",
        "delete from audit_heads",
        "truncate audit_heads",
    ] {
        let refused = db.batch_execute(change).await.unwrap_err().to_string();
        assert!(refused.contains("append-only"), "{change}: {refused}");
    }
}
