//! What the product promises, over HTTP, in the words of the domain, and its rules as tables: a
//! folder for each floor of the house. One binary; each test has a register of its own, copied from a
//! template.

/// A register of its own for each test, and callers of every role.
#[allow(dead_code)]
mod support;
/// What everything stands on.
mod base;
/// What comes in and goes out.
mod wire;
/// Areas, their names and maps over time.
mod areas;
/// Who may what.
mod access;
/// What every change leaves.
mod ledger;
/// What is kept.
mod register;
/// What happens to it.
mod acts;
/// What is counted.
mod figures;
/// The program, its contract and its house.
mod server;
