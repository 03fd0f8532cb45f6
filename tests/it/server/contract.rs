//! The contract itself, and the form of every error.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::contract::{DOCUMENT, operations, resolved};
use crate::support::records::{COMMUNE, close_day};
use crate::support::{TestApp, faults, source};
use hoctap::access::Role;

/// Operations of `/api/v1` that anyone may use.
const PUBLIC: &[&str] = &[
    "GET /api/v1/areas",
    "GET /api/v1/areas/{level}/{code}",
    "GET /api/v1/areas/{level}/{code}/lineage",
    "GET /api/v1/audit/checkpoints",
    "GET /api/v1/audit/checkpoints/{number}",
    "GET /api/v1/statistics",
    "GET /api/v1/statistics/diff",
    "GET /api/v1/statistics/progress",
    "POST /api/v1/auth/login",
    "POST /api/v1/auth/refresh",
    "POST /api/v1/auth/token",
];

#[test]
fn the_file_is_what_the_program_says() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.yaml");
    let written = std::fs::read_to_string(file).expect("openapi.yaml");
    assert!(
        written == hoctap::server::contract::yaml(),
        "the contract has changed: cargo run -q -- openapi > openapi.yaml"
    );
}

#[test]
fn nothing_refers_to_what_is_not_there() {
    fn walk(value: &Value, found: &mut usize) {
        match value {
            Value::Object(fields) => {
                if fields.contains_key("$ref") {
                    resolved(value);
                    *found += 1;
                }
                fields.values().for_each(|field| walk(field, found));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let mut found = 0;
    walk(&DOCUMENT, &mut found);
    assert!(found > 100, "{found}");
}

#[test]
fn every_operation_is_described_whole() {
    let tags: Vec<&str> =
        DOCUMENT["tags"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect();
    let mut ids = std::collections::BTreeSet::new();
    for (method, path, operation) in operations() {
        let name = format!("{method} {path}");
        let tag = operation["tags"][0].as_str().unwrap_or_default();
        assert!(tags.contains(&tag), "{name}: the tag {tag:?} is not explained");
        assert!(operation["summary"].as_str().is_some_and(|s| s.ends_with('.')), "{name}: summary");
        assert!(ids.insert(operation["operationId"].as_str()), "{name}: its id is taken");
        if !name.contains("/api/v1") {
            continue;
        }
        let secured = operation["security"].is_array();
        assert_ne!(secured, PUBLIC.contains(&name.as_str()), "{name}: security");
        let responses = operation["responses"].as_object().unwrap();
        let answers: Vec<&str> = responses.keys().map(String::as_str).collect();
        assert!(answers.iter().any(|status| status.starts_with('2')), "{name}: no success");
        for status in ["401", "429", "500", "503"] {
            assert!(answers.contains(&status), "{name}: {status}");
        }
        assert_eq!(answers.contains(&"403"), secured, "{name}: 403");
        for (status, response) in responses.iter().filter(|(status, _)| status.as_str() >= "4") {
            let form = &resolved(response)["content"]["application/problem+json"];
            assert!(form["schema"].is_object(), "{name}: {status} is no problem");
        }
        for status in ["200", "201", "202"] {
            let content = responses.get(status).map(|r| &r["content"]);
            let known = content.and_then(Value::as_object).into_iter().flatten();
            for (media, form) in known {
                assert!(form["schema"].is_object(), "{name} {status}: {media} has no schema");
            }
        }
    }
}

#[test]
fn what_is_sent_and_asked_has_examples() {
    for (method, path, operation) in operations() {
        let name = format!("{method} {path}");
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let in_path = parameter["in"] == "path";
            let schema = resolved(&parameter["schema"]);
            let told = parameter["example"].is_string()
                || schema["example"].is_string()
                || schema["enum"].is_array()
                || schema["format"] == "uuid"
                || schema["type"] == "integer";
            assert!(!in_path || told, "{name}: {} has no example", parameter["name"]);
        }
        let Some(sent) = operation["requestBody"]["content"].as_object() else { continue };
        for (media, form) in sent {
            assert!(form["schema"].is_object(), "{name}: {media} has no schema");
            if media != "application/json" {
                continue;
            }
            let schema = resolved(&form["schema"]);
            let fields = schema["properties"].as_object().into_iter().flatten();
            let told = fields.clone().any(|(_, part)| shows(part));
            assert!(told || fields.count() == 0, "{name}: nothing shows what to send");
        }
    }
}

/// Whether there is an example in it, or nothing else that could be sent.
fn shows(part: &Value) -> bool {
    let inner = resolved(part);
    let choices = part["oneOf"].as_array().into_iter().flatten();
    let fields = inner["properties"].as_object().into_iter().flatten().map(|(_, field)| field);
    !inner["example"].is_null()
        || inner["enum"].is_array()
        || inner["type"].to_string().contains("boolean")
        || choices.chain(fields).chain(part.get("items")).any(shows)
}

/// Queries and If-Match reach the contract only if the handler's attribute names them.
#[test]
fn what_a_handler_reads_stands_in_its_attribute() {
    let mut seen = 0;
    for (path, text) in source::files("src") {
        for handler in text.split("#[utoipa::path(").skip(1) {
            let (attribute, rest) = handler.split_once("async fn").expect("a handler");
            let signature = rest.split_once(") -> ").expect("an answer").0;
            let read = signature.split("Query<").skip(1).map(|q| q.split('>').next().unwrap());
            let version = signature.contains("IfMatch").then_some("IfMatch");
            for name in read.chain(version) {
                seen += 1;
                let named = attribute.contains(name);
                assert!(named, "{path}: params({name}) is missing: {rest:.60}");
            }
        }
    }
    assert!(seen > 30, "{seen}");
}

#[actix_web::test]
async fn every_error_is_a_problem_in_the_language_asked_for() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let unknown = stranger.get("/nothing").await;
    assert_eq!(unknown.header("content-type"), "application/problem+json");
    assert_eq!(unknown.header("content-language"), "vi");
    assert_eq!(unknown.header("x-request-id"), unknown.body["request_id"].as_str().unwrap());
    let problem = unknown.refuses(404, "not_found");
    assert_eq!(problem["instance"], "/api/v1/nothing");
    assert_eq!((&problem["type"], &problem["title"]), (&json!("about:blank"), &json!("Not Found")));
    assert!(problem["detail"].as_str().unwrap().starts_with("Không tìm thấy"));

    for (language, begins) in [("en", "Not found"), ("vi, en;q=0.5", "Không"), ("fr, en", "Not")] {
        let call = stranger.call(Method::GET, "/nothing").header("accept-language", language);
        let detail = call.send().await.refuses(404, "not_found")["detail"].clone();
        assert!(detail.as_str().unwrap().starts_with(begins), "{language}: {detail}");
    }
    let wrong = stranger.call(Method::DELETE, "/areas").send().await;
    assert_eq!(wrong.header("allow"), "GET, HEAD");
    wrong.refuses(405, "method_not_allowed");
    let id = "0192f0c8-5a5e-7c6e-8000-3a1b2c3d4e5f";
    let given = stranger.call(Method::GET, "/areas").header("x-request-id", id).send().await;
    assert_eq!(given.header("x-request-id"), id);
}

#[actix_web::test]
async fn head_tells_what_get_would_without_its_body() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let day = close_day(&app).await;
    let question = format!("/statistics?area={COMMUNE}&as_of={day}");
    for path in ["/areas?level=province", &question, "/titles?limit=5", "/titles?limit=no", "/me"] {
        let [get, head] = [Method::GET, Method::HEAD].map(|method| recorder.call(method, path));
        let (get, head) = (get.raw().await, head.raw().await);
        assert_eq!((head.status, &*head.bytes), (get.status, &b""[..]), "{path}");
        for name in ["content-type", "content-length", "etag", "cache-control", "vary"] {
            assert_eq!(head.header(name), get.header(name), "{path}: {name}");
        }
    }
    for path in ["/healthz", "/openapi.yaml", "/docs/"] {
        let head = app.stranger().call(Method::HEAD, path).at_root().raw().await;
        assert_eq!((head.status, &*head.bytes), (200, &b""[..]), "{path}");
    }
    let refused = recorder.call(Method::HEAD, "/auth/login").raw().await;
    assert_eq!((refused.status, refused.header("allow")), (405, "POST"));
}

#[actix_web::test]
async fn a_body_that_cannot_be_used_is_explained() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let send = |body: &[u8]| {
        let call =
            recorder.call(Method::POST, "/holders").header("content-type", "application/json");
        call.bytes(body).send()
    };
    send(b"{\"kind\": ").await.refuses(400, "bad_json");
    send(b"\xff\xfe").await.refuses(400, "bad_json");
    send(b"").await.refuses(400, "bad_json");
    send(&vec![b' '; 3 << 20]).await.refuses(413, "too_large");
    let deep = "[".repeat(100_000);
    send(deep.as_bytes()).await.refuses(400, "bad_json");
    let other = recorder.call(Method::POST, "/holders").header("content-type", "text/plain");
    other.bytes("{}").send().await.refuses(415, "unsupported_media_type");

    let family = json!({"kind": "family", "area": COMMUNE, "name": "An"});
    for (field, value, pointer, code) in [
        ("colour", json!("xanh"), "/colour", "shape"),
        ("kind", json!("school"), "/kind", "shape"),
        ("name", json!(7), "/name", "shape"),
        ("name", json!("A\u{0}n"), "/name", "control_character"),
        ("name", json!("A\tn"), "/name", "control_character"),
        ("hamlet", json!("số 5"), "/hamlet", "shape"),
        ("area", json!("99999"), "/area", "area_unknown"),
    ] {
        let mut body = family.clone();
        body[field] = value;
        let problem = recorder.post("/holders", body).await.refuses(422, "invalid");
        assert!(faults(&problem).contains(&(pointer, code)), "{field}: {problem:#}");
    }
}

#[actix_web::test]
async fn everything_that_is_wrong_is_told_at_once() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    let wrong =
        json!({"kind": "school", "area": 13669, "hamlet": "số 5", "name": "A\tn", "colour": 1});
    let problem = recorder.post("/holders", wrong).await.refuses(422, "invalid");
    let mut told = faults(&problem);
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("/area", "shape"),
            ("/colour", "shape"),
            ("/hamlet", "shape"),
            ("/kind", "shape"),
            ("/name", "control_character"),
        ],
        "{problem:#}"
    );
    let problem = recorder.post("/holders", json!({"group": 5})).await.refuses(422, "invalid");
    let mut told: Vec<&str> = faults(&problem).into_iter().map(|(pointer, _)| pointer).collect();
    told.sort_unstable();
    assert_eq!(told, ["/area", "/group", "/kind"], "{problem:#}");

    let records = json!([{"holder_id": "x", "year": 1999, "level": "world", "version": 1}, 7]);
    let steps = json!({"step": "jump", "records": records});
    let problem = recorder.post("/titles/steps", steps).await.refuses(422, "invalid");
    let mut told: Vec<&str> = faults(&problem).into_iter().map(|(pointer, _)| pointer).collect();
    told.sort_unstable();
    let record = ["holder_id", "level", "version", "year"].map(|f| format!("/records/0/{f}"));
    let mut expected: Vec<&str> = record.iter().map(String::as_str).collect();
    expected.extend(["/records/1", "/step"]);
    assert_eq!(told, expected, "{problem:#}");

    let question = "/titles?year=1999&status=gone&kind=school&colour=xanh&limit=no&q=a%00b";
    let problem = recorder.get(question).await.refuses(422, "invalid");
    let mut told: Vec<&str> = faults(&problem).into_iter().map(|(pointer, _)| pointer).collect();
    told.sort_unstable();
    assert_eq!(told, ["?colour", "?kind", "?limit", "?q", "?status", "?year"], "{problem:#}");

    let problem = app.stranger().get("/statistics/diff?to=x&by=1").await.refuses(422, "invalid");
    let mut told = faults(&problem);
    told.sort_unstable();
    assert_eq!(told, [("?from", "parameter"), ("?to", "parameter")], "{problem:#}");
}

#[actix_web::test]
async fn a_question_that_cannot_be_used_is_explained() {
    let app = TestApp::start().await;
    let recorder = app.user(Role::Recorder, COMMUNE).await;
    for (path, pointer, code) in [
        ("/titles?colour=xanh", "?colour", "parameter"),
        ("/titles?year=2020", "?year", "parameter"),
        ("/titles?year=99999999999999", "?year", "parameter"),
        ("/titles?year=hai", "?year", "parameter"),
        ("/titles?kind=school", "?kind", "parameter"),
        ("/titles?limit=0", "?limit", "range"),
        ("/titles?limit=501", "?limit", "range"),
        ("/titles?cursor=here", "?cursor", "cursor"),
        ("/titles?q=a%00b", "?q", "control_character"),
        ("/titles?year=2025&year=2026", "?year", "repeated"),
        ("/titles?area=99999", "?area", "area_unknown"),
        ("/holders?q=%27%3B%20drop%20table%20titles--&limit=no", "?limit", "parameter"),
        ("/statistics?year_from=2031", "?year_from", "parameter"),
        ("/areas?on=2025-02-30", "?on", "parameter"),
    ] {
        let problem = recorder.get(path).await.refuses(422, "invalid");
        assert!(faults(&problem).iter().any(|f| f.0 == pointer), "{path}: {problem:#}");
        assert!(faults(&problem).contains(&(pointer, code)), "{path}: {problem:#}");
    }
    recorder.get("/titles?q=%FF").await.is(200);
    let quoted = "/holders?q=%27%3B%20drop%20table%20titles%25_%5C--";
    assert_eq!(recorder.get(quoted).await.is(200)["items"], json!([]));
    for path in ["/holders/%00", "/holders/not-a-code", "/areas/commune/%00", "/users/1"] {
        assert!(matches!(recorder.get(path).await.status, 403 | 404), "{path}");
    }
    for path in ["2020/commune", "99999/commune", "2026/village", "x/commune"] {
        let path = format!("/holders/00000000-0000-0000-0000-000000000000/titles/{path}");
        recorder.get(&path).await.refuses(404, "not_found");
        recorder.put(&path, json!({})).await.refuses(404, "not_found");
    }
}

#[actix_web::test]
async fn the_documentation_needs_no_other_server() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    let get = |path: &str| stranger.call(Method::GET, path).at_root().send();
    let redirect = get("/docs").await;
    assert!(redirect.status == 302 || redirect.status == 200, "{}", redirect.status);
    let page = get("/docs/").await;
    let html = page.text();
    let mut assets: Vec<String> = ["src=\"", "href=\""]
        .iter()
        .flat_map(|mark| html.split(mark).skip(1).filter_map(|rest| rest.split('"').next()))
        .map(str::to_owned)
        .collect();
    assets.sort();
    assert!(assets.len() >= 4, "{assets:?}");
    for asset in &assets {
        assert!(!asset.contains("//"), "{asset} is somebody else's");
        let answer = get(&format!("/docs/{}", asset.trim_start_matches("./"))).await;
        assert_eq!(answer.status, 200, "{asset}");
        assert!(!answer.bytes.is_empty(), "{asset}");
    }
    let start = get("/docs/swagger-initializer.js").await.text();
    assert!(start.contains("/openapi.json"), "{start}");
    let served = get("/openapi.json").await.is(200);
    assert_eq!(served["openapi"], DOCUMENT["openapi"]);
    assert_eq!(served["paths"], DOCUMENT["paths"]);
    assert_eq!(get("/openapi.yaml").await.text(), hoctap::server::contract::yaml());
}
