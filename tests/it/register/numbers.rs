//! Numbers of holders are kept secret, and nobody is entered twice.

use diesel::sql_types::BigInt;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use hoctap::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use super::holders::path;
use crate::support::TestApp;
use crate::support::records::{COMMUNE, NEIGHBOUR, family, holder};

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[actix_web::test]
async fn a_number_stands_once_in_the_country_and_tells_the_commune_but_not_the_person() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let neighbour = app.user(Role::Recorder, NEIGHBOUR).await;
    let number = "036190004321";
    let citizen =
        holder(&recorder, "citizen", COMMUNE, json!({"name": "Trần Thị Mai", "number": number}))
            .await;
    let body = |kind: &str, name: &str| json!({"kind": kind, "area": NEIGHBOUR, "name": name, "number": number});
    let refused = neighbour.post("/holders", body("citizen", "Trần Thị Mai")).await;
    let refused = refused.refuses(409, "number_taken");
    assert!(refused["detail"].as_str().unwrap().contains("Phường Nam Định"));
    assert!(!refused.to_string().contains("Mai") && !refused.to_string().contains(number));
    // The same number may stand on families as their head's, even on two.
    let family = neighbour.post("/holders", body("family", "Trần Thị Mai")).await.is(201);
    assert_eq!(family["number"], "•••••••••321");
    neighbour.post("/holders", body("family", "Trần Thị Mai (cũ)")).await.is(201);
    let unit = |area: &str| json!({"kind": "unit", "area": area, "name": "Trạm Y tế", "number": "0601234567"});
    recorder.post("/holders", unit(COMMUNE)).await.is(201);
    neighbour.post("/holders", unit(NEIGHBOUR)).await.refuses(409, "number_taken");
    // Looked up, the own commune sees the person, the other one only whom to ask.
    let ask = json!({"kind": "citizen", "number": "036 190 004 321"});
    let found = recorder.post("/holders/lookup", ask.clone()).await.is(200);
    assert_eq!(found["items"][0]["holder"]["id"], citizen["id"]);
    let found = neighbour.post("/holders/lookup", ask.clone()).await.is(200);
    assert_eq!(found["items"][0]["commune"], COMMUNE);
    assert_eq!(found["items"][0]["holder"], Value::Null);
    assert!(!found.to_string().contains("Mai"));
    let nobody = json!({"kind": "citizen", "number": "036190009999"});
    assert_eq!(recorder.post("/holders/lookup", nobody).await.is(200)["items"], json!([]));
    let auditor = app.user(Role::Auditor, COMMUNE).await;
    auditor.post("/holders/lookup", ask).await.refuses(403, "role_not_allowed");
}

#[actix_web::test]
async fn a_whole_number_is_nowhere_to_be_read() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let number = "036190004321";
    let citizen =
        holder(&recorder, "citizen", COMMUNE, json!({"name": "Trần Thị Mai", "number": number}))
            .await;
    let change = json!({"number": "036190005555"});
    recorder.patch(&path(&citizen), &citizen, change).await.is(200);
    for place in ["/holders".to_owned(), path(&citizen), format!("{}/history", path(&citizen))] {
        let answer = recorder.get(&place).await;
        assert!(!answer.text().contains(number), "{place}");
        assert!(!answer.text().contains("036190005555"), "{place}");
        assert!(answer.text().contains("555"), "{place} shows the end");
    }
    // Neither as text nor as bytes in any table of the database.
    let mut db = app.db().await;
    #[derive(diesel::QueryableByName)]
    struct Table {
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let tables: Vec<Table> = diesel::sql_query(
        "select table_name::text as name from information_schema.tables
         where table_schema = 'public' and table_type = 'BASE TABLE'",
    )
    .load(&mut db)
    .await
    .unwrap();
    assert!(tables.len() > 20);
    for Table { name } in tables {
        for secret in [number, "036190005555"] {
            let hex: String = secret.bytes().map(|b| format!("{b:02x}")).collect();
            let found: Count = diesel::sql_query(format!(
                "select count(*) as n from {name} t where t::text ~ '{secret}|{hex}'"
            ))
            .get_result(&mut db)
            .await
            .unwrap();
            assert_eq!(found.n, 0, "{name} holds a plain number");
        }
    }
}

#[actix_web::test]
async fn one_who_may_exist_already_is_shown_before_a_twin_is_entered() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let known = family(&recorder, "Trần Văn Bình").await;
    let mut twin = json!({"kind": "family", "area": COMMUNE, "name": "TRẦN VĂN BÌNH"});
    let refused = recorder.post("/holders", twin.clone()).await.refuses(409, "probable_duplicate");
    assert!(
        refused["errors"][0]["detail"].as_str().unwrap().contains(known["code"].as_str().unwrap())
    );
    // A key that makes the request repeatable changes nothing of that.
    let keyed = recorder.call(Method::POST, "/holders").header("idempotency-key", "twin");
    keyed.json(&twin).send().await.refuses(409, "probable_duplicate");
    twin["confirm_new"] = json!(true);
    let other = recorder.post("/holders", twin).await.is(201);
    assert_ne!(other["id"], known["id"]);
}

#[actix_web::test]
async fn the_same_request_with_its_key_leads_to_the_same_holder() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let send = |key: &'static str, name: &'static str| {
        let body = json!({"kind": "family", "area": COMMUNE, "name": name});
        recorder.call(Method::POST, "/holders").header("idempotency-key", key).json(&body).send()
    };
    let first = send("a", "Trần Văn Bình").await;
    let location = first.header("location").to_owned();
    let first = first.is(201);
    let again = send("a", "Trần Văn Bình").await;
    assert_eq!(again.header("location"), location);
    assert_eq!(again.is(201), first);
    send("a", "Trần Văn An").await.refuses(422, "idempotency_key_reused");
    send("b", "Trần Văn An").await.is(201);
    // What was refused is not kept: mended, the same key may lead somewhere.
    send("c", "").await.refuses(422, "invalid");
    send("c", "Lê Văn Năm").await.is(201);
    // A twin in flight.
    let me = recorder.get("/me").await.is(200);
    let mut db = app.db().await;
    let caller = me["id"].as_str().unwrap();
    db.batch_execute(&format!(
        "begin; insert into idempotency_keys (caller, route, key, request_digest)
         values ('{caller}', 'POST /api/v1/holders', 'd', '')"
    ))
    .await
    .unwrap();
    send("d", "Phạm Văn Sáu").await.refuses(409, "request_in_flight");
    db.batch_execute("rollback").await.unwrap();
    send("d", "Phạm Văn Sáu").await.is(201);
    let list = recorder.get("/holders?count=exact").await.is(200);
    assert_eq!(list["count"], 4);
}
