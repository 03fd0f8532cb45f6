//! Taking a merge back: two of one again, as they were, while neither was changed since.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::changed_since;
use super::links::{refer, relink};
use super::merge::{Before, Merge, stand};
use crate::access::Act;
use crate::areas::Areas;
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::keys::Keys;
use crate::base::schema::{holders, merges};
use crate::ledger::audit::{Entity, Item};
use crate::ledger::{self, Writer};
use crate::register::apart::{Apart, renew};
use crate::register::hamlets::writable;
use crate::register::holders::identifiers;
use crate::register::holders::rows::Holder;
use crate::register::titles::hand_over::{hand_over, put_back};
use crate::register::titles::rows::Title;

impl Merge {
    /// Makes two of one again, as they were.
    pub async fn undo(
        db: &mut Conn,
        act: &Act,
        (keys, areas): (&Keys, &Areas),
        known: &Self,
        reason: &str,
    ) -> Result<()> {
        ledger::write(db, act, "holder.unmerge", async |w| {
            let before = known.before(keys)?;
            let held = Title::all_of(w.db, &[known.survivor_id]).await?;
            let people = Holder::by_ids(w.db, &before.linked).await?;
            let chain = areas.chain(before.survivor.area_id, None);
            writable(areas, &act.caller, chain)?;
            let mut chains = vec![chain, areas.chain(before.merged.area_id, None)];
            let of_title = |t: &Title| areas.chain(t.area_id, t.placed_id);
            chains.extend(held.iter().chain(&before.dropped).map(of_title));
            chains.extend(people.iter().map(|person| areas.chain(person.area_id, None)));
            w.lock(&chains).await?;
            w.because(reason);
            known.split(w, (keys, areas), before).await
        })
        .await
    }

    fn before(&self, keys: &Keys) -> Result<Before> {
        let sealed = match (&self.sealed, self.undone_on) {
            (_, Some(_)) => {
                return Err(Error::conflict(
                    "merge_undone",
                    say("Việc gộp này đã được tách lại.", "The merge was undone already."),
                ));
            }
            (None, _) => {
                return Err(Error::conflict(
                    "merge_erased",
                    say(
                        "Dữ liệu cá nhân đã xóa nên không thể tách lại.",
                        "Personal data was erased since: the merge stays.",
                    ),
                ));
            }
            (Some(sealed), None) => sealed,
        };
        let text = keys.open(self.id.as_bytes(), sealed).map_err(Error::internal)?;
        serde_json::from_slice(&text).map_err(Error::internal)
    }

    async fn split(
        &self,
        w: &mut Writer<'_>,
        (keys, areas): (&Keys, &Areas),
        before: Before,
    ) -> Result<()> {
        let current: Option<Self> = merges::table
            .filter(merges::id.eq(self.id).and(merges::undone_on.is_null()))
            .for_update()
            .select(Self::as_select())
            .first(w.db)
            .await
            .optional()?;
        let now: Option<Holder> = holders::table
            .find(self.survivor_id)
            .for_update()
            .select(Holder::as_select())
            .first(w.db)
            .await
            .optional()?;
        let (Some(_), Some(now)) = (current, now) else { return Err(changed_since()) };
        let held = Title::all_of(w.db, &[self.survivor_id]).await?;
        if now.version != self.version || stand(&held) != before.left {
            return Err(changed_since());
        }
        let chain = areas.chain(before.survivor.area_id, None);
        let other_chain = areas.chain(before.merged.area_id, None);
        let survivor = Holder { version: w.version(chain)?, ..before.survivor };
        let merged = Holder { version: w.version(other_chain)?, ..before.merged };
        diesel::insert_into(holders::table).values(&merged).execute(w.db).await?;
        let number = before.merged_number;
        if before.number_taken {
            identifiers::release_all(w, &[survivor.id]).await?;
        }
        if let Some((scheme, number)) = &number {
            let claim = [(merged.id, *scheme, number.clone())];
            identifiers::claim_all(w, keys, &claim).await?;
        }
        let apart = Apart::of(w.db, &[survivor.id]).await?;
        diesel::update(holders::table.find(survivor.id)).set(&survivor).execute(w.db).await?;
        let (followed, gone) = &before.apart;
        let back: Vec<Apart> = apart
            .iter()
            .filter(|apart| followed.iter().any(|known| known.id == apart.id))
            .map(|apart| apart.of_other(survivor.id, merged.id))
            .collect();
        Apart::delete(w.db, &back).await?;
        Apart::insert(w.db, &back).await?;
        Apart::insert(w.db, gone).await?;
        renew(w.db, &apart).await?;
        let back: Vec<Title> =
            held.into_iter().filter(|t| before.given.contains(&(t.year, t.level))).collect();
        hand_over(w, areas, &back, merged.id).await?;
        put_back(w, areas, before.dropped).await?;
        let people = Holder::by_ids(w.db, &before.linked).await?;
        relink(w, areas, people, &survivor, &merged).await?;
        refer(w, &merged, &before.given, survivor.id, merged.id).await?;
        let number = number.as_ref().map(|(_, number)| number.as_str());
        let taken = number.filter(|_| before.number_taken);
        let items =
            [Item::changed(Entity::Holder, now.id, now.fields(taken), survivor.fields(None))];
        w.record_all(chain, &items).await?;
        let made = Item::created(Entity::Holder, merged.id, merged.fields(number));
        w.record(other_chain, made).await?;
        diesel::update(merges::table.find(self.id))
            .set((merges::undone_on.eq(w.day), merges::sealed.eq(None::<Vec<u8>>)))
            .execute(w.db)
            .await?;
        Ok(())
    }
}
