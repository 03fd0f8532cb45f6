//! What is wrong with figures as reports print them.

use hoctap::base::hundredths::Percent;
use hoctap::figures::reported::{Numbers, PrintedBase, Remark, remarks};

fn figure(
    registered: Option<i32>,
    recognised: i32,
    total: Option<i32>,
    printed: Option<(i32, PrintedBase)>,
) -> Numbers {
    Numbers {
        registered,
        recognised: Some(recognised),
        total,
        printed_rate: printed.map(|(rate, _)| Percent(rate)),
        printed_base: printed.map(|(_, base)| base),
    }
}

#[test]
fn a_report_is_held_against_itself_and_the_last_one() {
    use PrintedBase::*;
    let none = None;
    let table: [(Numbers, Option<i32>, &[Remark]); 11] = [
        // Hướng Hóa 2025: 72 % of nothing that is given; its clans are right.
        (
            figure(Some(17_528), 15_772, none, Some((7200, Total))),
            none,
            &[Remark::PrintedRateFitsNoBase],
        ),
        (figure(Some(55), 53, none, Some((9636, Registered))), none, &[]),
        // Hà Nội 2024: families without the number registered, citizens without any base.
        (
            figure(none, 1_669_074, none, Some((8906, Registered))),
            none,
            &[Remark::PrintedBaseMissing],
        ),
        (figure(none, 3_830_096, none, Some((6009, Unknown))), none, &[Remark::PrintedBaseUnknown]),
        // Sơn La 2025: doubled in two months.
        (figure(none, 742_335, none, none_printed()), Some(344_200), &[Remark::Jump]),
        (figure(none, 150, none, none_printed()), Some(100), &[]),
        (figure(none, 49, none, none_printed()), Some(100), &[Remark::Jump]),
        // Cut off instead of rounded, and printed without decimals.
        (figure(Some(108), 80, none, Some((7400, Registered))), none, &[]),
        (
            figure(Some(108), 80, none, Some((7500, Registered))),
            none,
            &[Remark::PrintedRateFitsNoBase],
        ),
        (figure(Some(108), 108, Some(108), Some((10_000, Total))), none, &[]),
        (
            figure(Some(12), 13, Some(11), none_printed()),
            none,
            &[
                Remark::RecognisedAboveRegistered,
                Remark::RecognisedAboveTotal,
                Remark::RegisteredAboveTotal,
            ],
        ),
    ];
    for (figure, last, expected) in table {
        let last =
            last.map(|recognised| Numbers { recognised: Some(recognised), ..Numbers::default() });
        let found: Vec<_> =
            remarks(&figure, last.as_ref()).into_iter().map(|said| said.remark).collect();
        assert_eq!(found, expected, "{figure:?}");
    }
}

fn none_printed() -> Option<(i32, PrintedBase)> {
    None
}
