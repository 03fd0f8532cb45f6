//! Titles on the wire: registered, scored, stepped, listed.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, patch, post, put};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::Step;
use super::change::{self, Scores};
use super::choice::{Choice, Named, RecordRef, Selection};
use super::rows::{self, Title, TitleKey};
use crate::auth::allow::{Allow, ReadRecords, ReturnTitles, WriteRecords};
use crate::auth::{Act, Caller};
use crate::criteria::{Assessment, Score, rows as criteria_rows};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::hamlets::rows::Hamlet;
use crate::holders::rows::{Holder, HolderKey};
use crate::input::{IfMatch, Json, present};
use crate::kind::{Group, Kind, Level, Status, Year};
use crate::reply::{Body, Done, Page, Versioned};
use crate::state::State;
use crate::version::Version;

/// A title.
#[derive(Serialize, ToSchema)]
#[schema(as = Title)]
pub struct TitleBody {
    holder_id: Uuid,
    /// The holder's printed code.
    #[schema(example = "K7M-3QX-9TD")]
    code: String,
    #[schema(example = "Trần Văn Bình")]
    name: String,
    hamlet_name: Option<String>,
    kind: Kind,
    level: Level,
    year: Year,
    /// Code of the area in which it was registered, as of that day.
    #[schema(example = "13669")]
    area: String,
    area_name: String,
    group: Option<Group>,
    status: Status,
    /// Under a set of grades.
    grade: Option<String>,
    registered_on: NaiveDate,
    /// Whether the lower threshold of difficult areas holds.
    difficult: bool,
    own_score: Option<Score>,
    verified_score: Option<Score>,
    /// What the verified score (or else its own) comes to, what it lacks, what could not be checked.
    assessment: Assessment,
    /// The criteria set that was applied.
    criteria_set: Option<Uuid>,
    decision: Option<Uuid>,
    import: Option<Uuid>,
    /// The last year in which it is in force, once recognised.
    valid_through: i16,
    /// Something of it came after its deadline, or after its commune had closed.
    late: bool,
    version: Version,
}

impl TitleBody {
    /// One line: what, for which year, where it stands, by what score.
    pub fn printed(&self) -> String {
        let score = self.verified_score.as_ref().or(self.own_score.as_ref());
        let total = score.and_then(|score| score.total.as_ref());
        let total = total.map(|total| format!(", {total} điểm")).unwrap_or_default();
        let (kind, level, year) = (self.kind.vi(), self.level.vi(), self.year);
        format!("{kind} {level} năm {year}, {}: {}{total}", self.area_name, self.status.vi())
    }
}

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
    let found = Title::of_holder(&mut db, &user, holder.id).await?;
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
    crate::hamlets::writable(&areas, &user, holder.area_id)?;
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
    if step != Step::Return && !user.role.may(crate::auth::Permission::WriteRecords) {
        return Err(Error::forbidden(
            "role_not_allowed",
            crate::error::say(
                "Vai trò này chỉ được trả lại hồ sơ.",
                "This role may only return titles.",
            ),
        ));
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
    let (title, _) = Title::find(&mut db, &act.caller, key).await?;
    rows::writable(&areas, &act.caller, &title)?;
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

fn year_of(year: i16) -> Result<Year> {
    Year::try_from(year).map_err(|_| Error::not_found())
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
    let found = [Title::find(db, caller, key).await?];
    let version = found[0].0.version;
    let body = bodies(state, db, &found).await?.pop().ok_or_else(Error::not_found)?;
    Ok(Versioned(body, version))
}

pub async fn bodies(
    state: &State,
    db: &mut Db,
    found: &[(Title, Holder)],
) -> Result<Vec<TitleBody>> {
    let areas = state.areas();
    let sets = criteria_rows::all(db).await?;
    let hamlets: Vec<Uuid> = found.iter().filter_map(|(_, h)| h.hamlet_id).collect();
    let hamlets = Hamlet::by_ids(db, &hamlets).await?;
    found
        .iter()
        .map(|(title, holder)| {
            let (own, verified) = (title.own(), title.verified());
            let set = sets.iter().find(|set| Some(set.id) == title.criteria_set_id);
            let assessment = match (set, verified.as_ref().or(own.as_ref())) {
                (Some(set), Some(score)) => score.assess(set.scheme, &set.rules, title.difficult),
                _ => {
                    Assessment { outcome: title.outcome, lacks: Vec::new(), unchecked: Vec::new() }
                }
            };
            let hamlet = hamlets.iter().find(|h| Some(h.id) == holder.hamlet_id);
            Ok(TitleBody {
                holder_id: title.holder_id,
                code: holder.code.clone(),
                name: holder.name.clone(),
                hamlet_name: hamlet.map(Hamlet::full_name),
                kind: title.kind,
                level: title.level,
                year: year_of(title.year)?,
                area: areas.code(title.area_id, title.registered_on).to_owned(),
                area_name: areas.name(title.area_id, title.registered_on),
                group: Group::parse(&title.group_code),
                status: title.status,
                grade: Some(title.grade.clone()).filter(|grade| !grade.is_empty()),
                registered_on: title.registered_on,
                difficult: title.difficult,
                own_score: own,
                verified_score: verified,
                assessment,
                criteria_set: title.criteria_set_id,
                decision: title.decision_id,
                import: title.import_id,
                valid_through: title.valid_through,
                late: title.late,
                version: title.version,
            })
        })
        .collect()
}
