//! What everything stands on.

/// The rules of this floor, as tables.
mod rules;
