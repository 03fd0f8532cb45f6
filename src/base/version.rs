//! The version of a resource: the entry of an area's chain that last changed it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An area and the number of an entry in its chain. It never comes again: not after a move to another
/// area, nor after deleting and registering anew. On the wire `"13669-57"`: opaque to callers.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    diesel::expression::AsExpression,
    diesel::deserialize::FromSqlRow,
    utoipa::ToSchema,
)]
#[diesel(sql_type = diesel::sql_types::BigInt)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, format = "version", example = "14172-57", pattern = r"^\d+-\d+$")]
pub struct Version(i64);

/// Entries per area: 2^40; areas: 2^23.
const SEQ_BITS: u32 = 40;

impl Version {
    /// Equal to the version of no resource.
    pub const NEVER: Self = Self(0);

    pub fn new(area: i32, seq: i64) -> Self {
        Self((i64::from(area) << SEQ_BITS) | seq)
    }

    /// As stored: a `bigint`.
    pub fn raw(self) -> i64 {
        self.0
    }

    pub fn area(self) -> i32 {
        (self.0 >> SEQ_BITS) as i32
    }

    pub fn seq(self) -> i64 {
        self.0 & ((1 << SEQ_BITS) - 1)
    }

    /// The strong entity tag, with its quotes.
    pub fn etag(self) -> String {
        format!("\"{self}\"")
    }

    /// Reads a tag of `If-Match`; a suffix for format and coding (`;…`) does not count.
    pub fn from_etag(tag: &str) -> Option<Self> {
        let tag = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
        Self::parse(tag.split(';').next()?)
    }

    pub fn parse(text: &str) -> Option<Self> {
        let (area, seq) = text.split_once('-')?;
        let (area, seq): (i32, i64) = (area.parse().ok()?, seq.parse().ok()?);
        (0..1 << 23).contains(&area).then_some(())?;
        (0..1 << SEQ_BITS).contains(&seq).then(|| Self::new(area, seq))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.area(), self.seq())
    }
}

impl TryFrom<String> for Version {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| "not a version".to_owned())
    }
}

impl From<Version> for String {
    fn from(version: Version) -> String {
        version.to_string()
    }
}

impl diesel::serialize::ToSql<diesel::sql_types::BigInt, diesel::pg::Pg> for Version {
    fn to_sql<'b>(
        &'b self,
        out: &mut diesel::serialize::Output<'b, '_, diesel::pg::Pg>,
    ) -> diesel::serialize::Result {
        <i64 as diesel::serialize::ToSql<diesel::sql_types::BigInt, diesel::pg::Pg>>::to_sql(
            &self.0, out,
        )
    }
}

impl diesel::deserialize::FromSql<diesel::sql_types::BigInt, diesel::pg::Pg> for Version {
    fn from_sql(value: diesel::pg::PgValue<'_>) -> diesel::deserialize::Result<Self> {
        <i64 as diesel::deserialize::FromSql<diesel::sql_types::BigInt, diesel::pg::Pg>>::from_sql(
            value,
        )
        .map(Self)
    }
}
