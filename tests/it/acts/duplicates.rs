//! One person declared twice: warned of, found, merged with both histories, and parted again.

use hoctap::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::proof::prove;
use crate::support::records::{
    COMMUNE, NEIGHBOUR, PROVINCE, citizen, family, hamlet, title_at, title_path,
};
use crate::support::{Answer, Client, TestApp, faults};

async fn merge(recorder: &Client<'_>, survivor: &Value, other: &Value) -> Answer {
    let path = format!("/holders/{}/merge", survivor["id"].as_str().unwrap());
    let body = json!({"other": other["code"], "other_version": other["version"],
                      "reason": "Khai hai lần khi tách thôn"});
    recorder.call(Method::POST, &path).knowing(survivor).json(&body).send().await
}

#[actix_web::test]
async fn who_may_be_known_already_is_asked_about_before_saving() {
    let app = TestApp::start().await;
    let here = app.user(Role::Recorder, COMMUNE).await;
    let there = app.user(Role::Recorder, NEIGHBOUR).await;
    let person = json!({"kind": "citizen", "area": COMMUNE, "name": "Lê Thị Mai Hoà",
                        "details": {"birth_date": "1985-03-02"}});
    let first = here.post("/holders", person.clone()).await.is(201);
    let mut again = person.clone();
    again["name"] = json!("LÊ THỊ MAI HÒA");
    let warned = here.post("/holders", again.clone()).await.refuses(409, "probable_duplicate");
    assert_eq!(faults(&warned), [("/name", "candidate")]);
    let detail = warned["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains(first["code"].as_str().unwrap()) && !detail.contains("Mai"));

    // The neighbour learns which commune to ask, and nothing of who it is.
    let mut moved = again.clone();
    moved["area"] = json!(NEIGHBOUR);
    let warned = there.post("/holders", moved.clone()).await.refuses(409, "probable_duplicate");
    assert_eq!(faults(&warned), [("/name", "elsewhere")]);
    let text = warned.to_string();
    assert!(text.contains("Phường Nam Định") && !text.contains(first["code"].as_str().unwrap()));

    // An idempotent request is warned all the same, and entered once when confirmed.
    moved["confirm_new"] = json!(true);
    let made = keyed_send(&there, "k1", &moved).await.is(201);
    assert_eq!(keyed_send(&there, "k1", &moved).await.is(201)["id"], made["id"]);
    moved.as_object_mut().unwrap().remove("confirm_new");
    keyed_send(&there, "k2", &moved).await.refuses(409, "probable_duplicate");

    // Of another day of birth, it is somebody else; so is who has a number where the known has one.
    let mut other = person.clone();
    other["area"] = json!(NEIGHBOUR);
    other["details"]["birth_date"] = json!("1985-11-30");
    other["confirm_new"] = json!(false);
    let answer = there.post("/holders", other).await;
    assert_eq!(faults(&answer.refuses(409, "probable_duplicate")), [("/name", "candidate")]);
}

async fn keyed_send(client: &Client<'_>, key: &str, body: &Value) -> Answer {
    client.call(Method::POST, "/holders").header("idempotency-key", key).json(body).send().await
}

#[actix_web::test]
async fn probable_duplicates_are_ranked_with_why() {
    let app = TestApp::start().await;
    let here = app.user(Role::Recorder, COMMUNE).await;
    let there = app.user(Role::Recorder, NEIGHBOUR).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let home = hamlet(&here, COMMUNE, "thôn", "Đông").await;
    let person = |area: &str, name: &str, hamlet: &Value, year: i16| {
        json!({"kind": "citizen", "area": area, "hamlet": hamlet, "name": name,
               "details": {"birth_year": year}, "confirm_new": true})
    };
    let none = Value::Null;
    for (client, body) in [
        (&here, person(COMMUNE, "Nguyễn Văn Thắng", &home["id"], 1970)),
        (&here, person(COMMUNE, "Nguyễn Văn Thắng", &home["id"], 1970)),
        (&here, person(COMMUNE, "Nguyễn Văn Thắngg", &home["id"], 1970)),
        (&there, person(NEIGHBOUR, "Nguyễn văn THẮNG", &none, 1970)),
        (&here, person(COMMUNE, "Nguyễn Văn Thắng", &home["id"], 1980)),
        (&here, person(COMMUNE, "Phạm Thị Lan", &none, 1970)),
    ] {
        client.post("/holders", body).await.is(201);
    }
    let list = |why: &Value| -> Vec<String> {
        why["items"].as_array().unwrap().iter().map(|d| d["why"].to_string()).collect()
    };
    let found = here.get(&format!("/holders/duplicates?area={COMMUNE}&kind=citizen")).await.is(200);
    let near = r#"["near_name","same_birth_year","same_hamlet"]"#;
    assert_eq!(
        list(&found),
        [r#"["same_name","same_birth_year","same_hamlet"]"#, near, near],
        "{found:#}"
    );
    assert_eq!(found["items"][0]["score"], 85);

    // Across the communes of the province, for people who moved; page by page.
    let mut all = Vec::new();
    let mut path = "/holders/duplicates?limit=2".to_owned();
    loop {
        let page = supervisor.get(&path).await.is(200);
        all.extend(list(&page));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/holders/duplicates?limit=2&cursor={next}");
    }
    let apart = r#"["same_name","same_birth_year"]"#;
    assert_eq!(all, [r#"["same_name","same_birth_year","same_hamlet"]"#, apart, apart]);

    // Two families of one head's number.
    for name in ["Trần Văn Bình", "Gia đình ông Bình"] {
        let body =
            json!({"kind": "family", "area": COMMUNE, "name": name, "number": "036085001234"});
        here.post("/holders", body).await.is(201);
    }
    let found = here.get("/holders/duplicates?kind=family").await.is(200);
    assert_eq!(list(&found), [r#"["same_head_number"]"#]);
    assert_eq!(found["items"][0]["one"]["number"], "•••••••••234");
}

#[actix_web::test]
async fn two_that_are_one_are_merged_and_parted_again() {
    let app = TestApp::start().await;
    let here = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let stays = family(&here, "Trần Văn Bình").await;
    let goes = json!({"kind": "family", "area": COMMUNE, "name": "Trần V. Bình",
                      "number": "036085001234", "details": {"members": 5}});
    let goes = here.post("/holders", goes).await.is(201);
    let child = citizen(&here, COMMUNE, "Trần Thị Cúc", json!({"family": goes["code"]})).await;
    title_at(&here, &approver, &stays, 2026, "self_assessed").await;
    title_at(&here, &approver, &goes, 2026, "recognised").await;
    let kept = title_at(&here, &approver, &stays, 2025, "recognised").await;
    title_at(&here, &approver, &goes, 2025, "withdrawn").await;
    title_at(&here, &approver, &goes, 2024, "verified").await;
    let lists = "/titles?kind=family&count=exact";
    let before = here.get(lists).await.is(200);

    here.post(
        &format!("/holders/{}/merge", stays["code"].as_str().unwrap()),
        json!({
        "other": goes["code"], "other_version": goes["version"], "reason": "Trùng"}),
    )
    .await
    .refuses(428, "if_match_required");
    let merged = merge(&here, &stays, &goes).await.is(201);
    assert_eq!(merged["merged_code"], goes["code"]);

    // Both codes lead to the survivor, who knows what each of them knew.
    let code = goes["code"].as_str().unwrap();
    let found = here.get(&format!("/holders/{code}")).await.is(200);
    assert_eq!((&found["id"], &found["name"]), (&stays["id"], &json!("Trần Văn Bình")));
    assert_eq!((&found["number"], &found["details"]["members"]), (&goes["number"], &json!(5)));
    let list = here.get("/holders?kind=family&count=exact").await.is(200);
    assert_eq!(list["count"], 1);
    let looked = json!({"kind": "family", "number": "036085001234"});
    let looked = here.post("/holders/lookup", looked).await.is(200);
    assert_eq!(looked["items"].as_array().unwrap().len(), 1);
    assert_eq!(looked["items"][0]["holder"]["id"], stays["id"]);
    let path = format!("/holders/{}", child["id"].as_str().unwrap());
    assert_eq!(here.get(&path).await.is(200)["details"]["family"], stays["code"]);

    // Of each year the title that got further stands.
    let titles = here.get(&format!("/holders/{code}/titles")).await.is(200);
    let states: Vec<(i64, &str)> = titles["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| (t["year"].as_i64().unwrap(), t["status"].as_str().unwrap()))
        .collect();
    assert_eq!(states, [(2026, "recognised"), (2025, "recognised"), (2024, "verified")]);
    assert_eq!(here.get(&title_path(&stays, 2025)).await.is(200)["version"], kept["version"]);
    prove(&app).await;

    // Both histories are kept, and the merge says why.
    let history = here.get(&format!("/holders/{code}/history?limit=100")).await.is(200);
    let created = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|h| h["entry"]["action"] == "holder.create");
    assert_eq!(created.count(), 2);
    assert!(history["items"].as_array().unwrap().iter().any(|h| {
        h["entry"]["action"] == "holder.merge"
            && h["entry"]["reason"] == "Khai hai lần khi tách thôn"
            && h["item"]["after"]["merged_into"] == stays["id"]
    }));

    // Parted while neither changed: everything stands as it stood.
    let undo = format!("/merges/{}/undo", merged["id"].as_str().unwrap());
    let reason = json!({"reason": "Là hai hộ khác nhau"});
    here.post(&undo, reason.clone()).await.is(200);
    let without_version = |mut page: Value| {
        let items = page["items"].as_array_mut().unwrap();
        items.iter_mut().for_each(|title| title["version"] = Value::Null);
        page
    };
    let after = here.get(lists).await.is(200);
    assert_eq!(without_version(after), without_version(before));
    let apart = here.get(&format!("/holders/{code}")).await.is(200);
    assert_eq!((&apart["id"], &apart["number"]), (&goes["id"], &goes["number"]));
    let survivor = here.get(&format!("/holders/{}", stays["code"].as_str().unwrap())).await.is(200);
    assert_eq!((&survivor["number"], &survivor["details"]), (&json!(null), &stays["details"]));
    assert_eq!(here.get(&path).await.is(200)["details"]["family"], goes["code"]);
    here.post(&undo, reason.clone()).await.refuses(409, "merge_undone");
    prove(&app).await;

    // Merged again and worked on, it stays.
    let merged = merge(&here, &survivor, &apart).await.is(201);
    let title = here.get(&title_path(&stays, 2024)).await.is(200);
    let path = format!("{}/withdraw", title_path(&stays, 2024));
    here.step(&path, &title, json!({"reason": "Không tham gia"})).await.is(200);
    let undo = format!("/merges/{}/undo", merged["id"].as_str().unwrap());
    here.post(&undo, reason).await.refuses(409, "changed_since");
    prove(&app).await;
}

#[actix_web::test]
async fn what_cannot_be_one_is_not_merged() {
    let app = TestApp::start().await;
    let here = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let one = family(&here, "Trần Văn Bình").await;
    let other = family(&here, "Trần Văn Bảo").await;
    title_at(&here, &approver, &one, 2026, "recognised").await;
    title_at(&here, &approver, &other, 2026, "not_recognised").await;
    title_at(&here, &approver, &one, 2025, "registered").await;
    title_at(&here, &approver, &other, 2025, "registered").await;
    let refused = merge(&here, &one, &other).await.refuses(409, "titles_equal");
    assert_eq!(faults(&refused), [("/other", "titles_equal"); 2]);
    let person = citizen(&here, COMMUNE, "Trần Văn Bình", json!({})).await;
    merge(&here, &one, &person).await.refuses(409, "kinds_differ");
    merge(&here, &one, &one).await.refuses(409, "same_holder");
    let with = |name: &str, number: &str| json!({"kind": "citizen", "area": COMMUNE, "name": name, "number": number});
    let a = here.post("/holders", with("Lê Văn Dũng", "036085001234")).await.is(201);
    let b = here.post("/holders", with("Lê Văn Dũng", "036085005678")).await.is(201);
    merge(&here, &a, &b).await.refuses(409, "numbers_differ");
    let stranger = app.user(Role::Recorder, NEIGHBOUR).await;
    merge(&stranger, &one, &other).await.refuses(404, "not_found");
    prove(&app).await;
}
