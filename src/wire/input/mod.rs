//! What comes in: bodies, queries and headers, read strictly, with everything wrong named at once.

mod faults;
mod fit;
mod if_match;
mod json;
mod parse;
mod query;
mod rules;
mod takes;

use std::any::type_name;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::ACCEPT_LANGUAGE;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;
use validator::Validate;

use self::faults::{Faults, within};
pub use self::if_match::{IfMatch, stale};
pub use self::json::{Json, unreadable_body};
pub use self::query::{Query, read_query};
pub use self::rules::check_repeated;
use self::takes::Takes;
use crate::base::error::{Error, Lang, Result, say};

/// What can be read: its shape is that of its schema in the contract.
pub trait Input: DeserializeOwned + ToSchema + Validate + 'static {}

impl<T: DeserializeOwned + ToSchema + Validate + 'static> Input for T {}

/// A value of the right shape that keeps its rules; errors point below `at`.
pub fn read_value<T: Input>(at: &str, value: Value) -> Result<T> {
    read(at, value, Faults::of_body())
}

/// First the shape, then the rules; `faults` are those found before.
fn read<T: Input>(at: &str, mut value: Value, mut faults: Faults) -> Result<T> {
    let mut at = at.to_owned();
    Takes::of::<T>().fit(&mut value, &mut at, &mut faults);
    if faults.full() {
        return faults.none_in(None);
    }
    match serde_path_to_error::deserialize::<_, T>(value) {
        Ok(value) => {
            rules::broken(&value, &mut at, &mut faults);
            faults.none_in(Some(value))
        }
        Err(error) => {
            // Its schema takes what the type does not.
            tracing::debug!(r#type = type_name::<T>(), path = %error.path(), "no such value");
            let keys: Vec<String> = error.path().iter().map(ToString::to_string).collect();
            misfit(&keys, &mut at, &mut faults);
            faults.none_in(None)
        }
    }
}

fn misfit(keys: &[String], at: &mut String, faults: &mut Faults) {
    match keys {
        [] => faults.misfit(at, say("Giá trị không dùng được.", "This value cannot be taken.")),
        [key, rest @ ..] => {
            let key = key.trim_matches(['[', ']']);
            within(at, key, |at| misfit(rest, at, faults));
        }
    }
}

/// The language in which the caller is told things: of `Accept-Language`.
impl FromRequest for Lang {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
        ready(Ok(Self::of_header(header)))
    }
}

/// For `#[serde(deserialize_with)]` of a merge patch: a field that is there, be it null.
pub fn present<'de, T, D>(deserializer: D) -> std::result::Result<Option<Option<T>>, D::Error>
where
    T: serde::Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    serde::Deserialize::deserialize(deserializer).map(Some)
}

/// The text of a path parameter that names a thing by its id; what is no id names nothing.
pub fn path_id(text: &str) -> Result<uuid::Uuid> {
    text.parse().map_err(|_| Error::not_found())
}
