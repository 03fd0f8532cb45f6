//! From JSON text to a value: texts are tidied, and what stands twice in an object is told.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use unicode_normalization::UnicodeNormalization;

use super::faults::{Faults, within};
use crate::base::error::{FieldError, say};

pub fn parse(bytes: &[u8], faults: &mut Faults) -> serde_json::Result<Value> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = Place { at: &mut String::new(), faults }.deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

/// A text without blanks around it, in NFC; control characters are faults, but for `allowed`.
pub fn tidy(text: &str, allowed: &[char], at: &str, faults: &mut Faults) -> String {
    let tidy: String = text.trim().nfc().collect();
    if tidy.chars().any(|c| c.is_control() && !allowed.contains(&c)) {
        let detail = say(
            "Có ký tự điều khiển (như dấu tab); hãy bỏ đi.",
            "Contains a control character (such as a tab); remove it.",
        );
        faults.tell(FieldError::new(at, "control_character", detail));
    }
    tidy
}

/// What will stand at one place of the document.
struct Place<'a> {
    at: &'a mut String,
    faults: &'a mut Faults,
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(tidy(text, &['\n'], self.at, self.faults).into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        loop {
            let mut next = Ok(None);
            within(self.at, &items.len().to_string(), |at| {
                next = list.next_element_seed(Place { at, faults: self.faults });
            });
            match next? {
                Some(item) => items.push(item),
                None => return Ok(items.into()),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = object.next_key::<String>()? {
            let mut value = Ok(Value::Null);
            within(self.at, &name, |at| {
                if fields.contains_key(&name) {
                    let detail = say("Mục này có hai lần.", "This field stands twice.");
                    self.faults.tell(FieldError::new(&**at, "repeated", detail));
                }
                value = object.next_value_seed(Place { at, faults: self.faults });
            });
            fields.insert(name, value?);
        }
        Ok(fields.into())
    }
}
