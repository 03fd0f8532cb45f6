//! Accounts, managed by the administrator of their area.

use actix_web::web::{Data, Path};
use actix_web::{get, patch, post, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use super::rows::{User, UserChange, UserFilter};
use super::service_rows::ServiceAccount;
use super::{check_password, check_username, hash_password, temporary_password};
use crate::access::allow::{Allow, ManageAccounts};
use crate::access::state::State;
use crate::access::{Caller, Role};
use crate::areas::Areas;
use crate::base::clock::today;
use crate::base::error::{Error, Result, say};
use crate::base::version::Version;
use crate::wire::input::{IfMatch, Json, Query, path_id};
use crate::wire::paging;
use crate::wire::reply::{Body, Created, Done, Page, Versioned};

/// A new account.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    #[schema(example = "recorder.13669")]
    username: String,
    #[schema(example = "Trần Thị Hòa")]
    #[validate(length(min = 1, max = 200))]
    full_name: String,
    role: Role,
    /// Code of its area.
    #[schema(example = "13669")]
    area: String,
    /// Left out, a temporary one is made and shown once.
    password: Option<String>,
}

/// JSON Merge Patch: only what is to change.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserPatch {
    #[validate(length(min = 1, max = 200))]
    full_name: Option<String>,
    role: Option<Role>,
    area: Option<String>,
    disabled: Option<bool>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserBody {
    id: Uuid,
    username: String,
    full_name: String,
    role: Role,
    /// Code of its area today.
    area: String,
    area_name: String,
    /// Its commune was split: it reads the old records until an administrator gives it a new area.
    unsettled: bool,
    disabled: bool,
    version: Version,
    /// Shown once, when it was made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    temporary_password: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct TemporaryPassword {
    /// Shown this once.
    temporary_password: String,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    /// Code of an area; the caller's own if not given.
    area: Option<String>,
    role: Option<Role>,
    /// True: only accounts of areas that were split, which need a new area.
    unsettled: Option<bool>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_users)
        .service(create_user)
        .service(get_user)
        .service(change_user)
        .service(reset_user)
        .service(list_service_accounts)
        .service(create_service_account)
        .service(get_service_account)
        .service(change_service_account);
}

/// List the accounts of an area.
#[utoipa::path(tag = "accounts", security(("bearer" = [])), params(UserQuery))]
#[get("/users")]
pub async fn list_users(
    state: Data<State>,
    user: Allow<ManageAccounts>,
    query: Query<UserQuery>,
) -> Result<Page<UserBody>> {
    let areas = state.areas();
    let area = match &query.area {
        Some(code) => areas.resolve("?area", code, today())?,
        None => user.area,
    };
    let limit = paging::limit(query.limit)?;
    let filters = (&query.area, query.role, query.unsettled);
    let after = paging::after(&filters, query.cursor.as_deref())?;
    let filter = UserFilter {
        area,
        role: query.role,
        of_areas: query.unsettled.map(|wanted| areas.with_settled(!wanted)),
    };
    let users = User::list(&mut *state.db().await?, &user, filter, after, limit + 1).await?;
    let (users, next) = paging::cut(users, limit, &filters, |user| user.username.clone())?;
    let items = users.iter().map(|user| body(&areas, user, None)).collect();
    Ok(Page { items, next, count: None })
}

/// Make an account.
#[utoipa::path(tag = "accounts", security(("bearer" = [])))]
#[post("/users")]
pub async fn create_user(
    state: Data<State>,
    user: Allow<ManageAccounts>,
    json: Json<NewUser>,
) -> Result<Created<UserBody>> {
    let act = user.act(&json);
    let new = json.into_inner();
    let areas = state.areas();
    let area_id = manageable(&areas, &user, "/area", &new.area)?;
    let generated = new.password.is_none().then(temporary_password);
    let password = new.password.or_else(|| generated.clone()).unwrap_or_default();
    let mut errors = check_password("/password", &password, &new.username);
    errors.extend(check_username(&new.username));
    if !errors.is_empty() {
        return Err(Error::invalid(errors));
    }
    let hash = web::block(move || hash_password(&password)).await.map_err(Error::internal)??;
    let change = UserChange { full_name: new.full_name, role: new.role, area_id, disabled: false };
    let mut db = state.db().await?;
    let id = User::create(&mut db, &act, change, &new.username, &hash, true).await?;
    let made = User::find(&mut db, &user, id).await?;
    Ok(Created {
        location: format!("/api/v1/users/{id}"),
        version: Some(made.version),
        body: body(&areas, &made, generated),
    })
}

/// One account.
#[utoipa::path(tag = "accounts", security(("bearer" = [])), params(("id" = Uuid, Path)))]
#[get("/users/{id}")]
pub async fn get_user(
    state: Data<State>,
    user: Allow<ManageAccounts>,
    id: Path<String>,
) -> Result<Versioned<UserBody>> {
    let found = User::find(&mut *state.db().await?, &user, path_id(&id)?).await?;
    Ok(Versioned(body(&state.areas(), &found, None), found.version))
}

/// Change or disable an account.
#[utoipa::path(tag = "accounts", security(("bearer" = [])), params(("id" = Uuid, Path), IfMatch))]
#[patch("/users/{id}")]
pub async fn change_user(
    state: Data<State>,
    user: Allow<ManageAccounts>,
    id: Path<String>,
    version: IfMatch,
    json: Json<UserPatch>,
) -> Result<Versioned<UserBody>> {
    let id = path_id(&id)?;
    let areas = state.areas();
    let mut db = state.db().await?;
    let before = User::find(&mut db, &user, id).await?;
    let patch = json.into_inner();
    let area_id = match &patch.area {
        Some(code) => manageable(&areas, &user, "/area", code)?,
        None => before.area_id,
    };
    if id == user.id && (patch.role.is_some() || patch.area.is_some() || patch.disabled.is_some()) {
        return Err(Error::forbidden(
            "own_account",
            say(
                "Không thể tự đổi vai trò, địa bàn hoặc tự khóa tài khoản của mình.",
                "Nobody changes the role, area or state of the own account.",
            ),
        ));
    }
    let change = UserChange {
        full_name: patch.full_name.unwrap_or(before.full_name),
        role: patch.role.unwrap_or(before.role),
        area_id,
        disabled: patch.disabled.unwrap_or(before.disabled),
    };
    User::change(&mut db, &user.plain(), id, version, change).await?;
    let after = User::find(&mut db, &user, id).await?;
    Ok(Versioned(body(&areas, &after, None), after.version))
}

/// Give an account a new temporary password; its sessions end.
#[utoipa::path(tag = "accounts", security(("bearer" = [])), params(("id" = Uuid, Path)))]
#[post("/users/{id}/reset")]
pub async fn reset_user(
    state: Data<State>,
    user: Allow<ManageAccounts>,
    id: Path<String>,
) -> Result<Body<TemporaryPassword>> {
    let mut db = state.db().await?;
    let account = User::find(&mut db, &user, path_id(&id)?).await?;
    let temporary_password = temporary_password();
    let password = temporary_password.clone();
    let hash = web::block(move || hash_password(&password)).await.map_err(Error::internal)??;
    User::set_password(&mut db, &user.plain(), account.id, &hash, true, None).await?;
    Ok(Body(TemporaryPassword { temporary_password }))
}

/// An area within the caller's.
pub fn manageable(areas: &Areas, caller: &Caller, pointer: &str, code: &str) -> Result<i32> {
    let area = areas.resolve(pointer, code, today())?;
    if areas.covers(caller.area, area) {
        return Ok(area);
    }
    Err(Error::forbidden(
        "area_not_covered",
        say("Địa bàn này ngoài phạm vi quản lý.", "This area is outside the caller's."),
    ))
}

fn body(areas: &Areas, user: &User, temporary_password: Option<String>) -> UserBody {
    let area = areas.chain(user.area_id, None);
    UserBody {
        id: user.id,
        username: user.username.clone(),
        full_name: user.full_name.clone(),
        role: user.role,
        area: areas.code(area, today()).to_owned(),
        area_name: areas.name(area, today()),
        unsettled: areas.settled(user.area_id).is_none(),
        disabled: user.disabled,
        version: user.version,
        temporary_password,
    }
}

/// A new service account: a viewer of an area.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewServiceAccount {
    #[schema(example = "dashboard")]
    #[validate(length(min = 1, max = 100))]
    name: String,
    #[schema(example = "37")]
    area: String,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ServiceAccount)]
pub struct ServiceAccountBody {
    id: Uuid,
    name: String,
    area: String,
    area_name: String,
    disabled: bool,
    version: Version,
    /// Shown once, when it was made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccountPatch {
    disabled: bool,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ServiceAccountQuery {
    limit: Option<i64>,
    cursor: Option<String>,
}

/// List the service accounts of the caller's area.
#[utoipa::path(tag = "accounts", security(("bearer" = [])), params(ServiceAccountQuery))]
#[get("/service-accounts")]
pub async fn list_service_accounts(
    state: Data<State>,
    user: Allow<ManageAccounts>,
    query: Query<ServiceAccountQuery>,
) -> Result<Page<ServiceAccountBody>> {
    let areas = state.areas();
    let limit = paging::limit(query.limit)?;
    let after = paging::after(&(), query.cursor.as_deref())?;
    let found = ServiceAccount::list(&mut *state.db().await?, &user, after, limit + 1).await?;
    let (found, next) = paging::cut(found, limit, &(), |account| account.name.clone())?;
    let items = found.iter().map(|account| service_body(&areas, account, None)).collect();
    Ok(Page { items, next, count: None })
}

/// Make a service account; its key is shown this once.
#[utoipa::path(tag = "accounts", security(("bearer" = [])))]
#[post("/service-accounts")]
pub async fn create_service_account(
    state: Data<State>,
    user: Allow<ManageAccounts>,
    json: Json<NewServiceAccount>,
) -> Result<Created<ServiceAccountBody>> {
    let areas = state.areas();
    let area = manageable(&areas, &user, "/area", &json.area)?;
    let mut db = state.db().await?;
    let (id, key) = ServiceAccount::create(&mut db, &user.act(&json), &json.name, area).await?;
    let made = ServiceAccount::find(&mut db, &user, id).await?;
    // A repeated request finds the account but not its key, of which only the digest is kept.
    let key = (made.key_digest == super::secret_digest(&key)).then_some(key);
    Ok(Created {
        location: format!("/api/v1/service-accounts/{id}"),
        version: Some(made.version),
        body: service_body(&areas, &made, key),
    })
}

/// One service account.
#[utoipa::path(tag = "accounts", security(("bearer" = [])), params(("id" = Uuid, Path)))]
#[get("/service-accounts/{id}")]
pub async fn get_service_account(
    state: Data<State>,
    user: Allow<ManageAccounts>,
    id: Path<String>,
) -> Result<Versioned<ServiceAccountBody>> {
    let found = ServiceAccount::find(&mut *state.db().await?, &user, path_id(&id)?).await?;
    Ok(Versioned(service_body(&state.areas(), &found, None), found.version))
}

/// Disable a service account, or enable it again.
#[utoipa::path(tag = "accounts", security(("bearer" = [])), params(("id" = Uuid, Path), IfMatch))]
#[patch("/service-accounts/{id}")]
pub async fn change_service_account(
    state: Data<State>,
    user: Allow<ManageAccounts>,
    id: Path<String>,
    version: IfMatch,
    json: Json<ServiceAccountPatch>,
) -> Result<Done> {
    let mut db = state.db().await?;
    let id = path_id(&id)?;
    ServiceAccount::disable(&mut db, &user.plain(), id, version, json.disabled).await?;
    Ok(Done)
}

fn service_body(
    areas: &Areas,
    account: &ServiceAccount,
    key: Option<String>,
) -> ServiceAccountBody {
    ServiceAccountBody {
        id: account.id,
        name: account.name.clone(),
        area: areas.code(account.area_id, today()).to_owned(),
        area_name: areas.name(account.area_id, today()),
        disabled: account.disabled,
        version: account.version,
        key,
    }
}
