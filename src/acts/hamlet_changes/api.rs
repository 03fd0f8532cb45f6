//! Changes of hamlets on the wire: from which day, under which document, or as corrections.

use actix_web::web::{Data, Path};
use actix_web::{get, patch, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use super::correct::correct;
use super::rows::HamletChanged;
use super::{ChangeState, NewHamletChange};
use crate::access::allow::{Allow, ReadRecords, WriteRecords};
use crate::access::state::State;
use crate::base::clock::today;
use crate::base::db::Db;
use crate::base::error::{Lang, Result};
use crate::base::version::Version;
use crate::register::hamlets::api::{self as hamlets, HamletBody, commune};
use crate::register::hamlets::names::FormerHamlet;
use crate::register::hamlets::planned::Plan;
use crate::register::hamlets::rows::{Hamlet, HamletChange, full_name};
use crate::register::hamlets::{ChangeAction, marks, writable};
use crate::wire::input::{IfMatch, Json, path_id};
use crate::wire::reply::{Created, Done, Page, Versioned};

/// What is to change. `rename` takes one hamlet, a name and perhaps a type; `convert` a type; `merge`
/// a name and a type for a new hamlet, or the one to go `into`; `dissolve` hamlets where nobody lives.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewChange {
    change: ChangeAction,
    /// The first day on which it holds; a day to come is waited for.
    #[schema(example = "2026-11-01")]
    effective_on: NaiveDate,
    /// The decision that says so.
    #[schema(example = "Nghị quyết 12/NQ-HĐND")]
    #[validate(length(min = 1, max = 500))]
    document: String,
    #[validate(length(min = 1, max = 500))]
    hamlets: Vec<HamletRef>,
    #[schema(example = "tổ dân phố")]
    #[validate(length(min = 1, max = 50))]
    r#type: Option<String>,
    #[schema(example = "số 5")]
    #[validate(length(min = 1, max = 200))]
    name: Option<String>,
    into: Option<HamletRef>,
}

/// A hamlet and the version on which the change builds.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HamletRef {
    id: Uuid,
    version: Version,
}

/// JSON Merge Patch: only what is to change.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HamletPatch {
    #[validate(length(min = 1, max = 50))]
    r#type: Option<String>,
    #[validate(length(min = 1, max = 200))]
    name: Option<String>,
    /// Specially difficult at all times; refused where decisions say when.
    difficult: Option<bool>,
}

/// A change as it was made.
#[derive(Serialize, ToSchema)]
#[schema(as = HamletChange)]
pub struct HamletChangeBody {
    id: Uuid,
    change: ChangeAction,
    effective_on: NaiveDate,
    document: String,
    /// The day on which it was entered.
    day: NaiveDate,
    /// Entered before its day, it is `planned` until then; `failed` if it did not fit on its day.
    state: ChangeState,
    /// The day on which it was withdrawn or taken back.
    undone_on: Option<NaiveDate>,
    /// The hamlets as they were until then, or as they are while it waits.
    hamlets: Vec<FormerBody>,
    /// Why it could not be made on its day.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<FaultBody>,
    version: Version,
}

/// A reason why a change did not fit on its day.
#[derive(Serialize, ToSchema)]
#[schema(as = HamletChangeFault)]
pub struct FaultBody {
    #[schema(example = "hamlet_ended")]
    code: String,
    #[schema(example = "Thôn Đông không còn nữa.")]
    detail: String,
}

/// A hamlet as it was called until a change.
#[derive(Serialize, ToSchema)]
#[schema(as = FormerHamlet)]
pub struct FormerBody {
    id: Uuid,
    #[schema(example = "Thôn Đông")]
    full_name: String,
    /// The last day of this name.
    until: NaiveDate,
    /// The hamlet that stands for it since; none where it was dissolved.
    into: Option<Uuid>,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    #[schema(example = "Nhập nhầm thôn")]
    #[validate(length(min = 1, max = 1000))]
    reason: String,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(change_hamlet)
        .service(list_hamlet_changes)
        .service(make_hamlet_change)
        .service(undo_hamlet_change);
}

/// List what became of the hamlets of a commune, the latest first.
#[utoipa::path(tag = "hamlets", security(("bearer" = [])), params(("code" = String, Path, example = "13669")))]
#[get("/areas/commune/{code}/hamlet-changes")]
pub async fn list_hamlet_changes(
    state: Data<State>,
    user: Allow<ReadRecords>,
    code: Path<String>,
    lang: Lang,
) -> Result<Page<HamletChangeBody>> {
    let areas = state.areas();
    let ending = areas.ending_in(commune(&areas, &user, &code, today())?);
    let mut db = state.db().await?;
    let found = HamletChanged::of_commune(&mut db, &ending).await?;
    let items = bodies(&mut db, found, lang).await?;
    Ok(Page { items, next: None, count: None })
}

/// Rename, convert, merge or dissolve hamlets from a day on, by a document. Before that day nothing
/// changes; it is made when the day begins.
#[utoipa::path(tag = "hamlets", security(("bearer" = [])), params(("code" = String, Path, example = "13669")))]
#[post("/areas/commune/{code}/hamlet-changes")]
pub async fn make_hamlet_change(
    state: Data<State>,
    user: Allow<WriteRecords>,
    code: Path<String>,
    lang: Lang,
    json: Json<NewChange>,
) -> Result<Created<HamletChangeBody>> {
    let areas = state.areas();
    let commune = writable(&areas, &user, commune(&areas, &user, &code, today())?)?;
    let act = user.act(&json);
    let new = json.into_inner().read();
    new.check(today())?;
    let mut db = state.db().await?;
    let id = HamletChanged::enter(&mut db, &act, &areas, commune, &new, today()).await?;
    let made = HamletChanged::find(&mut db, id).await?;
    let version = Some(made.0.version);
    let body = bodies(&mut db, vec![made], lang).await?.remove(0);
    let location = format!("/api/v1/areas/commune/{code}/hamlet-changes");
    Ok(Created { location, version, body })
}

/// Take a change back, while nothing was built on it, or withdraw it before its day.
#[utoipa::path(tag = "hamlets", security(("bearer" = [])), params(("code" = String, Path, example = "13669"), ("id" = Uuid, Path)))]
#[post("/areas/commune/{code}/hamlet-changes/{id}/undo")]
pub async fn undo_hamlet_change(
    state: Data<State>,
    user: Allow<WriteRecords>,
    path: Path<(String, String)>,
    json: Json<Undo>,
) -> Result<Done> {
    let areas = state.areas();
    let commune = writable(&areas, &user, commune(&areas, &user, &path.0, today())?)?;
    let (act, id) = (user.act(&json), path_id(&path.1)?);
    let mut db = state.db().await?;
    HamletChanged::undo(&mut db, &act, &areas, commune, id, &json.reason).await?;
    Ok(Done)
}

/// Correct the name, type or mark of a hamlet, as if it had been so from the first day. What a decision
/// changes on a day is a hamlet change.
#[utoipa::path(tag = "hamlets", security(("bearer" = [])), params(("code" = String, Path, example = "13669"), ("id" = Uuid, Path), IfMatch))]
#[patch("/areas/commune/{code}/hamlets/{id}")]
pub async fn change_hamlet(
    state: Data<State>,
    user: Allow<WriteRecords>,
    path: Path<(String, String)>,
    version: IfMatch,
    json: Json<HamletPatch>,
) -> Result<Versioned<HamletBody>> {
    let areas = state.areas();
    let commune = writable(&areas, &user, commune(&areas, &user, &path.0, today())?)?;
    let mut db = state.db().await?;
    let known = Hamlet::in_chain(&mut db, &areas, commune, path_id(&path.1)?).await?;
    let marks = marks::of_hamlet(&mut db, known.id).await?;
    let patch = json.into_inner();
    let change = HamletChange {
        hamlet_type: patch.r#type.unwrap_or_else(|| known.hamlet_type.clone()),
        name: patch.name.unwrap_or_else(|| known.name.clone()),
        difficult: patch.difficult.unwrap_or_else(|| marks::marked(&marks, today())),
        valid_from: None,
    };
    correct(&mut db, &user.plain(), &areas, commune, &known, version, &change).await?;
    let (body, version) = hamlets::body(&mut db, &areas, known.id).await?;
    Ok(Versioned(body, version))
}

impl NewChange {
    fn read(self) -> NewHamletChange {
        NewHamletChange {
            action: self.change,
            effective_on: self.effective_on,
            document: self.document,
            hamlets: self.hamlets.iter().map(|one| (one.id, Some(one.version))).collect(),
            hamlet_type: self.r#type,
            name: self.name,
            into: self.into.map(|one| (one.id, Some(one.version))),
        }
    }
}

async fn bodies(
    db: &mut Db,
    changes: Vec<(HamletChanged, Vec<FormerHamlet>)>,
    lang: Lang,
) -> Result<Vec<HamletChangeBody>> {
    let mut plans = Vec::new();
    for (change, _) in &changes {
        plans.push(change.read_plan()?);
    }
    let ids: Vec<Uuid> = plans.iter().flat_map(|plan| plan.hamlets.iter().copied()).collect();
    let known = Hamlet::by_ids(db, &ids).await?;
    let told = |((change, former), plan): ((HamletChanged, Vec<FormerHamlet>), Plan)| {
        let until = change.effective_on.pred_opt().unwrap_or(change.effective_on);
        let stays = matches!(change.action, ChangeAction::Rename | ChangeAction::Convert);
        let waiting = known.iter().filter(|hamlet| plan.hamlets.contains(&hamlet.id));
        let waiting = waiting.map(|hamlet| FormerBody {
            id: hamlet.id,
            full_name: hamlet.full_name(),
            until,
            into: if stays { Some(hamlet.id) } else { plan.into },
        });
        let hamlets = if change.state.was_made() {
            former.into_iter().map(FormerBody::from).collect()
        } else {
            waiting.collect()
        };
        body(change, hamlets, lang)
    };
    Ok(changes.into_iter().zip(plans).map(told).collect())
}

fn body(change: HamletChanged, hamlets: Vec<FormerBody>, lang: Lang) -> HamletChangeBody {
    let said = if lang == Lang::Vi { "vi" } else { "en" };
    let faults = change.faults.as_ref().and_then(|faults| faults.as_array());
    let text =
        |fault: &serde_json::Value, name: &str| fault[name].as_str().unwrap_or_default().to_owned();
    HamletChangeBody {
        id: change.id,
        change: change.action,
        effective_on: change.effective_on,
        faults: faults
            .into_iter()
            .flatten()
            .map(|fault| FaultBody { code: text(fault, "code"), detail: text(fault, said) })
            .collect(),
        document: change.document,
        day: change.day,
        state: change.state,
        undone_on: change.undone_on,
        hamlets,
        version: change.version,
    }
}

impl From<FormerHamlet> for FormerBody {
    fn from(name: FormerHamlet) -> Self {
        Self {
            id: name.hamlet_id,
            full_name: full_name(&name.hamlet_type, &name.name),
            until: name.valid_to,
            into: name.into_id,
        }
    }
}
