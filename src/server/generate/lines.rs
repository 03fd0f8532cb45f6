//! Rows on their way into the tables, as `COPY` reads them, kept until there are enough to send.

use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use futures_util::SinkExt;
use serde_json::Value;
use std::fmt::Write;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::base::error::{Error, Result};

/// The lines of one table.
pub struct Lines {
    into: String,
    text: String,
    count: usize,
}

/// A value of a line; what is none becomes null.
#[derive(Clone, Copy)]
pub enum Cell<'a> {
    Null,
    Text(&'a str),
    Number(i64),
    Flag(bool),
    Id(Uuid),
    Ids(&'a [Option<Uuid>]),
    Day(NaiveDate),
    Moment(DateTime<Utc>),
    Bytes(&'a [u8]),
    Json(&'a Value),
}

/// All that was told and not yet sent, in the order in which references want it.
pub struct Rows {
    pub hamlets: Lines,
    pub holders: Lines,
    pub identifiers: Lines,
    pub titles: Lines,
    pub states: Lines,
    pub decisions: Lines,
    pub annexes: Lines,
    pub counts: Lines,
    pub day_counts: Lines,
    pub entry_counts: Lines,
    pub decided_counts: Lines,
    pub heads: Lines,
    pub entries: Lines,
    pub items: Lines,
    pub values: Lines,
}

impl Rows {
    pub fn new() -> Self {
        use crate::base::kind::Status;
        const CELL: &str =
            "area_id, placed_id, kind, level, year, group_code, grade, valid_through";
        let statuses: Vec<&str> = Status::ALL.iter().map(|status| status.as_str()).collect();
        let counts = |table: &str, key: &str| {
            Lines::new(table, &format!("{key}{CELL}, {}", statuses.join(", ")))
        };
        Self {
            hamlets: Lines::new(
                "hamlets",
                "id, area_id, hamlet_type, name, search_key, valid_from, version",
            ),
            holders: Lines::new(
                "holders",
                "id, kind, area_id, hamlet_id, code, name, search_key, group_code, birth_year,
                 family_id, details, version",
            ),
            identifiers: Lines::new(
                "holder_identifiers",
                "holder_id, scheme, key_id, digest, sealed",
            ),
            titles: Lines::new(
                "titles",
                "holder_id, year, level, kind, area_id, code, name, search_key, hamlet_id,
                 group_code, status, grade, valid_through, registered_on, difficult, own_score,
                 verified_score, outcome, criteria_set_id, decision_id, hands, version, decided_on,
                 recognised_on",
            ),
            states: Lines::new(
                "title_states",
                "holder_id, year, level, n, day, kind, area_id, group_code, status, grade,
                 valid_through",
            ),
            decisions: Lines::new(
                "decisions",
                "id, document, authority_area_id, authority_body, authority_name, number, symbol,
                 decided_on, signatory_name, signatory_position, signatory_capacity, note,
                 entered_by, version",
            ),
            annexes: Lines::new(
                "decision_titles",
                "decision_id, n, holder_id, year, level, action, kind, area_id, code, name, hamlet,
                 group_code, own_score, verified_score, outcome, grade, reason,
                 earlier_decision_id, earlier_valid_through",
            ),
            counts: counts("title_counts", ""),
            day_counts: counts("count_changes", "day, "),
            entry_counts: counts("entry_counts", "day, chain_id, seq, "),
            decided_counts: counts("decision_changes", "day, decided_on, "),
            heads: Lines::new("audit_heads", "area_id, seq, hash"),
            entries: Lines::new(
                "audit_entries",
                "area_id, seq, at, day, actor_id, request_id, action, items, body, hash",
            ),
            items: Lines::new("audit_items", "area_id, seq, n, entity, entity_id, body"),
            values: Lines::new("audit_values", "area_id, seq, n, field, salt, value"),
        }
    }

    fn all(self) -> [Lines; 15] {
        [
            self.hamlets,
            self.holders,
            self.identifiers,
            self.titles,
            self.states,
            self.decisions,
            self.annexes,
            self.counts,
            self.day_counts,
            self.entry_counts,
            self.decided_counts,
            self.heads,
            self.entries,
            self.items,
            self.values,
        ]
    }

    /// How many rows of the largest table there are.
    pub fn count(&self) -> usize {
        self.items.count
    }

    pub async fn send(self, client: &Client) -> Result<()> {
        for lines in self.all().into_iter().filter(|lines| lines.count > 0) {
            let sink = client.copy_in(&lines.into).await.map_err(Error::internal)?;
            let mut sink = std::pin::pin!(sink);
            sink.send(Bytes::from(lines.text)).await.map_err(Error::internal)?;
            sink.finish().await.map_err(Error::internal)?;
        }
        Ok(())
    }
}

impl Lines {
    fn new(table: &str, columns: &str) -> Self {
        let into = format!("copy {table} ({columns}) from stdin");
        Self { into, text: String::new(), count: 0 }
    }

    /// Adds a row with these values in the order of its columns.
    pub fn add(&mut self, cells: &[Cell<'_>]) {
        for (n, cell) in cells.iter().enumerate() {
            if n > 0 {
                self.text.push('\t');
            }
            cell.write(&mut self.text);
        }
        self.text.push('\n');
        self.count += 1;
    }
}

impl Cell<'_> {
    fn write(&self, to: &mut String) {
        // Writing into a string does not fail.
        let _ = match self {
            Self::Null => write!(to, "\\N"),
            Self::Text(text) => write_escaped(to, text),
            Self::Number(number) => write!(to, "{number}"),
            Self::Flag(flag) => write!(to, "{flag}"),
            Self::Id(id) => write!(to, "{id}"),
            Self::Ids(ids) => {
                let ids: Vec<String> = ids.iter().flatten().map(Uuid::to_string).collect();
                write!(to, "{{{}}}", ids.join(","))
            }
            Self::Day(day) => write!(to, "{day}"),
            Self::Moment(at) => write!(to, "{}", at.to_rfc3339()),
            Self::Bytes(bytes) => write!(to, "\\\\x{}", hex::encode(bytes)),
            Self::Json(value) => write_escaped(to, &value.to_string()),
        };
    }
}

fn write_escaped(to: &mut String, text: &str) -> std::fmt::Result {
    for c in text.chars() {
        match c {
            '\\' => to.push_str("\\\\"),
            '\t' => to.push_str("\\t"),
            '\n' => to.push_str("\\n"),
            '\r' => to.push_str("\\r"),
            c => to.push(c),
        }
    }
    Ok(())
}

macro_rules! cell_from {
    ($($type:ty => |$value:ident| $cell:expr,)+) => {
        $(impl<'a> From<$type> for Cell<'a> {
            fn from($value: $type) -> Self { $cell }
        })+
    };
}

cell_from! {
    &'a str => |text| Self::Text(text),
    &'a String => |text| Self::Text(text),
    i16 => |number| Self::Number(number.into()),
    i32 => |number| Self::Number(number.into()),
    i64 => |number| Self::Number(number),
    bool => |flag| Self::Flag(flag),
    Uuid => |id| Self::Id(id),
    NaiveDate => |day| Self::Day(day),
    DateTime<Utc> => |at| Self::Moment(at),
    &'a [u8] => |bytes| Self::Bytes(bytes),
    &'a Value => |value| Self::Json(value),
}

impl<'a, T: Into<Cell<'a>>> From<Option<T>> for Cell<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Adds a row of anything that becomes cells.
macro_rules! add {
    ($lines:expr; $($cell:expr),+ $(,)?) => {
        $lines.add(&[$($crate::server::generate::lines::Cell::from($cell)),+])
    };
}
pub(super) use add;
