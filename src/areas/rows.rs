//! Every query that an index of areas is made of.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::index::{Area, Areas, Succession};
use super::{AreaId, AreaLevel, AreaVersion};
use crate::base::clock::today;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::schema::{area_generation, area_successions, area_versions, areas};

impl Areas {
    /// The areas as they are known now, settled as of today.
    pub async fn load(db: &mut Conn) -> Result<Self> {
        Self::load_known(db, None, today()).await
    }

    /// The areas as they were known at the end of the day `known` (now, if none), settled as of `on`.
    pub async fn load_known(
        db: &mut Conn,
        known: Option<NaiveDate>,
        on: NaiveDate,
    ) -> Result<Self> {
        // Asked first: what changes in between is found by the next who asks.
        let generation = generation(db).await?;
        let rows: Vec<(AreaId, AreaLevel)> =
            areas::table.order(areas::id).select((areas::id, areas::level)).load(db).await?;
        let mut list: Vec<Area> = rows
            .into_iter()
            .map(|(id, level)| Area {
                id,
                level,
                end: id,
                settled: None,
                versions: Vec::new(),
                predecessors: Vec::new(),
                successors: Vec::new(),
            })
            .collect();
        let at: HashMap<AreaId, usize> = list.iter().enumerate().map(|(n, a)| (a.id, n)).collect();
        for (area, version) in versions(db, known).await? {
            list[at[&area]].versions.push(version);
        }
        // An area that was not known yet has no name: it does not exist for this index.
        let nameless: BTreeSet<AreaId> =
            list.iter().filter(|area| area.versions.is_empty()).map(|area| area.id).collect();
        for (old, new, on, whole) in successions(db, known).await? {
            if nameless.contains(&old) || nameless.contains(&new) {
                continue;
            }
            list[at[&old]].successors.push(Succession { area: new, on, whole });
            list[at[&new]].predecessors.push(Succession { area: old, on, whole });
        }
        list.retain(|area| !area.versions.is_empty());
        Ok(Self::index(list, on, generation))
    }
}

/// Counts up with every change of areas.
pub async fn generation(db: &mut Conn) -> Result<i64> {
    Ok(area_generation::table.select(area_generation::n).first(db).await?)
}

type VersionRow =
    (AreaId, NaiveDate, Option<NaiveDate>, String, String, String, String, String, Option<AreaId>);

/// The versions that were known at the end of a day, or are known now, oldest first.
async fn versions(
    db: &mut Conn,
    known: Option<NaiveDate>,
) -> Result<impl Iterator<Item = (AreaId, AreaVersion)>> {
    use area_versions as v;
    let query = v::table
        .order((v::area_id, v::valid_from))
        .select((
            v::area_id,
            v::valid_from,
            v::valid_to,
            v::code,
            v::unit_type,
            v::name,
            v::full_name,
            v::search_key,
            v::parent_id,
        ))
        .into_boxed();
    let query = match known {
        None => query.filter(v::known_to.is_null()),
        Some(day) => query
            .filter(v::known_from.le(day))
            .filter(v::known_to.is_null().or(v::known_to.gt(day))),
    };
    let rows: Vec<VersionRow> = query.load(db).await?;
    Ok(rows.into_iter().map(
        |(area, valid_from, valid_to, code, unit_type, name, full_name, search_key, parent)| {
            let version = AreaVersion {
                valid_from,
                valid_to,
                code,
                unit_type,
                name,
                full_name,
                search_key,
                parent,
            };
            (area, version)
        },
    ))
}

/// Old, new, first day, whole: the successions that were known at the end of a day, or are now.
async fn successions(
    db: &mut Conn,
    known: Option<NaiveDate>,
) -> Result<Vec<(AreaId, AreaId, NaiveDate, bool)>> {
    use area_successions as s;
    let query = s::table
        .order((s::old_id, s::new_id))
        .select((s::old_id, s::new_id, s::effective_on, s::whole))
        .into_boxed();
    let query = match known {
        None => query.filter(s::known_to.is_null()),
        Some(day) => query
            .filter(s::known_from.le(day))
            .filter(s::known_to.is_null().or(s::known_to.gt(day))),
    };
    Ok(query.load(db).await?)
}
