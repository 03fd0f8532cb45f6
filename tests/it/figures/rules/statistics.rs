//! Blocks of days: every day is summed once.

use std::collections::HashSet;

use hoctap::figures::statistics::blocks::{Cover, EPOCH, cover, number};

/// The numbers of the days that a cover sums up.
fn days_of(cover: &Cover) -> Vec<i64> {
    let blocks = cover.blocks.iter().flat_map(|until| {
        let to = number(*until);
        to - (to & -to) + 1..=to
    });
    let single = cover.after.iter().zip(&cover.until);
    let single = single.flat_map(|(after, until)| number(*after) + 1..=number(*until));
    let mut days: Vec<i64> = blocks.chain(single).collect();
    days.sort_unstable();
    days
}

#[test]
fn every_day_is_summed_once_whatever_blocks_are_there() {
    let all: HashSet<i64> = (1..=400).collect();
    let some: HashSet<i64> = (1..=400).filter(|n| n % 3 != 0).collect();
    for there in [&all, &some, &HashSet::new()] {
        for to in 0..=400 {
            for from in [0, to - (to & -to)] {
                let found = days_of(&cover(from, to, there));
                assert_eq!(found, (from + 1..=to).collect::<Vec<_>>(), "{from}..{to}");
            }
        }
    }
    assert!((1..=400).all(|to| cover(0, to, &all).blocks.len() <= 9));
    assert_eq!(cover(0, 400, &HashSet::new()).after, [EPOCH]);
}
