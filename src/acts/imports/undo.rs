//! Taking an import back: what it left is read from the entry that it made, and every record stands
//! again as it was before, unless somebody has changed it since.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::plan::AT_ONCE;
use super::rows::Import;
use super::trace::Trace;
use super::{ImportState, Summary};
use crate::access::Act;
use crate::areas::Areas;
use crate::base::db::Conn;
use crate::base::error::{Error, FieldError, Result, Say, say};
use crate::base::keys::Keys;
use crate::base::kind::Status;
use crate::base::schema::{audit_entries, holders};
use crate::base::text::search_key;
use crate::ledger::audit::{Entity, Item};
use crate::ledger::{self, Writer};
use crate::register::criteria::Outcome;
use crate::register::holders::Details;
use crate::register::holders::rows::Holder;
use crate::register::holders::{bulk, identifiers};
use crate::register::titles::rows::Title;
use crate::register::titles::write;

/// The most records that a refusal names.
const MOST_NAMED: usize = 500;

/// Takes an import back, whole or, with `partial`, as far as nobody stands in the way.
pub async fn undo(
    db: &mut Conn,
    act: &Act,
    (keys, areas): (&Keys, &Areas),
    import: &Import,
    partial: bool,
) -> Result<()> {
    ledger::write(db, act, "import.undo", async |w| {
        w.lock(&[import.area_id]).await?;
        let import = Import::locked(w, import.id).await?;
        if import.state == ImportState::Undone {
            return Ok(());
        }
        let traces = Trace::of_import(w.db, &import).await?;
        let ids: Vec<Uuid> = traces.iter().map(|trace| trace.holder).collect();
        let mut found = Holder::by_ids(w.db, &ids).await?;
        found.sort_by(|a, b| a.code.cmp(&b.code));
        let now: HashMap<Uuid, Holder> = found.iter().map(|h| (h.id, h.clone())).collect();
        let obstacles = obstacles(w.db, &import, &traces).await?;
        if !obstacles.is_empty() && !partial {
            return Err(in_the_way(&found, &obstacles));
        }
        let (kept, free): (Vec<_>, Vec<_>) = traces
            .into_iter()
            .filter(|trace| now.contains_key(&trace.holder))
            .partition(|trace| obstacles.contains_key(&trace.holder));
        restore(w, keys, areas, &import, &free, &now).await?;
        let summary = Summary { taken_back: free.len(), kept: kept.len(), ..import.summary() };
        import.end_undo(w, &summary).await
    })
    .await
}

/// By holder, why it cannot be taken back.
async fn obstacles(db: &mut Conn, import: &Import, traces: &[Trace]) -> Result<HashMap<Uuid, Say>> {
    // An import that was taken back has left nothing of what it touched.
    let undone = Import::undone_in_area(db, import.area_id).await?;
    let mut found: HashMap<Uuid, i64> = HashMap::new();
    for trace in traces {
        let mut later = trace.later.clone();
        for pair in &undone {
            let (applied, undone) = (pair.0.seq(), pair.1.seq());
            if later.contains(&applied) && later.contains(&undone) {
                later.remove(&applied);
                later.remove(&undone);
            }
        }
        if let Some(first) = later.iter().next() {
            found.insert(trace.holder, *first);
        }
    }
    let seqs: HashSet<i64> = found.values().copied().collect();
    let actions: Vec<(i64, String)> = audit_entries::table
        .filter(audit_entries::area_id.eq(import.area_id))
        .filter(audit_entries::seq.eq_any(seqs))
        .select((audit_entries::seq, audit_entries::action))
        .load(db)
        .await?;
    let actions: HashMap<i64, String> = actions.into_iter().collect();
    let mut reasons: HashMap<Uuid, Say> = found
        .into_iter()
        .map(|(holder, seq)| (holder, changed_by(actions.get(&seq).map_or("", String::as_str))))
        .collect();
    let new: Vec<Uuid> = traces.iter().filter(|t| t.is_new()).map(|t| t.holder).collect();
    for title in Title::all_of(db, &new).await? {
        if (title.year, title.level) != (import.year, import.level) {
            reasons.entry(title.holder_id).or_insert(say(
                format!("đã có danh hiệu năm {}", title.year),
                format!("it has a title of {}", title.year),
            ));
        }
    }
    for holder in with_members(db, &new).await? {
        reasons.entry(holder).or_insert(say(
            "đã có công dân thuộc gia đình hoặc đơn vị này",
            "citizens belong to it",
        ));
    }
    Ok(reasons)
}

/// The families and units among these to which somebody belongs. Each side has its index: no question
/// asks for both.
async fn with_members(db: &mut Conn, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    let mut found = Vec::new();
    for part in ids.chunks(AT_ONCE) {
        let families = holders::table.filter(holders::family_id.eq_any(part));
        let families = families.select(holders::family_id.assume_not_null());
        found.extend(families.load::<Uuid>(db).await?);
        let units = holders::table.filter(holders::unit_id.eq_any(part));
        found.extend(units.select(holders::unit_id.assume_not_null()).load::<Uuid>(db).await?);
    }
    Ok(found)
}

/// What was done since, as the trail names it.
fn changed_by(action: &str) -> Say {
    match action {
        "import.apply" => say("một danh sách nhập sau đã sửa", "a later list changed it"),
        "import.undo" => {
            say("việc hoàn tác một danh sách khác đã sửa", "taking back a list changed it")
        }
        action if action.starts_with("decision.") => {
            say("đã có quyết định về danh hiệu này", "a decision was taken on its title")
        }
        action if action.starts_with("title.") => {
            say("hồ sơ danh hiệu đã được xử lý tiếp", "its title went on")
        }
        action if action.starts_with("move") => say("đã chuyển xã", "it moved"),
        _ => say("đã được sửa sau khi nhập", "it was changed since"),
    }
}

fn in_the_way(found: &[Holder], obstacles: &HashMap<Uuid, Say>) -> Error {
    let errors = found.iter().filter_map(|holder| {
        let reason = obstacles.get(&holder.id)?;
        let detail = say(
            format!("{}: {}.", holder.code, reason.vi),
            format!("{}: {}.", holder.code, reason.en),
        );
        Some(FieldError::new(String::new(), "changed_since", detail))
    });
    let n = obstacles.len();
    Error::conflict(
        "import_built_upon",
        say(
            format!(
                "{n} bản ghi của danh sách đã được sửa sau khi nhập nên chưa hoàn tác gì. Có thể hoàn \
                 tác phần còn lại (partial)."
            ),
            format!("{n} records were changed since; nothing was taken back."),
        ),
    )
    .with_errors(errors.take(MOST_NAMED).collect())
}

/// Puts holders and titles back as they were, and deletes those that the import made.
async fn restore(
    w: &mut Writer<'_>,
    keys: &Keys,
    areas: &Areas,
    import: &Import,
    traces: &[Trace],
    now: &HashMap<Uuid, Holder>,
) -> Result<()> {
    let (mut deleted, mut saved) = (Vec::new(), Vec::new());
    for (title, change) in traces.iter().filter_map(|trace| trace.of_title.as_ref()) {
        match &change.before {
            None => deleted.push(title.clone()),
            Some(before) => saved.push((title.clone(), title_before(title, before)?)),
        }
    }
    write::delete_all(w, areas, &deleted).await?;
    write::save_all(w, areas, saved, false).await?;
    let version = w.version(import.area_id)?;
    let ids: Vec<Uuid> = traces.iter().map(|trace| trace.holder).collect();
    let numbers = identifiers::numbers(w.db, keys, &ids).await?;
    let (mut gone, mut changed, mut released, mut items) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for trace in traces {
        let (Some(change), Some(holder)) = (&trace.of_holder, now.get(&trace.holder)) else {
            continue;
        };
        let number = numbers.get(&holder.id).map(String::as_str);
        let Some(before) = &change.before else {
            gone.push(holder.id);
            items.push(Item::deleted(Entity::Holder, holder.id, holder.fields(number)));
            continue;
        };
        let after = Holder { version, ..holder_before(holder, before)? };
        let gave = before.get("number").is_some_and(Value::is_null)
            && change.after.get("number").is_some_and(Value::is_string);
        released.extend(gave.then_some(holder.id));
        let left = number.filter(|_| !gave);
        items.push(Item::changed(
            Entity::Holder,
            holder.id,
            holder.fields(number),
            after.fields(left),
        ));
        changed.push(after);
    }
    identifiers::release_all(w, &released).await?;
    bulk::update_all(w, &changed).await?;
    bulk::delete_all(w, &gone).await?;
    w.record_all(import.area_id, &items).await
}

fn holder_before(holder: &Holder, fields: &Map<String, Value>) -> Result<Holder> {
    let mut before = holder.clone();
    for (name, value) in fields {
        match name.as_str() {
            "hamlet" => before.hamlet_id = value.as_str().and_then(|id| id.parse().ok()),
            "group" => before.group_code = value.as_str().unwrap_or_default().to_owned(),
            "name" => before.name = value.as_str().unwrap_or_default().to_owned(),
            "details" => before.details = value.clone(),
            _ => {}
        }
    }
    before.search_key = search_key(&before.name);
    let details = Details::read(before.kind, before.details.clone()).map_err(Error::internal)?;
    before.birth_year = details.birth_year();
    Ok(before)
}

fn title_before(title: &Title, fields: &Map<String, Value>) -> Result<Title> {
    let mut before = title.clone();
    let unreadable = |name: &str| Error::internal(format!("the trail's {name} of a title"));
    for (name, value) in fields {
        let text = value.as_str().unwrap_or_default();
        let id = || value.as_str().and_then(|id| id.parse().ok());
        match name.as_str() {
            "group" => before.group_code = text.to_owned(),
            "status" => before.status = Status::parse(text).ok_or_else(|| unreadable(name))?,
            "grade" => before.grade = text.to_owned(),
            "valid_through" => {
                let year = value.as_i64().ok_or_else(|| unreadable(name))?;
                before.valid_through = year as i16;
            }
            "difficult" => before.difficult = value.as_bool().unwrap_or_default(),
            "own_score" => before.own_score = Some(value.clone()).filter(|v| !v.is_null()),
            "verified_score" => {
                before.verified_score = Some(value.clone()).filter(|v| !v.is_null())
            }
            "outcome" => before.outcome = Outcome::parse(text).ok_or_else(|| unreadable(name))?,
            "criteria_set" => before.criteria_set_id = id(),
            "import" => before.import_id = id(),
            _ => {}
        }
    }
    Ok(before)
}
