//! The hamlets of a commune, kept by its recorder.

use actix_web::web::{Data, Path};
use actix_web::{get, patch, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use validator::Validate;

use super::rows::{Hamlet, HamletChange};
use super::writable;
use crate::areas::{AreaId, Areas, api as areas_api};
use crate::auth::Caller;
use crate::auth::allow::{Allow, ReadRecords, WriteRecords};
use crate::clock::today;
use crate::error::{Error, Result};
use crate::input::{IfMatch, Json, Query, path_id};
use crate::reply::{Created, Page, Versioned};
use crate::state::State;
use crate::version::Version;

/// A hamlet.
#[derive(Serialize, ToSchema)]
#[schema(as = Hamlet)]
pub struct HamletBody {
    id: Uuid,
    /// Code of its commune today.
    #[schema(example = "13669")]
    commune: String,
    /// The commune it was entered under, where that is a former one.
    #[serde(skip_serializing_if = "Option::is_none")]
    former_commune: Option<String>,
    #[schema(example = "tổ dân phố")]
    r#type: String,
    #[schema(example = "số 5")]
    name: String,
    #[schema(example = "Tổ dân phố số 5")]
    full_name: String,
    /// Specially difficult: the lower threshold holds here.
    difficult: bool,
    /// 2021-01-01 means "or earlier, unknown".
    valid_from: NaiveDate,
    /// The last day; none while it exists.
    valid_to: Option<NaiveDate>,
    version: Version,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHamlet {
    /// thôn, xóm, bản, khu phố, tổ dân phố …
    #[schema(example = "tổ dân phố")]
    #[validate(length(min = 1, max = 50))]
    r#type: String,
    #[schema(example = "số 5")]
    #[validate(length(min = 1, max = 200))]
    name: String,
    #[serde(default)]
    difficult: bool,
    /// The first day, where it is known.
    valid_from: Option<NaiveDate>,
}

/// JSON Merge Patch: only what is to change.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HamletPatch {
    #[validate(length(min = 1, max = 50))]
    r#type: Option<String>,
    #[validate(length(min = 1, max = 200))]
    name: Option<String>,
    difficult: Option<bool>,
}

/// Which hamlets are listed.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HamletQuery {
    /// The day whose hamlets, names and commune codes are meant; today if not given.
    on: Option<NaiveDate>,
}

/// List the hamlets of a commune, by name, as they were on a day.
#[utoipa::path(tag = "hamlets", security(("bearer" = [])), params(("code" = String, Path, example = "13669"), HamletQuery))]
#[get("/areas/commune/{code}/hamlets")]
pub async fn list_hamlets(
    state: Data<State>,
    user: Allow<ReadRecords>,
    code: Path<String>,
    query: Query<HamletQuery>,
) -> Result<Page<HamletBody>> {
    let areas = state.areas();
    let on = query.on.unwrap_or_else(today);
    let commune = commune(&areas, &user, &code, on)?;
    let found = Hamlet::of_commune_on(&mut *state.db().await?, &areas, commune, on).await?;
    let items = found.iter().map(|hamlet| body(&areas, hamlet)).collect();
    Ok(Page { items, next: None, count: None })
}

/// Add a hamlet.
#[utoipa::path(tag = "hamlets", security(("bearer" = [])), params(("code" = String, Path, example = "13669")))]
#[post("/areas/commune/{code}/hamlets")]
pub async fn create_hamlet(
    state: Data<State>,
    user: Allow<WriteRecords>,
    code: Path<String>,
    json: Json<NewHamlet>,
) -> Result<Created<HamletBody>> {
    let areas = state.areas();
    let commune = writable(&areas, &user, commune(&areas, &user, &code, today())?)?;
    let act = user.act(&json);
    let new = json.into_inner();
    let change = HamletChange {
        hamlet_type: new.r#type,
        name: new.name,
        difficult: new.difficult,
        valid_from: new.valid_from,
    };
    let mut db = state.db().await?;
    let ids = Hamlet::add(&mut db, &act, commune, &[change]).await?;
    let made = Hamlet::find(&mut db, ids[0]).await?;
    Ok(Created {
        location: format!("/api/v1/areas/commune/{}/hamlets", areas.code(commune, today())),
        version: Some(made.version),
        body: body(&areas, &made),
    })
}

/// Correct the name, type or mark of a hamlet, as if it had been so from the first day. What a decision
/// changes on a day is a hamlet change.
#[utoipa::path(tag = "hamlets", security(("bearer" = [])), params(("code" = String, Path, example = "13669"), ("id" = Uuid, Path), IfMatch))]
#[patch("/areas/commune/{code}/hamlets/{id}")]
pub async fn change_hamlet(
    state: Data<State>,
    user: Allow<WriteRecords>,
    path: Path<(String, String)>,
    version: IfMatch,
    json: Json<HamletPatch>,
) -> Result<Versioned<HamletBody>> {
    let areas = state.areas();
    let commune = writable(&areas, &user, commune(&areas, &user, &path.0, today())?)?;
    let mut db = state.db().await?;
    let known = Hamlet::find(&mut db, path_id(&path.1)?).await?;
    if areas.chain(known.area_id, known.placed_id) != commune {
        return Err(Error::not_found());
    }
    let patch = json.into_inner();
    let change = HamletChange {
        hamlet_type: patch.r#type.unwrap_or_else(|| known.hamlet_type.clone()),
        name: patch.name.unwrap_or_else(|| known.name.clone()),
        difficult: patch.difficult.unwrap_or(known.difficult),
        valid_from: None,
    };
    Hamlet::change(&mut db, &user.plain(), commune, &known, version, &change).await?;
    let after = Hamlet::find(&mut db, known.id).await?;
    Ok(Versioned(body(&areas, &after), after.version))
}

/// A commune that the caller may see.
pub fn commune(areas: &Areas, caller: &Caller, code: &str, on: NaiveDate) -> Result<AreaId> {
    let commune = areas_api::find(areas, "commune", code, on)?;
    if areas.covers(caller.area, commune) { Ok(commune) } else { Err(Error::not_found()) }
}

fn body(areas: &Areas, hamlet: &Hamlet) -> HamletBody {
    let commune = areas.chain(hamlet.area_id, hamlet.placed_id);
    HamletBody {
        id: hamlet.id,
        commune: areas.code(commune, today()).to_owned(),
        former_commune: (commune != hamlet.area_id)
            .then(|| areas.name(hamlet.area_id, hamlet.valid_from)),
        r#type: hamlet.hamlet_type.clone(),
        name: hamlet.name.clone(),
        full_name: hamlet.full_name(),
        difficult: hamlet.difficult,
        valid_from: hamlet.valid_from,
        valid_to: hamlet.valid_to,
        version: hamlet.version,
    }
}
