//! Everything that does not fit is told at once.

use hoctap::base::error::{Error, FieldError};
use hoctap::wire::input::shape::{MOST, Pairs, read};
use hoctap::wire::input::wording;
use serde::Deserialize;
use serde_json::{Value, json};
use validator::Validate;

#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only what is wrong with it is looked at")]
struct Family {
    kind: hoctap::base::kind::Kind,
    year: hoctap::base::kind::Year,
    #[validate(length(min = 1))]
    name: String,
    born: Option<chrono::NaiveDate>,
    #[serde(default)]
    members: Vec<Member>,
}

#[derive(Debug, Deserialize, Validate)]
#[expect(dead_code, reason = "only what is wrong with it is looked at")]
struct Member {
    id: uuid::Uuid,
    score: f64,
}

fn pointers(error: Error) -> Vec<String> {
    error.to_problem().errors.iter().map(|error| error.pointer.clone()).collect()
}

#[test]
fn one_fault_hides_no_other() {
    let id = "019a0000-0000-7000-8000-000000000000";
    for (value, expected) in [
        (json!({"kind": "school", "year": 1999, "name": 7}), vec!["/kind", "/year", "/name"]),
        (json!({"born": "2026-02-30", "name": ""}), vec!["/born", "/kind", "/year", "/name"]),
        (json!({"kind": "family", "year": 2026, "name": ""}), vec!["/name"]),
        (
            json!({"kind": "family", "year": 2026, "name": "An", "a/b": 1,
                   "members": [{"id": id}, {"id": 1, "score": "x"}, 5]}),
            vec!["/a~1b", "/members/0/score", "/members/1/id", "/members/1/score", "/members/2"],
        ),
        // Of what is no object at all nothing is missing.
        (json!([]), vec![""]),
        (json!({"kind": "family", "year": 2026, "name": "An", "members": 1}), vec!["/members"]),
    ] {
        let shown = value.to_string();
        let error = read::<Family>(value, Vec::new(), str::to_owned).expect_err(&shown);
        let (mut found, mut expected) = (pointers(error), expected);
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{shown}");
    }
}

#[test]
fn what_was_found_before_is_told_with_the_rest() {
    let pairs = Pairs(vec![
        ("kind".into(), "school".into()),
        ("name".into(), "An".into()),
        ("name".into(), "Ba".into()),
        ("colour".into(), "red".into()),
    ]);
    let before = vec![FieldError::new("?name", "repeated", wording::of("twice"))];
    let at = |name: &str| format!("?{}", name.trim_start_matches('/'));
    let error = read::<Family>(pairs, before, at).expect_err("is wrong");
    assert_eq!(pointers(error), ["?name", "?kind", "?colour", "?year"]);
}

#[test]
fn a_long_list_of_faults_ends_somewhere() {
    let members: Vec<Value> = (0..20_000).map(|n| json!({"id": n, "score": "x"})).collect();
    let value = json!({"kind": "family", "year": 2026, "name": "An", "members": members});
    let error = read::<Family>(value, Vec::new(), str::to_owned).expect_err("is wrong");
    let told = pointers(error).len();
    assert!((1..=MOST).contains(&told), "{told}");
}
