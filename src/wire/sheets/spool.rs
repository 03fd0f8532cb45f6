//! What a file says, on disk: read sheet by sheet and row by row, as often as it takes, in the memory
//! of one row.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Result as IoResult};
use std::os::unix::fs::FileExt;

use serde::{Deserialize, Serialize};

use super::{Merged, Sheet, SheetRow};
use crate::base::error::{Error, Result};

/// A line of the spool: a sheet begins, or a row of it follows.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    Sheet { name: String, merged: Vec<Merged> },
    Row(SheetRow),
}

/// A file as its reader left it, a piece a line.
pub struct Spool {
    file: File,
}

/// A sheet of it.
pub struct Leaf {
    pub name: String,
    merged: Vec<Merged>,
    /// Where its rows begin, in bytes.
    from: u64,
}

impl Spool {
    pub fn new(file: File) -> Self {
        Self { file }
    }

    /// The sheets in their order.
    pub fn leaves(&self) -> Result<Vec<Leaf>> {
        let mut lines = Lines::at(&self.file, 0);
        let mut leaves = Vec::new();
        while lines.next_line()? {
            if lines.line.starts_with(br#"{"sheet""#)
                && let Piece::Sheet { name, merged } = lines.piece()?
            {
                leaves.push(Leaf { name, merged, from: lines.at });
            }
        }
        Ok(leaves)
    }

    /// The rows of a sheet, one by one.
    pub fn rows(&self, leaf: &Leaf) -> Rows<'_> {
        Rows { lines: Lines::at(&self.file, leaf.from) }
    }

    /// A sheet with its first rows.
    pub fn head(&self, leaf: &Leaf, rows: usize) -> Result<Sheet> {
        let rows = self.rows(leaf).take(rows).collect::<Result<_>>()?;
        Ok(Sheet { name: leaf.name.clone(), rows, merged: leaf.merged.clone() })
    }

    /// Everything: for files that are small, or must be held whole.
    pub fn sheets(&self) -> Result<Vec<Sheet>> {
        self.leaves()?.iter().map(|leaf| self.head(leaf, usize::MAX)).collect()
    }
}

/// The rows of a sheet in their order.
pub struct Rows<'a> {
    lines: Lines<'a>,
}

impl Iterator for Rows<'_> {
    type Item = Result<SheetRow>;

    fn next(&mut self) -> Option<Self::Item> {
        let piece = match self.lines.next_line() {
            Ok(true) => self.lines.piece(),
            Ok(false) => return None,
            Err(error) => Err(error),
        };
        match piece {
            Ok(Piece::Row(row)) => Some(Ok(row)),
            Ok(Piece::Sheet { .. }) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

struct Lines<'a> {
    reader: BufReader<From<'a>>,
    /// Where the next line begins.
    at: u64,
    line: Vec<u8>,
}

impl<'a> Lines<'a> {
    fn at(file: &'a File, at: u64) -> Self {
        Self { reader: BufReader::with_capacity(64 << 10, From { file, at }), at, line: Vec::new() }
    }

    fn next_line(&mut self) -> Result<bool> {
        self.line.clear();
        let read = self.reader.read_until(b'\n', &mut self.line).map_err(Error::internal)?;
        self.at += read as u64;
        Ok(read > 0)
    }

    fn piece(&self) -> Result<Piece> {
        serde_json::from_slice(&self.line).map_err(Error::internal)
    }
}

/// A file from a place on; several may read it at once.
struct From<'a> {
    file: &'a File,
    at: u64,
}

impl Read for From<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> IoResult<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
