//! The chain of an area: what one entry and its items say, and how they are hashed.
//!
//! An item's body is the text that is stored and hashed: JSON with the fields that changed, before and
//! after. Personal fields do not stand in it but in a salted commitment; the values themselves stand
//! beside the chain and may be deleted without breaking it.

pub mod actions;
pub mod api;
mod labels;
pub mod names;
pub mod rows;
pub mod sentence;
pub mod verify;

use rand::Rng;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The number of the form in which bodies are written; hashed with each leaf.
pub const FORMAT: u8 = 1;
/// The hash before the first entry of a chain.
pub const GENESIS: [u8; 32] = [0; 32];

/// What the trail calls a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entity {
    Holder,
    /// A holder and whom it is not: `<holder>/<other>`.
    Pair,
    Title,
    Decision,
    Import,
    Hamlet,
    User,
    ServiceAccount,
    CriteriaSet,
    Total,
    Closing,
    Round,
    Reported,
    Target,
    Area,
    Reform,
    Export,
    Move,
    /// Read or taken away: the id is the holder's.
    PersonalData,
    Retention,
}

impl Entity {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holder => "holder",
            Self::Pair => "pair",
            Self::Title => "title",
            Self::Decision => "decision",
            Self::Import => "import",
            Self::Hamlet => "hamlet",
            Self::User => "user",
            Self::ServiceAccount => "service_account",
            Self::CriteriaSet => "criteria_set",
            Self::Total => "total",
            Self::Closing => "closing",
            Self::Round => "round",
            Self::Reported => "reported",
            Self::Target => "target",
            Self::Area => "area",
            Self::Reform => "reform",
            Self::Export => "export",
            Self::Move => "move",
            Self::PersonalData => "personal_data",
            Self::Retention => "retention",
        }
    }
}

/// The fields of an entity as the trail keeps them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields {
    plain: Map<String, Value>,
    personal: Map<String, Value>,
}

impl Fields {
    pub fn new() -> Self {
        Self::default()
    }

    /// A field that says nothing about a person.
    pub fn plain(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.plain.insert(name.to_owned(), value.into());
        self
    }

    /// A field that does: only its commitment enters the chain.
    pub fn personal(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.personal.insert(name.to_owned(), value.into());
        self
    }
}

/// One entity as an entry changed it.
#[derive(Debug, Clone)]
pub struct Item {
    pub entity: Entity,
    pub id: String,
    /// The text that is stored and hashed.
    pub body: String,
    /// The personal values committed to: side ("before", "after"), salt, text.
    pub values: Vec<Committed>,
}

/// A personal value, and the salt that hides it in its commitment.
#[derive(Debug, Clone)]
pub struct Committed {
    pub field: &'static str,
    pub salt: [u8; 16],
    pub value: String,
}

impl Item {
    pub fn created(entity: Entity, id: impl ToString, after: Fields) -> Self {
        Self::new(entity, id, None, Some(after))
    }

    pub fn deleted(entity: Entity, id: impl ToString, before: Fields) -> Self {
        Self::new(entity, id, Some(before), None)
    }

    /// Keeps only the fields that differ.
    pub fn changed(entity: Entity, id: impl ToString, before: Fields, after: Fields) -> Self {
        let (mut before, mut after) = (before, after);
        drop_equal(&mut before.plain, &mut after.plain);
        drop_equal(&mut before.personal, &mut after.personal);
        Self::new(entity, id, Some(before), Some(after))
    }

    fn new(
        entity: Entity,
        id: impl ToString,
        before: Option<Fields>,
        after: Option<Fields>,
    ) -> Self {
        let mut values = Vec::new();
        let mut body = Map::new();
        for (side, fields) in [("before", before), ("after", after)] {
            let Some(Fields { mut plain, personal }) = fields else { continue };
            if !personal.is_empty() {
                let committed = Committed::new(side, Value::Object(personal).to_string());
                plain.insert("#".to_owned(), Value::String(committed.commitment()));
                values.push(committed);
            }
            body.insert(side.to_owned(), Value::Object(plain));
        }
        Self { entity, id: id.to_string(), body: Value::Object(body).to_string(), values }
    }

    /// The hash of this item, which the entry's hash is made over.
    pub fn leaf(&self) -> [u8; 32] {
        leaf(self.entity.as_str(), &self.id, &self.body)
    }
}

fn drop_equal(before: &mut Map<String, Value>, after: &mut Map<String, Value>) {
    before.retain(|name, value| {
        if after.get(name) == Some(value) {
            after.remove(name);
            false
        } else {
            true
        }
    });
}

impl Committed {
    pub fn new(field: &'static str, value: String) -> Self {
        let mut salt = [0; 16];
        rand::rng().fill_bytes(&mut salt);
        Self { field, salt, value }
    }

    pub fn commitment(&self) -> String {
        commitment(&self.salt, &self.value)
    }
}

/// SHA-256 over salt and value, in hexadecimal.
pub fn commitment(salt: &[u8], value: &str) -> String {
    hex::encode(Sha256::new().chain_update(salt).chain_update(value).finalize())
}

/// SHA-256 over the format, the lengths and the texts, so that no two items share an encoding.
pub fn leaf(entity: &str, id: &str, body: &str) -> [u8; 32] {
    let mut hash = Sha256::new().chain_update([FORMAT]);
    for part in [entity, id, body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// What an entry says about itself; its JSON text is what is hashed and stored.
#[derive(Debug, Serialize)]
pub struct EntryBody<'a> {
    pub format: u8,
    pub area: i32,
    pub seq: i64,
    /// The day of the register on which the change is known.
    pub day: String,
    pub at: String,
    pub actor: Uuid,
    pub actor_name: &'a str,
    pub role: &'a str,
    pub actor_area: i32,
    pub request_id: Uuid,
    pub action: &'a str,
    /// The commitment to the reason that was given.
    pub reason: Option<String>,
    pub items: usize,
    /// SHA-256 over the leaves of its items, in order.
    pub items_hash: String,
    /// The hash of the entry before.
    pub previous: String,
}

impl EntryBody<'_> {
    /// The stored text and its hash.
    pub fn seal(&self) -> (String, [u8; 32]) {
        let text = json!(self).to_string();
        let hash = Sha256::digest(&text).into();
        (text, hash)
    }
}
