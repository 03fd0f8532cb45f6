//! One request is one change: its Idempotency-Key is claimed first, in the transaction of the change.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;

use crate::access::Act;
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::schema::idempotency_keys;

/// How the transaction of a request begins: a twin in flight is waited for no longer than this; taking
/// the day ends the hurry.
pub(super) fn begin_sql(act: &Act) -> &'static str {
    match act.idempotency {
        Some(_) => "begin; set local lock_timeout = '5s'",
        None => "begin",
    }
}

/// Claims the Idempotency-Key, or returns what the same request led to.
pub(super) async fn begin(db: &Conn, act: &Act) -> Result<Option<serde_json::Value>> {
    use idempotency_keys as keys;
    let Some((key, digest)) = &act.idempotency else { return Ok(None) };
    let claim = diesel::insert_into(keys::table)
        .values((
            keys::caller.eq(act.caller.id),
            keys::route.eq(&act.route),
            keys::key.eq(key),
            keys::request_digest.eq(&digest[..]),
        ))
        .on_conflict_do_nothing();
    let claimed = claim.execute(&mut &*db).await.map_err(|error| match error {
        diesel::result::Error::DatabaseError(_, info)
            if info.message().contains("lock timeout") =>
        {
            Error::conflict(
                "request_in_flight",
                say(
                    "Yêu cầu này đang được xử lý; hãy chờ rồi hỏi lại.",
                    "The same request is still being processed; ask again later.",
                ),
            )
        }
        other => Error::from(other),
    })?;
    if claimed == 1 {
        return Ok(None);
    }
    let (known, outcome): (Vec<u8>, Option<serde_json::Value>) = keys::table
        .find((act.caller.id, &act.route, key))
        .select((keys::request_digest, keys::outcome))
        .first(&mut &*db)
        .await?;
    match outcome {
        _ if known != digest => Err(Error::unprocessable(
            "idempotency_key_reused",
            say(
                "Idempotency-Key này đã dùng cho một yêu cầu khác.",
                "This Idempotency-Key was used for another request.",
            ),
        )),
        Some(outcome) => Ok(Some(outcome)),
        None => Err(Error::internal("an idempotency key without outcome was committed")),
    }
}

pub(super) async fn end<T: Serialize>(db: &Conn, act: &Act, outcome: &T) -> Result<()> {
    use idempotency_keys as keys;
    let Some((key, _)) = &act.idempotency else { return Ok(()) };
    let outcome = serde_json::to_value(outcome).map_err(Error::internal)?;
    diesel::update(keys::table.find((act.caller.id, &act.route, key)))
        .set(keys::outcome.eq(outcome))
        .execute(&mut &*db)
        .await?;
    Ok(())
}
