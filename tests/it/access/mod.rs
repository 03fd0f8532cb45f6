//! Who may what.

/// The rules of this floor, as tables.
mod rules;
/// Who may do what, and what it leaves: swept over every operation of the contract.
mod sweep;
/// How every operation of the contract succeeds, and who may use it: one line each, for the sweep.
pub mod cases;
