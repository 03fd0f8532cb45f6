//! Accounts in numbers, on the wire.

use std::collections::HashSet;

use actix_web::post;
use actix_web::web::{self, Bytes, Data};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use super::list::{self, Wanted};
use super::rows::{Change, Pick, change_all, create_all, taken};
use super::slips::{self, Slip, SlipForm};
use crate::access::Role;
use crate::access::allow::{Allow, ManageAccounts};
use crate::access::state::State;
use crate::areas::Areas;
use crate::base::clock::today;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::version::Version;
use crate::register::accounts::api::manageable;
use crate::register::accounts::rows::User;
use crate::register::accounts::{hash_password, temporary_password};
use crate::wire::input::{Json, Query};
use crate::wire::reply::{Body, Text};
use crate::wire::sheets::child;

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// Of the slips: `html` if not given.
    format: Option<SlipForm>,
}

/// One account and the version on which the change builds.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserRef {
    id: Uuid,
    version: Version,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Disabling {
    #[validate(length(min = 1, max = 1000))]
    users: Vec<UserRef>,
    #[schema(example = "Giải thể Hội Khuyến học xã")]
    #[validate(length(min = 1, max = 1000))]
    reason: String,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    #[validate(length(min = 1, max = 1000))]
    users: Vec<UserRef>,
    /// Code of the area that the accounts work for from now on.
    #[schema(example = "13669")]
    area: String,
    #[schema(example = "Xã cũ chia tách")]
    #[validate(length(min = 1, max = 1000))]
    reason: String,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSlips {
    #[validate(length(min = 1, max = 1000))]
    users: Vec<UserRef>,
    format: Option<SlipForm>,
}

#[derive(Serialize, ToSchema)]
#[schema(as = ChangedUsers)]
pub struct Changed {
    changed: usize,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(create_users).service(renew_slips).service(disable_users).service(transfer_users);
}

/// Make all accounts of a list (CSV, XLSX or XLS with full name, role, commune and, where wanted, user
/// name), or none. The answer is their first passwords as slips to print; it is given this once.
#[utoipa::path(
    tag = "accounts",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    security(("bearer" = [])),
    params(ListQuery)
)]
#[post("/users/list")]
pub async fn create_users(
    state: Data<State>,
    user: Allow<ManageAccounts>,
    query: Query<ListQuery>,
    file: Bytes,
) -> Result<Text> {
    let areas = state.areas();
    let sheets = child::read(&state.shared.program, &file).await?;
    let act = user.act_on(Sha256::digest(&file).into());
    let mut db = state.db().await?;
    let (known, repeated) = (taken(&mut db).await?, act.idempotency.is_some());
    let wanted = list::read(&sheets, &areas, user.area, &known, repeated, today())?;
    let passwords = passwords(wanted.len()).await?;
    let hashed: Vec<(Wanted, String)> =
        wanted.into_iter().zip(passwords.iter().map(|(_, hash)| hash.clone())).collect();
    let ids = create_all(&mut db, &act, &hashed).await?;
    let fresh = users_of(&mut db, &user, &ids).await?;
    // A repeated request leads to the same accounts, but their first passwords are known no more.
    let slips = fresh.iter().zip(&hashed).zip(&passwords).map(|((made, (_, hash)), (plain, _))| {
        let password = if made.password_hash == *hash { plain } else { "" };
        slip(&areas, made, password)
    });
    Ok(printed(&slips.collect::<Vec<_>>(), query.format))
}

/// Give accounts new temporary passwords, as slips to print; their sessions end.
#[utoipa::path(tag = "accounts", security(("bearer" = [])))]
#[post("/users/slips")]
pub async fn renew_slips(
    state: Data<State>,
    user: Allow<ManageAccounts>,
    json: Json<NewSlips>,
) -> Result<Text> {
    let areas = state.areas();
    let picks = picks(&json.users)?;
    let passwords = passwords(picks.len()).await?;
    let hashes: Vec<(Uuid, String)> =
        picks.iter().zip(&passwords).map(|((id, _), (_, hash))| (*id, hash.clone())).collect();
    let mut db = state.db().await?;
    change_all(&mut db, &user.plain(), &picks, &Change::Passwords(&hashes), None).await?;
    let ids: Vec<Uuid> = picks.iter().map(|(id, _)| *id).collect();
    let users = users_of(&mut db, &user, &ids).await?;
    let slips: Vec<Slip> =
        users.iter().zip(&passwords).map(|(user, (plain, _))| slip(&areas, user, plain)).collect();
    Ok(printed(&slips, json.format))
}

/// Disable many accounts at once: all or none.
#[utoipa::path(tag = "accounts", security(("bearer" = [])))]
#[post("/users/disable")]
pub async fn disable_users(
    state: Data<State>,
    user: Allow<ManageAccounts>,
    json: Json<Disabling>,
) -> Result<Body<Changed>> {
    let (act, picks) = (user.act(&json), picks(&json.users)?);
    let mut db = state.db().await?;
    let reason = Some(&*json.reason);
    let changed = change_all(&mut db, &act, &picks, &Change::Disable, reason).await?;
    Ok(Body(Changed { changed }))
}

/// Let many accounts work for another area, such as the successor of a split commune: all or none.
#[utoipa::path(tag = "accounts", security(("bearer" = [])))]
#[post("/users/transfer")]
pub async fn transfer_users(
    state: Data<State>,
    user: Allow<ManageAccounts>,
    json: Json<Transfer>,
) -> Result<Body<Changed>> {
    let (act, picks) = (user.act(&json), picks(&json.users)?);
    let to = manageable(&state.areas(), &user, "/area", &json.area)?;
    let mut db = state.db().await?;
    let reason = Some(&*json.reason);
    let changed = change_all(&mut db, &act, &picks, &Change::Transfer(to), reason).await?;
    Ok(Body(Changed { changed }))
}

fn picks(users: &[UserRef]) -> Result<Vec<Pick>> {
    let mut seen = HashSet::new();
    let repeated = users.iter().enumerate().filter(|(_, user)| !seen.insert(user.id));
    let errors: Vec<FieldError> = repeated
        .map(|(n, _)| {
            let told = say("Tài khoản này có hai lần.", "This account stands twice.");
            FieldError::new(format!("/users/{n}"), "repeated", told)
        })
        .collect();
    if !errors.is_empty() {
        return Err(Error::invalid(errors));
    }
    Ok(users.iter().map(|user| (user.id, user.version)).collect())
}

/// Passwords with their hashes, which cost tens of milliseconds each.
async fn passwords(n: usize) -> Result<Vec<(String, String)>> {
    let make = move || -> Result<Vec<(String, String)>> {
        (0..n)
            .map(|_| {
                let plain = temporary_password();
                let hash = hash_password(&plain)?;
                Ok((plain, hash))
            })
            .collect()
    };
    web::block(make).await.map_err(Error::internal)?
}

async fn users_of(
    db: &mut crate::base::db::Db,
    caller: &crate::access::Caller,
    ids: &[Uuid],
) -> Result<Vec<User>> {
    let mut users = Vec::with_capacity(ids.len());
    for id in ids {
        users.push(User::find(db, caller, *id).await?);
    }
    Ok(users)
}

fn slip(areas: &Areas, user: &User, password: &str) -> Slip {
    Slip {
        full_name: user.full_name.clone(),
        role: Role::vi(user.role).to_owned(),
        area: areas.name(user.area_id, today()),
        username: user.username.clone(),
        password: password.to_owned(),
    }
}

fn printed(slips: &[Slip], form: Option<SlipForm>) -> Text {
    match form.unwrap_or(SlipForm::Html) {
        SlipForm::Text => Text::plain(slips::text(slips)),
        SlipForm::Html => Text {
            content_type: "text/html; charset=utf-8",
            cache: "no-store",
            body: slips::html(slips).into(),
        },
    }
}
