//! Targets on the wire: an area's own, and those that it takes from the areas above.

use actix_web::web::{Data, Path};
use actix_web::{get, put};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::rows::Target;
use super::{Goal, nearest};
use crate::access::allow::{Allow, ReadFigures, WriteTargets};
use crate::access::scope::answers_for;
use crate::access::state::State;
use crate::access::{Caller, Role};
use crate::areas::api::place;
use crate::areas::boundaries_of;
use crate::areas::{AreaId, AreaLevel, Areas};
use crate::base::clock::today;
use crate::base::db::Db;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::hundredths::Percent;
use crate::base::kind::{Base, Group, Kind, Year};
use crate::base::version::Version;
use crate::register::accounts::rows::User;
use crate::wire::input::check_repeated;
use crate::wire::input::{IfMatch, Json, Query};
use crate::wire::reply::Versioned;

/// The targets of an area for a year.
#[derive(Serialize, ToSchema)]
#[schema(as = Targets)]
pub struct TargetsBody {
    /// Code of the area.
    area: String,
    year: Year,
    /// What counts for the area: its own targets, or those of the nearest area above.
    targets: Vec<TargetBody>,
    /// Where asked for: all that was ever set for the area itself, the latest of each first.
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<TargetBody>>,
    /// Of the area's own targets.
    version: Version,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Target)]
pub struct TargetBody {
    kind: Kind,
    base: Base,
    group: Option<Group>,
    /// Recognised over the base; null where it was taken back.
    percent: Option<Percent>,
    source: String,
    /// Code of the area that set it.
    set_by: String,
    set_by_name: String,
    /// The account that entered it; null for the product itself.
    author: Option<String>,
    /// The day on which it is known.
    known_on: NaiveDate,
}

/// Targets to set; others stay as they are.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTargets {
    #[validate(nested, length(min = 1, max = 20))]
    targets: Vec<NewTargetBody>,
}

#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTargetBody {
    kind: Kind,
    base: Base,
    /// Of citizens: `officials`, whose base they alone have.
    group: Option<Group>,
    /// Null takes a target back: that of the nearest area above counts again.
    percent: Option<Percent>,
    /// Which document sets it.
    #[schema(example = "Kế hoạch số 120/KH-UBND ngày 10/4/2022")]
    #[validate(length(min = 1, max = 500))]
    source: String,
}

#[derive(Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TargetsQuery {
    /// True adds what was set before.
    history: Option<bool>,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_targets).service(put_targets);
}

/// The targets that count for an area and year, with whose they are.
#[utoipa::path(tag = "totals", security(("bearer" = [])), params(("level" = AreaLevel, Path), ("code" = String, Path, example = "37"), ("year" = Year, Path), TargetsQuery))]
#[get("/areas/{level}/{code}/targets/{year}")]
pub async fn get_targets(
    state: Data<State>,
    _user: Allow<ReadFigures>,
    path: Path<(String, String, String)>,
    query: Query<TargetsQuery>,
) -> Result<Versioned<TargetsBody>> {
    let areas = state.areas();
    let (area, year) = place(&areas, &path)?;
    let mut db = state.db().await?;
    body(&mut db, &areas, area, year, query.history == Some(true)).await
}

/// Set targets of an area. A correction is appended, what was known before stays.
#[utoipa::path(tag = "totals", security(("bearer" = [])), params(("level" = AreaLevel, Path), ("code" = String, Path, example = "37"), ("year" = Year, Path), IfMatch))]
#[put("/areas/{level}/{code}/targets/{year}")]
pub async fn put_targets(
    state: Data<State>,
    user: Allow<WriteTargets>,
    path: Path<(String, String, String)>,
    version: IfMatch,
    json: Json<NewTargets>,
) -> Result<Versioned<TargetsBody>> {
    let areas = state.areas();
    let (area, year) = place(&areas, &path)?;
    may_set(&areas, &user, area)?;
    let new = checked(area, year, &json.targets)?;
    let mut db = state.db().await?;
    Target::put(&mut db, &user.plain(), &areas, version, &new).await?;
    body(&mut db, &areas, area, year, false).await
}

/// National targets are set by an administrator of the country, all others by supervisors.
pub fn may_set(areas: &Areas, caller: &Caller, area: AreaId) -> Result<()> {
    answers_for(areas, caller, area)?;
    if (area == areas.country()) == (caller.role == Role::Administrator) {
        return Ok(());
    }
    Err(Error::forbidden(
        "targets_of_another",
        say(
            "Chỉ tiêu toàn quốc do quản trị viên toàn quốc đặt, chỉ tiêu địa phương do người giám \
             sát đặt.",
            "National targets are set by an administrator of the country, local ones by \
             supervisors.",
        ),
    ))
}

fn checked(area: AreaId, year: Year, new: &[NewTargetBody]) -> Result<Vec<Target>> {
    let names: Vec<String> =
        new.iter().map(|t| format!("{} {} {:?}", t.kind, t.base, t.group)).collect();
    check_repeated(names.iter().map(String::as_str), "targets")?;
    let target = |new: &NewTargetBody| {
        let goal = Goal { kind: new.kind, base: new.base, group: new.group };
        Target::new(area, year.get(), goal, new.percent, &new.source)
    };
    let targets: Vec<Target> = new.iter().map(target).collect();
    let faulty = |(n, target)| faults(target, &format!("/targets/{n}"));
    let errors: Vec<FieldError> = (0..).zip(&targets).flat_map(faulty).collect();
    if errors.is_empty() { Ok(targets) } else { Err(Error::invalid(errors)) }
}

/// Everything for which a target is refused; pointers are below `at`.
pub fn faults(new: &Target, at: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if !new.goal().is_known() {
        errors.push(FieldError::new(
            format!("{at}/base"),
            "base_not_of_kind",
            say(
                "Danh hiệu và nhóm này không tính trên mẫu số đó.",
                "The kind and group are not counted against this base.",
            ),
        ));
    }
    if new.percent.is_some_and(|percent| !(1..=10_000).contains(&percent)) {
        errors.push(FieldError::new(
            format!("{at}/percent"),
            "range",
            say("Chỉ tiêu phải lớn hơn 0 và không quá 100.", "Must be above 0 and at most 100."),
        ));
    }
    errors
}

async fn body(
    db: &mut Db,
    areas: &Areas,
    area: AreaId,
    year: Year,
    history: bool,
) -> Result<Versioned<TargetsBody>> {
    let on = boundaries_of(year.get(), today());
    let ancestors = areas.ancestors(area, on);
    let mut known = Target::of_areas(db, &ancestors, None).await?;
    known.retain(|target| target.year == year.get());
    let own = known.iter().filter(|target| target.area_id == area);
    let version = own.map(|target| target.version).max().unwrap_or(Version::NEVER);
    let goals: std::collections::BTreeSet<Goal> = known.iter().map(Target::goal).collect();
    let found: Vec<&Target> = goals
        .into_iter()
        .filter_map(|goal| nearest(&known, &ancestors, year.get(), goal))
        .collect();
    let all = if history { Target::history(db, area, year.get()).await? } else { Vec::new() };
    let authors: Vec<_> = known.iter().chain(&all).map(|target| target.author_id).collect();
    let names = User::names(db, &authors).await?;
    let one = |target: &Target| TargetBody {
        kind: target.kind,
        base: target.base,
        group: target.goal().group,
        percent: target.percent.map(Percent),
        source: target.source.clone(),
        set_by: areas.code(target.area_id, on).to_owned(),
        set_by_name: areas.name(target.area_id, on),
        author: names.get(&target.author_id).cloned(),
        known_on: target.day,
    };
    let targets = found.into_iter().map(one).collect();
    let history = history.then(|| all.iter().map(one).collect());
    let area = areas.code(area, on).to_owned();
    Ok(Versioned(TargetsBody { area, year, targets, history, version }, version))
}
