//! Checkpoints as they are made, kept, read and recomputed.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer};
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;

use super::merkle::{self, Hash};
use super::{Checkpoint, Document, FORMAT, Proof, PublicKeys, Signed, digest, head_leaf};
use crate::access::Caller;
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::keys::Keys;
use crate::base::schema::{audit_entries, checkpoint_heads, checkpoints, closed_days};
use crate::base::statement::statement;
use crate::ledger::audit::rows as audit;
use crate::ledger::audit::verify::{CheckpointFault, Verdict, verify};

/// A checkpoint as it is kept.
#[derive(Queryable, Selectable)]
#[diesel(table_name = checkpoints)]
pub struct Kept {
    pub n: i64,
    day: NaiveDate,
    pub jws: String,
}

#[derive(Debug, Clone, QueryableByName)]
struct Head {
    #[diesel(sql_type = Integer)]
    area_id: i32,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
}

/// Signs where all chains stand, in the transaction that closes `day` and holds the writers off.
pub async fn sign(db: &mut Conn, keys: &Keys, day: NaiveDate, at: DateTime<Utc>) -> Result<()> {
    let last = checkpoints::table
        .order(checkpoints::n.desc())
        .select(Kept::as_select())
        .first(db)
        .await
        .optional()?;
    let heads: Vec<Head> =
        statement("select area_id, seq, hash from audit_heads where seq > 0 order by area_id")
            .load(db)
            .await?;
    let number = last.as_ref().map_or(0, |last| last.n) + 1;
    let checkpoint = Checkpoint {
        format: FORMAT,
        number,
        day,
        at,
        chains: heads.len(),
        root: hex::encode(merkle::root(&leaves(&heads))),
        previous: name_of(last.as_ref()),
    };
    let signed = Signed::new(keys, Document::Checkpoint, checkpoint)?;
    diesel::insert_into(checkpoints::table)
        .values((
            checkpoints::n.eq(number),
            checkpoints::day.eq(day),
            checkpoints::jws.eq(signed.jws),
        ))
        .execute(db)
        .await?;
    statement(
        "insert into checkpoint_heads (area_id, seq, hash, checkpoint)
         select area_id, seq, hash, $1 from audit_heads where seq > 0
         on conflict (area_id, seq) do nothing",
    )
    .bind::<BigInt, _>(number)
    .execute(db)
    .await?;
    Ok(())
}

fn leaves(heads: &[Head]) -> Vec<Hash> {
    heads.iter().map(|head| head_leaf(head.area_id, head.seq, &head.hash)).collect()
}

/// By what a checkpoint names the one before.
fn name_of(kept: Option<&Kept>) -> String {
    kept.map_or_else(|| "0".repeat(64), |kept| digest(&kept.jws))
}

impl Kept {
    /// One page, the latest first.
    pub async fn list(db: &mut Conn, before: Option<i64>, limit: i64) -> Result<Vec<Self>> {
        Ok(checkpoints::table
            .filter(checkpoints::n.lt(before.unwrap_or(i64::MAX)))
            .order(checkpoints::n.desc())
            .limit(limit)
            .select(Self::as_select())
            .load(db)
            .await?)
    }

    pub async fn find(db: &mut Conn, n: i64) -> Result<Self> {
        Ok(checkpoints::table.find(n).select(Self::as_select()).first(db).await?)
    }

    pub fn open(&self, keys: &PublicKeys) -> Result<Signed<Checkpoint>> {
        let document = keys.open(Document::Checkpoint, &self.jws)?;
        Ok(Signed { document, jws: self.jws.clone() })
    }
}

/// The proof of an entry that the caller may read, by the first checkpoint that covers it.
pub async fn prove(
    db: &mut Conn,
    caller: &Caller,
    keys: &PublicKeys,
    key: (i32, i64),
) -> Result<Proof> {
    let entry = audit::entry(db, caller, key).await?;
    let (area, seq) = key;
    let covering = checkpoint_heads::table
        .filter(checkpoint_heads::area_id.eq(area).and(checkpoint_heads::seq.ge(seq)))
        .order(checkpoint_heads::seq)
        .select((checkpoint_heads::checkpoint, checkpoint_heads::seq))
        .first::<(i64, i64)>(db)
        .await
        .optional()?;
    let (number, head) = covering.ok_or_else(|| {
        Error::unprocessable(
            "day_not_closed",
            say(
                "Ngày ghi mục này chưa chốt; hãy hỏi lại sau nửa đêm.",
                "The day of this entry is not closed yet; ask again after midnight.",
            ),
        )
    })?;
    let following = audit_entries::table
        .filter(audit_entries::area_id.eq(area))
        .filter(audit_entries::seq.gt(seq).and(audit_entries::seq.le(head)))
        .order(audit_entries::seq)
        .select(audit_entries::body)
        .load(db)
        .await?;
    let heads: Vec<Head> = statement(
        "select distinct on (area_id) area_id, seq, hash from checkpoint_heads
         where checkpoint <= $1 order by area_id, seq desc",
    )
    .bind::<BigInt, _>(number)
    .load(db)
    .await?;
    let index = heads.iter().position(|head| head.area_id == area);
    let index = index.ok_or_else(|| Error::internal("a head that a checkpoint covers is gone"))?;
    let path = merkle::path(&leaves(&heads), index);
    Ok(Proof {
        format: FORMAT,
        entry: entry.body,
        following,
        index,
        path: path.iter().map(hex::encode).collect(),
        checkpoint: Kept::find(db, number).await?.open(keys)?,
    })
}

/// Recomputes these chains and every checkpoint; `db` stands in one snapshot.
pub async fn verify_all(db: &mut Conn, keys: &PublicKeys, areas: &[i32]) -> Result<Verdict> {
    let mut verdict = verify(db, areas).await?;
    let kept: Vec<Kept> =
        checkpoints::table.order(checkpoints::n).select(Kept::as_select()).load(db).await?;
    verdict.checkpoints = kept.len();
    verdict.checkpoint_fault = first_fault(db, keys, &kept).await?;
    verdict.valid &= verdict.checkpoint_fault.is_none();
    Ok(verdict)
}

async fn first_fault(
    db: &mut Conn,
    keys: &PublicKeys,
    kept: &[Kept],
) -> Result<Option<CheckpointFault>> {
    let mut faults: Vec<CheckpointFault> = Vec::new();
    let mut heads_of = heads_by_checkpoint(db).await?;
    let mut heads: BTreeMap<i32, Head> = BTreeMap::new();
    for (n, one) in (1..).zip(kept) {
        heads.extend(heads_of.remove(&one.n).unwrap_or_default());
        let before = (n > 1).then(|| &kept[n as usize - 2]);
        if let Some(what) = fault(keys, n, one, before, &heads) {
            faults.push(CheckpointFault { number: one.n, what });
            break;
        }
    }
    faults.extend(moved_head(db).await?.map(|number| CheckpointFault { number, what: "chain" }));
    let last_day: Option<NaiveDate> =
        closed_days::table.select(diesel::dsl::max(closed_days::day)).first(db).await?;
    if let Some(last) = kept.last().filter(|last| last_day.is_some_and(|day| day > last.day)) {
        faults.push(CheckpointFault { number: last.n + 1, what: "missing" });
    }
    Ok(faults.into_iter().min_by_key(|fault| fault.number))
}

/// What does not fit in the `n`th checkpoint, where all chains stood at `heads`.
fn fault(
    keys: &PublicKeys,
    n: i64,
    kept: &Kept,
    before: Option<&Kept>,
    heads: &BTreeMap<i32, Head>,
) -> Option<&'static str> {
    let Ok(checkpoint) = keys.open::<Checkpoint>(Document::Checkpoint, &kept.jws) else {
        return Some("signature");
    };
    let heads: Vec<Head> = heads.values().cloned().collect();
    if (kept.n, checkpoint.number, checkpoint.day) != (n, n, kept.day) {
        Some("number")
    } else if checkpoint.previous != name_of(before) {
        Some("previous")
    } else if checkpoint.chains != heads.len()
        || checkpoint.root != hex::encode(merkle::root(&leaves(&heads)))
    {
        Some("root")
    } else {
        None
    }
}

async fn heads_by_checkpoint(db: &mut Conn) -> Result<BTreeMap<i64, BTreeMap<i32, Head>>> {
    let mut rows = checkpoint_heads::table
        .select((
            checkpoint_heads::checkpoint,
            checkpoint_heads::area_id,
            checkpoint_heads::seq,
            checkpoint_heads::hash,
        ))
        .load_stream::<(i64, i32, i64, Vec<u8>)>(db)
        .await?;
    let mut by_checkpoint: BTreeMap<i64, BTreeMap<i32, Head>> = BTreeMap::new();
    while let Some((n, area_id, seq, hash)) = rows.try_next().await? {
        by_checkpoint.entry(n).or_default().insert(area_id, Head { area_id, seq, hash });
    }
    Ok(by_checkpoint)
}

/// The first checkpoint with a head that is not, or no longer, that of its chain.
async fn moved_head(db: &mut Conn) -> Result<Option<i64>> {
    Ok(checkpoint_heads::table
        .left_join(
            audit_entries::table.on(audit_entries::area_id
                .eq(checkpoint_heads::area_id)
                .and(audit_entries::seq.eq(checkpoint_heads::seq))),
        )
        .filter(audit_entries::hash.nullable().is_distinct_from(checkpoint_heads::hash.nullable()))
        .select(diesel::dsl::min(checkpoint_heads::checkpoint))
        .first(db)
        .await?)
}
