//! The rules of this floor, as tables.

/// What a personal number tells.
mod number;
/// Versions over the wire.
mod version;
/// One form to store a name, one key to search by.
mod text;
/// Rates, rounded half up.
mod hundredths;
/// What keys open, and where they are kept.
mod keys;
/// Settings: all faults at once, each variable in the README.
mod config;
