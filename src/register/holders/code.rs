//! The short code that is printed on every list: three groups of three, the last character a check.

use rand::RngExt;

/// 31 characters, none of which is read as another; 31 is prime, so that every single slip and every
/// exchange of two neighbours is noticed.
const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKLMNPQRSTVWXYZ";

/// A new code: `K7M-3QX-9TD`.
pub fn random() -> String {
    let mut rng = rand::rng();
    written((0..8).map(|_| rng.random_range(0..ALPHABET.len())).collect())
}

/// The `n`th of all codes in an order that looks like none: no two numbers share one.
pub fn nth(n: u64) -> String {
    const ALL: u128 = (ALPHABET.len() as u128).pow(8);
    // Divisible by neither 31 nor a small number, so that every code is met once.
    const STRIDE: u128 = 548_190_763_921;
    let mut rest = u128::from(n) * STRIDE % ALL;
    let values = (0..8).map(|_| {
        let value = rest % ALPHABET.len() as u128;
        rest /= ALPHABET.len() as u128;
        value as usize
    });
    written(values.collect())
}

fn written(mut values: Vec<usize>) -> String {
    values.push(check(&values));
    let text: Vec<u8> = values.iter().map(|v| ALPHABET[*v]).collect();
    text.chunks(3).map(|c| String::from_utf8_lossy(c).into_owned()).collect::<Vec<_>>().join("-")
}

/// Reads a code as people type it; none if a character is wrong or two were exchanged.
pub fn parse(text: &str) -> Option<String> {
    let plain: Vec<u8> = text
        .bytes()
        .filter(|b| !matches!(b, b'-' | b' '))
        .map(|b| b.to_ascii_uppercase())
        .collect();
    let values: Option<Vec<usize>> =
        plain.iter().map(|b| ALPHABET.iter().position(|a| a == b)).collect();
    let values = values.filter(|values| values.len() == 9)?;
    (check(&values[..8]) == values[8]).then(|| {
        plain
            .chunks(3)
            .map(|c| String::from_utf8_lossy(c).into_owned())
            .collect::<Vec<_>>()
            .join("-")
    })
}

/// The value that makes the weighted sum of all nine divisible by 31.
fn check(values: &[usize]) -> usize {
    let sum: usize = values.iter().zip(2..).map(|(value, weight)| value * weight).sum();
    (ALPHABET.len() - sum % ALPHABET.len()) % ALPHABET.len()
}
