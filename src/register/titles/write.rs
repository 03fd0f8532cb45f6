//! What changes titles in the database; each change leaves its states, counts and audit items.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Date, Integer, Jsonb, Nullable, SmallInt, Text, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::rows::{Title, TitleKey};
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::kind::{Level, Status};
use crate::base::schema::{decision_titles, decisions, difficult_areas, titles};
use crate::base::statement::statement;
use crate::ledger::audit::{Entity, Item};
use crate::ledger::{TitleChange, Writer};
use crate::register::criteria::{CriteriaSet, applicable, rows as criteria_rows};
use crate::register::hamlets::marks;
use crate::register::holders::rows::Holder;

/// What holds for titles that are registered or scored now: the holder's group, and whether commune
/// or hamlet are specially difficult at the end of the assessment year.
pub async fn refresh(db: &mut Conn, found: &mut [(Title, Holder)]) -> Result<()> {
    let places: Vec<i32> = found.iter().map(|(title, _)| title.place()).collect();
    let hard_areas: Vec<(i32, NaiveDate, Option<NaiveDate>)> = difficult_areas::table
        .filter(difficult_areas::area_id.eq_any(places))
        .select((difficult_areas::area_id, difficult_areas::valid_from, difficult_areas::valid_to))
        .load(db)
        .await?;
    let in_hamlets: HashSet<Uuid> =
        found.iter().filter_map(|(_, holder)| holder.hamlet_id).collect();
    let in_hamlets: Vec<Uuid> = in_hamlets.into_iter().collect();
    let hard_hamlets = marks::of_hamlets(db, &in_hamlets).await?;
    for (title, holder) in found {
        let end = NaiveDate::from_ymd_opt(i32::from(title.year), 12, 31).unwrap_or_default();
        let hard_area = hard_areas.iter().any(|(area, from, to)| {
            *area == title.place() && *from <= end && to.is_none_or(|to| to >= end)
        });
        let hamlet = holder.hamlet_id.and_then(|hamlet| hard_hamlets.get(&hamlet));
        title.difficult = hard_area || hamlet.is_some_and(|periods| marks::marked(periods, end));
        title.group_code = holder.group_code.clone();
    }
    Ok(())
}

/// Titles without a decision take in that commune or hamlet became difficult or are so no more. Those
/// of other chains, which are not locked, do when they are scored next.
pub async fn reassess(
    w: &mut Writer<'_>,
    areas: &Areas,
    chain: AreaId,
    mut found: Vec<(Title, Holder)>,
) -> Result<()> {
    found.retain(|(title, _)| areas.chain(title.area_id, title.placed_id) == chain);
    let mut after = found.clone();
    refresh(w.db, &mut after).await?;
    let sets = criteria_rows::all(w.db).await?;
    let mut changes = Vec::new();
    for ((before, _), (now, _)) in found.into_iter().zip(after) {
        if now.difficult == before.difficult {
            continue;
        }
        let mut after = Title { difficult: now.difficult, ..before.clone() };
        after.assess(set_of(&sets, areas, &after, w.day));
        changes.push((before, after));
    }
    save_all(w, areas, changes, false).await
}

/// The criteria set of a title.
pub fn set_of<'a>(
    sets: &'a [CriteriaSet],
    areas: &Areas,
    title: &Title,
    today: NaiveDate,
) -> Option<&'a CriteriaSet> {
    let up = areas.ancestors(areas.chain(title.area_id, title.placed_id), today);
    applicable(sets, &up, title.kind, title.level, title.year)
}

/// Inserts titles whose chains are locked and writes what that leaves. Those that exist already are
/// left as they are and their keys returned.
pub async fn insert_all(
    w: &mut Writer<'_>,
    areas: &Areas,
    mut new: Vec<Title>,
) -> Result<Vec<TitleKey>> {
    for title in &mut new {
        title.version = w.version(areas.chain(title.area_id, title.placed_id))?;
    }
    #[derive(QueryableByName)]
    struct Inserted {
        #[diesel(sql_type = SqlUuid)]
        holder_id: Uuid,
        #[diesel(sql_type = SmallInt)]
        year: i16,
        #[diesel(sql_type = Text)]
        level: Level,
    }
    let inserted: Vec<Inserted> = statement(
        "insert into titles (holder_id, year, level, kind, area_id, placed_id, group_code, status,
                             grade, valid_through, registered_on, difficult, own_score,
                             verified_score, outcome, criteria_set_id, import_id, version, late,
                             decision_id, decided_on, recognised_on, code, name, search_key,
                             hamlet_id, hands)
         select u.*, array[$27] from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
                                            $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
                                            $25, $26) u
         on conflict do nothing returning holder_id, year, level",
    )
    .bind::<Array<SqlUuid>, _>(each(&new, |t| t.holder_id))
    .bind::<Array<SmallInt>, _>(each(&new, |t| t.year))
    .bind::<Array<Text>, _>(each(&new, |t| t.level.as_str()))
    .bind::<Array<Text>, _>(each(&new, |t| t.kind.as_str()))
    .bind::<Array<Integer>, _>(each(&new, |t| t.area_id))
    .bind::<Array<Nullable<Integer>>, _>(each(&new, |t| t.placed_id))
    .bind::<Array<Text>, _>(each(&new, |t| &*t.group_code))
    .bind::<Array<Text>, _>(each(&new, |t| t.status.as_str()))
    .bind::<Array<Text>, _>(each(&new, |t| &*t.grade))
    .bind::<Array<SmallInt>, _>(each(&new, |t| t.valid_through))
    .bind::<Array<Date>, _>(each(&new, |t| t.registered_on))
    .bind::<Array<Bool>, _>(each(&new, |t| t.difficult))
    .bind::<Array<Nullable<Jsonb>>, _>(each(&new, |t| t.own_score.clone()))
    .bind::<Array<Nullable<Jsonb>>, _>(each(&new, |t| t.verified_score.clone()))
    .bind::<Array<Text>, _>(each(&new, |t| t.outcome.as_str()))
    .bind::<Array<Nullable<SqlUuid>>, _>(each(&new, |t| t.criteria_set_id))
    .bind::<Array<Nullable<SqlUuid>>, _>(each(&new, |t| t.import_id))
    .bind::<Array<BigInt>, _>(each(&new, |t| t.version.raw()))
    .bind::<Array<Bool>, _>(each(&new, |t| t.late))
    .bind::<Array<Nullable<SqlUuid>>, _>(each(&new, |t| t.decision_id))
    .bind::<Array<Nullable<Date>>, _>(each(&new, |t| t.decided_on))
    .bind::<Array<Nullable<Date>>, _>(each(&new, |t| t.recognised_on))
    .bind::<Array<Text>, _>(each(&new, |t| &*t.code))
    .bind::<Array<Text>, _>(each(&new, |t| &*t.name))
    .bind::<Array<Text>, _>(each(&new, |t| &*t.search_key))
    .bind::<Array<Nullable<SqlUuid>>, _>(each(&new, |t| t.hamlet_id))
    .bind::<SqlUuid, _>(w.act.caller.id)
    .load(w.db)
    .await?;
    let done: HashSet<TitleKey> =
        inserted.into_iter().map(|i| (i.holder_id, i.year, i.level)).collect();
    let (made, known): (Vec<Title>, Vec<Title>) =
        new.into_iter().partition(|title| done.contains(&title.key()));
    record(w, areas, made.iter().map(|t| (t, Title::created(t))).collect()).await?;
    Ok(known.iter().map(Title::key).collect())
}

/// Stores changed titles whose chains are locked and writes what that leaves; with `hand` the caller
/// counts as one who recorded them.
pub async fn save_all(
    w: &mut Writer<'_>,
    areas: &Areas,
    mut changes: Vec<(Title, Title)>,
    hand: bool,
) -> Result<()> {
    for (_, after) in &mut changes {
        after.version = w.version(areas.chain(after.area_id, after.placed_id))?;
    }
    date_decisions(w.db, &mut changes).await?;
    let after: Vec<&Title> = changes.iter().map(|(_, after)| after).collect();
    store(w, &after, hand).await?;
    let changed = changes.iter().map(|(before, after)| (after, Title::changed(before, after)));
    record(w, areas, changed.collect()).await
}

async fn store(w: &mut Writer<'_>, after: &[&Title], hand: bool) -> Result<()> {
    fn of<T>(titles: &[&Title], field: impl Fn(&Title) -> T) -> Vec<T> {
        titles.iter().map(|title| field(title)).collect()
    }
    statement(
        "update titles t
         set group_code = u.group_code, status = u.status, grade = u.grade,
             valid_through = u.valid_through, difficult = u.difficult, own_score = u.own_score,
             verified_score = u.verified_score, outcome = u.outcome,
             criteria_set_id = u.criteria_set_id, decision_id = u.decision_id,
             area_id = u.area_id, placed_id = u.placed_id, import_id = u.import_id,
             version = u.version, late = u.late, decided_on = u.decided_on,
             recognised_on = u.recognised_on,
             hands = case when $18 and not $17 = any(t.hands) then t.hands || $17 else t.hands end
         from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $19, $20,
                     $21, $22)
              u (holder_id, year, level, group_code, status, grade, valid_through, difficult,
                 own_score, verified_score, outcome, criteria_set_id, decision_id, placed_id,
                 import_id, version, area_id, late, decided_on, recognised_on)
         where t.holder_id = u.holder_id and t.year = u.year and t.level = u.level",
    )
    .bind::<Array<SqlUuid>, _>(of(after, |t| t.holder_id))
    .bind::<Array<SmallInt>, _>(of(after, |t| t.year))
    .bind::<Array<Text>, _>(of(after, |t| t.level.as_str()))
    .bind::<Array<Text>, _>(of(after, |t| t.group_code.clone()))
    .bind::<Array<Text>, _>(of(after, |t| t.status.as_str()))
    .bind::<Array<Text>, _>(of(after, |t| t.grade.clone()))
    .bind::<Array<SmallInt>, _>(of(after, |t| t.valid_through))
    .bind::<Array<Bool>, _>(of(after, |t| t.difficult))
    .bind::<Array<Nullable<Jsonb>>, _>(of(after, |t| t.own_score.clone()))
    .bind::<Array<Nullable<Jsonb>>, _>(of(after, |t| t.verified_score.clone()))
    .bind::<Array<Text>, _>(of(after, |t| t.outcome.as_str()))
    .bind::<Array<Nullable<SqlUuid>>, _>(of(after, |t| t.criteria_set_id))
    .bind::<Array<Nullable<SqlUuid>>, _>(of(after, |t| t.decision_id))
    .bind::<Array<Nullable<Integer>>, _>(of(after, |t| t.placed_id))
    .bind::<Array<Nullable<SqlUuid>>, _>(of(after, |t| t.import_id))
    .bind::<Array<BigInt>, _>(of(after, |t| t.version.raw()))
    .bind::<SqlUuid, _>(w.act.caller.id)
    .bind::<Bool, _>(hand)
    .bind::<Array<Integer>, _>(of(after, |t| t.area_id))
    .bind::<Array<Bool>, _>(of(after, |t| t.late))
    .bind::<Array<Nullable<Date>>, _>(of(after, |t| t.decided_on))
    .bind::<Array<Nullable<Date>>, _>(of(after, |t| t.recognised_on))
    .execute(w.db)
    .await?;
    Ok(())
}

/// Gives changed titles the days on the decisions behind them, as these stand now.
async fn date_decisions(db: &mut Conn, changes: &mut [(Title, Title)]) -> Result<()> {
    use Status::{NotRecognised, Recognised, Revoked};
    let decided = |title: &Title| matches!(title.status, Recognised | NotRecognised | Revoked);
    let ids: HashSet<Uuid> = changes
        .iter()
        .filter(|(_, after)| decided(after))
        .filter_map(|(_, after)| after.decision_id)
        .collect();
    let days: HashMap<Uuid, NaiveDate> = if ids.is_empty() {
        HashMap::new()
    } else {
        let found = decisions::table.filter(decisions::id.eq_any(ids));
        let found = found.select((decisions::id, decisions::decided_on));
        found.load(db).await?.into_iter().collect()
    };
    for (_, after) in changes {
        let on = after.decision_id.filter(|_| decided(after)).and_then(|id| days.get(&id).copied());
        after.decided_on = on;
        after.recognised_on = match after.status {
            Recognised => on,
            Revoked => after.recognised_on,
            _ => None,
        };
    }
    Ok(())
}

/// Writes what changes of titles leave, each in the chain of its title.
pub async fn record(
    w: &mut Writer<'_>,
    areas: &Areas,
    changes: Vec<(&Title, TitleChange)>,
) -> Result<()> {
    let mut by_chain: BTreeMap<AreaId, Vec<TitleChange>> = BTreeMap::new();
    for (title, change) in changes {
        let chain = areas.chain(title.area_id, title.placed_id);
        by_chain.entry(chain).or_default().push(change);
    }
    for (chain, changes) in by_chain {
        w.titles(chain, changes).await?;
    }
    Ok(())
}

/// Deletes titles whose chains are locked.
pub async fn delete_all(w: &mut Writer<'_>, areas: &Areas, gone: &[Title]) -> Result<()> {
    statement(
        "delete from titles t using unnest($1, $2, $3) u (holder_id, year, level)
         where t.holder_id = u.holder_id and t.year = u.year and t.level = u.level",
    )
    .bind::<Array<SqlUuid>, _>(each(gone, |t| t.holder_id))
    .bind::<Array<SmallInt>, _>(each(gone, |t| t.year))
    .bind::<Array<Text>, _>(each(gone, |t| t.level.as_str()))
    .execute(w.db)
    .await?;
    let change = |title: &Title| TitleChange {
        before: Some(title.state()),
        after: None,
        item: Item::deleted(Entity::Title, title.id(), title.fields()),
    };
    record(w, areas, gone.iter().map(|title| (title, change(title))).collect()).await
}

/// Gives a title whose chain is locked another year or level, and its lines in decisions with it.
pub async fn rekey(
    w: &mut Writer<'_>,
    areas: &Areas,
    before: Title,
    mut after: Title,
    hand: bool,
) -> Result<()> {
    let chain = areas.chain(after.area_id, after.placed_id);
    after.version = w.version(chain)?;
    let (holder, year, level) = before.key();
    diesel::update(titles::table.find((holder, year, level)))
        .set((titles::year.eq(after.year), titles::level.eq(after.level)))
        .execute(w.db)
        .await?;
    diesel::update(
        decision_titles::table
            .filter(decision_titles::holder_id.eq(holder).and(decision_titles::year.eq(year)))
            .filter(decision_titles::level.eq(level)),
    )
    .set((decision_titles::year.eq(after.year), decision_titles::level.eq(after.level)))
    .execute(w.db)
    .await?;
    store(w, &[&after], hand).await?;
    let (from, to) = (before.id(), after.id());
    let gone = before.fields().plain("corrected_to", &*to);
    let made = after.fields().plain("corrected_from", &*from);
    let left = TitleChange {
        before: Some(before.state()),
        after: None,
        item: Item::deleted(Entity::Title, from, gone),
    };
    let came = TitleChange {
        before: None,
        after: Some(after.state()),
        item: Item::created(Entity::Title, to, made),
    };
    w.titles(chain, vec![left, came]).await
}

fn each<'a, T>(titles: &'a [Title], field: impl Fn(&'a Title) -> T) -> Vec<T> {
    titles.iter().map(field).collect()
}
