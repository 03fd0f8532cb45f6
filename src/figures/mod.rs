//! What is counted.

use utoipa_actix_web::service_config::ServiceConfig;

/// Totals: what rates are taken of.
pub mod totals;
/// Figures of paper reports, beside what the register counts.
pub mod reported;
/// What areas want to reach.
pub mod targets;
/// Totals, reported figures and targets from a sheet.
pub mod forms;
/// The figures of titles by area, year, kind, level, group and grade.
pub mod statistics;
/// What two days differ in, and why.
pub mod diff;
/// How far areas are from their targets.
pub mod progress;
/// What looks wrong in records and figures.
pub mod quality;
/// Figures and records to take away, with signed manifests.
pub mod exports;

/// Every route of this floor.
pub fn routes(api: &mut ServiceConfig<'_>) {
    totals::api::routes(api);
    reported::api::routes(api);
    targets::api::routes(api);
    forms::api::routes(api);
    statistics::api::routes(api);
    diff::api::routes(api);
    progress::api::routes(api);
    quality::api::routes(api);
    exports::api::routes(api);
    exports::report_api::routes(api);
}
