//! Erasing what identifies a person, wherever it stands; counts and chains stay as they are.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::rows::{ABOUT, Person, StagedRow};
use super::{Marks, check_person, free_text};
use crate::access::Act;
use crate::acts::imports::{Failure, ImportState, Summary};
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::keys::Keys;
use crate::base::kind::Kind;
use crate::base::number::NumberScheme;
use crate::base::schema::{
    decision_titles, decisions, dismissed_pairs, erasures, holder_identifiers, holders,
    import_files, import_rows, imports, merges,
};
use crate::base::statement::statement;
use crate::base::text::name_key;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::ledger::{self, Writer};
use crate::register::holders::erased::NAMELESS;
use crate::register::holders::rows::Holder;
use crate::wire::input::IfMatch;

/// Erases a person: with a citizen, the families that go by the same name or number.
pub async fn erase(
    db: &mut Conn,
    act: &Act,
    (keys, areas): (&Keys, &Areas),
    known: &Holder,
    version: Option<IfMatch>,
    reason: &str,
) -> Result<()> {
    check_person(known.kind)?;
    ledger::write(db, act, "personal_data.erase", async |w| {
        let people = people(w.db, keys, known).await?;
        let mut chains: BTreeSet<AreaId> = BTreeSet::new();
        for person in &people {
            chains.extend(person.chains(w.db).await?);
            chains.insert(areas.chain(person.holder.area_id, None));
        }
        let communes: Vec<AreaId> = chains.iter().copied().collect();
        for person in &people {
            let staged = person.staged(w.db, keys, &communes).await?;
            chains.extend(staged.iter().map(|row| row.area));
        }
        let chains: Vec<AreaId> = chains.into_iter().collect();
        w.lock(&chains).await?;
        hold(w, &people, version).await?;
        let mut items = Vec::new();
        for person in &people {
            let marks = person.marks(&former_names(w.db, person).await?);
            if marks.stand_in(reason) {
                return Err(names_person());
            }
            forget_imports(w, keys, person, &marks, &communes).await?;
            free_text::forget_trail(w, areas, person, &marks, &chains).await?;
            free_text::forget_inputs(w, &marks).await?;
            forget_decisions(w, person, &marks).await?;
            forget_holder(w, areas, person).await?;
            items.push(Item::changed(
                Entity::Holder,
                person.holder.id,
                Fields::new().plain("erased", false),
                Fields::new().plain("erased", true),
            ));
        }
        w.because(reason);
        for chain in chains {
            w.record_all(chain, &items).await?;
        }
        Ok(())
    })
    .await
}

/// The holder, and for a citizen the families whose head it is: they go by its name or its number.
async fn people(db: &mut Conn, keys: &Keys, known: &Holder) -> Result<Vec<Person>> {
    let person = Person::of(db, keys, known.clone()).await?;
    if known.kind != Kind::Citizen {
        return Ok(vec![person]);
    }
    let mut families = match &person.numbers[..] {
        [(_, number), ..] => {
            let number = (NumberScheme::HouseholdHead, number.clone());
            Holder::with_number(db, keys, &number).await?
        }
        [] => Vec::new(),
    };
    if let Some(id) = known.family_id {
        let own = Holder::by_ids(db, &[id]).await?;
        let same = |family: &Holder| name_key(&family.name) == name_key(&known.name);
        families.extend(own.into_iter().filter(same));
    }
    families.sort_by_key(|family| family.id);
    families.dedup_by_key(|family| family.id);
    let mut people = vec![person];
    for family in families {
        people.push(Person::of(db, keys, family).await?);
    }
    Ok(people)
}

/// Locks the holders; the first is the one that was asked for.
async fn hold(w: &mut Writer<'_>, people: &[Person], version: Option<IfMatch>) -> Result<()> {
    let ids: Vec<Uuid> = people.iter().map(|person| person.holder.id).collect();
    let held = Holder::hold(w, &ids).await?;
    let asked = held.iter().find(|holder| holder.id == ids[0]).ok_or_else(Error::not_found)?;
    match version {
        Some(version) => version.check(asked.version),
        None => Ok(()),
    }
}

/// The names under which the trail knows the person.
async fn former_names(db: &mut Conn, person: &Person) -> Result<Vec<String>> {
    #[derive(QueryableByName)]
    struct Kept {
        #[diesel(sql_type = Text)]
        value: String,
    }
    let kept: Vec<Kept> = statement(format!(
        "select v.value from unnest($1) h (id) join audit_items i on {ABOUT}
         join audit_values v on v.area_id = i.area_id and v.seq = i.seq and v.n = i.n"
    ))
    .bind::<Array<Text>, _>(person.texts())
    .load(db)
    .await?;
    let values = kept.iter().filter_map(|kept| serde_json::from_str::<Value>(&kept.value).ok());
    let names = values.flat_map(|value| {
        let name = value["name"].as_str().map(str::to_owned);
        [name, value["details"]["head"].as_str().map(str::to_owned)]
    });
    Ok(names.flatten().collect())
}

async fn forget_holder(w: &mut Writer<'_>, areas: &Areas, person: &Person) -> Result<()> {
    let id = person.holder.id;
    let version = w.version(areas.chain(person.holder.area_id, None))?;
    diesel::update(holders::table.find(id))
        .set((
            holders::name.eq(NAMELESS),
            holders::search_key.eq(""),
            holders::birth_year.eq(None::<i16>),
            holders::details.eq(Value::Object(Default::default())),
            holders::version.eq(version),
        ))
        .execute(w.db)
        .await?;
    diesel::delete(holder_identifiers::table.filter(holder_identifiers::holder_id.eq(id)))
        .execute(w.db)
        .await?;
    diesel::delete(dismissed_pairs::table)
        .filter(dismissed_pairs::one_id.eq(id).or(dismissed_pairs::other_id.eq(id)))
        .execute(w.db)
        .await?;
    // What a merge could restore goes with the rest.
    diesel::update(merges::table)
        .filter(merges::survivor_id.eq_any(&person.ids).or(merges::merged_id.eq_any(&person.ids)))
        .set(merges::sealed.eq(None::<Vec<u8>>))
        .execute(w.db)
        .await?;
    let outcomes: Vec<String> = person.ids.iter().map(|id| format!("%{id}%")).collect();
    statement("delete from idempotency_keys where outcome::text like any ($1)")
        .bind::<Array<Text>, _>(outcomes)
        .execute(w.db)
        .await?;
    diesel::insert_into(erasures::table)
        .values((
            erasures::holder_id.eq(id),
            erasures::day.eq(w.day),
            erasures::erased_by.eq(w.act.caller.id),
        ))
        .on_conflict_do_nothing()
        .execute(w.db)
        .await?;
    Ok(())
}

/// The lines of annexes, and the free text of their decisions that names the person.
async fn forget_decisions(w: &mut Writer<'_>, person: &Person, marks: &Marks) -> Result<()> {
    let ids: Vec<Uuid> = decision_titles::table
        .filter(decision_titles::holder_id.eq_any(&person.ids))
        .select(decision_titles::decision_id)
        .distinct()
        .load(w.db)
        .await?;
    diesel::update(decision_titles::table)
        .filter(decision_titles::holder_id.eq_any(&person.ids))
        .set((
            decision_titles::name.eq(NAMELESS),
            decision_titles::hamlet.eq(""),
            decision_titles::reason.eq(""),
            decision_titles::annul_reason.eq(""),
        ))
        .execute(w.db)
        .await?;
    let reasons: Vec<String> = decision_titles::table
        .filter(decision_titles::decision_id.eq_any(&ids).and(decision_titles::reason.ne("")))
        .select(decision_titles::reason)
        .distinct()
        .load(w.db)
        .await?;
    let naming: Vec<String> = reasons.into_iter().filter(|text| marks.stand_in(text)).collect();
    diesel::update(decision_titles::table)
        .filter(decision_titles::decision_id.eq_any(&ids))
        .filter(decision_titles::reason.eq_any(naming))
        .set(decision_titles::reason.eq(""))
        .execute(w.db)
        .await?;
    // A note, or why a decision was annulled, may name somebody who stands in no annex of it.
    let in_full = marks.in_full();
    let texts: Vec<(Uuid, String, String)> = decisions::table
        .filter(decisions::note.ne("").or(decisions::annul_reason.ne("")))
        .select((decisions::id, decisions::note, decisions::annul_reason))
        .load(w.db)
        .await?;
    for (id, note, annulled) in texts {
        let marks = if ids.contains(&id) { marks } else { &in_full };
        if marks.stand_in(&note) || marks.stand_in(&annulled) {
            diesel::update(decisions::table.find(id))
                .set((decisions::note.eq(""), decisions::annul_reason.eq("")))
                .execute(w.db)
                .await?;
        }
    }
    Ok(())
}

/// Staged rows and the files they came from. A list that was not applied yet must be sent again.
async fn forget_imports(
    w: &mut Writer<'_>,
    keys: &Keys,
    person: &Person,
    marks: &Marks,
    communes: &[AreaId],
) -> Result<()> {
    // Whom a list names that is still being checked, nobody can tell: its check ends here, before
    // what the others hold is read.
    let unread = diesel::update(imports::table)
        .filter(imports::area_id.eq_any(communes))
        .filter(imports::state.eq(ImportState::Checking))
        .set((
            imports::state.eq(ImportState::Failed),
            imports::summary.eq(failed_by_erasure(
                "Trong lúc kiểm tra có người của xã được xóa dữ liệu theo yêu cầu; hãy gửi lại danh sách.",
            )?),
        ))
        .returning(imports::id);
    let unread: Vec<Uuid> = unread.get_results(w.db).await?;
    let staged = person.staged(w.db, keys, communes).await?;
    let mut ids: BTreeSet<Uuid> = staged.iter().map(|row| row.import).collect();
    let failed = diesel::update(imports::table)
        .filter(imports::id.eq_any(&ids))
        .filter(imports::state.eq_any([ImportState::Checked, ImportState::Applying]))
        .set((
            imports::state.eq(ImportState::Failed),
            imports::summary.eq(failed_by_erasure(
                "Danh sách có người đã yêu cầu xóa dữ liệu; hãy bỏ dòng đó và gửi lại.",
            )?),
        ))
        .returning(imports::id);
    let mut failed: Vec<Uuid> = failed.get_results(w.db).await?;
    failed.extend(&unread);
    ids.extend(&unread);
    diesel::delete(import_rows::table.filter(import_rows::import_id.eq_any(failed)))
        .execute(w.db)
        .await?;
    statement(
        "delete from import_rows r using unnest($1, $2) u (import_id, n)
         where r.import_id = u.import_id and r.n = u.n",
    )
    .bind::<Array<SqlUuid>, _>(staged.iter().map(|row| row.import).collect::<Vec<_>>())
    .bind::<Array<Integer>, _>(staged.iter().map(|row| row.n).collect::<Vec<_>>())
    .execute(w.db)
    .await?;
    diesel::delete(import_files::table.filter(import_files::import_id.eq_any(&ids)))
        .execute(w.db)
        .await?;
    let named = |row: &&StagedRow| marks.stand_in(&row.file_name);
    let named: Vec<Uuid> = staged.iter().filter(named).map(|row| row.import).collect();
    diesel::update(imports::table.filter(imports::id.eq_any(named)))
        .set(imports::file_name.eq(NAMELESS))
        .execute(w.db)
        .await?;
    Ok(())
}

/// The summary of a list that ended because of an erasure.
fn failed_by_erasure(reason: &str) -> Result<Value> {
    let failure = Failure { code: "personal_data_erased".to_owned(), reason: reason.to_owned() };
    let summary = Summary { failure: Some(failure), ..Summary::default() };
    serde_json::to_value(summary).map_err(Error::internal)
}

fn names_person() -> Error {
    Error::invalid_field(
        "/reason",
        "reason_names_person",
        say(
            "Lý do không được nhắc tên hoặc số của người cần xóa.",
            "The reason must not name the person or the number.",
        ),
    )
}
