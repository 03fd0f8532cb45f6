//! hoctap: the register of Vietnam's learning titles.
//!
//! The modules in reading order; a module uses only those above it.

pub mod error;
pub mod kind;
pub mod version;
pub mod clock;
pub mod text;
pub mod number;
pub mod config;
pub mod keys;
pub mod limiter;
pub mod metrics;
pub mod schema;
pub mod db;
pub mod input;
pub mod paging;
pub mod reply;
pub mod areas;
pub mod state;
pub mod days;
pub mod auth;
pub mod audit;
pub mod proof;
pub mod ledger;
pub mod users;
pub mod criteria;
pub mod hamlets;
pub mod holders;
pub mod titles;
pub mod moves;
pub mod duplicates;
pub mod sheets;
pub mod imports;
pub mod decisions;
pub mod inputs;
pub mod reported;
pub mod targets;
pub mod statistics;
pub mod exports;
pub mod demo;
pub mod web;
pub mod contract;
pub mod app;
pub mod setup;
pub mod embedded;
pub mod housekeeping;
