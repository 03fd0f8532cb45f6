//! Forms: sheets of totals, reported figures and targets as officials fill them in, one sheet for many
//! areas and years.

pub mod api;
mod line;
pub mod read;
pub mod rows;
pub mod shipped;
pub mod template;

use crate::base::error::{FieldError, Say, say};
use crate::base::kind::Base;
use crate::figures::reported::rows::Reported;
use crate::figures::targets::rows::Target;
use crate::figures::totals::rows::Total;
use crate::wire::sheets::header::{self, Header};
use crate::wire::sheets::{Sheet, column_name};

/// What a sheet is a form of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Totals,
    Reported,
    Targets,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    Code,
    Name,
    AreaLevel,
    BoundariesOn,
    Year,
    TotalOf(Base),
    CountedOn,
    ReportedOn,
    Kind,
    Level,
    Group,
    Base,
    Registered,
    Recognised,
    Total,
    PrintedRate,
    PrintedBase,
    Percent,
    Source,
    /// What a workbook of errors says; not read.
    Reasons,
}

/// The lines of a form that can be entered.
#[derive(Debug, Clone, PartialEq)]
pub enum Lines {
    Totals(Vec<Total>),
    Reported(Vec<Reported>),
    Targets(Vec<Target>),
}

/// Something to correct in a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// The position of the sheet in the file.
    pub sheet: usize,
    /// As Excel counts.
    pub row: u32,
    pub field: Field,
    /// Its column from 0; none where the form lacks it.
    pub column: Option<usize>,
    pub code: &'static str,
    /// What is wrong and how to mend it.
    pub said: Say,
}

impl Form {
    pub fn vi(self) -> &'static str {
        match self {
            Self::Totals => "TỔNG SỐ",
            Self::Reported => "SỐ LIỆU BÁO CÁO",
            Self::Targets => "CHỈ TIÊU",
        }
    }

    /// The columns of the form in the order of its template.
    pub fn fields(self) -> Vec<Field> {
        use Field::*;
        let place = [Code, Name, AreaLevel, BoundariesOn, Year];
        let rest = match self {
            Self::Totals => {
                let bases = crate::base::kind::Base::ALL.iter().map(|base| TotalOf(*base));
                bases.chain([CountedOn, Source]).collect()
            }
            Self::Reported => vec![
                ReportedOn,
                Kind,
                Level,
                Registered,
                Recognised,
                Total,
                PrintedRate,
                PrintedBase,
                Source,
            ],
            Self::Targets => vec![Kind, Base, Group, Percent, Source],
        };
        place.into_iter().chain(rest).chain([Reasons]).collect()
    }

    /// The header of a sheet that is such a form.
    pub fn header(self, sheet: &Sheet) -> Option<Header<Field>> {
        let fields = self.fields();
        let known = |head: &str| fields.iter().copied().find(|field| field.is_head(head));
        let needed: &[Field] = match self {
            Self::Totals => &[Field::Year, Field::Source],
            Self::Reported => &[Field::Year, Field::ReportedOn, Field::Kind],
            Self::Targets => &[Field::Year, Field::Kind, Field::Base, Field::Percent],
        };
        let header = header::find_form(sheet, known, needed)?;
        let placed = [Field::Code, Field::Name].iter().any(|f| header.columns.contains_key(f));
        placed.then_some(header)
    }

    /// Whether the field is one of the figures for which the form is filled in: a row without any is
    /// none.
    pub fn is_figure(self, field: Field) -> bool {
        use Field::*;
        match self {
            Self::Totals => matches!(field, TotalOf(_)),
            Self::Reported => matches!(field, Registered | Recognised | Total | PrintedRate),
            Self::Targets => field == Percent,
        }
    }
}

impl Field {
    /// The name in pointers, as in the JSON of a single entry.
    pub fn name(self) -> &'static str {
        match self {
            Self::Code | Self::Name => "area",
            Self::AreaLevel => "area_level",
            Self::BoundariesOn => "on",
            Self::Year => "year",
            Self::TotalOf(base) => base.as_str(),
            Self::CountedOn => "counted_on",
            Self::ReportedOn => "reported_on",
            Self::Kind => "kind",
            Self::Level => "level",
            Self::Group => "group",
            Self::Base => "base",
            Self::Registered => "registered",
            Self::Recognised => "recognised",
            Self::Total => "total",
            Self::PrintedRate => "printed_rate",
            Self::PrintedBase => "printed_base",
            Self::Percent => "percent",
            Self::Source => "source",
            Self::Reasons => "reasons",
        }
    }

    /// The head of its column in a template.
    pub fn head(self) -> &'static str {
        match self {
            Self::Code => "Mã địa bàn *",
            Self::Name => "Tên địa bàn",
            Self::AreaLevel => "Cấp địa bàn",
            Self::BoundariesOn => "Địa giới ngày",
            Self::Year => "Năm *",
            Self::TotalOf(Base::Households) => "Số hộ gia đình",
            Self::TotalOf(Base::Clans) => "Số dòng họ",
            Self::TotalOf(Base::Hamlets) => "Số thôn, tổ dân phố",
            Self::TotalOf(Base::Communes) => "Số xã, phường, đặc khu",
            Self::TotalOf(Base::Organisations) => "Số cơ quan, tổ chức",
            Self::TotalOf(Base::Adults) => "Số người lớn",
            Self::TotalOf(Base::AdultsInLearningHolders) => {
                "Số người lớn trong gia đình, dòng họ, cộng đồng học tập"
            }
            Self::TotalOf(Base::Officials) => "Số cán bộ, công chức, viên chức, nhân viên",
            Self::CountedOn => "Ngày thống kê",
            Self::ReportedOn => "Ngày báo cáo *",
            Self::Kind => "Danh hiệu *",
            Self::Level => "Cấp danh hiệu",
            Self::Group => "Nhóm đối tượng",
            Self::Base => "Tính trên *",
            Self::Registered => "Số đăng ký",
            Self::Recognised => "Số công nhận",
            Self::Total => "Tổng số",
            Self::PrintedRate => "Tỷ lệ in (%)",
            Self::PrintedBase => "Tỷ lệ tính trên",
            Self::Percent => "Chỉ tiêu (%) *",
            Self::Source => "Nguồn *",
            Self::Reasons => "Lỗi cần sửa",
        }
    }

    /// Whether a head, as its search key, names this column: as the template does, or in one of the
    /// other ways that are usual.
    fn is_head(self, key: &str) -> bool {
        let others: &[&str] = match self {
            Self::Code => &["ma", "ma xa", "ma don vi", "ma don vi hanh chinh", "area code"],
            Self::Name => &["dia ban", "ten xa", "don vi", "ten don vi", "xa", "tinh", "area"],
            Self::AreaLevel => &["area level"],
            Self::BoundariesOn => &["boundaries on"],
            Self::Year => &["nam danh gia", "year", "assessment year"],
            Self::TotalOf(Base::Households) => &["so ho", "households"],
            Self::TotalOf(Base::Hamlets) => &["so thon", "hamlets"],
            Self::TotalOf(Base::Communes) => &["so xa", "communes"],
            Self::TotalOf(Base::Organisations) => &["so don vi", "so co quan", "organisations"],
            Self::TotalOf(Base::Officials) => &["so can bo", "officials"],
            Self::PrintedRate => &["ty le", "ty le in", "printed rate"],
            Self::Percent => &["chi tieu", "percent"],
            Self::Base => &["mau so", "base"],
            Self::Level => &["cap", "level"],
            Self::Group => &["nhom", "group"],
            Self::ReportedOn => &["ngay so lieu", "reported on"],
            _ => &[],
        };
        key == crate::base::text::search_key(self.head())
            || !matches!(self, Self::Code | Self::Name) && key.replace(' ', "_") == self.name()
            || others.contains(&key)
    }
}

impl Fault {
    /// With the place in front, as an official looks for it in Excel.
    pub fn error(&self) -> FieldError {
        let (row, head) = (self.row, self.field.head().trim_end_matches([' ', '*']));
        let pointer = format!("/sheets/{}/rows/{row}/{}", self.sheet, self.field.name());
        let column = self.column.map(column_name);
        let at = column.as_ref().map_or_else(String::new, |column| format!(" cột {column}"));
        let at_en = column.map_or_else(String::new, |column| format!(", column {column}"));
        let detail = say(
            format!("Dòng {row},{at} “{head}”: {}", self.said.vi),
            format!("Row {row}{at_en} ({}): {}", self.field.name(), self.said.en),
        );
        FieldError::new(pointer, self.code, detail)
    }
}
