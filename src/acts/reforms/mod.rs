//! Reforms of areas: a decree renames, merges or splits communes and provinces from a day on.
//!
//! A file says so, one row for each pair of an old and a new area. An area that is renamed stays the
//! same; one that goes whole or in parts into others ends on the day before, and the others are new,
//! even where one of them keeps a code.

pub mod api;
mod check;
pub mod command;
mod file;
pub mod rows;
pub mod touched;
mod trail;
mod undo;

pub use check::plan;

use chrono::NaiveDate;

use crate::areas::{AreaId, AreaLevel};
use crate::text_enum;

text_enum! {
    /// What becomes of the old area.
    pub enum ReformKind {
        Whole = "whole",
        Part = "part",
        Rename = "rename",
    }
}

text_enum! {
    pub enum ReformState {
        Staged = "staged",
        Applied = "applied",
        Undone = "undone",
    }
}

/// What a file without faults makes of the areas.
#[derive(Debug, PartialEq)]
pub struct Plan {
    pub decree: String,
    /// The first day on which it holds.
    pub on: NaiveDate,
    pub renamed: Vec<(AreaId, Named)>,
    pub ended: Vec<AreaId>,
    pub born: Vec<Born>,
    pub successions: Vec<Succession>,
}

/// An ended area, the one of `born` that it goes into, and whether whole.
#[derive(Debug, PartialEq)]
pub struct Succession {
    pub old: AreaId,
    pub new: usize,
    pub whole: bool,
}

#[derive(Debug, PartialEq)]
pub struct Born {
    pub level: AreaLevel,
    pub named: Named,
}

/// How an area is called from the day on.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    pub code: String,
    pub unit_type: String,
    pub name: String,
    pub parent: Parent,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Parent {
    Known(AreaId),
    /// One of `born`.
    Born(usize),
}

impl Plan {
    /// All areas that stand when it is applied, and do not stand so after it.
    pub fn old(&self) -> Vec<AreaId> {
        self.renamed.iter().map(|(id, _)| *id).chain(self.ended.iter().copied()).collect()
    }
}

impl Named {
    /// “Phường Nam Định”.
    pub fn full_name(&self) -> String {
        let mut letters = self.unit_type.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        format!("{first}{} {}", letters.as_str(), self.name)
    }
}

/// The types of areas that a level has.
fn types(level: AreaLevel) -> &'static [&'static str] {
    match level {
        AreaLevel::Province => &["tỉnh", "thành phố"],
        AreaLevel::Commune => &["xã", "phường", "đặc khu"],
        _ => &[],
    }
}
