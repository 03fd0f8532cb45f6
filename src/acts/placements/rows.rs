//! Every query on what a split left open, and the placing itself.

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Split;
use crate::access::Act;
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::kind::Kind;
use crate::base::schema::{hamlets, holders, titles};
use crate::ledger::audit::{Entity, Fields, Item};
use crate::ledger::{self, Writer};
use crate::register::hamlets::rows::Hamlet;
use crate::register::holders::rows::Holder;
use crate::register::titles::rows::Title;
use crate::register::titles::write;

pub(super) const ACTION: &str = "split.place";

/// What goes where. Holders are those without a hamlet that waits; `rest` takes all that is named
/// nowhere and follows no hamlet.
#[derive(Debug, Clone, Default)]
pub struct Placement {
    pub hamlets: Vec<(Uuid, AreaId)>,
    pub holders: Vec<(Uuid, AreaId)>,
    pub rest: Option<AreaId>,
}

/// How much was placed, or put back.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Placed {
    pub hamlets: usize,
    pub holders: usize,
    pub titles: usize,
}

/// What waits in a split commune.
pub struct Open {
    /// With the number of their holders.
    pub hamlets: Vec<(Hamlet, i64)>,
    /// Holders that follow no hamlet.
    pub holders: i64,
    pub titles: i64,
}

/// The hamlets of a split commune that wait.
async fn waiting_hamlets(db: &mut Conn, split: &Split) -> Result<Vec<Hamlet>> {
    let placed = hamlets::placed_id.assume_not_null();
    Ok(hamlets::table
        .filter(
            hamlets::placed_id
                .is_null()
                .and(hamlets::area_id.eq_any(&split.waiting))
                .or(placed.eq_any(&split.waiting)),
        )
        .order((hamlets::search_key, hamlets::id))
        .select(Hamlet::as_select())
        .load(db)
        .await?)
}

/// Counts what is still open.
pub async fn open(db: &mut Conn, split: &Split) -> Result<Open> {
    let waiting = waiting_hamlets(db, split).await?;
    let ids: Vec<Uuid> = waiting.iter().map(|hamlet| hamlet.id).collect();
    let living: Vec<(Option<Uuid>, i64)> = holders::table
        .filter(holders::area_id.eq_any(&split.waiting))
        .group_by(holders::hamlet_id)
        .select((holders::hamlet_id, count_star()))
        .load(db)
        .await?;
    let followers: HashMap<Uuid, i64> =
        living.iter().filter_map(|(hamlet, n)| Some(((*hamlet)?, *n))).collect();
    let of = |id: &Uuid| followers.get(id).copied().unwrap_or(0);
    let all: i64 = living.iter().map(|(_, n)| n).sum();
    let titles = waiting_titles(split).count().get_result(db).await?;
    Ok(Open {
        holders: all - ids.iter().map(of).sum::<i64>(),
        hamlets: waiting
            .into_iter()
            .map(|hamlet| (of(&hamlet.id), hamlet))
            .map(|(n, h)| (h, n))
            .collect(),
        titles,
    })
}

/// One page of the holders that follow no hamlet.
pub async fn open_holders(
    db: &mut Conn,
    split: &Split,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Holder>> {
    let waiting = waiting_hamlets(db, split).await?;
    let ids: Vec<Uuid> = waiting.iter().map(|hamlet| hamlet.id).collect();
    Ok(holders::table
        .filter(holders::area_id.eq_any(&split.waiting))
        .filter(holders::hamlet_id.is_null().or(holders::hamlet_id.assume_not_null().ne_all(ids)))
        .filter(holders::id.gt(after.unwrap_or_default()))
        .order(holders::id)
        .limit(limit)
        .select(Holder::as_select())
        .load(db)
        .await?)
}

#[diesel::dsl::auto_type(no_type_alias)]
fn waiting_titles(split: &Split) -> _ {
    let made: Vec<i32> = split.waiting.clone();
    let placed: Vec<i32> = split.waiting.clone();
    titles::table.filter(
        titles::placed_id
            .is_null()
            .and(titles::area_id.eq_any(made))
            .or(titles::placed_id.assume_not_null().eq_any(placed)),
    )
}

/// Places hamlets with all who live there, and what follows no hamlet, with all their titles.
pub async fn place(
    db: &mut Conn,
    act: &Act,
    areas: &Areas,
    split: &Split,
    new: &Placement,
) -> Result<Placed> {
    ledger::write(db, act, ACTION, async |w| {
        let goals = new.hamlets.iter().chain(&new.holders).map(|(_, area)| *area).chain(new.rest);
        let mut chains: Vec<AreaId> = goals.map(|area| areas.chain(area, None)).collect();
        chains.push(split.area);
        w.lock(&chains).await?;
        let waiting = waiting_hamlets(w.db, split).await?;
        let living: Vec<Holder> = holders::table
            .filter(holders::area_id.eq_any(&split.waiting))
            .order(holders::id)
            .for_update()
            .select(Holder::as_select())
            .load(w.db)
            .await?;
        check(new, &waiting, &living)?;
        let hamlets: HashMap<Uuid, AreaId> = new.hamlets.iter().copied().collect();
        let named: HashMap<Uuid, AreaId> = new.holders.iter().copied().collect();
        let held: HashSet<Uuid> = waiting.iter().map(|hamlet| hamlet.id).collect();
        let goal = |holder: &Holder| match holder.hamlet_id.filter(|id| held.contains(id)) {
            Some(hamlet) => hamlets.get(&hamlet).copied(),
            None => named.get(&holder.id).copied().or(new.rest),
        };
        let mut moving: HashMap<Uuid, AreaId> = HashMap::new();
        let mut placed = Vec::new();
        for holder in living.iter() {
            if let Some(goal) = goal(holder) {
                moving.insert(holder.id, goal);
                placed.push((holder, goal));
            }
        }
        let at_home: HashSet<Uuid> = living.iter().map(|holder| holder.id).collect();
        let open: Vec<Title> = waiting_titles(split).select(Title::as_select()).load(w.db).await?;
        let changes: Vec<(Title, Title)> = open
            .into_iter()
            .filter_map(|title| {
                // Who has moved away since left titles that only the rest can take.
                let rest = new.rest.filter(|_| !at_home.contains(&title.holder_id));
                let goal = moving.get(&title.holder_id).copied().or(rest)?;
                let after = Title { placed_id: Some(goal), ..title.clone() };
                Some((title, after))
            })
            .collect();
        for (hamlet, goal) in waiting.iter().filter_map(|h| Some((h, hamlets.get(&h.id).copied()?)))
        {
            put_hamlet(w, areas, split, hamlet, Some(goal)).await?;
        }
        let done = Placed { hamlets: hamlets.len(), holders: placed.len(), titles: changes.len() };
        put_holders(w, areas, split, &placed).await?;
        write::save_all(w, areas, changes, false).await?;
        Ok(done)
    })
    .await
}

/// Everything named waits here.
fn check(new: &Placement, waiting: &[Hamlet], living: &[Holder]) -> Result<()> {
    let mut errors = Vec::new();
    for (n, (id, _)) in new.hamlets.iter().enumerate() {
        if !waiting.iter().any(|hamlet| hamlet.id == *id) {
            errors.push(FieldError::new(
                format!("/hamlets/{n}"),
                "not_open",
                say("Thôn này không chờ xếp ở xã cũ.", "This hamlet does not wait here."),
            ));
        }
    }
    for (n, (id, _)) in new.holders.iter().enumerate() {
        let holder = living.iter().find(|holder| holder.id == *id);
        let hamlet = holder.and_then(|h| h.hamlet_id);
        if holder.is_none() || waiting.iter().any(|h| Some(h.id) == hamlet) {
            errors.push(FieldError::new(
                format!("/holders/{n}"),
                "not_open",
                say(
                    "Đối tượng này không chờ xếp riêng: hoặc đã xếp, hoặc theo thôn của mình.",
                    "This holder is not placed by itself: it was placed, or follows its hamlet.",
                ),
            ));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::invalid(errors)) }
}

/// Stores where a hamlet belongs; both chains keep it.
pub(super) async fn put_hamlet(
    w: &mut Writer<'_>,
    areas: &Areas,
    split: &Split,
    hamlet: &Hamlet,
    placed: Option<AreaId>,
) -> Result<()> {
    let chain = areas.chain(hamlet.area_id, placed);
    diesel::update(hamlets::table.find(hamlet.id))
        .set((hamlets::placed_id.eq(placed), hamlets::version.eq(w.version(chain)?)))
        .execute(w.db)
        .await?;
    let fields = |placed: Option<AreaId>| Fields::new().plain("placed", placed);
    let (old, new) = (fields(hamlet.placed_id), fields(placed));
    let item = Item::changed(Entity::Hamlet, hamlet.id, old, new);
    let other = if chain == split.area { hamlet_chain(areas, hamlet) } else { split.area };
    w.record(chain, item.clone()).await?;
    w.record(other, item).await
}

fn hamlet_chain(areas: &Areas, hamlet: &Hamlet) -> AreaId {
    areas.chain(hamlet.area_id, hamlet.placed_id)
}

/// Stores where holders stand; both chains keep it. The community of the split commune itself ended
/// with it.
pub(super) async fn put_holders(
    w: &mut Writer<'_>,
    areas: &Areas,
    split: &Split,
    placed: &[(&Holder, AreaId)],
) -> Result<()> {
    let mut by_goal: BTreeMap<AreaId, Vec<&Holder>> = BTreeMap::new();
    for (holder, goal) in placed {
        by_goal.entry(*goal).or_default().push(holder);
    }
    for (goal, of_goal) in by_goal {
        let chain = areas.chain(goal, None);
        let ids: Vec<Uuid> = of_goal.iter().map(|holder| holder.id).collect();
        let is_area =
            |holder: &Holder| holder.kind == Kind::Community && holder.hamlet_id.is_none();
        let ended = split.on.pred_opt().filter(|_| goal != split.area);
        let communities: Vec<Uuid> =
            of_goal.iter().filter(|holder| is_area(holder)).map(|holder| holder.id).collect();
        diesel::update(holders::table.filter(holders::id.eq_any(communities)))
            .set(holders::ended_on.eq(ended))
            .execute(w.db)
            .await?;
        diesel::update(holders::table.filter(holders::id.eq_any(ids)))
            .set((holders::area_id.eq(goal), holders::version.eq(w.version(chain)?)))
            .execute(w.db)
            .await?;
        let mut by_other: BTreeMap<AreaId, Vec<Item>> = BTreeMap::new();
        for holder in of_goal {
            let old = Fields::new().plain("area", holder.area_id);
            let new = Fields::new().plain("area", goal);
            let item = Item::changed(Entity::Holder, holder.id, old, new);
            by_other.entry(areas.chain(holder.area_id, None)).or_default().push(item);
        }
        for (other, items) in by_other {
            w.record_all(other, &items).await?;
            w.record_all(chain, &items).await?;
        }
    }
    Ok(())
}
