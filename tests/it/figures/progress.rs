//! How far an area is from its targets, and whose they are.

use hoctap::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::records::{COMMUNE, PROVINCE, close_day, family, holder, recognise, verified};
use crate::support::{Client, TestApp};

async fn total(recorder: &Client<'_>, year: i16, base: &str, total: i32) {
    let path = format!("/areas/commune/13669/totals/{year}");
    let known = recorder.get(&path).await.is(200);
    let body = json!({"totals": [{"base": base, "total": total, "source": "Công an"}]});
    recorder.call(Method::PUT, &path).knowing(&known).json(&body).send().await.is(200);
}

async fn progress(client: &Client<'_>, question: &str) -> Vec<Value> {
    let answer = client.get(&format!("/statistics/progress?{question}")).await.is(200);
    answer["items"].as_array().expect("items").clone()
}

#[actix_web::test]
async fn a_commune_is_held_to_the_nearest_target_of_each_year() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let mut families = Vec::new();
    for n in 0..7 {
        families.push(family(&recorder, &format!("Nguyễn Văn Số {n}")).await);
    }
    for (year, recognised) in [(2025, 7), (2026, 5)] {
        let titles = verified(&recorder, &families[..recognised], year, json!({"total": 90})).await;
        recognise(&approver, &year.to_string(), &titles).await;
        total(&recorder, year, "households", 10).await;
    }
    let rows = progress(&app.stranger(), "area=13669&kind=family&year=2026").await;
    let seen: Vec<Value> = rows
        .iter()
        .map(|row| {
            let fields = [
                "target_year",
                "target",
                "set_by",
                "year",
                "recognised",
                "rate",
                "reached",
                "needed",
                "gap",
                "yearly",
            ];
            fields.iter().map(|field| row[*field].clone()).collect()
        })
        .collect();
    assert_eq!(
        seen,
        [
            // The target of 2025 is held against the figures of 2025; it was reached.
            json!([2025, 70.0, "VN", 2025, 7, 70.0, true, 7, 0, null]),
            json!([2030, 80.0, "VN", 2026, 5, 50.0, false, 8, 3, 1]),
        ]
    );
    let body = json!({"targets": [
        {"kind": "family", "base": "households", "percent": 95.5, "source": "Kế hoạch tỉnh"},
    ]});
    supervisor.put("/areas/province/37/targets/2030", body).await.is(200);
    let rows = progress(&app.stranger(), "area=13669&kind=family&year=2026").await;
    let last = &rows[1];
    assert_eq!((&last["set_by"], &last["target"]), (&json!("37"), &json!(95.5)));
    assert_eq!(
        (&last["needed"], &last["gap"], &last["yearly"]),
        (&json!(10), &json!(5), &json!(2))
    );
    assert_eq!(last["target_source"], "Kế hoạch tỉnh");
    // Of the province only one commune has a total: there is no rate, and no gap to tell.
    let rows = progress(&app.stranger(), "area=37&kind=family&year=2026").await;
    assert_eq!((&rows[1]["recognised"], &rows[1]["total_source"]), (&json!(5), &json!("partial")));
    assert_eq!((&rows[1]["rate"], &rows[1]["gap"]), (&Value::Null, &Value::Null));
    let deep = "area=37&kind=family&year=2026&depth=commune&limit=500";
    assert_eq!(progress(&app.stranger(), deep).await.len(), 2 * 129);
}

#[actix_web::test]
async fn officials_are_held_to_a_target_of_their_own_for_those_logged_in() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let mut citizens = Vec::new();
    for (name, group) in [("Lê Thị Hoa", "officials"), ("Lê Thị Huệ", "farmers")] {
        let more = json!({"name": name, "group": group, "details": {"birth_year": 1980}});
        citizens.push(holder(&recorder, "citizen", COMMUNE, more).await);
    }
    let titles = verified(&recorder, &citizens, 2026, json!({"total": 90})).await;
    recognise(&approver, "1", &titles).await;
    total(&recorder, 2026, "officials", 4).await;
    total(&recorder, 2026, "adults_in_learning_holders", 8).await;
    let question = "area=13669&kind=citizen&year=2026";
    let of = |rows: &[Value], group: Value| {
        let row = rows.iter().find(|row| row["target_year"] == 2030 && row["group"] == group);
        row.cloned()
    };
    let rows = progress(&recorder, question).await;
    let officials = of(&rows, json!("officials")).expect("a target of officials");
    assert_eq!((&officials["base"], &officials["rate"]), (&json!("officials"), &json!(25.0)));
    let all = of(&rows, Value::Null).expect("a target of all");
    assert_eq!((&all["base"], &all["rate"]), (&json!("adults_in_learning_holders"), &json!(25.0)));
    assert_eq!((&all["recognised"], &officials["recognised"]), (&json!(2), &json!(1)));
    let public = progress(&app.stranger(), question).await;
    assert!(of(&public, json!("officials")).is_none() && of(&public, Value::Null).is_some());
}

#[actix_web::test]
async fn progress_is_told_as_of_a_day_and_on_another_map() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let supervisor = app.user(Role::Supervisor, PROVINCE).await;
    let families = [family(&recorder, "Trần Văn An").await, family(&recorder, "Lê Văn Bình").await];
    let first = verified(&recorder, &families[..1], 2026, json!({"total": 90})).await;
    recognise(&approver, "1", &first).await;
    total(&recorder, 2026, "households", 4).await;
    let day = close_day(&app).await;
    let second = verified(&recorder, &families[1..], 2026, json!({"total": 90})).await;
    recognise(&approver, "2", &second).await;
    total(&recorder, 2026, "households", 8).await;
    let target = json!({"targets": [{"kind": "family", "base": "households", "percent": 50,
                                     "source": "Kế hoạch tỉnh"}]});
    supervisor.put("/areas/province/37/targets/2030", target).await.is(200);
    close_day(&app).await;
    let question = "area=13669&kind=family&year=2026";
    let of_2030 = async |question: &str| {
        let rows = progress(&app.stranger(), question).await;
        let row = rows.into_iter().find(|row| row["target_year"] == 2030).expect("a target");
        json!([row["target"], row["set_by"], row["recognised"], row["total"], row["rate"]])
    };
    assert_eq!(of_2030(question).await, json!([50.0, "37", 2, 8, 25.0]));
    let then = format!("{question}&as_of={day}");
    assert_eq!(of_2030(&then).await, json!([80.0, "VN", 1, 4, 25.0]));
    // The former province had other communes too, whose totals nobody gave.
    let former = "area=36&kind=family&year=2026&boundaries=2025-06-30";
    assert_eq!(of_2030(former).await, json!([80.0, "VN", 2, 8, null]));
    for (question, code) in
        [("as_of=2030-01-01", "day_not_closed"), ("boundaries=recorded", "invalid")]
    {
        let answer = app.stranger().get(&format!("/statistics/progress?{question}")).await;
        answer.refuses(422, code);
    }
}
