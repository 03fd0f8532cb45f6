//! What is done at the start and every minute by one server of all: days are closed and signed, what
//! was planned for the new day is made, what has expired is removed.

use std::sync::Arc;
use std::time::Duration;

use chrono::{NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date};
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};

use crate::access::state::Shared;
use crate::acts::hamlet_changes;
use crate::acts::retention::rows::Rule;
use crate::base::clock::today;
use crate::base::db::{Conn, locks};
use crate::base::error::{Error, Result};
use crate::base::keys::Keys;
use crate::base::statement::statement;
use crate::figures::statistics::blocks;
use crate::ledger::proof;

/// Runs until it is dropped; what fails is logged and tried again a minute later.
pub async fn keep(shared: Arc<Shared>) {
    loop {
        if let Some(limiter) = &shared.limiter {
            limiter.sweep();
        }
        let round = async {
            let mut db = crate::base::db::connect(&shared.url).await?;
            once(&mut db, &shared.keys, today()).await
        };
        if let Err(error) = round.await {
            tracing::error!(%error, "housekeeping failed");
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}

#[derive(QueryableByName)]
struct Locked {
    #[diesel(sql_type = Bool)]
    locked: bool,
}

/// One round on the day `today`, unless another server is at it.
pub async fn once(db: &mut Conn, keys: &Keys, today: NaiveDate) -> Result<()> {
    let kept = db.transaction(async |db| {
        let Locked { locked } = statement("select pg_try_advisory_xact_lock($1) as locked")
            .bind::<BigInt, _>(locks::HOUSEKEEPING)
            .get_result(db)
            .await?;
        if locked {
            close_days(db, keys, today).await?;
            remove_expired(db).await?;
        }
        Ok::<_, Error>(locked)
    });
    if kept.await? {
        hamlet_changes::due::make_due(db, today).await?;
        // What is summed up of closed days changes no more: writers need not wait for it.
        blocks::write(db).await?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Closed {
    #[diesel(sql_type = Date)]
    day: NaiveDate,
}

/// Closes every day before `today` and signs where the chains stand then. Writers hold the lock
/// shared while they know their day.
async fn close_days(db: &mut Conn, keys: &Keys, today: NaiveDate) -> Result<()> {
    db.batch_execute(&format!("select pg_advisory_xact_lock({})", locks::DAY)).await?;
    // A statement of its own: its snapshot must see what the lock waited for.
    let closed: Vec<Closed> = statement(
        "insert into closed_days (day)
         select d::date from generate_series(
             coalesce((select max(day) + 1 from closed_days), $1 - 1), $1 - 1,
             interval '1 day') d
         returning day",
    )
    .bind::<Date, _>(today)
    .load(db)
    .await?;
    match closed.iter().map(|closed| closed.day).max() {
        Some(day) => proof::rows::sign(db, keys, day, Utc::now()).await,
        None => Ok(()),
    }
}

async fn remove_expired(db: &mut Conn) -> Result<()> {
    // An import whose server died has failed, and nothing of it was applied.
    crate::acts::imports::rows::fail_silent(db).await?;
    db.batch_execute("delete from idempotency_keys where at < now() - interval '24 hours'").await?;
    // The rest goes when its rule says so.
    for rule in Rule::all(db).await?.iter().filter(|rule| rule.class.is_routine()) {
        rule.remove(db).await?;
    }
    Ok(())
}
