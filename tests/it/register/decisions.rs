//! Decisions: entered whole, by somebody else, with their lists as they were that day.

use hoctap::access::Role;
use serde_json::{Value, json};

use crate::support::proof::prove;
use crate::support::records::{
    COMMUNE, NEIGHBOUR, PROVINCE, decision, family, hamlet, holder, record, title_at, title_path,
};
use crate::support::{TestApp, faults};

#[actix_web::test]
async fn one_decision_recognises_declines_and_revokes_titles_of_several_kinds_and_levels() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let good = family(&recorder, "Trần Văn Bình").await;
    let good = title_at(&recorder, &approver, &good, 2026, "verified").await;
    let bad = family(&recorder, "Lê Văn Na").await;
    let bad = title_at(&recorder, &approver, &bad, 2026, "verified").await;
    let old = family(&recorder, "Phạm Văn Cũ").await;
    let old = title_at(&recorder, &approver, &old, 2025, "recognised").await;
    let unit = holder(&recorder, "unit", COMMUNE, json!({"name": "Trạm Y tế"})).await;
    let mut units = Vec::new();
    for (level, score) in
        [("commune", json!({"total": 88})), ("province", json!({"grade": "level_1"}))]
    {
        let path = format!("/holders/{}/titles/2026/{level}", unit["id"].as_str().unwrap());
        let title = recorder.put(&path, json!({})).await.is(200);
        let title =
            recorder.step(&format!("{path}/assess"), &title, json!({"score": score})).await.is(200);
        units.push(recorder.step(&format!("{path}/verify"), &title, json!({})).await.is(200));
    }
    let select = json!({"kind": "unit", "level": "commune", "area": COMMUNE, "year": 2026, "status": "verified"});
    let parts = json!([
        {"action": "recognise", "records": [record(&good), record(&units[1])]},
        {"action": "recognise", "select": select, "expected": 1},
        {"action": "decline", "records": [record(&bad)], "reason": "Không đủ điều kiện"},
        {"action": "revoke", "records": [record(&old)], "reason": "Vi phạm quy ước"},
    ]);
    let made = approver.post("/decisions", decision("15a", parts)).await;
    assert!(made.header("location").starts_with("/api/v1/decisions/"));
    let made = made.is(201);
    assert_eq!(made["reference"], "15a/QĐ-UBND");
    assert_eq!(made["authority"]["name"], "UBND Phường Nam Định");
    assert_eq!(made["signatory"]["capacity"], "KT. CHỦ TỊCH");
    let id = made["id"].as_str().unwrap();
    assert_eq!(recorder.get(&format!("/decisions/{id}")).await.is(200), made);
    let statuses = async |titles: &str| -> Vec<Value> {
        let page = recorder.get(titles).await.is(200);
        page["items"].as_array().unwrap().iter().map(|t| t["status"].clone()).collect()
    };
    let mut found = statuses(&format!("/titles?decision={id}")).await;
    found.sort_by_key(|status| status.to_string());
    assert_eq!(found, ["not_recognised", "recognised", "recognised", "recognised", "revoked"]);
    let annex = recorder.get(&format!("/decisions/{id}/titles")).await.is(200);
    let lines: Vec<(&str, &str, &str, i64)> = annex["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap();
            (text("action"), text("kind"), text("level"), line["year"].as_i64().unwrap())
        })
        .collect();
    assert_eq!(
        lines,
        [
            ("recognise", "family", "commune", 2026),
            ("recognise", "unit", "province", 2026),
            ("recognise", "unit", "commune", 2026),
            ("decline", "family", "commune", 2026),
            ("revoke", "family", "commune", 2025),
        ]
    );
    assert_eq!(annex["items"][3]["reason"], "Không đủ điều kiện");
    prove(&app).await;
}

#[actix_web::test]
async fn a_decision_is_entered_whole_or_not_at_all_and_every_refusal_is_named() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let good = family(&recorder, "Trần Văn Bình").await;
    let good = title_at(&recorder, &approver, &good, 2026, "verified").await;
    let early = family(&recorder, "Lê Văn Na").await;
    let early = title_at(&recorder, &approver, &early, 2026, "registered").await;
    let late = family(&recorder, "Vũ Văn Tư").await;
    let late = title_at(&recorder, &approver, &late, 2026, "recognised").await;
    let nobody = json!({"holder_id": "0190b5a0-0000-7000-8000-000000000000", "year": 2026,
                        "level": "commune", "version": good["version"]});
    let records = |titles: &[&Value]| titles.iter().map(|t| record(t)).collect::<Vec<_>>();
    let parts = json!([{"action": "recognise", "records": records(&[&good, &early, &late])}]);
    let refused =
        approver.post("/decisions", decision("1", parts)).await.refuses(409, "titles_refused");
    assert_eq!(
        faults(&refused),
        [("/titles/0/records/1", "step_not_allowed"), ("/titles/0/records/2", "step_not_allowed")]
    );
    for (title, error) in [&early, &late].iter().zip(refused["errors"].as_array().unwrap()) {
        assert!(error["detail"].as_str().unwrap().contains(title["code"].as_str().unwrap()));
    }
    let mut stale = record(&good);
    stale["version"] = early["version"].clone();
    let parts = json!([{"action": "recognise", "records": [nobody, stale]}]);
    let refused =
        approver.post("/decisions", decision("1", parts)).await.refuses(409, "titles_refused");
    assert_eq!(
        faults(&refused),
        [("/titles/0/records/0", "not_found"), ("/titles/0/records/1", "stale_version")]
    );
    let part = json!({"action": "recognise", "records": records(&[&good])});
    let twice = json!([part, {"action": "decline", "records": records(&[&good])}]);
    approver.post("/decisions", decision("1", twice)).await.refuses(409, "repeated");
    // Nothing of all that remained, not even the number.
    let path = title_path(&json!({"id": good["holder_id"]}), 2026);
    assert_eq!(recorder.get(&path).await.is(200), good);
    approver.post("/decisions", decision("1", json!([part]))).await.is(201);
    prove(&app).await;
}

#[actix_web::test]
async fn the_annex_stays_as_it_was_that_day() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let place = hamlet(&recorder, COMMUNE, "tổ dân phố", "số 5").await;
    let also = json!({"name": "Trần Thị Mai", "hamlet": place["id"], "group": "farmers"});
    let citizen = holder(&recorder, "citizen", COMMUNE, also).await;
    title_at(&recorder, &approver, &citizen, 2026, "recognised").await;
    let list = recorder.get("/decisions").await.is(200);
    let annex = format!("/decisions/{}/titles", list["items"][0]["id"].as_str().unwrap());
    let before = recorder.get(&annex).await.is(200);
    let line = &before["items"][0];
    assert_eq!(line["name"], "Trần Thị Mai");
    assert_eq!(line["hamlet"], "Tổ dân phố số 5");
    assert_eq!((&line["group"], &line["area"]), (&json!("farmers"), &json!(COMMUNE)));
    assert_eq!((&line["own_score"]["total"], &line["outcome"]), (&json!(85.0), &json!("passes")));
    let path = format!("/holders/{}", citizen["id"].as_str().unwrap());
    let change = json!({"name": "Trần Thị Mơ", "group": "workers"});
    recorder.patch(&path, &citizen, change).await.is(200);
    let hamlets = format!("/areas/commune/{COMMUNE}/hamlets/{}", place["id"].as_str().unwrap());
    recorder.patch(&hamlets, &place, json!({"name": "số 7"})).await.is(200);
    assert_eq!(recorder.get(&annex).await.is(200), before);
    prove(&app).await;
}

#[actix_web::test]
async fn who_recorded_or_verified_does_not_decide() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let second = app.named_user("second", Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let mut verified = Vec::new();
    for (name, by) in [("Trần Văn Bình", &recorder), ("Lê Văn Na", &second)] {
        let holder = family(&recorder, name).await;
        let title = title_at(&recorder, &approver, &holder, 2026, "self_assessed").await;
        let path = format!("{}/verify", title_path(&holder, 2026));
        verified.push(by.step(&path, &title, json!({})).await.is(200));
    }
    // The second becomes the commune's approver: what it verified it still may not decide.
    let administrator = app.user(Role::Administrator, COMMUNE).await;
    let users = administrator.get("/users").await.is(200);
    let account =
        users["items"].as_array().unwrap().iter().find(|u| u["username"] == "second").unwrap();
    let path = format!("/users/{}", account["id"].as_str().unwrap());
    administrator.patch(&path, account, json!({"role": "approver"})).await.is(200);
    let second = app.log_in("second").await;
    let records: Vec<Value> = verified.iter().map(record).collect();
    let parts = json!([{"action": "recognise", "records": records}]);
    let refused = second.post("/decisions", decision("1", parts.clone())).await;
    let refused = refused.refuses(409, "titles_refused");
    assert_eq!(faults(&refused), [("/titles/0/records/1", "own_record")]);
    recorder
        .post("/decisions", decision("1", parts.clone()))
        .await
        .refuses(403, "role_not_allowed");
    approver.post("/decisions", decision("1", parts)).await.is(201);
    prove(&app).await;
}

#[actix_web::test]
async fn under_a_confirmed_set_recognising_against_the_outcome_says_why() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    // The set of citizens is confirmed, that of families only advises.
    let citizen = holder(&recorder, "citizen", COMMUNE, json!({"name": "Trần Thị Mai"})).await;
    let family = family(&recorder, "Trần Văn Bình").await;
    let mut titles = Vec::new();
    for held in [&citizen, &family] {
        let path = title_path(held, 2026);
        let title = recorder.put(&path, json!({})).await.is(200);
        let score = json!({"score": {"total": 78}});
        let title = recorder.step(&format!("{path}/assess"), &title, score).await.is(200);
        titles.push(recorder.step(&format!("{path}/verify"), &title, json!({})).await.is(200));
    }
    let records: Vec<Value> = titles.iter().map(record).collect();
    let mut parts = json!([{"action": "recognise", "records": records}]);
    let refused = approver.post("/decisions", decision("1", parts.clone())).await;
    assert_eq!(faults(&refused.is(409)), [("/titles/0/records/0", "reason_needed")]);
    parts[0]["reason"] = json!("Hội đồng xét đặc cách, biên bản 03/BB");
    let made = approver.post("/decisions", decision("1", parts)).await.is(201);
    let auditor = app.user(Role::Auditor, COMMUNE).await;
    let entry = &auditor.get("/audit?entity=decision").await.is(200)["items"][0];
    assert_eq!(entry["reason"], "Hội đồng xét đặc cách, biên bản 03/BB");
    let annex = format!("/decisions/{}/titles", made["id"].as_str().unwrap());
    assert_eq!(auditor.get(&annex).await.is(200)["items"][0]["outcome"], "fails");
    prove(&app).await;
}

#[actix_web::test]
async fn an_approver_of_the_province_serves_a_commune_without_one() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let provincial = app.user(Role::Approver, PROVINCE).await;
    let foreign = app.user(Role::Approver, NEIGHBOUR).await;
    let holder = family(&recorder, "Trần Văn Bình").await;
    let title = title_at(&recorder, &provincial, &holder, 2026, "verified").await;
    let parts = json!([{"action": "recognise", "records": [record(&title)]}]);
    let refused = foreign.post("/decisions", decision("1", parts.clone())).await;
    assert_eq!(faults(&refused.is(409)), [("/titles/0/records/0", "not_found")]);
    let made = provincial.post("/decisions", decision("1", parts)).await.is(201);
    // The commune reads the decision on its title, the neighbour does not.
    let path = format!("/decisions/{}", made["id"].as_str().unwrap());
    recorder.get(&path).await.is(200);
    foreign.get(&path).await.refuses(404, "not_found");
    foreign.get(&format!("{path}/titles")).await.refuses(404, "not_found");
    assert_eq!(foreign.get("/decisions").await.is(200)["items"], json!([]));
    // The decision stands in the province's chain, the title in the commune's.
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let entries = auditor.get("/audit?limit=2").await.is(200);
    let mut areas: Vec<&str> =
        entries["items"].as_array().unwrap().iter().map(|e| e["area"].as_str().unwrap()).collect();
    areas.sort_unstable();
    assert_eq!(areas, [COMMUNE, PROVINCE]);
    prove(&app).await;
}

#[actix_web::test]
async fn an_authority_decides_in_its_area_and_numbers_its_papers_once_a_year() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, PROVINCE).await;
    let mut titles = Vec::new();
    for n in 0..5 {
        let holder = family(&recorder, &format!("Gia đình {n}")).await;
        titles.push(title_at(&recorder, &approver, &holder, 2025, "verified").await);
    }
    let paper = |n: usize, number: &str| {
        decision(number, json!([{"action": "recognise", "records": [record(&titles[n])]}]))
    };
    let mut outside = paper(0, "1");
    outside["authority"]["area"] = json!(NEIGHBOUR);
    let refused = approver.post("/decisions", outside).await;
    assert_eq!(faults(&refused.is(409)), [("/titles/0/records/0", "outside_authority")]);
    approver.post("/decisions", paper(0, "1")).await.is(201);
    approver.post("/decisions", paper(1, "1")).await.refuses(409, "number_taken");
    // Another symbol, another body, another year: another paper.
    let mut symbol = paper(1, "1");
    symbol["symbol"] = json!("QĐ-HKH");
    approver.post("/decisions", symbol).await.is(201);
    let mut body = paper(2, "1");
    body["authority"]["body"] = json!("study_promotion");
    let made = approver.post("/decisions", body).await.is(201);
    assert_eq!(made["authority"]["name"], "Hội Khuyến học Phường Nam Định");
    let mut year = paper(3, "1");
    year["decided_on"] = json!("2025-12-30");
    approver.post("/decisions", year).await.is(201);
    // A district of that day, whose communes this one was made of.
    let mut district = paper(4, "1");
    district["authority"] = json!({"area": "356", "body": "peoples_committee"});
    let refused = approver.post("/decisions", district.clone()).await.is(422);
    assert_eq!(faults(&refused)[0].0, "/authority/area");
    district["decided_on"] = json!("2025-06-20");
    let made = approver.post("/decisions", district).await.is(201);
    assert_eq!(made["authority"]["name"], "UBND Thành phố Nam Định");
    assert_eq!(made["authority"]["area"], "356");
    prove(&app).await;
}

#[actix_web::test]
async fn a_document_must_be_able_to_do_what_it_does() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let table = [
        ("minutes", "recognise", "verified", false),
        ("minutes", "decline", "verified", true),
        ("minutes", "revoke", "recognised", false),
        ("notice", "recognise", "verified", true),
        ("notice", "decline", "verified", true),
        ("notice", "revoke", "recognised", false),
    ];
    for (n, (document, action, status, allowed)) in table.into_iter().enumerate() {
        let holder = family(&recorder, &format!("Gia đình {n}")).await;
        let title = title_at(&recorder, &approver, &holder, 2026, status).await;
        let parts = json!([{"action": action, "records": [record(&title)]}]);
        let mut paper = decision(&format!("{n}"), parts);
        paper["document"] = json!(document);
        let answer = approver.post("/decisions", paper).await;
        if allowed {
            answer.is(201);
        } else {
            let refused = answer.is(422);
            assert_eq!(faults(&refused), [("/titles/0/action", "document_not_enough")]);
        }
    }
    let mut wrong = decision("", json!([]));
    wrong["signatory"]["name"] = json!("");
    let refused = approver.post("/decisions", wrong).await.is(422);
    assert_eq!(
        faults(&refused),
        [("/number", "length"), ("/signatory/name", "length"), ("/titles", "length")]
    );
    let mut wrong = decision("9", json!([{"action": "decline"}]));
    wrong["decided_on"] = json!("2030-01-01");
    let refused = approver.post("/decisions", wrong).await.is(422);
    assert_eq!(faults(&refused), [("/decided_on", "date_range"), ("/titles/0", "choice")]);
}
