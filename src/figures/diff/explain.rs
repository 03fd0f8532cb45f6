//! The entries behind a difference, as far as the caller may read the chains they stand in.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, NaiveDate, Utc};

use super::api::{Compared, Known};
use super::form::{Effect, Entries, EntryBody, TargetDifference};
use super::rows::{self, Explained, Wanted};
use super::{Difference, Input, InputOf, slots};
use crate::access::{Caller, Permission};
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::hundredths::Percent;
use crate::base::version::Version;
use crate::figures::statistics::compute::{Slot, slot};
use crate::figures::statistics::question::Asked;
use crate::figures::targets::rows::Target;

/// How many entries are listed of a row: those that changed most tell what happened.
const LISTED: usize = 20;

/// The chains that a caller may read.
enum Readable {
    Nothing,
    Everything,
    Of(Vec<AreaId>),
}

impl Readable {
    /// By the areas as the last of the days knew them, so that the answer stays the same.
    fn by(areas: &Areas, caller: Option<&Caller>) -> Self {
        match caller {
            Some(caller) if caller.role.may(Permission::ReadAudit) && areas.knows(caller.area) => {
                if caller.area == areas.country() {
                    return Self::Everything;
                }
                Self::Of(areas.cover(caller.area).into_iter().collect())
            }
            _ => Self::Nothing,
        }
    }

    fn chains(&self) -> Option<&[AreaId]> {
        match self {
            Self::Nothing => Some(&[]),
            Self::Everything => None,
            Self::Of(chains) => Some(chains),
        }
    }

    fn allows(&self, entry: Version) -> bool {
        self.chains().is_none_or(|chains| chains.contains(&entry.area()))
    }
}

pub struct Explaining<'a> {
    asked: &'a Compared,
    known: &'a Known,
    readable: Readable,
    /// Whether figures of groups may be told.
    groups: bool,
}

/// When an entry was made, the day on which it is known, and what was done.
type Told = HashMap<Version, (DateTime<Utc>, NaiveDate, String)>;

impl<'a> Explaining<'a> {
    pub fn new(asked: &'a Compared, known: &'a Known, caller: Option<&Caller>) -> Self {
        let readable = Readable::by(&asked.last.areas, caller);
        Self { asked, known, readable, groups: caller.is_some() }
    }

    /// The entries behind each of these rows.
    pub async fn rows(&self, db: &mut Conn, rows: &[Difference]) -> Result<Vec<Entries>> {
        let places = self.places(rows);
        let none = Vec::new();
        let question = &self.asked.last.question;
        let wanted: Vec<Wanted<'_>> = rows
            .iter()
            .map(|row| {
                let (year, kind, level, group, grade) = &row.cell;
                Wanted {
                    kind: *kind,
                    level: *level,
                    year: *year,
                    group: question.by_group.then_some(group),
                    grade: question.by_grade.then_some(grade),
                    places: places.get(&row.slot).unwrap_or(&none),
                }
            })
            .collect();
        let (days, chains) = (self.asked.days, self.readable.chains());
        let mut of_titles: HashMap<usize, Vec<Explained>> = HashMap::new();
        for found in rows::explained(db, &wanted, days, chains, LISTED as i64).await? {
            of_titles.entry(found.nth as usize).or_default().push(found);
        }
        let inputs = self.inputs(rows);
        let listed = of_titles.values().flatten().map(Explained::entry);
        let told = self.told(db, listed.chain(inputs.iter().flatten().copied())).await?;
        let explained = inputs.into_iter().enumerate().map(|(nth, inputs)| {
            let of_titles = of_titles.remove(&nth).unwrap_or_default();
            let count = of_titles.first().map_or(0, |first| first.entries as usize) + inputs.len();
            let inputs = inputs.into_iter().map(|entry| (entry, None));
            let of_titles = of_titles.iter().map(|found| (found.entry(), Some(found.into())));
            self.entries(&told, count, inputs.chain(of_titles))
        });
        Ok(explained.collect())
    }

    /// The places where titles changed, by the rows that they stand in on either day.
    fn places(&self, rows: &[Difference]) -> HashMap<Slot, Vec<(AreaId, AreaId)>> {
        let mut found: HashMap<Slot, Vec<(AreaId, AreaId)>> =
            rows.iter().map(|row| (row.slot.clone(), Vec::new())).collect();
        for place in &self.known.places {
            let stands = [&self.asked.first, &self.asked.last].into_iter().filter_map(
                |Asked { areas, question }| {
                    areas.knows(place.area_id).then_some(())?;
                    let placed = place.placed().filter(|placed| areas.knows(*placed));
                    slot(areas, question, &areas.place(place.area_id, placed, question.boundaries))
                },
            );
            for slot in stands.collect::<BTreeSet<Slot>>() {
                if let Some(places) = found.get_mut(&slot) {
                    places.push((place.area_id, place.placed_id));
                }
            }
        }
        found
    }

    /// The entries other than those of titles that changed each of these rows.
    fn inputs(&self, rows: &[Difference]) -> Vec<BTreeSet<Version>> {
        let mut found = vec![BTreeSet::new(); rows.len()];
        for input in &self.known.inputs {
            let slots = self.moved(input);
            for (row, entries) in rows.iter().zip(&mut found) {
                if slots.contains(&row.slot) && input.changed(row) {
                    entries.insert(input.entry);
                }
            }
        }
        found
    }

    /// The rows that an input concerns: of a reform none where all stands as it stood.
    fn moved(&self, input: &Input) -> BTreeSet<Slot> {
        let Compared { first, last, .. } = self.asked;
        if input.of == InputOf::Area
            && slots(&first.areas, &first.question, input.area)
                == slots(&last.areas, &last.question, input.area)
        {
            return BTreeSet::new();
        }
        self.asked.slots(input.area)
    }

    /// What changed of the targets that hold for the area asked about.
    pub async fn targets(&self, db: &mut Conn) -> Result<Vec<TargetDifference>> {
        let Compared { last: Asked { areas, question }, days, .. } = self.asked;
        let up = areas.ancestors(question.area, question.on);
        let mut set = rows::targets(db, &up, *days).await?;
        set.retain(|target| {
            question.kind.is_none_or(|kind| kind == target.kind)
                && question.level.is_none_or(|level| level == target.goal().level())
                && (self.groups || target.group_code.is_empty())
        });
        if set.is_empty() {
            return Ok(Vec::new());
        }
        let key = |t: &Target| (t.area_id, t.year, t.goal());
        let before = Target::of_areas(db, &up, Some(days.from)).await?;
        let before: HashMap<_, _> = before.iter().map(|t| (key(t), t.percent)).collect();
        let told = self.told(db, set.iter().map(|target| target.version)).await?;
        let mut by_key: BTreeMap<_, Vec<&Target>> = BTreeMap::new();
        for target in &set {
            by_key.entry(key(target)).or_default().push(target);
        }
        let differ = by_key.into_iter().filter_map(|((area, year, goal), lines)| {
            let before = before.get(&(area, year, goal)).copied().flatten();
            let after = lines.last().and_then(|last| last.percent);
            let entries = lines.iter().map(|line| (line.version, None));
            (before != after).then(|| TargetDifference {
                set_by: areas.code(area, question.on).to_owned(),
                set_by_name: areas.name(area, question.on),
                year,
                kind: goal.kind,
                base: goal.base,
                group: goal.group,
                before: before.map(Percent),
                after: after.map(Percent),
                entries: self.entries(&told, lines.len(), entries),
            })
        });
        Ok(differ.collect())
    }

    /// What is known of these entries, as far as the caller may read them.
    async fn told(&self, db: &mut Conn, entries: impl Iterator<Item = Version>) -> Result<Told> {
        let wanted: BTreeSet<Version> = entries.filter(|e| self.readable.allows(*e)).collect();
        let wanted: Vec<Version> = wanted.into_iter().collect();
        if wanted.is_empty() {
            return Ok(Told::new());
        }
        let found = rows::entries(db, &wanted).await?;
        Ok(found.into_iter().map(|(name, at, day, action)| (name, (at, day, action))).collect())
    }

    fn entries(
        &self,
        told: &Told,
        count: usize,
        entries: impl Iterator<Item = (Version, Option<Effect>)>,
    ) -> Entries {
        let areas = &self.asked.last.areas;
        let items = entries.filter_map(|(id, titles)| {
            let (at, day, action) = told.get(&id)?;
            Some(EntryBody {
                id,
                area: areas.code(id.area(), *day).to_owned(),
                seq: id.seq(),
                at: *at,
                day: *day,
                action: action.clone(),
                titles,
                items: format!("/api/v1/audit/{id}/items"),
            })
        });
        let items = match self.readable {
            Readable::Nothing => None,
            _ => Some(items.take(LISTED).collect()),
        };
        Entries { count, items }
    }
}

impl From<&Explained> for Effect {
    fn from(found: &Explained) -> Self {
        let by_status = found.by_status();
        Self {
            registered: by_status.iter().sum(),
            recognised: found.recognised,
            in_force: found.in_force,
            by_status: by_status.into(),
        }
    }
}
