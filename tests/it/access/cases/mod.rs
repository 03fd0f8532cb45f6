//! How every operation of the contract succeeds, and who may use it: one line each, for the sweep.

/// Who acts in the sweep, and what they make for it.
pub mod cast;
/// Accounts of people and of services.
mod accounts;
/// What is kept: places, criteria, holders, titles, decisions, rounds.
mod register;
/// What happens to it: duplicates, moves, imports, requests of people.
mod acts;
/// What is counted and proved: totals, targets, statistics, exports, the trail.
mod figures;
/// What areas and their hamlets become.
mod areas;

use hoctap::access::Role::{self, *};
use serde_json::{Value, json};

pub use self::cast::Cast;
use crate::support::records::{COMMUNE, NEIGHBOUR};

/// A request that succeeds, and what it leaves in the trail.
pub struct Success {
    /// Everybody who may use the operation; the first does.
    pub may: &'static [Role],
    pub path: String,
    pub body: Body,
    /// What is changed, as it was read.
    pub known: Option<Value>,
    /// The chains that get one entry each.
    pub chains: Vec<&'static str>,
    /// Whether the same role may do it in any other area too.
    pub anywhere: bool,
    /// Whether the same request with the same Idempotency-Key leads to the same again.
    pub repeatable: bool,
}

pub enum Body {
    None,
    Json(Value),
    File(Vec<u8>),
}

pub const READERS: &[Role] = &[Recorder, Approver, Supervisor, Auditor];
pub const RECORDER: &[Role] = &[Recorder];
pub const SUPERVISOR: &[Role] = &[Supervisor];
pub const APPROVER: &[Role] = &[Approver];
pub const ADMINISTRATOR: &[Role] = &[Administrator];
pub const CONTROLLERS: &[Role] = &[Supervisor, Auditor];

/// Operations without a line below, and why.
pub const EXEMPT: &[(&str, &str)] = &[
    ("POST /auth/login", "a stranger's: leaves a session, which is not of the register"),
    ("POST /auth/refresh", "a stranger's: leaves a session"),
    ("POST /auth/token", "a stranger's: leaves nothing"),
    ("POST /auth/logout", "everybody's: ends the session that the sweep needs"),
];

/// The line of an operation, with the records made that it needs.
pub async fn success(c: &Cast<'_>, operation: &str) -> Option<Success> {
    if let Some(found) = accounts::success(c, operation).await {
        return Some(found);
    }
    if let Some(found) = register::success(c, operation).await {
        return Some(found);
    }
    if let Some(found) = acts::success(c, operation).await {
        return Some(found);
    }
    if let Some(found) = figures::success(c, operation).await {
        return Some(found);
    }
    areas::success(c, operation).await
}

pub const BOTH: &[&str] = &[COMMUNE, NEIGHBOUR];
pub const HAMLETS: &str = "/areas/commune/13669/hamlets";
pub const LIST: &str = "kind=family&area=13669&year=2026";

pub fn read(may: &'static [Role], path: impl Into<String>) -> Success {
    Success { chains: Vec::new(), body: Body::None, ..write(may, path, Value::Null) }
}

pub fn public(path: &str) -> Success {
    read(Role::ALL, path).anywhere()
}

/// An export is recorded in the chain of whoever takes it away, and holds what that one may read.
pub fn export(path: &str) -> Success {
    read(READERS, path).anywhere().leaves(&[COMMUNE])
}

/// A row of an area outside the caller's is told as a fault of that row.
pub fn sheet(may: &'static [Role], path: &str, text: &str) -> Success {
    Success { body: Body::File(text.into()), ..write(may, path, Value::Null).anywhere() }
}

pub fn delete(may: &'static [Role], path: impl Into<String>) -> Success {
    Success { body: Body::None, ..write(may, path, Value::Null) }
}

/// Leaves one entry in the commune's chain, unless said otherwise.
pub fn write(may: &'static [Role], path: impl Into<String>, body: Value) -> Success {
    Success {
        may,
        path: path.into(),
        body: Body::Json(body),
        known: None,
        chains: vec![COMMUNE],
        anywhere: false,
        repeatable: true,
    }
}

impl Success {
    pub fn knowing(self, known: Value) -> Self {
        Self { known: Some(known), ..self }
    }

    pub fn leaves(self, chains: &[&'static str]) -> Self {
        Self { chains: chains.to_vec(), ..self }
    }

    pub fn anywhere(self) -> Self {
        Self { anywhere: true, ..self }
    }

    /// For answers that hold a secret which is not kept.
    pub fn once(self) -> Self {
        Self { repeatable: false, ..self }
    }
}

/// The path of a thing with an id.
pub fn of(thing: &Value, path: &str) -> String {
    path.replace("{id}", thing["id"].as_str().expect("an id"))
}

/// The path of a title, or of a step on it.
pub fn at(title: &Value, step: &str) -> String {
    let id = title["holder_id"].as_str().expect("a holder");
    format!("/holders/{id}/titles/2026/commune{step}")
}

pub fn because() -> Value {
    json!({"reason": "Thiếu minh chứng"})
}
