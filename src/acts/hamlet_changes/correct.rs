//! Correcting a hamlet, as if it had been so from the first day.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::access::Act;
use crate::areas::{AreaId, Areas};
use crate::base::clock::today;
use crate::base::db::Conn;
use crate::base::error::{Error, OnConstraint, Result, say};
use crate::base::schema::hamlets;
use crate::base::text::search_key;
use crate::ledger;
use crate::ledger::audit::{Entity, Item};
use crate::register::hamlets::marks::{self, Period};
use crate::register::hamlets::rows::{Hamlet, HamletChange, rename_community, taken};
use crate::register::titles::rows::Title;
use crate::register::titles::write;
use crate::wire::input::{IfMatch, stale};

/// Gives a hamlet another name, type or mark; it stays the same hamlet.
pub async fn correct(
    db: &mut Conn,
    act: &Act,
    areas: &Areas,
    chain: AreaId,
    known: &Hamlet,
    version: IfMatch,
    change: &HamletChange,
) -> Result<()> {
    ledger::write(db, act, "hamlet.change", async |w| {
        w.lock(&[chain]).await?;
        let before: Hamlet = hamlets::table
            .find(known.id)
            .for_update()
            .select(Hamlet::as_select())
            .first(w.db)
            .await?;
        version.check(before.version)?;
        if before.version != known.version {
            return Err(stale(before.version));
        }
        let mut after = before.clone();
        after.hamlet_type = change.hamlet_type.clone();
        after.name = change.name.clone();
        after.search_key = search_key(&after.full_name());
        after.version = w.version(chain)?;
        diesel::update(hamlets::table.find(after.id))
            .set(&after)
            .execute(w.db)
            .await
            .on_constraint("hamlets_name_key", taken)?;
        rename_community(w, chain, &before, &after).await?;
        let old = marks::of_hamlet(w.db, after.id).await?;
        let new = mark(&old, change.difficult, &after)?;
        let item = Item::changed(
            Entity::Hamlet,
            after.id,
            before.fields().plain("difficult", marks::told(&old)),
            after.fields().plain("difficult", marks::told(&new)),
        );
        w.record(chain, item).await?;
        if new == old {
            return Ok(());
        }
        marks::store(w.db, after.id, &new).await?;
        let open = Title::undecided_of_hamlets(w.db, &[after.id]).await?;
        write::reassess(w, areas, chain, open).await
    })
    .await
}

/// The mark as a plain yes or no, which cannot take the place of days that a decision gives.
fn mark(old: &[Period], difficult: bool, hamlet: &Hamlet) -> Result<Vec<Period>> {
    let whole = marks::always(hamlet.valid_from);
    if marks::marked(old, today()) == difficult {
        Ok(old.to_vec())
    } else if old.is_empty() {
        Ok(vec![whole])
    } else if old.len() == 1 && old[0].to.is_none() && old[0].source == whole.source {
        Ok(Vec::new())
    } else {
        Err(Error::conflict(
            "difficult_by_decision",
            say(
                "Thời gian khó khăn của thôn được ghi theo văn bản; hãy sửa danh sách đó.",
                "Decisions say when this hamlet is difficult: change that list instead.",
            ),
        ))
    }
}
