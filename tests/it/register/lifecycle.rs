//! The life of a title: every step from every status by every role, scores, batches.

use hoctap::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::proof::prove;
use crate::support::records::{
    COMMUNE, NEIGHBOUR, PROVINCE, decision, family, hamlet, holder, record, title_at, title_path,
};
use crate::support::{Answer, Client, TestApp, faults};

/// What may be tried with a title.
const TRIES: [&str; 11] = [
    "register",
    "score",
    "delete",
    "assess",
    "verify",
    "return",
    "withdraw",
    "reopen",
    "recognise",
    "decline",
    "revoke",
];

const STATUSES: [&str; 7] = [
    "registered",
    "self_assessed",
    "verified",
    "recognised",
    "not_recognised",
    "withdrawn",
    "revoked",
];

async fn attempt(client: &Client<'_>, title: &Value, what: &str) -> Answer {
    let path = format!(
        "/holders/{}/titles/{}/{}",
        title["holder_id"].as_str().unwrap(),
        title["year"],
        title["level"].as_str().unwrap()
    );
    let body = match what {
        "return" | "withdraw" | "reopen" => json!({"reason": "Theo đơn của gia đình"}),
        "assess" => json!({"score": {"total": 90}}),
        _ => json!({}),
    };
    match what {
        "register" => client.put(&path, json!({})).await,
        "score" => client.patch(&path, title, json!({"own_score": {"total": 91}})).await,
        "delete" => client.delete(&path, title).await,
        "recognise" | "decline" | "revoke" => {
            let number = format!("{what} {}", title["version"].as_str().unwrap());
            let parts = json!([{"action": what, "records": [record(title)]}]);
            client.post("/decisions", decision(&number, parts)).await
        }
        step => client.step(&format!("{path}/{step}"), title, body).await,
    }
}

#[actix_web::test]
async fn every_step_from_every_status_by_every_role() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let auditor = app.user(Role::Auditor, COMMUNE).await;
    let administrator = app.user(Role::Administrator, COMMUNE).await;
    let viewer = app.dashboard(COMMUNE).await;
    let mut table = String::new();
    for status in STATUSES {
        let kept = family(&recorder, &format!("Không ai đổi {status}")).await;
        let kept = title_at(&recorder, &approver, &kept, 2026, status).await;
        for what in TRIES {
            let decides = matches!(what, "recognise" | "decline" | "revoke");
            let may: &[(&str, &Client<'_>)] = match what {
                "return" => &[("recorder", &recorder), ("supervisor", &supervisor)],
                _ if decides => &[("approver", &approver)],
                _ => &[("recorder", &recorder)],
            };
            for (role, client) in [
                ("recorder", &recorder),
                ("approver", &approver),
                ("supervisor", &supervisor),
                ("auditor", &auditor),
                ("administrator", &administrator),
                ("viewer", &viewer),
            ] {
                if may.iter().all(|(name, _)| *name != role) {
                    attempt(client, &kept, what).await.refuses(403, "role_not_allowed");
                }
            }
            for (role, client) in may {
                let holder = family(&recorder, &format!("{status} {what} {role}")).await;
                let title = title_at(&recorder, &approver, &holder, 2026, status).await;
                let answer = attempt(client, &title, what).await;
                let result = match answer.status {
                    200 if answer.body["version"] == title["version"] => "unchanged".to_owned(),
                    200 => answer.body["status"].as_str().unwrap().to_owned(),
                    201 => {
                        let title = recorder.get(&title_path(&holder, 2026)).await.is(200);
                        title["status"].as_str().unwrap().to_owned()
                    }
                    204 => "deleted".to_owned(),
                    409 if decides => answer.body["errors"][0]["code"].as_str().unwrap().to_owned(),
                    409 => answer.body["code"].as_str().unwrap().to_owned(),
                    other => panic!("{status} {what} {role}: {other} {}", answer.body),
                };
                if result != "step_not_allowed" {
                    table += &format!("{status:<14} {what:<9} {role:<10} {result}\n");
                }
            }
        }
        let path = title_path(&json!({"id": kept["holder_id"]}), 2026);
        assert_eq!(recorder.get(&path).await.is(200)["version"], kept["version"]);
    }
    let expected = "
registered     register  recorder   unchanged
registered     score     recorder   registered
registered     delete    recorder   deleted
registered     assess    recorder   self_assessed
registered     withdraw  recorder   withdrawn
self_assessed  register  recorder   unchanged
self_assessed  score     recorder   self_assessed
self_assessed  delete    recorder   title_not_registered
self_assessed  verify    recorder   verified
self_assessed  return    recorder   registered
self_assessed  return    supervisor registered
self_assessed  withdraw  recorder   withdrawn
verified       register  recorder   unchanged
verified       score     recorder   title_not_open
verified       delete    recorder   title_not_registered
verified       return    recorder   registered
verified       return    supervisor registered
verified       withdraw  recorder   withdrawn
verified       recognise approver   recognised
verified       decline   approver   not_recognised
recognised     register  recorder   unchanged
recognised     score     recorder   title_not_open
recognised     delete    recorder   title_not_registered
recognised     revoke    approver   revoked
not_recognised register  recorder   unchanged
not_recognised score     recorder   title_not_open
not_recognised delete    recorder   title_not_registered
not_recognised reopen    recorder   verified
withdrawn      register  recorder   unchanged
withdrawn      score     recorder   title_not_open
withdrawn      delete    recorder   title_not_registered
withdrawn      reopen    recorder   registered
revoked        register  recorder   unchanged
revoked        score     recorder   title_not_open
revoked        delete    recorder   title_not_registered
revoked        reopen    recorder   verified
";
    assert_eq!(table, expected.trim_start(), "\n{table}");
    prove(&app).await;
}

#[actix_web::test]
async fn own_and_verified_scores_stand_side_by_side() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let holder = family(&recorder, "Trần Văn Bình").await;
    let path = title_path(&holder, 2026);
    let title = recorder.put(&path, json!({})).await.is(200);
    assert_eq!(title["assessment"]["outcome"], "unknown");
    let refused = recorder.step(&format!("{path}/assess"), &title, json!({})).await;
    refused.refuses(409, "score_missing");
    // Stored first, taken by the step afterwards.
    let patch = json!({"own_score": {"total": 82.25}});
    let title = recorder.patch(&path, &title, patch).await.is(200);
    let title = recorder.step(&format!("{path}/assess"), &title, json!({})).await.is(200);
    assert_eq!(title["status"], "self_assessed");
    assert_eq!(title["assessment"]["outcome"], "passes");
    let lower = json!({"score": {"total": 78}});
    let title = recorder.step(&format!("{path}/verify"), &title, lower).await.is(200);
    assert_eq!(title["own_score"]["total"], 82.25);
    assert_eq!(title["verified_score"]["total"], 78.0);
    assert_eq!(title["assessment"]["outcome"], "fails");
    assert_eq!(title["assessment"]["lacks"], json!(["Tổng điểm 78 chưa đến 80."]));
    // Returned, the verified score is gone and the holder's own counts again.
    let reason = json!({"reason": "Chấm nhầm tiêu chí 2"});
    let title = recorder.step(&format!("{path}/return"), &title, reason).await.is(200);
    assert_eq!(title["verified_score"], Value::Null);
    assert_eq!(title["assessment"]["outcome"], "passes");
    let title = recorder.step(&format!("{path}/assess"), &title, json!({})).await.is(200);
    // Without a score of its own, verifying confirms the holder's.
    let title = recorder.step(&format!("{path}/verify"), &title, json!({})).await.is(200);
    assert_eq!(title["verified_score"], title["own_score"]);
    let empty = recorder.patch(&path, &title, json!({"own_score": {}})).await;
    empty.refuses(409, "title_not_open");
    prove(&app).await;
}

#[actix_web::test]
async fn steps_that_take_something_back_need_a_reason_and_every_step_the_version() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    for (status, step) in
        [("self_assessed", "return"), ("registered", "withdraw"), ("withdrawn", "reopen")]
    {
        let holder = family(&recorder, &format!("Gia đình {step}")).await;
        let title = title_at(&recorder, &approver, &holder, 2026, status).await;
        let path = format!("{}/{step}", title_path(&holder, 2026));
        let refused = recorder.step(&path, &title, json!({"reason": " "})).await.is(422);
        assert_eq!(faults(&refused), [("/reason", "length")]);
        let refused = recorder.step(&path, &title, json!({})).await.is(422);
        assert_eq!(faults(&refused), [("/reason", "shape")]);
        let batch = json!({"step": step, "records": [record(&title)]});
        let refused = recorder.post("/titles/steps", batch).await.is(422);
        assert_eq!(faults(&refused), [("/reason", "required")]);
        let reason = json!({"reason": "Theo đơn"});
        let blind = recorder.call(Method::POST, &path).json(&reason).send().await;
        blind.refuses(428, "if_match_required");
        recorder.step(&path, &title, reason.clone()).await.is(200);
        let stale = recorder.step(&path, &title, reason).await;
        assert!(!stale.header("etag").is_empty());
        stale.refuses(412, "stale_version");
    }
}

#[actix_web::test]
async fn a_step_is_taken_with_a_list_or_a_selection_whole_or_not_at_all() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let auditor = app.user(Role::Auditor, COMMUNE).await;
    let place = hamlet(&recorder, COMMUNE, "tổ dân phố", "số 5").await;
    let mut titles = Vec::new();
    for n in 0..6 {
        let also = match n {
            0..3 => json!({"name": format!("Gia đình {n}"), "hamlet": place["id"]}),
            _ => json!({"name": format!("Gia đình {n}")}),
        };
        let holder = holder(&recorder, "family", COMMUNE, also).await;
        titles.push(title_at(&recorder, &approver, &holder, 2026, "self_assessed").await);
    }
    let select =
        |status: &str| json!({"kind": "family", "area": COMMUNE, "year": 2026, "status": status});
    let steps = |step: &str, also: Value| {
        let mut body = json!({"step": step, "reason": "Kiểm tra lại"});
        for (field, value) in also.as_object().unwrap() {
            body[field] = value.clone();
        }
        body
    };
    let refused = recorder
        .post("/titles/steps", steps("verify", json!({"select": select("self_assessed")})))
        .await;
    assert_eq!(faults(&refused.is(422)), [("/expected", "required")]);
    let seven = json!({"select": select("self_assessed"), "expected": 7});
    let refused = recorder.post("/titles/steps", steps("verify", seven)).await;
    let refused = refused.refuses(409, "count_differs");
    assert_eq!(refused["errors"][0]["detail"], "6");
    let mut of_hamlet = select("self_assessed");
    of_hamlet["hamlet"] = place["id"].clone();
    let three = json!({"select": of_hamlet, "expected": 3});
    let done = recorder.post("/titles/steps", steps("verify", three)).await.is(200);
    assert_eq!(done["changed"], 3);
    // One of the list was changed since, another cannot take the step: nothing happens.
    let records: Vec<Value> = titles.iter().map(record).collect();
    let refused =
        recorder.post("/titles/steps", steps("verify", json!({"records": records}))).await;
    let refused = refused.refuses(409, "titles_refused");
    assert_eq!(
        faults(&refused),
        [
            ("/records/0", "stale_version"),
            ("/records/1", "stale_version"),
            ("/records/2", "stale_version"),
        ]
    );
    let code = |n: usize| titles[n]["code"].as_str().unwrap();
    assert!(refused["errors"][1]["detail"].as_str().unwrap().starts_with(code(1)));
    let left = recorder.get("/titles?status=self_assessed&count=exact").await.is(200);
    assert_eq!(left["count"], 3);
    let twice = json!({"records": [record(&titles[4]), record(&titles[4])]});
    let refused = recorder.post("/titles/steps", steps("verify", twice)).await;
    assert_eq!(faults(&refused.is(422)), [("/records/1", "repeated")]);
    let rest: Vec<Value> = titles[3..].iter().map(record).collect();
    let done =
        recorder.post("/titles/steps", steps("verify", json!({"records": rest}))).await.is(200);
    assert_eq!(done["changed"], 3);
    // The supervisor sends all of them back, and may do nothing else.
    let all = json!({"select": select("verified"), "expected": 6});
    supervisor
        .post("/titles/steps", steps("withdraw", all.clone()))
        .await
        .refuses(403, "role_not_allowed");
    assert_eq!(supervisor.post("/titles/steps", steps("return", all)).await.is(200)["changed"], 6);
    // Each batch is one entry of the chain.
    let entries = auditor.get("/audit?limit=3").await.is(200);
    let entries: Vec<(&str, i64)> = entries["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["action"].as_str().unwrap(), e["items"].as_i64().unwrap()))
        .collect();
    assert_eq!(entries[0], ("title.return", 6));
    assert_eq!(entries[1], ("title.verify", 3));
    assert_eq!(auditor.get("/audit?limit=1").await.is(200)["items"][0]["reason"], "Kiểm tra lại");
    prove(&app).await;
}

#[actix_web::test]
async fn the_programme_runs_from_2021_to_2030() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let holder = family(&recorder, "Trần Văn Bình").await;
    for year in [2021, 2030] {
        recorder.put(&title_path(&holder, year), json!({})).await.is(200);
    }
    for year in [2020, 2031, -1] {
        recorder.put(&title_path(&holder, year), json!({})).await.refuses(404, "not_found");
    }
    let select = json!({"kind": "family", "area": COMMUNE, "year": 2031, "status": "registered"});
    let batch = json!({"step": "assess", "select": select, "expected": 0});
    let refused = recorder.post("/titles/steps", batch).await.is(422);
    assert_eq!(faults(&refused), [("/select/year", "shape")]);
    let titles =
        recorder.get(&format!("/holders/{}/titles", holder["code"].as_str().unwrap())).await;
    let titles = titles.is(200);
    assert_eq!(titles["items"][0]["year"], 2030, "the latest first");
    assert_eq!(titles["items"].as_array().unwrap().len(), 2);
    // A level that the kind does not have.
    let path = title_path(&holder, 2026).replace("commune", "province");
    recorder.put(&path, json!({})).await.refuses(422, "level_not_of_holder");
    let neighbour = app.user(Role::Recorder, NEIGHBOUR).await;
    neighbour.put(&title_path(&holder, 2026), json!({})).await.refuses(404, "not_found");
}
