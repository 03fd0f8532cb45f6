//! The rules of this floor, as tables.

/// Periods follow each other.
mod difficult;
/// Names and hamlets as lists write them, and templates that the import reads.
mod imports;
/// Which of two titles stays, and what the survivor takes over.
mod duplicates;
/// Whoever asks is found in free text; only people may ask.
mod people;
