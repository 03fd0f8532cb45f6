//! Totals on the wire.

use actix_web::web::{Data, Path};
use actix_web::{get, put};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::rows::Total;

use crate::access::allow::{Allow, ReadFigures, WriteTotals};
use crate::access::scope::own_place;
use crate::access::state::State;
use crate::areas::api::place;
use crate::areas::{AreaId, AreaLevel, Areas};
use crate::base::clock::today;
use crate::base::db::Db;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::kind::{Base, Year};
use crate::base::version::Version;
use crate::register::accounts::rows::User;
use crate::wire::input::check_repeated;
use crate::wire::input::{IfMatch, Json, Query};
use crate::wire::reply::Versioned;

/// The totals of an area for a year: what rates are taken of.
#[derive(Serialize, ToSchema)]
#[schema(as = Totals)]
pub struct TotalsBody {
    /// Code of the area.
    area: String,
    year: Year,
    totals: Vec<TotalBody>,
    /// Where asked for: all that was ever reported, by base, the latest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<TotalBody>>,
    version: Version,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Total)]
pub struct TotalBody {
    base: Base,
    /// Null where a figure was taken back.
    total: Option<i32>,
    counted_on: Option<NaiveDate>,
    source: String,
    /// The account that reported it; null for the product itself.
    author: Option<String>,
    /// The day on which it is known.
    known_on: NaiveDate,
}

#[derive(Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TotalsQuery {
    /// True adds what was reported before.
    history: Option<bool>,
}

/// Totals to report; those of other bases stay as they are.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTotals {
    #[validate(nested, length(min = 1, max = 8))]
    totals: Vec<NewTotalBody>,
}

#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTotalBody {
    base: Base,
    /// Null takes a figure back.
    #[validate(range(min = 0, max = 200_000_000))]
    #[schema(example = 8500)]
    total: Option<i32>,
    /// The day on which it was counted, if known.
    counted_on: Option<NaiveDate>,
    /// Who or what says so.
    #[schema(example = "Công an phường, báo cáo ngày 05/11/2026")]
    #[validate(length(min = 1, max = 500))]
    source: String,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_totals).service(put_totals);
}

/// The totals of an area for a year that hold now.
#[utoipa::path(tag = "totals", security(("bearer" = [])), params(("level" = AreaLevel, Path), ("code" = String, Path, example = "13669"), ("year" = Year, Path), TotalsQuery))]
#[get("/areas/{level}/{code}/totals/{year}")]
pub async fn get_totals(
    state: Data<State>,
    _user: Allow<ReadFigures>,
    path: Path<(String, String, String)>,
    query: Query<TotalsQuery>,
) -> Result<Versioned<TotalsBody>> {
    let areas = state.areas();
    let (area, year) = place(&areas, &path)?;
    let mut db = state.db().await?;
    totals_body(&mut db, &areas, area, year, query.history == Some(true)).await
}

/// Report totals of an area. A correction is appended, what was known before stays.
#[utoipa::path(tag = "totals", security(("bearer" = [])), params(("level" = AreaLevel, Path), ("code" = String, Path, example = "13669"), ("year" = Year, Path), IfMatch))]
#[put("/areas/{level}/{code}/totals/{year}")]
pub async fn put_totals(
    state: Data<State>,
    user: Allow<WriteTotals>,
    path: Path<(String, String, String)>,
    version: IfMatch,
    json: Json<NewTotals>,
) -> Result<Versioned<TotalsBody>> {
    let areas = state.areas();
    let (area, year) = own_place(&areas, &user, &path)?;
    let new = checked(area, year, &json.totals)?;
    let mut db = state.db().await?;
    Total::put(&mut db, &user.plain(), &areas, version, &new).await?;
    totals_body(&mut db, &areas, area, year, false).await
}

fn checked(area: AreaId, year: Year, new: &[NewTotalBody]) -> Result<Vec<Total>> {
    check_repeated(new.iter().map(|total| total.base.as_str()), "totals")?;
    let total = |new: &NewTotalBody| Total {
        counted_on: new.counted_on,
        ..Total::new(area, year.get(), new.base, new.total, &new.source)
    };
    let totals: Vec<Total> = new.iter().map(total).collect();
    let faulty = |(n, total)| faults(total, &format!("/totals/{n}"));
    let errors: Vec<FieldError> = (0..).zip(&totals).flat_map(faulty).collect();
    if errors.is_empty() { Ok(totals) } else { Err(Error::invalid(errors)) }
}

/// Everything for which a total is refused; pointers are below `at`.
pub fn faults(new: &Total, at: &str) -> Option<FieldError> {
    new.counted_on.filter(|day| *day > today()).map(|_| {
        FieldError::new(
            format!("{at}/counted_on"),
            "date_range",
            say("Ngày thống kê ở tương lai.", "The day lies in the future."),
        )
    })
}

async fn totals_body(
    db: &mut Db,
    areas: &Areas,
    area: AreaId,
    year: Year,
    history: bool,
) -> Result<Versioned<TotalsBody>> {
    let found = Total::current(db, area, year.get()).await?;
    let version = found.iter().map(|total| total.version).max().unwrap_or(Version::NEVER);
    let all = if history { Total::history(db, area, year.get()).await? } else { Vec::new() };
    let authors: Vec<_> = found.iter().chain(&all).map(|total| total.author_id).collect();
    let names = User::names(db, &authors).await?;
    let body = |total: Total| TotalBody {
        base: total.base,
        total: total.total,
        counted_on: total.counted_on,
        source: total.source,
        author: names.get(&total.author_id).cloned(),
        known_on: total.day,
    };
    let totals = found.into_iter().map(body).collect();
    let history = history.then(|| all.into_iter().map(body).collect());
    let area = areas.code(area, today()).to_owned();
    Ok(Versioned(TotalsBody { area, year, totals, history, version }, version))
}
