//! Lists in pages: a limit, and an opaque cursor that is bound to its filters.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::base::error::{Error, Result, say};

pub const DEFAULT_LIMIT: i64 = 50;
pub const MAX_LIMIT: i64 = 500;

/// `limit` as asked, within bounds.
pub fn limit(asked: Option<i64>) -> Result<i64> {
    match asked.unwrap_or(DEFAULT_LIMIT) {
        limit @ 1..=MAX_LIMIT => Ok(limit),
        _ => Err(Error::invalid_field(
            "?limit",
            "range",
            say("Phải nằm trong khoảng 1 đến 500.", "Must lie between 1 and 500."),
        )),
    }
}

/// The cursor of the page after `last`, the sort key of the last row shown.
pub fn cursor<K: Serialize>(filters: &impl Serialize, last: &K) -> Result<String> {
    let text = serde_json::to_vec(&(digest(filters)?, last)).map_err(Error::internal)?;
    Ok(URL_SAFE_NO_PAD.encode(text))
}

/// Where a page begins: after the key in its cursor, if it has one.
pub fn after<K: DeserializeOwned>(
    filters: &impl Serialize,
    cursor: Option<&str>,
) -> Result<Option<K>> {
    let Some(cursor) = cursor else { return Ok(None) };
    let read = || -> Option<(String, K)> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()
    };
    match read() {
        Some((bound, key)) if bound == digest(filters)? => Ok(Some(key)),
        _ => Err(foreign_cursor()),
    }
}

/// The row that a cursor names is in another list, or in none any more.
pub fn foreign_cursor() -> Error {
    Error::invalid_field(
        "?cursor",
        "cursor",
        say(
            "Con trỏ trang không thuộc danh sách này; hãy hỏi lại từ trang đầu.",
            "The cursor does not belong to this list; ask again from its first page.",
        ),
    )
}

/// Cuts one row too many off `rows` and makes the cursor of the next page.
pub fn cut<T, K: Serialize>(
    mut rows: Vec<T>,
    limit: i64,
    filters: &impl Serialize,
    key: impl Fn(&T) -> K,
) -> Result<(Vec<T>, Option<String>)> {
    if rows.len() as i64 <= limit {
        return Ok((rows, None));
    }
    rows.truncate(limit as usize);
    let next = rows.last().map(|last| cursor(filters, &key(last))).transpose()?;
    Ok((rows, next))
}

fn digest(filters: &impl Serialize) -> Result<String> {
    let text = serde_json::to_vec(filters).map_err(Error::internal)?;
    Ok(hex::encode(&Sha256::digest(text)[..8]))
}
