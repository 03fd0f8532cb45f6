//! Query parameters.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde_json::{Map, Value};

use super::parse::tidy;
use super::{Faults, Input, Takes, read};
use crate::base::error::{Error, FieldError, Result, say};

/// Query parameters: unknown ones are errors, as are wrong values.
pub struct Query<T>(pub T);

impl<T> Deref for Query<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Input> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read_query(request.query_string()).map(Self))
    }
}

/// Reads a query string.
pub fn read_query<T: Input>(text: &str) -> Result<T> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(text).map_err(|_| {
        Error::bad_request("bad_query", say("Tham số sai cú pháp.", "Malformed query."))
    })?;
    let takes = Takes::of::<T>();
    let mut faults = Faults::of_query();
    let mut values = Map::new();
    for (name, text) in pairs.into_inner() {
        let at = format!("?{name}");
        let text = tidy(&text, &[], &at, &mut faults);
        if values.contains_key(&name) {
            let detail = say("Tham số này có hai lần.", "This parameter stands twice.");
            faults.tell(FieldError::new(at, "repeated", detail));
            continue;
        }
        match takes.field(&name) {
            // A text with nothing in it, as forms send it, is one that was not given.
            Some(takes) if takes.is_text() && text.is_empty() => {}
            Some(takes) => drop(values.insert(name, takes.plain(text))),
            None => drop(values.insert(name, Value::Null)),
        }
    }
    read("?", values.into(), faults)
}

impl Takes {
    fn field(&self, name: &str) -> Option<&Self> {
        let Self::Object { fields, .. } = self else { return None };
        fields.iter().find(|field| field.name == name).map(|field| &field.takes)
    }

    fn is_text(&self) -> bool {
        match self {
            Self::Maybe(inner) => inner.is_text(),
            _ => matches!(self, Self::Text),
        }
    }

    /// The value that a plain text stands for; what stands for none stays a text, which will not fit.
    fn plain(&self, text: String) -> Value {
        let value = match self {
            Self::Maybe(inner) => return inner.plain(text),
            Self::Whole { .. } => text.parse::<i64>().ok().map(Value::from),
            Self::Number { .. } => text.parse::<f64>().ok().map(Value::from),
            Self::Flag => text.parse::<bool>().ok().map(Value::from),
            _ => None,
        };
        value.unwrap_or_else(|| text.into())
    }
}
