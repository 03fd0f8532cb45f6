//! One form to store a name, one key to search by.

use hoctap::base::text::{name_key, near, search_key, tidy};
use unicode_normalization::UnicodeNormalization;

#[test]
fn spellings_of_one_name_share_a_key() {
    for (text, key) in [
        ("Phường Nam Định", "phuong nam dinh"),
        ("PHUONG  NAM-DINH", "phuong nam dinh"),
        ("Hòa Bình", "hoa binh"),
        ("Hoà Bình", "hoa binh"),
        ("Đắk Lắk", "dak lak"),
        ("H\u{ca}\u{309}\u{323}", "he"),
        (" Tổ dân phố số 5 ", "to dan pho so 5"),
    ] {
        assert_eq!(search_key(text), key);
        assert_eq!(search_key(&text.nfd().collect::<String>()), key, "decomposed {text}");
    }
}

#[test]
fn ways_of_writing_one_name_share_a_key_and_other_names_do_not() {
    assert_eq!(name_key("NGUYỄN  Thị Thuỷ"), name_key("Nguyễn Thị Thủy"));
    assert_eq!(name_key("Trần Hoà"), name_key("trần hòa."));
    assert_ne!(name_key("Trần Hùng"), name_key("Trần Hưng"));
    assert_ne!(name_key("Trần Hưng"), name_key("Trần Hung"));
}

#[test]
fn storage_keeps_the_name_in_one_form() {
    assert_eq!(tidy(" Nguye\u{302}\u{303}n\u{a0}Thị\u{feff} "), "Nguyễn Thị");
}

#[test]
fn near_names_are_misspellings_not_neighbours() {
    assert!(near("Nam Định", "Nam Đinhh"));
    assert!(near("Trần Nhật Duật", "Tran Nhat Duet"));
    assert!(!near("Thôn 1", "Thôn 22"));
    assert!(!near("An", "Ân Thi"));
}
