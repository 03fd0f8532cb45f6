//! Merging two holders into one, with all that an undo needs.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::links::{linked, refer, relink};
use super::{Stays, check_pair, joined, reconcile};
use crate::access::{Act, Caller};
use crate::areas::Areas;
use crate::base::db::Conn;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::keys::Keys;
use crate::base::kind::{Kind, Level};
use crate::base::schema::{area_scopes, holder_identifiers, holders, merges};
use crate::base::version::Version;
use crate::ledger::audit::{Entity, Item};
use crate::ledger::{self, Writer};
use crate::register::apart::{Apart, renew};
use crate::register::hamlets::writable;
use crate::register::holders::erased::refuse_erased;
use crate::register::holders::identifiers;
use crate::register::holders::rows::{Holder, Number};
use crate::register::titles::hand_over::hand_over;
use crate::register::titles::rows::Title;
use crate::register::titles::write::delete_all;
use crate::wire::input::{IfMatch, stale};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = merges)]
pub struct Merge {
    pub id: Uuid,
    pub survivor_id: Uuid,
    pub merged_id: Uuid,
    pub merged_code: String,
    pub kind: Kind,
    pub area_id: i32,
    pub day: NaiveDate,
    pub merged_by: Uuid,
    pub sealed: Option<Vec<u8>>,
    pub undone_on: Option<NaiveDate>,
    pub version: Version,
}

/// Both as they were, and what the merge left: all that an undo needs. Stored encrypted.
#[derive(Serialize, Deserialize)]
pub(super) struct Before {
    pub survivor: Holder,
    pub merged: Holder,
    pub merged_number: Option<Number>,
    /// Whether the survivor had no number of its own and took the other's.
    pub number_taken: bool,
    /// Titles that gave way to others of their year and level.
    pub dropped: Vec<Title>,
    /// Titles that the merged holder brought.
    pub given: Vec<(i16, Level)>,
    /// All titles of the survivor after the merge, with their versions.
    pub left: Vec<(i16, Level, Version)>,
    /// Who belonged to the merged family or unit.
    pub linked: Vec<Uuid>,
    /// Whom the merged holder was said not to be: what the survivor is not either from now on, and what
    /// went with the merged one.
    #[serde(default)]
    pub apart: (Vec<Apart>, Vec<Apart>),
}

/// What is asked: the two, each in the version that the caller knows.
pub struct Wanted<'a> {
    pub survivor: &'a Holder,
    pub other: &'a Holder,
    pub version: IfMatch,
    pub other_version: Version,
    pub reason: &'a str,
}

impl Merge {
    /// A merge in the caller's area.
    pub async fn find(db: &mut Conn, caller: &Caller, id: Uuid) -> Result<Self> {
        let covered = area_scopes::table
            .filter(area_scopes::area_id.eq(caller.area))
            .select(area_scopes::covered_id);
        Ok(merges::table
            .filter(merges::id.eq(id).and(merges::area_id.eq_any(covered)))
            .select(Self::as_select())
            .first(db)
            .await?)
    }

    /// What was merged into a holder, the latest first.
    pub async fn of_holder(db: &mut Conn, holder: Uuid) -> Result<Vec<Self>> {
        Ok(merges::table
            .filter(merges::survivor_id.eq(holder))
            .order(merges::id.desc())
            .select(Self::as_select())
            .load(db)
            .await?)
    }

    pub async fn make(
        db: &mut Conn,
        act: &Act,
        (keys, areas): (&Keys, &Areas),
        wanted: &Wanted<'_>,
    ) -> Result<Uuid> {
        let pair = [wanted.survivor.id, wanted.other.id];
        ledger::write(db, act, "holder.merge", async |w| {
            check_pair(wanted.survivor, wanted.other, (None, None))?;
            let chain = writable(areas, &act.caller, wanted.survivor.area_id)?;
            writable(areas, &act.caller, wanted.other.area_id)?;
            let titles = Title::all_of(w.db, &pair).await?;
            let people = linked(w.db, wanted.other.id).await?;
            let mut chains = vec![chain, areas.chain(wanted.other.area_id, None)];
            chains.extend(titles.iter().map(|t| areas.chain(t.area_id, t.placed_id)));
            chains.extend(people.iter().map(|person| areas.chain(person.area_id, None)));
            w.lock(&chains).await?;
            w.because(wanted.reason);
            let (survivor, merged) = both(w, wanted).await?;
            let titles = Title::all_of(w.db, &pair).await?;
            let people = linked(w.db, merged.id).await?;
            join(w, (keys, areas), survivor, merged, titles, people).await
        })
        .await
    }
}

/// Both, locked in the order of their ids, in the versions that the caller knows.
async fn both(w: &mut Writer<'_>, wanted: &Wanted<'_>) -> Result<(Holder, Holder)> {
    let mut found = Holder::hold(w, &[wanted.survivor.id, wanted.other.id]).await?;
    let mut take = |id: Uuid| {
        let at = found.iter().position(|holder| holder.id == id);
        at.map(|at| found.remove(at)).ok_or_else(Error::not_found)
    };
    let (survivor, other) = (take(wanted.survivor.id)?, take(wanted.other.id)?);
    wanted.version.check(survivor.version)?;
    if survivor.version != wanted.survivor.version {
        return Err(stale(survivor.version));
    }
    if other.version != wanted.other_version {
        return Err(Error::conflict(
            "other_changed",
            say(
                "Đối tượng kia đã được người khác sửa; hãy đọc lại.",
                "The other holder has been changed since; read it again.",
            ),
        ));
    }
    Ok((survivor, other))
}

async fn join(
    w: &mut Writer<'_>,
    (keys, areas): (&Keys, &Areas),
    survivor: Holder,
    merged: Holder,
    titles: Vec<Title>,
    people: Vec<Holder>,
) -> Result<Uuid> {
    let mut numbers = identifiers::numbers(w.db, keys, &[survivor.id, merged.id]).await?;
    let (own, others) = (numbers.remove(&survivor.id), numbers.remove(&merged.id));
    refuse_erased(w.db, &[survivor.id, merged.id]).await?;
    check_pair(&survivor, &merged, (own.as_deref(), others.as_deref()))?;
    let (dropped, given) = settle(&survivor, titles)?;
    delete_all(w, areas, &dropped).await?;
    hand_over(w, areas, &given, survivor.id).await?;
    let given: Vec<(i16, Level)> = given.iter().map(|t| (t.year, t.level)).collect();
    let linked = people.iter().map(|person| person.id).collect();

    let (chain, other_chain) =
        (areas.chain(survivor.area_id, None), areas.chain(merged.area_id, None));
    let after = Holder { version: w.version(chain)?, ..joined(&survivor, &merged) };
    let merged_number = number_of(w.db, merged.id, others.clone()).await?;
    let number_taken = own.is_none() && merged_number.is_some();
    identifiers::release_all(w, &[merged.id]).await?;
    if let (true, Some((scheme, number))) = (number_taken, &merged_number) {
        let claim = [(survivor.id, *scheme, number.clone())];
        identifiers::claim_all(w, keys, &claim).await?;
    }
    relink(w, areas, people, &merged, &after).await?;
    refer(w, &merged, &given, merged.id, after.id).await?;
    let own_apart = Apart::of(w.db, &[survivor.id]).await?;
    let apart = apart_of(w.db, &own_apart, merged.id, survivor.id).await?;
    diesel::delete(holders::table.find(merged.id)).execute(w.db).await?;
    diesel::update(holders::table.find(after.id)).set(&after).execute(w.db).await?;
    let followed: Vec<Apart> = apart.0.iter().map(|p| p.of_other(merged.id, after.id)).collect();
    Apart::insert(w.db, &followed).await?;
    renew(w.db, &own_apart).await?;

    let number = own.as_deref().or(others.as_deref());
    let joined = after.fields(number).plain("merged", merged.id.to_string());
    let item = Item::changed(Entity::Holder, after.id, survivor.fields(own.as_deref()), joined);
    w.record(chain, item).await?;
    let gone = merged.fields(others.as_deref());
    let into = crate::ledger::audit::Fields::new().plain("merged_into", after.id.to_string());
    w.record(other_chain, Item::changed(Entity::Holder, merged.id, gone, into)).await?;

    let left = stand(&Title::all_of(w.db, &[after.id]).await?);
    let (id, code, kind) = (Uuid::now_v7(), merged.code.clone(), merged.kind);
    let (survivor_id, merged_id) = (after.id, merged.id);
    let before = Before {
        survivor,
        merged,
        merged_number,
        number_taken,
        dropped,
        given,
        left,
        linked,
        apart,
    };
    let text = serde_json::to_vec(&before).map_err(Error::internal)?;
    let made = Merge {
        id,
        survivor_id,
        merged_id,
        merged_code: code,
        kind,
        area_id: chain,
        day: w.day,
        merged_by: w.act.caller.id,
        sealed: Some(keys.seal(id.as_bytes(), &text)),
        undone_on: None,
        version: after.version,
    };
    diesel::insert_into(merges::table).values(&made).execute(w.db).await?;
    Ok(id)
}

/// Which titles give way and which change hands; equals are refused, each by name.
fn settle(survivor: &Holder, titles: Vec<Title>) -> Result<(Vec<Title>, Vec<Title>)> {
    let (own, others): (Vec<Title>, Vec<Title>) =
        titles.into_iter().partition(|title| title.holder_id == survivor.id);
    let (mut dropped, mut given, mut errors) = (Vec::new(), Vec::new(), Vec::new());
    for other in others {
        let same = own.iter().find(|t| (t.year, t.level) == (other.year, other.level));
        match same.map(|own| (own, reconcile(own.status, other.status))) {
            None => given.push(other),
            Some((_, Some(Stays::Survivors))) => dropped.push(other),
            Some((own, Some(Stays::Others))) => {
                dropped.push(own.clone());
                given.push(other);
            }
            Some((own, None)) => errors.push(FieldError::new(
                "/other",
                "titles_equal",
                say(
                    format!(
                        "Danh hiệu năm {} {} của cả hai đều {}; hãy xử lý một bên trước.",
                        own.year,
                        own.level.vi(),
                        own.status.vi()
                    ),
                    format!(
                        "Both have a title of {} ({}) that is {}: settle one first.",
                        own.year, own.level, own.status
                    ),
                ),
            )),
        }
    }
    if errors.is_empty() {
        return Ok((dropped, given));
    }
    Err(Error::conflict(
        "titles_equal",
        say(
            format!("{} danh hiệu trùng nhau nên chưa thể gộp.", errors.len()),
            format!("{} titles are equal, so that the holders cannot be merged.", errors.len()),
        ),
    )
    .with_errors(errors))
}

/// Whom `merged` was said not to be: those whom the survivor is not either from now on, and those of
/// whom that is known of the survivor already or makes no sense any more.
async fn apart_of(
    db: &mut Conn,
    own: &[Apart],
    merged: Uuid,
    survivor: Uuid,
) -> Result<(Vec<Apart>, Vec<Apart>)> {
    let known: Vec<(Uuid, Uuid)> = own.iter().map(Apart::pair).collect();
    let found = Apart::of(db, &[merged]).await?;
    Ok(found.into_iter().partition(|apart| {
        let (one, other) = apart.of_other(merged, survivor).pair();
        one != other && !known.contains(&(one, other))
    }))
}

/// Year, level and version of each.
pub(super) fn stand(titles: &[Title]) -> Vec<(i16, Level, Version)> {
    titles.iter().map(|title| (title.year, title.level, title.version)).collect()
}

async fn number_of(db: &mut Conn, holder: Uuid, number: Option<String>) -> Result<Option<Number>> {
    let Some(number) = number else { return Ok(None) };
    let scheme = holder_identifiers::table
        .filter(holder_identifiers::holder_id.eq(holder))
        .select(holder_identifiers::scheme)
        .first(db)
        .await?;
    Ok(Some((scheme, number)))
}
