//! The files of an import: the list that is taken in, the template and the list with its errors that
//! are given out.

use std::collections::{BTreeMap, HashMap};

use actix_web::body::BoxBody;
use actix_web::http::header::HeaderMap;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse, Responder, get};
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use utoipa::openapi::{RefOr, Response};
use utoipa::{IntoParams, IntoResponses, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use super::api::commune;
use super::hamlets::labels;
use super::rows::{Import, last_year};
use super::staged::Found;
use super::{Fault, template};
use crate::access::allow::{self, Allow};
use crate::access::state::State;
use crate::base::clock::today;
use crate::base::error::{Error, Result, say};
use crate::base::kind::{Kind, Year};
use crate::base::text::{has_control, tidy};
use crate::register::hamlets::rows::Hamlet;
use crate::register::holders::reads::note_read;
use crate::wire::input::{Query, path_id};
use crate::wire::paging;
use crate::wire::reply::{Download, Page};
use crate::wire::sheets::marked::{self, Marks};
use crate::wire::sheets::{child, header};

#[derive(Debug, Serialize, Deserialize, Validate, IntoParams, ToSchema)]
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

#[derive(Debug, Serialize, Deserialize, Validate, IntoParams, ToSchema)]
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

/// A row to correct, with all its faults.
#[derive(Debug, Serialize, ToSchema)]
pub struct BadRow {
    sheet: String,
    /// As Excel counts.
    row: i32,
    faults: Vec<Fault>,
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
        Download::beside(Page::<BadRow>::responses())
    }
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_template).service(get_import_errors);
}

/// The template of a list, with drop-downs and explanations.
#[utoipa::path(tag = "imports", security(("bearer" = [])), params(TemplateQuery))]
#[get("/imports/template")]
pub async fn get_template(
    state: Data<State>,
    user: Allow<allow::Import>,
    query: Query<TemplateQuery>,
) -> Result<Download> {
    let (area, _) = commune(&state, &user, &query.area, today())?;
    let (kind, year, areas) = (query.kind, query.year.get(), state.areas());
    let mut db = state.db().await?;
    let hamlets = Hamlet::of_commune(&mut db, area).await?;
    let holders = match query.prefill {
        Some(true) => last_year(&mut db, &areas, area, kind, year).await?,
        _ => Vec::new(),
    };
    if query.prefill == Some(true) {
        // It takes names away, as an export does.
        let ids: Vec<Uuid> = holders.iter().map(|holder| holder.id).collect();
        let what = "mẫu danh sách điền sẵn";
        note_read(&mut db, &user.plain(), area, "export.holders", &ids, what).await?;
    }
    let labels = labels(&hamlets, &areas);
    let book =
        template::template(kind, &areas.name(area, today()), year, &labels, holders).write()?;
    Download::workbook(format!("{kind}-{}-{year}.xlsx", query.area), &book)
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
    let import = Import::find(&mut db, &state.areas(), &user, path_id(&id)?).await?;
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

/// Reads the body as far as the limit; one that says that it is larger is not read at all.
pub async fn receive(request: &HttpRequest, mut payload: Payload, limit: usize) -> Result<Vec<u8>> {
    let too_large = || {
        Error::problem(
            actix_web::http::StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            say(
                format!("Tệp lớn hơn {} MB; hãy chia thành nhiều tệp.", limit >> 20),
                format!("The file has more than {} MB; divide it.", limit >> 20),
            ),
        )
    };
    let said = request.headers().get("content-length").and_then(|v| v.to_str().ok()?.parse().ok());
    if said.is_some_and(|length: usize| length > limit) {
        return Err(too_large());
    }
    let mut file = Vec::new();
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|error| crate::wire::input::unreadable_body(error.into()))?;
        if file.len() + piece.len() > limit {
            return Err(too_large());
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
pub fn file_name(headers: &HeaderMap) -> String {
    let header =
        headers.get("content-disposition").and_then(|v| std::str::from_utf8(v.as_bytes()).ok());
    let name = header.and_then(|text| text.split("filename=").nth(1)).unwrap_or("");
    let name = tidy(name.split(';').next().unwrap_or("").trim_matches([' ', '"']));
    if has_control(&name) { String::new() } else { name.chars().take(200).collect() }
}

async fn workbook_of_errors(
    state: &State,
    import: &Import,
    file: Vec<u8>,
    bad: Vec<Found>,
) -> Result<Download> {
    let sheets = child::read(&state.shared.program, &file).await?;
    drop(file);
    let mut marks: HashMap<String, Marks> = sheets
        .iter()
        .filter_map(|sheet| {
            let header = header::find(sheet, import.kind)?;
            Some((sheet.name.clone(), Marks::of_list(&header)))
        })
        .collect();
    for row in bad {
        if let Some(marks) = marks.get_mut(&row.sheet) {
            marks.reasons.insert(row.row_number as u32, say_all(&row.faults));
        }
    }
    let book = marked::workbook(&sheets, &marks)?;
    Download::workbook(format!("loi-{}.xlsx", import.id), &book)
}

/// All faults of a row in one cell, a line each.
fn say_all(faults: &[Fault]) -> String {
    let lines = faults.iter().map(|fault| {
        let at = fault.header.as_ref().map_or_else(String::new, |head| format!("{head}: "));
        let meant = match &fault.suggestion {
            Some(meant) if !fault.reason.contains(meant) => format!(" Có thể là “{meant}”."),
            _ => String::new(),
        };
        format!("{at}{}{meant}", fault.reason)
    });
    lines.collect::<Vec<_>>().join("\n")
}
