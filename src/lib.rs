//! hoctap: the register of Vietnam's learning titles.
//!
//! A house of floors, in reading order: a floor uses only those above it, and within a floor a room
//! uses only rooms above it.

/// What everything stands on: errors, the five kinds, text, settings, keys, the database.
pub mod base;
/// What comes in and goes out: bodies and questions, answers, pages of lists, sheets of offices.
pub mod wire;
/// The identities of places, their names and maps over time.
pub mod areas;
/// Who may what: roles, tokens, the caller of a request.
pub mod access;
/// What every change leaves: the chain, counts, days, checkpoints, appended lines.
pub mod ledger;
/// What is kept: accounts, criteria, hamlets, holders, rounds, titles, decisions.
pub mod register;
/// What happens to it: lists, moves, merges, reforms, requests of people.
pub mod acts;
/// What is counted: totals, targets, reported figures, statistics, exports.
pub mod figures;
/// The routes, the contract, start and stop, housekeeping, the demo.
pub mod server;
