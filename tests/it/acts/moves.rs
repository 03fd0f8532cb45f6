//! Who moves: claimed by the commune of destination, seen by the one left behind, taken back.

use diesel_async::RunQueryDsl;
use hoctap::access::Role;
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::proof::prove;
use crate::support::records::{
    COMMUNE, NEIGHBOUR, PROVINCE, citizen, family, hamlet, title_at, title_path,
};

#[actix_web::test]
async fn a_family_moves_with_its_open_titles_and_its_citizens() {
    let app = TestApp::start().await;
    let here = app.user(Role::Recorder, COMMUNE).await;
    let there = app.user(Role::Recorder, NEIGHBOUR).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let moved = family(&here, "Trần Văn Bình").await;
    let code = moved["code"].as_str().unwrap();
    let daughter = citizen(&here, COMMUNE, "Trần Thị Cúc", json!({"family": code})).await;
    let decided = title_at(&here, &approver, &moved, 2025, "recognised").await;
    title_at(&here, &approver, &moved, 2026, "self_assessed").await;
    title_at(&here, &approver, &daughter, 2026, "verified").await;
    let hamlet = hamlet(&there, NEIGHBOUR, "Thôn", "Vạn Diệp").await;

    let claim =
        json!({"area": NEIGHBOUR, "hamlet": hamlet["id"], "code": code, "with_members": true});
    let claimed = there.post("/moves", claim.clone()).await.is(201);
    assert_eq!(claimed["from"]["area"], COMMUNE);
    assert_eq!(claimed["titles"], json!([{"year": 2026, "level": "commune"}]));

    // The family is the neighbour's now; its decided title stays where it was made.
    let holder = there.get(&format!("/holders/{code}")).await.is(200);
    assert_eq!(
        (&holder["area"], &holder["hamlet_name"]),
        (&json!(NEIGHBOUR), &json!("Thôn Vạn Diệp"))
    );
    here.get(&format!("/holders/{code}")).await.refuses(404, "not_found");
    let open = there.get(&title_path(&moved, 2026)).await.is(200);
    assert_eq!((&open["area"], &open["status"]), (&json!(NEIGHBOUR), &json!("self_assessed")));
    let old = there.get(&title_path(&moved, 2025)).await.is(200);
    assert_eq!((&old["area"], &old["version"]), (&json!(COMMUNE), &decided["version"]));
    let hers = there.get(&title_path(&daughter, 2026)).await.is(200);
    assert_eq!((&hers["area"], &hers["status"]), (&json!(NEIGHBOUR), &json!("verified")));

    // The commune left behind sees who left and where to; the neighbour who came.
    let left = here.get("/moves?direction=out").await.is(200);
    let names: Vec<&str> = items(&left).iter().map(|m| m["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Trần Thị Cúc", "Trần Văn Bình"]);
    assert_eq!(left["items"][0]["to"]["area"], NEIGHBOUR);
    assert_eq!(left["items"][0]["with"], claimed["id"]);
    assert_eq!(items(&here.get("/moves?direction=in").await.is(200)).len(), 0);
    assert_eq!(items(&there.get("/moves?direction=in").await.is(200)).len(), 2);

    // Both chains keep the move, and the history tells it once.
    for area in [COMMUNE, NEIGHBOUR] {
        let path = format!("/audit?area={area}&entity=move");
        let entries = supervisor.get(&path).await.is(200);
        assert_eq!(items(&entries).len(), 1, "{area}");
        assert_eq!(entries["items"][0]["action"], "holder.move");
    }
    let history = there.get(&format!("/holders/{code}/history")).await.is(200);
    let moves: Vec<&Value> = items(&history)
        .iter()
        .filter(|h| h["entry"]["action"] == "holder.move" && h["item"]["entity"] == "holder")
        .collect();
    assert_eq!(moves.len(), 1, "{history:#}");

    // The neighbour goes on with the title, and corrects a person whose family link is kept.
    there.step(&format!("{}/verify", title_path(&moved, 2026)), &open, json!({})).await.is(200);
    let path = format!("/holders/{}", daughter["id"].as_str().unwrap());
    let known = there.get(&path).await.is(200);
    there.patch(&path, &known, json!({"name": "Trần Thị Thu Cúc"})).await.is(200);
    there.post("/moves", claim).await.refuses(409, "already_here");
    prove(&app).await;
}

#[actix_web::test]
async fn a_wrong_claim_is_taken_back_while_nothing_changed() {
    let app = TestApp::start().await;
    let here = app.user(Role::Recorder, COMMUNE).await;
    let there = app.user(Role::Recorder, NEIGHBOUR).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let home = hamlet(&here, COMMUNE, "tổ dân phố", "số 5").await;
    let number = "036085001234";
    let body = json!({"kind": "citizen", "area": COMMUNE, "hamlet": home["id"], "name": "Lê Văn Dũng",
                      "number": number, "group": "workers"});
    let person = here.post("/holders", body).await.is(201);
    let before = title_at(&here, &approver, &person, 2026, "verified").await;

    // The number stands in the body; a wrong one claims nobody.
    let claim = |number: &str| json!({"area": NEIGHBOUR, "kind": "citizen", "number": number});
    there.post("/moves", claim("036085009999")).await.refuses(404, "not_found");
    let claimed = there.post("/moves", claim(number)).await.is(201);
    let path = format!("/moves/{}/take-back", claimed["id"].as_str().unwrap());
    let stranger = app.user(Role::Recorder, "13693").await;
    let reason = json!({"reason": "Nhận nhầm người trùng tên"});
    stranger.post(&path, reason.clone()).await.refuses(404, "not_found");
    here.post(&path, json!({"reason": ""})).await.refuses(422, "invalid");
    let back = here.post(&path, reason.clone()).await.is(200);
    assert!(back["taken_back_on"].is_string());

    let holder = here.get(&format!("/holders/{}", person["code"].as_str().unwrap())).await.is(200);
    assert_eq!((&holder["area"], &holder["hamlet"]), (&json!(COMMUNE), &home["id"]));
    let mut after = here.get(&title_path(&person, 2026)).await.is(200);
    assert_ne!(after["version"], before["version"]);
    after["version"] = before["version"].clone();
    assert_eq!(after, before);
    there.get(&title_path(&person, 2026)).await.refuses(404, "not_found");
    here.post(&path, reason.clone()).await.refuses(409, "taken_back");

    // Once the destination worked on it, the move stands.
    let claimed = there.post("/moves", claim(number)).await.is(201);
    let title = there.get(&title_path(&person, 2026)).await.is(200);
    let withdraw = format!("{}/withdraw", title_path(&person, 2026));
    there.step(&withdraw, &title, json!({"reason": "Không tham gia"})).await.is(200);
    let path = format!("/moves/{}/take-back", claimed["id"].as_str().unwrap());
    there.post(&path, reason).await.refuses(409, "changed_since");
    prove(&app).await;
}

#[actix_web::test]
async fn a_claim_names_one_holder_that_can_move() {
    let app = TestApp::start().await;
    let here = app.user(Role::Recorder, COMMUNE).await;
    let there = app.user(Role::Recorder, NEIGHBOUR).await;
    let number = "036085001234";
    for name in ["Trần Văn Bình", "Trần Văn Bình em"] {
        let body = json!({"kind": "family", "area": COMMUNE, "name": name, "number": number});
        here.post("/holders", body).await.is(201);
    }
    let claim = json!({"area": NEIGHBOUR, "kind": "family", "number": number});
    there.post("/moves", claim).await.refuses(409, "several_holders");
    let hamlet = hamlet(&here, COMMUNE, "thôn", "Đông").await;
    let body = json!({"kind": "community", "area": COMMUNE, "hamlet": hamlet["id"]});
    let community = here.post("/holders", body).await.is(201);
    let claim = json!({"area": NEIGHBOUR, "code": community["code"]});
    there.post("/moves", claim).await.refuses(409, "community_stays");
    there.post("/moves", json!({"area": NEIGHBOUR})).await.refuses(422, "invalid");
    here.post("/moves", json!({"area": NEIGHBOUR, "code": community["code"]}))
        .await
        .refuses(403, "area_not_covered");
}

#[actix_web::test]
async fn who_waits_for_the_placing_of_a_split_commune_cannot_move() {
    let app = TestApp::start().await;
    let here = app.user(Role::Recorder, COMMUNE).await;
    let there = app.user(Role::Recorder, NEIGHBOUR).await;
    let waiting = family(&here, "Trần Văn Bình").await;
    let areas = app.shared.places.now();
    let split = areas.all().iter().find(|area| area.settled.is_none() && area.successors.len() > 1);
    // As an old record of a commune that was divided among several.
    let sql = format!("update holders set area_id = {}", split.expect("a split commune").id);
    diesel::sql_query(sql).execute(&mut app.db().await).await.unwrap();
    let claim = json!({"area": NEIGHBOUR, "code": waiting["code"]});
    there.post("/moves", claim).await.refuses(409, "holder_unplaced");
}

fn items(page: &Value) -> &Vec<Value> {
    page["items"].as_array().expect("items")
}
