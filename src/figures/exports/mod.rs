//! Figures and records to take away: copied once to a spool file in one snapshot, hashed there, then
//! sent with a signed manifest.

pub mod api;
pub mod asked;
pub mod cells;
pub mod report;
pub mod report_api;
pub mod rows;
pub mod spool;
pub mod tables;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufRead};

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::text_enum;

text_enum! {
    /// The form of the file.
    pub enum Format {
        /// With stable English column names.
        Csv = "csv",
        /// A workbook for officials: Vietnamese headings, typed cells, a sheet on what was asked.
        Xlsx = "xlsx",
        /// One JSON object a line, with the column names of CSV.
        Jsonl = "jsonl",
    }
}

impl Format {
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => crate::wire::reply::XLSX,
            Self::Jsonl => crate::wire::reply::JSONL,
        }
    }

    /// The first of the forms that an Accept header names; CSV if none.
    pub fn of_accept(accept: &str) -> Self {
        let types = accept.split(',').map(|t| t.split(';').next().unwrap_or_default().trim());
        let known = |media: &str| {
            Self::ALL.iter().copied().find(|f| f.media_type().split(';').next() == Some(media))
        };
        types.filter_map(known).next().unwrap_or(Self::Csv)
    }
}

/// What a column is called: stable English on the wire, Vietnamese for officials.
#[derive(Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    pub vi: &'static str,
    /// In characters.
    pub width: u8,
}

/// What is exported.
pub struct Table {
    /// `titles`: the name of the file and of the action in the trail.
    pub name: &'static str,
    pub action: &'static str,
    pub vi: &'static str,
    pub columns: &'static [Column],
}

/// One cell, typed.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell<'a> {
    Empty,
    Text(Cow<'a, str>),
    /// A word of the register: its name on the wire, and what officials call it.
    Term(&'static str, &'static str),
    Integer(i64),
    Decimal(f64),
    /// Always with two decimals.
    Percent(f64),
    Date(NaiveDate),
    Time(DateTime<Utc>),
    Flag(bool),
}

impl<'a> From<&'a str> for Cell<'a> {
    fn from(text: &'a str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(Cow::Borrowed(text)) }
    }
}

impl From<String> for Cell<'_> {
    fn from(text: String) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(Cow::Owned(text)) }
    }
}

macro_rules! cells {
    ($($of:ty => $cell:expr,)+) => {
        $(impl From<$of> for Cell<'_> {
            fn from(value: $of) -> Self {
                $cell(value)
            }
        })+
    };
}

cells! {
    i64 => Cell::Integer,
    f64 => Cell::Decimal,
    bool => Cell::Flag,
    NaiveDate => Cell::Date,
    DateTime<Utc> => Cell::Time,
    i16 => |n| Cell::Integer(i64::from(n)),
    i32 => |n| Cell::Integer(i64::from(n)),
    usize => |n| Cell::Integer(n as i64),
    Uuid => |id: Uuid| Cell::Text(Cow::Owned(id.to_string())),
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, T::into)
    }
}

/// What was taken away, signed; who has the file can prove by it what the register answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Manifest {
    /// The number of the form of this document.
    pub format: u8,
    pub id: Uuid,
    /// `titles`, `holders`, `statistics`, `decisions` or `audit`.
    #[schema(example = "titles")]
    pub table: String,
    /// The parameters that were given.
    pub question: BTreeMap<String, Value>,
    /// Code of the area whose records the caller may read.
    #[schema(example = "37")]
    pub scope: String,
    /// The closed day at whose end the register was known, where one was asked for.
    pub as_of: Option<NaiveDate>,
    /// The day in whose boundaries figures stand.
    pub boundaries: Option<String>,
    /// The moment of the one snapshot that was copied.
    pub snapshot_at: DateTime<Utc>,
    pub media_type: String,
    pub columns: Vec<String>,
    /// Without the header.
    pub rows: u64,
    /// Of the file as it is kept, not compressed.
    pub sha256: String,
}

impl Manifest {
    /// Whether it describes this file.
    pub fn is_of(&self, mut file: impl BufRead) -> io::Result<bool> {
        let mut hash = Sha256::new();
        loop {
            let piece = file.fill_buf()?;
            if piece.is_empty() {
                return Ok(hex::encode(hash.finalize()) == self.sha256);
            }
            hash.update(piece);
            let length = piece.len();
            file.consume(length);
        }
    }
}
