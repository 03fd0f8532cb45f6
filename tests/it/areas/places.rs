//! The areas of the country on any day, by whatever people write.

use hoctap::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::records::{COMMUNE, NEIGHBOUR};
use crate::support::{Client, TestApp, faults};

async fn named(client: &Client<'_>, level: &str, text: &str, on: &str) -> Value {
    let text: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let path = format!("/areas/{level}/{}?on={on}", text.replace('+', "%20"));
    client.get(&path).await.body
}

/// The codes of every area of a level on a day, page by page.
async fn all(client: &Client<'_>, level: &str, on: &str) -> Vec<String> {
    let mut codes = Vec::new();
    let mut next = format!("/areas?level={level}&on={on}&limit=500");
    loop {
        let answer = client.get(&next).await;
        let link = answer.header("link").to_owned();
        let page = answer.is(200);
        let items = page["items"].as_array().unwrap();
        codes.extend(items.iter().map(|area| area["code"].as_str().unwrap().to_owned()));
        match link.strip_prefix('<').and_then(|link| link.split_once(">; rel=\"next\"")) {
            Some((path, _)) => next = path.to_owned(),
            None => return codes,
        }
    }
}

#[actix_web::test]
async fn the_country_is_counted_on_both_sides_of_the_reform() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    for (on, counts) in [("2025-06-30", [63, 696, 10_035]), ("2025-07-01", [34, 0, 3_321])] {
        for (level, count) in ["province", "district", "commune"].into_iter().zip(counts) {
            let codes = all(&stranger, level, on).await;
            assert_eq!(codes.len(), count, "{level} on {on}");
            let different: std::collections::BTreeSet<_> = codes.iter().collect();
            assert_eq!(different.len(), count, "{level} on {on}: a code stands twice");
        }
    }
}

#[actix_web::test]
async fn a_code_means_what_it_meant_on_the_day() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let before = stranger.get("/areas/commune/26740?on=2025-06-30").await.is(200);
    assert_eq!(before["full_name"], "Phường Bến Nghé");
    assert_eq!(before["parent"]["full_name"], "Quận 1");
    assert_eq!(before["valid_to"], "2025-06-30");
    let after = stranger.get("/areas/commune/26740?on=2025-07-01").await.is(200);
    assert_eq!(after["full_name"], "Phường Sài Gòn");
    assert_eq!(after["parent"]["full_name"], "Thành phố Hồ Chí Minh");
    assert_eq!((&after["type"], &after["type_en"]), (&json!("phường"), &json!("ward")));
    assert_eq!((&after["valid_from"], &after["valid_to"]), (&json!("2025-07-01"), &Value::Null));

    let lineage = stranger.get("/areas/commune/26740/lineage?on=2025-06-30").await.is(200);
    let successors: Vec<&str> = lineage["successors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["area"]["full_name"].as_str().unwrap())
        .collect();
    assert!(successors.contains(&"Phường Sài Gòn"), "{successors:?}");
    let lineage = stranger.get("/areas/commune/26740/lineage").await.is(200);
    assert!(lineage["predecessors"].as_array().unwrap().len() > 1, "{lineage:#}");
    assert_eq!(lineage["predecessors"][0]["effective_on"], "2025-07-01");
    stranger.get("/areas/district/26740").await.refuses(404, "not_found");
    stranger.get("/areas/village/26740").await.refuses(404, "not_found");
}

#[actix_web::test]
async fn an_area_is_found_however_its_name_is_written() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let today = "2026-11-25";
    for written in [
        "Tỉnh Ninh Bình",
        "ninh binh",
        "NINH BÌNH",
        "tinh  ninh binh",
        // The same letters, decomposed.
        "Ninh Bi\u{300}nh",
        "Nin Bình",
    ] {
        let found = named(&stranger, "province", written, today).await;
        assert_eq!(found["code"], "37", "{written}: {found:#}");
    }
    // Either place of the tone mark, on either side of it.
    let q = |text: &str| format!("/areas?level=commune&q={}", text.replace(' ', "%20"));
    let codes = async |text: &str| -> Vec<Value> {
        let page = stranger.get(&q(text)).await.is(200);
        page["items"].as_array().unwrap().iter().map(|a| a["code"].clone()).collect()
    };
    let found = codes("Hòa Bình").await;
    assert!(!found.is_empty());
    assert_eq!(found, codes("Hoà Bình").await);
    assert_eq!(found, codes("hoa binh").await);
    assert!(codes("Phường Nam Định").await.contains(&json!(COMMUNE)));
    assert!(codes("nam đinh").await.contains(&json!(COMMUNE)));

    // Names repeat: every one that may be meant is offered with its province.
    let several = named(&stranger, "commune", "Tân Tiến", today).await;
    assert_eq!(several["code"], "not_found");
    let offered = faults(&several);
    assert!(offered.iter().filter(|(_, code)| *code == "area_suggestion").count() > 3);

    // A code that ended names its successor.
    let problem = stranger.get("/statistics?area=760").await.refuses(422, "invalid");
    assert!(faults(&problem).iter().any(|(at, _)| *at == "?area"), "{problem:#}");
    let old = app.stranger().call(Method::GET, "/statistics?area=13636");
    let problem = old.header("accept-language", "en").send().await;
    if problem.status == 422 {
        let codes: Vec<&str> = faults(&problem.body).iter().map(|(_, code)| *code).collect();
        assert!(codes.contains(&"area_successor"), "{:#}", problem.body);
    }
    for (text, on) in [("Quận 1", "2025-06-30"), ("760", "2025-06-30")] {
        let found = named(&stranger, "district", text, on).await;
        assert_eq!(found["full_name"], "Quận 1", "{text}: {found:#}");
    }
    let gone = named(&stranger, "district", "760", today).await;
    assert_eq!(gone["code"], "not_found");
}

#[actix_web::test]
async fn the_list_is_narrowed_by_level_parent_and_name() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let communes = all(&stranger, "commune&parent=37", "2026-11-25").await;
    assert_eq!(communes.len(), 129);
    assert!(communes.contains(&COMMUNE.to_owned()));
    let found = stranger.get("/areas?parent=37&q=nam%20dinh").await.is(200);
    assert_eq!(found["items"][0]["code"], COMMUNE);
    let nothing = stranger.get("/areas?q=zzzzzzzz").await.is(200);
    assert_eq!(nothing["items"], json!([]));
}

#[actix_web::test]
async fn hamlets_are_added_and_renamed_by_the_recorder_of_their_commune() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let path = "/areas/commune/13669/hamlets";
    let made = recorder.post(path, json!({"type": "tổ dân phố", "name": "số 5"})).await.is(201);
    assert_eq!(
        (&made["full_name"], &made["commune"]),
        (&json!("Tổ dân phố số 5"), &json!(COMMUNE))
    );
    let same = json!({"type": "Tổ dân phố", "name": "So  5"});
    recorder.post(path, same).await.refuses(409, "name_taken");

    let own = format!("{path}/{}", made["id"].as_str().unwrap());
    recorder
        .call(Method::PATCH, &own)
        .json(&json!({"name": "số 6"}))
        .send()
        .await
        .refuses(428, "if_match_required");
    let renamed = recorder.patch(&own, &made, json!({"name": "số 6"})).await.is(200);
    assert_eq!(renamed["full_name"], "Tổ dân phố số 6");
    recorder.patch(&own, &made, json!({"name": "số 7"})).await.refuses(412, "stale_version");

    let list = recorder.get(path).await.is(200);
    assert_eq!(list["items"][0]["full_name"], "Tổ dân phố số 6");
    let other = app.user(Role::Recorder, NEIGHBOUR).await;
    other.get(path).await.refuses(404, "not_found");
    let elsewhere = format!("/areas/commune/{NEIGHBOUR}/hamlets/{}", made["id"].as_str().unwrap());
    other.patch(&elsewhere, &renamed, json!({"name": "của tôi"})).await.refuses(404, "not_found");
}
