//! What was entered wrongly of a title: its year, its level, a score after it was verified.

use uuid::Uuid;

use super::change::{check_level, check_score, locked, mark_late};
use super::rows::{Title, TitleKey};
use super::{is_undecided, write};
use crate::access::{Act, Caller, Role};
use crate::areas::Areas;
use crate::base::db::Conn;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::kind::{Level, Status, Year};
use crate::ledger;
use crate::register::criteria::{CriteriaSet, Score, rows as criteria_rows};
use crate::register::holders::rows::Holder;
use crate::register::rounds::Entry;
use crate::wire::input::IfMatch;

/// What is right; the rest stays as it is.
#[derive(Debug, Clone, Default)]
pub struct Correction {
    pub year: Option<Year>,
    pub level: Option<Level>,
    pub own: Option<Score>,
    pub verified: Option<Score>,
}

/// Corrects a title, which moves to another key with all that belongs to it if year or level were
/// wrong; returns the key under which it stands now.
pub async fn correct(
    db: &mut Conn,
    act: &Act,
    areas: &Areas,
    key: TitleKey,
    version: IfMatch,
    correction: &Correction,
    reason: &str,
) -> Result<TitleKey> {
    ledger::write(db, act, "title.correct", async |w| {
        let (before, holder) = locked(w, areas, key, version).await?;
        may_correct(&w.act.caller, &before)?;
        let scores = correction.own.is_some() || correction.verified.is_some();
        if scores {
            check_scored(&before)?;
        }
        let mut after = before.clone();
        after.year = correction.year.map_or(before.year, Year::get);
        after.level = correction.level.unwrap_or(before.level);
        let moves = after.key() != before.key();
        if !moves && !scores {
            return Err(nothing_to_correct());
        }
        check_level(areas, &holder, after.level)?;
        after.valid_through = after.year + (before.valid_through - before.year);
        let sets = criteria_rows::all(w.db).await?;
        if is_undecided(after.status) {
            let mut found = [(after, holder.clone())];
            write::refresh(w.db, &mut found).await?;
            [(after, _)] = found;
            put(&mut after, correction)?;
            let set = write::set_of(&sets, areas, &after, w.day);
            check_scores(&after, correction, set)?;
            after.assess(set);
        } else if !still_applies(&sets, &after) {
            let set = write::set_of(&sets, areas, &after, w.day);
            check_scores(&after, correction, set)?;
            after.assess(set);
        }
        if scores {
            mark_late(w, areas, &mut [&mut after], Entry::Score, Some(reason)).await?;
        }
        w.because(reason);
        let hand = w.act.caller.role == Role::Recorder;
        if moves {
            refuse_taken(w.db, &after, &holder).await?;
            write::rekey(w, areas, before, after.clone(), hand).await?;
        } else {
            write::save_all(w, areas, vec![(before, after.clone())], hand).await?;
        }
        Ok(after.key())
    })
    .await
}

/// Before a decision its recorder corrects; what was decided takes somebody who did not record it.
fn may_correct(caller: &Caller, title: &Title) -> Result<()> {
    let recorder = caller.role == Role::Recorder;
    match (recorder, is_undecided(title.status) || title.status == Status::Withdrawn) {
        (true, false) => Err(Error::forbidden(
            "title_decided",
            say(
                "Danh hiệu đã có quyết định: người phê duyệt hoặc người giám sát mới được sửa.",
                "The title is decided: only an approver or a supervisor corrects it.",
            ),
        )),
        (false, true) => Err(Error::forbidden(
            "title_undecided",
            say(
                "Danh hiệu chưa có quyết định: cán bộ nhập liệu của xã sửa.",
                "The title is not decided yet: the recorder of its commune corrects it.",
            ),
        )),
        (false, false) if title.hands.contains(&Some(caller.id)) => Err(Error::conflict(
            "own_record",
            say(
                "Tài khoản này đã nhập hoặc thẩm định hồ sơ nên không được sửa sau quyết định.",
                "This account recorded or verified the title and may not correct it any more.",
            ),
        )),
        _ => Ok(()),
    }
}

/// Scores are corrected here once verified: before that they are simply stored, after a decision it
/// must be annulled first.
fn check_scored(title: &Title) -> Result<()> {
    match title.status {
        Status::Verified => Ok(()),
        Status::Recognised | Status::NotRecognised | Status::Revoked => Err(Error::conflict(
            "title_decided",
            say(
                "Danh hiệu đã có quyết định; hãy hủy quyết định trước khi sửa điểm.",
                "The title is decided; annul the decision before correcting its score.",
            ),
        )),
        status => Err(Error::conflict(
            "title_not_verified",
            say(
                format!("Danh hiệu {}; điểm được sửa như thường.", status.vi()),
                format!("The title is {status}: its scores are changed as usual."),
            ),
        )),
    }
}

fn put(title: &mut Title, correction: &Correction) -> Result<()> {
    for (to, score) in
        [(&mut title.own_score, &correction.own), (&mut title.verified_score, &correction.verified)]
    {
        if let Some(score) = score {
            *to = Some(serde_json::to_value(score).map_err(Error::internal)?);
        }
    }
    Ok(())
}

/// Every score must fit the set of the year and level under which the title stands from now on.
fn check_scores(title: &Title, correction: &Correction, set: Option<&CriteriaSet>) -> Result<()> {
    let mut errors: Vec<FieldError> = Vec::new();
    for (field, score, given) in [
        ("own_score", title.own(), correction.own.is_some()),
        ("verified_score", title.verified(), correction.verified.is_some()),
    ] {
        let Some(score) = score else { continue };
        let faults = check_score(&score, set, &format!("/{field}"));
        // A score that was not sent cannot be pointed to: it is the year or level that does not fit.
        errors.extend(faults.into_iter().map(|fault| match given {
            true => fault,
            false => FieldError { pointer: String::new(), ..fault },
        }));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::invalid(errors)) }
}

/// Whether the set by which it was decided also holds for its right year and level.
fn still_applies(sets: &[CriteriaSet], title: &Title) -> bool {
    let set = sets.iter().find(|set| Some(set.id) == title.criteria_set_id);
    set.is_none_or(|set| {
        set.level == title.level && (set.first_year..=set.last_year).contains(&title.year)
    })
}

async fn refuse_taken(db: &mut Conn, title: &Title, holder: &Holder) -> Result<()> {
    let there =
        Title::of_holders(db, &[title.holder_id] as &[Uuid], title.year, title.level).await?;
    let Some(there) = there.first() else { return Ok(()) };
    Err(Error::conflict(
        "title_exists",
        say(
            format!(
                "{} đã có danh hiệu năm {} {} ({}).",
                holder.code,
                there.year,
                there.level.vi(),
                there.status.vi()
            ),
            format!("{} already has a title of {} {}.", holder.code, there.year, there.level),
        ),
    ))
}

fn nothing_to_correct() -> Error {
    Error::unprocessable(
        "nothing_to_correct",
        say("Không có gì khác để sửa.", "Nothing differs from what stands."),
    )
}
