//! The applying of a checked list: its good rows enter the register, or none unless all are good.

use std::sync::Arc;

use tokio::sync::oneshot;
use uuid::Uuid;

use super::matched::Matching;
use super::plan::{Planned, Planner, TitlePlan};
use super::rows::{Import, add_newcomers};
use super::run::{self, Progress};
use super::staged::Staged;
use super::{Code, Failure, ImportState, Row, Summary};
use crate::access::Act;
use crate::access::state::Shared;
use crate::areas::Areas;
use crate::base::db;
use crate::base::error::{Error, Result, say};
use crate::base::number::NumberScheme;
use crate::ledger::audit::{Entity, Item};
use crate::ledger::{self, Writer};
use crate::register::holders::{bulk, identifiers};
use crate::register::rounds::late_reason_needed;
use crate::register::titles::write;

/// How many numbers are claimed together.
const CLAIMED_AT_ONCE: usize = 2_000;

/// Numbers and the holders that are to have them.
type Claims = Vec<(Uuid, NumberScheme, String)>;

/// A checked list that is to be entered.
pub struct Apply {
    pub shared: Arc<Shared>,
    pub areas: Arc<Areas>,
    pub act: Act,
    pub import: Import,
    pub atomic: bool,
    pub reason: Option<String>,
    /// Whether this run made it one that is being applied; else there is nothing to enter, or
    /// something stands in the way.
    pub begun: bool,
}

impl Apply {
    /// Begins to apply; whoever still waits is told how it ended.
    pub fn start(self) -> oneshot::Receiver<Result<()>> {
        let (tell, told) = oneshot::channel();
        run::spawn(async move || {
            // Nobody may be waiting any more.
            drop(tell.send(self.run().await));
        });
        told
    }

    async fn run(&self) -> Result<()> {
        let progress = Progress::default();
        progress.check(self.import.rows_checked as usize);
        let work = async {
            let mut db = run::connect(&self.shared).await?;
            let enter = async |w: &mut Writer<'_>| self.enter(w, &progress).await;
            ledger::write(&mut db, &self.act, "import.apply", enter).await
        };
        let outcome = run::alive(&self.shared, &self.import, &progress, work).await;
        if let Err(error) = &outcome
            && self.begun
        {
            let give_back = async {
                let mut db = db::connect(&self.shared.url).await?;
                self.import.give_back(&mut db, Failure::of(error)).await
            };
            if let Err(error) = give_back.await {
                tracing::error!(%error, import = %self.import.id, "a failed run was not stored");
            }
        }
        outcome
    }

    /// Enters the good rows part by part, in one transaction; a second time it changes nothing.
    async fn enter(&self, w: &mut Writer<'_>, progress: &Progress) -> Result<()> {
        w.lock(&[self.import.area_id]).await?;
        let import = Import::held(w, self.import.id).await?;
        match import.state {
            ImportState::Applied => return Ok(()),
            ImportState::Applying if self.begun => {}
            state => return Err(not_to_apply(state)),
        }
        let checked = import.summary();
        let mut planner = self.compare(w, &import, checked.rows).await?;
        let reason = self.reason.as_deref().filter(|reason| !reason.is_empty());
        if let Some(reason) = reason {
            w.because(reason);
        }
        let mut claims = Claims::new();
        let mut done = 0;
        while done < checked.rows {
            let rows = import.rows(w.db, &self.shared.keys, done).await?;
            let mut plan = planner.plan(w.db, &rows).await?;
            if planner.summary.late > 0 && reason.is_none() {
                return Err(late_reason_needed());
            }
            // Otherwise the rest is only counted.
            if !self.atomic || planner.summary.bad == 0 {
                self.write(w, &import, (done, &rows), &mut plan, &mut claims).await?;
                progress.write(done + rows.len());
            }
            done += rows.len();
        }
        if self.atomic && planner.summary.bad > 0 {
            return Err(has_errors(planner.summary.bad));
        }
        self.claim(w, claims).await?;
        let summary = Summary { left_out: checked.left_out, ..planner.summary };
        import.end_apply(w, &summary).await
    }

    /// Reads all that is staged and finds whom it means now.
    async fn compare<'a>(
        &'a self,
        w: &mut Writer<'_>,
        import: &'a Import,
        staged: usize,
    ) -> Result<Planner<'a>> {
        let (keys, areas) = (&*self.shared.keys, &*self.areas);
        let mut matching = Matching::begin(w.db, areas, import).await?;
        while matching.len() < staged {
            let rows = import.rows(w.db, keys, matching.len()).await?;
            if rows.is_empty() {
                return Err(expired());
            }
            matching.add(w.db, keys, &rows).await?;
        }
        let matched = matching.end(w.db).await?;
        Planner::begin(w.db, (keys, areas), import, matched, w.day).await
    }

    /// Writes what some good rows leave: holders, titles, and both in the trail. Of what was staged
    /// only the bad ones stay.
    async fn write(
        &self,
        w: &mut Writer<'_>,
        import: &Import,
        (first, rows): (usize, &[Row]),
        plan: &mut [Planned],
        claims: &mut Claims,
    ) -> Result<()> {
        write_holders(w, import, plan, claims).await?;
        let (mut items, mut newcomers) = (Vec::new(), Vec::new());
        let (mut titles, mut saved, mut bad) = (Vec::new(), Vec::new(), Vec::new());
        for (n, (row, planned)) in (first..).zip(rows.iter().zip(plan)) {
            let Some(after) = planned.after.as_ref().filter(|_| planned.is_good()) else {
                bad.push(Staged::new(&self.shared.keys, import, n, row, planned)?);
                continue;
            };
            items.extend(item(planned));
            if planned.before.is_none() && row.code == Some(Code::New) {
                newcomers.push(after.id);
            }
            match planned.title.take() {
                Some(TitlePlan { before: Some(before), after }) if before != after => {
                    saved.push((before, after));
                }
                Some(TitlePlan { before: None, after }) => titles.push(after),
                _ => {}
            }
        }
        w.record_all(import.area_id, &items).await?;
        add_newcomers(w, import.id, &newcomers).await?;
        write::insert_all(w, &self.areas, titles).await?;
        write::save_all(w, &self.areas, saved, true).await?;
        import.keep_bad(w, first, &bad).await
    }

    /// Claims the numbers of all rows, in the order of digests in which everybody locks them.
    async fn claim(&self, w: &mut Writer<'_>, mut claims: Claims) -> Result<()> {
        let keys = &self.shared.keys;
        claims.sort_by_cached_key(|(_, scheme, number)| keys.digest(scheme.as_str(), number).1);
        for part in claims.chunks(CLAIMED_AT_ONCE) {
            if !identifiers::claim_all(w, keys, part).await?.is_empty() {
                return Err(numbers_taken());
            }
        }
        Ok(())
    }
}

/// Enters new holders and stores changed ones.
async fn write_holders(
    w: &mut Writer<'_>,
    import: &Import,
    plan: &mut [Planned],
    claims: &mut Claims,
) -> Result<()> {
    let version = w.version(import.area_id)?;
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for planned in plan.iter_mut().filter(|planned| planned.is_good()) {
        let changes = planned.holder_changes();
        let Some(after) = &mut planned.after else { continue };
        if planned.before.is_none() {
            after.version = version;
            new.push(after.clone());
        } else if changes {
            after.version = version;
            changed.push(after.clone());
        }
        if let Some((scheme, number)) = &planned.number {
            claims.push((after.id, *scheme, number.clone()));
        }
    }
    bulk::insert_all(w, &new).await?;
    bulk::update_all(w, &changed).await
}

/// What a good row leaves of its holder in the trail.
fn item(planned: &Planned) -> Option<Item> {
    let after = planned.after.as_ref()?;
    let known = planned.known_number.as_deref();
    let number = planned.number.as_ref().map(|(_, number)| number.as_str()).or(known);
    match &planned.before {
        None => Some(Item::created(Entity::Holder, after.id, after.fields(number))),
        Some(before) => planned.holder_changes().then(|| {
            let (before, fields) = (before.fields(known), after.fields(number));
            Item::changed(Entity::Holder, after.id, before, fields)
        }),
    }
}

/// Why a list in this state is not applied.
pub fn not_to_apply(state: ImportState) -> Error {
    match state {
        ImportState::Checking => Error::conflict(
            "import_not_checked",
            say("Danh sách còn đang được kiểm tra.", "The list is still being checked."),
        ),
        ImportState::Undone => Error::conflict(
            "import_undone",
            say(
                "Lần nhập này đã được hoàn tác; hãy gửi lại danh sách.",
                "This import was taken back; send the list again.",
            ),
        ),
        ImportState::Failed => Error::conflict(
            "import_failed",
            say("Danh sách này không đọc được.", "The list could not be read."),
        ),
        ImportState::Checked | ImportState::Applying | ImportState::Applied => Error::conflict(
            "request_in_flight",
            say(
                "Danh sách đang được ghi vào sổ bộ; hãy chờ rồi hỏi lại.",
                "The list is being entered; ask again later.",
            ),
        ),
    }
}

fn expired() -> Error {
    Error::conflict(
        "import_expired",
        say(
            "Dữ liệu tạm của danh sách này không còn; hãy gửi lại danh sách.",
            "What was staged of this list is gone; send it again.",
        ),
    )
}

fn has_errors(bad: usize) -> Error {
    Error::conflict(
        "import_has_errors",
        say(
            format!(
                "Còn {bad} dòng có lỗi nên chưa ghi dòng nào; hãy sửa các dòng đó rồi gửi lại."
            ),
            format!("{bad} rows have errors, so that nothing was entered."),
        ),
    )
}

/// Another commune took one between the check and now.
fn numbers_taken() -> Error {
    Error::conflict(
        "numbers_taken",
        say(
            "Có số định danh vừa được xã khác ghi vào sổ; hãy gửi lại danh sách.",
            "A number was entered elsewhere meanwhile; send the list again.",
        ),
    )
}
