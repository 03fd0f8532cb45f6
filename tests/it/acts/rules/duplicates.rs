//! Which of two titles stays, and what the survivor takes over.

use hoctap::acts::duplicates::{Stays, joined, reconcile};
use hoctap::base::kind::{Kind, Status};
use hoctap::register::holders::rows::Holder;

#[test]
fn decided_beats_open_and_further_beats_less_far() {
    use Status::*;
    let order: [&[Status]; 5] = [
        &[Withdrawn],
        &[Registered],
        &[SelfAssessed],
        &[Verified],
        &[Recognised, NotRecognised, Revoked],
    ];
    for (n, left) in order.iter().enumerate() {
        for (m, right) in order.iter().enumerate() {
            for (a, b) in left.iter().flat_map(|a| right.iter().map(move |b| (*a, *b))) {
                let expected = match n.cmp(&m) {
                    std::cmp::Ordering::Greater => Some(Stays::Survivors),
                    std::cmp::Ordering::Less => Some(Stays::Others),
                    std::cmp::Ordering::Equal => None,
                };
                assert_eq!(reconcile(a, b), expected, "{a} {b}");
            }
        }
    }
}

#[test]
fn the_survivor_takes_what_only_the_other_knew() {
    let mut one = Holder::new(Kind::Citizen, 7, None, "Lê Văn Dũng".to_owned());
    one.details = serde_json::json!({"birth_year": 1985});
    one.birth_year = Some(1985);
    let mut other = Holder::new(Kind::Citizen, 7, Some(uuid::Uuid::max()), "Lê V. Dũng".into());
    other.details = serde_json::json!({"birth_date": "1986-02-01", "sex": "male"});
    other.group_code = "workers".to_owned();
    let joined = joined(&one, &other);
    assert_eq!(joined.details, serde_json::json!({"birth_year": 1985, "sex": "male"}));
    assert_eq!((&*joined.name, &*joined.group_code), ("Lê Văn Dũng", "workers"));
    assert_eq!(joined.hamlet_id, other.hamlet_id);
}
