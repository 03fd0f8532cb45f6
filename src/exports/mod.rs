//! Figures and records to take away: CSV written once to a spool file, hashed there, then sent.

pub mod api;

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};

use sha2::{Digest, Sha256};

use crate::error::{Error, Result};

/// A spool file of CSV: deleted with its handle.
pub struct Spool {
    csv: csv::Writer<Hashed>,
    /// Rows without the header.
    rows: u64,
}

/// A finished file and what proves it whole.
pub struct Spooled {
    pub file: File,
    pub length: u64,
    pub sha256: [u8; 32],
    pub rows: u64,
}

struct Hashed {
    file: BufWriter<File>,
    hash: Sha256,
    length: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.length += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Spool {
    /// A file that begins with its header; the mark at its start tells Excel that it is UTF-8.
    pub fn create(header: &[&str], bom: bool) -> Result<Self> {
        let file = tempfile::tempfile().map_err(Error::internal)?;
        let mut hashed = Hashed { file: BufWriter::new(file), hash: Sha256::new(), length: 0 };
        if bom {
            hashed.write_all("\u{feff}".as_bytes()).map_err(Error::internal)?;
        }
        let mut csv =
            csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(hashed);
        csv.write_record(header).map_err(Error::internal)?;
        Ok(Self { csv, rows: 0 })
    }

    pub fn row<'a>(&mut self, cells: impl IntoIterator<Item = Cow<'a, str>>) -> Result<()> {
        for cell in cells {
            self.csv.write_field(safe(&cell).as_bytes()).map_err(Error::internal)?;
        }
        self.csv.write_record(None::<&[u8]>).map_err(Error::internal)?;
        self.rows += 1;
        Ok(())
    }

    pub fn finish(self) -> Result<Spooled> {
        let hashed = self.csv.into_inner().map_err(|e| Error::internal(e.error()))?;
        let mut file = hashed.file.into_inner().map_err(|e| Error::internal(e.error()))?;
        file.seek(SeekFrom::Start(0)).map_err(Error::internal)?;
        let sha256 = hashed.hash.finalize().into();
        Ok(Spooled { file, length: hashed.length, sha256, rows: self.rows })
    }
}

impl crate::reply::Download {
    pub fn csv(name: &str, spooled: Spooled) -> Self {
        let Spooled { file, length, sha256, .. } = spooled;
        Self::new(name, "text/csv; charset=utf-8", file, length, sha256)
    }
}

/// A cell that no spreadsheet takes for a formula: an apostrophe stands before what would begin one.
fn safe(cell: &str) -> Cow<'_, str> {
    let number = cell.parse::<f64>().is_ok_and(f64::is_finite);
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !number {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_begins_a_formula() {
        for (cell, written) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-Bình", "'-Bình"),
            ("-2.5", "-2.5"),
            ("Nguyễn Văn An", "Nguyễn Văn An"),
        ] {
            assert_eq!(safe(cell), written);
        }
    }
}
