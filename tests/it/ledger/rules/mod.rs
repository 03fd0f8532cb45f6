//! The rules of this floor, as tables.

/// Items and their leaves: what the chain keeps and what it hides.
mod audit;
/// Roots and paths, as Certificate Transparency has them.
mod merkle;
/// A proof holds, and no forgery of it does.
mod proof;
