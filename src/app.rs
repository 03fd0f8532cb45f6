//! The whole route table, the contract, and the server.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::Server;
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer, get};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt, scope};

use crate::error::{Error, Result};
use crate::reply::{self, Text};
use crate::state::{Shared, State};
use crate::{
    accounts, areas, audit, auth, contract, criteria, decisions, diff, difficult, duplicates,
    exports, forms, hamlet_changes, hamlets, holders, imports, inputs, metrics, moves, people,
    placements, progress, proof, quality, reforms, reported, retention, rounds, statistics,
    targets, titles, users,
};

/// Every route of `/api/v1`.
fn routes(api: &mut ServiceConfig<'_>) {
    api.service(users::auth_api::login)
        .service(users::auth_api::refresh)
        .service(users::auth_api::service_token)
        .service(users::auth_api::logout)
        .service(users::auth_api::me)
        .service(users::auth_api::change_password)
        .service(users::api::list_users)
        .service(users::api::create_user)
        .service(accounts::api::create_users)
        .service(accounts::api::renew_slips)
        .service(accounts::api::disable_users)
        .service(accounts::api::transfer_users)
        .service(users::api::get_user)
        .service(users::api::change_user)
        .service(users::api::reset_user)
        .service(users::api::list_service_accounts)
        .service(users::api::create_service_account)
        .service(users::api::get_service_account)
        .service(users::api::change_service_account)
        .service(areas::api::list_areas)
        .service(areas::api::get_area)
        .service(areas::api::get_lineage)
        .service(difficult::api::get_difficult)
        .service(difficult::api::put_difficult)
        .service(reforms::api::list_reforms)
        .service(reforms::api::stage_reform)
        .service(reforms::api::get_reform)
        .service(reforms::api::apply_reform)
        .service(reforms::api::undo_reform)
        .service(placements::api::get_placements)
        .service(placements::api::list_open_holders)
        .service(placements::api::place)
        .service(placements::api::take_back)
        .service(hamlets::api::list_hamlets)
        .service(hamlets::api::create_hamlet)
        .service(hamlet_changes::api::change_hamlet)
        .service(hamlet_changes::api::list_hamlet_changes)
        .service(hamlet_changes::api::make_hamlet_change)
        .service(hamlet_changes::api::undo_hamlet_change)
        .service(difficult::hamlet_api::get_hamlet_difficult)
        .service(difficult::hamlet_api::put_hamlet_difficult)
        .service(criteria::api::list_criteria_sets)
        .service(criteria::api::create_criteria_set)
        // A fixed path stands before one with a parameter in its place.
        .service(holders::api::look_up_number)
        .service(duplicates::api::list_duplicates)
        .service(duplicates::api::dismiss_duplicate)
        .service(duplicates::api::suspect_duplicate)
        .service(duplicates::api::merge_holder)
        .service(duplicates::api::list_merges)
        .service(duplicates::api::undo_merge)
        .service(holders::api::list_holders)
        .service(holders::api::create_holder)
        .service(holders::api::get_holder)
        .service(holders::api::change_holder)
        .service(holders::api::delete_holder)
        .service(holders::api::get_history)
        .service(people::api::get_personal_data)
        .service(people::api::erase_personal_data)
        .service(people::api::list_reads)
        .service(retention::api::list_retention)
        .service(retention::api::get_retention)
        .service(retention::api::set_retention)
        .service(moves::api::list_moves)
        .service(moves::api::claim_move)
        .service(moves::api::get_move)
        .service(moves::api::take_back_move)
        .service(titles::list_api::list_titles)
        .service(titles::api::step_titles)
        .service(titles::api::list_titles_of_holder)
        .service(titles::api::get_title)
        .service(titles::api::register_title)
        .service(titles::api::score_title)
        .service(titles::api::delete_title)
        .service(titles::api::assess_title)
        .service(titles::api::verify_title)
        .service(titles::api::return_title)
        .service(titles::api::withdraw_title)
        .service(titles::api::reopen_title)
        .service(titles::correct_api::correct_title)
        .service(decisions::api::list_decisions)
        .service(decisions::api::create_decision)
        .service(decisions::api::get_decision)
        .service(decisions::api::list_decision_titles)
        .service(decisions::mend_api::annul_decision)
        .service(decisions::mend_api::correct_decision)
        .service(decisions::mend_api::get_decision_history)
        .service(imports::api::create_import)
        .service(imports::api::list_imports)
        .service(imports::files::get_template)
        .service(imports::api::get_import)
        .service(imports::files::get_import_errors)
        .service(imports::api::apply_import)
        .service(imports::api::undo_import)
        .service(rounds::api::get_rounds)
        .service(rounds::api::put_rounds)
        .service(rounds::api::list_overdue)
        .service(inputs::api::get_totals)
        .service(inputs::api::put_totals)
        .service(inputs::closings_api::get_closings)
        .service(inputs::closings_api::put_closings)
        .service(reported::api::list_reported)
        .service(reported::api::create_reported)
        .service(targets::api::get_targets)
        .service(targets::api::put_targets)
        .service(forms::api::get_totals_template)
        .service(forms::api::enter_totals_sheet)
        .service(forms::api::get_reported_template)
        .service(forms::api::enter_reported_sheet)
        .service(forms::api::get_targets_template)
        .service(forms::api::enter_targets_sheet)
        .service(statistics::api::get_statistics)
        .service(diff::api::get_diff)
        .service(progress::api::get_progress)
        .service(quality::api::get_quality)
        .service(quality::api::get_quality_cards)
        .service(exports::api::export_titles)
        .service(exports::api::export_holders)
        .service(exports::api::export_statistics)
        .service(exports::api::export_decisions)
        .service(exports::api::export_audit)
        .service(exports::api::get_manifest)
        .service(exports::report_api::get_annual_report)
        .service(audit::api::list_audit)
        .service(proof::api::verify_audit)
        .service(proof::api::list_checkpoints)
        .service(proof::api::get_checkpoint)
        .service(proof::api::get_proof)
        .service(audit::api::list_audit_items);
}

/// The contract, generated from the routes.
pub fn openapi() -> Document {
    let (_, document) = App::new()
        .into_utoipa_app()
        .openapi(contract::Contract::openapi())
        .service(jwks)
        .service(proof::api::proof_keys)
        .service(healthz)
        .service(readyz)
        .service(server_metrics)
        .service(scope::scope("/api/v1").configure(routes))
        .split_for_parts();
    contract::complete(document)
}

/// The methods that some route takes at this path.
pub fn methods_of(path: &str) -> Vec<&'static str> {
    static ROUTES: LazyLock<Vec<(String, BTreeSet<&'static str>)>> =
        LazyLock::new(|| contract::methods(&openapi()));
    let matches = |template: &str| {
        let (mut given, mut wanted) = (path.split('/'), template.split('/'));
        loop {
            match (given.next(), wanted.next()) {
                (None, None) => return true,
                (Some(g), Some(w)) if w.starts_with('{') && !g.is_empty() || g == w => {}
                _ => return false,
            }
        }
    };
    let mut found: BTreeSet<_> =
        ROUTES.iter().filter(|(t, _)| matches(t)).flat_map(|(_, m)| m.iter().copied()).collect();
    if found.contains("GET") {
        found.insert("HEAD");
    }
    found.into_iter().collect()
}

/// Longer than proxies keep an idle connection, as a rule a minute: who closes first must not be the
/// one who may be asked next.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// Starts to listen; the server runs until its handle stops it.
pub fn start(shared: Arc<Shared>, listener: TcpListener) -> Result<Server> {
    let workers = shared.config.workers;
    let server = HttpServer::new(move || {
        // Each worker has a runtime, and so a pool, of its own.
        let state = State::new(shared.clone()).expect("the database URL was used before");
        let cors = cors(&state.config().cors_origins);
        let wanted = !state.config().cors_origins.is_empty();
        let (app, _) = App::new()
            .into_utoipa_app()
            .service(jwks)
            .service(proof::api::proof_keys)
            .service(healthz)
            .service(readyz)
            .service(server_metrics)
            .service(scope::scope("/api/v1").configure(routes))
            .split_for_parts();
        app.app_data(Data::new(state))
            .app_data(web::PayloadConfig::new(2 << 20))
            .configure(contract::pages)
            .default_service(web::to(crate::web::no_route))
            .wrap(from_fn(crate::web::limit_rate))
            .wrap(from_fn(auth::middleware::authenticate))
            .wrap(from_fn(reply::pack))
            .wrap(Condition::new(wanted, cors))
            .wrap(from_fn(crate::web::outermost))
    })
    .workers(workers)
    .keep_alive(KEEP_ALIVE)
    // An answer in several writes would wait for the client's acknowledgement of the first.
    .tcp_nodelay(true)
    .shutdown_timeout(30)
    .disable_signals()
    .listen(listener)
    .map_err(Error::internal)?;
    Ok(server.run())
}

fn cors(origins: &[String]) -> Cors {
    let base = Cors::default()
        .allow_any_method()
        .allow_any_header()
        .expose_headers(["etag", "link", "location", "retry-after", "x-request-id"])
        .max_age(600);
    origins.iter().fold(base, |cors, origin| match origin.as_str() {
        "*" => cors.allow_any_origin(),
        origin => cors.allowed_origin(origin),
    })
}

/// The public keys of access tokens (RFC 7517).
#[utoipa::path(tag = "server")]
#[get("/.well-known/jwks.json")]
async fn jwks(state: Data<State>) -> Text {
    let keys = state.keys().jwks().to_string();
    Text { content_type: "application/json", cache: "public, max-age=300", body: keys.into() }
}

/// Whether the server runs.
#[utoipa::path(tag = "server")]
#[get("/healthz")]
async fn healthz() -> Text {
    Text::plain("ok\n")
}

/// Whether the server reaches its database.
#[utoipa::path(tag = "server")]
#[get("/readyz")]
async fn readyz(state: Data<State>) -> Result<Text> {
    crate::db::ping(&mut *state.db().await?).await?;
    Ok(Text::plain("ok\n"))
}

/// Figures of the server for Prometheus.
#[utoipa::path(tag = "server", operation_id = "metrics")]
#[get("/metrics")]
async fn server_metrics() -> Text {
    Text::plain(metrics::render())
}
