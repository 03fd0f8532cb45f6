//! JSON bodies.

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpRequest, web};
use sha2::{Digest, Sha256};

use super::{Faults, Input, parse, read};
use crate::base::error::{Error, Result, say};

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

impl<T: Input> FromRequest for Json<T> {
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

fn read_json<T: Input>(bytes: &[u8]) -> Result<T> {
    let mut faults = Faults::of_body();
    let value = parse::parse(bytes, &mut faults).map_err(|e| {
        Error::bad_request(
            "bad_json",
            say(
                format!("JSON sai cú pháp ở dòng {}, cột {}.", e.line(), e.column()),
                format!("Malformed JSON at line {}, column {}.", e.line(), e.column()),
            ),
        )
    })?;
    read("", value, faults)
}
