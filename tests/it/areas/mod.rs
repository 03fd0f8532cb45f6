//! Areas, their names and maps over time.

/// The areas of the country on any day, by whatever people write.
mod places;
/// The same records on two maps: what was merged whole restates exactly, what was split or would have
/// to be taken apart stands unresolved, and nothing is lost or counted twice at any level.
mod boundaries;
