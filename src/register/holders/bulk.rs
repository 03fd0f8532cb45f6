//! Many holders at once, as lists and merges write them.

use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Jsonb, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::rows::Holder;
use crate::base::error::{Error, OnConstraint, Result, say};
use crate::base::schema::holders;
use crate::base::statement::statement;
use crate::ledger::Writer;

/// Inserts many holders, whose chain is locked; `version` stands in each.
pub async fn insert_all(w: &mut Writer<'_>, new: &[Holder]) -> Result<()> {
    fn each<'a, T>(new: &'a [Holder], field: impl Fn(&'a Holder) -> T) -> Vec<T> {
        new.iter().map(field).collect()
    }
    statement(
        "insert into holders (id, kind, area_id, hamlet_id, code, name, search_key, group_code,
                              birth_year, family_id, unit_id, details, version)
         select u.* from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) u",
    )
    .bind::<Array<SqlUuid>, _>(each(new, |h| h.id))
    .bind::<Array<Text>, _>(each(new, |h| h.kind.as_str()))
    .bind::<Array<Integer>, _>(each(new, |h| h.area_id))
    .bind::<Array<Nullable<SqlUuid>>, _>(each(new, |h| h.hamlet_id))
    .bind::<Array<Text>, _>(each(new, |h| &*h.code))
    .bind::<Array<Text>, _>(each(new, |h| &*h.name))
    .bind::<Array<Text>, _>(each(new, |h| &*h.search_key))
    .bind::<Array<Text>, _>(each(new, |h| &*h.group_code))
    .bind::<Array<Nullable<SmallInt>>, _>(each(new, |h| h.birth_year))
    .bind::<Array<Nullable<SqlUuid>>, _>(each(new, |h| h.family_id))
    .bind::<Array<Nullable<SqlUuid>>, _>(each(new, |h| h.unit_id))
    .bind::<Array<Jsonb>, _>(each(new, |h| h.details.clone()))
    .bind::<Array<diesel::sql_types::BigInt>, _>(each(new, |h| h.version.raw()))
    .execute(w.db)
    .await
    .on_constraint("holders_community_key", community_taken)?;
    Ok(())
}

/// Stores what a list changes of holders that exist: name, hamlet, group and details.
pub async fn update_all(w: &mut Writer<'_>, changed: &[Holder]) -> Result<()> {
    fn each<'a, T>(changed: &'a [Holder], field: impl Fn(&'a Holder) -> T) -> Vec<T> {
        changed.iter().map(field).collect()
    }
    statement(
        "update holders h set hamlet_id = u.hamlet_id, name = u.name, search_key = u.search_key,
                group_code = u.group_code, birth_year = u.birth_year, details = u.details,
                version = u.version
         from unnest($1, $2, $3, $4, $5, $6, $7, $8)
              u (id, hamlet_id, name, search_key, group_code, birth_year, details, version)
         where h.id = u.id",
    )
    .bind::<Array<SqlUuid>, _>(each(changed, |h| h.id))
    .bind::<Array<Nullable<SqlUuid>>, _>(each(changed, |h| h.hamlet_id))
    .bind::<Array<Text>, _>(each(changed, |h| &*h.name))
    .bind::<Array<Text>, _>(each(changed, |h| &*h.search_key))
    .bind::<Array<Text>, _>(each(changed, |h| &*h.group_code))
    .bind::<Array<Nullable<SmallInt>>, _>(each(changed, |h| h.birth_year))
    .bind::<Array<Jsonb>, _>(each(changed, |h| h.details.clone()))
    .bind::<Array<diesel::sql_types::BigInt>, _>(each(changed, |h| h.version.raw()))
    .execute(w.db)
    .await?;
    Ok(())
}

/// Deletes holders that have no titles and to whom nobody belongs.
pub async fn delete_all(w: &mut Writer<'_>, gone: &[Uuid]) -> Result<()> {
    diesel::delete(holders::table.filter(holders::id.eq_any(gone))).execute(w.db).await?;
    Ok(())
}

pub(super) fn community_taken() -> Error {
    Error::conflict(
        "community_exists",
        say(
            "Thôn, tổ dân phố hoặc địa bàn này đã có cộng đồng trong sổ bộ.",
            "This hamlet or area already has its community in the register.",
        ),
    )
}
