//! What comes in: a body, a query or a condition that is wrong is explained, all of it at once.

use hoctap::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::records::{COMMUNE, family};
use crate::support::{Answer, Client, TestApp, faults};

fn sorted(problem: &Value) -> Vec<(&str, &str)> {
    let mut told = faults(problem);
    told.sort_unstable();
    told
}

async fn send(client: &Client<'_>, path: &str, body: &str) -> Answer {
    let call = client.call(Method::POST, path).header("content-type", "application/json");
    call.bytes(body).send().await
}

#[actix_web::test]
async fn rules_are_told_beside_what_does_not_fit() {
    let app = TestApp::start().await;
    let admin = app.user(Role::Administrator, "VN").await;
    let long = "x".repeat(201);
    let wrong = json!({"username": 7, "full_name": long, "role": "king", "colour": 1});
    let problem = admin.post("/users", wrong).await.refuses(422, "invalid");
    let expected = [
        ("/area", "shape"),
        ("/colour", "shape"),
        ("/full_name", "length"),
        ("/role", "shape"),
        ("/username", "shape"),
    ];
    assert_eq!(sorted(&problem), expected, "{problem:#}");
    // Of what is no object at all nothing is missing.
    for body in [json!([]), json!("x"), json!(null)] {
        let problem = admin.post("/users", body).await.refuses(422, "invalid");
        assert_eq!(faults(&problem), [("", "shape")]);
    }
}

#[actix_web::test]
async fn a_sentence_says_what_would_be_right() {
    let app = TestApp::start().await;
    let officer = app.user(Role::Approver, COMMUNE).await;
    let wrong = json!({
        "document": "recognition", "number": "1", "decided_on": "2026-02-30",
        "authority": {"area": 5, "body": "king"}, "signatory": [],
        "titles": [{"action": "recognise", "expected": 1.5, "colour": "red", "records": [
            {"holder_id": "x", "year": 2031, "level": "commune", "version": "5"},
            {"holder_id": "x", "year": "2026", "level": "commune", "version": "5-1"},
        ]}],
    });
    let problem = officer.post("/decisions", wrong).await.refuses(422, "invalid");
    let said = |pointer: &str| {
        let errors = problem["errors"].as_array().expect("errors");
        let found = errors.iter().find(|error| error["pointer"] == pointer);
        found.unwrap_or_else(|| panic!("{pointer}: {problem:#}"))["detail"].as_str().expect("said")
    };
    for (pointer, sentence) in [
        ("/decided_on", "Phải là ngày có thật, dạng 2026-12-31."),
        ("/authority/area", "Phải là một chuỗi chữ trong dấu nháy."),
        ("/signatory", "Phải là một nhóm các mục { }."),
        ("/titles/0/expected", "Phải là một số nguyên."),
        ("/titles/0/records/0/holder_id", "Phải là mã nhận dạng (UUID) lấy từ hệ thống."),
        ("/titles/0/records/0/year", "Phải là số nguyên từ 2021 đến 2030."),
        ("/titles/0/records/0/version", "Phải là phiên bản của bản ghi như đã đọc, dạng 14172-57."),
        ("/titles/0/records/1/year", "Phải là một số nguyên."),
    ] {
        assert_eq!(said(pointer), sentence, "{pointer}");
    }
    assert!(said("/authority/body").starts_with("Phải là một trong các giá trị: `"));
    let unknown = said("/titles/0/colour");
    assert!(unknown.starts_with("Không có mục nào tên “colour”; chỉ có: `action`"), "{unknown}");
}

#[actix_web::test]
async fn numbers_keep_to_their_type() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let holder = family(&recorder, "Trần Văn An").await;
    let path = format!("/holders/{}", holder["id"].as_str().expect("an id"));
    for (details, expected) in [
        (json!({"head_birth_year": 40_000, "members": 61}), vec!["head_birth_year", "members"]),
        (json!({"members": 3_000_000_000_u64, "adults": 1e3}), vec!["adults", "members"]),
        (json!({"members": u64::MAX, "head": 5}), vec!["head", "members"]),
    ] {
        let patch = json!({"details": details});
        let call = recorder.call(Method::PATCH, &path).knowing(&holder).json(&patch);
        let problem = call.send().await.refuses(422, "invalid");
        let told: Vec<&str> = sorted(&problem).iter().map(|(pointer, _)| *pointer).collect();
        let expected: Vec<String> = expected.iter().map(|n| format!("/details/{n}")).collect();
        assert_eq!(told, expected, "{problem:#}");
    }
}

#[actix_web::test]
async fn a_name_that_stands_twice_in_an_object_is_told() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let body = r#"{"kind": "family", "area": "13669", "name": "An", "name": "Ba",
                   "details": {"members": 1, "members": 2, "a/b": [{"x": 1, "x": 1}]}}"#;
    let problem = send(&recorder, "/holders", body).await.refuses(422, "invalid");
    let expected = [
        ("/details/a~1b/0/x", "repeated"),
        ("/details/members", "repeated"),
        ("/name", "repeated"),
    ];
    assert_eq!(sorted(&problem), expected, "{problem:#}");
}

#[actix_web::test]
async fn a_long_list_of_faults_ends_somewhere() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let records: Vec<Value> = (0..10_000).map(|n| json!({"holder_id": n, "year": "x"})).collect();
    let steps = json!({"step": "verify", "records": records});
    let problem = recorder.post("/titles/steps", steps).await.refuses(422, "invalid");
    assert_eq!(faults(&problem).len(), 50);
    let repeated = format!("{{{}\"a\": 1}}", "\"a\": 1,".repeat(10_000));
    let problem = send(&recorder, "/holders", &repeated).await.refuses(422, "invalid");
    assert!(faults(&problem).len() <= 50);
}

#[actix_web::test]
async fn a_parameter_with_nothing_in_it_is_none_only_where_it_is_a_text() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    recorder.get("/titles?q=&grade=").await.is(200);
    for (path, pointer) in [
        ("/areas?on=", "?on"),
        ("/titles?year=&kind=family", "?year"),
        ("/titles?kind=%20", "?kind"),
        ("/titles?late=", "?late"),
        ("/titles?late=yes", "?late"),
        ("/titles?hamlet=", "?hamlet"),
        ("/titles?limit=", "?limit"),
        ("/titles?limit=1.5", "?limit"),
        ("/statistics?format=300", "?format"),
        ("/titles?colour=", "?colour"),
    ] {
        let problem = recorder.get(path).await.refuses(422, "invalid");
        assert_eq!(faults(&problem), [(pointer, "parameter")], "{path}: {problem:#}");
    }
    let problem = recorder.get("/titles?sample=2000&year=1&kind=x&kind=y").await.is(422);
    let expected = [("?kind", "repeated"), ("?sample", "range"), ("?year", "parameter")];
    assert_eq!(sorted(&problem), expected, "{problem:#}");
}

#[actix_web::test]
async fn a_condition_that_cannot_hold_says_why() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let holder = family(&recorder, "Trần Văn An").await;
    let path = format!("/holders/{}", holder["id"].as_str().expect("an id"));
    let version = holder["version"].as_str().expect("a version");
    for (tag, word) in [
        ("*".to_owned(), "If-Match: *"),
        (format!("W/\"{version}\""), "W/"),
        (version.to_owned(), "nháy kép"),
        (format!("\"{version}\", \"1-1\""), "một bản ghi"),
        ("\"x\"".to_owned(), "đúng như đã nhận"),
    ] {
        let call = recorder.call(Method::PATCH, &path).header("if-match", &*tag);
        let answer = call.json(&json!({"name": "Trần Văn Bình"})).send().await;
        let problem = answer.refuses(412, "if_match_unusable");
        assert!(problem["detail"].as_str().expect("said").contains(word), "{tag}: {problem:#}");
    }
    let stale = recorder.call(Method::PATCH, &path).header("if-match", "\"1-1\"");
    let stale = stale.json(&json!({"name": "Trần Văn Bình"})).send().await;
    stale.refuses(412, "stale_version");
}

#[actix_web::test]
async fn a_weak_tag_is_as_good_for_asking_again() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let holder = family(&recorder, "Trần Văn An").await;
    let record = format!("/holders/{}", holder["id"].as_str().expect("an id"));
    for path in [&*record, "/statistics?area=37&kind=family&year_from=2026"] {
        let tag = recorder.get(path).await.header("etag").to_owned();
        for known in [format!("W/{tag}"), format!("\"x\", W/{tag}"), "*".to_owned(), tag.clone()] {
            let again = recorder.call(Method::GET, path).header("if-none-match", &*known);
            assert_eq!(again.send().await.status, 304, "{path} {known}");
        }
        let other = recorder.call(Method::GET, path).header("if-none-match", "W/\"x\"");
        assert_eq!(other.send().await.status, 200, "{path}");
    }
}

#[actix_web::test]
async fn a_browser_at_the_root_is_shown_the_documentation() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let get = |path: &str| stranger.call(Method::GET, path).at_root().send();
    let shown = get("/").await;
    assert_eq!((shown.status, shown.text()), (200, get("/docs/").await.text()));
}

/// `on` is true in YAML 1.1, which much reads still, and `2026-12-31` no text.
#[test]
fn the_contract_means_the_same_to_readers_of_yaml_1_1() {
    let yaml = hoctap::server::contract::yaml();
    assert!(yaml.contains("- name: 'on'\n"));
    let flags = ["on", "off", "yes", "no", "y", "n"];
    for line in yaml.lines() {
        let line = line.trim_start_matches([' ', '-']);
        let words = [line.split(':').next(), line.rsplit(": ").next()];
        for word in words.into_iter().flatten() {
            assert!(!flags.contains(&&*word.to_ascii_lowercase()), "{line}");
        }
        let day = line.rsplit(": ").next().is_some_and(|w| w.parse::<chrono::NaiveDate>().is_ok());
        assert!(!day, "{line}");
    }
}
