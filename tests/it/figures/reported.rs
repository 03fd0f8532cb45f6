//! Figures of paper reports, beside what is counted, with what is wrong in them.

use hoctap::access::Role;
use serde_json::{Value, json};

use super::forms::send;
use crate::support::records::{COMMUNE, PROVINCE};
use crate::support::{Client, TestApp, faults};

const HUONG_HOA: &str = "/areas/district/465/reported";
const SON_LA: &str = "/areas/province/14/reported";

fn citizens(on: &str, recognised: i32) -> Value {
    json!({
        "year": 2025, "kind": "citizen", "reported_on": on, "recognised": recognised,
        "source": "Báo cáo của Hội Khuyến học tỉnh",
    })
}

async fn list(client: &Client<'_>, path: &str) -> Vec<Value> {
    client.get(path).await.is(200)["items"].as_array().expect("items").clone()
}

fn remarks(figure: &Value) -> Vec<&str> {
    let remarks = figure["remarks"].as_array().expect("remarks");
    remarks.iter().map(|remark| remark["code"].as_str().expect("a code")).collect()
}

#[actix_web::test]
async fn a_figure_is_entered_corrected_and_taken_back_and_nothing_is_forgotten() {
    let app = TestApp::start().await;
    let supervisor = app.user(Role::Supervisor, "14").await;
    let made = supervisor.post(SON_LA, citizens("2025-10-31", 344_200)).await;
    let location = made.header("location").to_owned();
    let made = made.is(201);
    assert_eq!((&made["author"], &made["level"]), (&json!("supervisor.14"), &json!("commune")));
    assert_eq!(list(&supervisor, &location).await, std::slice::from_ref(&made));
    // The same again writes nothing; another number is a correction.
    let same = supervisor.post(SON_LA, citizens("2025-10-31", 344_200)).await.is(201);
    assert_eq!(same["version"], made["version"]);
    supervisor.post(SON_LA, citizens("2025-10-31", 344_201)).await.is(201);
    let mut gone = citizens("2025-10-31", 344_201);
    gone["taken_back"] = json!(true);
    assert_eq!(list(&supervisor, SON_LA).await[0]["recognised"], 344_201);
    supervisor.post(SON_LA, gone.clone()).await.is(201);
    assert_eq!(list(&supervisor, SON_LA).await, [] as [Value; 0]);
    supervisor.post(SON_LA, citizens("2025-12-31", 742_335)).await.is(201);
    let mut never = citizens("2025-11-30", 1);
    never["taken_back"] = json!(true);
    supervisor.post(SON_LA, never).await.refuses(409, "nothing_to_take_back");
    let history = list(&supervisor, &format!("{SON_LA}?history=true")).await;
    let found: Vec<_> =
        history.iter().map(|line| (&line["recognised"], &line["taken_back"])).collect();
    let (n, t) = (|n: i32| json!(n), |t: bool| json!(t));
    assert_eq!(
        found,
        [
            (&n(742_335), &t(false)),
            (&n(344_201), &t(true)),
            (&n(344_201), &t(false)),
            (&n(344_200), &t(false)),
        ]
    );
    let first = supervisor.get(&format!("{SON_LA}?history=true&limit=1")).await.is(200);
    let next = first["next"].as_str().expect("a cursor");
    let rest = list(&supervisor, &format!("{SON_LA}?history=true&limit=500&cursor={next}")).await;
    assert_eq!(rest, history[1..]);
    let trail = supervisor.get("/audit?area=14&entity=reported").await.is(200);
    assert_eq!(trail["items"].as_array().expect("entries").len(), 4, "{trail:#}");
}

#[actix_web::test]
async fn a_jump_and_a_rate_of_nothing_known_are_remarked_and_never_refused() {
    let app = TestApp::start().await;
    let supervisor = app.user(Role::Supervisor, "VN").await;
    let mut first = citizens("2025-10-31", 344_200);
    first["printed_rate"] = json!(37.87);
    first["printed_base"] = json!("total");
    let first = supervisor.post(SON_LA, first).await.is(201);
    assert_eq!(remarks(&first), ["printed_base_missing"]);
    let doubled = supervisor.post(SON_LA, citizens("2025-12-31", 742_335)).await.is(201);
    assert_eq!(remarks(&doubled), ["reported_jump"]);
    // A district that ended is reported in the boundaries of its day.
    let district = HUONG_HOA;
    let body = json!({
        "year": 2025, "kind": "family", "reported_on": "2025-06-30", "registered": 17528,
        "recognised": 15772, "printed_rate": 72, "printed_base": "total", "source": "Báo cáo huyện",
    });
    let wrong = supervisor.post(district, body).await.is(201);
    assert_eq!(wrong["area_name"], "Huyện Hướng Hóa, Tỉnh Quảng Trị");
    assert_eq!(remarks(&wrong), ["printed_rate_fits_no_base"]);
    let detail = wrong["remarks"][0]["detail"].as_str().expect("a sentence");
    assert!(detail.contains("89,98 % trên số đăng ký 17528"), "{detail}");
    supervisor.get(district).await.refuses(404, "not_found");
    assert_eq!(list(&supervisor, &format!("{district}?on=2025-06-30")).await, [wrong]);
    let body = json!({
        "year": 2024, "kind": "citizen", "reported_on": "2024-12-19", "recognised": 3_830_096,
        "printed_rate": 60.09, "printed_base": "unknown", "source": "Báo cáo thành phố",
    });
    let without = supervisor.post("/areas/province/01/reported", body).await.is(201);
    assert_eq!(remarks(&without), ["printed_base_unknown"]);
}

#[actix_web::test]
async fn supervisors_enter_what_lies_in_their_area() {
    let app = TestApp::start().await;
    let of_province = app.user(Role::Supervisor, PROVINCE).await;
    let of_commune = app.user(Role::Supervisor, COMMUNE).await;
    let path = format!("/areas/commune/{COMMUNE}/reported");
    of_province.post(&path, citizens("2025-12-31", 10)).await.is(201);
    of_commune.post(&path, citizens("2025-12-31", 11)).await.is(201);
    of_province.post(SON_LA, citizens("2025-12-31", 10)).await.refuses(403, "area_not_covered");
    for role in [Role::Recorder, Role::Approver, Role::Auditor, Role::Administrator] {
        let other = app.user(role, PROVINCE).await;
        other.post(&path, citizens("2025-12-31", 12)).await.refuses(403, "role_not_allowed");
        assert_eq!(list(&other, &path).await[0]["recognised"], 11);
    }
    app.stranger().get(&path).await.refuses(401, "token_missing");
}

#[actix_web::test]
async fn a_wrong_report_is_explained_whole() {
    let app = TestApp::start().await;
    let supervisor = app.user(Role::Supervisor, "14").await;
    let wrong = json!({"year": 1999, "kind": "family", "reported_on": "2025-12-31", "recognised": -1, "source": ""});
    let problem = supervisor.post(SON_LA, wrong).await.refuses(422, "invalid");
    assert_eq!(
        faults(&problem),
        [("/recognised", "range"), ("/source", "length"), ("/year", "range")]
    );
    let wrong = json!({"year": 2025, "kind": "family", "level": "hamlet", "reported_on": "2999-12-31", "source": "x"});
    let problem = supervisor.post(SON_LA, wrong).await.refuses(422, "invalid");
    let expected = [
        ("/level", "level_not_of_kind"),
        ("/reported_on", "date_range"),
        ("/recognised", "required"),
    ];
    assert_eq!(faults(&problem), expected);
}

#[actix_web::test]
async fn the_published_figures_say_themselves_what_is_wrong_in_them() {
    let app = TestApp::start().await;
    let supervisor = app.user(Role::Supervisor, "VN").await;
    let file = include_bytes!("../../../data/reported/reported_figures.csv");
    let entered = send(&supervisor, "/reported/sheet", file.to_vec()).await.is(200);
    assert_eq!((&entered["rows"], &entered["added"]), (&json!(16), &json!(16)));
    let again = send(&supervisor, "/reported/sheet", file.to_vec()).await.is(200);
    assert_eq!((&again["added"], &again["unchanged"]), (&json!(0), &json!(16)));
    let viewer = app.dashboard("VN").await;
    for (path, day, expected) in [
        (HUONG_HOA, "2025-06-30", &[("family", "printed_rate_fits_no_base")][..]),
        (SON_LA, "2025-12-31", &[("citizen", "reported_jump")]),
        ("/areas/province/01/reported", "2024-12-19", &[("citizen", "printed_base_unknown")]),
    ] {
        let figures = list(&viewer, &format!("{path}?on={day}&limit=500")).await;
        for (kind, remark) in expected {
            let is = |f: &&Value| f["kind"] == *kind && f["reported_on"] == day;
            let figure = figures.iter().find(is).expect("a figure");
            assert_eq!(remarks(figure), [*remark], "{path} {kind}");
        }
    }
    // Hà Nội of July 2025 is another area, made of the former one: its first figure is held against
    // the last of that.
    let supervisor = app.user(Role::Supervisor, "01").await;
    for (recognised, expected) in [(3_900_000, &[] as &[&str]), (900_000, &["reported_jump"])] {
        let body = json!({"year": 2025, "kind": "citizen", "reported_on": "2025-12-31",
                          "recognised": recognised, "source": "Báo cáo thành phố"});
        let figure = supervisor.post("/areas/province/01/reported", body).await.is(201);
        assert_eq!(remarks(&figure), expected);
    }
    let path = "/statistics/quality?area=01&year=2025&code=reported_jump";
    let found = supervisor.get(path).await.is(200);
    assert_eq!(found["items"][0]["numbers"], json!({"recognised": 900_000}));
}

#[actix_web::test]
async fn a_paper_figure_stands_beside_what_is_counted_and_is_never_added() {
    let app = TestApp::start().await;
    let supervisor = app.user(Role::Supervisor, "14").await;
    let question = "/statistics?area=14&kind=citizen&year_from=2025";
    let before = app.stranger().get(question).await;
    assert!(before.body["items"][0]["reported"].is_null());
    supervisor.post(SON_LA, citizens("2025-10-31", 344_200)).await.is(201);
    supervisor.post(SON_LA, citizens("2025-12-31", 742_335)).await.is(201);
    let known = app.stranger().call(reqwest::Method::GET, question);
    let after = known.header("if-none-match", before.header("etag")).send().await.is(200);
    let row = &after["items"][0];
    assert_eq!((&row["recognised"], &row["registered"]), (&json!(0), &json!(0)));
    let paper = &row["reported"];
    assert_eq!((&paper["recognised"], &paper["difference"]), (&json!(742_335), &json!(742_335)));
    assert_eq!(paper["reported_on"], "2025-12-31");
}
