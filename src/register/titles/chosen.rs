//! The titles that a batch means, locked, with every reason against it.

use std::collections::HashMap;

use uuid::Uuid;

use super::choice::{Choice, MOST};
use super::filter::TitleFilter;
use super::listing;
use super::rows::Title;
use crate::access::Caller;
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, FieldError, Result, say};
use crate::ledger::Writer;
use crate::register::holders::rows::Holder;
use crate::wire::input::stale;

/// The titles that a batch means, with the heads of their chains locked: whoever writes titles holds
/// the head of their chain, so that they stay as read until the transaction ends.
pub async fn choose(
    w: &mut Writer<'_>,
    areas: &Areas,
    choice: &Choice,
) -> Result<Vec<(Title, Holder)>> {
    lock_chosen(w, areas, std::slice::from_ref(choice), &[]).await?;
    chosen(w, areas, choice).await
}

/// Locks the chains of several choices at once, and those of `also`.
pub async fn lock_chosen(
    w: &mut Writer<'_>,
    areas: &Areas,
    choices: &[Choice],
    also: &[AreaId],
) -> Result<()> {
    let mut chains = also.to_vec();
    for choice in choices {
        let found = load_choice(w.db, areas, &w.act.caller, choice).await?;
        chains.extend(found.iter().map(|(title, _)| areas.chain(title.area_id, title.placed_id)));
    }
    w.lock(&chains).await
}

/// The titles of a choice whose chains are locked; refuses it whole, with every reason.
pub async fn chosen(
    w: &mut Writer<'_>,
    areas: &Areas,
    choice: &Choice,
) -> Result<Vec<(Title, Holder)>> {
    let caller = w.act.caller.clone();
    let mut found = load_choice(w.db, areas, &caller, choice).await?;
    let mut errors = Vec::new();
    match choice {
        Choice::Select { at, expected, .. } => {
            if found.len() as i64 != *expected {
                return Err(Error::conflict(
                    "count_differs",
                    say(
                        format!("Lựa chọn có {} danh hiệu, không phải {expected}.", found.len()),
                        format!("The selection holds {} titles, not {expected}.", found.len()),
                    ),
                )
                .with_errors(vec![FieldError::new(
                    format!("{at}/expected"),
                    "count_differs",
                    say(found.len().to_string(), found.len().to_string()),
                )]));
            }
            found.sort_by_key(|(title, _)| title.key());
        }
        Choice::Records { records, .. } => {
            let mut by_key: HashMap<_, _> =
                found.into_iter().map(|(title, holder)| (title.key(), (title, holder))).collect();
            found = Vec::new();
            for (n, record) in records.iter().enumerate() {
                let key = (record.holder_id, record.year.get(), record.level);
                match by_key.remove(&key) {
                    None => errors.push(FieldError::new(
                        choice.pointer(n),
                        "not_found",
                        say("Không tìm thấy danh hiệu này.", "No such title is visible."),
                    )),
                    Some((title, holder)) => {
                        if title.version != record.version {
                            errors.push(refusal(choice, n, &holder, &stale(title.version)));
                        }
                        found.push((title, holder));
                    }
                }
            }
        }
    }
    for (n, (title, holder)) in found.iter().enumerate() {
        if let Err(error) = writable(areas, &caller, title) {
            errors.push(refusal(choice, n, holder, &error));
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(refused(errors)) }
}

async fn load_choice(
    db: &mut Conn,
    areas: &Areas,
    caller: &Caller,
    choice: &Choice,
) -> Result<Vec<(Title, Holder)>> {
    let titles = match choice {
        Choice::Records { records, .. } => Title::by_keys(db, records).await?,
        Choice::Select { selection, area, .. } => {
            let filter = TitleFilter {
                kind: Some(selection.kind),
                level: Some(selection.level.unwrap_or(selection.kind.default_level())),
                area: Some(*area),
                year: Some(selection.year.get()),
                status: Some(selection.status),
                hamlet: selection.hamlet,
                import: selection.import,
                outcome: selection.outcome,
                ..TitleFilter::default()
            };
            listing::all(db, areas, caller, &filter, MOST).await?
        }
    };
    if titles.len() > MOST {
        return Err(Error::conflict(
            "too_many",
            say(
                "Lựa chọn có hơn 20.000 danh hiệu; hãy chia nhỏ, ví dụ theo thôn.",
                "The selection holds more than 20,000 titles; divide it, by hamlet say.",
            ),
        ));
    }
    let ids: Vec<Uuid> = titles.iter().map(|title| title.holder_id).collect();
    let holders: HashMap<Uuid, Holder> =
        Holder::by_ids(db, &ids).await?.into_iter().map(|holder| (holder.id, holder)).collect();
    let with_holder = |title: Title| {
        let holder = holders.get(&title.holder_id)?.clone();
        title.is_visible(areas, caller, &holder).then_some((title, holder))
    };
    Ok(titles.into_iter().filter_map(with_holder).collect())
}

/// 409 with every title that was refused; nothing was changed.
pub fn refused(errors: Vec<FieldError>) -> Error {
    Error::conflict(
        "titles_refused",
        say(
            format!("{} danh hiệu không đủ điều kiện; chưa thay đổi gì.", errors.len()),
            format!("{} titles were refused; nothing was changed.", errors.len()),
        ),
    )
    .with_errors(errors)
}

/// Why one chosen title was refused; the printed code names its holder.
pub fn refusal(choice: &Choice, n: usize, holder: &Holder, error: &Error) -> FieldError {
    let problem = error.to_problem();
    let detail = say(
        format!("{}: {}", holder.code, problem.detail.vi),
        format!("{}: {}", holder.code, problem.detail.en),
    );
    FieldError::new(choice.pointer(n), problem.code, detail)
}

/// Whether the caller may change it: its area covers the one area that keeps the title today.
pub fn writable(areas: &Areas, caller: &Caller, title: &Title) -> Result<()> {
    crate::register::hamlets::writable(areas, caller, title.place()).map(|_| ())
}
