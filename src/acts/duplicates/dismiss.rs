//! Saying that two who look alike are not one, and taking that back.

use uuid::Uuid;

use super::check_pair;
use crate::access::Act;
use crate::areas::Areas;
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::version::Version;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::ledger::{self, Writer};
use crate::register::apart::Apart;
use crate::register::holders::erased::refuse_erased;
use crate::register::holders::rows::Holder;
use crate::wire::input::IfMatch;

/// Both, each in the version that the caller knows.
pub struct Both<'a> {
    pub one: (&'a Holder, Version),
    pub other: (&'a Holder, Version),
}

/// From now on the two are no probable duplicates, until one of them is named, aged or housed
/// otherwise.
pub async fn dismiss(
    db: &mut Conn,
    act: &Act,
    areas: &Areas,
    both: &Both<'_>,
    reason: &str,
) -> Result<Uuid> {
    let (one, other) = (both.one.0, both.other.0);
    ledger::write(db, act, "duplicate.dismiss", async |w| {
        check_pair(one, other, (None, None))?;
        let chain = lock(w, areas, (one, other)).await?;
        w.because(reason);
        let held = Holder::hold(w, &[one.id, other.id]).await?;
        for (known, version) in [both.one, both.other] {
            let now = held.iter().find(|now| now.id == known.id).ok_or_else(Error::not_found)?;
            if now.version != version {
                return Err(changed(&now.code));
            }
        }
        refuse_erased(w.db, &[one.id, other.id]).await?;
        let made = Apart::new((one.id, other.id), w.day, w.version(chain)?);
        let known = Apart::of(w.db, &[one.id]).await?;
        if known.iter().any(|known| known.pair() == made.pair()) {
            return Err(dismissed_already());
        }
        Apart::insert(w.db, std::slice::from_ref(&made)).await?;
        tell(w, areas, (one, other), true).await?;
        Ok(made.id)
    })
    .await
}

/// The two may be one again.
pub async fn take_back(
    db: &mut Conn,
    act: &Act,
    areas: &Areas,
    known: &Apart,
    version: IfMatch,
) -> Result<()> {
    version.check(known.version)?;
    ledger::write(db, act, "duplicate.suspect", async |w| {
        let held = Holder::by_ids(w.db, &[known.one_id, known.other_id]).await?;
        let [one, other] = &held[..] else { return Err(Error::not_found()) };
        lock(w, areas, (one, other)).await?;
        if Apart::delete(w.db, std::slice::from_ref(known)).await? == 0 {
            return Err(Error::not_found());
        }
        tell(w, areas, (one, other), false).await
    })
    .await
}

/// Locks the chains of both; returns that of the first.
async fn lock(
    w: &mut Writer<'_>,
    areas: &Areas,
    (one, other): (&Holder, &Holder),
) -> Result<crate::areas::AreaId> {
    let chains = [areas.chain(one.area_id, None), areas.chain(other.area_id, None)];
    w.lock(&chains).await?;
    Ok(chains[0])
}

/// The history of each says of whom it is known that they are not one.
async fn tell(
    w: &mut Writer<'_>,
    areas: &Areas,
    (one, other): (&Holder, &Holder),
    dismissed: bool,
) -> Result<()> {
    for (holder, not) in [(one, other), (other, one)] {
        let id = format!("{}/{}", holder.id, not.id);
        let fields = Fields::new().plain("code", &*not.code);
        let item = match dismissed {
            true => Item::created(Entity::Pair, id, fields),
            false => Item::deleted(Entity::Pair, id, fields),
        };
        w.record(areas.chain(holder.area_id, None), item).await?;
    }
    Ok(())
}

fn changed(code: &str) -> Error {
    Error::conflict(
        "holder_changed",
        say(
            format!("Đối tượng {code} đã được người khác sửa; hãy đọc lại."),
            format!("The holder {code} has been changed since; read it again."),
        ),
    )
}

fn dismissed_already() -> Error {
    Error::conflict(
        "dismissed_already",
        say(
            "Hai đối tượng này đã được xác nhận là không trùng.",
            "The two were dismissed as duplicates already.",
        ),
    )
}
