//! What stands around every request: its id, its log line, its limits, and errors in its language.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::Ordering;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCEPT_LANGUAGE, ALLOW, CONTENT_ENCODING, HeaderName, HeaderValue, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error as ActixError, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use futures_util::FutureExt;
use uuid::Uuid;

use crate::access::allow::{Found, RequestId};
use crate::access::client::client_address;
use crate::access::state::State;
use crate::base::error::{Error, Lang, Problem, say};
use crate::wire::reply::IDENTITY;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request its id, catches panics, logs one line, and writes every error as a problem in
/// the language asked for. Nothing of the query is logged: it may name somebody. HEAD is answered as
/// GET is, and the server leaves the body out.
pub async fn outermost(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, ActixError> {
    let started = Instant::now();
    let id = given_id(&request).unwrap_or_else(Uuid::now_v7);
    request.extensions_mut().insert(RequestId(id));
    let method = request.method().clone();
    if method == Method::HEAD {
        request.head_mut().method = Method::GET;
    }
    let path = request.path().to_owned();
    let language = request.headers().get(ACCEPT_LANGUAGE).and_then(|v| v.to_str().ok());
    let lang = Lang::of_header(language);
    let answered = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    let response = match answered {
        Ok(response) => response?.map_into_boxed_body(),
        Err(_) => {
            tracing::error!(request_id = %id, %method, "a handler panicked");
            return Err(Error::internal("panic").into());
        }
    };
    if !method.is_safe()
        && let Some(state) = response.request().app_data::<Data<State>>()
    {
        // Figures that were counted before may be no longer right.
        state.shared.writes.fetch_add(1, Ordering::Release);
    }
    let mut response = tell(response, lang, &path, id);
    let headers = response.headers_mut();
    if headers.get(CONTENT_ENCODING).is_some_and(|coding| coding == IDENTITY) {
        headers.remove(CONTENT_ENCODING);
    }
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(REQUEST_ID, value);
    }
    headers.append(
        VARY,
        HeaderValue::from_static("Accept, Accept-Encoding, Accept-Language, Authorization"),
    );
    headers.insert(
        HeaderName::from_static("x-content-type-options"),
        HeaderValue::from_static("nosniff"),
    );
    let route = response.request().match_pattern().unwrap_or_else(|| "unknown".to_owned());
    let status = response.status().as_u16();
    let took = started.elapsed();
    crate::base::metrics::observe(method.as_str(), &route, status, took);
    let caller = match response.request().extensions().get::<Found>() {
        Some(Some(Ok(caller))) => Some(caller.id),
        _ => None,
    };
    tracing::info!(request_id = %id, %method, route, status, caller = ?caller, ms = took.as_millis() as u64);
    Ok(response)
}

fn given_id(request: &ServiceRequest) -> Option<Uuid> {
    request.headers().get(REQUEST_ID)?.to_str().ok()?.parse().ok()
}

fn tell(
    response: ServiceResponse<BoxBody>,
    lang: Lang,
    path: &str,
    id: Uuid,
) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let known = response.response().extensions().get::<Problem>().cloned();
    let problem = known.unwrap_or_else(|| unexplained(status, response.response().error()));
    let headers = response.headers().clone();
    let mut told = response.into_response(problem.render(lang, path, id));
    // What belongs to the answer beside its body stays.
    let stays = |name: &HeaderName| name == ALLOW || name.as_str().starts_with("access-control");
    for (name, value) in headers {
        if !told.headers().contains_key(&name) && stays(&name) {
            told.headers_mut().append(name, value);
        }
    }
    told
}

/// The problem of an answer that did not come from a handler of ours.
fn unexplained(status: StatusCode, error: Option<&ActixError>) -> Problem {
    if let Some(error) = error {
        tracing::debug!(%error, "refused before its handler");
    }
    let (code, detail) = match status {
        StatusCode::PAYLOAD_TOO_LARGE => {
            ("too_large", say("Nội dung gửi lên quá lớn.", "The body is too large."))
        }
        _ => ("refused", say("Yêu cầu không được chấp nhận.", "The request was refused.")),
    };
    Error::problem(status, code, detail).to_problem()
}

/// Answers what no route answers: 405 where another method would do, else 404.
pub async fn no_route(request: HttpRequest) -> HttpResponse {
    let allowed = super::contract::methods_of(request.path());
    if allowed.is_empty() {
        return Error::not_found().error_response();
    }
    let mut response = Error::problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        say(
            format!("Đường dẫn này chỉ nhận {}.", allowed.join(", ")),
            format!("This path takes only {}.", allowed.join(", ")),
        ),
    )
    .error_response();
    if request.method() == Method::OPTIONS {
        response = HttpResponse::NoContent().finish();
    }
    if let Ok(value) = HeaderValue::from_str(&allowed.join(", ")) {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

/// Refuses callers that ask more often than the configuration allows.
pub async fn limit_rate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, ActixError> {
    if let Some(state) = request.app_data::<Data<State>>().cloned()
        && let Some(limiter) = &state.shared.limiter
    {
        let caller = match request.extensions().get::<Found>() {
            Some(Some(Ok(caller))) => caller.id.to_string(),
            _ => client_address(request.request(), state.config()),
        };
        if let Err(wait) = limiter.check(&caller) {
            let error = Error::problem(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                say("Gửi yêu cầu quá nhanh; xin chờ.", "Too many requests; please wait."),
            )
            .with_retry_after(wait);
            return Ok(request.into_response(error.error_response()));
        }
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}
