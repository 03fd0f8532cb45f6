//! The hamlets of a commune, kept by its recorder.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use super::planned::Planned;
use super::rows::{Hamlet, HamletChange};
use super::{ChangeAction, marks, writable};
use crate::access::Caller;
use crate::access::allow::{Allow, ReadRecords, WriteRecords};
use crate::access::state::State;
use crate::areas::{AreaId, Areas, api as areas_api};
use crate::base::clock::today;
use crate::base::db::Db;
use crate::base::error::{Error, Result};
use crate::base::version::Version;
use crate::wire::input::{Json, Query};
use crate::wire::reply::{Created, Page};

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
    /// Specially difficult on the day asked for: the lower threshold holds here.
    difficult: bool,
    /// 2021-01-01 means "or earlier, unknown".
    valid_from: NaiveDate,
    /// The last day; none while it exists.
    valid_to: Option<NaiveDate>,
    /// What is to become of it on a day to come, the next first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    planned: Vec<PlannedBody>,
    version: Version,
}

/// A change of a hamlet that waits for its day.
#[derive(Serialize, ToSchema)]
#[schema(as = PlannedHamletChange)]
pub struct PlannedBody {
    /// By which it can be withdrawn.
    id: Uuid,
    change: ChangeAction,
    effective_on: NaiveDate,
    /// The name from that day on, of itself or of what it goes into; none if the hamlet only ends.
    #[schema(example = "Tổ dân phố số 5")]
    full_name: Option<String>,
    document: String,
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
    /// Specially difficult at all times; days and decisions are put apart.
    #[serde(default)]
    difficult: bool,
    /// The first day, where it is known.
    valid_from: Option<NaiveDate>,
}

/// Which hamlets are listed.
#[derive(Debug, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct HamletQuery {
    /// The day whose hamlets, names and commune codes are meant; today if not given.
    on: Option<NaiveDate>,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_hamlets).service(create_hamlet);
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
    let mut db = state.db().await?;
    let found = Hamlet::of_commune_on(&mut db, &areas, commune, on).await?;
    let items = bodies(&mut db, &areas, &found, on).await?;
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
    let (body, version) = body(&mut db, &areas, ids[0]).await?;
    let location = format!("/api/v1/areas/commune/{}/hamlets", areas.code(commune, today()));
    Ok(Created { location, version: Some(version), body })
}

/// A commune that the caller may see.
pub fn commune(areas: &Areas, caller: &Caller, code: &str, on: NaiveDate) -> Result<AreaId> {
    let commune = areas_api::find(areas, "commune", code, on)?;
    if areas.covers(caller.area, commune) { Ok(commune) } else { Err(Error::not_found()) }
}

/// Hamlets as they are told, marked as on a day.
pub async fn bodies(
    db: &mut Db,
    areas: &Areas,
    hamlets: &[Hamlet],
    on: NaiveDate,
) -> Result<Vec<HamletBody>> {
    let ids: Vec<Uuid> = hamlets.iter().map(|hamlet| hamlet.id).collect();
    let marks = marks::of_hamlets(db, &ids).await?;
    let marked =
        |hamlet: &Hamlet| marks.get(&hamlet.id).is_some_and(|periods| marks::marked(periods, on));
    let planned = Planned::of(db, areas, hamlets).await?;
    let told = |hamlet: &Hamlet| HamletBody {
        planned: planned
            .iter()
            .filter(|planned| planned.plan.names(hamlet.id))
            .map(|planned| PlannedBody::new(planned, hamlet, hamlets))
            .collect(),
        ..HamletBody::new(areas, hamlet, marked(hamlet))
    };
    Ok(hamlets.iter().map(told).collect())
}

/// The same of one, as it is today.
pub async fn body(db: &mut Db, areas: &Areas, id: Uuid) -> Result<(HamletBody, Version)> {
    let hamlet = Hamlet::find(db, id).await?;
    let body = bodies(db, areas, std::slice::from_ref(&hamlet), today()).await?;
    let body = body.into_iter().next().ok_or_else(Error::not_found)?;
    Ok((body, hamlet.version))
}

impl HamletBody {
    fn new(areas: &Areas, hamlet: &Hamlet, difficult: bool) -> Self {
        let commune = areas.chain(hamlet.area_id, hamlet.placed_id);
        Self {
            id: hamlet.id,
            commune: areas.code(commune, today()).to_owned(),
            former_commune: (commune != hamlet.area_id)
                .then(|| areas.name(hamlet.area_id, hamlet.valid_from)),
            r#type: hamlet.hamlet_type.clone(),
            name: hamlet.name.clone(),
            full_name: hamlet.full_name(),
            difficult,
            valid_from: hamlet.valid_from,
            valid_to: hamlet.valid_to,
            planned: Vec::new(),
            version: hamlet.version,
        }
    }
}

impl PlannedBody {
    fn new(planned: &Planned, hamlet: &Hamlet, all: &[Hamlet]) -> Self {
        let into = planned.plan.into.and_then(|id| all.iter().find(|other| other.id == id));
        Self {
            id: planned.id,
            change: planned.action,
            effective_on: planned.effective_on,
            full_name: planned.plan.new_name(hamlet).or_else(|| into.map(Hamlet::full_name)),
            document: planned.document.clone(),
        }
    }
}
