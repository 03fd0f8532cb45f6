//! Bringing a database up to this version: migrations, keys that fit, areas, criteria sets.

use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use crate::areas::Areas;
use crate::base::db::{self, Conn};
use crate::base::error::{Error, Result};
use crate::base::keys::Keys;
use crate::base::schema::key_checks;
use crate::figures::forms;
use crate::register::criteria;

/// Migrates the database and fills what an empty register needs; several servers may call it at once.
pub async fn prepare(url: &str, keys: &Keys) -> Result<Areas> {
    db::migrate(url).await?;
    let mut db = db::connect(url).await?;
    // One server fills the register, the others wait; the lock ends with the connection.
    db.batch_execute(&format!("select pg_advisory_lock({})", db::locks::SETUP)).await?;
    check_keys(&mut db, keys).await?;
    crate::areas::install::install(&mut db).await?;
    let areas = Areas::load(&mut db).await?;
    criteria::rows::install(&mut db, areas.country()).await?;
    forms::shipped::install_targets(&mut db, &areas).await?;
    Ok(areas)
}

/// Refuses keys other than those of the database: the same number would be accepted twice.
async fn check_keys(db: &mut Conn, keys: &Keys) -> Result<()> {
    let known: Vec<(String, Vec<u8>)> =
        key_checks::table.select((key_checks::key_id, key_checks::value)).load(db).await?;
    let given = keys.check_values();
    let differs = |(id, value): &(String, Vec<u8>)| {
        given.iter().find(|(other, _)| other == id).is_none_or(|(_, other)| other != value)
    };
    if known.iter().any(differs) {
        return Err(Error::internal(
            "the file of keys is not the one that this database was made with",
        ));
    }
    for (id, value) in given {
        diesel::insert_into(key_checks::table)
            .values((key_checks::key_id.eq(id), key_checks::value.eq(value)))
            .on_conflict_do_nothing()
            .execute(db)
            .await?;
    }
    Ok(())
}
