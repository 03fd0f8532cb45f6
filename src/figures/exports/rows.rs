//! Copying lists into a spool file, page by page or row by row, and keeping what was taken away.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::Timestamptz;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::spool::Spool;
use super::{Manifest, Table, cells};
use crate::access::{Act, Caller};
use crate::areas::Areas;
use crate::base::db::Conn;
use crate::base::error::{Error, Lang, Result};
use crate::base::keys::Keys;
use crate::base::schema::{area_scopes, exports};
use crate::base::statement::statement;
use crate::ledger;
use crate::ledger::audit::api::entry_body;
use crate::ledger::audit::rows::{self as audit, EntryFilter};
use crate::ledger::audit::{Entity, Fields, Item};
use crate::ledger::proof::{Document, PublicKeys, Signed};
use crate::register::decisions::rows::{Decision, DecisionFilter};
use crate::register::hamlets::rows::Hamlet;
use crate::register::holders::rows::HolderFilter;
use crate::register::holders::{identifiers, listing as listing_of_holders};
use crate::register::titles::filter::TitleFilter;
use crate::register::titles::listing;
use crate::register::titles::then;

/// How many rows of a list are read at once.
const PAGE: i64 = 2_000;

pub async fn titles(
    db: &mut Conn,
    areas: &Areas,
    caller: &Caller,
    filter: &TitleFilter,
    spool: &mut Spool,
) -> Result<()> {
    let mut names = cells::Names::new(areas);
    listing::for_each(db, areas, caller, filter, |title| {
        spool.row(&cells::title(&mut names, &title))
    })
    .await
}

/// Titles as they were known at the end of a closed day, or a sample of them.
pub async fn titles_then(
    db: &mut Conn,
    areas: &Areas,
    caller: &Caller,
    (filter, day, sample): (&TitleFilter, NaiveDate, Option<(i64, &str)>),
    spool: &mut Spool,
) -> Result<()> {
    let mut names = cells::Names::new(areas);
    if let Some((size, seed)) = sample {
        for title in then::sample(db, areas, caller, (filter, day), (size, seed)).await? {
            spool.row(&cells::title_then(&mut names, day, &title))?;
        }
        return Ok(());
    }
    let mut after = None;
    loop {
        let found = then::list(db, areas, caller, filter, day, after, PAGE).await?;
        for title in &found {
            spool.row(&cells::title_then(&mut names, day, title))?;
        }
        match found.last() {
            Some(last) if found.len() as i64 == PAGE => after = Some(last.cursor()),
            _ => return Ok(()),
        }
    }
}

pub async fn holders(
    db: &mut Conn,
    (areas, keys, on): (&Areas, &Keys, NaiveDate),
    caller: &Caller,
    filter: &HolderFilter,
    spool: &mut Spool,
) -> Result<()> {
    let mut names = cells::Names::new(areas);
    let mut after = None;
    loop {
        let found = listing_of_holders::page(db, areas, caller, filter, after.take(), PAGE).await?;
        let ids: Vec<Uuid> = found.iter().map(|holder| holder.id).collect();
        let numbers = identifiers::numbers(db, keys, &ids).await?;
        let hamlets: Vec<Uuid> = found.iter().filter_map(|holder| holder.hamlet_id).collect();
        let hamlets = Hamlet::by_ids(db, &hamlets).await?;
        for holder in &found {
            let hamlet = hamlets.iter().find(|hamlet| Some(hamlet.id) == holder.hamlet_id);
            let hamlet = hamlet.map(Hamlet::full_name).unwrap_or_default();
            let number = numbers.get(&holder.id);
            spool.row(&cells::holder(&mut names, on, holder, hamlet, number))?;
        }
        match found.last() {
            Some(last) if found.len() as i64 == PAGE => {
                after = Some(last.id);
            }
            _ => return Ok(()),
        }
    }
}

/// Decisions with the lines of their annexed lists, one row a line.
pub async fn decisions(
    db: &mut Conn,
    areas: &Areas,
    caller: &Caller,
    filter: &DecisionFilter,
    spool: &mut Spool,
) -> Result<()> {
    let mut after = None;
    loop {
        let found = Decision::list(db, caller, filter, after, PAGE).await?;
        for decision in &found {
            lines(db, areas, caller, decision, spool).await?;
        }
        match found.last() {
            Some(last) if found.len() as i64 == PAGE => after = Some((last.decided_on, last.id)),
            _ => return Ok(()),
        }
    }
}

async fn lines(
    db: &mut Conn,
    areas: &Areas,
    caller: &Caller,
    decision: &Decision,
    spool: &mut Spool,
) -> Result<()> {
    let mut after = None;
    loop {
        let found = Decision::lines(db, caller, decision.id, after, PAGE).await?;
        for line in &found {
            spool.row(&cells::line(areas, decision, line))?;
        }
        match found.last() {
            Some(last) if found.len() as i64 == PAGE => after = Some(last.n),
            _ => return Ok(()),
        }
    }
}

pub async fn audit(
    db: &mut Conn,
    areas: &Areas,
    caller: &Caller,
    filter: &EntryFilter,
    spool: &mut Spool,
) -> Result<()> {
    let mut after = None;
    loop {
        let found = audit::entries(db, caller, filter, after, PAGE).await?;
        let keys: Vec<_> = found.iter().map(|entry| (entry.area_id, entry.seq)).collect();
        let values = audit::values(db, &keys).await?;
        for entry in &found {
            spool.row(&cells::entry(&entry_body(areas, entry, &values, Lang::Vi)))?;
        }
        match found.last() {
            Some(last) if found.len() as i64 == PAGE => {
                after = Some((last.at, last.area_id, last.seq));
            }
            _ => return Ok(()),
        }
    }
}

#[derive(QueryableByName)]
struct Moment {
    #[diesel(sql_type = Timestamptz)]
    at: DateTime<Utc>,
}

/// The moment of the snapshot in which `db` stands.
pub async fn moment(db: &mut Conn) -> Result<DateTime<Utc>> {
    Ok(statement("select now() as at").get_result::<Moment>(db).await?.at)
}

/// Keeps the signed manifest, and records who took what away.
pub async fn keep(
    db: &mut Conn,
    act: &Act,
    keys: &Keys,
    table: &Table,
    manifest: &Manifest,
) -> Result<()> {
    let signed = Signed::new(keys, Document::Manifest, manifest.clone())?;
    let question = serde_json::to_value(&manifest.question).map_err(Error::internal)?;
    ledger::write(db, act, table.action, async |w| {
        let area = w.act.caller.area;
        w.lock(&[area]).await?;
        diesel::insert_into(exports::table)
            .values((
                exports::id.eq(manifest.id),
                exports::area_id.eq(area),
                exports::jws.eq(&signed.jws),
            ))
            .execute(w.db)
            .await?;
        let fields = Fields::new()
            .plain("question", question.clone())
            .plain("media_type", &*manifest.media_type)
            .plain("rows", manifest.rows)
            .plain("sha256", &*manifest.sha256);
        w.record(area, Item::created(Entity::Export, manifest.id, fields)).await
    })
    .await
}

/// The manifest of an export that somebody of the caller's area took.
pub async fn manifest(
    db: &mut Conn,
    caller: &Caller,
    keys: &PublicKeys,
    id: Uuid,
) -> Result<Signed<Manifest>> {
    let covered = area_scopes::table
        .filter(area_scopes::area_id.eq(caller.area))
        .select(area_scopes::covered_id);
    let jws: String = exports::table
        .find(id)
        .filter(exports::area_id.eq_any(covered))
        .select(exports::jws)
        .first(db)
        .await?;
    Ok(Signed { document: keys.open(Document::Manifest, &jws)?, jws })
}
