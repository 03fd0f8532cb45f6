//! The applying of a checked list: its good rows enter the register, or none unless all are good.

use chrono::NaiveDate;

use super::plan::{AT_ONCE, Plan, Planned, TitlePlan};
use super::rows::{Import, add_newcomers};
use super::{Code, ImportState, Row, Summary};
use crate::access::Act;
use crate::areas::Areas;
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::keys::Keys;
use crate::ledger::audit::{Entity, Item};
use crate::ledger::{self, Writer};
use crate::register::holders::{bulk, identifiers};
use crate::register::rounds::{Calendar, Entry, late_reason_needed};
use crate::register::titles::write;

/// Applies the good rows of a checked import, or none unless all are good; a second time it changes
/// nothing.
pub async fn apply(
    db: &mut Conn,
    act: &Act,
    (keys, areas): (&Keys, &Areas),
    import: &Import,
    atomic: bool,
    reason: Option<&str>,
) -> Result<()> {
    ledger::write(db, act, "import.apply", async |w| {
        w.lock(&[import.area_id]).await?;
        let import = Import::locked(w, import.id).await?;
        match import.state {
            ImportState::Applied => return Ok(()),
            ImportState::Checked => {}
            ImportState::Checking => {
                return Err(Error::conflict(
                    "import_not_checked",
                    say("Danh sách còn đang được kiểm tra.", "The list is still being checked."),
                ));
            }
            ImportState::Undone => {
                return Err(Error::conflict(
                    "import_undone",
                    say(
                        "Lần nhập này đã được hoàn tác; hãy gửi lại danh sách.",
                        "This import was taken back; send the list again.",
                    ),
                ));
            }
            ImportState::Failed => {
                return Err(Error::conflict(
                    "import_failed",
                    say("Danh sách này không đọc được.", "The list could not be read."),
                ));
            }
        }
        let rows = import.rows(w.db, keys).await?;
        let checked = import.summary();
        if rows.len() != checked.rows {
            return Err(Error::conflict(
                "import_expired",
                say(
                    "Dữ liệu tạm của danh sách này không còn; hãy gửi lại danh sách.",
                    "What was staged of this list is gone; send it again.",
                ),
            ));
        }
        let mut plan = Plan::make(w.db, keys, areas, &import, &rows).await?;
        let late = plan.mark_late(w.db, areas, &import, w.day).await?;
        match reason.filter(|reason| !reason.is_empty()) {
            Some(reason) => w.because(reason),
            None if late > 0 => return Err(late_reason_needed()),
            None => {}
        }
        let summary = Summary { late, left_out: checked.left_out, ..plan.summary(&rows) };
        plan.write(w, keys, areas, &import, &rows, atomic).await?;
        import.save_faults(w, keys, &plan.bad()).await?;
        import.end_apply(w, &summary).await
    })
    .await
}

impl Plan {
    /// Marks what comes after its deadline, or after the commune had closed, which takes a reason;
    /// returns how many rows do.
    pub async fn mark_late(
        &mut self,
        db: &mut Conn,
        areas: &Areas,
        import: &Import,
        day: NaiveDate,
    ) -> Result<usize> {
        let places = [import.area_id, import.commune_id];
        let calendar = Calendar::load(db, &places, &[import.year]).await?;
        let round = (import.year, import.kind);
        let is_late = |entry| calendar.is_late(areas, import.commune_id, round, entry, day);
        let (registering, scoring) = (is_late(Entry::Registration), is_late(Entry::Score));
        let mut late = 0;
        for planned in self.rows.iter_mut().filter(|planned| planned.faults.is_empty()) {
            let Some(title) = &mut planned.title else { continue };
            let known = title.before.as_ref();
            let scored = title.after.own_score != known.and_then(|t| t.own_score.clone())
                || title.after.verified_score != known.and_then(|t| t.verified_score.clone());
            if known.is_none() && registering || scored && scoring {
                title.after.late = true;
                late += 1;
            }
        }
        Ok(late)
    }

    /// Writes holders, numbers and titles of the good rows under the lock of the commune's chain.
    async fn write(
        &mut self,
        w: &mut Writer<'_>,
        keys: &Keys,
        areas: &Areas,
        import: &Import,
        rows: &[Row],
        atomic: bool,
    ) -> Result<()> {
        let bad = self.bad().len();
        if atomic && bad > 0 {
            return Err(Error::conflict(
                "import_has_errors",
                say(
                    format!(
                        "Còn {bad} dòng có lỗi nên chưa ghi dòng nào; hãy sửa các dòng đó rồi gửi lại."
                    ),
                    format!("{bad} rows have errors, so that nothing was entered."),
                ),
            ));
        }
        let version = w.version(import.area_id)?;
        let mut claims = Vec::new();
        for part in self.rows.chunks_mut(AT_ONCE) {
            let (mut new, mut changed) = (Vec::new(), Vec::new());
            for planned in part.iter_mut().filter(|planned| planned.faults.is_empty()) {
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
            bulk::update_all(w, &changed).await?;
        }
        // All numbers at once, in the order in which everybody locks them.
        let refused = identifiers::claim_all(w, keys, &claims).await?;
        if !refused.is_empty() {
            // Another commune took the number between the check and now.
            return Err(Error::conflict(
                "numbers_taken",
                say(
                    "Có số định danh vừa được xã khác ghi vào sổ; hãy gửi lại danh sách.",
                    "A number was entered elsewhere meanwhile; send the list again.",
                ),
            ));
        }
        for (rows, part) in rows.chunks(AT_ONCE).zip(self.rows.chunks_mut(AT_ONCE)) {
            write_part(w, areas, import, rows, part).await?;
        }
        Ok(())
    }
}

/// Writes what some good rows leave of their holders in the trail, and their titles, which are taken
/// out of the plan.
async fn write_part(
    w: &mut Writer<'_>,
    areas: &Areas,
    import: &Import,
    rows: &[Row],
    part: &mut [Planned],
) -> Result<()> {
    let (mut items, mut titles, mut saved) = (Vec::new(), Vec::new(), Vec::new());
    let mut newcomers = Vec::new();
    for (row, planned) in rows.iter().zip(part).filter(|(_, p)| p.faults.is_empty()) {
        let Some(after) = &planned.after else { continue };
        let number = planned.number.as_ref().map(|(_, number)| number.as_str());
        let number = number.or(planned.known_number.as_deref());
        match &planned.before {
            None => {
                items.push(Item::created(Entity::Holder, after.id, after.fields(number)));
                newcomers.extend((row.code == Some(Code::New)).then_some(after.id));
            }
            Some(before) if planned.holder_changes() => items.push(Item::changed(
                Entity::Holder,
                after.id,
                before.fields(planned.known_number.as_deref()),
                after.fields(number),
            )),
            Some(_) => {}
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
    write::insert_all(w, areas, titles).await?;
    write::save_all(w, areas, saved, true).await
}
