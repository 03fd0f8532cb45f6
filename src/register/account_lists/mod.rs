//! Accounts in numbers: a province's list of them, their first passwords on paper, and what is done
//! with many at once.

pub mod api;
pub mod list;
pub mod rows;
pub mod slips;
