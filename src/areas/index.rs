//! All areas in memory: one immutable snapshot that every request reads.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;

use super::{AreaId, AreaLevel};

pub struct Areas {
    /// The day on which records are settled.
    on: NaiveDate,
    /// Which change of areas this index knows as the last.
    generation: i64,
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
    /// Where whole successions lead on the day of this index: itself while in force, else the area that
    /// took it over whole. When that one was split or abolished, only placing can tell the rest.
    pub end: AreaId,
    /// The end, while it is in force: where its records are kept.
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
    /// The index of areas as they were read, settled as of `on`.
    pub(super) fn index(list: Vec<Area>, on: NaiveDate, generation: i64) -> Self {
        let at = list.iter().enumerate().map(|(n, a)| (a.id, n)).collect();
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
        let mut index = Self { on, generation, list, at, by_code, children, country };
        let ends: Vec<_> = index.list.iter().map(|area| index.find_end(area.id)).collect();
        for (n, end) in ends.into_iter().enumerate() {
            let in_force = index.get(end).version(on).is_some();
            index.list[n].end = end;
            index.list[n].settled = in_force.then_some(end);
        }
        index
    }

    /// Follows whole successions as far as they lead on the day of this index.
    fn find_end(&self, id: AreaId) -> AreaId {
        let mut at = id;
        loop {
            let successors = &self.get(at).successors;
            match successors.iter().find(|next| next.whole && next.on <= self.on) {
                Some(next) => at = next.area,
                None => return at,
            }
        }
    }

    /// The day on which records are settled.
    pub fn on(&self) -> NaiveDate {
        self.on
    }

    /// Whether nothing changed since it was loaded, neither the day nor the areas.
    pub fn is_latest(&self, on: NaiveDate, generation: i64) -> bool {
        self.on == on && self.generation == generation
    }

    /// Which change of areas it knows as the last.
    pub fn generation(&self) -> i64 {
        self.generation
    }

    pub fn country(&self) -> AreaId {
        self.country
    }

    pub fn all(&self) -> &[Area] {
        &self.list
    }

    /// Whether the area was known when this index was.
    pub fn knows(&self, id: AreaId) -> bool {
        self.at.contains_key(&id)
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

    /// The areas that are settled today, or those that are not.
    pub fn with_settled(&self, settled: bool) -> Vec<AreaId> {
        let found = self.list.iter().filter(|area| area.settled.is_some() == settled);
        found.map(|area| area.id).collect()
    }

    /// In whose chain a record of `area` stands: of the area that keeps it today, or of the one in
    /// which it waits to be placed.
    pub fn chain(&self, area: AreaId, placed: Option<AreaId>) -> AreaId {
        self.get(placed.unwrap_or(area)).end
    }

    /// All areas whose records are kept by `end`, or wait in it to be placed.
    pub fn ending_in(&self, end: AreaId) -> Vec<AreaId> {
        self.list.iter().filter(|area| area.end == end).map(|area| area.id).collect()
    }

    /// The areas that went whole into one which was made of nothing else.
    pub fn made_whole_of(&self, id: AreaId) -> Option<Vec<AreaId>> {
        let before = &self.get(id).predecessors;
        let whole = !before.is_empty() && before.iter().all(|succession| succession.whole);
        whole.then(|| before.iter().map(|succession| succession.area).collect())
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
