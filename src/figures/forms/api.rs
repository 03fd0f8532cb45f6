//! Forms on the wire: their templates, and the filled-in sheets that come back.

use std::collections::{BTreeMap, HashMap};

use actix_web::body::BoxBody;
use actix_web::web::{self, Data, Payload};
use actix_web::{HttpRequest, HttpResponse, Responder, get, post};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoParams, IntoResponses, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::read::{Filled, read};
use super::template::template;
use super::{Fault, Field, Form};
use crate::access::allow::{Allow, WriteReported, WriteTargets, WriteTotals};
use crate::access::scope::answers_for;
use crate::access::state::State;
use crate::access::{Act, Caller};
use crate::acts::imports::files::receive;
use crate::areas::boundaries_of;
use crate::areas::{AreaId, Areas};
use crate::base::clock::today;
use crate::base::error::{Error, Result};
use crate::base::kind::Year;
use crate::figures::targets::api::may_set;
use crate::wire::input::Query;
use crate::wire::reply::{Body, Download};
use crate::wire::sheets::marked::{self, Marks};
use crate::wire::sheets::{Sheet, child};

#[derive(Debug, Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FormQuery {
    /// Code of the area whose rows are filled in, with those directly below it; the caller's if not given.
    #[param(example = "37")]
    area: Option<String>,
    /// This year if not given.
    year: Option<Year>,
}

#[derive(Debug, Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SheetQuery {
    /// True enters nothing and answers with the workbook as it was sent, with a column that says what to
    /// correct.
    marked: Option<bool>,
}

/// What a sheet led to.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnteredSheet {
    /// Rows with figures.
    rows: usize,
    /// Rows without any: nothing was entered for them.
    left_out: usize,
    /// Figures that are new or say something else than before.
    added: usize,
    /// Figures that say what was known already.
    unchanged: usize,
}

/// What was entered, or the workbook to correct.
pub enum Taken {
    Entered(Body<EnteredSheet>),
    Marked(Download),
}

impl Responder for Taken {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match self {
            Self::Entered(body) => body.respond_to(request),
            Self::Marked(file) => file.respond_to(request),
        }
    }
}

impl IntoResponses for Taken {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        Download::beside(Body::<EnteredSheet>::responses())
    }
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_totals_template)
        .service(enter_totals_sheet)
        .service(get_reported_template)
        .service(enter_reported_sheet)
        .service(get_targets_template)
        .service(enter_targets_sheet);
}

/// The form of totals as a workbook: the areas are filled in, the figures are to be.
#[utoipa::path(tag = "totals", security(("bearer" = [])), params(FormQuery))]
#[get("/totals/template")]
pub async fn get_totals_template(
    state: Data<State>,
    user: Allow<WriteTotals>,
    query: Query<FormQuery>,
) -> Result<Download> {
    blank(&state, Form::Totals, &user, &query)
}

/// Enter totals by a sheet (CSV, XLSX, XLS) of many areas and years: all, or none if a row is wrong.
/// The same sheet again adds nothing.
#[utoipa::path(
    tag = "totals",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    security(("bearer" = [])),
    params(SheetQuery)
)]
#[post("/totals/sheet")]
pub async fn enter_totals_sheet(
    state: Data<State>,
    user: Allow<WriteTotals>,
    query: Query<SheetQuery>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Taken> {
    let file = receive(&request, payload, state.config().upload_limit).await?;
    take(&state, Form::Totals, user.act_on(Sha256::digest(&file).into()), &query, file).await
}

/// The form of reported figures as a workbook: areas and titles are filled in.
#[utoipa::path(tag = "totals", security(("bearer" = [])), params(FormQuery))]
#[get("/reported/template")]
pub async fn get_reported_template(
    state: Data<State>,
    user: Allow<WriteReported>,
    query: Query<FormQuery>,
) -> Result<Download> {
    blank(&state, Form::Reported, &user, &query)
}

/// Enter figures of paper reports by a sheet (CSV, XLSX, XLS) of many areas and years: all, or none if a
/// row is wrong. The same sheet again adds nothing.
#[utoipa::path(
    tag = "totals",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    security(("bearer" = [])),
    params(SheetQuery)
)]
#[post("/reported/sheet")]
pub async fn enter_reported_sheet(
    state: Data<State>,
    user: Allow<WriteReported>,
    query: Query<SheetQuery>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Taken> {
    let file = receive(&request, payload, state.config().upload_limit).await?;
    take(&state, Form::Reported, user.act_on(Sha256::digest(&file).into()), &query, file).await
}

/// The form of targets as a workbook: areas, titles and bases are filled in.
#[utoipa::path(tag = "totals", security(("bearer" = [])), params(FormQuery))]
#[get("/targets/template")]
pub async fn get_targets_template(
    state: Data<State>,
    user: Allow<WriteTargets>,
    query: Query<FormQuery>,
) -> Result<Download> {
    blank(&state, Form::Targets, &user, &query)
}

/// Set targets by a sheet (CSV, XLSX, XLS) of many areas and years: all, or none if a row is wrong. The
/// same sheet again adds nothing.
#[utoipa::path(
    tag = "totals",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    security(("bearer" = [])),
    params(SheetQuery)
)]
#[post("/targets/sheet")]
pub async fn enter_targets_sheet(
    state: Data<State>,
    user: Allow<WriteTargets>,
    query: Query<SheetQuery>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Taken> {
    let file = receive(&request, payload, state.config().upload_limit).await?;
    take(&state, Form::Targets, user.act_on(Sha256::digest(&file).into()), &query, file).await
}

fn blank(state: &State, form: Form, caller: &Caller, query: &FormQuery) -> Result<Download> {
    let areas = state.areas();
    let this = chrono::Datelike::year(&today()) as i16;
    let year = query.year.map_or(this, Year::get);
    let area = match &query.area {
        Some(code) => areas.resolve("?area", code, boundaries_of(year, today()))?,
        None => caller.area,
    };
    answers_for(&areas, caller, area)?;
    let book = template(form, &areas, area, year, today()).write()?;
    let name = format!("{form:?}-{}-{year}.xlsx", areas.code(area, today())).to_lowercase();
    Download::workbook(name, &book)
}

/// Reads a sheet and enters it, or marks what is wrong in it.
async fn take(
    state: &State,
    form: Form,
    act: Act,
    query: &SheetQuery,
    file: Vec<u8>,
) -> Result<Taken> {
    let sheets = child::read(&state.shared.program, &file).await?;
    let (areas, caller) = (state.areas(), act.caller.clone());
    let reading = web::block(move || {
        let filled = read(form, &sheets, &areas, &|area| may(form, &areas, &caller, area), today());
        (filled, sheets)
    });
    let (filled, sheets) = reading.await.map_err(Error::internal)?;
    let filled = filled?;
    if query.marked == Some(true) {
        let book = marked::workbook(&sheets, &marks(form, &sheets, &filled.faults))?;
        return Ok(Taken::Marked(Download::workbook("can-sua.xlsx", &book)?));
    }
    if !filled.faults.is_empty() {
        return Err(Error::invalid(filled.faults.iter().map(Fault::error).collect()));
    }
    let Filled { lines, rows, left_out, .. } = filled;
    let added = lines.enter(&mut *state.db().await?, &act, &state.areas()).await?;
    let unchanged = lines.count() - added;
    Ok(Taken::Entered(Body(EnteredSheet { rows, left_out, added, unchanged })))
}

fn may(form: Form, areas: &Areas, caller: &Caller, area: AreaId) -> Result<()> {
    match form {
        Form::Totals | Form::Reported => answers_for(areas, caller, area),
        Form::Targets => may_set(areas, caller, area),
    }
}

fn marks(form: Form, sheets: &[Sheet], faults: &[Fault]) -> HashMap<String, Marks> {
    let mut marks = HashMap::new();
    for (n, sheet) in sheets.iter().enumerate() {
        let Some(header) = form.header(sheet) else { continue };
        let mut reasons: HashMap<u32, String> = HashMap::new();
        for fault in faults.iter().filter(|fault| fault.sheet == n) {
            let head = fault.field.head().trim_end_matches([' ', '*']);
            let line = format!("{head}: {}", fault.said.vi);
            let known = reasons.entry(fault.row).or_default();
            *known = [&**known, &*line].join("\n").trim().to_owned();
        }
        let column = header.columns.get(&Field::Reasons).copied();
        let head = (header.first_row, header.row);
        marks.insert(sheet.name.clone(), Marks { head, column, lacks_code: false, reasons });
    }
    marks
}
