//! Compares every answer with the contract: its status, its media type and the shape of its body.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use jsonschema::Validator;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

pub static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::to_value(hoctap::server::contract::openapi()).expect("a document")
});

/// Every operation: its method, its path, its description.
pub fn operations() -> Vec<(Method, &'static str, &'static Value)> {
    let mut found = Vec::new();
    for (path, item) in DOCUMENT["paths"].as_object().expect("paths") {
        for (method, described) in item.as_object().expect("operations") {
            let method = method.to_uppercase().parse().expect("a method");
            found.push((method, path.as_str(), described));
        }
    }
    found
}

/// Fails the test if the contract does not describe the answer.
pub fn check(method: &Method, path: &str, status: StatusCode, media: &str, body: &Value) {
    let Some((template, operation)) = operation(method, path) else {
        assert!(
            matches!(status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED)
                || !path.starts_with("/api/"),
            "{method} {path} answers {status} and is not in the contract"
        );
        return;
    };
    let described = resolved(&operation["responses"][status.as_str()]);
    assert!(described.is_object(), "{method} {template}: {status} is not in the contract: {body}");
    let Some(content) = described["content"].as_object() else {
        assert!(body.is_null(), "{method} {template} {status}: a body where none is described");
        return;
    };
    let Some(form) = content.get(media) else {
        panic!("{method} {template} {status}: {media} is not in the contract");
    };
    if body.is_null() {
        return;
    }
    static KNOWN: LazyLock<Mutex<HashMap<String, &'static Validator>>> =
        LazyLock::new(Mutex::default);
    let key = format!("{method} {template} {status} {media}");
    let validator: &Validator = {
        let mut known = KNOWN.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        known.entry(key.clone()).or_insert_with(|| Box::leak(Box::new(validator(&form["schema"]))))
    };
    let wrong: Vec<String> =
        validator.iter_errors(body).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(wrong.is_empty(), "{key}: {}\n{body:#}", wrong.join("\n"));
}

/// What stands here, or where this points.
pub fn resolved(part: &Value) -> &Value {
    match part["$ref"].as_str() {
        Some(to) => DOCUMENT.pointer(&to[1..]).unwrap_or_else(|| panic!("{to} leads nowhere")),
        None => part,
    }
}

fn validator(schema: &Value) -> Validator {
    // A media type without a schema takes anything.
    let schema = if schema.is_null() { &Value::Bool(true) } else { schema };
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [schema],
        "components": DOCUMENT["components"],
    });
    jsonschema::options().build(&whole).expect("a schema")
}

/// The operation that a path means, fixed paths before those with parameters.
fn operation(method: &Method, path: &str) -> Option<(&'static str, &'static Value)> {
    let method = method.as_str().to_lowercase();
    let paths = DOCUMENT["paths"].as_object()?;
    let fitting =
        paths.iter().filter(|(template, item)| fits(template, path) && item.get(&method).is_some());
    let (template, item) = fitting.min_by_key(|(template, _)| template.matches('{').count())?;
    Some((template, &item[&method]))
}

fn fits(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(w), Some(g)) if w == g || w.starts_with('{') && !g.is_empty() => {}
            _ => return false,
        }
    }
}
