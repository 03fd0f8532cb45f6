//! Merging two holders into one, and taking the merge back.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Stays, changed_since, check_pair, joined, reconcile};
use crate::areas::{AreaId, Areas};
use crate::audit::{Entity, Item};
use crate::auth::{Act, Caller};
use crate::db::Conn;
use crate::error::{Error, FieldError, Result, say};
use crate::hamlets::writable;
use crate::holders::erased::refuse_erased;
use crate::holders::identifiers;
use crate::holders::merged::with_merged;
use crate::holders::rows::{Holder, Number};
use crate::input::{IfMatch, stale};
use crate::keys::Keys;
use crate::kind::{Kind, Level};
use crate::ledger::{self, Writer};
use crate::schema::{area_scopes, decision_titles, holder_identifiers, holders, merges, moves};
use crate::titles::hand_over::{hand_over, put_back};
use crate::titles::rows::Title;
use crate::titles::write::delete_all;
use crate::version::Version;

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
struct Before {
    survivor: Holder,
    merged: Holder,
    merged_number: Option<Number>,
    /// Whether the survivor had no number of its own and took the other's.
    number_taken: bool,
    /// Titles that gave way to others of their year and level.
    dropped: Vec<Title>,
    /// Titles that the merged holder brought.
    given: Vec<(i16, Level)>,
    /// All titles of the survivor after the merge, with their versions.
    left: Vec<(i16, Level, Version)>,
    /// Who belonged to the merged family or unit.
    linked: Vec<Uuid>,
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

    /// Makes two of one again, as they were.
    pub async fn undo(
        db: &mut Conn,
        act: &Act,
        (keys, areas): (&Keys, &Areas),
        known: &Self,
        reason: &str,
    ) -> Result<()> {
        ledger::write(db, act, "holder.unmerge", async |w| {
            let before = known.before(keys)?;
            let held = Title::all_of(w.db, &[known.survivor_id]).await?;
            let people = Holder::by_ids(w.db, &before.linked).await?;
            let chain = areas.chain(before.survivor.area_id, None);
            writable(areas, &act.caller, chain)?;
            let mut chains = vec![chain, areas.chain(before.merged.area_id, None)];
            let of_title = |t: &Title| areas.chain(t.area_id, t.placed_id);
            chains.extend(held.iter().chain(&before.dropped).map(of_title));
            chains.extend(people.iter().map(|person| areas.chain(person.area_id, None)));
            w.lock(&chains).await?;
            w.because(reason);
            known.split(w, (keys, areas), before).await
        })
        .await
    }

    fn before(&self, keys: &Keys) -> Result<Before> {
        let sealed = match (&self.sealed, self.undone_on) {
            (_, Some(_)) => {
                return Err(Error::conflict(
                    "merge_undone",
                    say("Việc gộp này đã được tách lại.", "The merge was undone already."),
                ));
            }
            (None, _) => {
                return Err(Error::conflict(
                    "merge_erased",
                    say(
                        "Dữ liệu cá nhân đã xóa nên không thể tách lại.",
                        "Personal data was erased since: the merge stays.",
                    ),
                ));
            }
            (Some(sealed), None) => sealed,
        };
        let text = keys.open(self.id.as_bytes(), sealed).map_err(Error::internal)?;
        serde_json::from_slice(&text).map_err(Error::internal)
    }

    async fn split(
        &self,
        w: &mut Writer<'_>,
        (keys, areas): (&Keys, &Areas),
        before: Before,
    ) -> Result<()> {
        let current: Option<Self> = merges::table
            .filter(merges::id.eq(self.id).and(merges::undone_on.is_null()))
            .for_update()
            .select(Self::as_select())
            .first(w.db)
            .await
            .optional()?;
        let now: Option<Holder> = holders::table
            .find(self.survivor_id)
            .for_update()
            .select(Holder::as_select())
            .first(w.db)
            .await
            .optional()?;
        let (Some(_), Some(now)) = (current, now) else { return Err(changed_since()) };
        let held = Title::all_of(w.db, &[self.survivor_id]).await?;
        if now.version != self.version || stand(&held) != before.left {
            return Err(changed_since());
        }
        let chain = areas.chain(before.survivor.area_id, None);
        let other_chain = areas.chain(before.merged.area_id, None);
        let survivor = Holder { version: w.version(chain)?, ..before.survivor };
        let merged = Holder { version: w.version(other_chain)?, ..before.merged };
        diesel::insert_into(holders::table).values(&merged).execute(w.db).await?;
        let number = before.merged_number;
        if before.number_taken {
            identifiers::release_all(w, &[survivor.id]).await?;
        }
        if let Some((scheme, number)) = &number {
            let claim = [(merged.id, *scheme, number.clone())];
            identifiers::claim_all(w, keys, &claim).await?;
        }
        diesel::update(holders::table.find(survivor.id)).set(&survivor).execute(w.db).await?;
        let back: Vec<Title> =
            held.into_iter().filter(|t| before.given.contains(&(t.year, t.level))).collect();
        hand_over(w, areas, &back, merged.id).await?;
        put_back(w, areas, before.dropped).await?;
        let people = Holder::by_ids(w.db, &before.linked).await?;
        relink(w, areas, people, &survivor, &merged).await?;
        refer(w, &merged, &before.given, survivor.id, merged.id).await?;
        let number = number.as_ref().map(|(_, number)| number.as_str());
        let taken = number.filter(|_| before.number_taken);
        let items =
            [Item::changed(Entity::Holder, now.id, now.fields(taken), survivor.fields(None))];
        w.record_all(chain, &items).await?;
        let made = Item::created(Entity::Holder, merged.id, merged.fields(number));
        w.record(other_chain, made).await?;
        diesel::update(merges::table.find(self.id))
            .set((merges::undone_on.eq(w.day), merges::sealed.eq(None::<Vec<u8>>)))
            .execute(w.db)
            .await?;
        Ok(())
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
    diesel::delete(holders::table.find(merged.id)).execute(w.db).await?;
    diesel::update(holders::table.find(after.id)).set(&after).execute(w.db).await?;

    let number = own.as_deref().or(others.as_deref());
    let joined = after.fields(number).plain("merged", merged.id.to_string());
    let item = Item::changed(Entity::Holder, after.id, survivor.fields(own.as_deref()), joined);
    w.record(chain, item).await?;
    let gone = merged.fields(others.as_deref());
    let into = crate::audit::Fields::new().plain("merged_into", after.id.to_string());
    w.record(other_chain, Item::changed(Entity::Holder, merged.id, gone, into)).await?;

    let left = stand(&Title::all_of(w.db, &[after.id]).await?);
    let (id, code, kind) = (Uuid::now_v7(), merged.code.clone(), merged.kind);
    let (survivor_id, merged_id) = (after.id, merged.id);
    let before =
        Before { survivor, merged, merged_number, number_taken, dropped, given, left, linked };
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

/// Year, level and version of each.
fn stand(titles: &[Title]) -> Vec<(i16, Level, Version)> {
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

/// The citizens of a family or unit.
async fn linked(db: &mut Conn, holder: Uuid) -> Result<Vec<Holder>> {
    Ok(holders::table
        .filter(holders::family_id.eq(holder).or(holders::unit_id.eq(holder)))
        .order(holders::id)
        .select(Holder::as_select())
        .load(db)
        .await?)
}

/// Lets citizens belong to `to` who belonged to `from`.
async fn relink(
    w: &mut Writer<'_>,
    areas: &Areas,
    people: Vec<Holder>,
    from: &Holder,
    to: &Holder,
) -> Result<()> {
    for before in people {
        let chain: AreaId = areas.chain(before.area_id, None);
        let mut after = before.clone();
        after.version = w.version(chain)?;
        for (link, field) in [(&mut after.family_id, "family"), (&mut after.unit_id, "unit")] {
            if *link == Some(from.id) {
                *link = Some(to.id);
                after.details[field] = to.code.clone().into();
            }
        }
        if after.details == before.details {
            continue;
        }
        diesel::update(holders::table.find(after.id)).set(&after).execute(w.db).await?;
        let item = Item::changed(Entity::Holder, after.id, before.fields(None), after.fields(None));
        w.record(chain, item).await?;
    }
    Ok(())
}

/// Lets the lines of decisions and the moves of the merged holder (known by the codes in them) lead to
/// whoever has its titles now; what they say stays as it was that day.
async fn refer(
    w: &mut Writer<'_>,
    merged: &Holder,
    given: &[(i16, Level)],
    from: Uuid,
    to: Uuid,
) -> Result<()> {
    let ids = with_merged(w.db, &[merged.id]).await?;
    let mut codes: Vec<String> = merges::table
        .filter(merges::merged_id.eq_any(ids))
        .select(merges::merged_code)
        .load(w.db)
        .await?;
    codes.push(merged.code.clone());
    for (year, level) in given {
        let there: Vec<Uuid> = decision_titles::table
            .filter(decision_titles::holder_id.eq(to))
            .filter(decision_titles::year.eq(year).and(decision_titles::level.eq(level)))
            .select(decision_titles::decision_id)
            .load(w.db)
            .await?;
        diesel::update(decision_titles::table)
            .filter(decision_titles::holder_id.eq(from).and(decision_titles::code.eq_any(&codes)))
            .filter(decision_titles::year.eq(year).and(decision_titles::level.eq(level)))
            .filter(decision_titles::decision_id.ne_all(there))
            .set(decision_titles::holder_id.eq(to))
            .execute(w.db)
            .await?;
    }
    diesel::update(moves::table)
        .filter(moves::holder_id.eq(from).and(moves::code.eq_any(codes)))
        .set(moves::holder_id.eq(to))
        .execute(w.db)
        .await?;
    Ok(())
}
