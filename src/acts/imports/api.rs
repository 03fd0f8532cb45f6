//! Imports: a list is sent, checked, explained, applied.

use std::time::Duration;

use actix_web::http::header::HeaderMap;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, get, post};
use chrono::{NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use super::answer::{ImportBody, Taken};
use super::check::Check;
use super::files::{file_name, receive};
use super::rows::Import;
use super::{ImportState, apply, undo};
use crate::access::Caller;
use crate::access::allow::{self, Allow};
use crate::access::state::State;
use crate::areas::{AreaId, AreaLevel};
use crate::base::clock::today;
use crate::base::error::{Error, Result, say};
use crate::base::kind::{Kind, Level, Year};
use crate::register::hamlets::writable;
use crate::wire::input::{Json, Query, path_id};
use crate::wire::paging;
use crate::wire::reply::{Body, Page};

/// The longest that an answer waits for a run to end.
const MOST_WAIT: Duration = Duration::from_secs(60);

#[derive(Debug, Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    kind: Kind,
    /// Code of the commune.
    #[param(example = "13669")]
    area: String,
    year: Year,
    /// The usual level of the kind if not given.
    level: Option<Level>,
    /// The day of the list, for one of earlier years: the code is read for it, so that it may be one
    /// of former boundaries, and the titles are registered on it. Today if not given.
    on: Option<NaiveDate>,
    /// True: the list is the annex of a decision. Whoever stands in it without a result passed.
    annex: Option<bool>,
}

#[derive(Debug, Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Whether an import is applied whole or not at all.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Apply {
    /// True: nothing is entered unless all rows are good. False: the good rows are entered.
    atomic: bool,
    /// Needed for a list that comes after its deadline, or after its commune had closed.
    #[schema(example = "Danh sách nộp bổ sung")]
    #[validate(length(max = 1000))]
    reason: Option<String>,
}

/// Whether an import is taken back as far as that is possible.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// True: records that were changed since stay as they are, the others are taken back. False:
    /// nothing is taken back unless all can be.
    #[serde(default)]
    partial: bool,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(create_import)
        .service(list_imports)
        .service(get_import)
        .service(apply_import)
        .service(undo_import);
}

/// Send a list (CSV, XLSX, XLS, ODS) as the body. It is checked and staged; nothing is changed yet.
///
/// `Prefer: wait=10` waits up to that many seconds (at most 60) for the result.
#[utoipa::path(
    tag = "imports",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    security(("bearer" = [])),
    params(ImportQuery)
)]
#[post("/imports")]
pub async fn create_import(
    state: Data<State>,
    user: Allow<allow::Import>,
    query: Query<ImportQuery>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Taken> {
    let import = new_import(&state, &user, &query, &request)?;
    let file = receive(&request, payload, state.config().upload_limit).await?;
    let import = Import {
        file_digest: Sha256::digest(&file).to_vec(),
        file_size: file.len() as i64,
        ..import
    };
    let said = Sha256::new().chain_update(request.query_string()).chain_update(&file).finalize();
    let mut db = state.db().await?;
    let id =
        Import::create(&mut db, &user.act_on(said.into()), state.keys(), &import, &file).await?;
    drop(db);
    if id == import.id {
        let (shared, annex) = (state.shared.clone(), query.annex == Some(true));
        Check { shared, areas: state.areas(), import, file, annex }.start();
    }
    let until = Instant::now() + preferred(request.headers()).unwrap_or_default();
    let found = wait(&state, &user, id, until).await?;
    Ok(Taken { body: ImportBody::of(&state, found) })
}

/// List imports, the latest first.
#[utoipa::path(tag = "imports", security(("bearer" = [])), params(PageQuery))]
#[get("/imports")]
pub async fn list_imports(
    state: Data<State>,
    user: Allow<allow::ReadRecords>,
    query: Query<PageQuery>,
) -> Result<Page<ImportBody>> {
    let limit = paging::limit(query.limit)?;
    let after = paging::after(&(), query.cursor.as_deref())?;
    let found =
        Import::list(&mut *state.db().await?, &state.areas(), &user, after, limit + 1).await?;
    let (found, next) = paging::cut(found, limit, &(), |import| import.id)?;
    let items = found.into_iter().map(|import| ImportBody::of(&state, import)).collect();
    Ok(Page { items, next, count: None })
}

/// How far an import is, and what its check found.
#[utoipa::path(tag = "imports", security(("bearer" = [])), params(("id" = Uuid, Path)))]
#[get("/imports/{id}")]
pub async fn get_import(
    state: Data<State>,
    user: Allow<allow::ReadRecords>,
    id: Path<String>,
) -> Result<Body<ImportBody>> {
    let found = Import::find(&mut *state.db().await?, &state.areas(), &user, path_id(&id)?).await?;
    Ok(Body(ImportBody::of(&state, found)))
}

/// Enter what was checked: the good rows, or nothing unless all are good.
///
/// It is waited for a minute, or as `Prefer: wait=10` says; 202 then tells that it goes on. Why it
/// failed after that, stands in `summary.failure` of the import, which is checked again.
#[utoipa::path(tag = "imports", security(("bearer" = [])), params(("id" = Uuid, Path)))]
#[post("/imports/{id}/apply")]
pub async fn apply_import(
    state: Data<State>,
    user: Allow<allow::Import>,
    id: Path<String>,
    request: HttpRequest,
    json: Json<Apply>,
) -> Result<Taken> {
    let areas = state.areas();
    let until = Instant::now() + preferred(request.headers()).unwrap_or(MOST_WAIT);
    let import = Import::find(&mut *state.db().await?, &areas, &user, path_id(&id)?).await?;
    writable(&areas, &user, import.area_id)?;
    let act = user.act(&json);
    let import = match import.state {
        ImportState::Applying => wait(&state, &user, import.id, until).await?,
        _ => import,
    };
    if import.state != ImportState::Applying {
        let begun = import.begin_apply(&mut *state.db().await?).await?;
        let (shared, reason) = (state.shared.clone(), json.reason.clone());
        let (import, atomic) = (import.clone(), json.atomic);
        let run = apply::Apply { shared, areas, act, import, atomic, reason, begun };
        if let Ok(ended) = tokio::time::timeout_at(until, run.start()).await {
            ended.map_err(Error::internal)??;
        }
    } else if act.idempotency.is_some() {
        return Err(apply::not_to_apply(import.state));
    }
    let found = Import::find(&mut *state.db().await?, &state.areas(), &user, import.id).await?;
    Ok(Taken { body: ImportBody::of(&state, found) })
}

/// Take back what an import brought, as far as nobody has changed it since.
#[utoipa::path(tag = "imports", security(("bearer" = [])), params(("id" = Uuid, Path)))]
#[post("/imports/{id}/undo")]
pub async fn undo_import(
    state: Data<State>,
    user: Allow<allow::Import>,
    id: Path<String>,
    json: Json<Undo>,
) -> Result<Body<ImportBody>> {
    let areas = state.areas();
    let mut db = state.db().await?;
    let import = Import::find(&mut db, &areas, &user, path_id(&id)?).await?;
    writable(&areas, &user, import.area_id)?;
    let tools = (state.keys(), &*areas);
    undo::undo(&mut db, &user.act(&json), tools, &import, json.partial).await?;
    let found = Import::find(&mut db, &areas, &user, import.id).await?;
    Ok(Body(ImportBody::of(&state, found)))
}

/// An import as it begins, before its file has come.
fn new_import(
    state: &State,
    caller: &Caller,
    query: &ImportQuery,
    request: &HttpRequest,
) -> Result<Import> {
    let level = query.level.unwrap_or(query.kind.default_level());
    check_level(query.kind, level)?;
    let listed_on = query.on.unwrap_or_else(today);
    check_day(listed_on)?;
    let (commune_id, area_id) = commune(state, caller, &query.area, listed_on)?;
    Ok(Import {
        id: Uuid::now_v7(),
        area_id,
        kind: query.kind,
        level,
        year: query.year.get(),
        file_name: file_name(request.headers()),
        file_digest: Vec::new(),
        file_size: 0,
        state: ImportState::Checking,
        summary: serde_json::Value::Object(Default::default()),
        created_by: caller.id,
        created_at: Utc::now(),
        applied_at: None,
        version: crate::base::version::Version::NEVER,
        commune_id,
        listed_on,
        applied_in: None,
        undone_in: None,
        rows_checked: 0,
        rows_written: 0,
    })
}

/// The commune that a list is of on its day, and the one that keeps its records today.
pub fn commune(
    state: &State,
    caller: &Caller,
    code: &str,
    on: NaiveDate,
) -> Result<(AreaId, AreaId)> {
    let areas = state.areas();
    let area = areas.resolve("?area", code, on)?;
    let settled = writable(&areas, caller, area)?;
    if areas.get(area).level == AreaLevel::Commune {
        return Ok((area, settled));
    }
    Err(Error::invalid_field(
        "?area",
        "commune_needed",
        say("Cần mã của một xã, phường, đặc khu.", "The code of a commune is needed."),
    ))
}

fn check_day(on: NaiveDate) -> Result<()> {
    let first = NaiveDate::from_ymd_opt(2021, 1, 1).unwrap_or_default();
    if (first..=today()).contains(&on) {
        return Ok(());
    }
    Err(Error::invalid_field(
        "?on",
        "date_range",
        say(
            "Ngày của danh sách phải từ 01/01/2021 đến hôm nay.",
            "The day of a list must lie between 2021-01-01 and today.",
        ),
    ))
}

fn check_level(kind: Kind, level: Level) -> Result<()> {
    let known = kind.levels().contains(&level);
    if known && (kind != Kind::Community || level == Level::Hamlet) {
        return Ok(());
    }
    Err(Error::invalid_field(
        "?level",
        "level_not_of_kind",
        say("Không nhập danh sách của cấp này.", "Lists of this level are not imported."),
    ))
}

/// How long the caller prefers to wait, if it says so.
fn preferred(headers: &HeaderMap) -> Option<Duration> {
    let preferred = headers.get("prefer")?.to_str().ok()?;
    let seconds = preferred
        .split([',', ';'])
        .find_map(|part| part.trim().strip_prefix("wait=")?.parse().ok());
    Some(Duration::from_secs(seconds?).min(MOST_WAIT))
}

/// Waits for the end of the check, or of the applying.
async fn wait(state: &State, caller: &Caller, id: Uuid, until: Instant) -> Result<Import> {
    loop {
        let found = Import::find(&mut *state.db().await?, &state.areas(), caller, id).await?;
        if !found.state.is_run() || Instant::now() >= until {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
