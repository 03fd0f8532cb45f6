//! Duplicates on the wire: the list of probable ones, the merge, its undoing.

use actix_web::web::{Data, Path};
use actix_web::{delete, get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use super::Why;
use super::dismiss::{Both, dismiss, take_back};
use super::merge::{Merge, Wanted};
use super::rows::{Pair, PairFilter, pairs};
use crate::access::allow::{Allow, DismissDuplicates, ReadRecords, WriteRecords};
use crate::access::state::State;
use crate::areas::AreaLevel;
use crate::base::clock::today;
use crate::base::db::Db;
use crate::base::error::{Error, Result};
use crate::base::kind::Kind;
use crate::base::version::Version;
use crate::register::apart::Apart;
use crate::register::holders::api::{HolderBody, bodies};
use crate::register::holders::rows::{Holder, HolderKey};
use crate::wire::input::{IfMatch, Json, Query, path_id};
use crate::wire::paging;
use crate::wire::reply::{Body, Created, Done, Page};

/// Two holders that may be one.
#[derive(Serialize, ToSchema)]
pub struct Duplicate {
    /// The higher, the likelier.
    score: i32,
    why: Vec<Why>,
    one: HolderBody,
    other: HolderBody,
    /// What says that they are not one; with `dismissed=true` only.
    dismissal: Option<Dismissal>,
}

/// Two holders who look alike and are not one.
#[derive(Serialize, ToSchema)]
pub struct Dismissal {
    id: Uuid,
    day: NaiveDate,
    version: Version,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDismissal {
    /// Id or printed code of the one.
    #[schema(example = "K7M-3QX-9TD")]
    #[validate(length(min = 1, max = 100))]
    one: String,
    /// As the caller knows it.
    one_version: Version,
    #[schema(example = "4HW-8PC-2RN")]
    #[validate(length(min = 1, max = 100))]
    other: String,
    other_version: Version,
    #[schema(example = "Hai anh em họ, cùng tên cùng tuổi")]
    #[validate(length(min = 1, max = 1000))]
    reason: String,
}

/// Two holders that were made one.
#[derive(Serialize, ToSchema)]
#[schema(as = Merge)]
pub struct MergeBody {
    id: Uuid,
    /// The id of the holder that stays.
    survivor: Uuid,
    merged: Uuid,
    /// Leads to the survivor from now on.
    #[schema(example = "K7M-3QX-9TD")]
    merged_code: String,
    kind: Kind,
    day: NaiveDate,
    undone_on: Option<NaiveDate>,
    /// Of the survivor, as the merge left it.
    version: Version,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMerge {
    /// Id or printed code of the holder that merges into this one.
    #[schema(example = "K7M-3QX-9TD")]
    #[validate(length(min = 1, max = 100))]
    other: String,
    /// The version of the other that the caller knows; this one's stands in If-Match.
    other_version: Version,
    #[schema(example = "Khai hai lần khi tách thôn")]
    #[validate(length(min = 1, max = 1000))]
    reason: String,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unmerge {
    #[schema(example = "Là hai người trùng tên")]
    #[validate(length(min = 1, max = 1000))]
    reason: String,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DuplicateQuery {
    /// Code of an area within the caller's; the caller's own if not given. Near names are compared
    /// for a commune only.
    #[param(example = "13669")]
    area: Option<String>,
    kind: Option<Kind>,
    /// Those that somebody found not to be one, instead of the others.
    dismissed: Option<bool>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_duplicates)
        .service(dismiss_duplicate)
        .service(suspect_duplicate)
        .service(merge_holder)
        .service(list_merges)
        .service(undo_merge);
}

/// List holders that may be one, the likeliest first, with why.
#[utoipa::path(tag = "holders", security(("bearer" = [])), params(DuplicateQuery))]
#[get("/holders/duplicates")]
pub async fn list_duplicates(
    state: Data<State>,
    user: Allow<ReadRecords>,
    query: Query<DuplicateQuery>,
) -> Result<Page<Duplicate>> {
    let areas = state.areas();
    let limit = paging::limit(query.limit)?;
    let area = match &query.area {
        Some(code) => areas.resolve("?area", code, today())?,
        None => user.area,
    };
    let near = areas.get(area).level == AreaLevel::Commune;
    let dismissed = query.dismissed.unwrap_or(false);
    let filter = PairFilter { area, kind: query.kind, near, dismissed };
    let filters = (&query.area, query.kind, dismissed);
    let after = paging::after(&filters, query.cursor.as_deref())?;
    let mut db = state.db().await?;
    let found = pairs(&mut db, &user, &filter, after, limit + 1).await?;
    let key = |pair: &Pair| (pair.score, pair.one, pair.other);
    let (found, next) = paging::cut(found, limit, &filters, key)?;
    Ok(Page { items: shown(&state, &mut db, found).await?, next, count: None })
}

/// Say that two holders who look alike are not one: they are no probable duplicates, until the name,
/// birth year or hamlet of one of them changes.
#[utoipa::path(tag = "holders", security(("bearer" = [])))]
#[post("/holders/duplicates/dismissals")]
pub async fn dismiss_duplicate(
    state: Data<State>,
    user: Allow<DismissDuplicates>,
    json: Json<NewDismissal>,
) -> Result<Created<Dismissal>> {
    let act = user.act(&json);
    let mut db = state.db().await?;
    let one = Holder::find(&mut db, &user, &HolderKey::parse(&json.one)?).await?;
    let other = Holder::find(&mut db, &user, &HolderKey::parse(&json.other)?).await?;
    let both = Both { one: (&one, json.one_version), other: (&other, json.other_version) };
    let id = dismiss(&mut db, &act, &state.areas(), &both, &json.reason).await?;
    let made = Apart::find(&mut db, &user, id).await?;
    let location = format!("/api/v1/holders/duplicates/dismissals/{id}");
    Ok(Created { location, version: Some(made.version), body: dismissal(&made) })
}

/// Take it back: the two may be one again.
#[utoipa::path(tag = "holders", security(("bearer" = [])), params(("id" = Uuid, Path), IfMatch))]
#[delete("/holders/duplicates/dismissals/{id}")]
pub async fn suspect_duplicate(
    state: Data<State>,
    user: Allow<DismissDuplicates>,
    id: Path<String>,
    version: IfMatch,
) -> Result<Done> {
    let mut db = state.db().await?;
    let known = Apart::find(&mut db, &user, path_id(&id)?).await?;
    take_back(&mut db, &user.plain(), &state.areas(), &known, version).await?;
    Ok(Done)
}

/// Merge another holder into this one: titles, numbers and links join, both histories stay.
#[utoipa::path(tag = "holders", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD"), IfMatch))]
#[post("/holders/{id}/merge")]
pub async fn merge_holder(
    state: Data<State>,
    user: Allow<WriteRecords>,
    id: Path<String>,
    version: IfMatch,
    json: Json<NewMerge>,
) -> Result<Created<MergeBody>> {
    let act = user.act(&json);
    let mut db = state.db().await?;
    let survivor = Holder::find(&mut db, &user, &HolderKey::parse(&id)?).await?;
    let other = Holder::find(&mut db, &user, &HolderKey::parse(&json.other)?).await?;
    let (other_version, reason) = (json.other_version, &*json.reason);
    let wanted = Wanted { survivor: &survivor, other: &other, version, other_version, reason };
    let tools = (state.keys(), &*state.areas());
    let id = Merge::make(&mut db, &act, tools, &wanted).await?;
    let made = Merge::find(&mut db, &user, id).await?;
    let location = format!("/api/v1/holders/{}/merges", made.survivor_id);
    Ok(Created { location, version: Some(made.version), body: body(made) })
}

/// List what was merged into a holder, the latest first.
#[utoipa::path(tag = "holders", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD")))]
#[get("/holders/{id}/merges")]
pub async fn list_merges(
    state: Data<State>,
    user: Allow<ReadRecords>,
    id: Path<String>,
) -> Result<Page<MergeBody>> {
    let mut db = state.db().await?;
    let holder = Holder::find(&mut db, &user, &HolderKey::parse(&id)?).await?;
    let found = Merge::of_holder(&mut db, holder.id).await?;
    Ok(Page { items: found.into_iter().map(body).collect(), next: None, count: None })
}

/// Make two of one again, while neither was changed since.
#[utoipa::path(tag = "holders", security(("bearer" = [])), params(("id" = Uuid, Path)))]
#[post("/merges/{id}/undo")]
pub async fn undo_merge(
    state: Data<State>,
    user: Allow<WriteRecords>,
    id: Path<String>,
    json: Json<Unmerge>,
) -> Result<Body<MergeBody>> {
    let id = path_id(&id)?;
    let mut db = state.db().await?;
    let known = Merge::find(&mut db, &user, id).await?;
    let tools = (state.keys(), &*state.areas());
    Merge::undo(&mut db, &user.act(&json), tools, &known, &json.reason).await?;
    Ok(Body(body(Merge::find(&mut db, &user, id).await?)))
}

async fn shown(state: &State, db: &mut Db, found: Vec<Pair>) -> Result<Vec<Duplicate>> {
    let mut items = Vec::with_capacity(found.len());
    for side in [|pair: &Pair| pair.one, |pair: &Pair| pair.other] {
        let ids: Vec<Uuid> = found.iter().map(side).collect();
        let mut holders = std::collections::HashMap::new();
        for holder in Holder::by_ids(db, &ids).await? {
            holders.insert(holder.id, holder);
        }
        let in_order: Option<Vec<Holder>> = ids.iter().map(|id| holders.get(id).cloned()).collect();
        items.push(bodies(state, db, in_order.ok_or_else(Error::not_found)?).await?);
    }
    let others = items.pop().unwrap_or_default();
    let ones = items.pop().unwrap_or_default();
    let ids: Vec<Uuid> = found.iter().filter_map(|pair| pair.dismissal).collect();
    let dismissals = Apart::by_ids(db, &ids).await?;
    Ok(found
        .into_iter()
        .zip(ones.into_iter().zip(others))
        .map(|(pair, (one, other))| {
            let known = dismissals.iter().find(|known| Some(known.id) == pair.dismissal);
            let dismissal = known.map(dismissal);
            Duplicate { score: pair.score, why: pair.why, one, other, dismissal }
        })
        .collect())
}

fn dismissal(apart: &Apart) -> Dismissal {
    Dismissal { id: apart.id, day: apart.day, version: apart.version }
}

fn body(merge: Merge) -> MergeBody {
    MergeBody {
        id: merge.id,
        survivor: merge.survivor_id,
        merged: merge.merged_id,
        merged_code: merge.merged_code,
        kind: merge.kind,
        day: merge.day,
        undone_on: merge.undone_on,
        version: merge.version,
    }
}
