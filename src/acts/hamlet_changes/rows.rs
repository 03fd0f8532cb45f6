//! Changes of hamlets as they are entered: made at once, or kept until their day.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{ChangeState, NewHamletChange};
use crate::access::Act;
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::schema::{former_hamlets, hamlet_changes, hamlets};
use crate::base::text::search_key;
use crate::base::version::Version;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::ledger::{self, Writer};
use crate::register::hamlets::ChangeAction;
use crate::register::hamlets::names::FormerHamlet;
use crate::register::hamlets::planned::{Plan, Planned};
use crate::register::hamlets::rows::{Hamlet, taken};

/// A change of hamlets as it was entered.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = hamlet_changes)]
pub struct HamletChanged {
    pub id: Uuid,
    pub area_id: i32,
    pub action: ChangeAction,
    pub effective_on: NaiveDate,
    pub document: String,
    /// The day on which it was entered.
    pub day: NaiveDate,
    pub undone_on: Option<NaiveDate>,
    pub author_id: Uuid,
    pub version: Version,
    pub state: ChangeState,
    pub plan: Option<serde_json::Value>,
    pub faults: Option<serde_json::Value>,
}

impl HamletChanged {
    /// The changes of a commune, the latest first, with what the hamlets were before.
    pub async fn of_commune(
        db: &mut Conn,
        communes: &[AreaId],
    ) -> Result<Vec<(Self, Vec<FormerHamlet>)>> {
        let changes: Vec<Self> = hamlet_changes::table
            .filter(hamlet_changes::area_id.eq_any(communes))
            .order((hamlet_changes::effective_on.desc(), hamlet_changes::id.desc()))
            .select(Self::as_select())
            .load(db)
            .await?;
        let ids: Vec<Uuid> = changes.iter().map(|change| change.id).collect();
        let mut former: HashMap<Uuid, Vec<FormerHamlet>> = HashMap::new();
        for name in former_of(db, &ids).await? {
            former.entry(name.change_id).or_default().push(name);
        }
        Ok(changes
            .into_iter()
            .map(|c| (c.clone(), former.remove(&c.id).unwrap_or_default()))
            .collect())
    }

    /// One change, with what the hamlets were before.
    pub async fn find(db: &mut Conn, id: Uuid) -> Result<(Self, Vec<FormerHamlet>)> {
        let change = hamlet_changes::table.find(id).select(Self::as_select()).first(db).await?;
        Ok((change, former_of(db, &[id]).await?))
    }

    /// Enters a change in the commune that keeps the hamlets: made at once, or planned for its day.
    pub async fn enter(
        db: &mut Conn,
        act: &Act,
        areas: &Areas,
        commune: AreaId,
        new: &NewHamletChange,
        today: NaiveDate,
    ) -> Result<Uuid> {
        let planned = new.effective_on > today;
        let action = if planned { "hamlet.plan" } else { new.action.trail() };
        ledger::write(db, act, action, async |w| {
            w.lock(&[commune]).await?;
            let plan = planned.then(|| serde_json::to_value(new.plan()));
            let change = Self {
                id: Uuid::now_v7(),
                area_id: commune,
                action: new.action,
                effective_on: new.effective_on,
                document: new.document.clone(),
                day: w.day,
                undone_on: None,
                author_id: w.act.caller.id,
                version: w.version(commune)?,
                state: if planned { ChangeState::Planned } else { ChangeState::Made },
                plan: plan.transpose().map_err(Error::internal)?,
                faults: None,
            };
            let found = locked(w, areas, commune, new).await?;
            diesel::insert_into(hamlet_changes::table).values(&change).execute(w.db).await?;
            if !planned {
                change.carry_out(w, areas, new, &found).await?;
                return Ok(change.id);
            }
            refuse_taken(w, areas, new, &found).await?;
            let (none, told) = (Fields::new(), change.tell_plan());
            let items: Vec<Item> = found
                .iter()
                .map(|h| Item::changed(Entity::Hamlet, h.id, none.clone(), told.clone()))
                .collect();
            w.record_all(commune, &items).await?;
            Ok(change.id)
        })
        .await
    }

    /// What was planned; nothing where it was made at once.
    pub fn read_plan(&self) -> Result<Plan> {
        let none = Plan { hamlets: Vec::new(), hamlet_type: None, name: None, into: None };
        let plan = self.plan.clone().map(serde_json::from_value).transpose();
        Ok(plan.map_err(Error::internal)?.unwrap_or(none))
    }

    /// What the trail says of a hamlet for which it is planned.
    pub(super) fn tell_plan(&self) -> Fields {
        Fields::new()
            .plain("planned", self.action.as_str())
            .plain("plan", self.plan.clone())
            .plain("effective_on", self.effective_on.to_string())
            .plain("document", &*self.document)
    }
}

/// A name that another hamlet has is told when a change is planned, not first on its day; unless that
/// hamlet is to change as well.
async fn refuse_taken(
    w: &mut Writer<'_>,
    areas: &Areas,
    new: &NewHamletChange,
    found: &[Hamlet],
) -> Result<()> {
    let Some(first) = found.first() else { return Ok(()) };
    let commune = areas.chain(first.area_id, first.placed_id);
    let plan = new.plan();
    let planned = Planned::of(w.db, areas, &found[..1]).await?;
    let changing = |id| plan.names(id) || planned.iter().any(|other| other.plan.names(id));
    let mut others = Hamlet::of_commune(w.db, commune).await?;
    others.retain(|other| !changing(other.id));
    let made = new.action == ChangeAction::Merge;
    let clash = found.iter().any(|hamlet| {
        let area = if made { commune } else { hamlet.area_id };
        let key = plan.new_name(hamlet).map(|name| search_key(&name));
        others.iter().any(|other| other.area_id == area && Some(&other.search_key) == key.as_ref())
    });
    if clash { Err(taken()) } else { Ok(()) }
}

/// The hamlets of a change, locked, in the order named; refuses with everything that does not fit.
pub(super) async fn locked(
    w: &mut Writer<'_>,
    areas: &Areas,
    commune: AreaId,
    new: &NewHamletChange,
) -> Result<Vec<Hamlet>> {
    let wanted: Vec<(String, Uuid, Option<Version>)> = new
        .hamlets
        .iter()
        .enumerate()
        .map(|(n, (id, version))| (format!("/hamlets/{n}"), *id, *version))
        .chain(new.into.map(|(id, version)| ("/into".to_owned(), id, version)))
        .collect();
    let ids: Vec<Uuid> = wanted.iter().map(|(_, id, _)| *id).collect();
    let known: Vec<Hamlet> = hamlets::table
        .filter(hamlets::id.eq_any(&ids))
        .order(hamlets::id)
        .for_update()
        .select(Hamlet::as_select())
        .load(w.db)
        .await?;
    let former = FormerHamlet::of(w.db, &ids).await?;
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for (pointer, id, version) in wanted {
        let mut wrong = |code, vi: String, en: String| {
            errors.push(FieldError::new(pointer.clone(), code, say(vi, en)));
        };
        let hamlet = known.iter().find(|hamlet| {
            hamlet.id == id && areas.chain(hamlet.area_id, hamlet.placed_id) == commune
        });
        let Some(hamlet) = hamlet else {
            wrong(
                "hamlet_unknown",
                "Xã không có thôn này.".to_owned(),
                "The commune has no such hamlet.".to_owned(),
            );
            continue;
        };
        let last =
            former.iter().filter(|name| name.hamlet_id == id).map(|name| name.valid_to).max();
        let since = last.and_then(|day| day.succ_opt()).unwrap_or(hamlet.valid_from);
        if hamlet.valid_to.is_some() {
            wrong(
                "hamlet_ended",
                format!("{} không còn nữa.", hamlet.full_name()),
                format!("{} is no more.", hamlet.full_name()),
            );
        } else if version.is_some_and(|version| version != hamlet.version) {
            wrong(
                "stale_version",
                format!("{} đã được người khác sửa.", hamlet.full_name()),
                format!("{} has been changed since.", hamlet.full_name()),
            );
        } else if new.effective_on <= since {
            wrong(
                "before_last_change",
                format!("{} mang tên này từ {}.", hamlet.full_name(), since.format("%d/%m/%Y")),
                format!("{} stands as it is since {since}.", hamlet.full_name()),
            );
        }
        if pointer != "/into" {
            found.push(hamlet.clone());
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(Error::invalid(errors)) }
}

/// What the hamlets of these changes were before.
pub(super) async fn former_of(db: &mut Conn, changes: &[Uuid]) -> Result<Vec<FormerHamlet>> {
    Ok(former_hamlets::table
        .filter(former_hamlets::change_id.eq_any(changes))
        .order((former_hamlets::search_key, former_hamlets::hamlet_id))
        .select(FormerHamlet::as_select())
        .load(db)
        .await?)
}
