//! Details by kind, and codes that notice slips of the pen.

use hoctap::base::error::Error;
use hoctap::base::kind::Kind;
use hoctap::register::holders::code::{parse, random};
use hoctap::register::holders::{Details, merge};
use serde_json::{Value, json};

#[test]
fn details_are_read_by_kind_with_all_errors_placed() {
    let error = Details::read(Kind::Family, json!({"members": 0, "adults": 99})).unwrap_err();
    let Error::Problem(problem) = error else { panic!("not a problem") };
    let pointers: Vec<_> = problem.errors.iter().map(|e| &*e.pointer).collect();
    assert_eq!(pointers, ["/details/adults", "/details/members"]);
    assert!(Details::read(Kind::Clan, json!({"members": 3})).is_err());
    assert!(Details::read(Kind::Unit, Value::Null).is_ok());
}

#[test]
fn a_merge_patch_removes_with_null() {
    let mut value = json!({"a": 1, "b": {"c": 2, "d": 3}});
    merge(&mut value, json!({"a": null, "b": {"c": 4}}));
    assert_eq!(value, json!({"b": {"c": 4, "d": 3}}));
}

#[test]
fn slips_of_the_pen_are_noticed() {
    for _ in 0..200 {
        let code = random();
        assert_eq!(parse(&code.to_lowercase().replace('-', "")), Some(code.clone()));
        let mut letters: Vec<u8> = code.bytes().filter(|b| *b != b'-').collect();
        for at in 0..9 {
            let right = letters[at];
            letters[at] = if right == b'7' { b'8' } else { b'7' };
            assert_eq!(parse(&String::from_utf8_lossy(&letters)), None);
            letters[at] = right;
            if at > 0 && letters[at] != letters[at - 1] {
                letters.swap(at, at - 1);
                assert_eq!(parse(&String::from_utf8_lossy(&letters)), None);
                letters.swap(at, at - 1);
            }
        }
    }
}
