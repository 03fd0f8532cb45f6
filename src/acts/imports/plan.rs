//! What a list would do to the register, row by row.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::hamlets::Hamlets;
use super::matching::{self, Known, Meant, Owner};
use super::row::{fill, settle};
use super::rows::{Import, holders_of_year, newcomers};
use super::{Fault, Row, Summary};
use crate::areas::Areas;
use crate::base::clock::today;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::keys::Keys;
use crate::base::kind::Kind;
use crate::base::number::NumberScheme;
use crate::register::criteria::{CriteriaSet, rows as criteria_rows};
use crate::register::hamlets::rows::Hamlet;
use crate::register::holders::identifiers;
use crate::register::holders::rows::{Holder, Number};
use crate::register::titles::rows::Title;
use crate::register::titles::write;

/// How many rows are planned or written together: more would only take more memory.
pub const AT_ONCE: usize = 2_000;

/// What all rows would do, and who of last year's list is in none of them.
pub struct Plan {
    pub rows: Vec<Planned>,
    absent: Vec<String>,
}

#[derive(Default)]
pub struct Planned {
    pub faults: Vec<Fault>,
    /// The holder as it is; none if it is new.
    pub before: Option<Holder>,
    /// The holder as it would be; none if the row is bad.
    pub after: Option<Holder>,
    /// A number that the holder does not have yet.
    pub number: Option<Number>,
    /// The number that it has.
    pub known_number: Option<String>,
    pub title: Option<TitlePlan>,
}

pub struct TitlePlan {
    pub before: Option<Title>,
    pub after: Title,
}

impl Planned {
    /// Whether the row corrects what the register knows of the holder.
    pub fn holder_changes(&self) -> bool {
        self.before.is_some() && self.before != self.after || self.number.is_some()
    }

    fn changes(&self) -> bool {
        let title = self.title.as_ref().is_some_and(|t| t.before.as_ref() != Some(&t.after));
        self.before.is_none() || self.holder_changes() || title
    }
}

impl Plan {
    /// Compares all rows with the register as it is.
    pub async fn make(
        db: &mut Conn,
        keys: &Keys,
        areas: &Areas,
        import: &Import,
        rows: &[Row],
    ) -> Result<Self> {
        let (commune, kind) = (import.area_id, import.kind);
        let mut holders = Holder::of_commune(db, areas, commune, kind).await?;
        holders.retain(|holder| areas.chain(holder.area_id, None) == commune);
        let hamlets = Hamlet::of_commune(db, commune).await?;
        let names = Hamlet::names_of_commune(db, areas, commune).await?;
        let known = Known {
            kind,
            holders: &holders,
            hamlets: Hamlets::new(&hamlets, &names, areas, import.commune_id),
            owners: owners(db, keys, areas, import, rows).await?,
            newcomers: &newcomers(db, commune, kind).await?,
        };
        let placed = matching::find(rows, &known);
        let by_id: HashMap<Uuid, &Holder> = holders.iter().map(|h| (h.id, h)).collect();
        let meant: Vec<Uuid> = placed
            .iter()
            .filter_map(|p| if let Meant::Known(id) = p.meant { Some(id) } else { None })
            .collect();
        let held = identifiers::numbers(db, keys, &meant).await?;
        let titles = Title::of_holders(db, &meant, import.year, import.level).await?;
        let mut titles: HashMap<Uuid, Title> =
            titles.into_iter().map(|title| (title.holder_id, title)).collect();
        let mut plan = Vec::with_capacity(rows.len());
        for (row, placed) in rows.iter().zip(placed) {
            let mut planned = Planned { faults: row.faults.clone(), ..Planned::default() };
            match placed.meant {
                Meant::Unclear(faults) => planned.faults.extend(faults),
                Meant::Known(id) => planned.before = by_id.get(&id).map(|h| (*h).clone()),
                Meant::New => {}
            }
            if planned.faults.is_empty() {
                let held = planned.before.as_ref().and_then(|h| held.get(&h.id));
                let hamlet = placed.hamlet;
                fill(row, import, hamlet, &hamlets, held, &mut planned);
            }
            if let Some(holder) = &planned.before {
                let before = titles.remove(&holder.id);
                planned.title = before.map(|t| TitlePlan { after: t.clone(), before: Some(t) });
            }
            plan.push(planned);
        }
        let sets = criteria_rows::all(db).await?;
        for (rows, part) in rows.chunks(AT_ONCE).zip(plan.chunks_mut(AT_ONCE)) {
            plan_titles(db, areas, import, &sets, rows, part).await?;
        }
        let listed: HashSet<Uuid> = meant.into_iter().collect();
        let last_year = holders_of_year(db, commune, kind, import.level, import.year - 1).await?;
        let absent = last_year
            .iter()
            .filter(|id| !listed.contains(id))
            .filter_map(|id| by_id.get(id).map(|h| h.code.clone()))
            .collect();
        Ok(Self { rows: plan, absent })
    }

    /// The bad rows, by their place in the list.
    pub fn bad(&self) -> Vec<(i32, Vec<Fault>)> {
        let rows = self.rows.iter().enumerate().filter(|(_, row)| !row.faults.is_empty());
        rows.map(|(n, row)| (n as i32, row.faults.clone())).collect()
    }

    pub fn summary(&self, rows: &[Row]) -> Summary {
        let good: Vec<(&Row, &Planned)> =
            rows.iter().zip(&self.rows).filter(|(_, planned)| planned.faults.is_empty()).collect();
        let count = |test: &dyn Fn(&Row, &Planned) -> bool| {
            good.iter().filter(|(row, planned)| test(row, planned)).count()
        };
        let renamed = |planned: &Planned| match (&planned.before, &planned.after) {
            (Some(before), Some(after)) => before.name != after.name,
            _ => false,
        };
        Summary {
            rows: rows.len(),
            good: good.len(),
            bad: rows.len() - good.len(),
            matched: count(&|_, planned| planned.before.is_some()),
            new: count(&|_, planned| planned.before.is_none()),
            renamed: count(&|_, planned| renamed(planned)),
            changed: count(&|_, planned| planned.changes()),
            unchanged: count(&|_, planned| !planned.changes()),
            mended: count(&|row, _| !row.notes.is_empty()),
            absent: self.absent.len(),
            absent_codes: self.absent.iter().take(500).cloned().collect(),
            ..Summary::default()
        }
    }
}

/// Who has the numbers of the rows: a holder of this commune, or the name of the commune to ask.
async fn owners(
    db: &mut Conn,
    keys: &Keys,
    areas: &Areas,
    import: &Import,
    rows: &[Row],
) -> Result<HashMap<usize, Owner>> {
    let scheme = match import.kind {
        Kind::Citizen => NumberScheme::Citizen,
        Kind::Unit => NumberScheme::Organisation,
        // A head's number may stand on several families.
        _ => return Ok(HashMap::new()),
    };
    let mut wanted: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    for (n, row) in rows.iter().enumerate() {
        let number = row.personal_number.as_deref().map(|number| match scheme {
            NumberScheme::Organisation => crate::base::number::organisation_number(number),
            _ => Some(number.to_owned()),
        });
        if let Some(Some(number)) = number {
            for digest in keys.digests(scheme.as_str(), &number) {
                wanted.entry(digest.to_vec()).or_default().push(n);
            }
        }
    }
    let digests: Vec<Vec<u8>> = wanted.keys().cloned().collect();
    let mut owners = HashMap::new();
    for (digest, (holder, area)) in identifiers::digests(db, &digests).await? {
        let home = areas.chain(area, None);
        let owner = if home == import.area_id {
            Owner::Here(holder)
        } else {
            Owner::Elsewhere(areas.name(home, today()))
        };
        for n in wanted.get(&digest).into_iter().flatten() {
            owners.insert(*n, owner.clone());
        }
    }
    Ok(owners)
}

/// The titles of some good rows: registered, scored, or refused because they are settled.
async fn plan_titles(
    db: &mut Conn,
    areas: &Areas,
    import: &Import,
    sets: &[CriteriaSet],
    rows: &[Row],
    plan: &mut [Planned],
) -> Result<()> {
    let mut fresh: Vec<(Title, Holder)> = Vec::new();
    for planned in plan.iter() {
        if let Some(holder) = &planned.after {
            let title = match &planned.title {
                Some(known) => known.after.clone(),
                None => {
                    let (area, level) = (import.commune_id, import.level);
                    Title::register(holder, area, import.year, level, import.listed_on)
                }
            };
            fresh.push((title, holder.clone()));
        }
    }
    write::refresh(db, &mut fresh).await?;
    let mut fresh = fresh.into_iter().map(|(title, _)| title);
    for (row, planned) in rows.iter().zip(plan) {
        if planned.after.is_none() {
            continue;
        }
        let Some(title) = fresh.next() else { break };
        let before = planned.title.take().and_then(|known| known.before);
        let set = write::set_of(sets, areas, &title, today());
        let scored = settle(row, import, planned, before.as_ref(), title, set);
        match scored {
            Ok(after) => planned.title = Some(TitlePlan { before, after }),
            Err(faults) => planned.faults.extend(faults),
        }
    }
    Ok(())
}
