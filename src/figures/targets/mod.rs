//! Targets: how much of a base an area wants recognised by a year. The nearest area that has one counts.

pub mod api;
pub mod rows;

use crate::areas::AreaId;
use crate::base::kind::{Base, Group, Kind, Level};
use rows::Target;

/// What a target is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Goal {
    pub kind: Kind,
    pub base: Base,
    pub group: Option<Group>,
}

impl Goal {
    /// The level of the titles that count towards it.
    pub fn level(self) -> Level {
        match self.base {
            Base::Hamlets => Level::Hamlet,
            _ => Level::Commune,
        }
    }

    /// Whether the kind has this base, and the group is one that is counted against it.
    pub fn is_known(self) -> bool {
        self.kind.bases().contains(&self.base)
            && (self.group.is_none() || self.kind.is_person())
            && (self.base == Base::Officials) == (self.group == Some(Group::Officials))
    }
}

/// The target that counts for an area: its own, or that of the nearest area above. `ancestors`
/// begins with the area itself; one that was taken back counts as none.
pub fn nearest<'a>(
    targets: &'a [Target],
    ancestors: &[AreaId],
    year: i16,
    goal: Goal,
) -> Option<&'a Target> {
    ancestors.iter().find_map(|area| {
        targets.iter().find(|target| {
            target.area_id == *area
                && target.year == year
                && target.goal() == goal
                && target.percent.is_some()
        })
    })
}
