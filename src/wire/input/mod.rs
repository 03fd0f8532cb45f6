//! What comes in: bodies, queries and headers, read strictly, with everything wrong named at once.

mod if_match;
mod rules;
pub mod shape;
pub mod wording;

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use validator::Validate;

pub use self::if_match::{IfMatch, stale};
pub use self::rules::check_repeated;
use crate::base::error::{Error, FieldError, Lang, Result, Say, say};

/// A JSON body: NFC, free of control characters, of the right shape, and valid.
pub struct Json<T> {
    value: T,
    /// SHA-256 of the bytes as they came: what an Idempotency-Key is held to.
    pub digest: [u8; 32],
}

impl<T> Json<T> {
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T: DeserializeOwned + Validate + 'static> FromRequest for Json<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let content_type = content_type(request);
        let wanted = if request.method() == Method::PATCH {
            &["application/merge-patch+json", "application/json"][..]
        } else {
            &["application/json"]
        };
        let refused = !wanted.contains(&content_type.as_str());
        let bytes = web::Bytes::from_request(request, payload);
        Box::pin(async move {
            if refused {
                return Err(Error::problem(
                    StatusCode::UNSUPPORTED_MEDIA_TYPE,
                    "unsupported_media_type",
                    say(
                        "Nội dung phải là JSON (Content-Type: application/json).",
                        "The body must be JSON (Content-Type: application/json).",
                    ),
                ));
            }
            let bytes = bytes.await.map_err(unreadable_body)?;
            let value = read_json(&bytes)?;
            Ok(Self { value, digest: Sha256::digest(&bytes).into() })
        })
    }
}

fn content_type(request: &HttpRequest) -> String {
    let header = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("");
    header.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

/// The error of a body that could not be received whole.
pub fn unreadable_body(error: actix_web::Error) -> Error {
    if error.as_response_error().status_code() == StatusCode::PAYLOAD_TOO_LARGE {
        Error::problem(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            say("Nội dung gửi lên quá lớn.", "The body is too large."),
        )
    } else {
        Error::bad_request(
            "unreadable",
            say("Không nhận được trọn vẹn nội dung.", "The body did not arrive whole."),
        )
    }
}

fn read_json<T: DeserializeOwned + Validate>(bytes: &[u8]) -> Result<T> {
    let mut value: Value = serde_json::from_slice(bytes).map_err(|e| {
        Error::bad_request(
            "bad_json",
            say(
                format!("JSON sai cú pháp ở dòng {}, cột {}.", e.line(), e.column()),
                format!("Malformed JSON at line {}, column {}.", e.line(), e.column()),
            ),
        )
    })?;
    let mut errors = Vec::new();
    clean(&mut value, &mut String::new(), &mut errors);
    shape::read(value, errors, str::to_owned)
}

/// A value of the right shape that keeps its rules; errors point below `at`.
pub fn read_value<T: DeserializeOwned + Validate>(at: &str, value: Value) -> Result<T> {
    shape::read(value, Vec::new(), |pointer| format!("{at}{pointer}"))
}

/// Normalises every string to NFC and trims it; control characters are refused where they stand.
fn clean(value: &mut Value, at: &mut String, errors: &mut Vec<FieldError>) {
    match value {
        Value::String(text) => {
            let tidy: String = text.trim().nfc().collect();
            if tidy.chars().any(|c| c.is_control() && c != '\n') {
                errors.push(FieldError::new(at.clone(), "control_character", control()));
            }
            *text = tidy;
        }
        Value::Array(items) => {
            for (n, item) in items.iter_mut().enumerate() {
                within(at, &n.to_string(), |at| clean(item, at, errors));
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                within(at, name, |at| clean(field, at, errors));
            }
        }
        _ => {}
    }
}

fn control() -> Say {
    say(
        "Có ký tự điều khiển (như dấu tab); hãy bỏ đi.",
        "Contains a control character (such as a tab); remove it.",
    )
}

fn within(at: &mut String, name: &str, work: impl FnOnce(&mut String)) {
    let length = at.len();
    step(at, name);
    work(at);
    at.truncate(length);
}

/// One step further down a JSON Pointer (RFC 6901).
fn step(at: &mut String, name: &str) {
    at.push('/');
    at.push_str(&name.replace('~', "~0").replace('/', "~1"));
}

/// Query parameters: unknown ones are errors, as are wrong values.
pub struct Query<T>(pub T);

impl<T> Deref for Query<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned + Validate> FromRequest for Query<T> {
    type Error = Error;
    type Future = std::future::Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(read_query(request.query_string()).map(Self))
    }
}

/// Reads a query string.
pub fn read_query<T: DeserializeOwned + Validate>(text: &str) -> Result<T> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(text).map_err(|_| {
        Error::bad_request("bad_query", say("Tham số sai cú pháp.", "Malformed query."))
    })?;
    let mut tidied: Vec<(String, String)> = Vec::new();
    let mut errors = Vec::new();
    for (name, text) in pairs.into_inner() {
        let tidy: String = text.trim().nfc().collect();
        if tidy.chars().any(char::is_control) {
            errors.push(FieldError::new(format!("?{name}"), "control_character", control()));
        }
        if tidied.iter().any(|(known, _)| *known == name) {
            errors.push(FieldError::new(
                format!("?{name}"),
                "repeated",
                say("Tham số này có hai lần.", "This parameter stands twice."),
            ));
        }
        // An empty parameter, as forms send it, is one that was not given.
        if !tidy.is_empty() {
            tidied.push((name, tidy));
        }
    }
    shape::read(shape::Pairs(tidied), errors, |name| format!("?{}", name.trim_start_matches('/')))
}

/// The language in which the caller is told things: of `Accept-Language`.
impl FromRequest for Lang {
    type Error = Error;
    type Future = std::future::Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request.headers().get(ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
        std::future::ready(Ok(Self::of_header(header)))
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
