//! Every route, told by the floors.

use actix_web::get;
use actix_web::web::Data;
use utoipa_actix_web::scope;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::access::state::State;
use crate::base::error::Result;
use crate::base::{db, metrics};
use crate::wire::reply::Text;
use crate::{acts, areas, figures, ledger, register};

/// Every route. Of two that fit a path the first is taken, so that acts (`/holders/duplicates`) stand
/// before what they act on (`/holders/{id}`).
pub fn routes(app: &mut ServiceConfig<'_>) {
    app.service(jwks)
        .service(ledger::proof::api::proof_keys)
        .service(healthz)
        .service(readyz)
        .service(server_metrics)
        .service(scope::scope("/api/v1").configure(|api: &mut ServiceConfig<'_>| {
            areas::api::routes(api);
            acts::routes(api);
            register::routes(api);
            figures::routes(api);
            ledger::routes(api);
        }));
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
    db::ping(&mut *state.db().await?).await?;
    Ok(Text::plain("ok\n"))
}

/// Figures of the server for Prometheus.
#[utoipa::path(tag = "server", operation_id = "metrics")]
#[get("/metrics")]
async fn server_metrics() -> Text {
    Text::plain(metrics::render())
}
