//! Reforms on the wire: a file is sent, looked at, applied.

use actix_web::web::{Bytes, Data, Path};
use actix_web::{get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use super::ReformState;
use super::rows::Reform;
use super::touched::OldArea;
use crate::access::Caller;
use crate::access::allow::{Allow, ManageAreas};
use crate::access::state::State;
use crate::areas::Areas;
use crate::areas::api::AreaLink;
use crate::base::db::Db;
use crate::base::error::{Error, Result, say};
use crate::base::version::Version;
use crate::wire::input::{Json, Query, path_id};
use crate::wire::paging;
use crate::wire::reply::{Created, Page, Versioned};

/// A reform, with what stands in the areas that it changes.
#[derive(Serialize, ToSchema)]
#[schema(as = Reform)]
pub struct ReformBody {
    id: Uuid,
    #[schema(example = "Nghị quyết 1671/NQ-UBTVQH15")]
    decree: String,
    /// The first day on which it holds.
    effective_on: NaiveDate,
    state: ReformState,
    /// The day on which it was sent.
    day: NaiveDate,
    /// The areas of the day before that it changes.
    areas: Vec<OldAreaBody>,
    version: Version,
}

/// A reform as a list tells it.
#[derive(Serialize, ToSchema)]
pub struct ReformLine {
    id: Uuid,
    #[schema(example = "Nghị quyết 1671/NQ-UBTVQH15")]
    decree: String,
    /// The first day on which it holds.
    effective_on: NaiveDate,
    state: ReformState,
    /// The day on which it was sent.
    day: NaiveDate,
    version: Version,
}

/// Which reforms are listed.
#[derive(Debug, Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReformQuery {
    state: Option<ReformState>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// An area that a reform renames or ends, as it is on the day before, and what stands in it.
#[derive(Serialize, ToSchema)]
#[schema(as = ReformedArea)]
pub struct OldAreaBody {
    area: AreaLink,
    /// Codes from the day on: its own, or those of the areas that it goes into.
    #[schema(example = json!(["13669"]))]
    becomes: Vec<String>,
    holders: i64,
    titles: Vec<TitlesOfYear>,
    hamlets: i64,
    accounts: i64,
    /// Entered counts of households, people and the like.
    totals: i64,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReformUndo)]
pub struct Undo {
    #[schema(example = "Nhập nhầm mã")]
    #[validate(length(min = 1, max = 1000))]
    reason: String,
}

#[derive(Serialize, ToSchema)]
pub struct TitlesOfYear {
    year: i16,
    titles: i64,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_reforms)
        .service(stage_reform)
        .service(get_reform)
        .service(apply_reform)
        .service(undo_reform);
}

/// List reforms, the last sent first.
#[utoipa::path(tag = "areas", security(("bearer" = [])), params(ReformQuery))]
#[get("/reforms")]
pub async fn list_reforms(
    state: Data<State>,
    user: Allow<ManageAreas>,
    query: Query<ReformQuery>,
) -> Result<Page<ReformLine>> {
    of_country(&state.areas(), &user)?;
    let limit = paging::limit(query.limit)?;
    let after = paging::after(&query.state, query.cursor.as_deref())?;
    let found = Reform::list(&mut *state.db().await?, query.state, after, limit + 1).await?;
    let (found, next) = paging::cut(found, limit, &query.state, |reform| reform.id)?;
    Ok(Page { items: found.into_iter().map(ReformLine::from).collect(), next, count: None })
}

/// Send a reform of areas (CSV with a row for each pair of an old and a new area). Nothing changes
/// until it is applied; a file with faults is refused with all of them.
///
/// Columns: `effective_on,decree,level,old_code,new_code,kind,new_type,new_name,new_parent_code`.
/// `kind` is `rename` (the area stays), `whole` or `part` (it ends on the day before, and the new one
/// is another area even if it keeps a code). Type and name may be left out where the code stays.
#[utoipa::path(
    tag = "areas",
    request_body(content = String, content_type = "text/csv"),
    security(("bearer" = []))
)]
#[post("/reforms")]
pub async fn stage_reform(
    state: Data<State>,
    user: Allow<ManageAreas>,
    body: Bytes,
) -> Result<Created<ReformBody>> {
    let areas = state.areas();
    of_country(&areas, &user)?;
    let mut db = state.db().await?;
    let act = user.act_on(Sha256::digest(&body).into());
    let id = Reform::stage(&mut db, &act, &areas, &body).await?;
    let body = read(&mut db, &areas, id).await?;
    Ok(Created { location: format!("/api/v1/reforms/{id}"), version: Some(body.version), body })
}

/// A reform, and what stands in the areas that it changes.
#[utoipa::path(tag = "areas", security(("bearer" = [])), params(("id" = Uuid, Path)))]
#[get("/reforms/{id}")]
pub async fn get_reform(
    state: Data<State>,
    user: Allow<ManageAreas>,
    id: Path<String>,
) -> Result<Versioned<ReformBody>> {
    let areas = state.areas();
    of_country(&areas, &user)?;
    let body = read(&mut state.db().await?, &areas, path_id(&id)?).await?;
    let version = body.version;
    Ok(Versioned(body, version))
}

/// Let a reform hold from its day on: the areas change, records stay where they were made and are
/// kept by the areas that took theirs over.
#[utoipa::path(tag = "areas", security(("bearer" = [])), params(("id" = Uuid, Path)))]
#[post("/reforms/{id}/apply")]
pub async fn apply_reform(
    state: Data<State>,
    user: Allow<ManageAreas>,
    id: Path<String>,
) -> Result<Versioned<ReformBody>> {
    of_country(&state.areas(), &user)?;
    let id = path_id(&id)?;
    let mut db = state.db().await?;
    Reform::apply(&mut db, &user.act_on(Sha256::digest(b"").into()), id).await?;
    renewed(&state, &mut db, id).await
}

/// Take an applied reform back: the areas stand as before. Refused once something was entered in the
/// new areas, or another reform changed them.
#[utoipa::path(tag = "areas", security(("bearer" = [])), params(("id" = Uuid, Path)))]
#[post("/reforms/{id}/undo")]
pub async fn undo_reform(
    state: Data<State>,
    user: Allow<ManageAreas>,
    id: Path<String>,
    json: Json<Undo>,
) -> Result<Versioned<ReformBody>> {
    of_country(&state.areas(), &user)?;
    let id = path_id(&id)?;
    let mut db = state.db().await?;
    Reform::undo(&mut db, &user.act(&json), id, &json.reason).await?;
    renewed(&state, &mut db, id).await
}

/// A reform as it stands after it changed areas.
async fn renewed(state: &State, db: &mut Db, id: Uuid) -> Result<Versioned<ReformBody>> {
    state.renew_areas().await?;
    let body = read(db, &state.areas(), id).await?;
    let version = body.version;
    Ok(Versioned(body, version))
}

fn of_country(areas: &Areas, caller: &Caller) -> Result<()> {
    if caller.area == areas.country() {
        return Ok(());
    }
    Err(Error::forbidden(
        "country_reforms",
        say(
            "Chỉ quản trị viên toàn quốc thay đổi địa bàn.",
            "Only administrators of the country change areas.",
        ),
    ))
}

async fn read(db: &mut Db, areas: &Areas, id: Uuid) -> Result<ReformBody> {
    let reform = Reform::find(db, id).await?;
    let old = OldArea::of(db, areas, &reform).await?;
    Ok(ReformBody {
        id: reform.id,
        areas: old.into_iter().map(|old| OldAreaBody::new(areas, &reform, old)).collect(),
        decree: reform.decree.clone(),
        effective_on: reform.effective_on,
        state: reform.state,
        day: reform.day,
        version: reform.version,
    })
}

impl From<Reform> for ReformLine {
    fn from(reform: Reform) -> Self {
        let Reform { id, decree, effective_on, state, day, version, .. } = reform;
        Self { id, decree, effective_on, state, day, version }
    }
}

impl OldAreaBody {
    fn new(areas: &Areas, reform: &Reform, old: OldArea) -> Self {
        let titles = old.standing.titles.into_iter();
        Self {
            area: AreaLink::new(areas, old.id, reform.eve()),
            becomes: old.becomes,
            holders: old.standing.holders,
            titles: titles.map(|(year, titles)| TitlesOfYear { year, titles }).collect(),
            hamlets: old.standing.hamlets,
            accounts: old.standing.accounts,
            totals: old.standing.totals,
        }
    }
}
