//! Whoever asks is found in free text; only people may ask.

use hoctap::acts::people::{Marks, check_person};
use hoctap::base::kind::Kind;
use unicode_normalization::UnicodeNormalization;

#[test]
fn a_person_is_recognised_however_a_text_writes_it() {
    let marks = Marks::new(["Trần Văn Bình"], ["036085001234"]);
    let decomposed: String = "Thay cho ông Trần Văn Bình.".nfd().collect();
    for text in [
        "Thay cho ông Trần Văn Bình.",
        &decomposed,
        "TRAN  VAN BINH chuyển đi",
        "số 036 085 001 234",
        "CCCD: 036085001234",
    ] {
        assert!(marks.stand_in(text), "{text}");
    }
    for text in ["Trần Văn Bảo", "036085001235", "", "ông Bình"] {
        assert!(!marks.stand_in(text), "{text}");
    }
    assert!(!Marks::new([""], []).stand_in("bất kỳ"));
}

#[test]
fn only_people_have_personal_data() {
    for kind in Kind::ALL {
        let person = matches!(kind, Kind::Family | Kind::Clan | Kind::Citizen);
        assert_eq!(check_person(*kind).is_ok(), person, "{kind}");
    }
}
