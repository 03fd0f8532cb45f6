//! Criteria sets: read by everybody who is logged in, added by the administrator of the country.

use actix_web::web::Data;
use actix_web::{get, post};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use super::rows::{self, NewSet};
use super::{CriteriaSet, Rules, Scheme, applicable};
use crate::access::allow::{Allow, ManageCriteria, ReadFigures};
use crate::access::state::State;
use crate::areas::Areas;
use crate::base::clock::today;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::kind::{Kind, Level, Year};
use crate::base::version::Version;
use crate::wire::input::{Json, Query};
use crate::wire::reply::{Created, Page};

#[derive(Serialize, ToSchema)]
#[schema(as = CriteriaSet)]
pub struct SetBody {
    id: Uuid,
    /// Code of the area that issued it; communes use that of their nearest ancestor.
    #[schema(example = "VN")]
    area: String,
    kind: Kind,
    level: Level,
    /// Counts up for one area, kind and level; the latest that covers a year is used.
    edition: i32,
    scheme: Scheme,
    /// The document that it comes from.
    source: String,
    first_year: i16,
    last_year: i16,
    /// An unconfirmed set advises and never obliges.
    confirmed: bool,
    rules: Rules,
    version: Version,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SetQuery {
    /// Code of an area: only the sets that apply there in `year`.
    #[param(example = "13669")]
    area: Option<String>,
    kind: Option<Kind>,
    level: Option<Level>,
    year: Option<Year>,
}

/// A new edition.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSetBody {
    #[schema(example = "37")]
    area: String,
    kind: Kind,
    level: Level,
    scheme: Scheme,
    #[validate(length(min = 1, max = 500))]
    #[schema(example = "QĐ 12/QĐ-HKH ngày 05/02/2026")]
    source: String,
    first_year: Year,
    last_year: Year,
    confirmed: bool,
    rules: Rules,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_criteria_sets).service(create_criteria_set);
}

/// List the criteria sets, or those that apply to an area in a year.
#[utoipa::path(tag = "criteria", security(("bearer" = [])), params(SetQuery))]
#[get("/criteria-sets")]
pub async fn list_criteria_sets(
    state: Data<State>,
    _user: Allow<ReadFigures>,
    query: Query<SetQuery>,
) -> Result<Page<SetBody>> {
    let areas = state.areas();
    let sets = rows::all(&mut *state.db().await?).await?;
    let ancestors = match &query.area {
        Some(code) => Some(areas.ancestors(areas.resolve("?area", code, today())?, today())),
        None => None,
    };
    let applies = |set: &CriteriaSet| match (&ancestors, query.year) {
        (Some(up), Some(year)) => applicable(&sets, up, set.kind, set.level, year.get())
            .is_some_and(|found| found.id == set.id),
        (Some(up), None) => up.contains(&set.area),
        (None, Some(year)) => (set.first_year..=set.last_year).contains(&year.get()),
        (None, None) => true,
    };
    let wanted = |set: &&CriteriaSet| {
        query.kind.is_none_or(|kind| kind == set.kind)
            && query.level.is_none_or(|level| level == set.level)
            && applies(set)
    };
    let items = sets.iter().filter(wanted).map(|set| body(&areas, set)).collect();
    Ok(Page { items, next: None, count: None })
}

/// Add a criteria set: the next edition for its area, kind and level.
#[utoipa::path(tag = "criteria", security(("bearer" = [])))]
#[post("/criteria-sets")]
pub async fn create_criteria_set(
    state: Data<State>,
    user: Allow<ManageCriteria>,
    json: Json<NewSetBody>,
) -> Result<Created<SetBody>> {
    let areas = state.areas();
    if user.area != areas.country() {
        return Err(Error::forbidden(
            "country_only",
            say(
                "Chỉ quản trị viên toàn quốc được thêm bộ tiêu chí.",
                "Only an administrator of the country adds criteria sets.",
            ),
        ));
    }
    let act = user.act(&json);
    let new = checked(&areas, json.into_inner())?;
    let mut db = state.db().await?;
    let ids = rows::add(&mut db, &act, &[new]).await?;
    let sets = rows::all(&mut db).await?;
    let made = sets.iter().find(|set| ids.contains(&set.id)).ok_or_else(Error::not_found)?;
    Ok(Created {
        location: format!("/api/v1/criteria-sets?kind={}&level={}", made.kind, made.level),
        version: Some(made.version),
        body: body(&areas, made),
    })
}

fn checked(areas: &Areas, new: NewSetBody) -> Result<NewSet> {
    let mut errors = Vec::new();
    let mut wrong = |pointer: &str, code, vi: &'static str, en: &'static str| {
        errors.push(FieldError::new(pointer, code, say(vi, en)));
    };
    if !new.kind.levels().contains(&new.level) {
        wrong(
            "/level",
            "level_not_of_kind",
            "Danh hiệu này không có ở cấp đó.",
            "The title does not exist at this level.",
        );
    }
    if new.first_year > new.last_year {
        wrong(
            "/last_year",
            "years_reversed",
            "Năm cuối trước năm đầu.",
            "The last year lies before the first.",
        );
    }
    match new.scheme {
        Scheme::Points if new.rules.threshold.is_none() => wrong(
            "/rules/threshold",
            "required",
            "Thang điểm cần có mức đạt.",
            "A set of points needs a threshold.",
        ),
        Scheme::Grades if new.rules.grades.is_empty() => wrong(
            "/rules/grades",
            "required",
            "Cần có ít nhất một xếp loại.",
            "A set of grades needs at least one.",
        ),
        _ => {}
    }
    if !(0..=10).contains(&new.rules.valid_years) {
        wrong("/rules/valid_years", "range", "Phải từ 0 đến 10.", "Must lie between 0 and 10.");
    }
    if !errors.is_empty() {
        return Err(Error::invalid(errors));
    }
    Ok(NewSet {
        area: areas.resolve("/area", &new.area, today())?,
        kind: new.kind,
        level: new.level,
        scheme: new.scheme,
        source: new.source,
        first_year: new.first_year.get(),
        last_year: new.last_year.get(),
        confirmed: new.confirmed,
        rules: new.rules,
    })
}

fn body(areas: &Areas, set: &CriteriaSet) -> SetBody {
    SetBody {
        id: set.id,
        area: areas.code(set.area, today()).to_owned(),
        kind: set.kind,
        level: set.level,
        edition: set.edition,
        scheme: set.scheme,
        source: set.source.clone(),
        first_year: set.first_year,
        last_year: set.last_year,
        confirmed: set.confirmed,
        rules: set.rules.clone(),
        version: set.version,
    }
}
