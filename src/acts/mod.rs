//! What happens to the register.

use utoipa_actix_web::service_config::ServiceConfig;

/// Hamlets renamed, merged, divided, ended.
pub mod hamlet_changes;
/// In which successor of a split commune a record belongs.
pub mod placements;
/// Communes and hamlets with special difficulties, by date and document.
pub mod difficult;
/// Decrees that change areas.
pub mod reforms;
/// Holders who leave one commune for another.
pub mod moves;
/// Holders who may be one: found, dismissed, merged.
pub mod duplicates;
/// Lists from Excel: checked, applied, taken back.
pub mod imports;
/// What people ask of the register: their data, and to be forgotten.
pub mod people;
/// How long each class of record is kept.
pub mod retention;

/// Every route of this floor.
pub fn routes(api: &mut ServiceConfig<'_>) {
    difficult::api::routes(api);
    reforms::api::routes(api);
    placements::api::routes(api);
    hamlet_changes::api::routes(api);
    difficult::hamlet_api::routes(api);
    duplicates::api::routes(api);
    people::api::routes(api);
    retention::api::routes(api);
    moves::api::routes(api);
    imports::files::routes(api);
    imports::api::routes(api);
}
