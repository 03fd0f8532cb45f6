//! Planned changes whose day has come are made by whichever server keeps house; one that does not fit
//! any more is set aside with the reasons.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::json;
use uuid::Uuid;

use super::rows::{HamletChanged, locked};
use super::{ChangeState, NewHamletChange};
use crate::access::{Act, Role};
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, FieldError, Problem, Result};
use crate::base::schema::hamlet_changes;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::ledger::{self, Writer};
use crate::register::hamlets::not_settled;

/// Makes all that was planned up to the day `today`, in the order of their days.
pub async fn make_due(db: &mut Conn, today: NaiveDate) -> Result<()> {
    let due: Vec<(Uuid, AreaId)> = hamlet_changes::table
        .filter(hamlet_changes::state.eq(ChangeState::Planned))
        .filter(hamlet_changes::effective_on.le(today))
        .order((hamlet_changes::effective_on, hamlet_changes::id))
        .select((hamlet_changes::id, hamlet_changes::area_id))
        .load(db)
        .await?;
    if due.is_empty() {
        return Ok(());
    }
    let areas = Areas::load(db).await?;
    for (id, area) in due {
        let act = Act::of_the_product(area, Role::Recorder);
        let chain = areas.chain(area, None);
        let made = match HamletChanged::find(db, id).await {
            Ok((change, _)) => make(db, &act, &areas, chain, &change).await,
            Err(error) => Err(error),
        };
        let done = match made {
            Err(Error::Problem(problem)) => set_aside(db, &act, chain, id, &problem).await,
            done => done,
        };
        // What is our fault is tried again; the others need not wait for it.
        if let Err(error) = done {
            tracing::error!(%error, change = %id, "a planned change of hamlets was not made");
        }
    }
    Ok(())
}

async fn make(
    db: &mut Conn,
    act: &Act,
    areas: &Areas,
    commune: AreaId,
    planned: &HamletChanged,
) -> Result<()> {
    ledger::write(db, act, planned.action.trail(), async |w| {
        w.lock(&[commune]).await?;
        let Some(mut change) = waiting(w, planned.id).await? else { return Ok(()) };
        if areas.settled(change.area_id).is_none() {
            return Err(not_settled());
        }
        change.area_id = commune;
        change.version = w.version(commune)?;
        let new = change.planned()?;
        let found = locked(w, areas, commune, &new).await?;
        diesel::update(hamlet_changes::table.find(change.id))
            .set((
                hamlet_changes::state.eq(ChangeState::Made),
                hamlet_changes::area_id.eq(commune),
                hamlet_changes::version.eq(change.version),
            ))
            .execute(w.db)
            .await?;
        change.carry_out(w, areas, &new, &found).await
    })
    .await
}

/// A change that still waits: another server may have made it, or somebody withdrawn it.
async fn waiting(w: &mut Writer<'_>, id: Uuid) -> Result<Option<HamletChanged>> {
    let found =
        hamlet_changes::table.find(id).filter(hamlet_changes::state.eq(ChangeState::Planned));
    Ok(found.select(HamletChanged::as_select()).first(w.db).await.optional()?)
}

/// Keeps why a change could not be made.
async fn set_aside(
    db: &mut Conn,
    act: &Act,
    chain: AreaId,
    id: Uuid,
    problem: &Problem,
) -> Result<()> {
    let whole = FieldError::new("", problem.code, problem.detail.clone());
    let errors = if problem.errors.is_empty() { &[whole][..] } else { &problem.errors };
    let faults: Vec<_> = errors
        .iter()
        .map(|error| {
            json!({"pointer": error.pointer, "code": error.code,
                            "vi": error.detail.vi, "en": error.detail.en})
        })
        .collect();
    ledger::write(db, act, "hamlet.not_made", async |w| {
        w.lock(&[chain]).await?;
        let Some(change) = waiting(w, id).await? else { return Ok(()) };
        change.end_plan(w, chain, ChangeState::Failed, Some(json!(faults))).await
    })
    .await
}

impl HamletChanged {
    /// What it was entered as.
    fn planned(&self) -> Result<NewHamletChange> {
        let plan = self.read_plan()?;
        Ok(NewHamletChange {
            action: self.action,
            effective_on: self.effective_on,
            document: self.document.clone(),
            hamlets: plan.hamlets.into_iter().map(|id| (id, None)).collect(),
            hamlet_type: plan.hamlet_type,
            name: plan.name,
            into: plan.into.map(|id| (id, None)),
        })
    }

    /// It is planned no more, for whatever reason.
    pub(super) async fn end_plan(
        &self,
        w: &mut Writer<'_>,
        chain: AreaId,
        state: ChangeState,
        faults: Option<serde_json::Value>,
    ) -> Result<()> {
        let undone = (state == ChangeState::Withdrawn).then_some(w.day);
        diesel::update(hamlet_changes::table.find(self.id))
            .set((
                hamlet_changes::state.eq(state),
                hamlet_changes::undone_on.eq(undone),
                hamlet_changes::faults.eq(&faults),
                hamlet_changes::version.eq(w.version(chain)?),
            ))
            .execute(w.db)
            .await?;
        let told = match faults {
            Some(faults) => Fields::new().plain("faults", faults),
            None => Fields::new(),
        };
        let hamlets = self.read_plan()?.hamlets.into_iter();
        let items: Vec<Item> = hamlets
            .map(|id| Item::changed(Entity::Hamlet, id, self.tell_plan(), told.clone()))
            .collect();
        w.record_all(chain, &items).await
    }
}
