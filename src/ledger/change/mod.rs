//! What every change leaves: states, counts, the day's change and the chains' entries, written in
//! the transaction of the change itself.
//!
//! The order of locks, everywhere: the areas are learnt without locks; their chain heads are locked
//! by id ([`Writer::lock`]); then rows by (holder, year, level); then numbers by digest; then counts.

mod counts;
mod request;
mod store;

use std::collections::BTreeMap;

use chrono::{NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Binary, Date, Integer};
use diesel_async::{AsyncConnection, RunQueryDsl, TransactionManager};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::access::Act;
use crate::areas::changed_meanwhile;
use crate::base::db::{Conn, locks};
use crate::base::error::{Error, Result};
use crate::base::schema::audit_heads;
use crate::base::statement::statement;
use crate::base::version::Version;
use crate::ledger::audit::{Committed, EntryBody, FORMAT, GENESIS, Item};

pub use counts::{TitleChange, TitleState};

/// Runs `work` as one change: in a transaction, on one day of the register, with one entry in each
/// chain it touched. Failures of serialization and deadlocks are tried three times.
///
/// With an Idempotency-Key `T` is what the request led to; the same request later gets it again.
/// It must hold ids and counts only, never anything about a person.
pub async fn write<T, F>(db: &mut Conn, act: &Act, action: &'static str, work: F) -> Result<T>
where
    T: Serialize + DeserializeOwned,
    F: AsyncFn(&mut Writer<'_>) -> Result<T>,
{
    let mut tries = 0;
    loop {
        tries += 1;
        match write_once(db, act, action, &work).await {
            Err(error) if error.is_transient() && tries < 3 => continue,
            done => return done,
        }
    }
}

type Transactions = <Conn as AsyncConnection>::TransactionManager;

async fn write_once<T, F>(db: &mut Conn, act: &Act, action: &'static str, work: &F) -> Result<T>
where
    T: Serialize + DeserializeOwned,
    F: AsyncFn(&mut Writer<'_>) -> Result<T>,
{
    // Not `db.transaction`: that wants futures that may move between threads, which an `AsyncFn`
    // cannot promise. A change that is dropped half way leaves a connection that the pool discards.
    Transactions::begin_transaction_sql(db, request::begin_sql(act)).await?;
    let done = change(db, act, action, work).await;
    match done {
        Ok(outcome) => {
            Transactions::commit_transaction(db).await?;
            Ok(outcome)
        }
        Err(error) => {
            Transactions::rollback_transaction(db).await?;
            Err(error)
        }
    }
}

async fn change<T, F>(db: &mut Conn, act: &Act, action: &'static str, work: &F) -> Result<T>
where
    T: Serialize + DeserializeOwned,
    F: AsyncFn(&mut Writer<'_>) -> Result<T>,
{
    let outcome = request::begin(&*db, act).await?;
    if let Some(outcome) = outcome {
        return serde_json::from_value(outcome).map_err(Error::internal);
    }
    let day = take_day(db).await?;
    let mut writer = Writer {
        db,
        act,
        action,
        day,
        reason: None,
        locked: BTreeMap::new(),
        open: BTreeMap::new(),
    };
    let outcome = work(&mut writer).await?;
    writer.finish(&outcome).await?;
    Ok(outcome)
}

/// A change under way.
pub struct Writer<'a> {
    pub db: &'a mut Conn,
    pub act: &'a Act,
    action: &'static str,
    /// The day on which the change is known.
    pub day: NaiveDate,
    reason: Option<String>,
    /// The heads held: seq and hash of each chain's last entry.
    locked: BTreeMap<i32, (i64, Vec<u8>)>,
    open: BTreeMap<i32, OpenEntry>,
}

#[derive(Default)]
struct OpenEntry {
    items: usize,
    leaves: Sha256,
    /// The last of its items, which are not sent yet.
    waiting: Vec<Item>,
}

/// So many items are sent at once.
const AT_ONCE: usize = 2_000;

impl Writer<'_> {
    /// Locks the chain heads of these areas, in the order of their ids. Called once, before any row
    /// is locked: a second call with a new area would break the order of locks. Refuses an area that
    /// was taken back since the request learnt of it.
    pub async fn lock(&mut self, areas: &[i32]) -> Result<()> {
        let mut areas = areas.to_vec();
        areas.sort_unstable();
        areas.dedup();
        areas.retain(|area| !self.locked.contains_key(area));
        if areas.is_empty() {
            return Ok(());
        }
        if !self.locked.is_empty() {
            return Err(Error::internal("the heads of a change are locked at once"));
        }
        let mut heads = self.read_heads(&areas).await?;
        if heads.len() < areas.len() {
            statement(
                "insert into audit_heads (area_id, seq, hash)
                 select a, 0, $2 from unnest($1) a on conflict do nothing",
            )
            .bind::<Array<Integer>, _>(&areas)
            .bind::<Binary, _>(&GENESIS[..])
            .execute(self.db)
            .await?;
            heads = self.read_heads(&areas).await?;
        }
        if heads.iter().any(|head| head.3) {
            return Err(changed_meanwhile());
        }
        self.locked = heads.into_iter().map(|(area, seq, hash, _)| (area, (seq, hash))).collect();
        Ok(())
    }

    async fn read_heads(&mut self, areas: &[i32]) -> Result<Vec<(i32, i64, Vec<u8>, bool)>> {
        Ok(audit_heads::table
            .filter(audit_heads::area_id.eq_any(areas))
            .order(audit_heads::area_id)
            .select((
                audit_heads::area_id,
                audit_heads::seq,
                audit_heads::hash,
                audit_heads::closed,
            ))
            .for_update()
            .load(self.db)
            .await?)
    }

    /// The version that this change gives to what it touches in the chain of `area`.
    pub fn version(&self, area: i32) -> Result<Version> {
        let (seq, _) = self
            .locked
            .get(&area)
            .ok_or_else(|| Error::internal(format!("the head of area {area} is not locked")))?;
        Ok(Version::new(area, seq + 1))
    }

    /// The reason that the caller gave; the trail shows it as long as it names nobody erased.
    pub fn because(&mut self, reason: impl Into<String>) {
        self.reason = Some(reason.into());
    }

    pub async fn record(&mut self, area: i32, item: Item) -> Result<()> {
        self.record_all(area, std::slice::from_ref(&item)).await
    }

    /// Appends each item to the entry of its area, whose head must be locked.
    pub async fn record_each(&mut self, items: Vec<(i32, Item)>) -> Result<()> {
        let mut by_area: BTreeMap<i32, Vec<Item>> = BTreeMap::new();
        for (area, item) in items {
            by_area.entry(area).or_default().push(item);
        }
        for (area, items) in by_area {
            self.record_all(area, &items).await?;
        }
        Ok(())
    }

    /// Appends items to the entry of `area`, whose head must be locked.
    pub async fn record_all(&mut self, area: i32, items: &[Item]) -> Result<()> {
        if items.is_empty() {
            return Ok(());
        }
        let seq = self.version(area)?.seq();
        let entry = self.open.entry(area).or_default();
        for item in items {
            entry.leaves.update(item.leaf());
        }
        entry.items += items.len();
        entry.waiting.extend_from_slice(items);
        if entry.waiting.len() < AT_ONCE {
            return Ok(());
        }
        let first = entry.items - entry.waiting.len();
        let waiting = std::mem::take(&mut entry.waiting);
        store::items(&*self.db, (area, seq), first, &waiting).await
    }

    /// Writes the entries, moves the heads, and keeps what a request with a key led to.
    async fn finish<T: Serialize>(mut self, outcome: &T) -> Result<()> {
        let at = Utc::now();
        for (area, entry) in std::mem::take(&mut self.open) {
            let (seq, previous) = &self.locked[&area];
            let seq = seq + 1;
            let reason = self.reason.clone().map(|reason| Committed::new("reason", reason));
            let caller = &self.act.caller;
            let (body, hash) = EntryBody {
                format: FORMAT,
                area,
                seq,
                day: self.day.to_string(),
                at: at.to_rfc3339(),
                actor: caller.id,
                actor_name: &caller.name,
                role: caller.role.as_str(),
                actor_area: caller.area,
                request_id: self.act.request_id,
                action: self.action,
                reason: reason.as_ref().map(Committed::commitment),
                items: entry.items,
                items_hash: hex::encode(entry.leaves.finalize()),
                previous: hex::encode(previous),
            }
            .seal();
            let (waiting, all) = (entry.waiting, entry.items);
            let first = all - waiting.len();
            let because: Vec<(i32, &Committed)> = reason.iter().map(|r| (-1, r)).collect();
            let entry = store::Entry {
                key: (area, seq),
                at,
                day: self.day,
                act: self.act,
                action: self.action,
                items: all as i32,
                body: &body,
                hash: &hash,
            };
            let db = &*self.db;
            futures_util::try_join!(
                store::items(db, (area, seq), first, &waiting),
                store::values(db, (area, seq), &because),
                store::entry(db, &entry),
            )?;
        }
        request::end(&*self.db, self.act, outcome).await
    }
}

/// Holds the days still, then takes today's: of a day that is closed, the next.
async fn take_day(db: &mut Conn) -> Result<NaiveDate> {
    #[derive(QueryableByName)]
    struct Day {
        #[diesel(sql_type = Date)]
        day: NaiveDate,
    }
    let Day { day } = statement("select take_day($1) as day")
        .bind::<BigInt, _>(locks::DAY)
        .get_result(db)
        .await?;
    Ok(day)
}
