//! Whether a value fits its type: one way through it, on which everything that does not is told.

use std::collections::HashSet;

use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::faults::{Faults, within};
use super::takes::{Field, Takes};
use crate::base::error::{Say, say};
use crate::base::version::Version;

impl Takes {
    /// Tells what does not fit at `at` and below. A blank takes its place, so that the rules of all
    /// that fits can be told as well; a value with faults is never used.
    pub fn fit(&self, value: &mut Value, at: &mut String, faults: &mut Faults) {
        match (self, value) {
            _ if faults.full() => {}
            (Self::Maybe(_), Value::Null) => {}
            (Self::Maybe(inner), value) => inner.fit(value, at, faults),
            (Self::List(item), Value::Array(items)) => {
                for (n, value) in items.iter_mut().enumerate() {
                    within(at, &n.to_string(), |at| item.fit(value, at, faults));
                }
            }
            (Self::Object { fields, others }, Value::Object(values)) => {
                fit_fields(fields, others.as_deref(), values, at, faults);
            }
            (_, value) if self.holds(value) => {}
            (_, value) => {
                faults.misfit(at, self.wanted(value));
                *value = self.blank();
            }
        }
    }

    /// Whether a value without parts fits.
    fn holds(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self {
            Self::Anything => true,
            Self::Flag => value.is_boolean(),
            Self::Whole { min, max } => value.as_i64().is_some_and(|n| (*min..=*max).contains(&n)),
            Self::Number { min, max, step } => value.as_f64().is_some_and(|n| {
                let steps = step.map_or(0.0, |step| n / step);
                (*min..=*max).contains(&n) && (steps - steps.round()).abs() <= 1e-6
            }),
            Self::Text => text.is_some(),
            Self::Word(words) => text.is_some_and(|text| words.iter().any(|word| word == text)),
            Self::Day => text.is_some_and(|text| text.parse::<NaiveDate>().is_ok()),
            Self::Id => text.is_some_and(|text| text.parse::<Uuid>().is_ok()),
            Self::Version => text.is_some_and(|text| Version::parse(text).is_some()),
            Self::Maybe(_) | Self::List(_) | Self::Object { .. } => false,
        }
    }

    /// What would have been right in the place of `value`.
    fn wanted(&self, value: &Value) -> Say {
        let (vi, en) = match self {
            Self::Flag => ("true hoặc false".into(), "true or false".into()),
            Self::Whole { min, max } if value.is_i64() || value.is_u64() => {
                (format!("số nguyên từ {min} đến {max}"), format!("a number from {min} to {max}"))
            }
            Self::Whole { .. } => ("một số nguyên".into(), "a whole number".into()),
            Self::Number { min, max, step: Some(step) } if value.is_number() => (
                format!("một số từ {min} đến {max}, lẻ nhất đến {step}"),
                format!("a number from {min} to {max}, in steps of {step}"),
            ),
            Self::Word(words) => (
                format!("một trong các giá trị: {}", quoted(words)),
                format!("one of {}", quoted(words)),
            ),
            Self::Day => (
                "ngày có thật, dạng 2026-12-31".into(),
                "a day that exists, such as 2026-12-31".into(),
            ),
            Self::Id => ("mã nhận dạng (UUID) lấy từ hệ thống".into(), "an id (UUID)".into()),
            Self::Version => (
                "phiên bản của bản ghi như đã đọc, dạng 14172-57".into(),
                "the version of a record as it was read, such as 14172-57".into(),
            ),
            Self::List(_) => ("một danh sách [ ]".into(), "a list [ ]".into()),
            Self::Object { .. } => ("một nhóm các mục { }".into(), "an object { }".into()),
            Self::Number { .. } => ("một số".into(), "a number".into()),
            Self::Text => ("một chuỗi chữ trong dấu nháy".into(), "a text in quotes".into()),
            Self::Maybe(inner) => return inner.wanted(value),
            Self::Anything => ("một giá trị".into(), "a value".into()),
        };
        say(format!("Phải là {vi}."), format!("Must be {en}."))
    }

    /// Something that fits and says nothing.
    fn blank(&self) -> Value {
        match self {
            Self::Anything | Self::Maybe(_) => Value::Null,
            Self::Flag => json!(false),
            Self::Whole { min, max } => json!(0.clamp(*min, *max)),
            Self::Number { min, max, .. } => json!(0_f64.clamp(*min, *max)),
            Self::Text => json!(""),
            Self::Word(words) => json!(words.first()),
            Self::Day => json!(NaiveDate::default()),
            Self::Id => json!(Uuid::nil()),
            Self::Version => json!(Version::NEVER),
            Self::List(_) => json!([]),
            Self::Object { fields, .. } => {
                let needed = fields.iter().filter(|field| field.required);
                needed.map(|field| (field.name.clone(), field.takes.blank())).collect()
            }
        }
    }
}

fn fit_fields(
    fields: &[Field],
    others: Option<&Takes>,
    values: &mut Map<String, Value>,
    at: &mut String,
    faults: &mut Faults,
) {
    for Field { name, required, takes } in fields {
        within(at, name, |at| match values.get_mut(name) {
            Some(value) => takes.fit(value, at, faults),
            None if *required => {
                let vi = format!("Thiếu mục “{name}”.");
                faults.misfit(at, say(vi, format!("`{name}` is missing.")));
                values.insert(name.clone(), takes.blank());
            }
            None => {}
        });
    }
    let known: HashSet<&str> = fields.iter().map(|field| &*field.name).collect();
    values.retain(|name, value| {
        if !known.contains(&**name) && !faults.full() {
            within(at, name, |at| match others {
                Some(others) => others.fit(value, at, faults),
                None => {
                    let names = quoted(fields.iter().map(|field| &field.name));
                    let vi = format!("Không có mục nào tên “{name}”; chỉ có: {names}.");
                    faults.misfit(at, say(vi, format!("There is no `{name}`, only {names}.")));
                }
            });
        }
        known.contains(&**name) || others.is_some()
    });
}

/// `family`, `clan`
fn quoted<'a>(words: impl IntoIterator<Item = &'a String>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
