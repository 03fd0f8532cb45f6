//! Lists of earlier years: of communes of that day, recognised by decisions of bodies of that day.

use hoctap::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::lists::{apply, csv, hamlets, id};
use crate::support::proof::prove;
use crate::support::records::{COMMUNE, NEIGHBOUR, PROVINCE};
use crate::support::{Client, TestApp};

/// Phường Vị Xuyên of Thành phố Nam Định, since 1 July 2025 part of Phường Nam Định.
const FORMER: &str = "13636";
const DISTRICT: &str = "356";

async fn send(recorder: &Client<'_>, query: &str, file: Vec<u8>) -> crate::support::Answer {
    let call = recorder.call(Method::POST, &format!("/imports?{query}"));
    call.header("prefer", "wait=60").bytes(file).send().await
}

#[actix_web::test]
async fn a_list_of_2023_is_recognised_by_its_decision_of_a_district_that_is_no_more() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let neighbour = app.user(Role::Recorder, NEIGHBOUR).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    hamlets(&recorder, "tổ dân phố", &["1", "2"]).await;
    // The annex of a decision names people and says no more; one name is struck out.
    let list = csv(
        "STT;Họ và tên chủ hộ;Năm sinh;Tổ dân phố;Kết quả",
        &["1;Trần Văn An;1970;1;", "2;Nguyễn Thị Bình;1985;2;", "3;Lê Văn Cường;1960;2;Không đạt"],
    );
    let query = format!("kind=family&year=2023&area={FORMER}&on=2024-01-15&annex=true");
    send(&neighbour, &query, list.clone()).await.refuses(403, "area_not_covered");
    let today = format!("kind=family&year=2023&area={FORMER}&annex=true");
    send(&recorder, &today, list.clone()).await.refuses(422, "invalid");
    let future = format!("kind=family&year=2023&area={FORMER}&on=2027-01-15");
    send(&recorder, &future, list.clone()).await.refuses(422, "invalid");
    let import = send(&recorder, &query, list.clone()).await.is(200);
    assert_eq!((&import["area"], &import["on"]), (&json!(FORMER), &json!("2024-01-15")));
    assert_eq!(import["summary"]["good"], 3, "{import:#}");
    let import = apply(&recorder, &import, true).await;
    let listed = approver.get(&format!("/titles?import={}", id(&import))).await.is(200);
    let listed = listed["items"].as_array().unwrap();
    for title in listed {
        assert_eq!((&title["area"], &title["status"]), (&json!(FORMER), &json!("verified")));
        assert_eq!(title["registered_on"], "2024-01-15");
    }
    // The approver enters the decision of that day over the whole list.
    let part = |action: &str, outcome: &str, expected: i64| {
        json!({
            "action": action,
            "select": {"kind": "family", "area": COMMUNE, "year": 2023, "status": "verified",
                       "import": id(&import), "outcome": outcome},
            "expected": expected,
        })
    };
    let entered = |area: &str, on: &str| {
        json!({
            "document": "decision",
            "authority": {"area": area, "body": "peoples_committee"},
            "number": "112", "symbol": "QĐ-UBND", "decided_on": on,
            "signatory": {"name": "Phạm Duy Hưng", "position": "Chủ tịch"},
            "titles": [part("recognise", "passes", 2), part("decline", "fails", 1)],
        })
    };
    recorder
        .post("/decisions", entered(DISTRICT, "2024-01-31"))
        .await
        .refuses(403, "role_not_allowed");
    approver.post("/decisions", entered(DISTRICT, "2026-01-31")).await.refuses(422, "invalid");
    approver.post("/decisions", entered("359", "2024-01-31")).await.refuses(409, "titles_refused");
    let made = approver.post("/decisions", entered(DISTRICT, "2024-01-31")).await.is(201);
    assert_eq!(made["authority"]["name"], "UBND Thành phố Nam Định");
    let lines = approver.get(&format!("/decisions/{}/titles", made["id"].as_str().unwrap())).await;
    let lines = lines.is(200);
    let annexed: Vec<(&Value, &Value, &Value)> = lines["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (&line["name"], &line["action"], &line["area"]))
        .collect();
    assert!(annexed.contains(&(&json!("Trần Văn An"), &json!("recognise"), &json!(FORMER))));
    assert!(annexed.contains(&(&json!("Lê Văn Cường"), &json!("decline"), &json!(FORMER))));
    // The year 2023 shows them, in the commune that has them today.
    let path =
        format!("/statistics?kind=family&level=commune&area={COMMUNE}&year_from=2023&year_to=2023");
    let figures = recorder.get(&path).await.is(200);
    let row = &figures["items"][0];
    assert_eq!((&row["recognised"], &row["registered"]), (&json!(2), &json!(3)), "{figures:#}");
    // The same families go on under the commune of today.
    let next = format!("kind=family&year=2026&area={COMMUNE}");
    let import = send(&recorder, &next, list.clone()).await.is(200);
    assert_eq!((&import["summary"]["matched"], &import["summary"]["new"]), (&json!(3), &json!(0)));
    apply(&recorder, &import, true).await;
    let titles = recorder.get(&format!("/titles?import={}", id(&import))).await.is(200);
    assert!(titles["items"].as_array().unwrap().iter().all(|title| title["area"] == COMMUNE));
    // And the list of 2023, sent once more, changes nothing.
    let again = send(&recorder, &query, list).await.is(200);
    assert_eq!(
        (&again["summary"]["changed"], &again["summary"]["bad"]),
        (&json!(0), &json!(0)),
        "{again:#}"
    );
    let verdict = auditor.get(&format!("/audit/verify?area={COMMUNE}")).await.is(200);
    assert_eq!(verdict["valid"], true);
    prove(&app).await;
}

#[actix_web::test]
async fn a_list_of_2023_may_say_what_each_scored() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    hamlets(&recorder, "tổ dân phố", &["1"]).await;
    let list = csv(
        "STT;Họ và tên chủ hộ;Năm sinh;Tổ dân phố;Điểm tự chấm;Điểm thẩm định",
        &["1;Trần Văn An;1970;1;90;88", "2;Nguyễn Thị Bình;1985;1;60;45"],
    );
    let query = format!("kind=family&year=2023&area={FORMER}&on=2024-01-15");
    let import = send(&recorder, &query, list).await.is(200);
    assert_eq!(import["summary"]["good"], 2, "{import:#}");
    apply(&recorder, &import, true).await;
    let listed = recorder.get(&format!("/titles?import={}", id(&import))).await.is(200);
    let told: Vec<Value> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|title| {
            json!([
                title["name"],
                title["status"],
                title["own_score"]["total"],
                title["verified_score"]["total"],
                title["assessment"]["outcome"]
            ])
        })
        .collect();
    let an = json!(["Trần Văn An", "verified", 90.0, 88.0, "passes"]);
    let binh = json!(["Nguyễn Thị Bình", "verified", 60.0, 45.0, "fails"]);
    assert_eq!(told, [binh, an], "by name");
    prove(&app).await;
}
