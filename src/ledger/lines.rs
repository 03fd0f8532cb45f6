//! Append-only tables of what people enter: of each key the last line holds, and what says something
//! else than it becomes a new line.

use std::collections::HashMap;

use chrono::NaiveDate;
use uuid::Uuid;

use crate::areas::{AreaId, Areas, keeper};
use crate::base::error::Result;
use crate::base::version::Version;
use crate::ledger::Writer;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::wire::input::IfMatch;

/// A line of such a table.
pub trait Line: Sized {
    /// What the trail calls it.
    const ENTITY: Entity;

    fn area(&self) -> AreaId;

    /// Its key, as the trail writes it.
    fn id(&self) -> String;

    /// What it says.
    fn fields(&self) -> Fields;

    fn stamp(&self) -> Stamp;

    fn stamped(self, stamp: Stamp) -> Self;
}

/// Which line of its key it is, since when it is known, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stamp {
    pub n: i32,
    pub day: NaiveDate,
    pub author_id: Uuid,
    pub version: Version,
}

impl Stamp {
    /// Of what is not entered yet.
    pub const NONE: Self =
        Self { n: 0, day: NaiveDate::MIN, author_id: Uuid::nil(), version: Version::NEVER };
}

/// Holds the chains in which these lines will stand; what holds is read after that.
pub async fn lock<L: Line>(w: &mut Writer<'_>, areas: &Areas, new: &[L]) -> Result<()> {
    let chains: Vec<AreaId> = new.iter().map(|line| keeper(areas, line.area())).collect();
    w.lock(&chains).await
}

/// Those of the new lines that say something else than what is `known`, stamped and in the trail; the
/// caller stores them. With `version`, whoever changes what is known must know it.
pub async fn append<L: Line>(
    w: &mut Writer<'_>,
    areas: &Areas,
    known: &[L],
    new: Vec<L>,
    version: Option<IfMatch>,
) -> Result<Vec<L>> {
    let last: HashMap<String, &L> = known.iter().map(|line| (line.id(), line)).collect();
    let (mut added, mut items) = (Vec::new(), Vec::new());
    for line in new {
        let (id, after) = (line.id(), line.fields());
        let before = last.get(&id).map(|last| (last.fields(), last.stamp().n));
        if before.as_ref().is_some_and(|(before, _)| *before == after) {
            continue;
        }
        let chain = keeper(areas, line.area());
        added.push(line.stamped(Stamp {
            n: before.as_ref().map_or(1, |(_, n)| n + 1),
            day: w.day,
            author_id: w.act.caller.id,
            version: w.version(chain)?,
        }));
        let item = match before {
            Some((before, _)) => Item::changed(L::ENTITY, id, before, after),
            None => Item::created(L::ENTITY, id, after),
        };
        items.push((chain, item));
    }
    let current = known.iter().map(|line| line.stamp().version).max();
    if let (Some(version), Some(current), false) = (version, current, added.is_empty()) {
        version.check(current)?;
    }
    w.record_each(items).await?;
    Ok(added)
}
