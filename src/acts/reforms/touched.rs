//! What stands in the areas that a reform changes.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Nullable, SmallInt};
use diesel_async::RunQueryDsl;

use super::file;
use super::rows::Reform;
use crate::areas::{AreaId, Areas, Boundaries};
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::statement::statement;

/// What stands in one area.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Standing {
    pub holders: i64,
    pub titles: BTreeMap<i16, i64>,
    pub hamlets: i64,
    pub accounts: i64,
    /// Counts that were entered: of households, of people.
    pub totals: i64,
}

/// An area of the day before that a reform changes.
pub struct OldArea {
    pub id: AreaId,
    /// Codes from the day on.
    pub becomes: Vec<String>,
    pub standing: Standing,
}

impl OldArea {
    /// All of a reform, in the order of its file; rows whose old area is known no more are left out.
    pub async fn of(db: &mut Conn, areas: &Areas, reform: &Reform) -> Result<Vec<Self>> {
        let mut becomes: Vec<(AreaId, Vec<String>)> = Vec::new();
        for (old, new) in file::pairs(reform.file.as_bytes())? {
            let Some(id) = areas.find(&old, reform.eve()) else { continue };
            match becomes.iter_mut().find(|(known, _)| *known == id) {
                Some((_, codes)) => codes.push(new),
                None => becomes.push((id, vec![new])),
            }
        }
        let ids: Vec<AreaId> = becomes.iter().map(|(id, _)| *id).collect();
        let mut found = standing(db, areas, &ids, reform.eve()).await?;
        let whole = becomes.into_iter().map(|(id, becomes)| {
            let standing = found.remove(&id).unwrap_or_default();
            Self { id, becomes, standing }
        });
        Ok(whole.collect())
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = Integer)]
    area: AreaId,
    #[diesel(sql_type = SmallInt)]
    year: i16,
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// What surely stands in each of these areas within the boundaries of a day, by area.
async fn standing(
    db: &mut Conn,
    areas: &Areas,
    asked: &[AreaId],
    on: NaiveDate,
) -> Result<BTreeMap<AreaId, Standing>> {
    let made = made(areas, asked, on);
    let mut found: BTreeMap<AreaId, Standing> =
        asked.iter().map(|id| (*id, Standing::default())).collect();
    type Put = fn(&mut Standing, &Count);
    let unplaced = "x.area_id = m.area and m.placed is null";
    let placed = "x.area_id = m.area and x.placed_id is not distinct from m.placed";
    let queries: [(&str, &str, Put); 6] = [
        // Whoever lives in a hamlet is where the hamlet was placed.
        (
            "0::smallint, count(*) from made m join holders x on x.area_id = m.area
             left join hamlets h on h.id = x.hamlet_id
             where h.placed_id is not distinct from m.placed",
            "",
            |s, c| s.holders = c.n,
        ),
        ("x.year, count(*) from made m join titles x on", placed, |s, c| {
            s.titles.insert(c.year, c.n);
        }),
        (
            "0::smallint, count(*) from made m join hamlets x on x.valid_to is null and",
            placed,
            |s, c| {
                s.hamlets = c.n;
            },
        ),
        ("0::smallint, count(*) from made m join users x on", unplaced, |s, c| s.accounts += c.n),
        ("0::smallint, count(*) from made m join service_accounts x on", unplaced, |s, c| {
            s.accounts += c.n;
        }),
        (
            "0::smallint, count(distinct (x.area_id, x.year, x.base))
             from made m join area_totals x on",
            unplaced,
            |s, c| s.totals = c.n,
        ),
    ];
    for (select, join, put) in queries {
        let counts: Vec<Count> = statement(format!(
            "with made as (select * from unnest($1, $2, $3) u (asked, area, placed))
             select q.* from (select m.asked, {select} {join} group by 1, 2) q (area, year, n)"
        ))
        .bind::<Array<Integer>, _>(made.iter().map(|m| m.0).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(made.iter().map(|m| m.1).collect::<Vec<_>>())
        .bind::<Array<Nullable<Integer>>, _>(made.iter().map(|m| m.2).collect::<Vec<_>>())
        .load(db)
        .await?;
        for count in counts {
            put(found.entry(count.area).or_default(), &count);
        }
    }
    Ok(found)
}

/// Where records are made and placed that stand in the areas asked for: area asked for, area, placed.
fn made(areas: &Areas, asked: &[AreaId], on: NaiveDate) -> Vec<(AreaId, AreaId, Option<AreaId>)> {
    let asked: BTreeSet<AreaId> = asked.iter().copied().collect();
    let mut made = Vec::new();
    for id in areas.all().iter().map(|area| area.id) {
        let placed = areas.came_of(id).into_iter().map(Some);
        for placed in std::iter::once(None).chain(placed) {
            let place = areas.place(id, placed, Boundaries::Of(on));
            let above = areas.ancestors(areas.sure(&place, on), on);
            let within = above.into_iter().filter(|above| asked.contains(above));
            made.extend(within.map(|asked| (asked, id, placed)));
        }
    }
    made
}
