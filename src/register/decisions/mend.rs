//! What mends a decision that was entered wrongly: annulling it, or correcting what its paper says.

use std::collections::HashMap;

use chrono::{NaiveDate, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::annul;
use super::rows::{Decision, Line, number_taken};
use crate::access::{Act, Caller};
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, FieldError, OnConstraint, Result, say};
use crate::base::kind::Status;
use crate::base::schema::{decision_titles, decisions, holders, titles, users};
use crate::ledger::audit::{Entity, Item};
use crate::ledger::{self, Writer};
use crate::register::holders::rows::Holder;
use crate::register::titles::choice::RecordRef;
use crate::register::titles::rows::{Title, TitleKey};
use crate::register::titles::{chosen, write};
use crate::wire::input::{IfMatch, stale};

/// What is to be written in place of what stands; the rest stays.
#[derive(Debug, Clone, Default)]
pub struct Correction {
    pub number: Option<String>,
    pub symbol: Option<String>,
    pub decided_on: Option<NaiveDate>,
    pub signatory_name: Option<String>,
    pub signatory_position: Option<String>,
    pub signatory_capacity: Option<String>,
}

impl Decision {
    /// In whose chain the decision itself stands: the area whose approver entered it.
    fn chain(&self) -> AreaId {
        self.version.area()
    }

    /// Annuls the decision for all its titles or for `records`: they are what they were before it.
    pub async fn annul(
        db: &mut Conn,
        act: &Act,
        areas: &Areas,
        id: Uuid,
        version: IfMatch,
        records: Option<&[RecordRef]>,
        reason: &str,
    ) -> Result<usize> {
        ledger::write(db, act, "decision.annul", async |w| {
            let seen = Self::find(w.db, &w.act.caller.clone(), id).await?;
            let mut chains = vec![seen.chain()];
            chains.extend(
                decided(w.db, id)
                    .await?
                    .values()
                    .map(|(title, _)| areas.chain(title.area_id, title.placed_id)),
            );
            w.lock(&chains).await?;
            w.because(reason);
            let before = Self::locked(w, id, version).await?;
            let standing = standing_lines(w.db, id).await?;
            let found = decided(w.db, id).await?;
            let (chosen, lines) = choose(areas, &w.act.caller, &standing, &found, records)?;
            let actor = w.act.caller.id;
            let mut errors = Vec::new();
            let mut changes = Vec::new();
            for (n, (line, (title, holder))) in lines.iter().zip(chosen).enumerate() {
                let mut after = title.clone();
                match annul(&mut after, line, id, actor) {
                    Ok(()) => changes.push((title.clone(), after)),
                    Err(error) => errors.push(refusal(records, n, &holder.code, &error)),
                }
            }
            if !errors.is_empty() {
                return Err(chosen::refused(errors));
            }
            let keys: Vec<TitleKey> = changes.iter().map(|(title, _)| title.key()).collect();
            write::save_all(w, areas, changes, false).await?;
            before.mark_annulled(w, &keys, standing.len(), reason).await?;
            Ok(keys.len())
        })
        .await
    }

    /// Corrects what the paper says; its annexed list stays as it is.
    pub async fn correct(
        db: &mut Conn,
        act: &Act,
        areas: &Areas,
        id: Uuid,
        version: IfMatch,
        correction: &Correction,
        reason: &str,
    ) -> Result<()> {
        ledger::write(db, act, "decision.correct", async |w| {
            let caller = w.act.caller.clone();
            let seen = Self::find(w.db, &caller, id).await?;
            if !areas.covers(caller.area, seen.chain()) {
                return Err(entered_elsewhere());
            }
            let mut chains = vec![seen.chain()];
            if correction.decided_on.is_some_and(|day| day != seen.decided_on) {
                let found = decided(w.db, id).await?.into_values();
                chains.extend(found.map(|(t, _)| areas.chain(t.area_id, t.placed_id)));
            }
            w.lock(&chains).await?;
            let before = Self::locked(w, id, version).await?;
            let after = before.corrected(correction);
            if areas.get(after.authority_area_id).version(after.decided_on).is_none() {
                return Err(Error::invalid_field(
                    "/decided_on",
                    "authority_not_then",
                    say(
                        "Ngày đó cơ quan ra quyết định chưa có hoặc không còn.",
                        "The authority did not exist on that day.",
                    ),
                ));
            }
            let item = Item::changed(Entity::Decision, id, before.fields(), after.fields());
            if before.fields() == after.fields() {
                return Ok(());
            }
            w.because(reason);
            diesel::update(decisions::table.find(id))
                .set((
                    decisions::number.eq(&after.number),
                    decisions::symbol.eq(&after.symbol),
                    decisions::decided_on.eq(after.decided_on),
                    decisions::signatory_name.eq(&after.signatory_name),
                    decisions::signatory_position.eq(&after.signatory_position),
                    decisions::signatory_capacity.eq(&after.signatory_capacity),
                    decisions::version.eq(w.version(before.chain())?),
                ))
                .execute(w.db)
                .await
                .on_constraint("decisions_number_key", number_taken)?;
            w.record(before.chain(), item).await?;
            if after.decided_on == before.decided_on {
                return Ok(());
            }
            // The figures by the day on the decision move with its titles.
            let found = decided(w.db, id).await?.into_values();
            let (from, to) = (before.decided_on, after.decided_on);
            let changes = found.filter_map(|(title, _)| redated(title, id, from, to)).collect();
            write::save_all(w, areas, changes, false).await
        })
        .await
    }

    /// The decision that has the caller's version and still stands, its row locked.
    async fn locked(w: &mut Writer<'_>, id: Uuid, version: IfMatch) -> Result<Self> {
        let found: Self =
            decisions::table.find(id).for_update().select(Self::as_select()).first(w.db).await?;
        version.check(found.version)?;
        if found.annulled_at.is_some() {
            return Err(Error::conflict(
                "decision_annulled",
                say("Quyết định này đã bị hủy.", "The decision has been annulled."),
            ));
        }
        Ok(found)
    }

    fn corrected(&self, correction: &Correction) -> Self {
        let or = |new: &Option<String>, old: &str| new.clone().unwrap_or_else(|| old.to_owned());
        Self {
            number: or(&correction.number, &self.number),
            symbol: or(&correction.symbol, &self.symbol),
            decided_on: correction.decided_on.unwrap_or(self.decided_on),
            signatory_name: or(&correction.signatory_name, &self.signatory_name),
            signatory_position: or(&correction.signatory_position, &self.signatory_position),
            signatory_capacity: or(&correction.signatory_capacity, &self.signatory_capacity),
            ..self.clone()
        }
    }

    /// Marks the lines of these titles, and the decision itself once none of its lines stands.
    async fn mark_annulled(
        &self,
        w: &mut Writer<'_>,
        keys: &[TitleKey],
        standing: usize,
        reason: &str,
    ) -> Result<()> {
        use decision_titles as lines;
        let (now, actor) = (Utc::now(), w.act.caller.id);
        let ids: Vec<Uuid> = keys.iter().map(|(holder, ..)| *holder).collect();
        let of_decision = lines::table
            .filter(lines::decision_id.eq(self.id).and(lines::annulled_at.is_null()))
            .filter(lines::holder_id.eq_any(ids))
            .select((lines::holder_id, lines::year, lines::level));
        let held: Vec<TitleKey> = of_decision.load(w.db).await?;
        for (holder, year, level) in held.into_iter().filter(|key| keys.contains(key)) {
            diesel::update(lines::table.find((self.id, holder, year, level)))
                .set((
                    lines::annulled_at.eq(now),
                    lines::annulled_by.eq(actor),
                    lines::annul_reason.eq(reason),
                ))
                .execute(w.db)
                .await?;
        }
        let whole = keys.len() == standing;
        let mut after = self.clone();
        after.version = w.version(self.chain())?;
        if whole {
            after.annulled_at = Some(now);
            after.annulled_by = Some(actor);
            after.annul_reason = reason.to_owned();
        }
        diesel::update(decisions::table.find(self.id))
            .set((
                decisions::version.eq(after.version),
                decisions::annulled_at.eq(after.annulled_at),
                decisions::annulled_by.eq(after.annulled_by),
                decisions::annul_reason.eq(&after.annul_reason),
            ))
            .execute(w.db)
            .await?;
        let before = self.fields().plain("standing_titles", standing);
        let after = after.fields().plain("standing_titles", standing - keys.len());
        w.record(self.chain(), Item::changed(Entity::Decision, self.id, before, after)).await
    }
}

/// A title before and after the day on one of its decisions was corrected: of the one that made it
/// what it is, or of the one that recognised it before it was revoked.
fn redated(title: Title, id: Uuid, from: NaiveDate, to: NaiveDate) -> Option<(Title, Title)> {
    let mut after = title.clone();
    if title.status == Status::Revoked && title.recognised_on == Some(from) {
        after.recognised_on = Some(to);
    }
    (title.decision_id == Some(id) || after != title).then_some((title, after))
}

/// The lines that were not annulled yet, in their order.
async fn standing_lines(db: &mut Conn, id: Uuid) -> Result<Vec<Line>> {
    Ok(decision_titles::table
        .filter(decision_titles::decision_id.eq(id).and(decision_titles::annulled_at.is_null()))
        .order(decision_titles::n)
        .select(Line::as_select())
        .load(db)
        .await?)
}

/// The titles of the lines of a decision, whoever asks.
async fn decided(db: &mut Conn, id: Uuid) -> Result<HashMap<TitleKey, (Title, Holder)>> {
    let found: Vec<(Title, Holder)> = titles::table
        .inner_join(holders::table)
        .inner_join(
            decision_titles::table.on(decision_titles::holder_id
                .eq(titles::holder_id)
                .and(decision_titles::year.eq(titles::year))
                .and(decision_titles::level.eq(titles::level))),
        )
        .filter(decision_titles::decision_id.eq(id))
        .select((Title::as_select(), Holder::as_select()))
        .load(db)
        .await?;
    Ok(found.into_iter().map(|(title, holder)| (title.key(), (title, holder))).collect())
}

type Chosen<'a> = (Vec<&'a (Title, Holder)>, Vec<&'a Line>);

/// The titles that are meant, with their lines; refuses them whole, with every reason.
fn choose<'a>(
    areas: &Areas,
    caller: &Caller,
    standing: &'a [Line],
    found: &'a HashMap<TitleKey, (Title, Holder)>,
    records: Option<&[RecordRef]>,
) -> Result<Chosen<'a>> {
    let by_key: HashMap<TitleKey, &Line> =
        standing.iter().map(|line| ((line.holder_id, line.year, line.level), line)).collect();
    let keys: Vec<TitleKey> = match records {
        Some(records) => records.iter().map(|r| (r.holder_id, r.year.get(), r.level)).collect(),
        None => standing.iter().map(|line| (line.holder_id, line.year, line.level)).collect(),
    };
    let mut errors = Vec::new();
    let mut chosen = (Vec::new(), Vec::new());
    for (n, key) in keys.iter().enumerate() {
        let code = by_key.get(key).map_or("", |line| &line.code);
        let known = records.and_then(|records| records.get(n)).map(|record| record.version);
        let checked = match (by_key.get(key), found.get(key)) {
            (Some(line), Some(pair)) => chosen::writable(areas, caller, &pair.0).and(match known {
                Some(known) if known != pair.0.version => Err(stale(pair.0.version)),
                _ => Ok((pair, *line)),
            }),
            _ => Err(Error::not_found()),
        };
        match checked {
            Ok((pair, line)) => {
                chosen.0.push(pair);
                chosen.1.push(line);
            }
            Err(error) => errors.push(refusal(records, n, code, &error)),
        }
    }
    if errors.is_empty() { Ok(chosen) } else { Err(chosen::refused(errors)) }
}

/// Why one title was refused, by the printed code of its holder.
fn refusal(records: Option<&[RecordRef]>, n: usize, code: &str, error: &Error) -> FieldError {
    let problem = error.to_problem();
    let pointer = if records.is_some() { format!("/records/{n}") } else { String::new() };
    let detail =
        say(format!("{code}: {}", problem.detail.vi), format!("{code}: {}", problem.detail.en));
    FieldError::new(pointer, problem.code, detail)
}

/// The user names of accounts.
pub async fn usernames(db: &mut Conn, ids: &[Uuid]) -> Result<HashMap<Uuid, String>> {
    let found: Vec<(Uuid, String)> = users::table
        .filter(users::id.eq_any(ids))
        .select((users::id, users::username))
        .load(db)
        .await?;
    Ok(found.into_iter().collect())
}

fn entered_elsewhere() -> Error {
    Error::forbidden(
        "area_not_covered",
        say(
            "Quyết định này do tài khoản của địa bàn khác ghi; hãy đề nghị nơi đó sửa.",
            "The decision was entered by another area; ask there to correct it.",
        ),
    )
}
