//! What a list would do to the register, part by part.

use std::collections::HashMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::matched::Matched;
use super::matching::{Meant, Placed};
use super::row::{fill, settle};
use super::rows::Import;
use super::{Fault, Row, Summary};
use crate::areas::Areas;
use crate::base::clock::today;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::keys::Keys;
use crate::register::criteria::{CriteriaSet, rows as criteria_rows};
use crate::register::hamlets::rows::Hamlet;
use crate::register::holders::identifiers;
use crate::register::holders::rows::{Holder, Number};
use crate::register::rounds::{Calendar, Entry};
use crate::register::titles::rows::Title;
use crate::register::titles::write;

/// How many rows are read, planned and written together: more would only take more memory.
pub const AT_ONCE: usize = 2_000;
/// The most holders of last year that a summary names.
const MOST_ABSENT: usize = 500;

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
    pub fn is_good(&self) -> bool {
        self.faults.is_empty()
    }

    /// Whether the row corrects what the register knows of the holder.
    pub fn holder_changes(&self) -> bool {
        self.before.is_some() && self.before != self.after || self.number.is_some()
    }

    fn changes(&self) -> bool {
        let title = self.title.as_ref().is_some_and(|t| t.before.as_ref() != Some(&t.after));
        self.before.is_none() || self.holder_changes() || title
    }

    fn renames(&self) -> bool {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => before.name != after.name,
            _ => false,
        }
    }
}

/// Plans the rows of a list in their order, and counts them.
pub struct Planner<'a> {
    keys: &'a Keys,
    areas: &'a Areas,
    import: &'a Import,
    placed: std::vec::IntoIter<Placed>,
    hamlets: Vec<Hamlet>,
    sets: Vec<CriteriaSet>,
    late: Late,
    pub summary: Summary,
}

/// What comes after its deadline, or after the commune had closed.
struct Late {
    registering: bool,
    scoring: bool,
}

impl<'a> Planner<'a> {
    /// `day` is the one on which what is planned would be known.
    pub async fn begin(
        db: &mut Conn,
        (keys, areas): (&'a Keys, &'a Areas),
        import: &'a Import,
        matched: Matched,
        day: NaiveDate,
    ) -> Result<Self> {
        let Matched { placed, hamlets, absent } = matched;
        let places = [import.area_id, import.commune_id];
        let calendar = Calendar::load(db, &places, &[import.year]).await?;
        let round = (import.year, import.kind);
        let is_late = |entry| calendar.is_late(areas, import.commune_id, round, entry, day);
        let summary = Summary {
            absent: absent.len(),
            absent_codes: absent.into_iter().take(MOST_ABSENT).collect(),
            ..Summary::default()
        };
        Ok(Self {
            keys,
            areas,
            import,
            placed: placed.into_iter(),
            hamlets,
            sets: criteria_rows::all(db).await?,
            late: Late {
                registering: is_late(Entry::Registration),
                scoring: is_late(Entry::Score),
            },
            summary,
        })
    }

    /// Compares the next rows with the register as it is.
    pub async fn plan(&mut self, db: &mut Conn, rows: &[Row]) -> Result<Vec<Planned>> {
        let placed: Vec<Placed> = self.placed.by_ref().take(rows.len()).collect();
        let meant: Vec<Uuid> = placed.iter().filter_map(Placed::known).collect();
        let (mut holders, mut held, mut titles) = Default::default();
        if !meant.is_empty() {
            holders = by_id(Holder::by_ids(db, &meant).await?, |holder| holder.id);
            held = identifiers::numbers(db, self.keys, &meant).await?;
            let found = Title::of_holders(db, &meant, self.import.year, self.import.level).await?;
            titles = by_id(found, |title| title.holder_id);
        }
        let mut plan = Vec::with_capacity(rows.len());
        for (row, placed) in rows.iter().zip(placed) {
            let mut planned = Planned { faults: row.faults.clone(), ..Planned::default() };
            match placed.meant {
                Meant::Unclear(doubts) => {
                    planned.faults.extend(doubts.into_iter().map(|doubt| row.doubted(doubt)));
                }
                Meant::Known(id) => planned.before = holders.remove(&id),
                Meant::New => {}
            }
            if planned.is_good() {
                let held: Option<&String> = planned.before.as_ref().and_then(|h| held.get(&h.id));
                fill(row, self.import, placed.hamlet, &self.hamlets, held, &mut planned);
            }
            if let Some(holder) = &planned.before {
                let before: Option<Title> = titles.remove(&holder.id);
                planned.title = before.map(|t| TitlePlan { after: t.clone(), before: Some(t) });
            }
            plan.push(planned);
        }
        self.plan_titles(db, rows, &mut plan).await?;
        for (row, planned) in rows.iter().zip(&mut plan) {
            self.late.mark(planned, &mut self.summary);
            self.summary.count(row, planned);
        }
        Ok(plan)
    }

    /// The titles of some good rows: registered, scored, or refused because they are settled.
    async fn plan_titles(&self, db: &mut Conn, rows: &[Row], plan: &mut [Planned]) -> Result<()> {
        let import = self.import;
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
            let set = write::set_of(&self.sets, self.areas, &title, today());
            let scored = settle(row, import, planned, before.as_ref(), title, set);
            match scored {
                Ok(after) => planned.title = Some(TitlePlan { before, after }),
                Err(faults) => planned.faults.extend(faults),
            }
        }
        Ok(())
    }
}

impl Late {
    /// Marks a good row that comes late.
    fn mark(&self, planned: &mut Planned, summary: &mut Summary) {
        let Some(title) = planned.title.as_mut().filter(|_| planned.faults.is_empty()) else {
            return;
        };
        let known = title.before.as_ref();
        let scored = title.after.own_score != known.and_then(|t| t.own_score.clone())
            || title.after.verified_score != known.and_then(|t| t.verified_score.clone());
        if known.is_none() && self.registering || scored && self.scoring {
            title.after.late = true;
            summary.late += 1;
        }
    }
}

impl Summary {
    fn count(&mut self, row: &Row, planned: &Planned) {
        self.rows += 1;
        if !planned.is_good() {
            self.bad += 1;
            return;
        }
        self.good += 1;
        for (is_so, count) in [
            (planned.before.is_some(), &mut self.matched),
            (planned.before.is_none(), &mut self.new),
            (planned.renames(), &mut self.renamed),
            (planned.changes(), &mut self.changed),
            (!planned.changes(), &mut self.unchanged),
            (!row.notes.is_empty(), &mut self.mended),
        ] {
            *count += usize::from(is_so);
        }
    }
}

fn by_id<T>(found: Vec<T>, id: impl Fn(&T) -> Uuid) -> HashMap<Uuid, T> {
    found.into_iter().map(|one| (id(&one), one)).collect()
}
