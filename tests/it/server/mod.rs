//! The program, its contract and its house.

/// The rules of this floor, as tables.
mod rules;
/// The contract itself, and the form of every error.
mod contract;
/// The schema goes up and down, and keys belong to one database.
mod migrations;
/// Starting, stopping, and being killed: the program as a process.
mod start;
/// What the command line does beside a running server: areas, which every server on the database then
/// knows, and what is past its time.
mod commands;
/// The README's commands, run as they stand there, one walk after the other on one register.
mod walk;
/// Everything that officials do, done by a server whose role owns nothing and may not touch the trail.
mod least_rights;
/// The house: a floor uses only floors above it, a room only rooms above it, and files stay short.
mod house;
/// A register that was made up is as sound as one that communes entered.
mod generated;
