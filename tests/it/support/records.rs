//! Records as tests need them, entered through the API.

use chrono::{Days, NaiveDate};
use hoctap::base::clock::today;
use serde_json::{Value, json};

pub use super::proof::prove as register_is_sound;
use super::{Client, TestApp};

/// The commune of most tests: Phường Nam Định.
pub const COMMUNE: &str = "13669";
/// Another commune of the same province.
pub const NEIGHBOUR: &str = "13684";
pub const PROVINCE: &str = "37";

/// A family without hamlet.
pub async fn family(recorder: &Client<'_>, name: &str) -> Value {
    let body = json!({"kind": "family", "area": COMMUNE, "name": name});
    recorder.post("/holders", body).await.is(201)
}

/// A holder of any kind, with what else is to be said of it.
pub async fn holder(recorder: &Client<'_>, kind: &str, area: &str, more: Value) -> Value {
    let mut body = json!({"kind": kind, "area": area});
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    recorder.post("/holders", body).await.is(201)
}

/// Registers holders for a year at the level of the commune, which must be the first of their kind
/// there, and brings all of them to verified with this score.
pub async fn verified(
    recorder: &Client<'_>,
    holders: &[Value],
    year: i16,
    score: Value,
) -> Vec<Value> {
    let mut titles = Vec::new();
    for holder in holders {
        let path = title_path(holder, year);
        let title = recorder.put(&path, json!({})).await.is(200);
        let body = json!({"score": score});
        let title = recorder.step(&format!("{path}/assess"), &title, body).await.is(200);
        titles.push(recorder.step(&format!("{path}/verify"), &title, json!({})).await.is(200));
    }
    titles
}

/// Recognises verified titles by one decision.
pub async fn recognise(approver: &Client<'_>, number: &str, titles: &[Value]) {
    let records: Vec<Value> = titles.iter().map(record).collect();
    let parts = json!([{"action": "recognise", "records": records}]);
    approver.post("/decisions", decision(number, parts)).await.is(201);
}

/// A family that lives in a hamlet of the commune.
pub async fn family_in(recorder: &Client<'_>, hamlet: &Value, name: &str) -> Value {
    holder(recorder, "family", COMMUNE, json!({"hamlet": hamlet["id"], "name": name})).await
}

/// The path of a title of a family.
pub fn title_path(holder: &Value, year: i16) -> String {
    format!("/holders/{}/titles/{year}/commune", holder["id"].as_str().expect("an id"))
}

/// A family's title of a year, brought to a status; `approver` decides where that is needed.
pub async fn title_at(
    recorder: &Client<'_>,
    approver: &Client<'_>,
    holder: &Value,
    year: i16,
    status: &str,
) -> Value {
    let path = title_path(holder, year);
    let mut title = recorder.put(&path, json!({})).await.is(200);
    let steps: &[&str] = match status {
        "registered" => &[],
        "self_assessed" => &["assess"],
        "withdrawn" => &["withdraw"],
        _ => &["assess", "verify"],
    };
    for step in steps {
        let body = match *step {
            "assess" => json!({"score": {"total": 85}}),
            "withdraw" => json!({"reason": "Chuyển đi nơi khác"}),
            _ => json!({}),
        };
        title = recorder.step(&format!("{path}/{step}"), &title, body).await.is(200);
    }
    let actions: &[&str] = match status {
        "recognised" => &["recognise"],
        "not_recognised" => &["decline"],
        "revoked" => &["recognise", "revoke"],
        _ => &[],
    };
    for action in actions {
        let number = format!("{action} {}", title["version"].as_str().expect("a version"));
        let parts = json!([{"action": action, "records": [record(&title)]}]);
        approver.post("/decisions", decision(&number, parts)).await.is(201);
        title = recorder.get(&path).await.is(200);
    }
    assert_eq!(title["status"], status);
    title
}

/// A title as a batch names it.
pub fn record(title: &Value) -> Value {
    json!({
        "holder_id": title["holder_id"],
        "year": title["year"],
        "level": title["level"],
        "version": title["version"],
    })
}

/// A decision of the commune on some titles.
pub fn decision(number: &str, parts: Value) -> Value {
    json!({
        "document": "decision",
        "authority": {"area": COMMUNE, "body": "peoples_committee"},
        "number": number,
        "symbol": "QĐ-UBND",
        "decided_on": "2026-11-20",
        "signatory": {
            "name": "Nguyễn Thị Hạnh",
            "position": "Phó Chủ tịch",
            "capacity": "KT. CHỦ TỊCH",
        },
        "titles": parts,
    })
}

/// A person with these details.
pub async fn citizen(recorder: &Client<'_>, area: &str, name: &str, details: Value) -> Value {
    let body = json!({"kind": "citizen", "area": area, "name": name, "group": "farmers",
                      "details": details});
    recorder.post("/holders", body).await.is(201)
}

/// A hamlet of a commune.
pub async fn hamlet(recorder: &Client<'_>, area: &str, hamlet_type: &str, name: &str) -> Value {
    let body = json!({"type": hamlet_type, "name": name});
    recorder.post(&format!("/areas/commune/{area}/hamlets"), body).await.is(201)
}

/// Closes the day on which changes are known now, ahead of the clock: the next ones are known on the
/// day after. Returns the day.
pub async fn close_day(app: &TestApp) -> NaiveDate {
    let mut db = app.db().await;
    let until = today() + Days::new(1_000);
    let last = hoctap::ledger::days::last_closed(&mut db, until).await.expect("closed days");
    let day = last.map_or(today(), |last| today().max(last + Days::new(1)));
    let next = day + Days::new(1);
    let kept = hoctap::server::housekeeping::once(&mut db, &app.shared.keys, next).await;
    kept.expect("housekeeping");
    day
}
