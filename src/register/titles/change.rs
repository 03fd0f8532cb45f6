//! What changes titles one by one or in batches: registering, scoring, stepping, deleting.

use chrono::Datelike;

use std::collections::BTreeSet;

use super::choice::Choice;
use super::rows::{Title, TitleKey};
use super::{Step, chosen, is_open, next, write};
use crate::access::Act;
use crate::areas::Areas;
use crate::base::db::Conn;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::kind::{Level, Status};
use crate::ledger::{self, Writer};
use crate::register::criteria::{CriteriaSet, Scheme, Score, rows as criteria_rows};
use crate::register::holders::rows::Holder;
use crate::register::rounds::{Calendar, Entry, late_reason_needed};
use crate::wire::input::IfMatch;

/// Scores to store: left alone, removed or set.
#[derive(Debug, Clone, Default)]
pub struct Scores {
    pub own: Option<Option<Score>>,
    pub verified: Option<Option<Score>>,
}

/// Registers a holder for a year; says whether it was not registered before.
pub async fn register(
    db: &mut Conn,
    act: &Act,
    areas: &Areas,
    holder: &Holder,
    (year, level): (i16, Level),
    reason: Option<&str>,
) -> Result<bool> {
    check_level(areas, holder, level)?;
    check_in_force(holder, year)?;
    let chain = areas.chain(holder.area_id, None);
    ledger::write(db, act, "title.register", async |w| {
        w.lock(&[chain]).await?;
        if !Title::of_holders(w.db, &[holder.id], year, level).await?.is_empty() {
            return Ok(false);
        }
        let sets = criteria_rows::all(w.db).await?;
        let title = Title::register(holder, chain, year, level, w.day);
        let mut new = [(title, holder.clone())];
        write::refresh(w.db, &mut new).await?;
        let [(mut title, _)] = new;
        title.assess(write::set_of(&sets, areas, &title, w.day));
        mark_late(w, areas, &mut [&mut title], Entry::Registration, reason).await?;
        Ok(write::insert_all(w, areas, vec![title]).await?.is_empty())
    })
    .await
}

/// Marks what is entered after its deadline, or after its commune had closed, which takes a reason.
pub(super) async fn mark_late(
    w: &mut Writer<'_>,
    areas: &Areas,
    titles: &mut [&mut Title],
    entry: Entry,
    reason: Option<&str>,
) -> Result<()> {
    let calendar = calendar(w, areas, titles.iter().map(|title| &**title)).await?;
    let mut late = false;
    for title in titles.iter_mut() {
        if calendar.is_late(areas, title.place(), (title.year, title.kind), entry, w.day) {
            title.late = true;
            late = true;
        }
    }
    match reason.filter(|reason| !reason.is_empty()) {
        Some(reason) => w.because(reason),
        None if late => return Err(late_reason_needed()),
        None => {}
    }
    Ok(())
}

async fn calendar<'t>(
    w: &mut Writer<'_>,
    areas: &Areas,
    titles: impl Iterator<Item = &'t Title>,
) -> Result<Calendar> {
    let (mut places, mut years) = (BTreeSet::new(), BTreeSet::new());
    for title in titles {
        places.extend([title.place(), areas.chain(title.place(), None)]);
        years.insert(title.year);
    }
    let (places, years): (Vec<_>, Vec<_>) =
        (places.into_iter().collect(), years.into_iter().collect());
    Calendar::load(w.db, &places, &years).await
}

/// Whether the kind has this level, and the holder stands where a title of the level belongs.
pub(super) fn check_level(areas: &Areas, holder: &Holder, level: Level) -> Result<()> {
    use crate::areas::AreaLevel;
    use crate::base::kind::Kind;
    let fits = holder.kind.levels().contains(&level)
        && match (holder.kind, areas.get(holder.area_id).level) {
            (Kind::Community, AreaLevel::Commune) => {
                (level == Level::Hamlet) == holder.hamlet_id.is_some()
                    && matches!(level, Level::Hamlet | Level::Commune)
            }
            (Kind::Community, AreaLevel::District) => level == Level::District,
            (Kind::Community, AreaLevel::Province) => level == Level::Province,
            (Kind::Community, AreaLevel::Country) => false,
            _ => true,
        };
    if fits {
        return Ok(());
    }
    Err(Error::unprocessable(
        "level_not_of_holder",
        say(
            format!("{} này không xét danh hiệu {}.", holder.kind.vi(), level.vi()),
            format!("This {} has no title of the level {level}.", holder.kind),
        ),
    ))
}

/// A community that ended with its hamlet or commune takes no title of a later year.
pub fn check_in_force(holder: &Holder, year: i16) -> Result<()> {
    match holder.ended_on {
        Some(end) if i32::from(year) > end.year() => Err(Error::conflict(
            "holder_ended",
            say(
                format!("Cộng đồng này đã kết thúc ngày {}.", end.format("%d/%m/%Y")),
                format!("This community ended on {end}."),
            ),
        )),
        _ => Ok(()),
    }
}

/// Stores scores while the title is open, computing its outcome anew.
pub async fn store_scores(
    db: &mut Conn,
    act: &Act,
    areas: &Areas,
    key: TitleKey,
    version: IfMatch,
    scores: &Scores,
    reason: Option<&str>,
) -> Result<()> {
    ledger::write(db, act, "title.score", async |w| {
        let (before, holder) = locked(w, areas, key, version).await?;
        if !is_open(before.status) {
            return Err(Error::conflict(
                "title_not_open",
                say(
                    format!("Danh hiệu {}; hãy trả lại trước khi sửa điểm.", before.status.vi()),
                    format!("The title is {}; return it before changing scores.", before.status),
                ),
            ));
        }
        let mut found = [(before.clone(), holder)];
        write::refresh(w.db, &mut found).await?;
        let [(mut after, _)] = found;
        let sets = criteria_rows::all(w.db).await?;
        let set = write::set_of(&sets, areas, &after, w.day);
        let mut errors = Vec::new();
        for (at, score) in [("/own_score", &scores.own), ("/verified_score", &scores.verified)] {
            if let Some(Some(score)) = score {
                errors.extend(check_score(score, set, at));
            }
        }
        if !errors.is_empty() {
            return Err(Error::invalid(errors));
        }
        put_score(&mut after.own_score, &scores.own)?;
        put_score(&mut after.verified_score, &scores.verified)?;
        after.assess(set);
        if after == before {
            return Ok(());
        }
        mark_late(w, areas, &mut [&mut after], Entry::Score, reason).await?;
        write::save_all(w, areas, vec![(before, after)], true).await
    })
    .await
}

fn put_score(to: &mut Option<serde_json::Value>, score: &Option<Option<Score>>) -> Result<()> {
    if let Some(score) = score {
        *to = score.as_ref().map(serde_json::to_value).transpose().map_err(Error::internal)?;
    }
    Ok(())
}

/// Without a set of its own a title takes a total, or only whether it passes.
pub fn check_score(score: &Score, set: Option<&CriteriaSet>, at: &str) -> Vec<FieldError> {
    match set {
        Some(set) => score.check(set.scheme, &set.rules, at),
        None => score.check(Scheme::Points, &Default::default(), at),
    }
}

/// Deletes a title that is no more than registered.
pub async fn delete(
    db: &mut Conn,
    act: &Act,
    areas: &Areas,
    key: TitleKey,
    version: IfMatch,
) -> Result<()> {
    ledger::write(db, act, "title.delete", async |w| {
        let (title, _) = locked(w, areas, key, version).await?;
        if title.status != Status::Registered {
            return Err(Error::conflict(
                "title_not_registered",
                say(
                    format!("Danh hiệu {} nên chỉ có thể rút, không thể xóa.", title.status.vi()),
                    format!("The title is {}: it can be withdrawn, not deleted.", title.status),
                ),
            ));
        }
        let calendar = calendar(w, areas, std::iter::once(&title)).await?;
        let key = (title.year, title.kind);
        if calendar.is_late(areas, title.place(), key, Entry::Registration, w.day) {
            return Err(Error::conflict(
                "registration_closed",
                say(
                    "Đã hết hạn đăng ký hoặc xã đã chốt: chỉ có thể rút, không thể xóa.",
                    "Registering has ended or the commune has closed: withdraw it instead.",
                ),
            ));
        }
        write::delete_all(w, areas, &[title]).await
    })
    .await
}

/// A title that the caller may write, its chain locked and its version checked.
pub(super) async fn locked(
    w: &mut Writer<'_>,
    areas: &Areas,
    key: TitleKey,
    version: IfMatch,
) -> Result<(Title, Holder)> {
    let caller = w.act.caller.clone();
    let (seen, _) = Title::find(w.db, areas, &caller, key).await?;
    w.lock(&[areas.chain(seen.area_id, seen.placed_id)]).await?;
    let (title, holder) = Title::find(w.db, areas, &caller, key).await?;
    chosen::writable(areas, &caller, &title)?;
    version.check(title.version)?;
    Ok((title, holder))
}

/// One step for every title of a choice, all or none; returns how many were changed.
pub async fn step(
    db: &mut Conn,
    act: &Act,
    areas: &Areas,
    choice: &Choice,
    step: Step,
    score: Option<&Score>,
    reason: Option<&str>,
) -> Result<usize> {
    if step.needs_reason() && reason.is_none_or(str::is_empty) {
        return Err(Error::invalid_field(
            "/reason",
            "required",
            say("Cần ghi lý do.", "A reason is needed."),
        ));
    }
    ledger::write(db, act, step.action(), async |w| {
        let found = chosen::choose(w, areas, choice).await?;
        let sets = criteria_rows::all(w.db).await?;
        let day = w.day;
        let mut after = found.clone();
        if matches!(step, Step::Assess | Step::Verify) {
            write::refresh(w.db, &mut after).await?;
        }
        let mut errors = Vec::new();
        for (n, (title, holder)) in after.iter_mut().enumerate() {
            let set = write::set_of(&sets, areas, title, day);
            if let Err(error) = take_step(title, step, score, set) {
                let problem = error.to_problem();
                if problem.errors.is_empty() {
                    errors.push(chosen::refusal(choice, n, holder, &error));
                } else {
                    return Err(error);
                }
            }
        }
        if !errors.is_empty() {
            return Err(chosen::refused(errors));
        }
        if matches!(step, Step::Assess | Step::Verify | Step::Reopen) {
            let mut titles: Vec<&mut Title> = after.iter_mut().map(|(title, _)| title).collect();
            mark_late(w, areas, &mut titles, Entry::Score, reason).await?;
        } else if let Some(reason) = reason.filter(|reason| !reason.is_empty()) {
            w.because(reason);
        }
        let changes: Vec<_> =
            found.into_iter().zip(after).map(|((before, _), (after, _))| (before, after)).collect();
        let changed = changes.len();
        write::save_all(w, areas, changes, step != Step::Return).await?;
        Ok(changed)
    })
    .await
}

/// What a step does to one title.
pub fn take_step(
    title: &mut Title,
    step: Step,
    score: Option<&Score>,
    set: Option<&CriteriaSet>,
) -> Result<()> {
    title.status = next(title.status, step)?;
    let stored = score.map(serde_json::to_value).transpose().map_err(Error::internal)?;
    if let Some(score) = score {
        let errors = check_score(score, set, "/score");
        if !errors.is_empty() {
            return Err(Error::invalid(errors));
        }
    }
    match step {
        Step::Assess => {
            title.own_score = stored.or(title.own_score.take());
            if title.own().is_none_or(|score| score.is_empty()) {
                return Err(Error::conflict(
                    "score_missing",
                    say("Chưa có điểm tự chấm.", "There is no score of its own yet."),
                ));
            }
        }
        // Without a score of its own, verifying confirms the holder's.
        Step::Verify => {
            title.verified_score =
                stored.or(title.verified_score.take()).or_else(|| title.own_score.clone());
        }
        Step::Return => title.verified_score = None,
        Step::Reopen => {
            title.decision_id = None;
            title.valid_through = title.year;
        }
        Step::Withdraw | Step::Recognise | Step::Decline | Step::Revoke | Step::Annul => {}
    }
    if matches!(step, Step::Assess | Step::Verify | Step::Return) {
        title.assess(set);
    }
    Ok(())
}
