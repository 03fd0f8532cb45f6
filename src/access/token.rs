//! Access tokens: JWT signed with Ed25519, good for a quarter of an hour.

use chrono::Utc;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::allow::AuthFailure;
use super::{Caller, Role};
use crate::base::error::{Error, Result};
use crate::base::keys::Keys;

/// Seconds.
pub const LIFETIME: i64 = 15 * 60;
const ISSUER: &str = "hoctap";

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
