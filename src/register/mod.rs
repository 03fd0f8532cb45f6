//! What is kept.

use utoipa_actix_web::service_config::ServiceConfig;

/// Accounts of people and of services, their sessions.
pub mod accounts;
/// Accounts made, renewed and ended by a list.
pub mod account_lists;
/// Criteria sets: what titles ask.
pub mod criteria;
/// Pairs of holders found not to be one.
pub mod apart;
/// Hamlets of communes.
pub mod hamlets;
/// Who holds titles.
pub mod holders;
/// Deadlines of a year, and which communes have closed it.
pub mod rounds;
/// Titles and the steps of their life.
pub mod titles;
/// Decisions: recognising, declining, revoking.
pub mod decisions;

/// Every route of this floor.
pub fn routes(api: &mut ServiceConfig<'_>) {
    accounts::auth_api::routes(api);
    accounts::api::routes(api);
    account_lists::api::routes(api);
    hamlets::api::routes(api);
    criteria::api::routes(api);
    holders::api::routes(api);
    titles::list_api::routes(api);
    titles::api::routes(api);
    titles::correct_api::routes(api);
    decisions::api::routes(api);
    decisions::mend_api::routes(api);
    rounds::api::routes(api);
    rounds::closings_api::routes(api);
}
