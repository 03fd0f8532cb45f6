//! All areas in memory: one immutable snapshot that every request reads.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{AreaId, AreaLevel};
use crate::db::Conn;
use crate::error::Result;
use crate::schema::{area_successions, area_versions, areas};

pub struct Areas {
    list: Vec<Area>,
    /// Where each id stands in `list`.
    at: HashMap<AreaId, usize>,
    by_code: HashMap<String, Vec<AreaId>>,
    children: HashMap<AreaId, Vec<AreaId>>,
    country: AreaId,
}

/// An area's identity, with all that it was called.
pub struct Area {
    pub id: AreaId,
    pub level: AreaLevel,
    /// Where its records are kept today; none when it was split or abolished.
    pub settled: Option<AreaId>,
    /// Oldest first.
    pub versions: Vec<AreaVersion>,
    pub predecessors: Vec<Succession>,
    pub successors: Vec<Succession>,
}

#[derive(Clone)]
pub struct AreaVersion {
    pub valid_from: NaiveDate,
    /// The last day; none while in force.
    pub valid_to: Option<NaiveDate>,
    pub code: String,
    pub unit_type: String,
    pub name: String,
    pub full_name: String,
    pub search_key: String,
    pub parent: Option<AreaId>,
}

#[derive(Clone, Copy)]
pub struct Succession {
    /// The other area.
    pub area: AreaId,
    pub on: NaiveDate,
    pub whole: bool,
}

impl AreaVersion {
    pub fn holds(&self, on: NaiveDate) -> bool {
        self.valid_from <= on && self.valid_to.is_none_or(|end| on <= end)
    }
}

impl Area {
    pub fn version(&self, on: NaiveDate) -> Option<&AreaVersion> {
        self.versions.iter().find(|version| version.holds(on))
    }

    /// The version of that day, or else the one nearest to it.
    pub fn nearest(&self, on: NaiveDate) -> &AreaVersion {
        let last = &self.versions[self.versions.len() - 1];
        self.version(on).unwrap_or(if on < self.versions[0].valid_from {
            &self.versions[0]
        } else {
            last
        })
    }
}

impl Areas {
    pub async fn load(db: &mut Conn) -> Result<Self> {
        type VersionRow = (
            AreaId,
            NaiveDate,
            Option<NaiveDate>,
            String,
            String,
            String,
            String,
            String,
            Option<AreaId>,
        );
        let rows: Vec<(AreaId, AreaLevel, Option<AreaId>)> = areas::table
            .order(areas::id)
            .select((areas::id, areas::level, areas::settled_in))
            .load(db)
            .await?;
        let mut list: Vec<Area> = rows
            .into_iter()
            .map(|(id, level, settled)| Area {
                id,
                level,
                settled,
                versions: Vec::new(),
                predecessors: Vec::new(),
                successors: Vec::new(),
            })
            .collect();
        let at: HashMap<AreaId, usize> = list.iter().enumerate().map(|(n, a)| (a.id, n)).collect();
        let versions: Vec<VersionRow> = area_versions::table
            .order((area_versions::area_id, area_versions::valid_from))
            .load(db)
            .await?;
        for (id, valid_from, valid_to, code, unit_type, name, full_name, search_key, parent) in
            versions
        {
            list[at[&id]].versions.push(AreaVersion {
                valid_from,
                valid_to,
                code,
                unit_type,
                name,
                full_name,
                search_key,
                parent,
            });
        }
        let successions: Vec<(AreaId, AreaId, NaiveDate, bool)> = area_successions::table
            .order((area_successions::old_id, area_successions::new_id))
            .select((
                area_successions::old_id,
                area_successions::new_id,
                area_successions::effective_on,
                area_successions::whole,
            ))
            .load(db)
            .await?;
        for (old, new, on, whole) in successions {
            list[at[&old]].successors.push(Succession { area: new, on, whole });
            list[at[&new]].predecessors.push(Succession { area: old, on, whole });
        }
        Ok(Self::index(list, at))
    }

    fn index(list: Vec<Area>, at: HashMap<AreaId, usize>) -> Self {
        let mut by_code: HashMap<String, Vec<AreaId>> = HashMap::new();
        let mut children: HashMap<AreaId, Vec<AreaId>> = HashMap::new();
        let mut country = 0;
        for area in &list {
            if area.level == AreaLevel::Country {
                country = area.id;
            }
            let codes: BTreeSet<_> = area.versions.iter().map(|v| &v.code).collect();
            for code in codes {
                by_code.entry(code.clone()).or_default().push(area.id);
            }
            let parents: BTreeSet<_> = area.versions.iter().filter_map(|v| v.parent).collect();
            for parent in parents {
                children.entry(parent).or_default().push(area.id);
            }
        }
        Self { list, at, by_code, children, country }
    }

    pub fn country(&self) -> AreaId {
        self.country
    }

    pub fn all(&self) -> &[Area] {
        &self.list
    }

    /// Ids come from the database, whose foreign keys keep them in this list.
    pub fn get(&self, id: AreaId) -> &Area {
        &self.list[self.at[&id]]
    }

    /// The area that has this code on this day.
    pub fn find(&self, code: &str, on: NaiveDate) -> Option<AreaId> {
        self.with_code(code).find(|id| self.version(*id, on).is_some_and(|v| v.code == code))
    }

    /// Every area that ever had this code.
    pub fn with_code(&self, code: &str) -> impl Iterator<Item = AreaId> {
        self.by_code.get(code).into_iter().flatten().copied()
    }

    pub fn version(&self, id: AreaId, on: NaiveDate) -> Option<&AreaVersion> {
        self.get(id).version(on)
    }

    pub fn code(&self, id: AreaId, on: NaiveDate) -> &str {
        &self.get(id).nearest(on).code
    }

    /// The full name with its province: commune names repeat.
    pub fn name(&self, id: AreaId, on: NaiveDate) -> String {
        let area = self.get(id);
        let own = &area.nearest(on).full_name;
        match self.province(id, on) {
            Some(province) if province != id => {
                format!("{own}, {}", self.get(province).nearest(on).full_name)
            }
            _ => own.clone(),
        }
    }

    pub fn parent(&self, id: AreaId, on: NaiveDate) -> Option<AreaId> {
        self.get(id).nearest(on).parent
    }

    /// The area itself first, the country last.
    pub fn ancestors(&self, id: AreaId, on: NaiveDate) -> Vec<AreaId> {
        std::iter::successors(Some(id), |id| self.parent(*id, on)).collect()
    }

    pub fn province(&self, id: AreaId, on: NaiveDate) -> Option<AreaId> {
        self.ancestors(id, on).into_iter().find(|id| self.get(*id).level == AreaLevel::Province)
    }

    /// The areas directly below, on that day.
    pub fn children(&self, id: AreaId, on: NaiveDate) -> Vec<AreaId> {
        let below = self.children.get(&id).into_iter().flatten();
        below
            .copied()
            .filter(|child| self.version(*child, on).is_some_and(|v| v.parent == Some(id)))
            .collect()
    }

    /// The communes of an area on that day; a commune is its own.
    pub fn communes(&self, id: AreaId, on: NaiveDate) -> Vec<AreaId> {
        if self.get(id).level == AreaLevel::Commune {
            return if self.version(id, on).is_some() { vec![id] } else { Vec::new() };
        }
        self.children(id, on).into_iter().flat_map(|child| self.communes(child, on)).collect()
    }

    pub fn settled(&self, id: AreaId) -> Option<AreaId> {
        self.get(id).settled
    }

    /// In whose chain a record of `area` stands: of the area that keeps it today.
    pub fn chain(&self, area: AreaId, placed: Option<AreaId>) -> AreaId {
        let area = placed.unwrap_or(area);
        self.settled(area).unwrap_or(area)
    }

    /// Whether a body of `scope` answers for `area`: it is the same, lies in it, or one that it was
    /// made of.
    pub fn covers(&self, scope: AreaId, area: AreaId) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![area];
        while let Some(id) = open.pop() {
            if id == scope {
                return true;
            }
            if seen.insert(id) {
                let area = self.get(id);
                open.extend(area.versions.iter().filter_map(|v| v.parent));
                open.extend(area.successors.iter().map(|s| s.area));
            }
        }
        false
    }

    /// All areas that a body of `scope` answers for.
    pub fn cover(&self, scope: AreaId) -> BTreeSet<AreaId> {
        let mut covered = BTreeSet::new();
        let mut open = vec![scope];
        while let Some(id) = open.pop() {
            if covered.insert(id) {
                open.extend(self.children.get(&id).into_iter().flatten());
                open.extend(self.get(id).predecessors.iter().map(|p| p.area));
            }
        }
        covered
    }
}
