//! Whose target counts, and of what there is one.

use hoctap::areas::AreaId;
use hoctap::base::hundredths::Percent;
use hoctap::base::kind::{Base, Group, Kind};
use hoctap::figures::targets::rows::Target;
use hoctap::figures::targets::{Goal, nearest};

#[test]
fn the_nearest_area_that_has_a_target_counts() {
    let goal = Goal { kind: Kind::Family, base: Base::Households, group: None };
    let of =
        |area, percent: Option<i32>| Target::new(area, 2030, goal, percent.map(Percent), "nguồn");
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
