//! The server: its middleware in order, one runtime and pool for each worker.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::Server;
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};
use utoipa_actix_web::AppExt;

use super::routes::routes;
use super::{around, contract};
use crate::access::middleware::authenticate;
use crate::access::state::{Shared, State};
use crate::base::error::{Error, Result};
use crate::wire::reply;

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
        let (app, _) = App::new().into_utoipa_app().configure(routes).split_for_parts();
        app.app_data(Data::from(state.shared.places.clone()))
            .app_data(Data::new(state))
            .app_data(web::PayloadConfig::new(2 << 20))
            .configure(contract::pages)
            .default_service(web::to(around::no_route))
            .wrap(from_fn(around::limit_rate))
            .wrap(from_fn(authenticate))
            .wrap(from_fn(reply::pack))
            .wrap(Condition::new(wanted, cors))
            .wrap(from_fn(around::outermost))
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
