//! Totals: what rates are taken of. Append-only: a correction is a new line.

pub mod api;
pub mod rows;
