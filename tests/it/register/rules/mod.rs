//! The rules of this floor, as tables.

/// Details by kind, and codes that notice slips of the pen.
mod holders;
/// When a title passes, and what a score lacks.
mod criteria;
/// Periods with special difficulties of hamlets that become one.
mod hamlets;
/// Passwords, lists of accounts, and the slips that are cut from paper.
mod accounts;
/// The life of a title as a table.
mod titles;
