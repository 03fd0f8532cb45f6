//! hoctap: the register of Vietnam's learning titles.
//!
//! The modules in reading order; a module uses only those above it.
