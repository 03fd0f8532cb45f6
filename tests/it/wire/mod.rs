//! What comes in and goes out.

/// The rules of this floor, as tables.
mod rules;
/// Bodies and questions: everything wrong with them is told at once.
mod what_comes_in;
