//! Titles that pass from one holder to another, because both were one; and back.

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::rows::Title;
use super::write::{insert_all, record};
use crate::areas::Areas;
use crate::base::error::{Error, Result};
use crate::base::schema::titles;
use crate::base::statement::statement;
use crate::ledger::audit::{Entity, Item};
use crate::ledger::{TitleChange, Writer};

/// Gives titles to another holder, who has none of their years and levels. Their chains are locked.
pub async fn hand_over(w: &mut Writer<'_>, areas: &Areas, given: &[Title], to: Uuid) -> Result<()> {
    let mut after = given.to_vec();
    for title in &mut after {
        title.holder_id = to;
        title.version = w.version(areas.chain(title.area_id, title.placed_id))?;
    }
    let changed = statement(
        "update titles t set holder_id = $1, version = u.version
         from unnest($2, $3, $4, $5) u (holder_id, year, level, version)
         where t.holder_id = u.holder_id and t.year = u.year and t.level = u.level",
    )
    .bind::<SqlUuid, _>(to)
    .bind::<Array<SqlUuid>, _>(given.iter().map(|t| t.holder_id).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(given.iter().map(|t| t.year).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(given.iter().map(|t| t.level.as_str()).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(after.iter().map(|t| t.version.raw()).collect::<Vec<_>>())
    .execute(w.db)
    .await?;
    if changed != given.len() {
        return Err(Error::internal("a title was gone before it was handed over"));
    }
    carry(w, &[to]).await?;
    // In the trail and in the lists of past days the one record ends and the other begins.
    let ends = given.iter().map(|title| {
        let item = Item::deleted(Entity::Title, title.id(), title.fields());
        (title, TitleChange { before: Some(title.state()), after: None, item })
    });
    let begins = after.iter().map(|title| (title, Title::created(title)));
    record(w, areas, ends.chain(begins).collect()).await
}

/// Brings dropped titles back as they were, with the accounts that had recorded them.
pub async fn put_back(w: &mut Writer<'_>, areas: &Areas, dropped: Vec<Title>) -> Result<()> {
    let holders: Vec<Uuid> = dropped.iter().map(|title| title.holder_id).collect();
    let hands: Vec<_> = dropped.iter().map(|title| (title.key(), title.hands.clone())).collect();
    if !insert_all(w, areas, dropped).await?.is_empty() {
        return Err(Error::internal("a title stands where a dropped one returns"));
    }
    for ((holder, year, level), hands) in hands {
        diesel::update(titles::table.find((holder, year, level)))
            .set(titles::hands.eq(hands))
            .execute(w.db)
            .await?;
    }
    carry(w, &holders).await
}

/// Lets the titles of these holders say what their holders do.
async fn carry(w: &mut Writer<'_>, holders: &[Uuid]) -> Result<()> {
    statement(
        "update titles t
         set code = h.code, name = h.name, search_key = h.search_key, hamlet_id = h.hamlet_id
         from holders h where h.id = any($1) and t.holder_id = h.id",
    )
    .bind::<Array<SqlUuid>, _>(holders)
    .execute(w.db)
    .await?;
    Ok(())
}
