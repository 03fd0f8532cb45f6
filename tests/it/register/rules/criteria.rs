//! When a title passes, and what a score lacks.

use hoctap::base::hundredths::Points;
use hoctap::register::criteria::{Criterion, Outcome, Rules, Scheme, Score};

fn citizen_rules() -> Rules {
    Rules {
        criteria: (1..=10)
            .map(|n| Criterion {
                code: n.to_string(),
                name: format!("Chỉ số {n}"),
                max: Some(Points::whole(10)),
            })
            .collect(),
        threshold: Some(Points::whole(80)),
        threshold_difficult: Some(Points::whole(70)),
        floor: Some(Points::whole(5)),
        ..Rules::default()
    }
}

fn points(each: &[i32]) -> Score {
    let points = each.iter().enumerate().map(|(n, p)| ((n + 1).to_string(), Points::whole(*p)));
    Score { points: points.collect(), ..Score::default() }
}

#[test]
fn citizens_pass_at_80_or_70_where_difficult_with_no_indicator_below_5() {
    use Outcome::*;
    let total = |t| Score { total: Some(Points::whole(t)), ..Score::default() };
    let table: [(Score, bool, Outcome, usize, usize); 9] = [
        (points(&[8; 10]), false, Passes, 0, 0),
        (points(&[10, 10, 10, 10, 10, 10, 10, 8, 8, 4]), false, Fails, 1, 0),
        (points(&[7; 10]), false, Fails, 1, 0),
        (points(&[7; 10]), true, Passes, 0, 0),
        (total(80), false, Passes, 0, 1),
        (total(79), false, Fails, 1, 1),
        (Score { passed: Some(true), ..Score::default() }, false, Passes, 0, 1),
        (Score { passed: Some(false), ..Score::default() }, false, Fails, 1, 0),
        (Score::default(), false, Unknown, 0, 0),
    ];
    for (score, difficult, outcome, lacks, unchecked) in table {
        let found = score.assess(Scheme::Points, &citizen_rules(), difficult);
        assert_eq!(
            (found.outcome, found.lacks.len(), found.unchecked.len()),
            (outcome, lacks, unchecked),
            "{score:?}"
        );
    }
}

#[test]
fn a_score_that_does_not_fit_its_set_is_explained_whole() {
    let mut score = points(&[11, 8]);
    score.points.insert("99".into(), Points::whole(1));
    score.grade = Some("gold".into());
    let errors = score.check(Scheme::Points, &citizen_rules(), "/score");
    let found: Vec<_> = errors.iter().map(|e| (&*e.pointer, e.code)).collect();
    assert_eq!(
        found,
        [
            ("/score/points/1", "points_above_maximum"),
            ("/score/points/99", "criterion_unknown"),
            ("/score/grade", "grade_unknown"),
        ]
    );
}

#[test]
fn points_are_exact_to_the_hundredth() {
    assert_eq!(serde_json::from_str::<Points>("85.55").unwrap(), Points(8555));
    assert!(serde_json::from_str::<Points>("85.555").is_err());
    assert!(serde_json::from_str::<Points>("-1").is_err());
}
