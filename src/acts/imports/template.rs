//! The workbook that an official fills in: the columns of a kind, with last year's holders if asked.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde_json::Value;
use uuid::Uuid;

use crate::base::kind::{Group, Kind};
use crate::base::text::search_key;
use crate::register::holders::rows::Holder;
use crate::wire::sheets::workbook::{Cells, Column, Template};

/// A template for a commune and year; `holders` are those of last year, filled in.
pub fn template(
    kind: Kind,
    commune: &str,
    year: i16,
    hamlets: &HashMap<Uuid, String>,
    mut holders: Vec<Holder>,
) -> Template {
    let mut choices: Vec<&String> = hamlets.values().collect();
    choices.sort_by_key(|name| natural(name));
    let columns = columns(kind, choices.into_iter().cloned().collect());
    let place = |holder: &Holder| holder.hamlet_id.and_then(|id| hamlets.get(&id));
    holders.sort_by_cached_key(|holder| {
        (place(holder).map(|name| natural(name)), holder.search_key.clone(), holder.id)
    });
    let rows = (1..).zip(&holders).map(|(n, holder)| {
        let hamlet = place(holder).map_or("", String::as_str);
        columns.iter().map(|column| (column.fill)(n, holder, hamlet)).collect()
    });
    let rows: Vec<_> = rows.collect();
    let hint = if rows.is_empty() {
        "Dòng ví dụ không được nhập. Cột có dấu * phải có. Xem trang “Hướng dẫn”."
    } else {
        "Giữ nguyên cột Mã sổ bộ; xóa dòng không còn tham gia, thêm dòng mới ở cuối. Xem trang \
         “Hướng dẫn”."
    };
    let title = format!("DANH SÁCH {} NĂM {year} – {commune}", kind.vi().to_uppercase());
    Template {
        title,
        hint,
        rows,
        columns: columns.into_iter().map(|column| column.shown).collect(),
    }
}

/// A column, and what it says of a holder that is filled in.
struct Filled {
    shown: Column,
    fill: fn(usize, &Holder, &str) -> String,
}

/// Numbers inside a name count as numbers: the second hamlet stands before the tenth.
fn natural(name: &str) -> String {
    let padded = |word: &str| match word.parse::<u32>() {
        Ok(number) => format!("{number:06}"),
        Err(_) => word.to_owned(),
    };
    search_key(name).split(' ').map(padded).collect::<Vec<_>>().join(" ")
}

fn detail(holder: &Holder, field: &str) -> String {
    match &holder.details[field] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// As people write a day.
fn birth(holder: &Holder) -> String {
    let date: Option<NaiveDate> =
        holder.details["birth_date"].as_str().and_then(|d| d.parse().ok());
    match date {
        Some(date) => date.format("%d/%m/%Y").to_string(),
        None => birth_year(holder),
    }
}

fn birth_year(holder: &Holder) -> String {
    holder.birth_year.map_or_else(String::new, |year| year.to_string())
}

fn sex(holder: &Holder) -> String {
    match holder.details["sex"].as_str() {
        Some("male") => "Nam".to_owned(),
        Some("female") => "Nữ".to_owned(),
        _ => String::new(),
    }
}

/// Numbers, scores and results are this year's to give.
fn empty(_: usize, _: &Holder, _: &str) -> String {
    String::new()
}

fn columns(kind: Kind, hamlets: Vec<String>) -> Vec<Filled> {
    let plain = |head, width, explains, example, fill| Filled {
        shown: Column { head, width, explains, example, choices: Vec::new(), cells: Cells::Text },
        fill,
    };
    let chosen = |head, width, explains, choices: Vec<String>, example: usize, fill| {
        let example = choices.get(example).cloned().unwrap_or_default();
        Filled {
            shown: Column { head, width, explains, example, choices, cells: Cells::Text },
            fill,
        }
    };
    let hamlet = |head| {
        chosen(
            head,
            22.0,
            "Chọn trong danh sách của xã. Thôn chưa có phải được thêm vào hệ thống trước.",
            hamlets.clone(),
            0,
            |_, _, hamlet| hamlet.to_owned(),
        )
    };
    let text = |text: &str| text.to_owned();
    let mut columns = vec![
        plain("STT", 7.0, "Số thứ tự.", text("Ví dụ"), |n, _, _| n.to_string()),
        plain(
            "Mã sổ bộ",
            14.0,
            "Mã đã in trên danh sách năm trước. Để trống nếu chưa biết; ghi “mới” nếu hệ thống hỏi và \
             đây thật là đối tượng mới.",
            text(""),
            |_, holder, _| holder.code.clone(),
        ),
    ];
    let number = || {
        plain(
            "Số CCCD",
            16.0,
            "Số định danh cá nhân 12 chữ số; không bắt buộc. Người đã có mã thì không cần ghi lại.",
            text("036070001234"),
            empty,
        )
    };
    let name = |head, explains, example: &str| {
        plain(head, 28.0, explains, text(example), |_, holder, _| holder.name.clone())
    };
    let count =
        |head, explains, example: &str, fill| plain(head, 12.0, explains, text(example), fill);
    columns.extend(match kind {
        Kind::Family => vec![
            name("Họ và tên chủ hộ *", "Họ và tên đầy đủ của chủ hộ.", "Trần Văn Hòa"),
            count("Năm sinh", "Năm sinh của chủ hộ.", "1970", |_, h, _| birth_year(h)),
            number(),
            hamlet("Thôn/Tổ dân phố"),
            count("Số nhân khẩu", "Số người trong hộ.", "4", |_, h, _| detail(h, "members")),
            count("Số con đang đi học", "Số con đang đi học.", "2", |_, h, _| detail(h, "pupils")),
        ],
        Kind::Citizen => vec![
            name("Họ và tên *", "Họ và tên đầy đủ.", "Trần Thị Hương"),
            plain(
                "Ngày hoặc năm sinh",
                14.0,
                "Ví dụ 05/02/1985 hoặc 1985.",
                text("05/02/1985"),
                |_, h, _| birth(h),
            ),
            chosen(
                "Giới tính",
                10.0,
                "Nam hoặc Nữ.",
                vec![text("Nam"), text("Nữ")],
                1,
                |_, h, _| sex(h),
            ),
            plain(
                "Số CCCD",
                16.0,
                "Số định danh cá nhân 12 chữ số; không bắt buộc. Người đã có mã thì không cần ghi lại.",
                text("036185001234"),
                empty,
            ),
            hamlet("Thôn/Tổ dân phố"),
            chosen(
                "Nhóm đối tượng",
                34.0,
                "Chọn một trong bốn nhóm.",
                Group::ALL.iter().map(|group| text(group.vi())).collect(),
                3,
                |_, h, _| h.group().map_or_else(String::new, |group| group.vi().to_owned()),
            ),
        ],
        Kind::Clan => vec![
            name("Tên dòng họ *", "Ghi tại nơi đặt nhà thờ họ.", "Dòng họ Trần"),
            plain(
                "Trưởng họ",
                28.0,
                "Họ và tên trưởng họ.",
                text("Trần Văn Tộ"),
                |_, h, _| detail(h, "head"),
            ),
            count("Số hộ", "Số hộ của dòng họ.", "45", |_, h, _| detail(h, "households")),
        ],
        Kind::Community => vec![
            hamlet("Cộng đồng (thôn, tổ dân phố) *"),
            count("Số hộ", "Số hộ trong thôn.", "240", |_, h, _| detail(h, "households")),
            count("Dân số", "Số dân trong thôn.", "900", |_, h, _| detail(h, "population")),
        ],
        Kind::Unit => vec![
            name("Tên đơn vị *", "Tên cơ quan, tổ chức.", "Trường Tiểu học Chu Văn An"),
            plain(
                "Mã số",
                14.0,
                "Mã số thuế hoặc mã đơn vị; không bắt buộc.",
                text("0600123456"),
                empty,
            ),
            plain(
                "Loại hình",
                20.0,
                "Ví dụ: cơ sở giáo dục, cơ quan, doanh nghiệp.",
                text("cơ sở giáo dục"),
                |_, h, _| detail(h, "unit_type"),
            ),
            count("Số người", "Số cán bộ, nhân viên.", "30", |_, h, _| detail(h, "staff")),
        ],
    });
    columns.extend([
        count("Điểm tự chấm", "Tổng điểm tự chấm, tối đa 100.", "86", empty),
        count("Điểm thẩm định", "Tổng điểm thẩm định; để trống nếu chưa thẩm định.", "", empty),
        chosen(
            "Kết quả",
            12.0,
            "Đạt hoặc Không đạt, nếu đã thẩm định.",
            vec![text("Đạt"), text("Không đạt")],
            9,
            empty,
        ),
        plain("Ghi chú", 20.0, "Không bắt buộc; hệ thống không đọc cột này.", text(""), empty),
    ]);
    columns
}
