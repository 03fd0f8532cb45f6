//! The workbook of a form: areas with code and name, and cells for what is to be filled in.

use super::{Field, Form};
use crate::areas::boundaries_of;
use crate::areas::{AreaId, Areas};
use crate::base::kind::{Base, Group, Kind};
use crate::wire::sheets::workbook::{Cells, Column, Template};

/// The form for an area and those directly below it, in a year's boundaries.
pub fn template(
    form: Form,
    areas: &Areas,
    area: AreaId,
    year: i16,
    today: chrono::NaiveDate,
) -> Template {
    let on = boundaries_of(year, today);
    let mut places = areas.children(area, on);
    places.sort_by(|a, b| areas.code(*a, on).cmp(areas.code(*b, on)));
    places.insert(0, area);
    let fields: Vec<Field> = form.fields().into_iter().filter(|field| is_shown(*field)).collect();
    let rows = places.iter().flat_map(|place| {
        let (code, name) = (areas.code(*place, on).to_owned(), areas.name(*place, on));
        given(form).into_iter().map(move |given| (code.clone(), name.clone(), given))
    });
    let rows = rows.map(|(code, name, given)| {
        let cell = |field: &Field| match field {
            Field::Code => code.clone(),
            Field::Name => name.clone(),
            Field::Year => year.to_string(),
            field => {
                let given = given.iter().find(|(known, _)| known == field);
                given.map(|(_, text)| (*text).to_owned()).unwrap_or_default()
            }
        };
        fields.iter().map(cell).collect()
    });
    Template {
        title: format!("BIỂU {} NĂM {year} – {}", form.vi(), areas.name(area, on)),
        hint: "Điền số vào các ô trống; dòng để trống số thì không nhập. Cột có dấu * phải có. Xem \
               trang “Hướng dẫn”.",
        rows: rows.collect(),
        columns: fields.iter().map(|field| column(*field)).collect(),
    }
}

/// What only lists of other makers have is left out.
fn is_shown(field: Field) -> bool {
    !matches!(field, Field::AreaLevel | Field::BoundariesOn | Field::Reasons)
}

/// What the rows of one area are of.
fn given(form: Form) -> Vec<Vec<(Field, &'static str)>> {
    match form {
        Form::Totals => vec![Vec::new()],
        Form::Reported => Kind::ALL
            .iter()
            .map(|kind| vec![(Field::Kind, kind.vi()), (Field::Level, kind.default_level().vi())])
            .collect(),
        Form::Targets => Kind::ALL
            .iter()
            .flat_map(|kind| kind.bases().iter().map(move |base| (kind, base)))
            .map(|(kind, base)| {
                let group = (*base == Base::Officials).then_some(Group::Officials);
                vec![
                    (Field::Kind, kind.vi()),
                    (Field::Base, base.vi()),
                    (Field::Group, group.map_or("", Group::vi)),
                ]
            })
            .collect(),
    }
}

fn column(field: Field) -> Column {
    let (width, cells, explains) = described(field);
    let choices = match field {
        Field::Kind => Kind::ALL.iter().map(|kind| kind.vi()).collect(),
        Field::Level => crate::base::kind::Level::ALL.iter().map(|level| level.vi()).collect(),
        Field::Base => Base::ALL.iter().map(|base| base.vi()).collect(),
        Field::Group => vec![Group::Officials.vi()],
        Field::PrintedBase => vec!["số đăng ký", "tổng số", "không rõ"],
        _ => Vec::new(),
    };
    Column {
        head: field.head(),
        width,
        explains,
        example: String::new(),
        choices: choices.into_iter().map(str::to_owned).collect(),
        cells,
    }
}

fn described(field: Field) -> (f64, Cells, &'static str) {
    match field {
        Field::Code => {
            (12.0, Cells::Text, "Mã của xã, tỉnh; đã điền sẵn, giữ nguyên các số 0 ở đầu.")
        }
        Field::Name => (34.0, Cells::Text, "Tên để đối chiếu với mã; để trống cũng được."),
        Field::Year => (8.0, Cells::Whole, "Năm đánh giá. Một biểu có thể gồm nhiều năm."),
        Field::TotalOf(_) => (
            14.0,
            Cells::Whole,
            "Số nguyên. Để trống: giữ nguyên số đã có. Ghi “rút” để bỏ số đã nhập.",
        ),
        Field::CountedOn => {
            (14.0, Cells::Day, "Ngày thống kê, như 31/12/2025; để trống nếu không rõ.")
        }
        Field::ReportedOn => (14.0, Cells::Day, "Số liệu tính đến ngày nào, như 31/12/2025."),
        Field::Kind => (24.0, Cells::Text, "Chọn danh hiệu."),
        Field::Level => {
            (22.0, Cells::Text, "Cấp công nhận; để trống: cấp thường gặp của danh hiệu.")
        }
        Field::Group => (36.0, Cells::Text, "Chỉ dùng cho chỉ tiêu của cán bộ, công chức."),
        Field::Base => (40.0, Cells::Text, "Tỷ lệ công nhận tính trên số nào."),
        Field::Registered | Field::Recognised | Field::Total => {
            (14.0, Cells::Whole, "Số nguyên như trong báo cáo; để trống nếu báo cáo không có.")
        }
        Field::PrintedRate => (12.0, Cells::Percent, "Tỷ lệ in trong báo cáo: 72,5 là 72,5 %."),
        Field::PrintedBase => (16.0, Cells::Text, "Báo cáo nói tỷ lệ đó tính trên số nào."),
        Field::Percent => (
            12.0,
            Cells::Percent,
            "72,5 là 72,5 %. Ghi “rút” để bỏ chỉ tiêu riêng và theo chỉ tiêu của cấp trên.",
        ),
        Field::Source => {
            (44.0, Cells::Text, "Văn bản hoặc cơ quan cung cấp số; dòng nào có số phải ghi.")
        }
        Field::AreaLevel | Field::BoundariesOn | Field::Reasons => (12.0, Cells::Text, ""),
    }
}
