//! One request is one change: its Idempotency-Key is claimed first, in the transaction of the change.

use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use serde::Serialize;

use crate::access::Act;
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::schema::idempotency_keys;

/// Claims the Idempotency-Key, or returns what the same request led to.
pub(super) async fn begin(db: &mut Conn, act: &Act) -> Result<Option<serde_json::Value>> {
    use idempotency_keys as keys;
    let Some((key, digest)) = &act.idempotency else { return Ok(None) };
    db.batch_execute("set local lock_timeout = '5s'").await?;
    let claimed = diesel::insert_into(keys::table)
        .values((
            keys::caller.eq(act.caller.id),
            keys::route.eq(&act.route),
            keys::key.eq(key),
            keys::request_digest.eq(&digest[..]),
        ))
        .on_conflict_do_nothing()
        .execute(db)
        .await
        .map_err(|error| match error {
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
            other => other.into(),
        })?;
    db.batch_execute("set local lock_timeout = 0").await?;
    if claimed == 1 {
        return Ok(None);
    }
    let (known, outcome): (Vec<u8>, Option<serde_json::Value>) = keys::table
        .find((act.caller.id, &act.route, key))
        .select((keys::request_digest, keys::outcome))
        .first(db)
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

pub(super) async fn end<T: Serialize>(db: &mut Conn, act: &Act, outcome: &T) -> Result<()> {
    use idempotency_keys as keys;
    let Some((key, _)) = &act.idempotency else { return Ok(()) };
    let outcome = serde_json::to_value(outcome).map_err(Error::internal)?;
    diesel::update(keys::table.find((act.caller.id, &act.route, key)))
        .set(keys::outcome.eq(outcome))
        .execute(db)
        .await?;
    Ok(())
}
