//! Imports: a list is sent, checked, explained, applied.

use std::collections::{BTreeMap, HashMap};

use actix_web::body::BoxBody;
use actix_web::http::header::{HeaderMap, LOCATION};
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, Responder, get, post};
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::Duration;
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoParams, IntoResponses, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::rows::{Found, Import, holders_of_year};
use super::{Fault, ImportState, Summary, template, work};
use crate::areas::{AreaId, AreaLevel};
use crate::auth::Caller;
use crate::auth::allow::{self, Allow};
use crate::clock::today;
use crate::error::{Error, Result, say};
use crate::hamlets::rows::Hamlet;
use crate::hamlets::writable;
use crate::holders::rows::Holder;
use crate::input::{Json, Query, path_id};
use crate::kind::{Kind, Level, Year};
use crate::paging;
use crate::reply::{Body, Download, Page};
use crate::sheets::{child, header, workbook};
use crate::state::State;
use crate::text::{has_control, tidy};

#[derive(Debug, Serialize, Deserialize, Validate, IntoParams)]
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
}

#[derive(Debug, Serialize, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TemplateQuery {
    kind: Kind,
    /// Code of the commune.
    #[param(example = "13669")]
    area: String,
    year: Year,
    /// True fills in the holders of the year before, with their codes.
    prefill: Option<bool>,
}

#[derive(Debug, Serialize, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Debug, Serialize, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ErrorsQuery {
    /// `xlsx`: the list as it was sent, with a column that says what to correct.
    format: Option<Format>,
    limit: Option<i64>,
    cursor: Option<String>,
}

crate::text_enum! {
    pub enum Format {
        Json = "json",
        Xlsx = "xlsx",
    }
}

/// Whether an import is applied whole or not at all.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Apply {
    /// True: nothing is entered unless all rows are good. False: the good rows are entered.
    atomic: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub struct ImportBody {
    id: Uuid,
    kind: Kind,
    level: Level,
    /// Code of the commune.
    area: String,
    area_name: String,
    year: i16,
    file_name: String,
    file_size: i64,
    file_sha256: String,
    state: ImportState,
    summary: Summary,
    created_at: DateTime<Utc>,
    applied_at: Option<DateTime<Utc>>,
}

/// A row to correct, with all its faults.
#[derive(Debug, Serialize, ToSchema)]
pub struct BadRow {
    sheet: String,
    /// As Excel counts.
    row: i32,
    faults: Vec<Fault>,
}

/// 202 while the list is being checked, 200 when that is done; Location names the import.
pub struct Taken {
    body: ImportBody,
}

impl Responder for Taken {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let location = format!("/api/v1/imports/{}", self.body.id);
        let accepted = self.body.state == ImportState::Checking;
        let mut response = Body(self.body).respond_to(request);
        if accepted {
            *response.status_mut() = actix_web::http::StatusCode::ACCEPTED;
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

/// The bad rows as JSON, or as the workbook that was sent.
pub enum Errors {
    Page(Page<BadRow>),
    File(Download),
}

impl Responder for Errors {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Page(page) => page.respond_to(request),
            Self::File(file) => file.respond_to(request),
        }
    }
}

impl IntoResponses for Errors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = Page::<BadRow>::responses();
        let file = Download::responses().remove("200");
        if let (Some(RefOr::T(page)), Some(RefOr::T(file))) = (responses.get_mut("200"), file) {
            page.content.extend(file.content);
        }
        responses
    }
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
    let level = query.level.unwrap_or(query.kind.default_level());
    check_level(query.kind, level)?;
    let area = commune(&state, &user, &query.area)?;
    let file = receive(payload, state.config().upload_limit).await?;
    let digest: [u8; 32] = Sha256::digest(&file).into();
    let import = Import {
        id: Uuid::now_v7(),
        area_id: area,
        kind: query.kind,
        level,
        year: query.year.get(),
        file_name: file_name(request.headers()),
        file_digest: digest.to_vec(),
        file_size: file.len() as i64,
        state: ImportState::Checking,
        summary: serde_json::Value::Object(Default::default()),
        created_by: user.id,
        created_at: Utc::now(),
        applied_at: None,
        version: crate::version::Version::NEVER,
    };
    let mut db = state.db().await?;
    let id = Import::create(&mut db, &user.act_on(digest), state.keys(), &import, &file).await?;
    drop(db);
    if id == import.id {
        let task = work::check(state.shared.clone(), state.areas(), import, file);
        actix_web::rt::spawn(task);
    }
    let found = wait(&state, &user, id, request.headers()).await?;
    Ok(Taken { body: body(&state, found) })
}

/// List imports, the latest first.
#[utoipa::path(tag = "imports", security(("bearer" = [])), params(PageQuery))]
#[get("/imports")]
pub async fn list_imports(
    state: Data<State>,
    user: Allow<allow::Import>,
    query: Query<PageQuery>,
) -> Result<Page<ImportBody>> {
    let limit = paging::limit(query.limit)?;
    let after = paging::after(&(), query.cursor.as_deref())?;
    let found = Import::list(&mut *state.db().await?, &user, after, limit + 1).await?;
    let (found, next) = paging::cut(found, limit, &(), |import| import.id)?;
    let items = found.into_iter().map(|import| body(&state, import)).collect();
    Ok(Page { items, next, count: None })
}

/// The template of a list, with drop-downs and explanations.
#[utoipa::path(tag = "imports", security(("bearer" = [])), params(TemplateQuery))]
#[get("/imports/template")]
pub async fn get_template(
    state: Data<State>,
    user: Allow<allow::Import>,
    query: Query<TemplateQuery>,
) -> Result<Download> {
    let area = commune(&state, &user, &query.area)?;
    let (kind, year) = (query.kind, query.year.get());
    let mut db = state.db().await?;
    let hamlets = Hamlet::of_commune(&mut db, area).await?;
    let mut holders = Vec::new();
    if query.prefill == Some(true) {
        let level = kind.default_level();
        let ids = holders_of_year(&mut db, area, kind, level, year - 1).await?;
        holders = Holder::by_ids(&mut db, &ids).await?;
        holders.sort_by(|a, b| (a.hamlet_id, &a.search_key).cmp(&(b.hamlet_id, &b.search_key)));
    }
    let name = state.areas().name(area, today());
    let book = template::template(kind, &name, year, &hamlets, &holders).write()?;
    Download::workbook(format!("{kind}-{}-{year}.xlsx", query.area), &book)
}

/// How far an import is, and what its check found.
#[utoipa::path(tag = "imports", security(("bearer" = [])), params(("id" = Uuid, Path)))]
#[get("/imports/{id}")]
pub async fn get_import(
    state: Data<State>,
    user: Allow<allow::Import>,
    id: Path<String>,
) -> Result<Body<ImportBody>> {
    let found = Import::find(&mut *state.db().await?, &user, path_id(&id)?).await?;
    Ok(Body(body(&state, found)))
}

/// Every bad row with all that is wrong, as JSON or as the workbook to correct and send again.
#[utoipa::path(tag = "imports", security(("bearer" = [])), params(("id" = Uuid, Path), ErrorsQuery))]
#[get("/imports/{id}/errors")]
pub async fn get_import_errors(
    state: Data<State>,
    user: Allow<allow::Import>,
    id: Path<String>,
    query: Query<ErrorsQuery>,
) -> Result<Errors> {
    let mut db = state.db().await?;
    let import = Import::find(&mut db, &user, path_id(&id)?).await?;
    if query.format == Some(Format::Xlsx) {
        let bad = import.bad_rows(&mut db, state.keys(), None, i64::MAX).await?;
        let file = import.file(&mut db, state.keys()).await?;
        drop(db);
        return Ok(Errors::File(workbook_of_errors(&state, &import, file, bad).await?));
    }
    let limit = paging::limit(query.limit)?;
    let after = paging::after(&import.id, query.cursor.as_deref())?;
    let bad = import.bad_rows(&mut db, state.keys(), after, limit + 1).await?;
    let (bad, next) = paging::cut(bad, limit, &import.id, |row| row.n)?;
    let items = bad
        .into_iter()
        .map(|found| BadRow { sheet: found.sheet, row: found.row_number, faults: found.faults })
        .collect();
    Ok(Errors::Page(Page { items, next, count: None }))
}

/// Enter what was checked: the good rows, or nothing unless all are good.
#[utoipa::path(tag = "imports", security(("bearer" = [])), params(("id" = Uuid, Path)))]
#[post("/imports/{id}/apply")]
pub async fn apply_import(
    state: Data<State>,
    user: Allow<allow::Import>,
    id: Path<String>,
    json: Json<Apply>,
) -> Result<Body<ImportBody>> {
    let areas = state.areas();
    let mut db = state.db().await?;
    let import = Import::find(&mut db, &user, path_id(&id)?).await?;
    writable(&areas, &user, import.area_id)?;
    let tools = (state.keys(), &*areas);
    work::apply(&mut db, &user.act(&json), tools, &import, json.atomic).await?;
    let found = Import::find(&mut db, &user, import.id).await?;
    Ok(Body(body(&state, found)))
}

/// The commune that a list is of.
fn commune(state: &State, caller: &Caller, code: &str) -> Result<AreaId> {
    let areas = state.areas();
    let area = writable(&areas, caller, areas.resolve("?area", code, today())?)?;
    if areas.get(area).level == AreaLevel::Commune {
        return Ok(area);
    }
    Err(Error::invalid_field(
        "?area",
        "commune_needed",
        say("Cần mã của một xã, phường, đặc khu.", "The code of a commune is needed."),
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

async fn receive(mut payload: Payload, limit: usize) -> Result<Vec<u8>> {
    let mut file = Vec::new();
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|error| crate::input::unreadable_body(error.into()))?;
        if file.len() + piece.len() > limit {
            return Err(Error::problem(
                actix_web::http::StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                say(
                    format!("Tệp lớn hơn {} MB; hãy chia thành nhiều tệp.", limit >> 20),
                    format!("The file has more than {} MB; divide it.", limit >> 20),
                ),
            ));
        }
        file.extend_from_slice(&piece);
    }
    if file.is_empty() {
        return Err(Error::unprocessable(
            "file_empty",
            say("Chưa có tệp nào được gửi.", "The body holds no file."),
        ));
    }
    Ok(file)
}

/// The name in Content-Disposition, which is only shown.
fn file_name(headers: &HeaderMap) -> String {
    let header =
        headers.get("content-disposition").and_then(|v| std::str::from_utf8(v.as_bytes()).ok());
    let name = header.and_then(|text| text.split("filename=").nth(1)).unwrap_or("");
    let name = tidy(name.split(';').next().unwrap_or("").trim_matches([' ', '"']));
    if has_control(&name) { String::new() } else { name.chars().take(200).collect() }
}

/// Waits as long as the caller prefers for the check to end.
async fn wait(state: &State, caller: &Caller, id: Uuid, headers: &HeaderMap) -> Result<Import> {
    let preferred = headers.get("prefer").and_then(|v| v.to_str().ok()).unwrap_or("");
    let seconds: u64 = preferred
        .split([',', ';'])
        .find_map(|part| part.trim().strip_prefix("wait=")?.parse().ok())
        .unwrap_or(0);
    let until = tokio::time::Instant::now() + Duration::from_secs(seconds.min(60));
    loop {
        let found = Import::find(&mut *state.db().await?, caller, id).await?;
        if found.state != ImportState::Checking || tokio::time::Instant::now() >= until {
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn workbook_of_errors(
    state: &State,
    import: &Import,
    file: Vec<u8>,
    bad: Vec<Found>,
) -> Result<Download> {
    let upload = std::io::Cursor::new(file);
    let mut spool = tempfile::tempfile().map_err(Error::internal)?;
    std::io::copy(&mut { upload }, &mut spool).map_err(Error::internal)?;
    std::io::Seek::rewind(&mut spool).map_err(Error::internal)?;
    let sheets = child::read(&state.shared.program, spool).await?;
    let heads: HashMap<String, u32> = sheets
        .iter()
        .filter_map(|s| header::find(s, import.kind).map(|found| (s.name.clone(), found.row)))
        .collect();
    let reasons =
        bad.into_iter().map(|row| ((row.sheet, row.row_number as u32), say_all(&row.faults)));
    let book = workbook::with_reasons(&sheets, &reasons.collect(), &heads)?;
    Download::workbook(format!("loi-{}.xlsx", import.id), &book)
}

/// All faults of a row in one cell, a line each.
fn say_all(faults: &[Fault]) -> String {
    let lines = faults.iter().map(|fault| {
        let at = fault.header.as_ref().map_or_else(String::new, |head| format!("{head}: "));
        let meant = match &fault.suggestion {
            Some(meant) => format!(" Có thể là “{meant}”."),
            None => String::new(),
        };
        format!("{at}{}{meant}", fault.reason)
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn body(state: &State, import: Import) -> ImportBody {
    let areas = state.areas();
    ImportBody {
        id: import.id,
        kind: import.kind,
        level: import.level,
        area: areas.code(import.area_id, today()).to_owned(),
        area_name: areas.name(import.area_id, today()),
        year: import.year,
        file_size: import.file_size,
        file_sha256: hex::encode(&import.file_digest),
        state: import.state,
        summary: import.summary(),
        created_at: import.created_at,
        applied_at: import.applied_at,
        file_name: import.file_name,
    }
}
