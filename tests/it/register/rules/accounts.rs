//! Passwords, lists of accounts, and the slips that are cut from paper.

use argon2::password_hash::phc::PasswordHash;
use hoctap::access::Role;
use hoctap::register::account_lists::list::{code, role};
use hoctap::register::account_lists::slips::{Slip, html, text};
use hoctap::register::accounts::{
    NOBODY, check_password, hash_password, temporary_password, verify_password,
};

#[test]
fn passwords_are_verified_and_unknown_users_have_none() {
    let hash = hash_password("một mật khẩu dài").unwrap();
    assert!(verify_password(Some(&hash), "một mật khẩu dài"));
    assert!(!verify_password(Some(&hash), "một mật khẩu khác"));
    assert!(!verify_password(None, "một mật khẩu dài"));
    assert!(PasswordHash::new(NOBODY).is_ok(), "or unknown users would be refused faster");
    assert!(check_password("/new", &temporary_password(), "recorder.13669").is_empty());
    assert_eq!(check_password("/new", "An", "an").len(), 2);
}

#[test]
fn roles_are_written_in_several_ways() {
    for (text, expected) in [
        ("Nhập liệu", Some(Role::Recorder)),
        ("cán bộ nhập liệu", Some(Role::Recorder)),
        ("APPROVER", Some(Role::Approver)),
        ("Người giám sát", Some(Role::Supervisor)),
        ("trưởng phòng", None),
    ] {
        assert_eq!(role(text), expected, "{text}");
    }
}

#[test]
fn codes_that_lost_their_zeros_have_them_again() {
    for (text, expected) in [("13669", "13669"), ("70", "70"), ("070", "00070"), ("Xã A", "Xã A")]
    {
        assert_eq!(code(text), expected);
    }
}

#[test]
fn a_name_cannot_become_markup() {
    let slip = Slip {
        full_name: "<b>An</b> & Bình".to_owned(),
        role: String::new(),
        area: String::new(),
        username: "an".to_owned(),
        password: "abcd".to_owned(),
    };
    assert!(html(std::slice::from_ref(&slip)).contains("&lt;b&gt;An&lt;/b&gt; &amp; Bình"));
    assert!(text(&[slip]).contains("Mật khẩu lần đầu: abcd"));
}
