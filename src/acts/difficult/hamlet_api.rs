//! Difficult times of hamlets on the wire.

use actix_web::web::{Data, Path};
use actix_web::{get, put};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::api::{NewDifficult, PeriodBody};
use super::rows;
use crate::access::allow::{Allow, MarkHamlets, ReadRecords};
use crate::access::state::State;
use crate::areas::{AreaId, Areas};
use crate::base::clock::today;
use crate::base::db::Db;
use crate::base::error::Result;
use crate::base::version::Version;
use crate::register::hamlets::api::commune;
use crate::register::hamlets::rows::Hamlet;
use crate::register::hamlets::{marks, writable};
use crate::wire::input::{IfMatch, Json, path_id};
use crate::wire::reply::Versioned;

/// When a hamlet is specially difficult.
#[derive(Serialize, ToSchema)]
pub struct DifficultHamlet {
    hamlet: Uuid,
    #[schema(example = "Thôn Đông")]
    full_name: String,
    periods: Vec<PeriodBody>,
    version: Version,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_hamlet_difficult).service(put_hamlet_difficult);
}

/// When a hamlet is specially difficult, so that the lower threshold holds for all who live there.
#[utoipa::path(tag = "hamlets", security(("bearer" = [])), params(("code" = String, Path, example = "13669"), ("id" = Uuid, Path)))]
#[get("/areas/commune/{code}/hamlets/{id}/difficult")]
pub async fn get_hamlet_difficult(
    state: Data<State>,
    user: Allow<ReadRecords>,
    path: Path<(String, String)>,
) -> Result<Versioned<DifficultHamlet>> {
    let areas = state.areas();
    let commune = commune(&areas, &user, &path.0, today())?;
    read(&mut state.db().await?, &areas, commune, path_id(&path.1)?).await
}

/// Say when a hamlet is specially difficult, by which decisions. Titles without a decision are assessed
/// anew.
#[utoipa::path(tag = "hamlets", security(("bearer" = [])), params(("code" = String, Path, example = "13669"), ("id" = Uuid, Path), IfMatch))]
#[put("/areas/commune/{code}/hamlets/{id}/difficult")]
pub async fn put_hamlet_difficult(
    state: Data<State>,
    user: Allow<MarkHamlets>,
    path: Path<(String, String)>,
    version: IfMatch,
    json: Json<NewDifficult>,
) -> Result<Versioned<DifficultHamlet>> {
    let areas = state.areas();
    let commune = writable(&areas, &user, commune(&areas, &user, &path.0, today())?)?;
    let (id, periods) = (path_id(&path.1)?, json.into_inner().read()?);
    let mut db = state.db().await?;
    rows::put_hamlet(&mut db, &user.plain(), &areas, commune, id, version, &periods).await?;
    read(&mut db, &areas, commune, id).await
}

async fn read(
    db: &mut Db,
    areas: &Areas,
    commune: AreaId,
    id: Uuid,
) -> Result<Versioned<DifficultHamlet>> {
    let hamlet = Hamlet::seen_in(db, areas, commune, id).await?;
    let periods = marks::of_hamlet(db, id).await?.into_iter().map(PeriodBody::from).collect();
    let (full_name, version) = (hamlet.full_name(), hamlet.version);
    Ok(Versioned(DifficultHamlet { hamlet: id, full_name, periods, version }, version))
}
