//! Access tokens: JWT signed with Ed25519, good for a quarter of an hour.

use chrono::Utc;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Caller, Role};
use crate::base::error::{Error, Result, say};
use crate::base::keys::Keys;

/// Seconds.
pub const LIFETIME: i64 = 15 * 60;
const ISSUER: &str = "hoctap";

/// Why credentials were refused; cloneable, as the extensions are read by each extractor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthFailure {
    /// No valid token of this register.
    Invalid,
    Expired,
    /// The account was disabled or the session ended.
    Ended,
    /// The database could not be asked.
    Unavailable,
}

impl From<AuthFailure> for Error {
    fn from(failure: AuthFailure) -> Self {
        match failure {
            AuthFailure::Invalid => Error::unauthorized(
                "token_invalid",
                say("Phiên đăng nhập không hợp lệ.", "The access token is not valid."),
            ),
            AuthFailure::Expired => Error::unauthorized(
                "token_expired",
                say(
                    "Phiên đăng nhập đã hết hạn; hãy làm mới hoặc đăng nhập lại.",
                    "The access token has expired; refresh it or log in again.",
                ),
            ),
            AuthFailure::Ended => Error::unauthorized(
                "session_ended",
                say(
                    "Tài khoản đã bị khóa hoặc phiên đã kết thúc.",
                    "The account is disabled or its session has ended.",
                ),
            ),
            AuthFailure::Unavailable => Error::problem(
                actix_web::http::StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                say("Máy chủ đang bận, xin thử lại.", "The server is busy; try again."),
            )
            .with_retry_after(2),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: Uuid,
    name: String,
    role: Role,
    area: i32,
    sid: Option<Uuid>,
    jti: Uuid,
    iat: i64,
    exp: i64,
}

/// A token for `caller`, from now on.
pub fn issue(keys: &Keys, caller: &Caller) -> Result<String> {
    let now = Utc::now().timestamp();
    let (kid, key) = keys.token_encoding();
    let header = Header { kid: Some(kid), ..Header::new(Algorithm::EdDSA) };
    let claims = Claims {
        iss: ISSUER.to_owned(),
        aud: ISSUER.to_owned(),
        sub: caller.id,
        name: caller.name.clone(),
        role: caller.role,
        area: caller.area,
        sid: caller.session,
        jti: Uuid::now_v7(),
        iat: now,
        exp: now + LIFETIME,
    };
    encode(&header, &claims, key).map_err(Error::internal)
}

/// The caller that a token names, and the second at which it expires.
pub fn verify(keys: &Keys, token: &str) -> Result<(Caller, i64), AuthFailure> {
    let header = decode_header(token).map_err(|_| AuthFailure::Invalid)?;
    let key = header.kid.as_deref().and_then(|kid| keys.token_decoding(kid));
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[ISSUER]);
    rules.leeway = 0;
    let claims = decode::<Claims>(token, key.ok_or(AuthFailure::Invalid)?, &rules)
        .map_err(|e| match e.kind() {
            jsonwebtoken::errors::ErrorKind::ExpiredSignature => AuthFailure::Expired,
            _ => AuthFailure::Invalid,
        })?
        .claims;
    let Claims { sub: id, name, role, area, sid: session, exp, .. } = claims;
    // Whether the password is temporary changes within a token's life: the account is asked.
    Ok((Caller { id, name, role, area, session, password_temporary: false }, exp))
}
