//! Who may do what, and what it leaves: swept over every operation of the contract.

use std::collections::BTreeMap;

use hoctap::access::Role;
use hoctap::base::clock::today;
use reqwest::Method;
use serde_json::Value;

use super::cases::{Body, Cast, EXEMPT, Success, success};
use crate::support::{Answer, Client, TestApp, contract, faults};

/// An operation of the contract, as the cases name it: `POST /holders`.
struct Operation {
    name: String,
    method: Method,
    template: String,
    secured: bool,
    takes_version: bool,
}

fn operations() -> Vec<Operation> {
    let of = |(method, path, described): (Method, &str, &Value)| {
        let template = path.strip_prefix("/api/v1")?.to_owned();
        let mut parameters = described["parameters"].as_array().into_iter().flatten();
        Some(Operation {
            name: format!("{method} {template}"),
            method,
            template,
            secured: described["security"].is_array(),
            takes_version: parameters.any(|p| p["name"] == "If-Match"),
        })
    };
    contract::operations().into_iter().filter_map(of).collect()
}

impl Operation {
    /// A path of the right form that names nothing in particular.
    fn some_path(&self) -> String {
        self.template
            .replace("{id}", "00000000-0000-0000-0000-000000000000")
            .replace("{level}", "commune")
            .replace("{code}", "13669")
            .replace("{year}", "2026")
    }

    async fn bare(&self, who: &Client<'_>) -> Answer {
        who.call(self.method.clone(), &self.some_path()).send().await
    }

    async fn try_as(&self, who: &Client<'_>, case: &Success, version: bool) -> Answer {
        let mut call = who.call(self.method.clone(), &case.path).header("prefer", "wait=20");
        if let (true, Some(known)) = (version, &case.known) {
            call = call.knowing(known);
        }
        if self.method == Method::POST {
            call = call.header("idempotency-key", &self.name);
        }
        match &case.body {
            Body::None => call,
            Body::Json(body) => call.json(body),
            Body::File(file) => call.bytes(file.clone()),
        }
        .send()
        .await
    }
}

/// The number of entries in each chain, by the code of its area.
async fn chains(app: &TestApp) -> BTreeMap<String, i64> {
    let areas = app.shared.places.now();
    let db = hoctap::base::db::copy_client(&app.shared.url).await.expect("a connection");
    let rows = db.query("select area_id, seq from audit_heads", &[]).await.expect("the heads");
    rows.iter().map(|row| (areas.code(row.get(0), today()).to_owned(), row.get(1))).collect()
}

/// The entries that came between: by chain, how many.
fn added(before: &BTreeMap<String, i64>, after: &BTreeMap<String, i64>) -> Vec<(String, i64)> {
    let grown = after.iter().map(|(code, n)| (code.clone(), n - before.get(code).unwrap_or(&0)));
    grown.filter(|(_, n)| *n != 0).collect()
}

#[actix_web::test]
async fn a_stranger_is_refused_by_every_operation_that_is_not_public() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    for operation in operations().iter().filter(|operation| operation.secured) {
        assert_eq!(operation.bare(&stranger).await.status, 401, "{}", operation.name);
        let forged = operation.bare(&app.bearer("a.b.c")).await;
        assert_eq!(forged.status, 401, "{}", operation.name);
    }
}

#[actix_web::test]
async fn every_operation_keeps_to_its_roles_its_area_and_one_entry_in_each_chain() {
    let app = TestApp::start().await;
    let cast = Cast::of(&app).await;
    for operation in operations() {
        let name = &operation.name;
        let exempt = EXEMPT.iter().any(|(known, _)| known == name);
        let Some(case) = success(&cast, name).await else {
            assert!(exempt, "{name} has neither a line nor an exemption in access/cases");
            continue;
        };
        assert!(!exempt, "{name} is exempt and has a line");
        keeps_to_its_roles(&operation, &cast, &case).await;

        let before = chains(&app).await;
        if operation.secured && !case.anywhere {
            let role = case.may[0];
            let other = cast.elsewhere.iter().find(|(r, _)| *r == role).map(|(_, c)| c);
            let answer = operation.try_as(other.expect("everybody"), &case, true).await;
            assert!(refuses(&answer), "{name} elsewhere: {:#}", answer.body);
        }
        let who = cast.at_home(case.may[0]);
        if case.known.is_some() {
            assert!(operation.takes_version, "{name}: If-Match is not in the contract");
            operation.try_as(who, &case, false).await.refuses(428, "if_match_required");
        }
        assert_eq!(added(&before, &chains(&app).await), [], "{name} refused, and left an entry");

        let answer = operation.try_as(who, &case, true).await;
        assert!((200..300).contains(&answer.status), "{name}: {:#}", answer.body);
        let after = chains(&app).await;
        let expected: Vec<_> = case.chains.iter().map(|code| (code.to_string(), 1)).collect();
        assert_eq!(added(&before, &after), expected, "{name}");

        if operation.method == Method::POST && case.repeatable {
            let again = operation.try_as(who, &case, true).await;
            assert_eq!(again.status, answer.status, "{name} again: {:#}", again.body);
            assert_eq!(again.body["id"], answer.body["id"], "{name} again");
            assert_eq!(added(&after, &chains(&app).await), [], "{name} again left an entry");
        }
    }
    every_entry_is_told(&app).await;
}

/// Every entry that the operations left can be said by a person.
async fn every_entry_is_told(app: &TestApp) {
    let db = hoctap::base::db::copy_client(&app.shared.url).await.expect("a connection");
    let rows = db.query("select distinct action from audit_entries", &[]).await.expect("actions");
    let actions: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert!(actions.len() > 40, "{actions:?}");
    for action in actions {
        assert!(hoctap::ledger::audit::actions::deed(&action).is_some(), "{action}");
    }
}

/// Forbidden or not found; a batch says so of each of its titles.
fn refuses(answer: &Answer) -> bool {
    match answer.status {
        403 | 404 => true,
        409 => faults(&answer.body).iter().all(|(_, code)| *code == "not_found"),
        _ => false,
    }
}

async fn keeps_to_its_roles(operation: &Operation, cast: &Cast<'_>, case: &Success) {
    for (role, who) in &cast.home {
        let refused = operation.bare(who).await.body["code"] == "role_not_allowed";
        assert_eq!(refused, !case.may.contains(role), "{role} at {}", operation.name);
    }
}

#[test]
fn nothing_is_exempt_that_is_not_there() {
    let known = operations();
    for (name, why) in EXEMPT {
        assert!(known.iter().any(|o| o.name == *name), "{name} ({why}) is no operation");
    }
    assert_eq!(Role::ALL.len(), 6);
}
