//! Difficult times of communes on the wire.

use actix_web::web::{Data, Path};
use actix_web::{get, put};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::{Period, in_order, rows};
use crate::access::Caller;
use crate::access::allow::{Allow, ReadFigures, WriteDifficult};
use crate::access::state::State;
use crate::areas::{AreaId, AreaLevel, Areas};
use crate::base::clock::today;
use crate::base::db::Db;
use crate::base::error::{Error, Result, say};
use crate::base::version::Version;
use crate::register::hamlets::api::commune;
use crate::wire::input::{IfMatch, Json};
use crate::wire::reply::Versioned;

/// When a commune is specially difficult.
#[derive(Serialize, ToSchema)]
pub struct Difficult {
    #[schema(example = "13669")]
    area: String,
    periods: Vec<PeriodBody>,
    version: Version,
}

#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DifficultPeriod)]
pub struct PeriodBody {
    #[schema(example = "2026-01-01")]
    valid_from: NaiveDate,
    /// The last day; none while it holds.
    valid_to: Option<NaiveDate>,
    /// The decision that lists the commune or hamlet.
    #[schema(example = "Nghị định 272/2025/NĐ-CP")]
    #[validate(length(min = 1, max = 500))]
    source: String,
}

/// The whole list; an empty one says that the commune never was.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDifficult {
    #[validate(length(max = 50), nested)]
    periods: Vec<PeriodBody>,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_difficult).service(put_difficult);
}

/// When a commune is specially difficult, so that the lower threshold holds.
#[utoipa::path(tag = "areas", security(("bearer" = [])), params(("code" = String, Path, example = "13669")))]
#[get("/areas/commune/{code}/difficult")]
pub async fn get_difficult(
    state: Data<State>,
    user: Allow<ReadFigures>,
    code: Path<String>,
) -> Result<Versioned<Difficult>> {
    let areas = state.areas();
    let commune = commune(&areas, &user, &code, today())?;
    read(&mut state.db().await?, &areas, commune).await
}

/// Say when a commune is specially difficult, by which decisions: the province or the country does.
/// Titles without a decision are assessed anew.
#[utoipa::path(tag = "areas", security(("bearer" = [])), params(("code" = String, Path, example = "13669"), IfMatch))]
#[put("/areas/commune/{code}/difficult")]
pub async fn put_difficult(
    state: Data<State>,
    user: Allow<WriteDifficult>,
    code: Path<String>,
    version: IfMatch,
    json: Json<NewDifficult>,
) -> Result<Versioned<Difficult>> {
    let areas = state.areas();
    let commune = listed(&areas, &user, &code)?;
    let periods = json.into_inner().read()?;
    let mut db = state.db().await?;
    rows::put(&mut db, &user.plain(), &areas, commune, version, &periods).await?;
    read(&mut db, &areas, commune).await
}

impl NewDifficult {
    pub(super) fn read(self) -> Result<Vec<Period>> {
        let read = |body: PeriodBody| Period {
            from: body.valid_from,
            to: body.valid_to,
            source: body.source,
        };
        in_order(self.periods.into_iter().map(read).collect())
    }
}

impl From<Period> for PeriodBody {
    fn from(period: Period) -> Self {
        Self { valid_from: period.from, valid_to: period.to, source: period.source }
    }
}

/// A commune below the caller's province or country.
fn listed(areas: &Areas, caller: &Caller, code: &str) -> Result<AreaId> {
    let commune = commune(areas, caller, code, today())?;
    if matches!(areas.get(caller.area).level, AreaLevel::Province | AreaLevel::Country) {
        return Ok(commune);
    }
    Err(Error::forbidden(
        "province_lists",
        say(
            "Chỉ cấp tỉnh trở lên ghi địa bàn đặc biệt khó khăn.",
            "Only the province or the country lists difficult communes.",
        ),
    ))
}

async fn read(db: &mut Db, areas: &Areas, commune: AreaId) -> Result<Versioned<Difficult>> {
    let (periods, version) = rows::of_commune(db, commune).await?;
    let version = version.unwrap_or(Version::NEVER);
    let periods = periods.into_iter().map(PeriodBody::from).collect();
    let area = areas.code(commune, today()).to_owned();
    Ok(Versioned(Difficult { area, periods, version }, version))
}
