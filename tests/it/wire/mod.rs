//! What comes in and goes out.

/// The rules of this floor, as tables.
mod rules;
