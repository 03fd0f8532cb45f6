//! Reforms on the wire: a file is sent, looked at, applied.

use actix_web::web::{Bytes, Data, Path};
use actix_web::{get, post};
use chrono::NaiveDate;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::Uuid;

use super::rows::Reform;
use super::touched::{Standing, standing};
use super::{ReformState, file};
use crate::areas::api::AreaLink;
use crate::areas::{AreaId, Areas};
use crate::auth::Caller;
use crate::auth::allow::{Allow, ManageAreas};
use crate::db::Db;
use crate::error::{Error, Result, say};
use crate::input::path_id;
use crate::reply::{Created, Versioned};
use crate::state::State;
use crate::version::Version;

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
    areas: Vec<OldArea>,
    version: Version,
}

/// An area that a reform renames or ends, as it is on the day before, and what stands in it.
#[derive(Serialize, ToSchema)]
#[schema(as = ReformedArea)]
pub struct OldArea {
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

#[derive(Serialize, ToSchema)]
pub struct TitlesOfYear {
    year: i16,
    titles: i64,
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
    state.renew_areas().await?;
    let body = read(&mut db, &state.areas(), id).await?;
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
    let before = reform.effective_on.pred_opt().unwrap_or(reform.effective_on);
    // Rows whose old area is known no more by that code are left out.
    let mut becomes: Vec<(AreaId, Vec<String>)> = Vec::new();
    for (old, new) in file::pairs(reform.file.as_bytes())? {
        let Some(id) = areas.find(&old, before) else { continue };
        match becomes.iter_mut().find(|(known, _)| *known == id) {
            Some((_, codes)) => codes.push(new),
            None => becomes.push((id, vec![new])),
        }
    }
    let ids: Vec<AreaId> = becomes.iter().map(|(id, _)| *id).collect();
    let mut found = standing(db, areas, &ids, before).await?;
    let old = becomes.into_iter().map(|(id, becomes)| {
        OldArea::new(
            AreaLink::new(areas, id, before),
            becomes,
            found.remove(&id).unwrap_or_default(),
        )
    });
    Ok(ReformBody {
        id: reform.id,
        areas: old.collect(),
        decree: reform.decree,
        effective_on: reform.effective_on,
        state: reform.state,
        day: reform.day,
        version: reform.version,
    })
}

impl OldArea {
    fn new(area: AreaLink, becomes: Vec<String>, standing: Standing) -> Self {
        let titles = standing.titles.into_iter();
        Self {
            area,
            becomes,
            holders: standing.holders,
            titles: titles.map(|(year, titles)| TitlesOfYear { year, titles }).collect(),
            hamlets: standing.hamlets,
            accounts: standing.accounts,
            totals: standing.totals,
        }
    }
}
