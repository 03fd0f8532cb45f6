//! hoctap: the register of Vietnam's learning titles.
//!
//! The modules in reading order; a module uses only those above it.

pub mod error;
pub mod kind;
pub mod version;
pub mod clock;
pub mod schema;
pub mod db;
pub mod input;
pub mod reply;
pub mod auth;
pub mod audit;
pub mod ledger;
