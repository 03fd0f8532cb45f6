//! `If-Match`: the version on which a change builds.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::IF_MATCH;
use actix_web::{FromRequest, HttpRequest};

use crate::base::error::{Error, Result, say};
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
        let header = request.headers().get(IF_MATCH).and_then(|v| v.to_str().ok());
        ready(match header {
            None => Ok(Self(None)),
            // A tag of another form is one that never matches.
            Some(tag) => Ok(Self(Some(Version::from_etag(tag).unwrap_or(Version::NEVER)))),
        })
    }
}
