//! What a unit needs, and how clean a commune is.

use std::collections::BTreeMap;

use hoctap::figures::quality::{Check, Finding, cards, citizens_needed};

#[test]
fn a_unit_needs_more_citizens_the_higher_its_grade() {
    for (grade, educates, needed) in [
        ("level_1", false, 9_000),
        ("level_1", true, 9_500),
        ("level_2", false, 9_500),
        ("level_2", true, 9_700),
        ("", false, 9_000),
        ("", true, 9_500),
    ] {
        assert_eq!(citizens_needed(grade, educates), needed, "{grade} {educates}");
    }
}

#[test]
fn the_score_of_a_commune_is_the_share_of_its_clean_checks() {
    let finding = |area, check| Finding {
        check,
        area,
        year: 2026,
        kind: None,
        level: None,
        numbers: BTreeMap::new(),
        vi: String::new(),
        list: None,
        holders: Vec::new(),
    };
    let found = [
        finding(2, Check::CountJump),
        finding(2, Check::CountJump),
        finding(2, Check::TotalShrank),
    ];
    let cards = cards(&[1, 2], &found);
    assert_eq!((cards[0].area, cards[0].score), (2, 8_889));
    assert_eq!(cards[0].found[&Check::CountJump], 2);
    assert_eq!((cards[1].area, cards[1].score), (1, 10_000));
}
