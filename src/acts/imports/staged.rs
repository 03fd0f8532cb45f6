//! What is staged of a list between its check and its applying: read and rewritten part by part.

use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, Bool, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::plan::{AT_ONCE, Planned};
use super::rows::Import;
use super::{Fault, Row};
use crate::base::db::Conn;
use crate::base::error::{Error, Result};
use crate::base::keys::Keys;
use crate::base::schema::import_rows;
use crate::base::statement::statement;
use crate::ledger::Writer;

/// A row as it is staged.
pub struct Staged {
    pub n: i32,
    pub sheet: String,
    pub row_number: i32,
    pub holder_id: Option<Uuid>,
    pub is_new: bool,
    pub sealed: Vec<u8>,
    /// None of a good row.
    pub errors: Option<Vec<u8>>,
    pub notes: Option<Vec<u8>>,
}

/// A staged row with what is wrong with it.
pub struct Found {
    pub n: i32,
    pub sheet: String,
    pub row_number: i32,
    pub faults: Vec<Fault>,
}

impl Staged {
    /// The `n`th row of a list, with what is wrong with it.
    pub fn new(keys: &Keys, import: &Import, n: usize, row: &Row, plan: &Planned) -> Result<Self> {
        let seal_all = |faults: &[Fault]| {
            (!faults.is_empty()).then(|| seal(keys, import.id, &faults)).transpose()
        };
        Ok(Self {
            n: n as i32,
            sheet: row.sheet.clone(),
            row_number: row.number as i32,
            holder_id: plan.before.as_ref().map(|holder| holder.id),
            is_new: plan.before.is_none(),
            sealed: seal(keys, import.id, row)?,
            errors: seal_all(&plan.faults)?,
            notes: seal_all(&row.notes)?,
        })
    }

    pub fn state(&self) -> &'static str {
        if self.errors.is_some() { "bad" } else { "good" }
    }
}

impl Import {
    /// The staged rows from the `from`th on, as they were read.
    pub async fn rows(&self, db: &mut Conn, keys: &Keys, from: usize) -> Result<Vec<Row>> {
        let part = from as i32..(from + AT_ONCE) as i32;
        let sealed: Vec<Vec<u8>> = import_rows::table
            .filter(import_rows::import_id.eq(self.id))
            .filter(import_rows::n.ge(part.start).and(import_rows::n.lt(part.end)))
            .order(import_rows::n)
            .select(import_rows::sealed)
            .load(db)
            .await?;
        sealed.iter().map(|sealed| open(keys, self.id, sealed)).collect()
    }

    /// Of the part that begins with the `from`th row leaves only the bad ones, as they are now.
    ///
    /// They are deleted and entered anew: that asks for no join, whose order the planner would guess
    /// from figures that are never right of a table that is filled and emptied.
    pub async fn keep_bad(&self, w: &mut Writer<'_>, from: usize, bad: &[Staged]) -> Result<()> {
        let part = from as i32..(from + AT_ONCE) as i32;
        diesel::delete(import_rows::table)
            .filter(import_rows::import_id.eq(self.id))
            .filter(import_rows::n.ge(part.start).and(import_rows::n.lt(part.end)))
            .execute(w.db)
            .await?;
        if bad.is_empty() {
            return Ok(());
        }
        fn each<'a, T>(bad: &'a [Staged], field: impl Fn(&'a Staged) -> T) -> Vec<T> {
            bad.iter().map(field).collect()
        }
        statement(
            "insert into import_rows (import_id, n, sheet, row_number, state, holder_id, is_new,
                                      sealed, errors, notes)
             select $1, u.* from unnest($2, $3, $4, $5, $6, $7, $8, $9, $10) u",
        )
        .bind::<SqlUuid, _>(self.id)
        .bind::<Array<Integer>, _>(each(bad, |row| row.n))
        .bind::<Array<Text>, _>(each(bad, |row| &*row.sheet))
        .bind::<Array<Integer>, _>(each(bad, |row| row.row_number))
        .bind::<Array<Text>, _>(each(bad, Staged::state))
        .bind::<Array<Nullable<SqlUuid>>, _>(each(bad, |row| row.holder_id))
        .bind::<Array<Bool>, _>(each(bad, |row| row.is_new))
        .bind::<Array<Binary>, _>(each(bad, |row| &*row.sealed))
        .bind::<Array<Nullable<Binary>>, _>(each(bad, |row| row.errors.as_deref()))
        .bind::<Array<Nullable<Binary>>, _>(each(bad, |row| row.notes.as_deref()))
        .execute(w.db)
        .await?;
        Ok(())
    }

    /// One page of the bad rows, in the order of the list.
    pub async fn bad_rows(
        &self,
        db: &mut Conn,
        keys: &Keys,
        after: Option<i32>,
        limit: i64,
    ) -> Result<Vec<Found>> {
        let rows: Vec<(i32, String, i32, Option<Vec<u8>>)> = import_rows::table
            .filter(import_rows::import_id.eq(self.id).and(import_rows::state.eq("bad")))
            .filter(import_rows::n.gt(after.unwrap_or(-1)))
            .order(import_rows::n)
            .limit(limit)
            .select((
                import_rows::n,
                import_rows::sheet,
                import_rows::row_number,
                import_rows::errors,
            ))
            .load(db)
            .await?;
        rows.into_iter()
            .map(|(n, sheet, row_number, errors)| {
                let faults = errors.map(|sealed| open(keys, self.id, &sealed)).transpose()?;
                Ok(Found { n, sheet, row_number, faults: faults.unwrap_or_default() })
            })
            .collect()
    }
}

fn seal(keys: &Keys, import: Uuid, value: &impl Serialize) -> Result<Vec<u8>> {
    let text = serde_json::to_vec(value).map_err(Error::internal)?;
    Ok(keys.seal(import.as_bytes(), &text))
}

fn open<T: DeserializeOwned>(keys: &Keys, import: Uuid, sealed: &[u8]) -> Result<T> {
    let text = keys.open(import.as_bytes(), sealed).map_err(Error::internal)?;
    serde_json::from_slice(&text).map_err(Error::internal)
}
