//! A decision entered wrongly: annulled whole or in part, or corrected where only its paper was
//! copied wrongly.

use hoctap::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::proof::prove;
use crate::support::records::{
    COMMUNE, NEIGHBOUR, PROVINCE, decision, family, record, title_at, title_path,
};
use crate::support::{Client, TestApp, faults};

async fn read(client: &Client<'_>, title: &Value) -> Value {
    client
        .get(&title_path(
            &json!({"id": title["holder_id"]}),
            title["year"].as_i64().unwrap() as i16,
        ))
        .await
        .is(200)
}

async fn verified(recorder: &Client<'_>, approver: &Client<'_>, names: &[&str]) -> Vec<Value> {
    let mut titles = Vec::new();
    for name in names {
        let holder = family(recorder, name).await;
        titles.push(title_at(recorder, approver, &holder, 2026, "verified").await);
    }
    titles
}

fn part(action: &str, titles: &[Value]) -> Value {
    json!([{"action": action, "records": titles.iter().map(record).collect::<Vec<_>>()}])
}

fn at(decision: &Value, what: &str) -> String {
    format!("/decisions/{}{what}", decision["id"].as_str().unwrap())
}

#[actix_web::test]
async fn annulled_whole_its_titles_are_what_they_were_and_its_paper_may_be_entered_again() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let titles = verified(&recorder, &approver, &["Trần Văn Bình", "Lê Văn Na", "Vũ Văn Tư"]).await;
    let made =
        approver.post("/decisions", decision("15", part("recognise", &titles))).await.is(201);
    let reason = json!({"reason": "Ghi nhầm danh sách của đợt khác"});
    let path = at(&made, "/annul");
    recorder.step(&path, &made, reason.clone()).await.refuses(403, "role_not_allowed");
    let blind = approver.call(Method::POST, &path).json(&reason).send().await;
    blind.refuses(428, "if_match_required");
    let silent = approver.step(&path, &made, json!({"reason": ""})).await.is(422);
    assert_eq!(faults(&silent), [("/reason", "length")]);
    let annulled = approver.step(&path, &made, reason.clone()).await.is(200);
    assert_eq!(annulled["annulled"]["by"], "approver.13669");
    assert_eq!(annulled["annulled"]["reason"], "Ghi nhầm danh sách của đợt khác");
    for title in &titles {
        let now = read(&recorder, title).await;
        assert_eq!((&now["status"], &now["decision"]), (&json!("verified"), &Value::Null));
        assert_eq!(now["verified_score"], title["verified_score"]);
    }
    // The lines stay where they were.
    let annex = recorder.get(&at(&made, "/titles")).await.is(200);
    for line in annex["items"].as_array().unwrap() {
        assert_eq!(line["annulled"]["by"], "approver.13669");
        assert_eq!(line["action"], "recognise");
    }
    assert_eq!(annex["items"].as_array().unwrap().len(), 3);
    approver.step(&path, &annulled, reason.clone()).await.refuses(409, "decision_annulled");
    let correction = json!({"reason": "Gõ nhầm", "number": "16"});
    approver
        .step(&at(&made, "/correct"), &annulled, correction)
        .await
        .refuses(409, "decision_annulled");
    // The paper exists all the same: entered again, under its number, with the right list.
    let mut right = Vec::new();
    for title in &titles[..2] {
        right.push(read(&recorder, title).await);
    }
    approver.post("/decisions", decision("15", part("recognise", &right))).await.is(201);
    assert_eq!(read(&recorder, &titles[0]).await["status"], "recognised");
    prove(&app).await;
}

#[actix_web::test]
async fn annulled_for_some_the_others_stand() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let titles = verified(&recorder, &approver, &["Trần Văn Bình", "Lê Văn Na", "Vũ Văn Tư"]).await;
    let made = approver.post("/decisions", decision("15", part("decline", &titles))).await.is(201);
    let path = at(&made, "/annul");
    let stale = json!({"reason": "Nhầm tên", "records": [record(&titles[0])]});
    let refused = approver.step(&path, &made, stale).await.refuses(409, "titles_refused");
    assert_eq!(faults(&refused), [("/records/0", "stale_version")]);
    assert!(
        refused["errors"][0]["detail"]
            .as_str()
            .unwrap()
            .starts_with(titles[0]["code"].as_str().unwrap())
    );
    let first = read(&recorder, &titles[0]).await;
    let some = json!({"reason": "Nhầm tên", "records": [record(&first)]});
    let after = approver.step(&path, &made, some.clone()).await.is(200);
    assert_eq!(after["annulled"], Value::Null, "the decision itself stands");
    assert_eq!(read(&recorder, &first).await["status"], "verified");
    assert_eq!(read(&recorder, &titles[1]).await["status"], "not_recognised");
    let again = approver.step(&path, &after, some).await.refuses(409, "titles_refused");
    assert_eq!(faults(&again), [("/records/0", "not_found")]);
    let annex = recorder.get(&at(&made, "/titles")).await.is(200);
    let marks: Vec<bool> =
        annex["items"].as_array().unwrap().iter().map(|l| !l["annulled"].is_null()).collect();
    assert_eq!(marks, [true, false, false]);
    // Once the last line is gone the decision is.
    let rest = approver.step(&path, &after, json!({"reason": "Nhầm cả danh sách"})).await.is(200);
    assert_eq!(rest["annulled"]["reason"], "Nhầm cả danh sách");
    let annex = recorder.get(&at(&made, "/titles")).await.is(200);
    assert_eq!(annex["items"][0]["annulled"]["reason"], "Nhầm tên", "each keeps its own reason");
    prove(&app).await;
}

#[actix_web::test]
async fn a_revocation_annulled_leaves_the_title_recognised_by_its_earlier_decision() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let titles = verified(&recorder, &approver, &["Trần Văn Bình", "Lê Văn Na"]).await;
    let first =
        approver.post("/decisions", decision("1", part("recognise", &titles))).await.is(201);
    let recognised = vec![read(&recorder, &titles[0]).await];
    let second =
        approver.post("/decisions", decision("2", part("revoke", &recognised))).await.is(201);
    // What the second did stands in the way of annulling the first, by name.
    let reason = json!({"reason": "Ghi nhầm"});
    let refused = approver.step(&at(&first, "/annul"), &first, reason.clone()).await;
    let refused = refused.refuses(409, "titles_refused");
    assert_eq!(refused["errors"].as_array().unwrap().len(), 1);
    assert_eq!(refused["errors"][0]["code"], "later_act");
    assert!(
        refused["errors"][0]["detail"]
            .as_str()
            .unwrap()
            .starts_with(titles[0]["code"].as_str().unwrap())
    );
    assert_eq!(read(&recorder, &titles[1]).await["status"], "recognised", "nothing was changed");
    approver.step(&at(&second, "/annul"), &second, reason.clone()).await.is(200);
    let again = read(&recorder, &titles[0]).await;
    assert_eq!((&again["status"], &again["decision"]), (&json!("recognised"), &first["id"]));
    approver.step(&at(&first, "/annul"), &first, reason.clone()).await.is(200);
    assert_eq!(read(&recorder, &titles[0]).await["status"], "verified");
    // A title reopened after it was declined has gone on, too.
    let open = vec![read(&recorder, &titles[0]).await];
    let third = approver.post("/decisions", decision("3", part("decline", &open))).await.is(201);
    let declined = read(&recorder, &titles[0]).await;
    let path = title_path(&json!({"id": declined["holder_id"]}), 2026);
    recorder
        .step(&format!("{path}/reopen"), &declined, json!({"reason": "Khiếu nại"}))
        .await
        .is(200);
    let refused = approver.step(&at(&third, "/annul"), &third, reason).await;
    assert_eq!(refused.refuses(409, "titles_refused")["errors"][0]["code"], "later_act");
    prove(&app).await;
}

#[actix_web::test]
async fn a_wrong_number_day_or_signatory_is_corrected_and_the_annex_stays() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let provincial = app.user(Role::Approver, PROVINCE).await;
    let foreign = app.user(Role::Approver, NEIGHBOUR).await;
    let titles = verified(&recorder, &approver, &["Trần Văn Bình", "Lê Văn Na"]).await;
    approver.post("/decisions", decision("14", part("recognise", &titles[1..]))).await.is(201);
    let made =
        approver.post("/decisions", decision("15", part("recognise", &titles[..1]))).await.is(201);
    let annex = recorder.get(&at(&made, "/titles")).await.is(200);
    let path = at(&made, "/correct");
    let correction = json!({
        "reason": "Gõ nhầm số và người ký",
        "number": "15b",
        "decided_on": "2026-11-18",
        "signatory": {"name": "Phạm Văn Chính", "position": "Chủ tịch", "capacity": ""},
    });
    recorder.step(&path, &made, correction.clone()).await.refuses(403, "role_not_allowed");
    foreign.step(&path, &made, correction.clone()).await.refuses(404, "not_found");
    let taken = json!({"reason": "Nhầm", "number": "14"});
    approver.step(&path, &made, taken).await.refuses(409, "number_taken");
    let wrong = json!({"reason": "Nhầm", "decided_on": "2031-01-01"});
    assert_eq!(
        faults(&approver.step(&path, &made, wrong).await.is(422)),
        [("/decided_on", "date_range")]
    );
    let fixed = approver.step(&path, &made, correction.clone()).await.is(200);
    assert_eq!(fixed["reference"], "15b/QĐ-UBND");
    assert_eq!(fixed["decided_on"], "2026-11-18");
    assert_eq!(fixed["signatory"]["position"], "Chủ tịch");
    approver.step(&path, &made, correction.clone()).await.refuses(412, "stale_version");
    // The same again is no change, and so no entry.
    let same = approver.step(&path, &fixed, correction).await.is(200);
    assert_eq!(same["version"], fixed["version"]);
    assert_eq!(recorder.get(&at(&made, "/titles")).await.is(200), annex);
    assert_eq!(read(&recorder, &titles[0]).await["decision"], made["id"]);
    // An approver above may mend what was entered below.
    let above = json!({"reason": "Thêm ký hiệu", "symbol": "QĐ-UBND-VX"});
    provincial.step(&path, &fixed, above).await.is(200);
    let history = recorder.get(&at(&made, "/history")).await.is(200);
    let told: Vec<&str> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|h| h["sentence"].as_str().unwrap())
        .collect();
    assert!(
        told[0].contains("ký hiệu từ QĐ-UBND thành QĐ-UBND-VX. Lý do: Thêm ký hiệu."),
        "{told:#?}"
    );
    assert!(told[1].contains("số từ 15 thành 15b"), "{told:#?}");
    assert!(told[1].contains("người ký từ “Nguyễn Thị Hạnh” thành “Phạm Văn Chính”"), "{told:#?}");
    assert_eq!(told.len(), 3);
    prove(&app).await;
}
