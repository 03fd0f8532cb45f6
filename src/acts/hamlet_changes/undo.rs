//! Taking a change of hamlets back, while nothing was built on it.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::ChangeState;
use super::carry::{community_of, store};
use super::rows::{HamletChanged, former_of};
use crate::access::Act;
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::schema::{former_hamlets, hamlet_changes, hamlets, holders};
use crate::base::text::search_key;
use crate::base::version::Version;
use crate::ledger::audit::{Entity, Fields, Item, rows as audit_rows};
use crate::ledger::{self, Writer};
use crate::register::apart::{Apart, renew};
use crate::register::hamlets::ChangeAction;
use crate::register::hamlets::names::FormerHamlet;
use crate::register::hamlets::rows::{Hamlet, rename_community};

impl HamletChanged {
    /// Takes a change back, unless somebody built on it; before its day it is only withdrawn.
    pub async fn undo(
        db: &mut Conn,
        act: &Act,
        areas: &Areas,
        commune: AreaId,
        id: Uuid,
        reason: &str,
    ) -> Result<()> {
        ledger::write(db, act, "hamlet.undo", async |w| {
            w.lock(&[commune]).await?;
            w.because(reason);
            let change: Self =
                hamlet_changes::table.find(id).select(Self::as_select()).first(w.db).await?;
            if areas.chain(change.area_id, None) != commune {
                return Err(Error::not_found());
            }
            match change.state {
                ChangeState::Made => {}
                ChangeState::Planned => {
                    return change.end_plan(w, commune, ChangeState::Withdrawn, None).await;
                }
                ChangeState::Failed => {
                    return Err(Error::conflict(
                        "never_made",
                        say("Thay đổi này chưa từng có hiệu lực.", "The change was never made."),
                    ));
                }
                ChangeState::Withdrawn | ChangeState::Undone => {
                    return Err(Error::conflict(
                        "undone_already",
                        say("Thay đổi này đã được hủy.", "The change was taken back already."),
                    ));
                }
            }
            let version = w.version(commune)?;
            let former = former_of(w.db, &[id]).await?;
            let moved = change.moved_holders(w.db).await?;
            let made = change.check_untouched(w.db, &former, &moved).await?;
            let ids: Vec<Uuid> = moved.iter().map(|(holder, _)| *holder).collect();
            let apart = Apart::of(w.db, &ids).await?;
            for (holder, hamlet) in &moved {
                diesel::update(holders::table.find(holder))
                    .set((holders::hamlet_id.eq(hamlet), holders::version.eq(version)))
                    .execute(w.db)
                    .await?;
            }
            renew(w.db, &apart).await?;
            let into = went_into(&former);
            let hamlet =
                |id: Option<Uuid>| Fields::new().plain("hamlet", id.map(|id| id.to_string()));
            let items: Vec<Item> = moved
                .iter()
                .map(|(id, from)| {
                    Item::changed(Entity::Holder, id, hamlet(into), hamlet(Some(*from)))
                })
                .collect();
            w.record_all(commune, &items).await?;
            diesel::update(hamlet_changes::table.find(id))
                .set((
                    hamlet_changes::state.eq(ChangeState::Undone),
                    hamlet_changes::undone_on.eq(w.day),
                    hamlet_changes::version.eq(version),
                ))
                .execute(w.db)
                .await?;
            if let Some(made) = &made {
                // Kept as an entry of the chain only: nobody ever lived there.
                diesel::update(former_hamlets::table.filter(former_hamlets::change_id.eq(id)))
                    .set(former_hamlets::into_id.eq(None::<Uuid>))
                    .execute(w.db)
                    .await?;
                diesel::delete(hamlets::table.find(made.id)).execute(w.db).await?;
                w.record(commune, Item::deleted(Entity::Hamlet, made.id, made.fields())).await?;
            }
            for name in &former {
                restore(w, commune, name, version).await?;
            }
            let homes: Vec<Uuid> = former.iter().map(|name| name.hamlet_id).collect();
            change.reassess(w, areas, &homes).await
        })
        .await
    }

    /// Who moved by this change, and from which hamlet: its entry tells.
    async fn moved_holders(&self, db: &mut Conn) -> Result<Vec<(Uuid, Uuid)>> {
        let key = (self.version.area(), self.version.seq());
        let items = audit_rows::items_of(db, key, Entity::Holder.as_str()).await?;
        Ok(items
            .into_iter()
            .filter_map(|item| {
                let body: serde_json::Value = serde_json::from_str(&item.body).ok()?;
                let from = body["before"]["hamlet"].as_str()?.parse().ok()?;
                Some((item.entity_id.parse().ok()?, from))
            })
            .collect())
    }

    /// Nothing was changed since: the hamlets and all who moved stand as the change left them.
    /// Returns the hamlet that the change made.
    async fn check_untouched(
        &self,
        db: &mut Conn,
        former: &[FormerHamlet],
        moved: &[(Uuid, Uuid)],
    ) -> Result<Option<Hamlet>> {
        let mut ids: Vec<Uuid> = former.iter().map(|name| name.hamlet_id).collect();
        ids.extend(former.iter().filter_map(|name| name.into_id));
        let found = Hamlet::by_ids(db, &ids).await?;
        let into = went_into(former);
        let made = found.iter().find(|hamlet| {
            Some(hamlet.id) == into
                && self.action == ChangeAction::Merge
                && hamlet.valid_from == self.effective_on
                && !former.iter().any(|name| name.hamlet_id == hamlet.id)
        });
        let people: Vec<Uuid> = moved.iter().map(|(id, _)| *id).collect();
        let untouched: i64 = holders::table
            .filter(holders::id.eq_any(&people).and(holders::version.eq(self.version)))
            .count()
            .get_result(db)
            .await?;
        let inside: Vec<Uuid> =
            former.iter().map(|name| name.hamlet_id).chain(made.map(|h| h.id)).collect();
        // Of the hamlets that ended, and of the one that was made, whoever stands in them otherwise.
        let others: i64 = match self.action {
            ChangeAction::Rename | ChangeAction::Convert => 0,
            _ => {
                holders::table
                    .filter(holders::hamlet_id.eq_any(inside))
                    .filter(holders::version.ne(self.version))
                    .count()
                    .get_result(db)
                    .await?
            }
        };
        let changed = found.iter().any(|hamlet| hamlet.version != self.version);
        if changed || others > 0 || (untouched as usize) < people.len() {
            return Err(Error::conflict(
                "built_on",
                say(
                    "Thôn hoặc người trong thôn đã thay đổi sau đó nên không thể hủy.",
                    "The hamlet or its people have changed since: this cannot be taken back.",
                ),
            ));
        }
        Ok(made.cloned())
    }
}

/// Where the hamlets of a merger went: all into the same.
fn went_into(former: &[FormerHamlet]) -> Option<Uuid> {
    former.first().and_then(|name| name.into_id)
}

/// A hamlet and its community stand as they were before a change.
async fn restore(
    w: &mut Writer<'_>,
    commune: AreaId,
    name: &FormerHamlet,
    version: Version,
) -> Result<()> {
    let before = Hamlet::find(w.db, name.hamlet_id).await?;
    let mut after = before.clone();
    after.hamlet_type = name.hamlet_type.clone();
    after.name = name.name.clone();
    after.search_key = search_key(&after.full_name());
    after.valid_to = None;
    after.version = version;
    store(w, &after).await?;
    let ended = before.valid_to.map(|day| day.to_string());
    let (old, new) = (
        before.fields().plain("valid_to", ended),
        after.fields().plain("valid_to", None::<String>),
    );
    w.record(commune, Item::changed(Entity::Hamlet, after.id, old, new)).await?;
    rename_community(w, commune, &before, &after).await?;
    let back: Option<Uuid> =
        diesel::update(community_of(after.id).filter(holders::ended_on.is_not_null()))
            .set((holders::ended_on.eq(None::<NaiveDate>), holders::version.eq(version)))
            .returning(holders::id)
            .get_result(w.db)
            .await
            .optional()?;
    let Some(id) = back else { return Ok(()) };
    let old = Fields::new().plain("ended_on", before.valid_to.map(|day| day.to_string()));
    w.record(commune, Item::changed(Entity::Holder, id, old, Fields::new())).await
}
