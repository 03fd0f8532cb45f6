//! What holds outside the register: checkpoints, proofs of entries, and what verifying them finds.

use std::path::Path;
use std::process::{Command, Output};

use chrono::Days;
use diesel_async::SimpleAsyncConnection;
use hoctap::access::Role;
use hoctap::base::clock::today;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::records::{COMMUNE, NEIGHBOUR, PROVINCE, family, title_path};
use crate::support::{Client, TestApp};

async fn register(recorder: &Client<'_>, name: &str) {
    let holder = family(recorder, name).await;
    recorder.put(&title_path(&holder, 2026), json!({})).await.is(200);
}

/// Runs the program on a document, with the public keys beside it.
async fn offline(app: &TestApp, dir: &Path, document: &Value) -> Output {
    app.write_proof_keys(&dir.join("keys.json")).await;
    std::fs::write(dir.join("proof.json"), document.to_string()).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_hoctap"));
    command.current_dir(dir).env_clear();
    command.args(["proof", "verify", "proof.json", "--key", "keys.json"]).output().unwrap()
}

#[actix_web::test]
async fn the_closing_of_each_day_is_signed_and_named_in_the_next() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    register(&recorder, "Trần Văn An").await;
    app.midnight(1).await;
    app.midnight(1).await;
    register(&recorder, "Lê Thị Bình").await;
    app.midnight(2).await;
    let list = app.stranger().get("/audit/checkpoints").await.is(200);
    let [second, first] = &list["items"].as_array().unwrap()[..] else { panic!("{list:#}") };
    assert_eq!((&first["number"], &second["number"]), (&json!(1), &json!(2)));
    assert_eq!(first["day"], json!(today()));
    assert_eq!(
        second["day"],
        json!(today() + Days::new(1)),
        "once a day is closed, the next begins"
    );
    assert_eq!(first["previous"], "0".repeat(64));
    let name = hex::encode(Sha256::digest(first["jws"].as_str().unwrap()));
    assert_eq!(second["previous"], name);
    assert_ne!(first["root"], second["root"]);
    assert_eq!(first["chains"], second["chains"]);
    let kept = app.stranger().get("/audit/checkpoints/1").await.is(200);
    assert_eq!(kept, *first);
    app.stranger().get("/audit/checkpoints/3").await.refuses(404, "not_found");
}

#[actix_web::test]
async fn an_entry_is_proved_without_the_register() {
    let app = TestApp::start().await;
    let dir = tempfile::tempdir().unwrap();
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let neighbour = app.user(Role::Recorder, NEIGHBOUR).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let body = json!({"kind": "family", "area": NEIGHBOUR, "name": "Phạm Văn Cả"});
    neighbour.post("/holders", body).await.is(201);
    register(&recorder, "Trần Văn An").await;
    register(&recorder, "Lê Thị Bình").await;
    let trail = auditor.get(&format!("/audit?area={COMMUNE}&entity=title")).await.is(200);
    let path = format!("/audit/{}/proof", trail["items"][1]["id"].as_str().unwrap());
    auditor.get(&path).await.refuses(422, "day_not_closed");
    app.midnight(1).await;
    register(&recorder, "Ngô Văn Tư").await;
    app.midnight(2).await;
    let proof = auditor.get(&path).await.is(200);
    assert_eq!(proof["checkpoint"]["number"], 1, "the first that covers it");
    assert_eq!(proof["following"].as_array().unwrap().len(), 2, "the head of that day");
    let checked = offline(&app, dir.path(), &proof).await;
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.status.success(), "{checked:?}");
    assert!(said.contains("title.register by recorder.13669"), "{said}");

    let mut forged = proof.clone();
    forged["entry"] = json!(proof["entry"].as_str().unwrap().replace("recorder", "approver"));
    let refused = offline(&app, dir.path(), &forged).await;
    assert!(!refused.status.success());
    let mut redated = proof.clone();
    redated["checkpoint"]["day"] = json!("2026-01-01");
    let refused = offline(&app, dir.path(), &redated).await;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("something else than what was signed"), "{said}");

    recorder.get(&path).await.refuses(403, "role_not_allowed");
    let stranger = app.user(Role::Auditor, NEIGHBOUR).await;
    stranger.get(&path).await.refuses(404, "not_found");
}

#[actix_web::test]
async fn a_chain_cut_short_no_longer_fits_its_checkpoint() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    register(&recorder, "Trần Văn An").await;
    app.midnight(1).await;
    let verdict = auditor.get("/audit/verify").await.is(200);
    assert_eq!(
        (&verdict["valid"], &verdict["checkpoints"], &verdict["checkpoint_fault"]),
        (&json!(true), &json!(1), &Value::Null)
    );
    // By force, and so that the chain itself is whole again.
    let entry = auditor.get(&format!("/audit?area={COMMUNE}")).await.is(200)["items"][0].clone();
    let (area, seq) = entry["id"].as_str().unwrap().split_once('-').unwrap();
    let cut = format!(
        "alter table audit_entries disable trigger user; alter table audit_items disable trigger user;
         delete from audit_entries where area_id = {area} and seq = {seq};
         delete from audit_items where area_id = {area} and seq = {seq};
         delete from audit_values where area_id = {area} and seq = {seq};
         update audit_heads set seq = {seq} - 1, hash = decode('{}', 'hex') where area_id = {area};",
        entry["previous"].as_str().unwrap()
    );
    app.db().await.batch_execute(&cut).await.expect("force");
    let verdict = auditor.get("/audit/verify").await.is(200);
    assert_eq!((&verdict["valid"], &verdict["faults"]), (&json!(false), &json!([])));
    assert_eq!(verdict["checkpoint_fault"], json!({"number": 1, "what": "chain"}));
}

#[actix_web::test]
async fn a_checkpoint_made_up_afterwards_is_named() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    for (day, name) in [(1, "Trần Văn An"), (2, "Lê Thị Bình"), (3, "Phạm Văn Cả")] {
        register(&recorder, name).await;
        app.midnight(day).await;
    }
    let mut db = app.db().await;
    let refused = db.batch_execute("delete from checkpoints").await.unwrap_err().to_string();
    assert!(refused.contains("append-only"), "{refused}");
    let allow = "alter table checkpoints disable trigger user;
                 alter table checkpoint_heads disable trigger user;";
    db.batch_execute(allow).await.expect("force");
    let table = [
        ("update checkpoint_heads set hash = '\\x00' where checkpoint = 3", "root", 3),
        (
            "update checkpoints set jws = (select jws from checkpoints where n = 1) where n = 2",
            "number",
            2,
        ),
        ("update checkpoints set jws = jws || 'AA' where n = 1", "signature", 1),
    ];
    for (force, what, number) in table {
        db.batch_execute(force).await.expect("force");
        let verdict = auditor.get("/audit/verify").await.is(200);
        assert_eq!(verdict["checkpoint_fault"], json!({"number": number, "what": what}));
    }
}
