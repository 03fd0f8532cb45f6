//! What every change leaves.

use utoipa_actix_web::service_config::ServiceConfig;

/// The chain of each area: items, entries, their hashes and their sentences.
pub mod audit;
/// Closed days.
pub mod days;
/// A change: one transaction with its states, counts and entries.
pub mod change;
/// Checkpoints over all chains, and proofs that an entry stands in one.
pub mod proof;
/// Append-only lines of what people enter beside the records.
pub mod lines;

pub use change::{TitleChange, TitleState, Writer, write};

/// Every route of this floor.
pub fn routes(api: &mut ServiceConfig<'_>) {
    audit::api::routes(api);
    proof::api::routes(api);
}
