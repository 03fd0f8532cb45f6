//! The workbook that an official fills in: the columns of a kind, with last year's holders if asked.

use std::collections::HashMap;

use uuid::Uuid;

use crate::hamlets::rows::Hamlet;
use crate::holders::rows::Holder;
use crate::kind::{Group, Kind};
use crate::sheets::workbook::{Column, Template};

/// A template for a commune and year; `holders` are those of last year, filled in.
pub fn template(
    kind: Kind,
    commune: &str,
    year: i16,
    hamlets: &[Hamlet],
    holders: &[Holder],
) -> Template {
    let names: HashMap<Uuid, String> = hamlets.iter().map(|h| (h.id, h.full_name())).collect();
    let mut choices: Vec<String> = hamlets.iter().map(Hamlet::full_name).collect();
    choices.dedup();
    let columns = columns(kind, choices);
    let rows = (1..)
        .zip(holders)
        .map(|(n, holder)| {
            columns.iter().map(|column| cell(column.head, n, holder, &names)).collect()
        })
        .collect();
    let title = format!("DANH SÁCH {} NĂM {year} – {commune}", kind.vi().to_uppercase());
    Template { title, columns, rows }
}

const INDEX: &str = "STT";
const CODE: &str = "Mã sổ bộ";
const HAMLET: &str = "Thôn/Tổ dân phố";

fn cell(head: &str, n: i32, holder: &Holder, hamlets: &HashMap<Uuid, String>) -> String {
    let detail = |field: &str| match &holder.details[field] {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match head {
        INDEX => n.to_string(),
        CODE => holder.code.clone(),
        HAMLET | "Cộng đồng (thôn, tổ dân phố) *" => {
            holder.hamlet_id.and_then(|id| hamlets.get(&id).cloned()).unwrap_or_default()
        }
        "Họ và tên chủ hộ *" | "Họ và tên *" | "Tên dòng họ *" | "Tên đơn vị *" => {
            holder.name.clone()
        }
        "Năm sinh" => holder.birth_year.map_or_else(String::new, |year| year.to_string()),
        "Ngày hoặc năm sinh" => match detail("birth_date") {
            date if date.is_empty() => detail("birth_year"),
            date => date,
        },
        "Số nhân khẩu" => detail("members"),
        "Số con đang đi học" => detail("pupils"),
        "Trưởng họ" => detail("head"),
        "Số hộ" => detail("households"),
        "Dân số" => detail("population"),
        "Loại hình" => detail("unit_type"),
        "Số người" => detail("staff"),
        "Nhóm đối tượng" => {
            holder.group().map_or_else(String::new, |group| group.vi().to_owned())
        }
        "Giới tính" => match &*detail("sex") {
            "male" => "Nam".to_owned(),
            "female" => "Nữ".to_owned(),
            _ => String::new(),
        },
        // Numbers and scores are this year's to give.
        _ => String::new(),
    }
}

fn columns(kind: Kind, hamlets: Vec<String>) -> Vec<Column> {
    let plain = |head, width, explains, example| Column {
        head,
        width,
        explains,
        example,
        choices: Vec::new(),
    };
    let chosen = |head, width, explains, example, choices| Column {
        head,
        width,
        explains,
        example,
        choices,
    };
    let hamlet = |head| {
        chosen(
            head,
            22.0,
            "Chọn trong danh sách của xã. Thôn chưa có phải được thêm vào hệ thống trước.",
            "Tổ dân phố 1",
            hamlets.clone(),
        )
    };
    let mut columns = vec![
        plain(INDEX, 6.0, "Số thứ tự.", "1"),
        plain(
            CODE,
            14.0,
            "Mã đã in trên danh sách năm trước. Để trống nếu chưa biết; ghi “mới” nếu hệ thống hỏi và \
             đây thật là đối tượng mới.",
            "",
        ),
    ];
    let number = || {
        plain("Số CCCD", 16.0, "Số định danh cá nhân 12 chữ số; không bắt buộc.", "036070001234")
    };
    columns.extend(match kind {
        Kind::Family => vec![
            plain("Họ và tên chủ hộ *", 28.0, "Họ và tên đầy đủ của chủ hộ.", "Trần Văn Hòa"),
            plain("Năm sinh", 10.0, "Năm sinh của chủ hộ.", "1970"),
            number(),
            hamlet(HAMLET),
            plain("Số nhân khẩu", 10.0, "Số người trong hộ.", "4"),
            plain("Số con đang đi học", 10.0, "Số con đang đi học.", "2"),
        ],
        Kind::Citizen => vec![
            plain("Họ và tên *", 28.0, "Họ và tên đầy đủ.", "Trần Thị Hương"),
            plain("Ngày hoặc năm sinh", 14.0, "Ví dụ 05/02/1985 hoặc 1985.", "05/02/1985"),
            chosen(
                "Giới tính",
                10.0,
                "Nam hoặc Nữ.",
                "Nữ",
                vec!["Nam".to_owned(), "Nữ".to_owned()],
            ),
            number(),
            hamlet(HAMLET),
            chosen(
                "Nhóm đối tượng",
                30.0,
                "Chọn một trong bốn nhóm.",
                "Người học",
                Group::ALL.iter().map(|group| group.vi().to_owned()).collect(),
            ),
        ],
        Kind::Clan => vec![
            plain("Tên dòng họ *", 28.0, "Ghi tại nơi đặt nhà thờ họ.", "Dòng họ Trần"),
            plain("Trưởng họ", 28.0, "Họ và tên trưởng họ.", "Trần Văn Tộ"),
            plain("Số hộ", 10.0, "Số hộ của dòng họ.", "45"),
        ],
        Kind::Community => vec![
            hamlet("Cộng đồng (thôn, tổ dân phố) *"),
            plain("Số hộ", 10.0, "Số hộ trong thôn.", "240"),
            plain("Dân số", 10.0, "Số dân trong thôn.", "900"),
        ],
        Kind::Unit => vec![
            plain("Tên đơn vị *", 34.0, "Tên cơ quan, tổ chức.", "Trường Tiểu học"),
            plain("Mã số", 14.0, "Mã số thuế hoặc mã đơn vị; không bắt buộc.", "0600123456"),
            plain("Loại hình", 18.0, "Ví dụ: cơ sở giáo dục, cơ quan, doanh nghiệp.", "cơ quan"),
            plain("Số người", 10.0, "Số cán bộ, nhân viên.", "30"),
        ],
    });
    columns.extend([
        plain("Điểm tự chấm", 10.0, "Tổng điểm tự chấm, tối đa 100.", "86"),
        plain("Điểm thẩm định", 10.0, "Tổng điểm thẩm định; để trống nếu chưa thẩm định.", ""),
        chosen(
            "Kết quả",
            12.0,
            "Đạt hoặc Không đạt, nếu đã thẩm định.",
            "",
            vec!["Đạt".to_owned(), "Không đạt".to_owned()],
        ),
        plain("Ghi chú", 20.0, "Không bắt buộc; hệ thống không đọc cột này.", ""),
    ]);
    columns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheets::{header, open};

    #[test]
    fn every_template_is_read_by_the_import() {
        for kind in Kind::ALL {
            let book = template(*kind, "Phường Nam Định", 2026, &[], &[]).write().unwrap();
            let sheets = open::open(&book).unwrap();
            let found = header::find(&sheets[0], *kind).expect("a header");
            // All columns but the notes have a meaning of their own.
            assert_eq!(found.columns.len(), columns(*kind, Vec::new()).len(), "{kind}: {found:?}");
        }
    }
}
