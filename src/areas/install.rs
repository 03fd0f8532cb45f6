//! The areas that come with the product: loaded once into an empty database.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Date, Integer, Nullable, Text};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::Deserialize;

use super::{AreaId, AreaLevel, Areas, scopes};
use crate::base::db::{Conn, locks};
use crate::base::error::{Error, Result};
use crate::base::schema::areas;
use crate::base::statement::statement;
use crate::base::text::search_key;

const UNITS: &[u8] = include_bytes!("../../data/areas/administrative_units.csv");
const SUCCESSIONS: &[u8] = include_bytes!("../../data/areas/unit_successions.csv");
const COUNTRY: AreaId = 1;

#[derive(Debug, Deserialize)]
struct Unit {
    code: String,
    level: String,
    unit_type: String,
    name: String,
    full_name: String,
    parent_code: Option<String>,
    valid_from: NaiveDate,
    valid_to: Option<NaiveDate>,
}

#[derive(Debug, Deserialize)]
struct Succession {
    old_code: String,
    new_code: String,
    effective_on: NaiveDate,
    kind: String,
    old_level: String,
    new_level: String,
}

/// A unit with the identity it belongs to.
struct Placed {
    id: AreaId,
    level: AreaLevel,
    unit: Unit,
}

/// Loads areas, successions and scopes; does nothing where they are loaded already.
pub async fn install(db: &mut Conn) -> Result<()> {
    db.transaction(async |db| {
        statement(format!("select pg_advisory_xact_lock({})", locks::MIGRATION))
            .execute(db)
            .await?;
        if areas::table.count().get_result::<i64>(db).await? > 0 {
            return Ok(());
        }
        let successions: Vec<Succession> = read(SUCCESSIONS)?;
        let placed = identify(read(UNITS)?, &successions)?;
        insert_areas(db, &placed).await?;
        insert_versions(db, &placed).await?;
        insert_successions(db, &placed, &successions).await?;
        let index = Areas::load(db).await?;
        scopes::renew(db, &index).await
    })
    .await
}

fn read<T: for<'de> Deserialize<'de>>(csv: &[u8]) -> Result<Vec<T>> {
    csv::Reader::from_reader(csv).deserialize().collect::<Result<_, _>>().map_err(Error::internal)
}

/// Rows of one (level, code) are one area unless a succession stands between them.
fn identify(mut units: Vec<Unit>, successions: &[Succession]) -> Result<Vec<Placed>> {
    let ended: HashSet<(&str, &str, NaiveDate)> = successions
        .iter()
        .map(|s| (s.old_level.as_str(), s.old_code.as_str(), s.effective_on))
        .collect();
    let begun: HashSet<(&str, &str, NaiveDate)> = successions
        .iter()
        .map(|s| (s.new_level.as_str(), s.new_code.as_str(), s.effective_on))
        .collect();
    units.sort_by(|a, b| {
        (level_order(&a.level), &a.code, a.valid_from).cmp(&(
            level_order(&b.level),
            &b.code,
            b.valid_from,
        ))
    });
    let mut placed: Vec<Placed> = Vec::new();
    for unit in units {
        let level = AreaLevel::parse(&unit.level)
            .ok_or_else(|| Error::internal(format!("level {}", unit.level)))?;
        let key = (unit.level.as_str(), unit.code.as_str(), unit.valid_from);
        let cut = ended.contains(&key) || begun.contains(&key);
        let id = match placed.last() {
            Some(last) if last.level == level && last.unit.code == unit.code && !cut => last.id,
            Some(last) => last.id + 1,
            None => COUNTRY + 1,
        };
        placed.push(Placed { id, level, unit });
    }
    Ok(placed)
}

fn level_order(level: &str) -> usize {
    ["province", "district", "commune"].iter().position(|l| *l == level).unwrap_or(3)
}

async fn insert_areas(db: &mut Conn, placed: &[Placed]) -> Result<()> {
    let ids: BTreeMap<AreaId, AreaLevel> = placed.iter().map(|p| (p.id, p.level)).collect();
    statement(
        "insert into areas (id, level)
         select 1, 'country' union all select * from unnest($1, $2)",
    )
    .bind::<Array<Integer>, _>(ids.keys().collect::<Vec<_>>())
    .bind::<Array<Text>, _>(ids.values().map(|l| l.as_str()).collect::<Vec<_>>())
    .execute(db)
    .await?;
    Ok(())
}

async fn insert_versions(db: &mut Conn, placed: &[Placed]) -> Result<()> {
    let mut by_code: HashMap<&str, Vec<&Placed>> = HashMap::new();
    for one in placed {
        by_code.entry(&one.unit.code).or_default().push(one);
    }
    let parent = |one: &Placed| match one.unit.parent_code.as_deref() {
        None | Some("") => Some(COUNTRY),
        Some(code) => by_code.get(code).into_iter().flatten().find_map(|p| {
            let holds = p.unit.valid_from <= one.unit.valid_from
                && p.unit.valid_to.is_none_or(|end| one.unit.valid_from <= end);
            holds.then_some(p.id)
        }),
    };
    if let Some(orphan) = placed.iter().find(|one| parent(one).is_none()) {
        return Err(Error::internal(format!("{} has no parent", orphan.unit.code)));
    }
    let texts =
        |field: fn(&Unit) -> String| placed.iter().map(|p| field(&p.unit)).collect::<Vec<_>>();
    statement(
        "insert into area_versions (area_id, valid_from, valid_to, code, unit_type, name, full_name,
                                    search_key, parent_id, known_from)
         select 1, date '2021-01-01', null, 'VN', 'quốc gia', 'Việt Nam', 'Việt Nam', 'viet nam',
                null, date '2021-01-01'
         union all
         select u.*, date '2021-01-01' from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) u",
    )
    .bind::<Array<Integer>, _>(placed.iter().map(|p| p.id).collect::<Vec<_>>())
    .bind::<Array<Date>, _>(placed.iter().map(|p| p.unit.valid_from).collect::<Vec<_>>())
    .bind::<Array<Nullable<Date>>, _>(placed.iter().map(|p| p.unit.valid_to).collect::<Vec<_>>())
    .bind::<Array<Text>, _>(texts(|u| u.code.clone()))
    .bind::<Array<Text>, _>(texts(|u| u.unit_type.clone()))
    .bind::<Array<Text>, _>(texts(|u| u.name.clone()))
    .bind::<Array<Text>, _>(texts(|u| u.full_name.clone()))
    .bind::<Array<Text>, _>(texts(|u| search_key(&u.full_name)))
    .bind::<Array<Nullable<Integer>>, _>(placed.iter().map(parent).collect::<Vec<_>>())
    .execute(db)
    .await?;
    Ok(())
}

async fn insert_successions(
    db: &mut Conn,
    placed: &[Placed],
    successions: &[Succession],
) -> Result<()> {
    let mut ends: HashMap<(&str, &str, NaiveDate), AreaId> = HashMap::new();
    let mut starts: HashMap<(&str, &str, NaiveDate), AreaId> = HashMap::new();
    for one in placed {
        let (level, code) = (one.unit.level.as_str(), one.unit.code.as_str());
        starts.insert((level, code, one.unit.valid_from), one.id);
        if let Some(next) = one.unit.valid_to.and_then(|end| end.succ_opt()) {
            ends.insert((level, code, next), one.id);
        }
    }
    let mut rows = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for s in successions {
        let old = ends.get(&(&*s.old_level, &*s.old_code, s.effective_on));
        let new = starts.get(&(&*s.new_level, &*s.new_code, s.effective_on));
        let (Some(old), Some(new)) = (old, new) else {
            return Err(Error::internal(format!("succession {s:?} joins no areas")));
        };
        rows.0.push(*old);
        rows.1.push(*new);
        rows.2.push(s.effective_on);
        rows.3.push(s.kind == "whole");
    }
    statement(
        "insert into area_successions (old_id, new_id, effective_on, whole, known_from)
         select u.*, date '2021-01-01' from unnest($1, $2, $3, $4) u",
    )
    .bind::<Array<Integer>, _>(rows.0)
    .bind::<Array<Integer>, _>(rows.1)
    .bind::<Array<Date>, _>(rows.2)
    .bind::<Array<Bool>, _>(rows.3)
    .execute(db)
    .await?;
    Ok(())
}
