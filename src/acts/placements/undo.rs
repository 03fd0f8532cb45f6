//! Taking placements back, while nothing was built on them.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Split;
use super::rows::{ACTION, Placed, put_hamlet, put_holders};
use crate::access::Act;
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::schema::{audit_entries, holders};
use crate::base::version::Version;
use crate::ledger;
use crate::register::hamlets::rows::Hamlet;
use crate::register::holders::rows::Holder;
use crate::register::titles::rows::Title;
use crate::register::titles::write;

/// Takes placements back, with all that followed, unless somebody built on them.
pub async fn take_back(
    db: &mut Conn,
    act: &Act,
    areas: &Areas,
    split: &Split,
    (of_hamlets, of_holders): (&[Uuid], &[Uuid]),
    reason: &str,
) -> Result<Placed> {
    ledger::write(db, act, "split.take_back", async |w| {
        let mut chains: Vec<AreaId> =
            split.successors.iter().map(|area| areas.chain(*area, None)).collect();
        chains.push(split.area);
        w.lock(&chains).await?;
        w.because(reason);
        let mut placed = Hamlet::by_ids(w.db, of_hamlets).await?;
        placed.retain(|h| h.placed_id.is_some_and(|area| split.successors.contains(&area)));
        let living: Vec<Holder> = holders::table
            .filter(holders::hamlet_id.eq_any(of_hamlets).or(holders::id.eq_any(of_holders)))
            .order(holders::id)
            .for_update()
            .select(Holder::as_select())
            .load(w.db)
            .await?;
        let ids: Vec<Uuid> = living.iter().map(|holder| holder.id).collect();
        let theirs = Title::all_of(w.db, &ids).await?;
        let acts: HashSet<Version> = placings(w.db, &placed, &living).await?;
        let known = placed.len() == of_hamlets.len()
            && of_holders.iter().all(|id| ids.contains(id))
            && placed.iter().all(|hamlet| acts.contains(&hamlet.version))
            && living.iter().all(|holder| acts.contains(&holder.version));
        let version_of: HashMap<Uuid, Version> =
            living.iter().map(|holder| (holder.id, holder.version)).collect();
        let later = theirs.iter().any(|title| {
            let placed = version_of[&title.holder_id];
            title.version.area() == placed.area() && title.version.seq() > placed.seq()
        });
        if !known || later {
            return Err(Error::conflict(
                "built_on",
                say(
                    "Có thôn hoặc đối tượng chưa xếp, hoặc đã thay đổi sau khi xếp.",
                    "Something was not placed, or has changed since it was.",
                ),
            ));
        }
        for hamlet in &placed {
            let before = split.unplaced(areas, hamlet.area_id);
            put_hamlet(w, areas, split, hamlet, before).await?;
        }
        let back: Vec<(&Holder, AreaId)> =
            living.iter().map(|holder| (holder, split.area)).collect();
        put_holders(w, areas, split, &back).await?;
        let changes: Vec<(Title, Title)> = theirs
            .into_iter()
            .filter(|title| Some(&title.version) == version_of.get(&title.holder_id))
            .map(|title| {
                let before = split.unplaced(areas, title.area_id);
                (title.clone(), Title { placed_id: before, ..title })
            })
            .collect();
        let done = Placed { hamlets: placed.len(), holders: back.len(), titles: changes.len() };
        write::save_all(w, areas, changes, false).await?;
        Ok(done)
    })
    .await
}

/// Which versions of these were given by placing.
async fn placings(db: &mut Conn, placed: &[Hamlet], living: &[Holder]) -> Result<HashSet<Version>> {
    let versions: HashSet<Version> =
        placed.iter().map(|h| h.version).chain(living.iter().map(|h| h.version)).collect();
    let chains: Vec<i32> = versions.iter().map(|version| version.area()).collect();
    let seqs: Vec<i64> = versions.iter().map(|version| version.seq()).collect();
    let acts: Vec<(i32, i64)> = audit_entries::table
        .filter(audit_entries::area_id.eq_any(chains).and(audit_entries::seq.eq_any(seqs)))
        .filter(audit_entries::action.eq(ACTION))
        .select((audit_entries::area_id, audit_entries::seq))
        .load(db)
        .await?;
    let acts: HashSet<Version> =
        acts.into_iter().map(|(area, seq)| Version::new(area, seq)).collect();
    Ok(versions.into_iter().filter(|version| acts.contains(version)).collect())
}
