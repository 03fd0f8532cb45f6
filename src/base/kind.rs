//! The five kinds of title, their levels and bases: what differs between them stands here side by side.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Implements the text form of an enum once: serde, the database, `Display` and a list of all.
#[macro_export]
macro_rules! text_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:tt,)+ }) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize,
            serde::Deserialize, utoipa::ToSchema, diesel::expression::AsExpression, diesel::deserialize::FromSqlRow,
        )]
        #[diesel(sql_type = diesel::sql_types::Text)]
        $vis enum $name {
            $($(#[$vmeta])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name on the wire and in the database.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn to_sql<'b>(
                &'b self,
                out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
            ) -> diesel::serialize::Result {
                <str as diesel::serialize::ToSql<diesel::sql_types::Text, diesel::pg::Pg>>::to_sql(
                    self.as_str(),
                    out,
                )
            }
        }

        impl diesel::deserialize::FromSql<diesel::sql_types::Text, diesel::pg::Pg> for $name {
            fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
                let text = std::str::from_utf8(value.as_bytes())?;
                Self::parse(text).ok_or_else(|| format!("unknown {}: {text}", stringify!($name)).into())
            }
        }
    };
}

text_enum! {
    /// Who or what holds a title.
    pub enum Kind {
        /// Gia đình học tập.
        Family = "family",
        /// Dòng họ học tập.
        Clan = "clan",
        /// Cộng đồng học tập.
        Community = "community",
        /// Đơn vị học tập.
        Unit = "unit",
        /// Công dân học tập.
        Citizen = "citizen",
    }
}

text_enum! {
    /// The level whose body recognises the title.
    pub enum Level {
        Hamlet = "hamlet",
        Commune = "commune",
        /// Ended on 30 June 2025.
        District = "district",
        Province = "province",
    }
}

text_enum! {
    /// What a rate over the total is taken of.
    pub enum Base {
        Households = "households",
        Clans = "clans",
        Hamlets = "hamlets",
        Communes = "communes",
        Organisations = "organisations",
        /// Residents from 18 years on.
        Adults = "adults",
        /// Adults of learning families, clans and communities (QĐ 677/QĐ-TTg).
        AdultsInLearningHolders = "adults_in_learning_holders",
        /// Officials, civil servants and employees.
        Officials = "officials",
    }
}

text_enum! {
    /// The groups in which citizens are scored and counted.
    pub enum Group {
        /// Farmers and rural workers.
        Farmers = "farmers",
        /// Workers, craftsmen and free labour.
        Workers = "workers",
        /// Officials, civil servants and employees.
        Officials = "officials",
        /// Learners.
        Learners = "learners",
    }
}

text_enum! {
    /// Where a title stands in its life.
    pub enum Status {
        /// Đăng ký.
        Registered = "registered",
        /// Tự chấm.
        SelfAssessed = "self_assessed",
        /// Thẩm định.
        Verified = "verified",
        /// Công nhận.
        Recognised = "recognised",
        /// Không đạt.
        NotRecognised = "not_recognised",
        /// Rút.
        Withdrawn = "withdrawn",
        /// Thu hồi.
        Revoked = "revoked",
    }
}

impl Kind {
    pub fn vi(self) -> &'static str {
        match self {
            Self::Family => "Gia đình học tập",
            Self::Clan => "Dòng họ học tập",
            Self::Community => "Cộng đồng học tập",
            Self::Unit => "Đơn vị học tập",
            Self::Citizen => "Công dân học tập",
        }
    }

    /// Who holds it, in both languages.
    pub fn noun(self) -> (&'static str, &'static str) {
        match self {
            Self::Family => ("gia đình", "family"),
            Self::Clan => ("dòng họ", "clan"),
            Self::Community => ("cộng đồng", "community"),
            Self::Unit => ("đơn vị", "unit"),
            Self::Citizen => ("công dân", "citizen"),
        }
    }

    /// The levels at which the title exists, the usual one first.
    pub fn levels(self) -> &'static [Level] {
        match self {
            Self::Family | Self::Clan | Self::Citizen => &[Level::Commune],
            Self::Community => &[Level::Hamlet, Level::Commune, Level::District, Level::Province],
            Self::Unit => &[Level::Commune, Level::District, Level::Province],
        }
    }

    /// The level of a list that does not name one.
    pub fn default_level(self) -> Level {
        self.levels()[0]
    }

    /// The bases of its rates, the first being that of `rate_of_total`. Which one depends on the
    /// level for communities and on the group for citizens: see [`Kind::base`].
    pub fn bases(self) -> &'static [Base] {
        match self {
            Self::Family => &[Base::Households],
            Self::Clan => &[Base::Clans],
            Self::Community => &[Base::Hamlets, Base::Communes],
            Self::Unit => &[Base::Organisations],
            Self::Citizen => &[Base::Adults, Base::AdultsInLearningHolders, Base::Officials],
        }
    }

    /// The base of `rate_of_total` for one level and group; none where the programme knows none.
    pub fn base(self, level: Level, group: Option<Group>) -> Option<Base> {
        match (self, level, group) {
            (Self::Family, ..) => Some(Base::Households),
            (Self::Clan, ..) => Some(Base::Clans),
            (Self::Community, Level::Hamlet, _) => Some(Base::Hamlets),
            (Self::Community, Level::Commune, _) => Some(Base::Communes),
            (Self::Community, ..) => None,
            (Self::Unit, Level::Commune, _) => Some(Base::Organisations),
            (Self::Unit, ..) => None,
            (Self::Citizen, _, None) => Some(Base::Adults),
            (Self::Citizen, _, Some(Group::Officials)) => Some(Base::Officials),
            (Self::Citizen, _, Some(_)) => None,
        }
    }

    pub fn is_person(self) -> bool {
        self == Self::Citizen
    }
}

impl Level {
    pub fn vi(self) -> &'static str {
        match self {
            Self::Hamlet => "cấp thôn, tổ dân phố",
            Self::Commune => "cấp xã",
            Self::District => "cấp huyện",
            Self::Province => "cấp tỉnh",
        }
    }
}

impl Group {
    pub fn vi(self) -> &'static str {
        match self {
            Self::Farmers => "Nông dân, lao động nông thôn",
            Self::Workers => "Công nhân, thợ thủ công, lao động tự do",
            Self::Officials => "Cán bộ, công chức, viên chức, nhân viên",
            Self::Learners => "Người học",
        }
    }
}

impl Status {
    pub fn vi(self) -> &'static str {
        match self {
            Self::Registered => "đã đăng ký",
            Self::SelfAssessed => "đã tự chấm",
            Self::Verified => "đã thẩm định",
            Self::Recognised => "được công nhận",
            Self::NotRecognised => "không được công nhận",
            Self::Withdrawn => "đã rút",
            Self::Revoked => "đã thu hồi",
        }
    }
}

impl Base {
    pub fn vi(self) -> &'static str {
        match self {
            Self::Households => "số hộ gia đình",
            Self::Clans => "số dòng họ",
            Self::Hamlets => "số thôn, tổ dân phố",
            Self::Communes => "số xã, phường, đặc khu",
            Self::Organisations => "số cơ quan, tổ chức",
            Self::Adults => "số người lớn",
            Self::AdultsInLearningHolders => {
                "số người lớn trong gia đình, dòng họ, cộng đồng học tập"
            }
            Self::Officials => "số cán bộ, công chức, viên chức, nhân viên",
        }
    }
}

/// An assessment year of the programme, 2021–2030 (QĐ 1373/QĐ-TTg).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(try_from = "i16", into = "i16")]
#[schema(value_type = i16, minimum = 2021, maximum = 2030, example = 2026)]
pub struct Year(i16);

impl Year {
    pub const FIRST: Self = Self(2021);
    pub const LAST: Self = Self(2030);

    pub fn get(self) -> i16 {
        self.0
    }
}

impl TryFrom<i16> for Year {
    type Error = String;

    fn try_from(year: i16) -> Result<Self, String> {
        if (2021..=2030).contains(&year) {
            Ok(Self(year))
        } else {
            Err(format!("year {year} is outside 2021–2030"))
        }
    }
}

impl From<Year> for i16 {
    fn from(year: Year) -> i16 {
        year.0
    }
}

impl fmt::Display for Year {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
