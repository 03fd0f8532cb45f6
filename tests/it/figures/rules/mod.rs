//! The rules of this floor, as tables.

/// What a unit needs, and how clean a commune is.
mod quality;
/// What is wrong with figures as reports print them.
mod reported;
/// In which form a file goes out, and what no cell may begin with.
mod exports;
/// Blocks of days: every day is summed once.
mod statistics;
/// How far a number is from a share of a base.
mod progress;
/// Whose target counts, and of what there is one.
mod targets;
/// Every form reads its own template.
mod forms;
