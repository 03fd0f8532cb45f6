//! The heads of lists as offices write them.

use std::collections::BTreeMap;

use hoctap::base::kind::Kind;
use hoctap::wire::sheets::header::{Field, find, is_total, numbers_columns, other_kind};
use hoctap::wire::sheets::{Sheet, SheetRow};

fn sheet(rows: &[&[&str]]) -> Sheet {
    let rows = (1..).zip(rows).map(|(number, cells)| SheetRow {
        number,
        cells: cells.iter().map(|c| (*c).to_owned()).collect(),
    });
    Sheet { name: "TDP 1".to_owned(), rows: rows.collect(), merged: Vec::new() }
}

#[test]
fn the_header_is_found_below_its_title_in_two_lines() {
    let sheet = sheet(&[
        &["UBND PHƯỜNG NAM ĐỊNH", "", "", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"],
        &["DANH SÁCH GIA ĐÌNH HỌC TẬP NĂM 2026"],
        &["STT", "Họ và tên chủ hộ", "Năm sinh", "Số CCCD", "Điểm", "Điểm", "Kết quả"],
        &["STT", "Họ và tên chủ hộ", "Năm sinh", "Số CCCD", "Tự chấm", "Thẩm định", "Kết quả"],
        &["1", "Trần Văn An", "1970", "", "85", "84", "Đạt"],
    ]);
    let header = find(&sheet, Kind::Family).unwrap();
    assert_eq!((header.first, header.row), (4, 4));
    let expected = BTreeMap::from([
        (Field::Index, 0),
        (Field::Name, 1),
        (Field::Birth, 2),
        (Field::Number, 3),
        (Field::Own, 4),
        (Field::Verified, 5),
        (Field::Result, 6),
    ]);
    assert_eq!(header.columns, expected);
}

#[test]
fn one_line_is_enough_and_no_header_is_none() {
    let one = sheet(&[&["TT", "Họ tên", "Tổ dân phố", "Điểm"], &["1", "An", "1", "85"]]);
    assert_eq!(find(&one, Kind::Citizen).unwrap().first, 1);
    assert_eq!(find(&sheet(&[&["Hướng dẫn điền"], &["Cột điểm"]]), Kind::Family), None);
}

#[test]
fn a_column_of_those_who_failed_stands_beside_one_of_those_who_passed() {
    let two = sheet(&[
        &["TT", "Họ và tên", "Xếp loại", "Xếp loại"],
        &["TT", "Họ và tên", "Đạt", "Không đạt"],
    ]);
    let columns = find(&two, Kind::Citizen).unwrap().columns;
    assert_eq!((columns[&Field::Result], columns[&Field::Failed]), (2, 3));
    let one = sheet(&[&["TT", "Họ và tên", "Kết quả (Đạt/Không đạt)"]]);
    let columns = find(&one, Kind::Citizen).unwrap().columns;
    assert_eq!((columns.get(&Field::Result), columns.get(&Field::Failed)), (Some(&2), None));
}

#[test]
fn a_list_tells_of_which_kind_it_is() {
    let titled = |title: &str, heads: &[&str]| sheet(&[&[title], heads]);
    let citizens = titled("DANH SÁCH CÔNG DÂN HỌC TẬP", &["TT", "Họ và tên", "Năm sinh"]);
    let families = titled("", &["TT", "Họ và tên chủ hộ", "Số nhân khẩu"]);
    let people = titled("", &["TT", "Họ và tên", "Giới tính", "Năm sinh"]);
    let clans = titled("", &["TT", "Tên dòng họ", "Số hộ"]);
    for (list, sent_as, is) in [
        (&citizens, Kind::Family, Some(Kind::Citizen)),
        (&citizens, Kind::Citizen, None),
        (&families, Kind::Citizen, Some(Kind::Family)),
        (&families, Kind::Family, None),
        (&people, Kind::Family, Some(Kind::Citizen)),
        (&people, Kind::Citizen, None),
        (&clans, Kind::Unit, Some(Kind::Clan)),
        (&clans, Kind::Clan, None),
    ] {
        assert_eq!(other_kind(list, sent_as), is, "{sent_as}");
    }
}

#[test]
fn totals_and_numbered_columns_are_no_records() {
    let rows = sheet(&[&["Tổng cộng", "", "12"], &["(1)", "(2)", "(3)"], &["1", "Cống", "5"]]);
    assert!(is_total(&rows.rows[0]) && !is_total(&rows.rows[2]));
    assert!(numbers_columns(&rows.rows[1]) && !numbers_columns(&rows.rows[2]));
}
