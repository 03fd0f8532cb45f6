//! What a personal number tells.

use hoctap::base::number::{NumberFault, PersonalNumber, Sex, masked};

#[test]
fn the_number_tells_century_sex_and_year() {
    for (text, sex, year) in [
        ("036085001234", Sex::Male, 1985),
        ("036185001234", Sex::Female, 1985),
        ("036 204 001 234", Sex::Male, 2004),
        ("036304001234", Sex::Female, 2004),
    ] {
        let number = PersonalNumber::parse(text).unwrap();
        assert_eq!((number.sex(), number.birth_year()), (sex, year), "{text}");
    }
}

#[test]
fn what_is_no_number_says_why() {
    for (text, fault) in [
        ("123456789", NumberFault::OldCard),
        ("36085001234", NumberFault::Length(11)),
        ("03608500123A", NumberFault::NotDigits),
    ] {
        assert_eq!(PersonalNumber::parse(text), Err(fault), "{text}");
    }
    let number = PersonalNumber::parse("036085001234").unwrap();
    assert_eq!(number.fits(Some(Sex::Female), None), Err(NumberFault::Sex));
    assert_eq!(number.fits(None, Some(1986)), Err(NumberFault::BirthYear));
    assert_eq!(number.fits(Some(Sex::Male), Some(1985)), Ok(()));
}

#[test]
fn only_the_end_is_shown() {
    assert_eq!(masked("036085001234"), "•••••••••234");
}
