//! The numbers of holders: claimed, freed, found; a number belongs to one holder.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, Binary, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::rows::Holder;
use crate::areas::Areas;
use crate::base::clock::today;
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::keys::Keys;
use crate::base::number::NumberScheme;
use crate::base::schema::{holder_identifiers, holders};
use crate::base::statement::statement;
use crate::ledger::Writer;

#[derive(QueryableByName)]
struct Claimed {
    #[diesel(sql_type = SqlUuid)]
    holder_id: Uuid,
}

/// Claims numbers for holders; returns the holders whose number somebody else has.
pub async fn claim_all(
    w: &mut Writer<'_>,
    keys: &Keys,
    new: &[(Uuid, NumberScheme, String)],
) -> Result<Vec<Uuid>> {
    let mut sealed: Vec<_> = new
        .iter()
        .map(|(holder, scheme, number)| {
            let (key, digest) = keys.digest(scheme.as_str(), number);
            (*holder, *scheme, key, digest, keys.seal(holder.as_bytes(), number.as_bytes()))
        })
        .collect();
    // Locks are taken in the order of digests.
    sealed.sort_by_key(|(_, _, _, digest, _)| *digest);
    let claimed: Vec<Claimed> = statement(
        "insert into holder_identifiers (holder_id, scheme, key_id, digest, sealed)
         select u.* from unnest($1, $2, $3, $4, $5) u
         on conflict do nothing returning holder_id",
    )
    .bind::<Array<SqlUuid>, _>(sealed.iter().map(|s| s.0).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(sealed.iter().map(|s| s.1.as_str()).collect::<Vec<_>>())
    .bind::<Array<SmallInt>, _>(sealed.iter().map(|s| s.2).collect::<Vec<_>>())
    .bind::<Array<Binary>, _>(sealed.iter().map(|s| s.3.to_vec()).collect::<Vec<_>>())
    .bind::<Array<Binary>, _>(sealed.iter().map(|s| &*s.4).collect::<Vec<_>>())
    .load(w.db)
    .await?;
    let claimed: std::collections::HashSet<Uuid> = claimed.iter().map(|c| c.holder_id).collect();
    Ok(new.iter().map(|(id, ..)| *id).filter(|id| !claimed.contains(id)).collect())
}

pub(super) async fn claim(
    w: &mut Writer<'_>,
    (keys, areas): (&Keys, &Areas),
    holder: Uuid,
    scheme: NumberScheme,
    number: &str,
) -> Result<()> {
    let refused = claim_all(w, keys, &[(holder, scheme, number.to_owned())]).await?;
    if refused.is_empty() {
        return Ok(());
    }
    let owner = Holder::with_number(w.db, keys, &(scheme, number.to_owned())).await?;
    let commune =
        owner.into_iter().next().map_or_else(String::new, |h| areas.name(h.area_id, today()));
    Err(number_taken(&commune))
}

/// 409 that says which commune to ask, not who.
pub fn number_taken(commune: &str) -> Error {
    Error::conflict(
        "number_taken",
        say(
            format!("Số này đã có trong sổ bộ; hãy liên hệ {commune}."),
            format!("This number is already in the register; ask {commune}."),
        ),
    )
}

/// Frees the numbers of holders.
pub async fn release_all(w: &mut Writer<'_>, holders: &[Uuid]) -> Result<()> {
    diesel::delete(holder_identifiers::table.filter(holder_identifiers::holder_id.eq_any(holders)))
        .execute(w.db)
        .await?;
    Ok(())
}

/// The whole numbers of holders: to be masked wherever they are shown.
pub async fn numbers(db: &Conn, keys: &Keys, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, Vec<u8>)> = holder_identifiers::table
        .filter(holder_identifiers::holder_id.eq_any(ids))
        .select((holder_identifiers::holder_id, holder_identifiers::sealed))
        .load(&mut &*db)
        .await?;
    rows.into_iter()
        .map(|(id, sealed)| {
            let plain = keys.open(id.as_bytes(), &sealed).map_err(Error::internal)?;
            Ok((id, String::from_utf8(plain).map_err(Error::internal)?))
        })
        .collect()
}

/// The digests of the numbers of a commune's holders, for the matching of a list.
pub async fn digests(db: &mut Conn, digests: &[Vec<u8>]) -> Result<HashMap<Vec<u8>, (Uuid, i32)>> {
    let rows: Vec<(Vec<u8>, Uuid, i32)> = holder_identifiers::table
        .inner_join(holders::table.on(holders::id.eq(holder_identifiers::holder_id)))
        .filter(holder_identifiers::digest.eq_any(digests))
        .filter(holder_identifiers::scheme.ne(NumberScheme::HouseholdHead))
        .select((holder_identifiers::digest, holders::id, holders::area_id))
        .load(db)
        .await?;
    Ok(rows.into_iter().map(|(digest, id, area)| (digest, (id, area))).collect())
}
