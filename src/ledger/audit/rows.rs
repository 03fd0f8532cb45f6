//! Reading the chains: entries, their items, and the personal values that are still kept.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::access::Caller;
use crate::areas::AreaId;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::schema::{area_scopes, audit_entries, audit_heads, audit_items, audit_values};
use crate::base::statement::statement;

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = audit_entries)]
pub struct Entry {
    pub area_id: i32,
    pub seq: i64,
    pub at: DateTime<Utc>,
    pub day: NaiveDate,
    pub actor_id: Uuid,
    pub request_id: Uuid,
    pub action: String,
    pub items: i32,
    pub body: String,
    pub hash: Vec<u8>,
}

#[derive(Debug, Clone, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = audit_items)]
pub struct StoredItem {
    pub area_id: i32,
    pub seq: i64,
    pub n: i32,
    pub entity: String,
    pub entity_id: String,
    pub body: String,
}

/// Which entries a list shows.
#[derive(Debug, Clone, Default)]
pub struct EntryFilter {
    pub area: Option<AreaId>,
    pub actor: Option<Uuid>,
    /// `holder`, `title` … or one thing: `holder:<id>`.
    pub entity: Option<(String, Option<String>)>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

/// One page of entries of the caller's area, the newest first.
pub async fn entries(
    db: &mut Conn,
    caller: &Caller,
    filter: &EntryFilter,
    after: Option<(DateTime<Utc>, i32, i64)>,
    limit: i64,
) -> Result<Vec<Entry>> {
    use audit_entries as e;
    let mut query = e::table
        .filter(e::area_id.eq_any(covered(caller.area)))
        .order((e::at.desc(), e::area_id.desc(), e::seq.desc()))
        .limit(limit)
        .select(Entry::as_select())
        .into_boxed();
    if let Some(area) = filter.area {
        query = query.filter(e::area_id.eq_any(covered(area)));
    }
    if let Some(actor) = filter.actor {
        query = query.filter(e::actor_id.eq(actor));
    }
    if let Some(from) = filter.from {
        query = query.filter(e::day.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(e::day.le(to));
    }
    if let Some((entity, id)) = &filter.entity {
        let items = audit_items::table
            .filter(audit_items::area_id.eq(e::area_id).and(audit_items::seq.eq(e::seq)))
            .filter(audit_items::entity.eq(entity.clone()));
        query = match id {
            Some(id) => {
                query.filter(diesel::dsl::exists(items.filter(audit_items::entity_id.eq(id))))
            }
            None => query.filter(diesel::dsl::exists(items)),
        };
    }
    if let Some((at, area, seq)) = after {
        // The first says to the index where the page begins.
        query = query.filter(e::at.le(at)).filter(
            e::at
                .lt(at)
                .or(e::at.eq(at).and(e::area_id.lt(area)))
                .or(e::at.eq(at).and(e::area_id.eq(area)).and(e::seq.lt(seq))),
        );
    }
    Ok(query.load(db).await?)
}

/// One entry that the caller may read.
pub async fn entry(db: &mut Conn, caller: &Caller, key: (i32, i64)) -> Result<Entry> {
    Ok(audit_entries::table
        .find(key)
        .filter(audit_entries::area_id.eq_any(covered(caller.area)))
        .select(Entry::as_select())
        .first(db)
        .await?)
}

/// The entries with these keys.
pub async fn entries_of(db: &mut Conn, keys: &[(i32, i64)]) -> Result<Vec<Entry>> {
    let areas: Vec<i32> = keys.iter().map(|k| k.0).collect();
    let seqs: Vec<i64> = keys.iter().map(|k| k.1).collect();
    let found: Vec<Entry> = audit_entries::table
        .filter(audit_entries::area_id.eq_any(areas).and(audit_entries::seq.eq_any(seqs)))
        .select(Entry::as_select())
        .load(db)
        .await?;
    Ok(found.into_iter().filter(|e| keys.contains(&(e.area_id, e.seq))).collect())
}

/// One page of the items of an entry that the caller may read.
pub async fn items(
    db: &mut Conn,
    caller: &Caller,
    (area, seq): (i32, i64),
    after: Option<i32>,
    limit: i64,
) -> Result<Vec<StoredItem>> {
    Ok(audit_items::table
        .filter(audit_items::area_id.eq(area).and(audit_items::seq.eq(seq)))
        .filter(audit_items::area_id.eq_any(covered(caller.area)))
        .filter(audit_items::n.gt(after.unwrap_or(-1)))
        .order(audit_items::n)
        .limit(limit)
        .select(StoredItem::as_select())
        .load(db)
        .await?)
}

/// What an entry did to the things of one kind, whoever asks: for the change that takes it back.
pub async fn items_of(
    db: &mut Conn,
    (area, seq): (i32, i64),
    entity: &str,
) -> Result<Vec<StoredItem>> {
    Ok(audit_items::table
        .filter(audit_items::area_id.eq(area).and(audit_items::seq.eq(seq)))
        .filter(audit_items::entity.eq(entity))
        .order(audit_items::n)
        .select(StoredItem::as_select())
        .load(db)
        .await?)
}

/// Everything recorded of these things, and of the titles and pairs of holders, the newest first.
pub async fn of_subject(
    db: &mut Conn,
    entity: &str,
    ids: &[String],
    limit: i64,
) -> Result<Vec<StoredItem>> {
    // Ids of titles are ranges of the index: the text of a uuid, a slash, year and level; so are pairs.
    Ok(statement(
        "select i.area_id, i.seq, i.n, i.entity, i.entity_id, i.body
         from unnest($1) h (id)
         join audit_items i on i.entity = $3 and i.entity_id = h.id
              or $3 = 'holder' and i.entity in ('title', 'pair')
                 and i.entity_id > h.id || '/' and i.entity_id < h.id || '0'
         join audit_entries e on e.area_id = i.area_id and e.seq = i.seq
         order by e.at desc, i.area_id, i.n desc limit $2",
    )
    .bind::<Array<Text>, _>(ids)
    .bind::<BigInt, _>(limit)
    .bind::<Text, _>(entity)
    .load(db)
    .await?)
}

/// Where a personal value belongs: area, seq, item (-1: the entry's reason), field.
pub type ValueKey = (i32, i64, i32, String);

/// The personal values behind entries, those that were not erased.
pub async fn values(db: &mut Conn, keys: &[(i32, i64)]) -> Result<HashMap<ValueKey, String>> {
    let areas: Vec<i32> = keys.iter().map(|k| k.0).collect();
    let seqs: Vec<i64> = keys.iter().map(|k| k.1).collect();
    let rows: Vec<(i32, i64, i32, String, String)> = audit_values::table
        .filter(audit_values::area_id.eq_any(areas).and(audit_values::seq.eq_any(seqs)))
        .select((
            audit_values::area_id,
            audit_values::seq,
            audit_values::n,
            audit_values::field,
            audit_values::value,
        ))
        .load(db)
        .await?;
    Ok(rows.into_iter().map(|(a, s, n, f, v)| ((a, s, n, f), v)).collect())
}

/// The chains of an area and of all that it covers.
pub async fn chains(db: &mut Conn, area: AreaId) -> Result<Vec<i32>> {
    Ok(audit_heads::table
        .filter(audit_heads::area_id.eq_any(covered(area)))
        .order(audit_heads::area_id)
        .select(audit_heads::area_id)
        .load(db)
        .await?)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn covered(area: AreaId) -> _ {
    let area: i32 = area;
    area_scopes::table.filter(area_scopes::area_id.eq(area)).select(area_scopes::covered_id)
}
