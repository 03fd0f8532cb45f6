//! The server itself.

/// Every route, told by the floors.
pub mod routes;
/// The contract: what all operations share is written into it here.
pub mod contract;
/// What stands around every request: its id, its log line, its limits.
pub mod around;
/// The server: its middleware in order, one runtime for each worker.
pub mod app;
/// A database made ready: migrations, keys, areas, criteria sets.
pub mod setup;
/// The private PostgreSQL.
pub mod embedded;
/// What one server does in the background.
pub mod housekeeping;
/// The demo register.
pub mod demo;
/// A register of any size, filled at once.
pub mod generate;
