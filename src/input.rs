//! What comes in: bodies, queries and headers, read strictly, with everything wrong named at once.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, IF_MATCH};
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use crate::error::{Error, FieldError, Lang, Result, Say, say};
use crate::version::Version;

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
    if !errors.is_empty() {
        return Err(Error::invalid(errors));
    }
    read_value("", value)
}

/// A value of the right shape that keeps its rules; errors point below `at`.
pub fn read_value<T: DeserializeOwned + Validate>(at: &str, value: Value) -> Result<T> {
    let value: T = serde_path_to_error::deserialize(value).map_err(|e| {
        let pointer = format!("{at}{}", pointer(e.path()));
        Error::invalid_field(pointer, "shape", shape(&e.into_inner().to_string()))
    })?;
    value.validate().map_err(|e| {
        let mut errors = Vec::new();
        collect(&e, at, &mut errors);
        errors.sort_by(|a, b| a.pointer.cmp(&b.pointer));
        Error::invalid(errors)
    })?;
    Ok(value)
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
                within(at, &name.replace('~', "~0").replace('/', "~1"), |at| {
                    clean(field, at, errors)
                });
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

fn within(at: &mut String, step: &str, work: impl FnOnce(&mut String)) {
    let length = at.len();
    at.push('/');
    at.push_str(step);
    work(at);
    at.truncate(length);
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .map(|segment| match segment {
            Segment::Seq { index } => format!("/{index}"),
            Segment::Map { key } => format!("/{key}"),
            Segment::Enum { variant } => format!("/{variant}"),
            Segment::Unknown => String::new(),
        })
        .collect()
}

/// serde's sentence, and what it means for somebody who does not read English.
fn shape(message: &str) -> Say {
    let name = message.split('`').nth(1).unwrap_or("").to_owned();
    let vi = if message.starts_with("missing field") {
        format!("Thiếu mục “{name}”.")
    } else if message.starts_with("unknown field") {
        format!("Không có mục nào tên “{name}”; xem lại tên mục.")
    } else if message.starts_with("unknown variant") {
        let expected = message.split("expected").nth(1).unwrap_or("").replace(" or ", " hoặc ");
        let expected = expected.trim().trim_start_matches("one of").trim().to_owned();
        format!("Giá trị “{name}” không dùng được; chỉ nhận: {expected}.")
    } else if message.contains("outside 2021") {
        "Năm phải từ 2021 đến 2030.".to_owned()
    } else {
        "Giá trị sai kiểu.".to_owned()
    };
    say(vi, capital(message))
}

fn capital(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).chain(['.']).collect()).unwrap_or_default()
}

fn collect(errors: &ValidationErrors, at: &str, out: &mut Vec<FieldError>) {
    for (name, kind) in errors.errors() {
        let at = if name == "__all__" { at.to_owned() } else { format!("{at}/{name}") };
        match kind {
            ValidationErrorsKind::Struct(inner) => collect(inner, &at, out),
            ValidationErrorsKind::List(items) => {
                for (n, inner) in items {
                    collect(inner, &format!("{at}/{n}"), out);
                }
            }
            ValidationErrorsKind::Field(found) => {
                out.extend(found.iter().map(|e| FieldError::new(at.clone(), code(e), rule(e))));
            }
        }
    }
}

fn code(error: &validator::ValidationError) -> &'static str {
    match &error.code {
        std::borrow::Cow::Borrowed(code) => code,
        std::borrow::Cow::Owned(_) => "invalid",
    }
}

/// `length` and `range` explain themselves; other rules carry their sentences: "vi | en".
fn rule(error: &validator::ValidationError) -> Say {
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
    if !errors.is_empty() {
        return Err(Error::invalid(errors));
    }
    let text = serde_urlencoded::to_string(tidied).map_err(Error::internal)?;
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(text.as_bytes()));
    let value: T = serde_path_to_error::deserialize(pairs).map_err(|e| {
        let at = e.path().to_string();
        let message = e.into_inner().to_string();
        let name = if at == "." { message.split('`').nth(1).unwrap_or("").to_owned() } else { at };
        Error::invalid_field(format!("?{name}"), "parameter", shape(&message))
    })?;
    value.validate().map_err(|e| {
        let mut found = Vec::new();
        collect(&e, "", &mut found);
        for error in &mut found {
            error.pointer = format!("?{}", error.pointer.trim_start_matches('/'));
        }
        Error::invalid(found)
    })?;
    Ok(value)
}

/// `If-Match`: the version on which a change builds.
#[derive(Debug, Clone, Copy, Default)]
pub struct IfMatch(Option<Version>);

impl IfMatch {
    /// Passes if the caller knows the version that holds: 428 without one, 412 with a stale one.
    pub fn check(self, current: Version) -> Result<()> {
        match self.0 {
            Some(known) if known == current => Ok(()),
            Some(_) => Err(stale(current)),
            None => Err(Error::problem(
                StatusCode::PRECONDITION_REQUIRED,
                "if_match_required",
                say(
                    "Thiếu If-Match: hãy đọc bản ghi trước rồi gửi lại kèm ETag của nó.",
                    "If-Match is missing: read the record first and send its ETag.",
                ),
            )),
        }
    }

    /// The version sent, for operations that need one only in some cases.
    pub fn version(self) -> Option<Version> {
        self.0
    }
}

/// 412: somebody was faster.
pub fn stale(current: Version) -> Error {
    Error::problem(
        StatusCode::PRECONDITION_FAILED,
        "stale_version",
        say(
            "Bản ghi đã được người khác sửa; hãy đọc lại rồi sửa tiếp.",
            "The record has been changed since; read it again.",
        ),
    )
    .with_etag(current.etag())
}

impl FromRequest for IfMatch {
    type Error = Error;
    type Future = std::future::Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = request.headers().get(IF_MATCH).and_then(|v| v.to_str().ok());
        std::future::ready(match header {
            None => Ok(Self(None)),
            // A tag of another form is one that never matches.
            Some(tag) => Ok(Self(Some(Version::from_etag(tag).unwrap_or(Version::NEVER)))),
        })
    }
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
