//! How long records are kept, on the wire.

use actix_web::web::{Data, Path};
use actix_web::{get, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::Class;
use super::rows::Rule;
use crate::access::allow::{Allow, ManageCriteria, Self_};
use crate::access::state::State;
use crate::base::error::{Error, Result, say};
use crate::base::version::Version;
use crate::wire::input::{IfMatch, Json};
use crate::wire::reply::{Page, Versioned};

/// How long a class of record is kept.
#[derive(Serialize, ToSchema)]
#[schema(as = Retention)]
pub struct RetentionBody {
    class: Class,
    /// None: kept.
    keep_days: Option<i32>,
    /// The legal ground.
    basis: String,
    /// Whether it is applied by itself; else `hoctap retention --apply` does.
    routine: bool,
    version: Version,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRetention {
    #[validate(range(min = 1, max = 36_500))]
    keep_days: Option<i32>,
    #[schema(example = "QĐ 12/QĐ-UBND ngày 05/01/2026")]
    #[validate(length(min = 1, max = 1000))]
    basis: String,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_retention).service(get_retention).service(set_retention);
}

/// List how long each class of record is kept, and on what ground.
#[utoipa::path(tag = "people", security(("bearer" = [])))]
#[get("/retention")]
pub async fn list_retention(
    state: Data<State>,
    _user: Allow<Self_>,
) -> Result<Page<RetentionBody>> {
    let rules = Rule::all(&mut *state.db().await?).await?;
    Ok(Page { items: rules.into_iter().map(body).collect(), next: None, count: None })
}

/// One class of record.
#[utoipa::path(tag = "people", security(("bearer" = [])), params(("class" = Class, Path)))]
#[get("/retention/{class}")]
pub async fn get_retention(
    state: Data<State>,
    _user: Allow<Self_>,
    class: Path<String>,
) -> Result<Versioned<RetentionBody>> {
    let class = Class::parse(&class).ok_or_else(Error::not_found)?;
    let rule = Rule::find(&mut *state.db().await?, class).await?;
    let version = rule.version;
    Ok(Versioned(body(rule), version))
}

/// Set how long a class of record is kept: by the administrator of the country.
#[utoipa::path(tag = "people", security(("bearer" = [])), params(("class" = Class, Path), IfMatch))]
#[put("/retention/{class}")]
pub async fn set_retention(
    state: Data<State>,
    user: Allow<ManageCriteria>,
    class: Path<String>,
    version: IfMatch,
    json: Json<NewRetention>,
) -> Result<Versioned<RetentionBody>> {
    let class = Class::parse(&class).ok_or_else(Error::not_found)?;
    let country = state.areas().country();
    if user.area != country {
        return Err(Error::forbidden(
            "country_only",
            say("Chỉ quản trị viên toàn quốc được đặt.", "Only the country's administrator may."),
        ));
    }
    let mut db = state.db().await?;
    let new = json.into_inner();
    let never = Version::NEVER;
    let rule = Rule { class, keep_days: new.keep_days, basis: new.basis, version: never };
    Rule::set(&mut db, &user.plain(), country, version, &rule).await?;
    let rule = Rule::find(&mut db, class).await?;
    let version = rule.version;
    Ok(Versioned(body(rule), version))
}

fn body(rule: Rule) -> RetentionBody {
    RetentionBody {
        class: rule.class,
        keep_days: rule.keep_days,
        basis: rule.basis,
        routine: rule.class.is_routine(),
        version: rule.version,
    }
}
