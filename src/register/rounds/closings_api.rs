//! Closings on the wire.

use actix_web::web::{Data, Path};
use actix_web::{get, put};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::closings::{Closing, ClosingState};
use crate::access::allow::{Allow, ReadFigures, WriteTotals};
use crate::access::scope::own_place;
use crate::access::state::State;
use crate::areas::api::place;
use crate::areas::{AreaId, AreaLevel, Areas};
use crate::base::clock::today;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::kind::{Kind, Year};
use crate::base::version::Version;
use crate::wire::input::check_repeated;
use crate::wire::input::{IfMatch, Json};
use crate::wire::reply::Versioned;

/// The closings of a commune for a year.
#[derive(Serialize, ToSchema)]
#[schema(as = Closings)]
pub struct ClosingsBody {
    area: String,
    year: Year,
    closings: Vec<ClosingBody>,
    version: Version,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Closing)]
pub struct ClosingBody {
    kind: Kind,
    state: ClosingState,
    reason: String,
    known_on: NaiveDate,
}

/// Closings to report; other kinds stay as they are.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClosings {
    #[validate(nested, length(min = 1, max = 5))]
    closings: Vec<NewClosingBody>,
}

#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClosingBody {
    kind: Kind,
    state: ClosingState,
    /// Needed to open again.
    #[serde(default)]
    #[validate(length(max = 500))]
    reason: String,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_closings).service(put_closings);
}

/// The closings of a commune for a year.
#[utoipa::path(tag = "totals", security(("bearer" = [])), params(("level" = AreaLevel, Path), ("code" = String, Path, example = "13669"), ("year" = Year, Path)))]
#[get("/areas/{level}/{code}/closings/{year}")]
pub async fn get_closings(
    state: Data<State>,
    _user: Allow<ReadFigures>,
    path: Path<(String, String, String)>,
) -> Result<Versioned<ClosingsBody>> {
    let areas = state.areas();
    let (area, year) = place(&areas, &path)?;
    let found = Closing::current(&mut *state.db().await?, area, year.get()).await?;
    Ok(body(&areas, area, year, found))
}

/// Close a kind for a year as complete or with nothing to report, or open it again with a reason.
#[utoipa::path(tag = "totals", security(("bearer" = [])), params(("level" = AreaLevel, Path), ("code" = String, Path, example = "13669"), ("year" = Year, Path), IfMatch))]
#[put("/areas/{level}/{code}/closings/{year}")]
pub async fn put_closings(
    state: Data<State>,
    user: Allow<WriteTotals>,
    path: Path<(String, String, String)>,
    version: IfMatch,
    json: Json<NewClosings>,
) -> Result<Versioned<ClosingsBody>> {
    let areas = state.areas();
    let (area, year) = own_place(&areas, &user, &path)?;
    let new = checked(&areas, area, year, json.into_inner().closings)?;
    let mut db = state.db().await?;
    Closing::put(&mut db, &user.plain(), &areas, version, &new).await?;
    let found = Closing::current(&mut db, area, year.get()).await?;
    Ok(body(&areas, area, year, found))
}

fn checked(
    areas: &Areas,
    area: AreaId,
    year: Year,
    new: Vec<NewClosingBody>,
) -> Result<Vec<Closing>> {
    if areas.get(area).level != AreaLevel::Commune {
        return Err(Error::unprocessable(
            "commune_needed",
            say("Chỉ cấp xã mới chốt số liệu.", "Only communes close their year."),
        ));
    }
    check_repeated(new.iter().map(|closing| closing.kind.as_str()), "closings")?;
    let errors: Vec<FieldError> = new
        .iter()
        .enumerate()
        .filter(|(_, c)| c.state == ClosingState::Open && c.reason.is_empty())
        .map(|(n, _)| {
            FieldError::new(
                format!("/closings/{n}/reason"),
                "required",
                say("Mở lại phải ghi lý do.", "Opening again needs a reason."),
            )
        })
        .collect();
    if !errors.is_empty() {
        return Err(Error::invalid(errors));
    }
    Ok(new
        .into_iter()
        .map(|new| Closing::new(area, year.get(), new.kind, new.state, new.reason))
        .collect())
}

fn body(areas: &Areas, area: AreaId, year: Year, found: Vec<Closing>) -> Versioned<ClosingsBody> {
    let version = found.iter().map(|closing| closing.version).max().unwrap_or(Version::NEVER);
    let closings = found
        .into_iter()
        .map(|closing| ClosingBody {
            kind: closing.kind,
            state: closing.state,
            reason: closing.reason,
            known_on: closing.day,
        })
        .collect();
    let area = areas.code(area, today()).to_owned();
    Versioned(ClosingsBody { area, year, closings, version }, version)
}
