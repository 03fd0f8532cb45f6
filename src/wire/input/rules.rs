//! What a rule of validator found, in sentences.

use validator::{Validate, ValidationError, ValidationErrors, ValidationErrorsKind};

use super::faults::{Faults, within};
use crate::base::error::{Error, FieldError, Result, Say, say};

/// Tells every rule that the value at `at` breaks.
pub fn broken(value: &impl Validate, at: &mut String, faults: &mut Faults) {
    let mut found = Vec::new();
    if let Err(errors) = value.validate() {
        collect(&errors, at, &mut found);
        found.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    }
    found.into_iter().for_each(|fault| faults.tell(fault));
}

fn collect(errors: &ValidationErrors, at: &mut String, out: &mut Vec<FieldError>) {
    for (name, kind) in errors.errors() {
        within(at, name, |at| match kind {
            ValidationErrorsKind::Struct(inner) => collect(inner, at, out),
            ValidationErrorsKind::List(items) => {
                for (n, inner) in items {
                    within(at, &n.to_string(), |at| collect(inner, at, out));
                }
            }
            ValidationErrorsKind::Field(found) => {
                out.extend(found.iter().map(|e| FieldError::new(&**at, code(e), rule(e))));
            }
        });
    }
}

fn code(error: &ValidationError) -> &'static str {
    match &error.code {
        std::borrow::Cow::Borrowed(code) => code,
        std::borrow::Cow::Owned(_) => "invalid",
    }
}

/// `length` and `range` explain themselves; other rules carry their sentences: "vi | en".
fn rule(error: &ValidationError) -> Say {
    if let Some((vi, en)) = error.message.as_deref().and_then(|m| m.split_once(" | ")) {
        return say(vi.to_owned(), en.to_owned());
    }
    let bound = |name: &str| error.params.get(name).map(|v| v.to_string());
    let (min, max) = (bound("min"), bound("max"));
    match (error.code.as_ref(), min, max) {
        ("length", Some(min), Some(max)) => say(
            format!("Phải dài từ {min} đến {max} ký tự."),
            format!("Must have {min} to {max} characters."),
        ),
        ("length", None, Some(max)) => {
            say(format!("Dài nhất {max} ký tự."), format!("At most {max} characters."))
        }
        ("length", Some(min), None) => {
            say(format!("Ít nhất {min} ký tự."), format!("At least {min} characters."))
        }
        ("range", Some(min), Some(max)) => say(
            format!("Phải nằm trong khoảng {min} đến {max}."),
            format!("Must lie between {min} and {max}."),
        ),
        ("range", Some(min), None) => {
            say(format!("Phải từ {min} trở lên."), format!("Must be at least {min}."))
        }
        ("range", None, Some(max)) => {
            say(format!("Không được quá {max}."), format!("Must be at most {max}."))
        }
        _ => say("Giá trị không hợp lệ.", "Invalid value."),
    }
}

/// Refuses a list in which something stands twice.
pub fn check_repeated<'a>(names: impl Iterator<Item = &'a str>, field: &str) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    let errors: Vec<FieldError> = names
        .enumerate()
        .filter(|(_, name)| !seen.insert(*name))
        .map(|(n, name)| {
            FieldError::new(
                format!("/{field}/{n}"),
                "repeated",
                say(format!("“{name}” có hai lần."), format!("{name} stands twice.")),
            )
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(Error::invalid(errors)) }
}
