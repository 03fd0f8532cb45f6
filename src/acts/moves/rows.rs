//! Every query on moves: the claim, the list of who came and left, and the taking back.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::{Direction, already_here, changed_since, check_kind, several_families, unplaced};
use crate::access::{Act, Caller};
use crate::areas::{AreaId, Areas};
use crate::base::clock::today;
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::keys::Keys;
use crate::base::kind::Kind;
use crate::base::schema::{area_scopes, holders, moves};
use crate::base::version::Version;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::ledger::{self, Writer};
use crate::register::apart::{Apart, renew};
use crate::register::holders::rows::{Holder, Number};
use crate::register::titles::follow::{Kept, follow};
use crate::register::titles::rows::Title;
use crate::register::titles::write;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = moves)]
pub struct Move {
    pub id: Uuid,
    pub holder_id: Uuid,
    pub code: String,
    pub kind: Kind,
    /// The move of the family that this person came along with.
    pub with_id: Option<Uuid>,
    pub from_area_id: i32,
    pub from_hamlet_id: Option<Uuid>,
    pub to_area_id: i32,
    pub to_hamlet_id: Option<Uuid>,
    pub day: NaiveDate,
    pub claimed_by: Uuid,
    /// The titles that followed, as they were.
    pub titles: Value,
    pub taken_back_on: Option<NaiveDate>,
    pub version: Version,
}

/// What the commune of destination says.
#[derive(Debug, Clone)]
pub struct Claim {
    pub who: Who,
    pub to: AreaId,
    pub hamlet: Option<Uuid>,
    /// The citizens of a family come along.
    pub with_members: bool,
}

/// Code or number: what only who met the people can know.
#[derive(Debug, Clone)]
pub enum Who {
    Code(String),
    Number(Number),
}

#[derive(Debug, Clone, Default)]
pub struct MoveFilter {
    pub area: Option<AreaId>,
    pub direction: Option<Direction>,
}

impl Move {
    pub fn kept(&self) -> Vec<Kept> {
        serde_json::from_value(self.titles.clone()).unwrap_or_default()
    }

    fn fields(&self) -> Fields {
        let titles: Vec<String> =
            self.kept().iter().map(|kept| format!("{}/{}", kept.year, kept.level)).collect();
        Fields::new()
            .plain("holder", self.holder_id.to_string())
            .plain("code", &*self.code)
            .plain("from", self.from_area_id)
            .plain("to", self.to_area_id)
            .plain("titles", titles)
            .plain("taken_back_on", self.taken_back_on.map(|day| day.to_string()))
    }

    /// One page of moves into or out of the caller's area, the latest first.
    pub async fn list(
        db: &mut Conn,
        caller: &Caller,
        filter: &MoveFilter,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<(Self, Option<String>)>> {
        let mut query = moves::table
            .left_join(holders::table.on(holders::id.eq(moves::holder_id)))
            .filter(
                moves::from_area_id
                    .eq_any(covered(caller.area))
                    .or(moves::to_area_id.eq_any(covered(caller.area))),
            )
            // Ids grow with time.
            .filter(moves::id.lt(before.unwrap_or(Uuid::max())))
            .order(moves::id.desc())
            .limit(limit)
            .select((Self::as_select(), holders::name.nullable()))
            .into_boxed();
        if let Some(area) = filter.area {
            let (came, left) = (
                moves::to_area_id.eq_any(covered(area)),
                moves::from_area_id.eq_any(covered(area)),
            );
            query = match filter.direction {
                Some(Direction::In) => query.filter(came),
                Some(Direction::Out) => query.filter(left),
                None => query.filter(came.or(left)),
            };
        }
        Ok(query.load(db).await?)
    }

    /// One move that the source or the destination may see, with the holder's name.
    pub async fn find(db: &mut Conn, caller: &Caller, id: Uuid) -> Result<(Self, Option<String>)> {
        Ok(moves::table
            .left_join(holders::table.on(holders::id.eq(moves::holder_id)))
            .filter(moves::id.eq(id))
            .filter(
                moves::from_area_id
                    .eq_any(covered(caller.area))
                    .or(moves::to_area_id.eq_any(covered(caller.area))),
            )
            .select((Self::as_select(), holders::name.nullable()))
            .first(db)
            .await?)
    }

    /// Brings a holder, its open titles and, where asked, a family's citizens to the commune that
    /// claims it.
    pub async fn claim(
        db: &mut Conn,
        act: &Act,
        (keys, areas): (&Keys, &Areas),
        claim: &Claim,
    ) -> Result<Uuid> {
        ledger::write(db, act, "holder.move", async |w| {
            let seen = meant(w.db, keys, &claim.who).await?;
            check_kind(seen.kind)?;
            let from = areas
                .settled(seen.area_id)
                .ok_or_else(|| unplaced(&areas.name(seen.area_id, today())))?;
            if from == claim.to {
                return Err(already_here());
            }
            let mut coming = vec![seen];
            if claim.with_members && coming[0].kind == Kind::Family {
                coming.extend(members(w.db, areas, &coming[0], from).await?);
            }
            let ids: Vec<Uuid> = coming.iter().map(|holder| holder.id).collect();
            let open = Title::undecided_of(w.db, areas, &ids).await?;
            let mut chains = vec![from, claim.to];
            chains.extend(open.iter().map(|title| areas.chain(title.area_id, title.placed_id)));
            w.lock(&chains).await?;
            hold(w, &coming).await?;
            let open = Title::undecided_of(w.db, areas, &ids).await?;
            bring(w, areas, claim, &coming, open, from).await
        })
        .await
    }

    /// Takes a wrong claim back: all that moved with it stands where and as it stood, unless somebody
    /// changed it since.
    pub async fn take_back(
        db: &mut Conn,
        act: &Act,
        areas: &Areas,
        id: Uuid,
        reason: &str,
    ) -> Result<()> {
        ledger::write(db, act, "holder.move_back", async |w| {
            let (seen, _) = Self::find(w.db, &w.act.caller, id).await?;
            if seen.with_id.is_some() {
                return Err(came_with_family());
            }
            let (from, to) =
                (areas.chain(seen.from_area_id, None), areas.chain(seen.to_area_id, None));
            let kept: Vec<AreaId> = parts(w.db, id).await?.iter().flat_map(Self::chains).collect();
            let mut chains: Vec<AreaId> =
                kept.into_iter().map(|area| areas.chain(area, None)).collect();
            chains.extend([from, to]);
            w.lock(&chains).await?;
            w.because(reason);
            let parts = parts(w.db, id).await?;
            let version = w.version(from)?;
            let ids: Vec<Uuid> = parts.iter().map(|part| part.holder_id).collect();
            let held = Holder::hold(w, &ids).await?;
            let titles = Title::all_of(w.db, &ids).await?;
            let mut restored = Vec::new();
            for part in &parts {
                part.check_unchanged(&held, &titles)?;
                for kept in part.kept() {
                    let title = titles.iter().find(|title| {
                        (title.holder_id, title.year, title.level)
                            == (part.holder_id, kept.year, kept.level)
                    });
                    let title = title.ok_or_else(|| changed_since(&part.code))?;
                    restored.push((title.clone(), kept.restore(title)));
                }
            }
            for part in &parts {
                let Some(before) = held.iter().find(|holder| holder.id == part.holder_id) else {
                    return Err(changed_since(&part.code));
                };
                let after = Holder {
                    area_id: part.from_area_id,
                    hamlet_id: part.from_hamlet_id,
                    version,
                    ..before.clone()
                };
                let undone = Self { taken_back_on: Some(w.day), version, ..part.clone() };
                diesel::update(moves::table.find(part.id))
                    .set((
                        moves::taken_back_on.eq(undone.taken_back_on),
                        moves::version.eq(version),
                    ))
                    .execute(w.db)
                    .await?;
                let item = Item::changed(Entity::Move, part.id, part.fields(), undone.fields());
                put(w, (from, to), before, &after, item).await?;
            }
            write::save_all(w, areas, restored, false).await
        })
        .await
    }

    /// The areas in which the titles that followed stood before.
    fn chains(&self) -> Vec<AreaId> {
        self.kept().iter().map(Kept::place).collect()
    }

    /// Nobody changed the holder or any of its titles since: everything changed in the chain of the
    /// destination after the move has a later version.
    fn check_unchanged(&self, held: &[Holder], titles: &[Title]) -> Result<()> {
        let holder = held.iter().find(|holder| holder.id == self.holder_id);
        let later = |version: Version| {
            version.area() == self.version.area() && version.seq() > self.version.seq()
        };
        let touched =
            titles.iter().any(|title| title.holder_id == self.holder_id && later(title.version));
        match holder {
            _ if self.taken_back_on.is_some() => Err(Error::conflict(
                "taken_back",
                say("Việc chuyển này đã được trả lại.", "The move was taken back already."),
            )),
            Some(holder) if holder.version == self.version && !touched => Ok(()),
            _ => Err(changed_since(&self.code)),
        }
    }
}

async fn meant(db: &mut Conn, keys: &Keys, who: &Who) -> Result<Holder> {
    let mut found = match who {
        Who::Code(code) => {
            holders::table
                .filter(holders::code.eq(code))
                .select(Holder::as_select())
                .load(db)
                .await?
        }
        Who::Number(number) => Holder::with_number(db, keys, number).await?,
    };
    match found.len() {
        0 => Err(Error::not_found()),
        1 => Ok(found.remove(0)),
        _ => Err(several_families()),
    }
}

/// The citizens of a family who live where it does.
async fn members(
    db: &mut Conn,
    areas: &Areas,
    family: &Holder,
    from: AreaId,
) -> Result<Vec<Holder>> {
    let mut found: Vec<Holder> = holders::table
        .filter(holders::family_id.eq(family.id))
        .order(holders::id)
        .select(Holder::as_select())
        .load(db)
        .await?;
    found.retain(|person| areas.settled(person.area_id) == Some(from));
    Ok(found)
}

/// Locks holders that were read without locks; somebody may have been faster.
async fn hold(w: &mut Writer<'_>, known: &[Holder]) -> Result<()> {
    let ids: Vec<Uuid> = known.iter().map(|holder| holder.id).collect();
    let held = Holder::hold(w, &ids).await?;
    for holder in known {
        let same = held.iter().find(|now| now.id == holder.id);
        if same.is_none_or(|now| now.version != holder.version) {
            return Err(changed_since(&holder.code));
        }
    }
    Ok(())
}

async fn bring(
    w: &mut Writer<'_>,
    areas: &Areas,
    claim: &Claim,
    coming: &[Holder],
    open: Vec<Title>,
    from: AreaId,
) -> Result<Uuid> {
    let version = w.version(claim.to)?;
    let mut first = None;
    let mut arrived = Vec::with_capacity(coming.len());
    for before in coming {
        let kept: Vec<Kept> =
            open.iter().filter(|title| title.holder_id == before.id).map(Kept::of).collect();
        let made = Move {
            id: Uuid::now_v7(),
            holder_id: before.id,
            code: before.code.clone(),
            kind: before.kind,
            with_id: first,
            from_area_id: before.area_id,
            from_hamlet_id: before.hamlet_id,
            to_area_id: claim.to,
            to_hamlet_id: claim.hamlet,
            day: w.day,
            claimed_by: w.act.caller.id,
            titles: serde_json::to_value(&kept).map_err(Error::internal)?,
            taken_back_on: None,
            version,
        };
        diesel::insert_into(moves::table).values(&made).execute(w.db).await?;
        let after =
            Holder { area_id: claim.to, hamlet_id: claim.hamlet, version, ..before.clone() };
        let item = Item::created(Entity::Move, made.id, made.fields());
        put(w, (from, claim.to), before, &after, item).await?;
        first.get_or_insert(made.id);
        arrived.push(after);
    }
    follow(w, areas, open, &arrived, claim.to).await?;
    first.ok_or_else(Error::not_found)
}

/// Stores where a holder stands now; both communes keep the change and the move in their chains.
async fn put(
    w: &mut Writer<'_>,
    chains: (AreaId, AreaId),
    before: &Holder,
    after: &Holder,
    moved: Item,
) -> Result<()> {
    let apart = Apart::of(w.db, &[after.id]).await?;
    diesel::update(holders::table.find(after.id))
        .set((
            holders::area_id.eq(after.area_id),
            holders::hamlet_id.eq(after.hamlet_id),
            holders::version.eq(after.version),
        ))
        .execute(w.db)
        .await?;
    renew(w.db, &apart).await?;
    let changed = Item::changed(Entity::Holder, after.id, before.fields(None), after.fields(None));
    let items = [moved, changed];
    w.record_all(chains.0, &items).await?;
    w.record_all(chains.1, &items).await
}

/// A move and those of the people who came along.
async fn parts(db: &mut Conn, id: Uuid) -> Result<Vec<Move>> {
    Ok(moves::table
        .filter(moves::id.eq(id).or(moves::with_id.eq(id)))
        .order(moves::id)
        .select(Move::as_select())
        .load(db)
        .await?)
}

fn came_with_family() -> Error {
    Error::conflict(
        "came_with_family",
        say(
            "Người này chuyển cùng gia đình; hãy trả lại việc chuyển của gia đình.",
            "This person came with a family: take the family's move back.",
        ),
    )
}

#[diesel::dsl::auto_type(no_type_alias)]
fn covered(area: AreaId) -> _ {
    let area: i32 = area;
    area_scopes::table.filter(area_scopes::area_id.eq(area)).select(area_scopes::covered_id)
}
