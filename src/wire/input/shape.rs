//! From what came in to a type, with everything that does not fit named at once.
//!
//! serde stops at the first thing that does not fit. It is noted, something that fits stands in for
//! it, and the rest is read on. What was read with stand-ins never leaves this file.

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use validator::Validate;

use super::{rules, step, wording};
use crate::base::error::{Error, FieldError, Result};

/// How many faults are told.
pub const MOST: usize = 50;
/// How many bytes are read in all while faults are looked for.
const EFFORT: usize = 32 << 20;

/// The first thing that did not fit: where, and serde's sentence.
pub struct Wrong {
    pub pointer: String,
    pub message: String,
}

/// What came in: a JSON value or the pairs of a query.
pub trait Source {
    /// The code of what does not fit.
    const CODE: &'static str;

    fn read<T: DeserializeOwned>(&self) -> std::result::Result<T, Wrong>;

    /// Puts the `nth` of the things that may fit in the place of what does not; false after the last.
    fn stand_in(&mut self, wrong: &Wrong, nth: usize) -> bool;

    /// About as many bytes as it has.
    fn size(&self) -> usize;
}

/// Reads a value that keeps its rules. `errors` are those that were found before; rules are told
/// below `at`.
pub fn read<T: DeserializeOwned + Validate>(
    mut source: impl Source,
    mut errors: Vec<FieldError>,
    at: impl Fn(&str) -> String,
) -> Result<T> {
    read_from(&mut source, &mut errors, at).filter(|_| errors.is_empty()).ok_or_else(|| {
        errors.truncate(MOST);
        Error::invalid(errors)
    })
}

fn read_from<S: Source, T: DeserializeOwned + Validate>(
    source: &mut S,
    errors: &mut Vec<FieldError>,
    at: impl Fn(&str) -> String,
) -> Option<T> {
    let mut tried: HashMap<String, usize> = HashMap::new();
    let mut effort = EFFORT;
    let value: T = loop {
        let wrong = match source.read() {
            Ok(value) => break value,
            Err(wrong) => wrong,
        };
        let pointer = at(&wrong.pointer);
        if !told(errors, &pointer) {
            errors.push(FieldError::new(pointer, S::CODE, wording::of(&wrong.message)));
        }
        let nth = tried.entry(wrong.pointer.clone()).or_default();
        let spent = source.size().checked_add(1).and_then(|size| effort.checked_sub(size));
        let (Some(left), true) = (spent, errors.len() < MOST && source.stand_in(&wrong, *nth))
        else {
            return None;
        };
        effort = left;
        *nth += 1;
    };
    let mut broken = rules::broken(&value);
    for error in &mut broken {
        error.pointer = at(&error.pointer);
    }
    broken.retain(|error| !told(errors, &error.pointer));
    errors.append(&mut broken);
    Some(value)
}

/// Whether it is known already that something is wrong there, or with what it lies in.
fn told(errors: &[FieldError], pointer: &str) -> bool {
    errors.iter().any(|error| {
        let below = pointer.strip_prefix(&error.pointer);
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// The name that a sentence of serde speaks of.
fn named(message: &str) -> &str {
    message.split('`').nth(1).unwrap_or_default()
}

/// Texts that some type of the product reads.
const TEXTS: [&str; 7] = [
    "",
    "1",
    "2026",
    "2026-01-01",
    "2026-01-01T00:00:00Z",
    "00000000-0000-7000-8000-000000000000",
    "1-1",
];

/// The first of the words that serde would take.
fn variant(message: &str) -> Option<&str> {
    let (_, expected) = message.split_once("unknown variant")?.1.split_once("expected")?;
    Some(named(expected))
}

impl Source for Value {
    const CODE: &'static str = "shape";

    fn read<T: DeserializeOwned>(&self) -> std::result::Result<T, Wrong> {
        serde_path_to_error::deserialize(self).map_err(|e| {
            let mut pointer = String::new();
            for segment in e.path().iter() {
                use serde_path_to_error::Segment;
                match segment {
                    Segment::Seq { index } => step(&mut pointer, &index.to_string()),
                    Segment::Map { key } | Segment::Enum { variant: key } => {
                        step(&mut pointer, key);
                    }
                    Segment::Unknown => {}
                }
            }
            let message = e.into_inner().to_string();
            if message.starts_with("missing field") {
                step(&mut pointer, named(&message));
            }
            Wrong { pointer, message }
        })
    }

    fn stand_in(&mut self, wrong: &Wrong, nth: usize) -> bool {
        let Some((parent, key)) = wrong.pointer.rsplit_once('/') else { return false };
        let key = key.replace("~1", "/").replace("~0", "~");
        let unknown = wrong.message.starts_with("unknown field");
        let texts = TEXTS.into_iter().map(Value::from);
        let others = [json!(null), json!(0), json!(2026), json!(true), json!([]), json!({})];
        let fit = others.into_iter().chain(texts).nth(nth);
        let fit = fit.map(|fit| variant(&wrong.message).map_or(fit, Value::from));
        match (self.pointer_mut(parent), fit) {
            (Some(Value::Object(fields)), _) if unknown => fields.remove(&key).is_some(),
            (Some(Value::Object(fields)), Some(fit)) => {
                fields.insert(key, fit);
                true
            }
            (Some(Value::Array(items)), Some(fit)) => {
                let item = key.parse().ok().and_then(|n: usize| items.get_mut(n));
                item.map(|item| *item = fit).is_some()
            }
            _ => false,
        }
    }

    fn size(&self) -> usize {
        match self {
            Value::Array(items) => items.iter().map(Source::size).sum::<usize>() + 2,
            Value::Object(fields) => fields.iter().map(|(k, v)| k.len() + v.size() + 4).sum(),
            Value::String(text) => text.len() + 2,
            _ => 4,
        }
    }
}

/// The pairs of a query.
pub struct Pairs(pub Vec<(String, String)>);

impl Source for Pairs {
    const CODE: &'static str = "parameter";

    fn read<T: DeserializeOwned>(&self) -> std::result::Result<T, Wrong> {
        let text = serde_urlencoded::to_string(&self.0).unwrap_or_default();
        let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
        serde_path_to_error::deserialize(pairs).map_err(|e| {
            let at = e.path().to_string();
            let message = e.into_inner().to_string();
            let pointer = if at == "." { named(&message).to_owned() } else { at };
            Wrong { pointer, message }
        })
    }

    fn stand_in(&mut self, wrong: &Wrong, nth: usize) -> bool {
        self.0.retain(|(name, _)| *name != wrong.pointer);
        // Most may be left out.
        let Some(before) = nth.checked_sub(1) else { return true };
        let Some(fit) = TEXTS.get(before) else { return false };
        let fit = variant(&wrong.message).unwrap_or(fit).to_owned();
        self.0.push((wrong.pointer.clone(), fit));
        true
    }

    fn size(&self) -> usize {
        self.0.iter().map(|(name, text)| name.len() + text.len() + 2).sum()
    }
}
