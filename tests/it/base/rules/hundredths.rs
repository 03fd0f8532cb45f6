//! Rates, rounded half up.

use hoctap::base::hundredths::rate;

#[test]
fn rates_are_rounded_half_up_to_two_decimals() {
    let table = [
        ((80, 108), Some(7407)),
        ((26, 108), Some(2407)),
        ((2, 108), Some(185)),
        ((1, 8), Some(1250)),
        // 0.125 % and 0.625 %: half up, never to even.
        ((1, 800), Some(13)),
        ((5, 800), Some(63)),
        ((0, 5), Some(0)),
        ((3, 0), None),
        ((110, 100), Some(11_000)),
    ];
    for ((part, whole), expected) in table {
        assert_eq!(rate(part, whole), expected, "{part} of {whole}");
    }
}
