//! What is answered about an import.

use std::collections::BTreeMap;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, Responder};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoResponses, ToSchema};
use uuid::Uuid;

use super::rows::Import;
use super::{ImportState, Summary};
use crate::access::state::State;
use crate::base::kind::{Kind, Level};
use crate::wire::reply::Body;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub struct ImportBody {
    id: Uuid,
    kind: Kind,
    level: Level,
    /// Code of the commune on the day of the list.
    area: String,
    area_name: String,
    year: i16,
    /// The day of the list.
    on: NaiveDate,
    file_name: String,
    file_size: i64,
    file_sha256: String,
    state: ImportState,
    progress: Progress,
    summary: Summary,
    created_at: DateTime<Utc>,
    applied_at: Option<DateTime<Utc>>,
}

impl ImportBody {
    pub fn of(state: &State, import: Import) -> Self {
        let areas = state.areas();
        Self {
            id: import.id,
            kind: import.kind,
            level: import.level,
            area: areas.code(import.commune_id, import.listed_on).to_owned(),
            area_name: areas.name(import.commune_id, import.listed_on),
            year: import.year,
            on: import.listed_on,
            file_size: import.file_size,
            file_sha256: hex::encode(&import.file_digest),
            state: import.state,
            progress: Progress { checked: import.rows_checked, written: import.rows_written },
            summary: import.summary(),
            created_at: import.created_at,
            applied_at: import.applied_at,
            file_name: import.file_name,
        }
    }
}

/// How many rows of a list are done: told while it is checked and while it is applied.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ImportProgress)]
pub struct Progress {
    checked: i32,
    written: i32,
}

/// 202 while the list is being checked or applied, 200 when that is done; Location names the import.
pub struct Taken {
    pub body: ImportBody,
}

impl Responder for Taken {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let location = format!("/api/v1/imports/{}", self.body.id);
        let accepted = self.body.state.is_run();
        let mut response = Body(self.body).respond_to(request);
        if accepted {
            *response.status_mut() = StatusCode::ACCEPTED;
        }
        if let Ok(location) = location.parse() {
            response.headers_mut().insert(LOCATION, location);
        }
        response
    }
}

impl IntoResponses for Taken {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = Body::<ImportBody>::responses();
        let same = responses.values().next().cloned();
        responses.extend(same.map(|response| ("202".to_owned(), response)));
        responses
    }
}
