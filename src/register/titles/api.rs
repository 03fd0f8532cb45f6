//! Titles on the wire: registered, scored, stepped, listed.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post, put};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::Step;
use super::body::{TitleBody, bodies, year_of};
use super::change::{self, Scores};
use super::choice::{Choice, Named, RecordRef, Selection};
use super::chosen;
use super::rows::{Title, TitleKey};
use crate::access::allow::{Allow, ReadRecords, ReturnTitles, WriteRecords, not_allowed};
use crate::access::state::State;
use crate::access::{Act, Caller, Permission};
use crate::base::db::Db;
use crate::base::error::{Error, Result};
use crate::base::kind::{Level, Year};
use crate::register::criteria::Score;
use crate::register::holders::rows::{Holder, HolderKey};
use crate::wire::input::{IfMatch, Json, present};
use crate::wire::reply::{Body, Done, Page, Versioned};

/// Registering takes no more than its address, and after the deadline a reason.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// Needed when it comes late.
    #[schema(example = "Hộ mới chuyển về")]
    #[validate(length(max = 1000))]
    reason: Option<String>,
}

/// JSON Merge Patch of the scores; null removes.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScorePatch {
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Score>)]
    own_score: Option<Option<Score>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Score>)]
    verified_score: Option<Option<Score>>,
    /// Needed when it comes late.
    #[validate(length(max = 1000))]
    reason: Option<String>,
}

/// The score that the step brings, if it was not stored before.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScoreStep {
    score: Option<Score>,
    /// Needed when it comes late.
    #[validate(length(max = 1000))]
    reason: Option<String>,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReasonStep {
    #[schema(example = "Thiếu minh chứng")]
    #[validate(length(min = 1, max = 1000))]
    reason: String,
}

crate::text_enum! {
    /// The steps that need no decision.
    pub enum BatchStep {
        Assess = "assess",
        Verify = "verify",
        Return = "return",
        Withdraw = "withdraw",
        Reopen = "reopen",
    }
}

/// One step for many titles: all or none.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Steps {
    step: BatchStep,
    /// Needed to return, withdraw or reopen, and when scores come late.
    #[validate(length(max = 1000))]
    reason: Option<String>,
    /// At most 20,000.
    records: Option<Vec<RecordRef>>,
    select: Option<Selection>,
    /// How many titles `select` must find.
    expected: Option<i64>,
}

#[derive(Serialize, ToSchema)]
pub struct Changed {
    changed: usize,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(step_titles)
        .service(list_titles_of_holder)
        .service(get_title)
        .service(register_title)
        .service(score_title)
        .service(delete_title)
        .service(assess_title)
        .service(verify_title)
        .service(return_title)
        .service(withdraw_title)
        .service(reopen_title);
}

/// The titles of a holder, the latest first.
#[utoipa::path(tag = "titles", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD")))]
#[get("/holders/{id}/titles")]
pub async fn list_titles_of_holder(
    state: Data<State>,
    user: Allow<ReadRecords>,
    id: Path<String>,
) -> Result<Page<TitleBody>> {
    let mut db = state.db().await?;
    let holder = Holder::find(&mut db, &user, &HolderKey::parse(&id)?).await?;
    let found = Title::of_holder(&mut db, &state.areas(), &user, &holder).await?;
    Ok(Page { items: bodies(&state, &mut db, &found).await?, next: None, count: None })
}

/// One title.
#[utoipa::path(tag = "titles", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD"), ("year" = Year, Path), ("level" = Level, Path)))]
#[get("/holders/{id}/titles/{year}/{level}")]
pub async fn get_title(
    state: Data<State>,
    user: Allow<ReadRecords>,
    path: Path<(String, String, String)>,
) -> Result<Versioned<TitleBody>> {
    let mut db = state.db().await?;
    let key = key(&mut db, &user, &path).await?;
    read(&state, &mut db, &user, key).await
}

/// Register a holder for a year. Registering again changes nothing.
#[utoipa::path(tag = "titles", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD"), ("year" = Year, Path), ("level" = Level, Path)))]
#[put("/holders/{id}/titles/{year}/{level}")]
pub async fn register_title(
    state: Data<State>,
    user: Allow<WriteRecords>,
    path: Path<(String, String, String)>,
    json: Json<Registration>,
) -> Result<Versioned<TitleBody>> {
    let areas = state.areas();
    let mut db = state.db().await?;
    let key = key(&mut db, &user, &path).await?;
    let holder = Holder::find(&mut db, &user, &HolderKey::Id(key.0)).await?;
    crate::register::hamlets::writable(&areas, &user, holder.area_id)?;
    let reason = json.reason.as_deref();
    change::register(&mut db, &user.plain(), &areas, &holder, (key.1, key.2), reason).await?;
    read(&state, &mut db, &user, key).await
}

/// Store scores while the title is open.
#[utoipa::path(tag = "titles", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD"), ("year" = Year, Path), ("level" = Level, Path), IfMatch))]
#[patch("/holders/{id}/titles/{year}/{level}")]
pub async fn score_title(
    state: Data<State>,
    user: Allow<WriteRecords>,
    path: Path<(String, String, String)>,
    version: IfMatch,
    json: Json<ScorePatch>,
) -> Result<Versioned<TitleBody>> {
    let mut db = state.db().await?;
    let key = key(&mut db, &user, &path).await?;
    let patch = json.into_inner();
    let scores = Scores { own: patch.own_score, verified: patch.verified_score };
    let reason = patch.reason.as_deref();
    let (act, areas) = (user.plain(), state.areas());
    change::store_scores(&mut db, &act, &areas, key, version, &scores, reason).await?;
    read(&state, &mut db, &user, key).await
}

/// Take a registration back. What went further is withdrawn instead.
#[utoipa::path(tag = "titles", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD"), ("year" = Year, Path), ("level" = Level, Path), IfMatch))]
#[delete("/holders/{id}/titles/{year}/{level}")]
pub async fn delete_title(
    state: Data<State>,
    user: Allow<WriteRecords>,
    path: Path<(String, String, String)>,
    version: IfMatch,
) -> Result<Done> {
    let mut db = state.db().await?;
    let key = key(&mut db, &user, &path).await?;
    change::delete(&mut db, &user.plain(), &state.areas(), key, version).await?;
    Ok(Done)
}

/// The holder has scored itself.
#[utoipa::path(tag = "titles", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD"), ("year" = Year, Path), ("level" = Level, Path), IfMatch))]
#[post("/holders/{id}/titles/{year}/{level}/assess")]
pub async fn assess_title(
    state: Data<State>,
    user: Allow<WriteRecords>,
    path: Path<(String, String, String)>,
    version: IfMatch,
    json: Json<ScoreStep>,
) -> Result<Versioned<TitleBody>> {
    let act = user.act(&json);
    let reason = json.reason.as_deref();
    one(&state, act, &path, version, Step::Assess, json.score.as_ref(), reason).await
}

/// The commune's association has verified it; without a score, it confirms the holder's own.
#[utoipa::path(tag = "titles", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD"), ("year" = Year, Path), ("level" = Level, Path), IfMatch))]
#[post("/holders/{id}/titles/{year}/{level}/verify")]
pub async fn verify_title(
    state: Data<State>,
    user: Allow<WriteRecords>,
    path: Path<(String, String, String)>,
    version: IfMatch,
    json: Json<ScoreStep>,
) -> Result<Versioned<TitleBody>> {
    let act = user.act(&json);
    let reason = json.reason.as_deref();
    one(&state, act, &path, version, Step::Verify, json.score.as_ref(), reason).await
}

/// Send it back for correction.
#[utoipa::path(tag = "titles", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD"), ("year" = Year, Path), ("level" = Level, Path), IfMatch))]
#[post("/holders/{id}/titles/{year}/{level}/return")]
pub async fn return_title(
    state: Data<State>,
    user: Allow<ReturnTitles>,
    path: Path<(String, String, String)>,
    version: IfMatch,
    json: Json<ReasonStep>,
) -> Result<Versioned<TitleBody>> {
    let act = user.act(&json);
    one(&state, act, &path, version, Step::Return, None, Some(&json.reason)).await
}

/// It dropped out after registering.
#[utoipa::path(tag = "titles", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD"), ("year" = Year, Path), ("level" = Level, Path), IfMatch))]
#[post("/holders/{id}/titles/{year}/{level}/withdraw")]
pub async fn withdraw_title(
    state: Data<State>,
    user: Allow<WriteRecords>,
    path: Path<(String, String, String)>,
    version: IfMatch,
    json: Json<ReasonStep>,
) -> Result<Versioned<TitleBody>> {
    let act = user.act(&json);
    one(&state, act, &path, version, Step::Withdraw, None, Some(&json.reason)).await
}

/// Open what was withdrawn, declined or revoked again.
#[utoipa::path(tag = "titles", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD"), ("year" = Year, Path), ("level" = Level, Path), IfMatch))]
#[post("/holders/{id}/titles/{year}/{level}/reopen")]
pub async fn reopen_title(
    state: Data<State>,
    user: Allow<WriteRecords>,
    path: Path<(String, String, String)>,
    version: IfMatch,
    json: Json<ReasonStep>,
) -> Result<Versioned<TitleBody>> {
    let act = user.act(&json);
    one(&state, act, &path, version, Step::Reopen, None, Some(&json.reason)).await
}

/// Take one step with many titles: all of them or none.
#[utoipa::path(tag = "titles", security(("bearer" = [])))]
#[post("/titles/steps")]
pub async fn step_titles(
    state: Data<State>,
    user: Allow<ReturnTitles>,
    json: Json<Steps>,
) -> Result<Body<Changed>> {
    let areas = state.areas();
    let act = user.act(&json);
    let steps = json.into_inner();
    let step = steps.step.step();
    if step != Step::Return && !user.role.may(Permission::WriteRecords) {
        return Err(not_allowed(user.role, Permission::WriteRecords));
    }
    let named = Named { records: steps.records, select: steps.select, expected: steps.expected };
    let choice = named.check(&areas, "")?;
    let mut db = state.db().await?;
    let reason = steps.reason.as_deref();
    let changed = change::step(&mut db, &act, &areas, &choice, step, None, reason).await?;
    Ok(Body(Changed { changed }))
}

impl BatchStep {
    fn step(self) -> Step {
        match self {
            Self::Assess => Step::Assess,
            Self::Verify => Step::Verify,
            Self::Return => Step::Return,
            Self::Withdraw => Step::Withdraw,
            Self::Reopen => Step::Reopen,
        }
    }
}

async fn one(
    state: &State,
    act: Act,
    path: &(String, String, String),
    version: IfMatch,
    step: Step,
    score: Option<&Score>,
    reason: Option<&str>,
) -> Result<Versioned<TitleBody>> {
    let areas = state.areas();
    let mut db = state.db().await?;
    let key = key(&mut db, &act.caller, path).await?;
    let (title, _) = Title::find(&mut db, &areas, &act.caller, key).await?;
    chosen::writable(&areas, &act.caller, &title)?;
    // The same request again finds the title changed by itself: the ledger knows it by its key.
    let version = match (version.version(), &act.idempotency) {
        (Some(known), Some(_)) => known,
        _ => {
            version.check(title.version)?;
            title.version
        }
    };
    let record = RecordRef { holder_id: key.0, year: year_of(key.1)?, level: key.2, version };
    let choice = Choice::Records { at: String::new(), records: vec![record] };
    let done = change::step(&mut db, &act, &areas, &choice, step, score, reason).await;
    done.map_err(sole)?;
    read(state, &mut db, &act.caller, key).await
}

/// The refusal of the only title of a request is the request's own.
fn sole(error: Error) -> Error {
    match error {
        Error::Problem(mut problem) if problem.code == "titles_refused" => {
            if let Some(refusal) = problem.errors.pop() {
                problem.code = refusal.code;
                problem.detail = refusal.detail;
            }
            if problem.code == "stale_version" {
                problem.status = actix_web::http::StatusCode::PRECONDITION_FAILED;
            }
            Error::Problem(problem)
        }
        other => other,
    }
}

pub(super) async fn key(
    db: &mut Db,
    caller: &Caller,
    (id, year, level): &(String, String, String),
) -> Result<TitleKey> {
    let year = year.parse().map_err(|_| Error::not_found()).and_then(year_of)?;
    let level = Level::parse(level).ok_or_else(Error::not_found)?;
    let id = match HolderKey::parse(id)? {
        HolderKey::Id(id) => id,
        code => Holder::find(db, caller, &code).await?.id,
    };
    Ok((id, year.get(), level))
}

pub(super) async fn read(
    state: &State,
    db: &mut Db,
    caller: &Caller,
    key: TitleKey,
) -> Result<Versioned<TitleBody>> {
    let found = [Title::find(db, &state.areas(), caller, key).await?.0];
    let version = found[0].version;
    let body = bodies(state, db, &found).await?.pop().ok_or_else(Error::not_found)?;
    Ok(Versioned(body, version))
}
