//! The rules of this floor, as tables.

/// How an answer is packed.
mod reply;
/// The heads of lists as offices write them.
mod header;
/// Dates, points and counts as people write them.
mod cells;
