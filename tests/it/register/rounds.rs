//! Rounds: deadlines from above, late entries with their reason and mark, closings, and who is overdue.

use hoctap::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::proof::prove;
use crate::support::records::{
    COMMUNE, NEIGHBOUR, PROVINCE, family, holder, record, title_at, title_path,
};
use crate::support::{Client, TestApp, faults};

/// A year whose deadlines are over, and one whose deadlines lie ahead.
const PAST: i16 = 2025;
const AHEAD: i16 = 2030;

fn rounds(of: &[(&str, Option<&str>, Option<&str>)]) -> Value {
    let rounds: Vec<Value> = of
        .iter()
        .map(|(kind, registration, decision)| {
            json!({"kind": kind, "registration_until": registration, "decision_until": decision})
        })
        .collect();
    json!({"rounds": rounds})
}

async fn set(
    supervisor: &Client<'_>,
    year: i16,
    of: &[(&str, Option<&str>, Option<&str>)],
) -> Value {
    let path = format!("/areas/province/{PROVINCE}/rounds/{year}");
    let known = supervisor.get(&path).await.is(200);
    let call = supervisor.call(Method::PUT, &path).knowing(&known);
    call.json(&rounds(of)).send().await.is(200)
}

#[actix_web::test]
async fn communes_inherit_the_deadlines_of_their_province_unless_they_have_their_own() {
    let app = TestApp::start().await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let local = app.user(Role::Supervisor, COMMUNE).await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let of =
        [("family", Some("2025-03-31"), Some("2026-02-15")), ("clan", None, Some("2026-02-15"))];
    let put = set(&supervisor, PAST, &of).await;
    assert_eq!(put["rounds"][0]["set_by"], PROVINCE);
    let here = format!("/areas/commune/{COMMUNE}/rounds/{PAST}");
    recorder.put(&here, rounds(&of)).await.refuses(403, "role_not_allowed");
    let seen = recorder.get(&here).await.is(200);
    assert_eq!(seen["rounds"].as_array().unwrap().len(), 2);
    assert_eq!(seen["rounds"][0]["registration_until"], "2025-03-31");
    assert_eq!(seen["rounds"][0]["set_by"], PROVINCE);
    // The commune allows itself more time; later it takes that back.
    let more = [("family", Some("2025-04-30"), Some("2026-02-15"))];
    let own = local.put(&here, rounds(&more)).await.is(200);
    assert_eq!(
        (&own["rounds"][0]["registration_until"], &own["rounds"][0]["set_by"]),
        (&json!("2025-04-30"), &json!(COMMUNE))
    );
    let blind = local.put(&here, rounds(&[("family", None, None)])).await;
    blind.refuses(428, "if_match_required");
    let call = local.call(Method::PUT, &here).knowing(&own);
    let back = call.json(&rounds(&[("family", None, None)])).send().await.is(200);
    assert_eq!(back["rounds"][0]["set_by"], PROVINCE);
    local
        .put(&format!("/areas/province/{PROVINCE}/rounds/{PAST}"), rounds(&of))
        .await
        .refuses(403, "area_not_covered");
    let wrong = rounds(&[
        ("family", Some("2024-12-31"), None),
        ("unit", Some("2026-05-01"), Some("2026-04-01")),
    ]);
    let refused = local.put(&here, wrong).await.is(422);
    assert_eq!(
        faults(&refused),
        [
            ("/rounds/0/registration_until", "date_range"),
            ("/rounds/1/decision_until", "dates_reversed")
        ]
    );
    prove(&app).await;
}

#[actix_web::test]
async fn what_comes_late_says_why_and_is_marked_and_nobody_vanishes_any_more() {
    let app = TestApp::start().await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let first = family(&recorder, "Trần Văn Bình").await;
    let second = family(&recorder, "Lê Văn Na").await;
    let early = recorder.put(&title_path(&first, PAST), json!({})).await.is(200);
    assert_eq!(early["late"], false);
    set(&supervisor, PAST, &[("family", Some("2025-03-31"), Some("2026-02-15"))]).await;
    set(&supervisor, AHEAD, &[("family", Some("2030-03-31"), Some("2031-02-15"))]).await;
    // Before the deadline everything is as usual.
    let ahead = recorder.put(&title_path(&second, AHEAD), json!({})).await.is(200);
    let score = json!({"score": {"total": 85}});
    let assess = |path: &str| format!("{path}/assess");
    let other = recorder.put(&title_path(&first, AHEAD), json!({})).await.is(200);
    let done =
        recorder.step(&assess(&title_path(&first, AHEAD)), &other, score.clone()).await.is(200);
    assert_eq!(done["late"], false);
    recorder.delete(&title_path(&second, AHEAD), &ahead).await.is(204);
    // After it a registration is withdrawn, not deleted.
    let at = title_path(&first, PAST);
    recorder.delete(&at, &early).await.refuses(409, "registration_closed");
    // Registering again is no new entry; registering somebody else is, and says why.
    assert_eq!(recorder.put(&at, json!({})).await.is(200), early);
    let late = title_path(&second, PAST);
    let refused = recorder.put(&late, json!({})).await.is(422);
    assert_eq!(faults(&refused), [("/reason", "late_reason_needed")]);
    let reason = json!({"reason": "Hộ mới chuyển về"});
    let title = recorder.put(&late, reason).await.is(200);
    assert_eq!(title["late"], true);
    // So are scores after the day of the decision, one by one or in a batch.
    let refused = recorder.step(&assess(&at), &early, score.clone()).await.is(422);
    assert_eq!(faults(&refused), [("/reason", "late_reason_needed")]);
    let patch = json!({"own_score": {"total": 85}});
    let refused = recorder.patch(&at, &early, patch.clone()).await.is(422);
    assert_eq!(faults(&refused), [("/reason", "late_reason_needed")]);
    let mut explained = patch.clone();
    explained["reason"] = json!("Phiếu chấm đến muộn");
    let title = recorder.patch(&late, &title, explained.clone()).await.is(200);
    let early = recorder.patch(&at, &early, explained).await.is(200);
    let mut batch = json!({"step": "assess", "records": [record(&early), record(&title)]});
    let refused = recorder.post("/titles/steps", batch.clone()).await.is(422);
    assert_eq!(faults(&refused), [("/reason", "late_reason_needed")]);
    batch["reason"] = json!("Phiếu chấm đến muộn");
    assert_eq!(recorder.post("/titles/steps", batch).await.is(200)["changed"], 2);
    for (filter, count) in [("true", 2), ("false", 1)] {
        let list = recorder.get(&format!("/titles?late={filter}&count=exact")).await.is(200);
        assert_eq!(list["count"], count, "late={filter}");
    }
    let title = recorder.get(&late).await.is(200);
    recorder.step(&format!("{late}/withdraw"), &title, json!({"reason": "Xin rút"})).await.is(200);
    let path = format!("/holders/{}/history", second["code"].as_str().unwrap());
    let history = recorder.get(&path).await.is(200);
    let told: Vec<&str> = history["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|h| h["sentence"].as_str().unwrap())
        .collect();
    assert!(
        told.iter().any(|s| s.contains("đăng ký danh hiệu Gia đình học tập năm 2025")
            && s.contains("đánh dấu trễ hạn")
            && s.ends_with("Lý do: Hộ mới chuyển về.")),
        "{told:#?}"
    );
    prove(&app).await;
}

#[actix_web::test]
async fn what_is_opened_again_or_corrected_after_its_deadline_is_late_too() {
    let app = TestApp::start().await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let mut titles = Vec::new();
    for (name, status) in [("Bình", "withdrawn"), ("Na", "verified"), ("Tư", "verified")] {
        let holder = family(&recorder, &format!("Trần Thị {name}")).await;
        let title = title_at(&recorder, &approver, &holder, PAST, status).await;
        assert_eq!(title["late"], false);
        titles.push((title_path(&holder, PAST), title));
    }
    set(&supervisor, PAST, &[("family", Some("2025-03-31"), Some("2026-02-15"))]).await;
    let [(withdrawn, before), (scored, verified), (elsewhere, wrong)] = &titles[..] else {
        panic!("three titles")
    };
    let reason = json!({"reason": "Gia đình xin xét lại"});
    let again = recorder.step(&format!("{withdrawn}/reopen"), before, reason).await.is(200);
    assert_eq!((&again["status"], &again["late"]), (&json!("registered"), &json!(true)));
    let right = json!({"verified_score": {"total": 91}, "reason": "Cộng nhầm"});
    recorder.step(&format!("{scored}/correct"), verified, right).await.is(200);
    assert_eq!(recorder.get(scored).await.is(200)["late"], true);
    // What was entered in time under a wrong year was entered in time.
    let right = json!({"year": AHEAD, "reason": "Ghi nhầm năm"});
    recorder.step(&format!("{elsewhere}/correct"), wrong, right).await.is(200);
    let moved = elsewhere.replace(&PAST.to_string(), &AHEAD.to_string());
    assert_eq!(recorder.get(&moved).await.is(200)["late"], false);
}

#[actix_web::test]
async fn a_list_that_comes_late_says_why_once_for_all_its_rows() {
    let app = TestApp::start().await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    set(&supervisor, PAST, &[("family", Some("2025-03-31"), Some("2026-02-15"))]).await;
    let list = "STT,Họ và tên chủ hộ,Điểm tự chấm\n1,Trần Văn Bình,85\n2,Lê Văn Na,90\n";
    let sent =
        recorder.call(Method::POST, &format!("/imports?kind=family&area={COMMUNE}&year={PAST}"));
    let import = sent.header("prefer", "wait=20").bytes(list).send().await.is(200);
    // The check says so before anybody asks for a reason.
    assert_eq!(import["summary"]["late"], 2);
    let apply = format!("/imports/{}/apply", import["id"].as_str().unwrap());
    let refused = recorder.post(&apply, json!({"atomic": true})).await.is(422);
    assert_eq!(faults(&refused), [("/reason", "late_reason_needed")]);
    assert_eq!(recorder.get("/titles?count=exact").await.is(200)["count"], 0);
    let reason = json!({"atomic": true, "reason": "Danh sách nộp bổ sung"});
    recorder.post(&apply, reason).await.is(200);
    let late = recorder.get("/titles?late=true&status=self_assessed&count=exact").await.is(200);
    assert_eq!(late["count"], 2);
    prove(&app).await;
}

#[actix_web::test]
async fn a_commune_that_has_closed_opens_again_or_enters_late() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let clan = holder(&recorder, "clan", COMMUNE, json!({"name": "Họ Vũ Đình"})).await;
    let other = holder(&recorder, "clan", COMMUNE, json!({"name": "Họ Phạm"})).await;
    let family = family(&recorder, "Trần Văn Bình").await;
    let closings = format!("/areas/commune/{COMMUNE}/closings/{AHEAD}");
    let close = json!({"closings": [{"kind": "clan", "state": "complete"}]});
    let closed = recorder.put(&closings, close).await.is(200);
    let path = title_path(&clan, AHEAD);
    let refused = recorder.put(&path, json!({})).await.is(422);
    assert_eq!(faults(&refused), [("/reason", "late_reason_needed")]);
    let title = recorder.put(&path, json!({"reason": "Bỏ sót khi lập danh sách"})).await.is(200);
    assert_eq!(title["late"], true);
    recorder.delete(&path, &title).await.refuses(409, "registration_closed");
    // Another kind was not closed.
    assert_eq!(recorder.put(&title_path(&family, AHEAD), json!({})).await.is(200)["late"], false);
    let silent = json!({"closings": [{"kind": "clan", "state": "open"}]});
    let call = recorder.call(Method::PUT, &closings).knowing(&closed);
    assert_eq!(
        faults(&call.json(&silent).send().await.is(422)),
        [("/closings/0/reason", "required")]
    );
    let open =
        json!({"closings": [{"kind": "clan", "state": "open", "reason": "Bổ sung 1 dòng họ"}]});
    let call = recorder.call(Method::PUT, &closings).knowing(&closed);
    call.json(&open).send().await.is(200);
    assert_eq!(recorder.put(&title_path(&other, AHEAD), json!({})).await.is(200)["late"], false);
    prove(&app).await;
}

#[actix_web::test]
async fn the_supervisor_sees_who_is_overdue_and_what_waits_there() {
    let app = TestApp::start().await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    for (name, step) in [("Trần Văn Bình", false), ("Lê Văn Na", false), ("Vũ Văn Tư", true)]
    {
        let path = title_path(&family(&recorder, name).await, PAST);
        let title = recorder.put(&path, json!({})).await.is(200);
        if step {
            let score = json!({"score": {"total": 85}});
            recorder.step(&format!("{path}/assess"), &title, score).await.is(200);
        }
    }
    let overdue = format!("/areas/province/{PROVINCE}/overdue?year={PAST}");
    assert_eq!(
        supervisor.get(&overdue).await.is(200)["items"],
        json!([]),
        "no deadline, nobody late"
    );
    set(
        &supervisor,
        PAST,
        &[("family", Some("2025-03-31"), Some("2026-02-15")), ("clan", Some("2025-03-31"), None)],
    )
    .await;
    let family = format!("{overdue}&kind=family&limit=500");
    let found = supervisor.get(&family).await.is(200);
    let all = found["items"].as_array().unwrap();
    assert_eq!(all.len(), 129, "every commune of the province");
    let here = all.iter().find(|o| o["commune"] == COMMUNE).unwrap();
    assert_eq!(
        (&here["registered"], &here["self_assessed"], &here["due"]),
        (&json!(2), &json!(1), &json!("2026-02-15"))
    );
    assert!(here["days"].as_i64().unwrap() > 200);
    let there = all.iter().find(|o| o["commune"] == NEIGHBOUR).unwrap();
    assert_eq!(there["registered"], 0);
    // Closed, it is off the list; opened again, it is back.
    let closings = format!("/areas/commune/{COMMUNE}/closings/{PAST}");
    let close = json!({"closings": [{"kind": "family", "state": "complete"}]});
    let closed = recorder.put(&closings, close).await.is(200);
    let found = supervisor.get(&family).await.is(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 128);
    let open = json!({"closings": [{"kind": "family", "state": "open", "reason": "Bổ sung"}]});
    recorder.call(Method::PUT, &closings).knowing(&closed).json(&open).send().await.is(200);
    // Both kinds, page by page, each commune and kind once.
    let (mut seen, mut next) = (Vec::new(), format!("{overdue}&limit=100"));
    loop {
        let page = supervisor.get(&next).await.is(200);
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|o| format!("{} {}", o["commune"], o["kind"])),
        );
        match page["next"].as_str() {
            Some(cursor) => next = format!("{overdue}&limit=100&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 258);
    seen.dedup();
    assert_eq!(seen.len(), 258);
    recorder.get(&overdue).await.refuses(403, "role_not_allowed");
    let local = app.user(Role::Supervisor, NEIGHBOUR).await;
    local.get(&overdue).await.refuses(404, "not_found");
    prove(&app).await;
}
