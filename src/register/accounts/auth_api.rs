//! Log-in, refresh, log-out, one's own account.

use actix_web::web::Data;
use actix_web::{HttpRequest, get, post, web};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::rows::User;
use super::service_rows::ServiceAccount;
use super::{check_password, hash_password, session, verify_password};
use crate::access::allow::{Allow, Self_};
use crate::access::state::State;
use crate::access::{Caller, Role, token};
use crate::base::clock::today;
use crate::base::error::{Error, FieldError, Result, say};
use crate::wire::input::Json;
use crate::wire::reply::{Body, Done};

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    #[schema(example = "recorder.13669")]
    #[validate(length(min = 1, max = 64))]
    username: String,
    #[schema(example = "kiên-trì-học-tập")]
    #[validate(length(min = 1, max = 200))]
    password: String,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    #[schema(example = "xh0Ik3Ck8yYw0m8S0sQH2cM1o1mS7dY1c0pXk0m3b7E")]
    #[validate(length(min = 1, max = 100))]
    refresh_token: String,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceKey {
    /// The key that was shown when the service account was made.
    #[schema(example = "Qp3r2m0vJm1o9bq3mZ3T1n8jW6u0yS4kF5xL7cB2dEg")]
    #[validate(length(min = 1, max = 100))]
    key: String,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    #[validate(length(min = 1, max = 200))]
    current: String,
    /// 12 to 200 characters, without the user name.
    #[schema(example = "học-suốt-đời-không-nghỉ")]
    #[validate(length(min = 1, max = 200))]
    new: String,
}

/// Tokens for the next requests: `Authorization: Bearer <access_token>`.
#[derive(Serialize, ToSchema)]
pub struct Tokens {
    access_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds.
    #[schema(example = 900)]
    expires_in: i64,
    /// Good once; none for service accounts, which exchange their key again.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// The password was given by an administrator and must be changed first.
    password_temporary: bool,
}

/// The account of the caller.
#[derive(Serialize, ToSchema)]
pub struct Me {
    id: uuid::Uuid,
    #[schema(example = "recorder.13669")]
    username: String,
    full_name: Option<String>,
    role: Role,
    /// Code of its area today.
    #[schema(example = "13669")]
    area: String,
    #[schema(example = "Phường Nam Định, Tỉnh Ninh Bình")]
    area_name: String,
    password_temporary: bool,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(login)
        .service(refresh)
        .service(service_token)
        .service(logout)
        .service(me)
        .service(change_password);
}

/// Log in. Failures are counted for the name and the address, and answered with 429 after some.
#[utoipa::path(tag = "accounts")]
#[post("/auth/login")]
pub async fn login(
    state: Data<State>,
    request: HttpRequest,
    body: Json<Login>,
) -> Result<Body<Tokens>> {
    let Login { username, password } = body.into_inner();
    let subject = |kind: &str, text: &str| state.keys().digest(kind, text).1;
    let name = subject("login-name", &username);
    let address =
        subject("login-address", &crate::access::client::client_address(&request, state.config()));
    let mut db = state.db().await?;
    session::throttle(&mut db, &name, &address).await?;
    let user = User::by_name(&mut db, &username).await?.filter(|user| !user.disabled);
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let right = web::block(move || verify_password(hash.as_deref(), &password))
        .await
        .map_err(Error::internal)?;
    let Some(user) = user.filter(|_| right) else {
        session::note_failure(&mut db, &name, &address).await?;
        return Err(Error::unauthorized(
            "login_failed",
            say("Sai tên đăng nhập hoặc mật khẩu.", "Wrong user name or password."),
        ));
    };
    session::forget_failures(&mut db, &name).await?;
    let started = session::start(&mut db, user).await?;
    tokens(&state, &started.caller(), Some(started.refresh_token), started.user.password_temporary)
}

/// Exchange a refresh token; each is good once.
#[utoipa::path(tag = "accounts")]
#[post("/auth/refresh")]
pub async fn refresh(state: Data<State>, body: Json<Refresh>) -> Result<Body<Tokens>> {
    let mut db = state.db().await?;
    let started = session::refresh(&mut db, &body.refresh_token).await?;
    tokens(&state, &started.caller(), Some(started.refresh_token), started.user.password_temporary)
}

/// Exchange the key of a service account for an access token.
#[utoipa::path(tag = "accounts")]
#[post("/auth/token")]
pub async fn service_token(state: Data<State>, body: Json<ServiceKey>) -> Result<Body<Tokens>> {
    let mut db = state.db().await?;
    let account = ServiceAccount::by_key(&mut db, &body.key).await?.ok_or_else(|| {
        Error::unauthorized("key_invalid", say("Khóa không hợp lệ.", "The key is not valid."))
    })?;
    tokens(&state, &account.caller(), None, false)
}

fn tokens(
    state: &State,
    caller: &Caller,
    refresh_token: Option<String>,
    password_temporary: bool,
) -> Result<Body<Tokens>> {
    Ok(Body(Tokens {
        access_token: token::issue(state.keys(), caller)?,
        token_type: "Bearer",
        expires_in: token::LIFETIME,
        refresh_token,
        password_temporary,
    }))
}

/// End the session; its tokens are refused within five seconds.
#[utoipa::path(tag = "accounts", security(("bearer" = [])))]
#[post("/auth/logout")]
pub async fn logout(state: Data<State>, user: Allow<Self_>) -> Result<Done> {
    if let Some(session) = user.session {
        session::end(&mut *state.db().await?, session).await?;
    }
    Ok(Done)
}

/// The caller's own account.
#[utoipa::path(tag = "accounts", security(("bearer" = [])))]
#[get("/me")]
pub async fn me(state: Data<State>, user: Allow<Self_>) -> Result<Body<Me>> {
    let mut db = state.db().await?;
    let areas = state.areas();
    let account = User::by_name(&mut db, &user.name).await?.filter(|found| found.id == user.id);
    Ok(Body(Me {
        id: user.id,
        username: user.name.clone(),
        full_name: account.as_ref().map(|a| a.full_name.clone()),
        role: user.role,
        area: areas.code(user.area, today()).to_owned(),
        area_name: areas.name(user.area, today()),
        password_temporary: account.is_some_and(|a| a.password_temporary),
    }))
}

/// Change the caller's own password; the other sessions end.
#[utoipa::path(tag = "accounts", security(("bearer" = [])))]
#[post("/me/password")]
pub async fn change_password(
    state: Data<State>,
    user: Allow<Self_>,
    body: Json<PasswordChange>,
) -> Result<Done> {
    let act = user.plain();
    let PasswordChange { current, new } = body.into_inner();
    let mut db = state.db().await?;
    let account = User::by_name(&mut db, &user.name).await?.filter(|found| found.id == user.id);
    let account = account.ok_or_else(Error::not_found)?;
    let mut errors = check_password("/new", &new, &account.username);
    if new == current {
        let sentence =
            say("Mật khẩu mới phải khác mật khẩu cũ.", "The new password is the old one.");
        errors.push(FieldError::new("/new", "password_unchanged", sentence));
    }
    let (right, hash) = web::block(move || {
        (verify_password(Some(&account.password_hash), &current), hash_password(&new))
    })
    .await
    .map_err(Error::internal)?;
    if !right {
        let sentence = say("Mật khẩu hiện tại không đúng.", "The current password is wrong.");
        errors.push(FieldError::new("/current", "password_wrong", sentence));
    }
    if !errors.is_empty() {
        return Err(Error::invalid(errors));
    }
    User::set_password(&mut db, &act, user.id, &hash?, false, user.session).await?;
    Ok(Done)
}
