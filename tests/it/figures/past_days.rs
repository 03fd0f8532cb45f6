//! The register as it was known at the end of a closed day: the same answer for ever.

use chrono::Days;
use hoctap::access::Role;
use hoctap::base::clock::today;
use serde_json::{Value, json};

use crate::support::records::{
    COMMUNE, NEIGHBOUR, PROVINCE, close_day, decision, family, holder, record, register_is_sound,
    title_at, title_path,
};
use crate::support::{Client, TestApp, faults};

/// The only row of a question.
async fn row(client: &Client<'_>, question: &str) -> Value {
    let answer = client.get(&format!("/statistics?{question}")).await.is(200);
    let items = answer["items"].as_array().expect("items");
    assert_eq!(items.len(), 1, "{items:#?}");
    items[0].clone()
}

#[actix_web::test]
async fn a_closed_day_is_told_as_it_was_known_whatever_comes_later() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let put_total = async |total: i32| {
        let path = "/areas/commune/13669/totals/2026";
        let known = recorder.get(path).await.is(200);
        let body = json!({"totals": [{"base": "households", "total": total, "source": "Công an"}]});
        let call = recorder.call(reqwest::Method::PUT, path).knowing(&known);
        call.json(&body).send().await.is(200);
    };
    let question = "area=13669&kind=family&year_from=2026";
    let first = family(&recorder, "Trần Văn An").await;
    title_at(&recorder, &approver, &first, 2026, "verified").await;
    put_total(4).await;
    let one = close_day(&app).await;
    let asked = format!("/statistics?{question}&as_of={one}");
    let bytes = recorder.get(&asked).await.bytes;
    // The next day another comes, the total is corrected, a year is closed.
    let second = family(&recorder, "Lê Thị Bình").await;
    title_at(&recorder, &approver, &second, 2026, "recognised").await;
    put_total(5).await;
    let closing = json!({"closings": [{"kind": "family", "state": "complete"}]});
    recorder.put("/areas/commune/13669/closings/2026", closing).await.is(200);
    let two = close_day(&app).await;
    assert_eq!(two, one + Days::new(1));
    let third = family(&recorder, "Phạm Văn Cả").await;
    let path = title_path(&third, 2026);
    let late = recorder.put(&path, json!({"reason": "Bỏ sót khi chốt"})).await.is(200);
    let reason = json!({"reason": "Chuyển đi nơi khác"});
    recorder.step(&format!("{path}/withdraw"), &late, reason).await.is(200);
    assert_eq!(recorder.get(&asked).await.bytes, bytes, "the same question, the same bytes");
    let then = row(&recorder, &format!("{question}&as_of={one}")).await;
    assert_eq!((&then["registered"], &then["recognised"]), (&json!(1), &json!(0)));
    assert_eq!((&then["total"], &then["coverage"]["closed"]), (&json!(4), &json!(0)));
    let then = row(&recorder, &format!("{question}&as_of={two}")).await;
    assert_eq!((&then["registered"], &then["recognised"]), (&json!(2), &json!(1)));
    assert_eq!((&then["total"], &then["coverage"]["closed"]), (&json!(5), &json!(1)));
    assert_eq!(then["rate_of_total"], 20.0);
    let now = row(&recorder, question).await;
    assert_eq!(now["registered"], 3);
    let answer = recorder.get(&asked).await.is(200);
    assert_eq!(answer["as_of"], json!(one));
    assert_eq!(answer["boundaries"], json!(one));
    assert_eq!((&answer["format"], &answer["counted_at"]), (&json!(1), &Value::Null));
    register_is_sound(&app).await;
}

#[actix_web::test]
async fn a_day_that_is_not_closed_has_no_figures_yet() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    for day in [today(), today() + Days::new(1), today() - Days::new(400)] {
        let problem = stranger.get(&format!("/statistics?as_of={day}")).await;
        let problem = problem.refuses(422, "day_not_closed");
        assert_eq!(faults(&problem), [("?as_of", "day_not_closed")]);
    }
    let closed = close_day(&app).await;
    stranger.get(&format!("/statistics?as_of={closed}")).await.is(200);
    for form in [1, 2] {
        let told = stranger.get(&format!("/statistics?as_of={closed}&format={form}")).await.is(200);
        assert_eq!(told["format"], form);
    }
    let problem = stranger.get(&format!("/statistics?as_of={closed}&format=3")).await;
    assert_eq!(faults(&problem.refuses(422, "invalid")), [("?format", "format")]);
}

#[actix_web::test]
async fn what_a_day_counted_is_listed_as_it_was() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    let kept = family(&recorder, "Trần Văn An").await;
    title_at(&recorder, &approver, &kept, 2026, "self_assessed").await;
    let gone = family(&recorder, "Lê Thị Bình").await;
    let path = title_path(&gone, 2026);
    let title = recorder.put(&path, json!({})).await.is(200);
    let day = close_day(&app).await;
    recorder.delete(&path, &title).await.is(204);
    let deleted = format!("/holders/{}", gone["id"].as_str().expect("an id"));
    recorder.delete(&deleted, &gone).await.is(204);
    let late = family(&recorder, "Phạm Văn Cả").await;
    title_at(&recorder, &approver, &late, 2026, "registered").await;
    let renamed = format!("/holders/{}", kept["id"].as_str().expect("an id"));
    recorder.patch(&renamed, &kept, json!({"name": "Trần Văn Ân"})).await.is(200);
    let question = format!("area=37&kind=family&year_from=2026&as_of={day}");
    let row = row(&auditor, &question).await;
    let link = row["records"].as_str().expect("a link");
    let listed = auditor.get(&format!("{link}&count=exact")).await.is(200);
    assert_eq!((&listed["count"], &row["registered"]), (&json!(2), &json!(2)));
    let mut found: Vec<_> = listed["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|t| (t["name"].as_str(), t["status"].as_str().expect("a status")))
        .collect();
    found.sort_unstable();
    // As they were called then, though one is no more and the other was renamed since.
    assert_eq!(
        found,
        [(Some("Lê Thị Bình"), "registered"), (Some("Trần Văn An"), "self_assessed")]
    );
    let page = auditor.get(&format!("{link}&limit=1")).await.is(200);
    let next = page["next"].as_str().expect("another page");
    let rest = auditor.get(&format!("{link}&limit=1&cursor={next}")).await.is(200);
    assert_ne!(page["items"][0]["holder_id"], rest["items"][0]["holder_id"]);
    assert_eq!(rest["next"], Value::Null);
    let stranger = app.user(Role::Auditor, NEIGHBOUR).await;
    let others = stranger.get(&format!("/titles?as_of={day}&count=exact")).await.is(200);
    assert_eq!(others["count"], 0);
    let problem = auditor.get(&format!("/titles?as_of={day}&q=An&seed=a")).await;
    let problem = problem.refuses(422, "invalid");
    assert_eq!(faults(&problem), [("?q", "not_of_a_day"), ("?sample", "required")]);
}

#[actix_web::test]
async fn a_sample_is_the_same_for_the_same_day_and_even_over_the_communes() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let neighbour = app.user(Role::Recorder, NEIGHBOUR).await;
    let auditor = app.user(Role::Auditor, PROVINCE).await;
    for (client, area, number) in [(&recorder, COMMUNE, 30), (&neighbour, NEIGHBOUR, 10)] {
        for n in 0..number {
            let new =
                holder(client, "family", area, json!({"name": format!("Gia đình {n}")})).await;
            client.put(&title_path(&new, 2026), json!({})).await.is(200);
        }
    }
    let day = close_day(&app).await;
    let sample = async |seed: &str| {
        let path = format!("/titles?area=37&kind=family&as_of={day}&sample=8&seed={seed}");
        auditor.get(&path).await.is(200)["items"].as_array().expect("items").clone()
    };
    let first = sample("kiểm toán").await;
    let of = |area: &str| first.iter().filter(|title| title["area"] == area).count();
    assert_eq!((first.len(), of(COMMUNE), of(NEIGHBOUR)), (8, 6, 2));
    let new = family(&recorder, "Đến sau").await;
    recorder.put(&title_path(&new, 2026), json!({})).await.is(200);
    assert_eq!(sample("kiểm toán").await, first, "the same titles");
    assert_ne!(sample("khác").await, first, "another seed");
    let problem = auditor.get("/titles?sample=8&seed=a").await.refuses(422, "invalid");
    assert_eq!(faults(&problem), [("?as_of", "required")]);
}

#[actix_web::test]
async fn the_day_on_the_decision_is_another_question() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let decide = async |title: &Value, action: &str, day: &str| {
        let parts = json!([{"action": action, "records": [record(title)]}]);
        let number = title["version"].as_str().expect("a version");
        let mut paper = decision(number, parts);
        paper["decided_on"] = json!(day);
        let paper = approver.post("/decisions", paper).await.is(201);
        let path = format!("/holders/{}/titles/2026/commune", title["holder_id"].as_str().unwrap());
        (recorder.get(&path).await.is(200), paper)
    };
    let mut titles = Vec::new();
    for name in ["Trần Văn An", "Lê Thị Bình", "Phạm Văn Cả"] {
        let new = family(&recorder, name).await;
        titles.push(title_at(&recorder, &approver, &new, 2026, "verified").await);
    }
    decide(&titles[0], "recognise", "2026-10-01").await;
    let (second, paper) = decide(&titles[1], "recognise", "2026-10-20").await;
    decide(&second, "revoke", "2026-11-10").await;
    decide(&titles[2], "decline", "2026-11-01").await;
    let day = close_day(&app).await;
    let question = "area=13669&kind=family&year_from=2026";
    for (by, [verified, recognised, not_recognised, revoked]) in [
        ("2026-09-30", [3, 0, 0, 0]),
        ("2026-10-01", [2, 1, 0, 0]),
        ("2026-10-31", [1, 2, 0, 0]),
        ("2026-11-01", [0, 2, 1, 0]),
        ("2026-11-10", [0, 1, 1, 1]),
    ] {
        for as_of in [String::new(), format!("&as_of={day}")] {
            let row = row(&recorder, &format!("{question}&decided_by={by}{as_of}")).await;
            let states = &row["by_status"];
            assert_eq!(
                (&states["verified"], &states["recognised"], &row["in_force"]),
                (&json!(verified), &json!(recognised), &json!(recognised)),
                "{by}"
            );
            assert_eq!(
                (&states["not_recognised"], &states["revoked"], &row["registered"]),
                (&json!(not_recognised), &json!(revoked), &json!(3)),
                "{by}"
            );
        }
    }
    // The day on the paper was another one: known from now on, not before.
    let path = format!("/decisions/{}", paper["id"].as_str().expect("an id"));
    let paper = approver.get(&path).await.is(200);
    let right = json!({"decided_on": "2026-10-25", "reason": "Ghi nhầm ngày"});
    approver.step(&format!("{path}/correct"), &paper, right).await.is(200);
    let asked = format!("{question}&decided_by=2026-10-20");
    assert_eq!(row(&recorder, &asked).await["recognised"], 1);
    assert_eq!(row(&recorder, &format!("{asked}&as_of={day}")).await["recognised"], 2);
    register_is_sound(&app).await;
}
