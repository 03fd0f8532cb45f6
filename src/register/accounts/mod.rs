//! Accounts of people and of services: passwords, sessions, refresh tokens, throttling.

pub mod api;
pub mod auth_api;
pub mod rows;
pub mod service_rows;
pub mod session;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordHasher, PasswordVerifier};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::{Rng, RngExt};
use sha2::{Digest, Sha256};

use crate::base::error::{Error, FieldError, Result, say};

/// What a password must be; every fault at once.
pub fn check_password(pointer: &str, password: &str, username: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let length = password.chars().count();
    if !(12..=200).contains(&length) {
        errors.push(FieldError::new(
            pointer,
            "password_length",
            say("Mật khẩu phải có từ 12 đến 200 ký tự.", "A password has 12 to 200 characters."),
        ));
    }
    if password.to_lowercase().contains(&username.to_lowercase()) {
        errors.push(FieldError::new(
            pointer,
            "password_is_username",
            say(
                "Mật khẩu không được chứa tên đăng nhập.",
                "A password must not contain the user name.",
            ),
        ));
    }
    errors
}

/// A password that a person can copy from paper: four groups of four.
pub fn temporary_password() -> String {
    const LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
    let mut rng = rand::rng();
    let text: Vec<u8> = (0..16).map(|_| LETTERS[rng.random_range(0..LETTERS.len())]).collect();
    text.chunks(4).map(|c| String::from_utf8_lossy(c).into_owned()).collect::<Vec<_>>().join("-")
}

/// 32 random bytes as text: refresh tokens and the keys of services.
pub fn secret() -> String {
    let mut bytes = [0; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Secrets of full entropy are stored as their plain digest.
pub fn secret_digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret).to_vec()
}

/// The hash of no password, with the cost of a real one.
pub const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5$\
                      pQoWJ5bY3mUO4y8JqM1rN3p0q9T1sVxZ7c5aEw2kXfA";

fn argon2() -> Argon2<'static> {
    // OWASP's second choice (19 MiB, 2 passes); debug builds, and so the tests, take the least.
    let params = if cfg!(debug_assertions) {
        Params::new(64, 1, 1, None)
    } else {
        Params::new(19_456, 2, 1, None)
    };
    Argon2::new(Default::default(), Default::default(), params.unwrap_or_default())
}

/// Costs tens of milliseconds: call it inside `web::block`.
pub fn hash_password(password: &str) -> Result<String> {
    argon2().hash_password(password.as_bytes()).map(|h| h.to_string()).map_err(Error::internal)
}

/// Whether the password fits; without a hash it takes as long and does not.
pub fn verify_password(hash: Option<&str>, password: &str) -> bool {
    let parsed = PasswordHash::new(hash.unwrap_or(NOBODY));
    parsed.is_ok_and(|parsed| argon2().verify_password(password.as_bytes(), &parsed).is_ok())
        && hash.is_some()
}

/// What a user name looks like: `recorder.13669`.
pub fn check_username(username: &str) -> Option<FieldError> {
    let valid = (3..=64).contains(&username.len())
        && username
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_".contains(c));
    (!valid).then(|| {
        FieldError::new(
            "/username",
            "username_form",
            say(
                "Tên đăng nhập gồm 3 đến 64 chữ thường không dấu, chữ số, dấu chấm hoặc gạch.",
                "A user name has 3 to 64 lower-case letters, digits, dots, hyphens or underscores.",
            ),
        )
    })
}
