//! The rules of this floor, as tables.

/// How an answer is packed.
mod reply;
/// What would be right, in words for whoever has to mend it.
mod wording;
/// Everything that does not fit is told at once.
mod shape;
/// The heads of lists as offices write them.
mod header;
/// Dates, points and counts as people write them.
mod cells;
