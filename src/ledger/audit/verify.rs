//! Recomputes chains from what is stored and names the first entry that does not fit.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::{GENESIS, commitment, leaf};
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::schema::{audit_entries, audit_heads, audit_items, audit_values};

/// What the verification of some chains found.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct Verdict {
    /// Whether everything fits.
    pub valid: bool,
    pub chains: usize,
    pub entries: usize,
    pub items: usize,
    /// The first thing of each chain that does not fit.
    pub faults: Vec<Fault>,
    pub checkpoints: usize,
    /// The first checkpoint that does not fit.
    pub checkpoint_fault: Option<CheckpointFault>,
}

/// The first checkpoint that does not fit.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckpointFault {
    pub number: i64,
    /// What does not fit: `signature`, `number`, `previous`, `root`, `chain` (a chain is no longer
    /// what it was) or `missing`.
    pub what: &'static str,
}

/// The first entry of a chain that does not fit.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChainFault)]
pub struct Fault {
    /// The id of the chain's area.
    pub area: i32,
    pub seq: i64,
    /// What does not fit: `sequence`, `previous`, `hash`, `columns`, `items`, `commitment` or `head`.
    pub what: &'static str,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_entries)]
struct Stored {
    seq: i64,
    at: DateTime<Utc>,
    day: NaiveDate,
    items: i32,
    action: String,
    actor_id: uuid::Uuid,
    request_id: uuid::Uuid,
    body: String,
    hash: Vec<u8>,
}

/// Verifies the chains of `areas` one after the other, in one snapshot if `db` stands in one.
pub async fn verify(db: &mut Conn, areas: &[i32]) -> Result<Verdict> {
    let heads: Vec<(i32, i64, Vec<u8>)> = audit_heads::table
        .filter(audit_heads::area_id.eq_any(areas))
        .filter(audit_heads::seq.gt(0))
        .order(audit_heads::area_id)
        .select((audit_heads::area_id, audit_heads::seq, audit_heads::hash))
        .load(db)
        .await?;
    let mut verdict = Verdict { valid: true, ..Verdict::default() };
    for (area, seq, hash) in heads {
        verdict.chains += 1;
        if let Some(fault) = verify_chain(db, area, seq, &hash, &mut verdict).await? {
            verdict.valid = false;
            verdict.faults.push(fault);
        }
    }
    Ok(verdict)
}

async fn verify_chain(
    db: &mut Conn,
    area: i32,
    head: i64,
    head_hash: &[u8],
    verdict: &mut Verdict,
) -> Result<Option<Fault>> {
    const BATCH: i64 = 500;
    let mut previous = GENESIS.to_vec();
    let mut last = 0;
    loop {
        let entries: Vec<Stored> = audit_entries::table
            .filter(audit_entries::area_id.eq(area).and(audit_entries::seq.gt(last)))
            .order(audit_entries::seq)
            .limit(BATCH)
            .select(Stored::as_select())
            .load(db)
            .await?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            verdict.entries += 1;
            let fault = |what| Ok(Some(Fault { area, seq: entry.seq, what }));
            if entry.seq != last + 1 {
                return fault("sequence");
            }
            if Sha256::digest(&entry.body).as_slice() != entry.hash {
                return fault("hash");
            }
            let body: Value = serde_json::from_str(&entry.body).unwrap_or_default();
            if body["previous"] != hex::encode(&previous) {
                return fault("previous");
            }
            if body["seq"] != entry.seq
                || body["area"] != area
                || body["items"] != entry.items
                || body["action"] != entry.action
                || body["actor"] != entry.actor_id.to_string()
                || body["request_id"] != entry.request_id.to_string()
                || body["day"] != entry.day.to_string()
                || !is_moment(&body["at"], entry.at)
            {
                return fault("columns");
            }
            let (count, items_hash) = items_hash(db, area, entry.seq).await?;
            verdict.items += count;
            if count != entry.items as usize || body["items_hash"] != hex::encode(items_hash) {
                return fault("items");
            }
            if !commitments_fit(db, area, entry.seq, &body).await? {
                return fault("commitment");
            }
            previous = entry.hash;
            last = entry.seq;
        }
    }
    if last != head || previous != head_hash {
        return Ok(Some(Fault { area, seq: last, what: "head" }));
    }
    Ok(None)
}

/// Whether a text means the moment, which the database keeps in microseconds.
fn is_moment(text: &Value, at: DateTime<Utc>) -> bool {
    let read = text.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    read.is_some_and(|read| read.timestamp_micros() == at.timestamp_micros())
}

async fn items_hash(db: &mut Conn, area: i32, seq: i64) -> Result<(usize, [u8; 32])> {
    let mut rows = audit_items::table
        .filter(audit_items::area_id.eq(area).and(audit_items::seq.eq(seq)))
        .order(audit_items::n)
        .select((audit_items::entity, audit_items::entity_id, audit_items::body))
        .load_stream::<(String, String, String)>(db)
        .await?;
    let mut hash = Sha256::new();
    let mut count = 0;
    while let Some((entity, id, body)) = rows.try_next().await? {
        hash.update(leaf(&entity, &id, &body));
        count += 1;
    }
    Ok((count, hash.finalize().into()))
}

/// Personal values that are still kept must be those committed to; erased ones are no fault.
async fn commitments_fit(db: &mut Conn, area: i32, seq: i64, entry: &Value) -> Result<bool> {
    let mut rows = audit_values::table
        .left_join(
            audit_items::table.on(audit_items::area_id
                .eq(audit_values::area_id)
                .and(audit_items::seq.eq(audit_values::seq))
                .and(audit_items::n.eq(audit_values::n))),
        )
        .filter(audit_values::area_id.eq(area).and(audit_values::seq.eq(seq)))
        .select((
            audit_values::field,
            audit_values::salt,
            audit_values::value,
            audit_items::body.nullable(),
        ))
        .load_stream::<(String, Vec<u8>, String, Option<String>)>(db)
        .await?;
    while let Some((field, salt, value, body)) = rows.try_next().await? {
        let expected = match body {
            Some(body) => {
                serde_json::from_str::<Value>(&body).unwrap_or_default()[&field]["#"].clone()
            }
            None => entry["reason"].clone(),
        };
        if expected != commitment(&salt, &value) {
            return Ok(false);
        }
    }
    Ok(true)
}
