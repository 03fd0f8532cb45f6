//! Finds the caller of every request before any handler runs.

use std::time::Instant;

use super::allow::Found;
use super::sessions::Known;
use super::state::State;
use super::token::AuthFailure;
use super::{Caller, rows, token};
use crate::base::error::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error as ActixError, HttpMessage};
use chrono::Utc;

pub async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, ActixError> {
    let state = request.app_data::<Data<State>>().cloned();
    if let Some(state) = &state
        && let Err(error) = state.refresh_areas().await
    {
        tracing::error!(%error, "cannot ask after the areas");
    }
    let found: Found = match (bearer(&request), &state) {
        (None, _) => None,
        (Some(token), Some(state)) => Some(caller(state, &token).await.map(|c| settled(state, c))),
        (Some(_), None) => Some(Err(AuthFailure::Invalid)),
    };
    request.extensions_mut().insert(found);
    next.call(request).await
}

fn bearer(request: &ServiceRequest) -> Option<String> {
    let header = request.headers().get(AUTHORIZATION)?;
    let text = header.to_str().unwrap_or("");
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    // Another scheme is a credential too, only not one of ours.
    Some(if scheme.eq_ignore_ascii_case("bearer") {
        token.trim().to_owned()
    } else {
        String::new()
    })
}

async fn caller(state: &State, token: &str) -> Result<Caller, AuthFailure> {
    let sessions = &state.shared.sessions.0;
    let known = sessions.get(token);
    let (caller, expires) = match known {
        Some(known) if known.is_fresh() => return Ok(known.caller),
        Some(known) if Utc::now().timestamp() < known.expires => (known.caller, known.expires),
        Some(_) => return Err(AuthFailure::Expired),
        None => token::verify(state.keys(), token)?,
    };
    let Some(caller) = active(state, &caller).await? else {
        sessions.remove(token);
        return Err(AuthFailure::Ended);
    };
    let known = Known { caller: caller.clone(), expires, checked: Instant::now() };
    sessions.insert(token.to_owned(), known);
    Ok(caller)
}

/// An account of a commune that was merged whole works on for the commune that took it over.
fn settled(state: &State, caller: Caller) -> Caller {
    Caller { area: state.areas().chain(caller.area, None), ..caller }
}

async fn active(state: &State, caller: &Caller) -> Result<Option<Caller>, AuthFailure> {
    let ask = async { rows::active(&mut *state.db().await?, caller).await };
    ask.await.map_err(|error: Error| {
        tracing::error!(%error, "cannot look up an account");
        AuthFailure::Unavailable
    })
}
