//! What everything stands on.

/// One error for everything that can go wrong, and how it is told.
pub mod error;
/// The five kinds of title and the words that belong to them.
pub mod kind;
/// Versions of resources: the chain entry that last changed them.
pub mod version;
/// The day in Vietnam.
pub mod clock;
/// Vietnamese text: one form to store, one key to search by.
pub mod text;
/// Personal and organisation numbers.
pub mod number;
/// Points and percentages, kept exactly in hundredths.
pub mod hundredths;
/// Settings from the environment.
pub mod config;
/// Keys: of tokens, personal data, digests and checkpoints.
pub mod keys;
/// How often a caller may ask.
pub mod limiter;
/// Figures of the server for Prometheus.
pub mod metrics;
/// The tables, as diesel knows them.
pub mod schema;
/// Statements written as SQL, prepared once for a connection.
pub mod statement;
/// Connections to PostgreSQL, and the migrations.
pub mod db;
