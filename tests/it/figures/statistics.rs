//! Figures: every state and rate, of what they are taken, and the records behind them.

use hoctap::access::Role;
use serde_json::{Value, json};

use crate::support::records::{
    COMMUNE, NEIGHBOUR, PROVINCE, family, holder, recognise, title_at, title_path, verified,
};
use crate::support::{Client, TestApp, faults};

/// The only row of a question.
async fn row(client: &Client<'_>, question: &str) -> Value {
    let mut answer = client.get(&format!("/statistics?{question}")).await.is(200);
    let items = answer["items"].as_array_mut().expect("items");
    assert_eq!(items.len(), 1, "{items:#?}");
    items.remove(0)
}

async fn rows(client: &Client<'_>, question: &str) -> Vec<Value> {
    let answer = client.get(&format!("/statistics?{question}")).await.is(200);
    answer["items"].as_array().expect("items").clone()
}

async fn put_total(recorder: &Client<'_>, path: &str, base: &str, total: Option<i32>) {
    let known = recorder.get(path).await.is(200);
    let body = json!({"totals": [{"base": base, "total": total, "source": "Công an"}]});
    recorder.call(reqwest::Method::PUT, path).knowing(&known).json(&body).send().await.is(200);
}

/// How many titles stand behind a row, by its own link.
async fn behind(client: &Client<'_>, row: &Value) -> Value {
    let link = row["records"].as_str().expect("a link");
    client.get(&format!("{link}&count=exact")).await.is(200)["count"].clone()
}

#[actix_web::test]
async fn eighty_twenty_six_and_two_of_108_are_rounded_once_each() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let mut families = Vec::new();
    for n in 0..80 {
        families.push(family(&recorder, &format!("Nguyễn Văn Số {n}")).await);
    }
    let mut clans = Vec::new();
    for n in 0..2 {
        let more = json!({"name": format!("Họ Trần {n}")});
        clans.push(holder(&recorder, "clan", COMMUNE, more).await);
    }
    for (n, (holders, year)) in
        [(&families[..], 2026), (&families[..26], 2025), (&clans[..], 2026)].into_iter().enumerate()
    {
        let titles = verified(&recorder, holders, year, json!({"total": 85})).await;
        recognise(&approver, &n.to_string(), &titles).await;
    }
    let totals = "/areas/commune/13669/totals";
    put_total(&recorder, &format!("{totals}/2026"), "households", Some(108)).await;
    put_total(&recorder, &format!("{totals}/2025"), "households", Some(108)).await;
    put_total(&recorder, &format!("{totals}/2026"), "clans", Some(108)).await;
    for (question, recognised, rate) in [
        ("area=13669&kind=family&year_from=2026", 80, 74.07),
        ("area=13669&kind=family&year_from=2025", 26, 24.07),
        ("area=13669&kind=clan&year_from=2026", 2, 1.85),
    ] {
        let row = row(&recorder, question).await;
        assert_eq!(row["recognised"], recognised, "{row:#}");
        assert_eq!(row["rate_of_total"], rate, "{row:#}");
        assert_eq!(row["rate_of_registered"], 100.0);
        assert_eq!(row["total_source"], "own");
    }
    // More than all is shown as it is.
    put_total(&recorder, &format!("{totals}/2026"), "clans", Some(1)).await;
    let above = row(&recorder, "area=13669&kind=clan&year_from=2026").await;
    assert_eq!(above["rate_of_total"], 200.0);
    // Without a base there is no rate, be it unknown or zero.
    for total in [None, Some(0)] {
        put_total(&recorder, &format!("{totals}/2026"), "clans", total).await;
        let without = row(&recorder, "area=13669&kind=clan&year_from=2026").await;
        assert_eq!(without["rate_of_total"], Value::Null, "{total:?}");
        assert_eq!(without["total"], json!(total));
    }
    let empty = row(&recorder, "area=13669&kind=unit&year_from=2026").await;
    assert_eq!(empty["registered"], 0);
    assert_eq!(empty["rate_of_registered"], Value::Null);
    // Years are never added up: a family recognised in both is one row in each.
    let both = rows(&recorder, "area=13669&kind=family&year_from=2025&year_to=2026").await;
    let found: Vec<_> = both.iter().map(|row| (&row["year"], &row["recognised"])).collect();
    assert_eq!(found, [(&json!(2025), &json!(26)), (&json!(2026), &json!(80))]);
}

#[actix_web::test]
async fn every_state_is_counted_and_its_records_are_listed() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    for status in hoctap::base::kind::Status::ALL {
        let holder = family(&recorder, &format!("Gia đình {status}")).await;
        title_at(&recorder, &approver, &holder, 2026, status.as_str()).await;
    }
    let question = "area=13669&kind=family&year_from=2026";
    let seen = row(&recorder, question).await;
    for status in hoctap::base::kind::Status::ALL {
        assert_eq!(seen["by_status"][status.as_str()], 1, "{seen:#}");
    }
    // Withdrawn ones entered the round too.
    assert_eq!((&seen["registered"], &seen["recognised"]), (&json!(7), &json!(1)));
    assert_eq!(seen["rate_of_registered"], 14.29);
    assert_eq!(behind(&recorder, &seen).await, 7);
    // A stranger and a dashboard see figures; only readers of records are led to them.
    let public = row(&app.stranger(), question).await;
    assert_eq!((&public["by_status"], &public["records"]), (&Value::Null, &Value::Null));
    assert_eq!(public["registered"], 7);
    let dashboard = row(&app.dashboard(PROVINCE).await, question).await;
    assert_eq!(
        (&dashboard["by_status"]["revoked"], &dashboard["records"]),
        (&json!(1), &Value::Null)
    );
    let neighbour = row(&app.user(Role::Auditor, NEIGHBOUR).await, question).await;
    assert_eq!(neighbour["records"], Value::Null);
    let province = row(&app.user(Role::Auditor, PROVINCE).await, "area=37&kind=family").await;
    assert_eq!(province["registered"], 7);
    assert_eq!(province["area_name"], "Tỉnh Ninh Bình");
}

#[actix_web::test]
async fn groups_and_grades_split_a_row_and_each_part_lists_its_own() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let groups = [json!("officials"), json!("officials"), json!("farmers"), Value::Null];
    let mut citizens = Vec::new();
    for (n, group) in groups.iter().enumerate() {
        let more = json!({
            "name": format!("Lê Thị Số {n}"), "group": group, "details": {"birth_year": 1980 + n}
        });
        citizens.push(holder(&recorder, "citizen", COMMUNE, more).await);
    }
    let titles = verified(&recorder, &citizens[..3], 2026, json!({"total": 85})).await;
    recognise(&approver, "1", &titles[..1]).await;
    recorder.put(&title_path(&citizens[3], 2026), json!({})).await.is(200);
    put_total(&recorder, "/areas/commune/13669/totals/2026", "officials", Some(8)).await;
    let split = rows(&recorder, "area=13669&kind=citizen&year_from=2026&by=group").await;
    let mut found = Vec::new();
    for row in &split {
        let listed = behind(&recorder, row).await;
        found.push((row["group"].as_str().expect("a group"), &row["registered"], listed));
    }
    let n = |n: i32| json!(n);
    assert_eq!(
        found,
        [
            ("", &n(1), n(1)),
            ("farmers", &n(1), n(1)),
            ("learners", &n(0), n(0)),
            ("officials", &n(2), n(2)),
            ("workers", &n(0), n(0)),
        ]
    );
    let officials = split.iter().find(|row| row["group"] == "officials").expect("officials");
    assert_eq!(
        (&officials["base"], &officials["rate_of_total"]),
        (&json!("officials"), &json!(12.5))
    );
    let none = row(&recorder, "area=13669&kind=citizen&year_from=2026").await;
    assert_eq!((&none["registered"], &none["base"]), (&n(4), &json!("adults")));
    // By grade: a unit of the level of the province.
    let unit = holder(&recorder, "unit", COMMUNE, json!({"name": "Trường THPT A"})).await;
    let other = holder(&recorder, "unit", COMMUNE, json!({"name": "Trường THPT B"})).await;
    for (unit, grade) in [(&unit, Some("level_2")), (&other, None)] {
        let path = format!("/holders/{}/titles/2026/province", unit["id"].as_str().expect("an id"));
        let title = recorder.put(&path, json!({})).await.is(200);
        if let Some(grade) = grade {
            let body = json!({"score": {"grade": grade}});
            recorder.step(&format!("{path}/assess"), &title, body).await.is(200);
        }
    }
    let question = "area=13669&kind=unit&level=province&year_from=2026&by=grade";
    let graded = rows(&recorder, question).await;
    let mut found = Vec::new();
    for row in &graded {
        found.push((row["grade"].as_str().expect("a grade"), behind(&recorder, row).await));
        assert_eq!(row["base"], Value::Null);
    }
    assert_eq!(found, [("", n(1)), ("level_2", n(1))]);
    app.stranger().get("/statistics?area=13669&by=group").await.refuses(401, "token_missing");
}

#[actix_web::test]
async fn a_total_is_the_areas_own_or_the_sum_of_its_communes_or_only_partly_known() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, PROVINCE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let here = app.user(Role::Recorder, COMMUNE).await;
    let holder = family(&here, "Trần Văn Bình").await;
    title_at(&here, &approver, &holder, 2026, "recognised").await;
    let question = "area=37&kind=family&year_from=2026";
    let missing = row(&recorder, question).await;
    assert_eq!((&missing["total_source"], &missing["total"]), (&json!("missing"), &Value::Null));
    let listed = app.stranger().get("/areas?level=commune&parent=37&limit=500").await.is(200);
    let communes: Vec<&str> = listed["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|area| area["code"].as_str().expect("a code"))
        .collect();
    assert_eq!(communes.len(), 129);
    let put = async |code: &str| {
        let path = format!("/areas/commune/{code}/totals/2026");
        put_total(&recorder, &path, "households", Some(10)).await;
    };
    put(COMMUNE).await;
    put(NEIGHBOUR).await;
    let partial = row(&recorder, question).await;
    assert_eq!((&partial["total_source"], &partial["total"]), (&json!("partial"), &json!(20)));
    // While some communes lack a total, the rate is that over the communes that have one.
    assert_eq!(partial["rate_of_total"], Value::Null);
    assert_eq!(partial["rate_over_covered"], 5.0);
    for code in communes.iter().filter(|code| **code != COMMUNE && **code != NEIGHBOUR) {
        put(code).await;
    }
    let summed = row(&recorder, question).await;
    assert_eq!((&summed["total_source"], &summed["total"]), (&json!("summed"), &json!(1290)));
    assert_eq!(summed["rate_of_total"], 0.08);
    put_total(&recorder, "/areas/province/37/totals/2026", "households", Some(2000)).await;
    let own = row(&recorder, question).await;
    assert_eq!((&own["total_source"], &own["total"]), (&json!("own"), &json!(2000)));
    assert_eq!((&own["rate_of_total"], &own["rate_over_covered"]), (&json!(0.05), &json!(0.08)));
    let closing = json!({"closings": [{"kind": "family", "state": "complete"}]});
    here.put("/areas/commune/13669/closings/2026", closing).await.is(200);
    let coverage = &row(&recorder, question).await["coverage"];
    assert_eq!(
        coverage,
        &json!({"communes": 129, "with_records": 1, "closed": 1, "with_total": 129})
    );
    let deep = rows(&app.stranger(), "area=37&kind=family&year_from=2026&depth=commune").await;
    assert_eq!(deep.len(), 129);
    let here = deep.iter().find(|row| row["area"] == COMMUNE).expect("the commune");
    assert_eq!((&here["recognised"], &here["rate_of_total"]), (&json!(1), &json!(10.0)));
}

#[actix_web::test]
async fn an_answer_is_told_from_the_next_by_its_tag() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let question = "/statistics?area=37&kind=family&year_from=2026";
    let known = async |client: &Client<'_>, tag: &str| {
        let call = client.call(reqwest::Method::GET, question).header("if-none-match", tag);
        call.send().await.status
    };
    let stranger = app.stranger();
    let tag = stranger.get(question).await.header("etag").to_owned();
    assert_eq!(known(&stranger, &tag).await, 304);
    // Somebody else's answer is another one.
    assert_eq!(known(&recorder, &tag).await, 200);
    family(&recorder, "Không đăng ký").await;
    let family = family(&recorder, "Trần Văn Bình").await;
    recorder.put(&title_path(&family, 2026), json!({})).await.is(200);
    assert_eq!(known(&stranger, &tag).await, 200);
    let tag = stranger.get(question).await.header("etag").to_owned();
    put_total(&recorder, "/areas/commune/13669/totals/2026", "households", Some(5)).await;
    assert_eq!(known(&stranger, &tag).await, 200);
}

#[actix_web::test]
async fn a_wrong_question_is_explained_whole() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let wrong = "/statistics?year_from=2027&year_to=2026&depth=district&by=colour";
    let problem = stranger.get(wrong).await.refuses(422, "invalid");
    let expected = [("?year_to", "years_reversed"), ("?depth", "depth"), ("?by", "parameter")];
    assert_eq!(faults(&problem), expected);
    for (question, pointer, code) in [
        ("year_from=2020", "?year_from", "parameter"),
        ("kind=school", "?kind", "parameter"),
        ("areas=37", "?areas", "parameter"),
        ("area=nowhere", "?area", "area_unknown"),
        ("area=13669&depth=province", "?depth", "depth"),
    ] {
        let problem =
            stranger.get(&format!("/statistics?{question}")).await.refuses(422, "invalid");
        assert!(faults(&problem).contains(&(pointer, code)), "{question}: {problem:#}");
    }
}
