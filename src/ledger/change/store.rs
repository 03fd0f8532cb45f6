//! What an entry of a chain leaves in the tables. What is sent by statements that do not wait for each
//! other's answers goes over the connection together.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::sql_types::{Array, BigInt, Binary, Date, Integer, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;

use crate::access::Act;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::statement::statement;
use crate::ledger::audit::{Committed, Item};

/// An entry as it is stored.
pub(super) struct Entry<'a> {
    /// Its area and number.
    pub key: (i32, i64),
    pub at: DateTime<Utc>,
    pub day: NaiveDate,
    pub act: &'a Act,
    pub action: &'static str,
    /// How many items it has.
    pub items: i32,
    pub body: &'a str,
    pub hash: &'a [u8; 32],
}

/// Stores items of an entry from the number `first` on, with the personal values behind them.
pub(super) async fn items(db: &Conn, key: (i32, i64), first: usize, items: &[Item]) -> Result<()> {
    if items.is_empty() {
        return Ok(());
    }
    let stored = statement(
        "insert into audit_items (area_id, seq, n, entity, entity_id, body)
         select $1, $2, $3 + u.n - 1, u.entity, u.id, u.body
         from unnest($4, $5, $6) with ordinality u (entity, id, body, n)",
    )
    .bind::<Integer, _>(key.0)
    .bind::<BigInt, _>(key.1)
    .bind::<BigInt, _>(first as i64)
    .bind::<Array<Text>, _>(items.iter().map(|i| i.entity.as_str()).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(items.iter().map(|i| &*i.id).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(items.iter().map(|i| &*i.body).collect::<Vec<_>>());
    let committed: Vec<(i32, &Committed)> = (first as i32..)
        .zip(items)
        .flat_map(|(n, item)| item.values.iter().map(move |value| (n, value)))
        .collect();
    let stored = async { Ok(stored.execute(&mut &*db).await?) };
    futures_util::try_join!(stored, values(db, key, &committed)).map(|_| ())
}

/// Stores personal values, each with the number of its item (-1: the reason of the entry).
pub(super) async fn values(
    db: &Conn,
    (area, seq): (i32, i64),
    values: &[(i32, &Committed)],
) -> Result<()> {
    if values.is_empty() {
        return Ok(());
    }
    statement(
        "insert into audit_values (area_id, seq, n, field, salt, value)
         select $1, $2, u.* from unnest($3, $4, $5, $6) u",
    )
    .bind::<Integer, _>(area)
    .bind::<BigInt, _>(seq)
    .bind::<Array<Integer>, _>(values.iter().map(|(n, _)| *n).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(values.iter().map(|(_, v)| v.field).collect::<Vec<_>>())
    .bind::<Array<Binary>, _>(values.iter().map(|(_, v)| &v.salt[..]).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(values.iter().map(|(_, v)| &*v.value).collect::<Vec<_>>())
    .execute(&mut &*db)
    .await?;
    Ok(())
}

/// Stores an entry and moves the head of its chain.
pub(super) async fn entry(db: &Conn, entry: &Entry<'_>) -> Result<()> {
    let stored = statement(
        "insert into audit_entries
             (area_id, seq, at, day, actor_id, request_id, action, items, body, hash)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind::<Integer, _>(entry.key.0)
    .bind::<BigInt, _>(entry.key.1)
    .bind::<Timestamptz, _>(entry.at)
    .bind::<Date, _>(entry.day)
    .bind::<SqlUuid, _>(entry.act.caller.id)
    .bind::<SqlUuid, _>(entry.act.request_id)
    .bind::<Text, _>(entry.action)
    .bind::<Integer, _>(entry.items)
    .bind::<Text, _>(entry.body)
    .bind::<Binary, _>(&entry.hash[..]);
    let moved = statement("update audit_heads set seq = $2, hash = $3 where area_id = $1")
        .bind::<Integer, _>(entry.key.0)
        .bind::<BigInt, _>(entry.key.1)
        .bind::<Binary, _>(&entry.hash[..]);
    futures_util::try_join!(stored.execute(&mut &*db), moved.execute(&mut &*db))?;
    Ok(())
}
