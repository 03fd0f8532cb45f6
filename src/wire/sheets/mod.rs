//! Lists as offices keep them: read from Excel or CSV as rows of text, written back as Excel.

pub mod cells;
pub mod child;
pub mod header;
pub mod marked;
pub mod open;
pub mod spool;
mod stream;
pub mod workbook;

use serde::{Deserialize, Serialize};

/// One sheet, merged cells filled, formulas as their last values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    pub name: String,
    pub rows: Vec<SheetRow>,
    /// What was merged; every cell of it says in `rows` what its first one says.
    #[serde(default)]
    pub merged: Vec<Merged>,
}

/// A merged region: its rows as they are numbered, its columns from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Merged {
    pub rows: (u32, u32),
    pub columns: (usize, usize),
}

/// A row that is not empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SheetRow {
    /// As the program that made the list numbers it, from 1.
    pub number: u32,
    pub cells: Vec<String>,
}

impl SheetRow {
    /// The cell of a column from 0, tidied; empty where there is none.
    pub fn cell(&self, column: usize) -> String {
        self.cells.get(column).map(|text| crate::base::text::tidy(text)).unwrap_or_default()
    }
}

/// `A`, `B`, … `AA`: how Excel names a column, counted from 0.
pub fn column_name(column: usize) -> String {
    let mut name = String::new();
    let mut rest = column + 1;
    while rest > 0 {
        let letter = (rest - 1) % 26;
        name.insert(0, char::from(b'A' + letter as u8));
        rest = (rest - 1) / 26;
    }
    name
}
