//! What every change leaves.

/// The rules of this floor, as tables.
mod rules;
/// The trail: what it tells, to whom, and that it holds.
mod audit;
/// What holds outside the register: checkpoints, proofs of entries, and what verifying them finds.
mod proof;
/// Thousands of random changes by many people, one after the other and at once: whatever happened,
/// the figures are the records and the chains hold.
mod random;
