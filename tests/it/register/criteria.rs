//! What a title asks: points, floors, grades, and sets that follow each other.

use hoctap::access::Role;
use serde_json::{Value, json};

use crate::support::proof::prove;
use crate::support::records::{COMMUNE, PROVINCE, hamlet, holder};
use crate::support::{Client, TestApp, faults};

async fn registered(
    recorder: &Client<'_>,
    holder: &Value,
    year: i16,
    level: &str,
) -> (String, Value) {
    let path = format!("/holders/{}/titles/{year}/{level}", holder["id"].as_str().unwrap());
    let title = recorder.put(&path, json!({})).await.is(200);
    (path, title)
}

/// Ten indicators, all alike but the first.
fn indicators(first: f64, others: f64) -> Value {
    let points: serde_json::Map<String, Value> =
        (1..=10).map(|n| (n.to_string(), json!(if n == 1 { first } else { others }))).collect();
    json!({"points": points})
}

/// Where, which score, what it comes to, what it lacks, what could not be checked.
type Case<'a> = (&'a Value, Value, &'a str, Vec<&'a str>, Vec<&'a str>);

#[actix_web::test]
async fn a_citizen_needs_80_or_70_where_life_is_hard_and_no_indicator_below_5() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let easy = hamlet(&recorder, COMMUNE, "tổ dân phố", "số 1").await;
    let hard = hamlet(&recorder, COMMUNE, "tổ dân phố", "số 2").await;
    let at = format!("/areas/commune/{COMMUNE}/hamlets/{}", hard["id"].as_str().unwrap());
    let hard = recorder.patch(&at, &hard, json!({"difficult": true})).await.is(200);
    let floor = "Chưa kiểm tra được mức sàn 5 điểm: thiếu điểm từng tiêu chí.";
    let table: [Case<'_>; 9] = [
        (&easy, indicators(8.0, 8.0), "passes", vec![], vec![]),
        (&easy, indicators(7.0, 7.0), "fails", vec!["Tổng điểm 70 chưa đến 80."], vec![]),
        (&hard, indicators(7.0, 7.0), "passes", vec![], vec![]),
        (&hard, indicators(6.0, 7.0), "fails", vec!["Tổng điểm 69 chưa đến 70."], vec![]),
        (
            &easy,
            indicators(4.5, 9.0),
            "fails",
            vec!["Tiêu chí 1 được 4.5 điểm, dưới mức sàn 5."],
            vec![],
        ),
        (&easy, json!({"total": 80}), "passes", vec![], vec![floor]),
        (
            &easy,
            json!({"total": 79.75}),
            "fails",
            vec!["Tổng điểm 79.75 chưa đến 80."],
            vec![floor],
        ),
        (
            &easy,
            json!({"passed": true}),
            "passes",
            vec![],
            vec!["Chỉ có kết quả “đạt”, chưa có điểm để kiểm tra."],
        ),
        (&easy, json!({"passed": false}), "fails", vec!["Danh sách ghi “không đạt”."], vec![]),
    ];
    for (n, (place, score, outcome, lacks, unchecked)) in table.into_iter().enumerate() {
        let also =
            json!({"name": format!("Công dân {n}"), "hamlet": place["id"], "group": "farmers"});
        let citizen = holder(&recorder, "citizen", COMMUNE, also).await;
        let (path, title) = registered(&recorder, &citizen, 2026, "commune").await;
        let title =
            recorder.step(&format!("{path}/assess"), &title, json!({"score": score})).await.is(200);
        assert_eq!(title["assessment"]["outcome"], outcome, "{score}");
        assert_eq!(title["assessment"]["lacks"], json!(lacks), "{score}");
        assert_eq!(title["assessment"]["unchecked"], json!(unchecked), "{score}");
        assert_eq!(title["difficult"], *place == hard);
    }
    let fails = recorder.get("/titles?outcome=fails&count=exact").await.is(200);
    assert_eq!(fails["count"], 5);
    prove(&app).await;
}

#[actix_web::test]
async fn a_score_that_does_not_fit_its_set_is_refused_whole() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let citizen = holder(&recorder, "citizen", COMMUNE, json!({"name": "Trần Thị Mai"})).await;
    let (path, title) = registered(&recorder, &citizen, 2026, "commune").await;
    let table = [
        (
            json!({"points": {"1": 11, "99": 1}, "grade": "gold"}),
            vec![
                ("/points/1", "points_above_maximum"),
                ("/points/99", "criterion_unknown"),
                ("/grade", "grade_unknown"),
            ],
        ),
        (json!({"total": 100.5}), vec![("/total", "total_above_100")]),
        (json!({}), vec![("", "score_empty")]),
        (json!({"total": 85.555}), vec![("/total", "shape")]),
        (json!({"total": -1}), vec![("/total", "shape")]),
        (json!({"marks": 3}), vec![("/marks", "shape")]),
    ];
    for (score, expected) in table {
        let patch = json!({"own_score": score});
        let refused = recorder.patch(&path, &title, patch).await.is(422);
        let at = |prefix: &str| {
            expected.iter().map(|(p, code)| (format!("{prefix}{p}"), *code)).collect::<Vec<_>>()
        };
        let found = |body: &Value| {
            faults(body).into_iter().map(|(p, c)| (p.to_owned(), c.to_owned())).collect::<Vec<_>>()
        };
        let wanted =
            |prefix| at(prefix).into_iter().map(|(p, c)| (p, c.to_owned())).collect::<Vec<_>>();
        assert_eq!(found(&refused), wanted("/own_score"), "{score}");
        let step = json!({"score": score});
        let refused = recorder.step(&format!("{path}/assess"), &title, step).await.is(422);
        assert_eq!(found(&refused), wanted("/score"), "{score}");
    }
    let mut all = indicators(8.0, 8.0);
    all["total"] = json!(79);
    let refused = recorder.patch(&path, &title, json!({"own_score": all})).await.is(422);
    assert_eq!(faults(&refused), [("/own_score/total", "total_differs")]);
}

#[actix_web::test]
async fn grades_are_named_by_their_set_and_a_community_keeps_its_title_for_36_months() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let unit =
        holder(&recorder, "unit", COMMUNE, json!({"name": "Trường THCS Trần Đăng Ninh"})).await;
    let (path, title) = registered(&recorder, &unit, 2026, "province").await;
    let wrong = json!({"score": {"grade": "good"}});
    let refused = recorder.step(&format!("{path}/assess"), &title, wrong).await.is(422);
    assert_eq!(faults(&refused), [("/score/grade", "grade_unknown")]);
    let grade = json!({"score": {"grade": "level_1"}});
    let title = recorder.step(&format!("{path}/assess"), &title, grade).await.is(200);
    assert_eq!(
        (&title["grade"], &title["assessment"]["outcome"]),
        (&json!("level_1"), &json!("passes"))
    );
    // The same school holds a title of its commune in the same year, in points.
    let (other, of_commune) = registered(&recorder, &unit, 2026, "commune").await;
    let points = json!({"score": {"total": 88}});
    recorder.step(&format!("{other}/assess"), &of_commune, points).await.is(200);
    // A commune's own community was graded by TT 44/2014 until 2023.
    let community = holder(&recorder, "community", COMMUNE, json!({})).await;
    let (path, title) = registered(&recorder, &community, 2023, "commune").await;
    let grade = json!({"score": {"grade": "fair"}});
    recorder.step(&format!("{path}/assess"), &title, grade.clone()).await.is(200);
    let (path, title) = registered(&recorder, &community, 2024, "commune").await;
    let refused = recorder.step(&format!("{path}/assess"), &title, grade).await.is(422);
    assert_eq!(faults(&refused), [("/score/grade", "grade_unknown")]);
    // A province's community, recognised for 2024, is in force until 2027.
    let provincial = app.named_user("recorder", Role::Recorder, PROVINCE).await;
    let approver = app.user(Role::Approver, PROVINCE).await;
    let community = json!({"kind": "community", "area": PROVINCE});
    let community = provincial.post("/holders", community).await.is(201);
    let (path, title) = registered(&provincial, &community, 2024, "province").await;
    let grade = json!({"score": {"grade": "level_2"}});
    let title = provincial.step(&format!("{path}/assess"), &title, grade).await.is(200);
    let title = provincial.step(&format!("{path}/verify"), &title, json!({})).await.is(200);
    let record = crate::support::records::record(&title);
    let mut paper = crate::support::records::decision(
        "7",
        json!([{"action": "recognise", "records": [record]}]),
    );
    paper["authority"] = json!({"area": PROVINCE, "body": "peoples_committee"});
    approver.post("/decisions", paper).await.is(201);
    let title = provincial.get(&path).await.is(200);
    assert_eq!((&title["status"], &title["valid_through"]), (&json!("recognised"), &json!(2027)));
    prove(&app).await;
}

fn set_of_37(source: &str, threshold: i32, years: (i16, i16)) -> Value {
    json!({
        "area": PROVINCE,
        "kind": "family",
        "level": "commune",
        "scheme": "points",
        "source": source,
        "first_year": years.0,
        "last_year": years.1,
        "confirmed": true,
        "rules": {"threshold": threshold},
    })
}

#[actix_web::test]
async fn a_provinces_set_wins_from_its_edition_on_and_old_titles_stay_under_theirs() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let country = app.user(Role::Administrator, "VN").await;
    let family = holder(&recorder, "family", COMMUNE, json!({"name": "Trần Văn Bình"})).await;
    let score = json!({"score": {"total": 83}});
    let (old, title) = registered(&recorder, &family, 2025, "commune").await;
    let before = recorder.step(&format!("{old}/assess"), &title, score.clone()).await.is(200);
    assert_eq!(before["assessment"]["outcome"], "passes");
    // The province issues its own set for 2026 on, and a stricter one in the middle of the programme.
    let issued = country.post("/criteria-sets", set_of_37("QĐ 12/QĐ-HKH", 85, (2026, 2030))).await;
    let first = issued.is(201);
    assert_eq!(first["edition"], 1);
    let (path, title) = registered(&recorder, &family, 2026, "commune").await;
    let title = recorder.step(&format!("{path}/assess"), &title, score.clone()).await.is(200);
    assert_eq!(title["criteria_set"], first["id"]);
    assert_eq!(title["assessment"]["lacks"], json!(["Tổng điểm 83 chưa đến 85."]));
    let second =
        country.post("/criteria-sets", set_of_37("QĐ 40/QĐ-HKH", 90, (2027, 2030))).await.is(201);
    assert_eq!(second["edition"], 2);
    let (later, title) = registered(&recorder, &family, 2027, "commune").await;
    let title = recorder.step(&format!("{later}/assess"), &title, score.clone()).await.is(200);
    assert_eq!(title["criteria_set"], second["id"]);
    // Old titles stand under their old sets, read or changed.
    assert_eq!(recorder.get(&old).await.is(200), before);
    let verified = recorder.step(&format!("{old}/verify"), &before, json!({})).await.is(200);
    assert_eq!(verified["criteria_set"], before["criteria_set"]);
    assert_eq!(recorder.get(&path).await.is(200)["criteria_set"], first["id"]);
    // Which set applies where and when can be asked.
    for (year, wanted) in
        [(2025, &before["criteria_set"]), (2026, &first["id"]), (2028, &second["id"])]
    {
        let query = format!("/criteria-sets?area={COMMUNE}&kind=family&level=commune&year={year}");
        let sets = recorder.get(&query).await.is(200);
        assert_eq!(sets["items"].as_array().unwrap().len(), 1, "{year}");
        assert_eq!(sets["items"][0]["id"], *wanted, "{year}");
    }
    prove(&app).await;
}

#[actix_web::test]
async fn a_title_verified_under_one_edition_is_decided_under_it() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let approver = app.user(Role::Approver, COMMUNE).await;
    let country = app.user(Role::Administrator, "VN").await;
    let family = holder(&recorder, "family", COMMUNE, json!({"name": "Trần Văn Bình"})).await;
    let (path, title) = registered(&recorder, &family, 2026, "commune").await;
    let score = json!({"score": {"total": 70}});
    let title = recorder.step(&format!("{path}/assess"), &title, score).await.is(200);
    let title = recorder.step(&format!("{path}/verify"), &title, json!({})).await.is(200);
    // Under the unconfirmed set it fails, which advises only; the new one would oblige.
    let mut new = set_of_37("QĐ 12/QĐ-HKH", 85, (2026, 2030));
    new["rules"]["valid_years"] = json!(3);
    country.post("/criteria-sets", new).await.is(201);
    let part =
        json!([{"action": "recognise", "records": [crate::support::records::record(&title)]}]);
    approver.post("/decisions", crate::support::records::decision("1", part)).await.is(201);
    let decided = recorder.get(&path).await.is(200);
    assert_eq!(decided["criteria_set"], title["criteria_set"]);
    assert_eq!(decided["valid_through"], 2026);
    prove(&app).await;
}

#[actix_web::test]
async fn only_the_country_issues_sets_and_a_set_must_make_sense() {
    let app = TestApp::start().await;
    let province = app.user(Role::Administrator, PROVINCE).await;
    let set = set_of_37("QĐ 12/QĐ-HKH", 85, (2026, 2030));
    province.post("/criteria-sets", set.clone()).await.refuses(403, "country_only");
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    recorder.post("/criteria-sets", set.clone()).await.refuses(403, "role_not_allowed");
    let country = app.user(Role::Administrator, "VN").await;
    let mut wrong = set;
    wrong["level"] = json!("province");
    wrong["first_year"] = json!(2030);
    wrong["last_year"] = json!(2026);
    wrong["rules"] = json!({"valid_years": 11});
    let refused = country.post("/criteria-sets", wrong).await.is(422);
    assert_eq!(
        faults(&refused),
        [
            ("/level", "level_not_of_kind"),
            ("/last_year", "years_reversed"),
            ("/rules/threshold", "required"),
            ("/rules/valid_years", "range"),
        ]
    );
}
