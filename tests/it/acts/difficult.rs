//! Communes and hamlets with special difficulties: listed by a decision, judged by the lower threshold.

use hoctap::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::records::{
    COMMUNE, NEIGHBOUR, PROVINCE, decision, family, family_in, hamlet, record, register_is_sound,
    title_path,
};
use crate::support::{TestApp, faults};

/// Whether the lower threshold holds for a title, and what it comes to.
fn judged(title: &Value) -> (&Value, &Value) {
    (&title["difficult"], &title["assessment"]["outcome"])
}

const DIFFICULT: &str = "/areas/commune/13669/difficult";

#[actix_web::test]
async fn the_lower_threshold_holds_in_a_commune_while_a_decision_lists_it() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let path = title_path(&family(&recorder, "Trần Văn Bình").await, 2026);
    let title = recorder.put(&path, json!({})).await.is(200);
    let score = json!({"own_score": {"total": 75}});
    let title = recorder.patch(&path, &title, score).await.is(200);
    assert_eq!(judged(&title), (&json!(false), &json!("fails")));

    let period = json!({"valid_from": "2026-01-01", "valid_to": null,
                        "source": "Nghị định 272/2025/NĐ-CP"});
    let body = json!({"periods": [period]});
    recorder.put(DIFFICULT, body.clone()).await.refuses(403, "role_not_allowed");
    let near = app.user(Role::Supervisor, COMMUNE).await;
    near.put(DIFFICULT, body.clone()).await.refuses(403, "province_lists");
    let listed = supervisor.put(DIFFICULT, body.clone()).await.is(200);
    assert_eq!(recorder.get(DIFFICULT).await.is(200), listed);
    assert_eq!(supervisor.put(DIFFICULT, body).await.is(200)["version"], listed["version"]);

    // What was scored before is assessed anew at once, and what is scored now by the same threshold.
    let title = recorder.get(&path).await.is(200);
    assert_eq!(judged(&title), (&json!(true), &json!("passes")));
    let score = json!({"own_score": {"total": 69}});
    let title = recorder.patch(&path, &title, score).await.is(200);
    assert_eq!(judged(&title), (&json!(true), &json!("fails")));

    let twice = json!({"periods": [period, period]});
    assert_eq!(
        faults(&supervisor.put(DIFFICULT, twice).await.is(422)),
        [("/periods/1", "overlap")]
    );
    let none = json!({"periods": []});
    supervisor.put(DIFFICULT, none).await.refuses(428, "if_match_required");
    register_is_sound(&app).await;
}

#[actix_web::test]
async fn a_hamlet_is_difficult_in_the_years_that_its_decision_names() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let hills = hamlet(&recorder, COMMUNE, "thôn", "Núi").await;
    let family = family_in(&recorder, &hills, "Trần Văn Bình").await;
    let mut decided = Value::Null;
    for year in [2024, 2025, 2026] {
        let path = title_path(&family, year);
        let title = recorder.put(&path, json!({})).await.is(200);
        let score = json!({"score": {"total": 75}});
        let title = recorder.step(&format!("{path}/assess"), &title, score).await.is(200);
        let title = recorder.step(&format!("{path}/verify"), &title, json!({})).await.is(200);
        assert_eq!(judged(&title), (&json!(false), &json!("fails")));
        if year == 2024 {
            let parts = json!([{"action": "decline", "records": [record(&title)]}]);
            approver.post("/decisions", decision("1", parts)).await.is(201);
            decided = recorder.get(&path).await.is(200);
        }
    }

    // Listed until the end of 2025: what was decided stays, what is open takes it in by its year.
    let path =
        format!("/areas/commune/{COMMUNE}/hamlets/{}/difficult", hills["id"].as_str().unwrap());
    let listed = recorder.get(&path).await.is(200);
    assert_eq!((&listed["full_name"], &listed["periods"]), (&json!("Thôn Núi"), &json!([])));
    let first = json!({"valid_from": "2021-06-04", "valid_to": "2025-12-31",
                       "source": "Quyết định 612/QĐ-UBDT"});
    let body = json!({"periods": [first]});
    recorder.put(&path, body.clone()).await.refuses(428, "if_match_required");
    let put = async |known: &Value, body: &Value| {
        recorder.call(Method::PUT, &path).knowing(known).json(body).send().await
    };
    let now = put(&listed, &body).await.is(200);
    assert_eq!(put(&listed, &body).await.is(200)["version"], now["version"], "nothing changes");
    put(&listed, &json!({"periods": []})).await.refuses(412, "stale_version");
    let of_year = async |year| recorder.get(&title_path(&family, year)).await.is(200);
    assert_eq!(of_year(2024).await["version"], decided["version"]);
    assert_eq!(judged(&of_year(2025).await), (&json!(true), &json!("passes")));
    assert_eq!(judged(&of_year(2026).await), (&json!(false), &json!("fails")));
    let on = async |day: &str| {
        let list =
            recorder.get(&format!("/areas/commune/{COMMUNE}/hamlets?on={day}")).await.is(200);
        list["items"][0]["difficult"].clone()
    };
    assert_eq!((on("2025-12-31").await, on("2026-01-01").await), (json!(true), json!(false)));

    // The next decision lists it again; its history says so in words.
    let second = json!({"valid_from": "2026-01-01", "valid_to": null,
                        "source": "Nghị định 272/2025/NĐ-CP"});
    let now = put(&now, &json!({"periods": [second, first]})).await.is(200);
    assert_eq!(now["periods"], json!([first, second]), "in the order of time");
    assert_eq!(judged(&of_year(2026).await), (&json!(true), &json!("passes")));
    let twice = put(&now, &json!({"periods": [second, second]})).await.is(422);
    assert_eq!(faults(&twice), [("/periods/1", "overlap")]);
    let history = format!("/holders/{}/history", family["id"].as_str().unwrap());
    let history = recorder.get(&history).await.is(200).to_string();
    assert!(history.contains("xét lại theo mức của nơi ở"), "{history}");
    assert!(history.contains("thuộc nơi khó khăn từ không thành có"), "{history}");

    // A plain mark does not take the place of days that a decision gives.
    let one = format!("/areas/commune/{COMMUNE}/hamlets/{}", hills["id"].as_str().unwrap());
    let refused = recorder.patch(&one, &now, json!({"difficult": false})).await;
    refused.refuses(409, "difficult_by_decision");
    let there = app.user(Role::Recorder, NEIGHBOUR).await;
    there.get(&path).await.refuses(404, "not_found");
    register_is_sound(&app).await;
}

#[actix_web::test]
async fn a_merger_of_hamlets_keeps_the_mark_that_all_had() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let mut hamlets = Vec::new();
    for name in ["Núi", "Đồi", "Bãi"] {
        hamlets.push(hamlet(&recorder, COMMUNE, "thôn", name).await);
    }
    for (n, hamlet) in hamlets.iter_mut().enumerate().take(2) {
        let path = format!("/areas/commune/{COMMUNE}/hamlets/{}", hamlet["id"].as_str().unwrap());
        let period = json!({"valid_from": format!("202{n}-01-01"), "valid_to": null,
                            "source": "Quyết định 612/QĐ-UBDT"});
        let listed = recorder
            .call(Method::PUT, &format!("{path}/difficult"))
            .knowing(hamlet)
            .json(&json!({"periods": [period]}))
            .send()
            .await
            .is(200);
        hamlet["version"] = listed["version"].clone();
    }
    let family = family_in(&recorder, &hamlets[0], "Trần Văn Bình").await;
    let path = title_path(&family, 2026);
    let title = recorder.put(&path, json!({})).await.is(200);
    let score = json!({"own_score": {"total": 75}});
    let title = recorder.patch(&path, &title, score).await.is(200);
    assert_eq!(judged(&title), (&json!(true), &json!("passes")));

    let changes = format!("/areas/commune/{COMMUNE}/hamlet-changes");
    let merge = async |hamlets: &[&Value], name: &str| {
        let named: Vec<Value> =
            hamlets.iter().map(|h| json!({"id": h["id"], "version": h["version"]})).collect();
        let body = json!({"change": "merge", "effective_on": "2026-09-01", "type": "thôn",
                          "name": name, "document": "Nghị quyết 12/NQ-HĐND", "hamlets": named});
        recorder.post(&changes, body).await.is(201)
    };
    // Both were difficult: so is what they become.
    let made = merge(&[&hamlets[0], &hamlets[1]], "Cao").await;
    assert_eq!(recorder.get(&path).await.is(200)["version"], title["version"]);
    let undo = format!("{changes}/{}/undo", made["id"].as_str().unwrap());
    recorder.post(&undo, json!({"reason": "Nhập nhầm"})).await.is(204);
    // One was not: the lower threshold holds for nobody there, until the merger is taken back.
    let list = recorder.get(&format!("/areas/commune/{COMMUNE}/hamlets")).await.is(200);
    let find = |name: &str| {
        let items = list["items"].as_array().unwrap();
        items.iter().find(|hamlet| hamlet["name"] == name).unwrap()
    };
    let made = merge(&[find("Núi"), find("Bãi")], "Thấp").await;
    assert_eq!(judged(&recorder.get(&path).await.is(200)), (&json!(false), &json!("fails")));
    let undo = format!("{changes}/{}/undo", made["id"].as_str().unwrap());
    recorder.post(&undo, json!({"reason": "Nhập nhầm"})).await.is(204);
    assert_eq!(judged(&recorder.get(&path).await.is(200)), (&json!(true), &json!("passes")));
    register_is_sound(&app).await;
}
