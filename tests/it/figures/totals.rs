//! What people report beside the records: totals of an area, and a commune's closings.

use hoctap::access::Role;
use serde_json::{Value, json};

use crate::support::records::{COMMUNE, NEIGHBOUR, PROVINCE};
use crate::support::{TestApp, faults};

const TOTALS: &str = "/areas/commune/13669/totals/2026";
const CLOSINGS: &str = "/areas/commune/13669/closings/2026";

fn total(base: &str, total: impl Into<Value>) -> Value {
    let total: Value = total.into();
    json!({"totals": [{"base": base, "total": total, "source": "Công an phường"}]})
}

/// The figure of a base, as it is read back.
fn of<'a>(totals: &'a Value, base: &str) -> &'a Value {
    let items = totals["totals"].as_array().expect("totals");
    items.iter().find(|item| item["base"] == base).unwrap_or(&Value::Null)
}

#[actix_web::test]
async fn totals_are_reported_corrected_and_taken_back_and_nothing_is_forgotten() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let first = recorder.put(TOTALS, total("households", 8500)).await.is(200);
    assert_eq!(of(&first, "households")["total"], 8500);
    assert_eq!(of(&first, "households")["author"], "recorder.13669");
    // Another base stands beside it; who adds one to what is known must know it.
    recorder.put(TOTALS, total("clans", 40)).await.refuses(428, "if_match_required");
    let put = |known: &Value, body: Value| {
        recorder.call(reqwest::Method::PUT, TOTALS).knowing(known).json(&body).send()
    };
    let second = put(&first, total("clans", 40)).await.is(200);
    assert_eq!(of(&second, "households")["total"], 8500);
    // Corrected downwards: totals can shrink.
    put(&first, total("households", 8400)).await.refuses(412, "stale_version");
    let third = put(&second, total("households", 8400)).await.is(200);
    // Saying the same again needs no version and writes nothing.
    let same = recorder.put(TOTALS, total("households", 8400)).await.is(200);
    assert_eq!(same["version"], third["version"]);
    let taken_back = put(&third, total("clans", Value::Null)).await.is(200);
    assert_eq!(of(&taken_back, "clans")["total"], Value::Null);
    let read = recorder.get(&format!("{TOTALS}?history=true")).await.is(200);
    assert_eq!(read["totals"], taken_back["totals"]);
    let history: Vec<(&str, &Value)> = read["history"]
        .as_array()
        .expect("a history")
        .iter()
        .map(|item| (item["base"].as_str().expect("a base"), &item["total"]))
        .collect();
    let (null, n) = (Value::Null, |n: i32| json!(n));
    assert_eq!(
        history,
        [("clans", &null), ("clans", &n(40)), ("households", &n(8400)), ("households", &n(8500))]
    );
    assert!(recorder.get(TOTALS).await.is(200)["history"].is_null());
}

#[actix_web::test]
async fn every_change_of_totals_is_one_entry_of_the_trail() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let auditor = app.user(Role::Auditor, COMMUNE).await;
    recorder.put(TOTALS, total("households", 8500)).await.is(200);
    recorder.put(TOTALS, total("households", 8500)).await.is(200);
    recorder.put(TOTALS, total("households", 8600)).await.refuses(428, "if_match_required");
    let trail = auditor.get("/audit?area=13669").await.is(200);
    let actions: Vec<_> = trail["items"].as_array().expect("items").iter().collect();
    let puts = actions.iter().filter(|entry| entry["action"] == "totals.put").count();
    assert_eq!(puts, 1, "{trail:#}");
    let proof = auditor.get("/audit/verify?area=13669").await.is(200);
    assert_eq!(proof["valid"], true, "{proof:#}");
}

#[actix_web::test]
async fn every_body_reports_for_itself_and_everyone_reads() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let of_province = app.user(Role::Recorder, PROVINCE).await;
    let body = || total("households", 8500);
    recorder.put(TOTALS, body()).await.is(200);
    let neighbours = format!("/areas/commune/{NEIGHBOUR}/totals/2026");
    recorder.put(&neighbours, body()).await.refuses(403, "area_not_covered");
    let provinces = format!("/areas/province/{PROVINCE}/totals/2026");
    recorder.put(&provinces, body()).await.refuses(403, "area_not_covered");
    of_province.put(&provinces, body()).await.is(200);
    of_province.put(&neighbours, body()).await.is(200);
    for role in [Role::Approver, Role::Supervisor, Role::Auditor, Role::Administrator] {
        let other = app.user(role, PROVINCE).await;
        other.put(TOTALS, body()).await.refuses(403, "role_not_allowed");
        assert_eq!(of(&other.get(TOTALS).await.is(200), "households")["total"], 8500);
    }
    app.dashboard(PROVINCE).await.get(TOTALS).await.is(200);
    app.stranger().get(TOTALS).await.refuses(401, "token_missing");
}

#[actix_web::test]
async fn totals_stand_in_the_boundaries_of_the_end_of_their_year() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    // 13636 went whole into 13669 on 1 July 2025: of 2024 it has totals of its own, of 2025 none.
    let before = "/areas/commune/13636/totals/2024";
    recorder.put(before, total("households", 3100)).await.is(200);
    assert_eq!(of(&recorder.get(before).await.is(200), "households")["total"], 3100);
    recorder.get("/areas/commune/13636/totals/2025").await.refuses(404, "not_found");
    assert_eq!(recorder.get(TOTALS).await.is(200)["totals"], json!([]));
    for path in ["/areas/commune/13669/totals/2020", "/areas/commune/13669/totals/2031"] {
        recorder.get(path).await.refuses(404, "not_found");
    }
}

#[actix_web::test]
async fn a_wrong_total_is_explained_whole() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let wrong = json!({"totals": [
        {"base": "households", "total": -1, "source": ""},
        {"base": "clans", "total": 300_000_000, "source": "Công an"},
    ]});
    let problem = recorder.put(TOTALS, wrong).await.refuses(422, "invalid");
    assert_eq!(
        faults(&problem),
        [
            ("/totals/0/source", "length"),
            ("/totals/0/total", "range"),
            ("/totals/1/total", "range"),
        ]
    );
    let line =
        json!({"base": "clans", "total": 3, "source": "Công an", "counted_on": "2999-01-01"});
    let future = recorder.put(TOTALS, json!({"totals": [line]})).await.refuses(422, "invalid");
    assert_eq!(faults(&future), [("/totals/0/counted_on", "date_range")]);
    let line = json!({"base": "clans", "total": 3, "source": "Công an"});
    let twice = json!({"totals": [line, line]});
    let problem = recorder.put(TOTALS, twice).await.refuses(422, "invalid");
    assert_eq!(faults(&problem), [("/totals/1", "repeated")]);
    recorder.put(TOTALS, json!({"totals": [], "note": ""})).await.refuses(422, "invalid");
}

#[actix_web::test]
async fn a_commune_closes_a_kind_and_opens_it_again_with_a_reason() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let closing = |kind: &str, state: &str, reason: &str| json!({"closings": [{"kind": kind, "state": state, "reason": reason}]});
    let closed = recorder.put(CLOSINGS, closing("family", "complete", "")).await.is(200);
    assert_eq!(closed["closings"][0]["state"], "complete");
    let put = |known: &Value, body: Value| {
        recorder.call(reqwest::Method::PUT, CLOSINGS).knowing(known).json(&body).send()
    };
    let unexplained = put(&closed, closing("family", "open", "")).await.refuses(422, "invalid");
    assert_eq!(faults(&unexplained), [("/closings/0/reason", "required")]);
    let opened = put(&closed, closing("family", "open", "Còn sót hai hộ")).await.is(200);
    assert_eq!(opened["closings"][0]["state"], "open");
    put(&closed, closing("clan", "nothing_to_report", "")).await.refuses(412, "stale_version");
    let both = put(&opened, closing("clan", "nothing_to_report", "")).await.is(200);
    assert_eq!(both["closings"].as_array().expect("closings").len(), 2);
    let of_province = app.user(Role::Recorder, PROVINCE).await;
    of_province
        .put("/areas/province/37/closings/2026", closing("family", "complete", ""))
        .await
        .refuses(422, "commune_needed");
    app.user(Role::Supervisor, COMMUNE)
        .await
        .put(CLOSINGS, closing("family", "complete", ""))
        .await
        .refuses(403, "role_not_allowed");
}
