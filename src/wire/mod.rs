//! What comes in and goes out.

/// Bodies, questions and headers of requests, everything wrong told at once.
pub mod input;
/// Pages of lists and their cursors.
pub mod paging;
/// Answers: the type is the status.
pub mod reply;
/// Lists as offices keep them: read from Excel or CSV, written back as Excel.
pub mod sheets;
