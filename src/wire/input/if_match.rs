//! `If-Match`: the version on which a change builds.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::IF_MATCH;
use actix_web::{FromRequest, HttpRequest};

use crate::base::error::{Error, Result, Say, say};
use crate::base::version::Version;

/// The version that the caller knows, if one was sent.
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
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.headers().get(IF_MATCH) {
            None => Ok(Self(None)),
            Some(tag) => read(tag.to_str().unwrap_or_default()).map(|known| Self(Some(known))),
        })
    }
}

/// The one version in a tag. Whatever may stand for others is refused: a change builds on exactly
/// what was read.
fn read(tag: &str) -> Result<Version> {
    let detail = match tag.trim() {
        "*" => say(
            "If-Match: * không dùng được; hãy gửi ETag của bản ghi đã đọc.",
            "If-Match: * is not taken; send the ETag of the record as it was read.",
        ),
        tag if tag.starts_with("W/") => say(
            "If-Match không nhận ETag yếu (W/…); hãy gửi ETag đúng như đã nhận, cả dấu nháy.",
            "If-Match takes no weak ETag (W/…); send the ETag as it was received, with its quotes.",
        ),
        tag => {
            return Version::from_etag(tag).ok_or_else(|| {
                unusable(say(
                    "If-Match phải là ETag của một bản ghi, đúng như đã nhận, cả dấu nháy kép.",
                    "If-Match must be the ETag of one record, as it was received, in double quotes.",
                ))
            });
        }
    };
    Err(unusable(detail))
}

/// 412 as well: such a condition never holds.
fn unusable(detail: Say) -> Error {
    Error::problem(StatusCode::PRECONDITION_FAILED, "if_match_unusable", detail)
}
