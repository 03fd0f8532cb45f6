//! Two who look alike and are not one: said once, kept through moves and mergers, and asked again when
//! one of them is named, aged or housed otherwise.

use hoctap::access::Role;
use serde_json::{Value, json};

use crate::support::proof::prove;
use crate::support::records::{COMMUNE, NEIGHBOUR, PROVINCE, hamlet};
use crate::support::{Client, TestApp};

const LIST: &str = "/holders/duplicates?kind=citizen";
const DISMISSALS: &str = "/holders/duplicates/dismissals";

/// A person of this name and year, whom nobody takes for another.
async fn person(recorder: &Client<'_>, area: &str, hamlet: &Value, name: &str) -> Value {
    let body = json!({"kind": "citizen", "area": area, "hamlet": hamlet["id"], "name": name,
                      "details": {"birth_year": 1970}, "confirm_new": true});
    recorder.post("/holders", body).await.is(201)
}

fn path(holder: &Value) -> String {
    format!("/holders/{}", holder["id"].as_str().unwrap())
}

fn pair(one: &Value, other: &Value) -> Value {
    json!({"one": one["code"], "one_version": one["version"], "other": other["code"],
           "other_version": other["version"], "reason": "Hai anh em họ trùng tên"})
}

/// How many pairs a list shows.
async fn listed(client: &Client<'_>, list: &str) -> usize {
    client.get(list).await.is(200)["items"].as_array().unwrap().len()
}

#[actix_web::test]
async fn who_is_not_the_other_is_not_asked_about_again() {
    let app = TestApp::start().await;
    let here = app.user(Role::Recorder, COMMUNE).await;
    let home = hamlet(&here, COMMUNE, "thôn", "Đông").await;
    let away = hamlet(&here, COMMUNE, "thôn", "Tây").await;
    let one = person(&here, COMMUNE, &home, "Nguyễn Văn Thắng").await;
    let other = person(&here, COMMUNE, &home, "Nguyễn Văn Thắng").await;
    let quality = "/statistics/quality?year=2026&code=probable_duplicates";
    assert_eq!((listed(&here, LIST).await, listed(&here, quality).await), (1, 1));

    let made = here.post(DISMISSALS, pair(&other, &one)).await.is(201);
    assert_eq!((listed(&here, LIST).await, listed(&here, quality).await), (0, 0));
    let dismissed = here.get(&format!("{LIST}&dismissed=true")).await.is(200);
    assert_eq!(dismissed["items"][0]["dismissal"], made);
    here.post(DISMISSALS, pair(&one, &other)).await.refuses(409, "dismissed_already");
    here.post(DISMISSALS, pair(&one, &one)).await.refuses(409, "same_holder");

    // A third of the name is asked about with both.
    let third = person(&here, COMMUNE, &home, "Nguyễn Văn Thắng").await;
    let found = here.get(quality).await.is(200);
    assert_eq!(found["items"][0]["numbers"], json!({"alike": 3}));
    here.post(DISMISSALS, pair(&one, &third)).await.is(201);
    assert_eq!(listed(&here, LIST).await, 1);
    assert_eq!(here.get(quality).await.is(200)["items"][0]["numbers"], json!({"alike": 2}));
    here.delete(&path(&third), &third).await.is(204);
    assert_eq!((listed(&here, LIST).await, listed(&here, quality).await), (0, 0));

    // Whoever is named, aged or housed otherwise may be the other after all.
    let changes = [
        (json!({"name": "Nguyễn Văn Thăng"}), json!({"name": "Nguyễn Văn Thắng"})),
        (json!({"hamlet": away["id"]}), json!({"hamlet": home["id"]})),
        (json!({"details": {"birth_year": null}}), json!({"details": {"birth_year": 1970}})),
    ];
    for (change, back) in changes {
        let known = here.get(&path(&one)).await.is(200);
        let known = here.patch(&path(&one), &known, change.clone()).await.is(200);
        assert_eq!(listed(&here, LIST).await, 1, "{change}");
        here.patch(&path(&one), &known, back.clone()).await.is(200);
        assert_eq!(listed(&here, LIST).await, 0, "{back}");
    }
    // What was found out of somebody else as it seems now is said anew.
    here.post(DISMISSALS, pair(&one, &other)).await.refuses(409, "holder_changed");
    let known = here.get(&path(&one)).await.is(200);
    let one = here.patch(&path(&one), &known, json!({"hamlet": away["id"]})).await.is(200);
    let made = here.post(DISMISSALS, pair(&one, &other)).await.is(201);
    assert_eq!(listed(&here, LIST).await, 0);

    // Taken back, it is a question again; both histories tell.
    let undo = format!("{DISMISSALS}/{}", made["id"].as_str().unwrap());
    here.delete(&undo, &json!({"version": "1-1"})).await.refuses(412, "stale_version");
    here.delete(&undo, &made).await.is(204);
    here.delete(&undo, &made).await.refuses(404, "not_found");
    assert_eq!((listed(&here, LIST).await, listed(&here, quality).await), (1, 1));
    for (holder, not) in [(&one, &other), (&other, &one)] {
        let history = here.get(&format!("{}/history", path(holder))).await.is(200);
        let told: Vec<&str> = history["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|h| h["item"]["entity"] == "pair")
            .map(|h| h["sentence"].as_str().unwrap())
            .collect();
        let not = not["code"].as_str().unwrap();
        let said = format!("xác nhận công dân Nguyễn Văn Thắng không trùng với {not}. Lý do: Hai");
        let back = format!("bỏ xác nhận công dân Nguyễn Văn Thắng không trùng với {not}.");
        assert!(told[0].ends_with(&back) && told[1].contains(&said), "{told:#?}");
    }
    let families = json!({"kind": "family", "area": COMMUNE, "name": "Nguyễn Văn Thắng"});
    let family = here.post("/holders", families).await.is(201);
    here.post(DISMISSALS, pair(&one, &family)).await.refuses(409, "kinds_differ");
    prove(&app).await;
}

#[actix_web::test]
async fn what_was_found_out_follows_moves_mergers_and_hamlets() {
    let app = TestApp::start().await;
    let here = app.user(Role::Recorder, COMMUNE).await;
    let there = app.user(Role::Recorder, NEIGHBOUR).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let home = hamlet(&here, COMMUNE, "thôn", "Đông").await;
    let west = hamlet(&here, COMMUNE, "thôn", "Tây").await;
    let name = "Nguyễn Văn Thắng";
    let one = person(&here, COMMUNE, &home, name).await;
    let far = person(&there, NEIGHBOUR, &json!({}), name).await;

    // Across communes only the province knows both; both chains keep what it found.
    here.post(DISMISSALS, pair(&one, &far)).await.refuses(404, "not_found");
    supervisor.post(DISMISSALS, pair(&one, &far)).await.is(201);
    for area in [COMMUNE, NEIGHBOUR] {
        let path = format!("/audit?area={area}&entity=pair");
        assert_eq!(listed(&supervisor, &path).await, 1, "{area}");
    }
    assert_eq!(listed(&supervisor, LIST).await, 0);

    // A move says nothing new of who somebody is; neither does its taking back, nor a merger of hamlets.
    let claim = json!({"area": COMMUNE, "hamlet": home["id"], "code": far["code"]});
    let moved = here.post("/moves", claim.clone()).await.is(201);
    assert_eq!(listed(&here, LIST).await, 0);
    let back = format!("/moves/{}/take-back", moved["id"].as_str().unwrap());
    there.post(&back, json!({"reason": "Nhận nhầm người"})).await.is(200);
    assert_eq!(listed(&supervisor, LIST).await, 0);
    here.post("/moves", claim).await.is(201);
    let named = |hamlet: &Value| json!({"id": hamlet["id"], "version": hamlet["version"]});
    let changes = format!("/areas/commune/{COMMUNE}/hamlet-changes");
    let merger = json!({"change": "merge", "effective_on": "2026-10-01", "document": "NQ 12",
                        "hamlets": [named(&home)], "into": named(&west)});
    let merger = here.post(&changes, merger).await.is(201);
    assert_eq!(here.get(&path(&one)).await.is(200)["hamlet"], west["id"]);
    assert_eq!(listed(&here, LIST).await, 0);
    let undo = format!("{changes}/{}/undo", merger["id"].as_str().unwrap());
    here.post(&undo, json!({"reason": "Nghị quyết bị bãi bỏ"})).await.is(204);
    assert_eq!(listed(&here, LIST).await, 0);

    // Whoever is one with somebody is not one with those whom that one is not.
    let again = person(&here, COMMUNE, &home, name).await;
    assert_eq!(listed(&here, LIST).await, 2);
    let one = here.get(&path(&one)).await.is(200);
    let far = here.get(&path(&far)).await.is(200);
    let merge = |survivor: &Value, other: &Value| {
        let body = json!({"other": other["code"], "other_version": other["version"],
                          "reason": "Khai hai lần"});
        let (path, survivor) = (format!("{}/merge", path(survivor)), survivor.clone());
        let here = here.clone();
        async move { here.step(&path, &survivor, body).await.is(201) }
    };
    let undo = |merge: &Value| format!("/merges/{}/undo", merge["id"].as_str().unwrap());
    let merged = merge(&again, &one).await;
    assert_eq!(listed(&here, LIST).await, 0);
    assert_eq!(listed(&here, &format!("{LIST}&dismissed=true")).await, 1);
    here.post(&undo(&merged), json!({"reason": "Là hai người"})).await.is(200);
    assert_eq!(listed(&here, LIST).await, 2);
    let dismissed = here.get(&format!("{LIST}&dismissed=true")).await.is(200);
    let pair_of = |found: &Value| {
        let mut ids = [found["one"]["id"].clone(), found["other"]["id"].clone()];
        ids.sort_by_key(Value::to_string);
        ids
    };
    let mut expected = [one["id"].clone(), far["id"].clone()];
    expected.sort_by_key(Value::to_string);
    assert_eq!(pair_of(&dismissed["items"][0]), expected);

    // Two who were told apart and then merged are told apart again when the merge is undone.
    let one = here.get(&path(&one)).await.is(200);
    let merged = merge(&far, &one).await;
    here.post(&undo(&merged), json!({"reason": "Là hai người"})).await.is(200);
    assert_eq!(listed(&here, &format!("{LIST}&dismissed=true")).await, 1);

    // All of it belongs to what is held on the person.
    let held = here.get(&format!("{}/personal-data", path(&far))).await.is(200);
    let course = &held["course"];
    let n = |what: &str| course[what].as_array().unwrap().len();
    assert_eq!((n("moves"), n("merges"), n("not_another")), (2, 1, 1), "{course:#}");
    assert!(course["moves"][0]["taken_back_on"].is_string());
    assert_eq!(course["moves"][1]["to"], "Phường Nam Định");
    assert_eq!(course["merges"][0]["code"], one["code"]);
    let text = here.get(&format!("{}/personal-data?format=text", path(&far))).await.text();
    assert!(text.contains("đến Phường Nam Định") && text.contains("không phải là một người khác"));

    // Erased with the person.
    let far = here.get(&path(&far)).await.is(200);
    let erase = format!("{}/personal-data", path(&far));
    let reason = json!({"reason": "Theo đơn ngày 20/11/2026"});
    supervisor.step(&erase, &far, reason).await.is(204);
    assert_eq!(listed(&here, &format!("{LIST}&dismissed=true")).await, 0);
    let one = here.get(&path(&one)).await.is(200);
    let far = here.get(&path(&far)).await.is(200);
    here.post(DISMISSALS, pair(&one, &far)).await.refuses(409, "holder_erased");
    prove(&app).await;
}
