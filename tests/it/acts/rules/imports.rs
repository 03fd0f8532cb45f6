//! Names and hamlets as lists write them, and templates that the import reads.

use std::collections::HashMap;

use hoctap::acts::imports::hamlets::{core, heading};
use hoctap::acts::imports::matching::Candidate;
use hoctap::acts::imports::near::Near;
use hoctap::acts::imports::template::template;
use hoctap::base::kind::Kind;
use hoctap::wire::sheets::{header, open};
use uuid::Uuid;

#[test]
fn a_slip_of_the_pen_is_near_and_another_name_is_not() {
    let holder = Candidate {
        id: Uuid::nil(),
        hamlet_id: None,
        code: String::new(),
        name: "Trần Văn Hùng".to_owned(),
        birth_year: None,
    };
    let near = Near::new(std::iter::once(&holder));
    for name in
        ["Trần Văn Hùn", "Trần Văn Hùngg", "Trần Văn Húng", "Trần Vân Hùng", "Tran Van Hung"]
    {
        assert_eq!(near.find(None, name).len(), 1, "{name}");
    }
    for name in ["Trần Văn Hào", "Trần Thị Hùng", "Lê Văn Hùng"] {
        assert!(near.find(None, name).is_empty(), "{name}");
    }
    assert!(near.find(Some(Uuid::nil()), "Trần Văn Hùng").is_empty());
}

#[test]
fn a_hamlet_is_written_in_many_ways() {
    for text in ["Tổ dân phố 5", "TDP số 05", "tdp5", "Tổ 5", "Tổ dân phố số 5", "5"]
    {
        assert_eq!(core(text), "5", "{text}");
    }
    assert_eq!(core("Thôn Vạn Diệp"), "van diep");
}

#[test]
fn a_line_across_the_list_names_the_hamlet_below_it() {
    for (text, hamlet) in [
        ("II. Thôn Vạn Diệp", Some("Thôn Vạn Diệp")),
        ("TDP số 5", Some("TDP số 5")),
        ("3 Tổ dân phố 7", Some("Tổ dân phố 7")),
        ("Trần Văn Bản", None),
        ("CHỦ TỊCH", None),
    ] {
        assert_eq!(heading(text).as_deref(), hamlet, "{text}");
    }
}

#[test]
fn every_template_is_read_by_the_import() {
    for kind in Kind::ALL {
        let template = template(*kind, "Phường Nam Định", 2026, &HashMap::new(), Vec::new());
        let columns = template.columns.len();
        let book = template.write().unwrap();
        let sheets = open::open(&book).unwrap();
        let found = header::find(&sheets[0], *kind).expect("a header");
        // All columns but the notes have a meaning of their own.
        assert_eq!(found.columns.len(), columns, "{kind}: {found:?}");
    }
}
