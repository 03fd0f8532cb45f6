//! What a difference says is held against what `/statistics` says of each of its days.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::Client;

/// What the figures of a row are; names and links depend on the day.
const FIGURES: [&str; 8] = [
    "total",
    "total_source",
    "registered",
    "by_status",
    "recognised",
    "in_force",
    "coverage",
    "reported",
];
const STATES: [&str; 7] = [
    "registered",
    "self_assessed",
    "verified",
    "recognised",
    "not_recognised",
    "withdrawn",
    "revoked",
];

/// All pages of a difference: its rows, and the first page whole.
pub async fn difference(client: &Client<'_>, question: &str) -> (Vec<Value>, Value) {
    let path = format!("/statistics/diff?{question}&limit=200");
    let first = client.get(&path).await.is(200);
    let mut rows = items(&first);
    let mut next = first["next"].clone();
    while let Some(cursor) = next.as_str() {
        let page = client.get(&format!("{path}&cursor={cursor}")).await.is(200);
        assert_eq!(page["count"], first["count"]);
        rows.extend(items(&page));
        next = page["next"].clone();
    }
    assert_eq!(first["count"], rows.len());
    (rows, first)
}

/// Compares two closed days by what a caller who reads everything is told: the difference has exactly
/// the rows that differ, each as `/statistics` tells it, and its entries add up to what they explain.
/// Returns how many rows differ.
pub async fn compare(
    client: &Client<'_>,
    question: &str,
    from: NaiveDate,
    to: NaiveDate,
    boundaries: &str,
) -> usize {
    let question = format!("{question}&boundaries={boundaries}");
    let told = async |day: NaiveDate| {
        let answer = client.get(&format!("/statistics?{question}&as_of={day}")).await.is(200);
        items(&answer).into_iter().map(|row| (key(&row), row)).collect::<BTreeMap<_, _>>()
    };
    let (before, after) = (told(from).await, told(to).await);
    let (found, _) = difference(client, &format!("{question}&from={from}&to={to}")).await;
    // An area that ended and one that began may share a code: each day has its own.
    let (mut seen, mut replaced) = (BTreeSet::new(), BTreeSet::new());
    for row in &found {
        for (told, day) in [(&before, "before"), (&after, "after")] {
            if row[day].is_null() {
                continue;
            }
            let key = key(&row[day]);
            match told.get(&key) {
                Some(expected) => assert_eq!(&row[day], expected, "{from} {to} {question}"),
                // What a day does not show counts nothing.
                None => assert!(empty(&row[day]), "{from} {to} {question}: {row:#}"),
            }
            if row["before"].is_null() || row["after"].is_null() {
                replaced.insert(key.clone());
            }
            assert!(seen.insert((day, key)), "{row:#} stands there twice");
        }
        adds_up(row);
    }
    let nothing = json!({});
    for key in before.keys().chain(after.keys()) {
        let (then, now) = (before.get(key).unwrap_or(&nothing), after.get(key).unwrap_or(&nothing));
        let differs = match (then == &nothing, now == &nothing) {
            (false, false) => FIGURES.iter().any(|figure| then[figure] != now[figure]),
            (true, _) => !empty(now),
            (_, true) => !empty(then),
        };
        let told = ["before", "after"].iter().any(|day| seen.contains(&(*day, key.clone())));
        if differs || !replaced.contains(key) {
            assert_eq!(told, differs, "{from} {to} {question}\n{then:#}\n{now:#}");
        }
    }
    found.len()
}

fn items(answer: &Value) -> Vec<Value> {
    answer["items"].as_array().expect("items").clone()
}

fn key(row: &Value) -> String {
    let parts =
        ["area", "area_until", "part", "candidates", "year", "kind", "level", "group", "grade"];
    parts.iter().map(|part| row[part].to_string()).collect::<Vec<_>>().join(" ")
}

fn empty(row: &Value) -> bool {
    ["registered", "in_force", "total", "reported"]
        .iter()
        .all(|figure| row[figure].is_null() || row[figure] == 0)
}

/// The entries of a row, when all are listed, add up to what lies between its days.
fn adds_up(row: &Value) {
    let entries = row["entries"]["items"].as_array().expect("entries");
    let count = row["entries"]["count"].as_u64().expect("a number") as usize;
    assert_eq!(entries.len(), count.min(20), "{row:#}");
    if entries.len() < count {
        return;
    }
    let number = |value: &Value| value.as_i64().unwrap_or(0);
    let between = |read: &dyn Fn(&Value) -> i64| read(&row["after"]) - read(&row["before"]);
    let sum = |read: &dyn Fn(&Value) -> i64| -> i64 {
        entries.iter().map(|entry| read(&entry["titles"])).sum()
    };
    // What moved on the map was changed by no entry of a title.
    if entries.iter().any(|entry| entry["action"].as_str().unwrap().starts_with("reform")) {
        return;
    }
    for figure in ["registered", "recognised", "in_force"] {
        let read = |side: &Value| number(&side[figure]);
        assert_eq!(sum(&read), between(&read), "{figure}: {row:#}");
    }
    for state in STATES {
        let read = |side: &Value| number(&side["by_status"][state]);
        assert_eq!(sum(&read), between(&read), "{state}: {row:#}");
    }
}
