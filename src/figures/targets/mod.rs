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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::hundredths::Percent;

    #[test]
    fn the_nearest_area_that_has_a_target_counts() {
        let goal = Goal { kind: Kind::Family, base: Base::Households, group: None };
        let of = |area, percent: Option<i32>| {
            Target::new(area, 2030, goal, percent.map(Percent), "nguồn")
        };
        let targets = [of(1, Some(8000)), of(10, Some(8500)), of(100, None)];
        let found = |ancestors: &[AreaId]| {
            nearest(&targets, ancestors, 2030, goal).and_then(|target| target.percent)
        };
        assert_eq!(found(&[100, 10, 1]), Some(8500));
        assert_eq!(found(&[200, 20, 1]), Some(8000));
        assert_eq!(found(&[200, 20]), None);
        assert_eq!(nearest(&targets, &[1], 2025, goal), None);
    }

    #[test]
    fn officials_are_counted_against_their_own_base() {
        let known = |kind, base, group| Goal { kind, base, group }.is_known();
        assert!(known(Kind::Citizen, Base::Officials, Some(Group::Officials)));
        assert!(known(Kind::Citizen, Base::AdultsInLearningHolders, None));
        assert!(!known(Kind::Citizen, Base::Officials, None));
        assert!(!known(Kind::Family, Base::Clans, None));
        assert!(!known(Kind::Family, Base::Households, Some(Group::Officials)));
    }
}
