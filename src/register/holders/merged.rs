//! Holders that were merged into others: their codes and ids lead to whoever survived.

use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::rows::HolderKey;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::statement::statement;

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Who stands for a merged holder today; the survivor may have been merged in turn.
pub async fn survivor(db: &mut Conn, key: &HolderKey) -> Result<Option<Uuid>> {
    let (id, code) = match key {
        HolderKey::Id(id) => (Some(*id), None),
        HolderKey::Code(code) => (None, Some(code.as_str())),
    };
    let found: Option<Found> = statement(
        "with recursive line (id) as (
             select survivor_id from merges
             where undone_on is null and (merged_id = $1 or merged_code = $2)
             union
             select m.survivor_id from merges m join line l on m.merged_id = l.id
             where m.undone_on is null
         )
         select l.id from line l join holders h on h.id = l.id",
    )
    .bind::<Nullable<SqlUuid>, _>(id)
    .bind::<Nullable<Text>, _>(code)
    .get_result(db)
    .await
    .optional()?;
    Ok(found.map(|found| found.id))
}

/// A holder and all that were merged into it: whose history is now its own.
pub async fn with_merged(db: &mut Conn, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    let found: Vec<Found> = statement(
        "with recursive line (id) as (
             select unnest($1)
             union
             select m.merged_id from merges m join line l on m.survivor_id = l.id
             where m.undone_on is null
         )
         select id from line order by id",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .load(db)
    .await?;
    Ok(found.into_iter().map(|found| found.id).collect())
}
