//! What a split left open, placed by the province.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use super::rows::{self, Placed, Placement};
use super::{Split, undo};
use crate::access::Caller;
use crate::access::allow::{Allow, PlaceSplits, ReadRecords};
use crate::access::state::State;
use crate::areas::{AreaLevel, Areas};
use crate::base::error::{Error, Result, say};
use crate::base::kind::Kind;
use crate::wire::input::{Json, Query};
use crate::wire::paging;
use crate::wire::reply::{Body, Page};

/// A split commune and what still waits in it.
#[derive(Serialize, ToSchema)]
pub struct Placements {
    #[schema(example = "13354")]
    area: String,
    #[schema(example = "Phường Tiên Nội, Tỉnh Hà Nam")]
    area_name: String,
    split_on: NaiveDate,
    successors: Vec<Successor>,
    hamlets: Vec<OpenHamlet>,
    /// Holders that follow no hamlet.
    holders: i64,
    /// Titles of all years that wait, with or without a hamlet.
    titles: i64,
}

#[derive(Serialize, ToSchema)]
pub struct Successor {
    #[schema(example = "13363")]
    code: String,
    name: String,
}

/// A hamlet that waits to be placed.
#[derive(Serialize, ToSchema)]
pub struct OpenHamlet {
    id: Uuid,
    full_name: String,
    /// Who follows it.
    holders: i64,
}

/// A holder that follows no hamlet.
#[derive(Serialize, ToSchema)]
pub struct OpenHolder {
    id: Uuid,
    kind: Kind,
    #[schema(example = "K7M-3QX-9TD")]
    code: String,
    name: String,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OpenQuery {
    limit: Option<i64>,
    cursor: Option<String>,
}

/// A hamlet or holder, and the code of its successor.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceIn {
    id: Uuid,
    #[schema(example = "13363")]
    successor: String,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPlacements {
    /// Everyone who lives there follows, with the titles of all years.
    #[serde(default)]
    #[validate(length(max = 1000))]
    hamlets: Vec<PlaceIn>,
    /// Holders without a hamlet.
    #[serde(default)]
    #[validate(length(max = 20000))]
    holders: Vec<PlaceIn>,
    /// Where all goes that is named nowhere and follows no hamlet.
    rest: Option<String>,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeBack {
    #[serde(default)]
    #[validate(length(max = 1000))]
    hamlets: Vec<Uuid>,
    #[serde(default)]
    #[validate(length(max = 20000))]
    holders: Vec<Uuid>,
    #[validate(length(min = 1, max = 1000))]
    reason: String,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_placements).service(list_open_holders).service(place).service(take_back);
}

/// What a split commune, named by its old code, still leaves open.
#[utoipa::path(tag = "areas", security(("bearer" = [])), params(("code" = String, Path, example = "13354")))]
#[get("/areas/commune/{code}/placements")]
pub async fn get_placements(
    state: Data<State>,
    user: Allow<ReadRecords>,
    code: Path<String>,
) -> Result<Body<Placements>> {
    let areas = state.areas();
    let split = split(&areas, &user, &code)?;
    let open = rows::open(&mut *state.db().await?, &split).await?;
    Ok(Body(body(&areas, &split, open)))
}

/// The holders of a split commune that follow no hamlet.
#[utoipa::path(tag = "areas", security(("bearer" = [])), params(("code" = String, Path, example = "13354"), OpenQuery))]
#[get("/areas/commune/{code}/placements/holders")]
pub async fn list_open_holders(
    state: Data<State>,
    user: Allow<ReadRecords>,
    code: Path<String>,
    query: Query<OpenQuery>,
) -> Result<Page<OpenHolder>> {
    let split = split(&state.areas(), &user, &code)?;
    let limit = paging::limit(query.limit)?;
    let after = paging::after(&*code, query.cursor.as_deref())?;
    let found = rows::open_holders(&mut *state.db().await?, &split, after, limit + 1).await?;
    let (found, next) = paging::cut(found, limit, &*code, |holder| holder.id)?;
    let items = found
        .into_iter()
        .map(|h| OpenHolder { id: h.id, kind: h.kind, code: h.code, name: h.name })
        .collect();
    Ok(Page { items, next, count: None })
}

/// Place hamlets of a split commune in its successors, or what follows no hamlet.
#[utoipa::path(tag = "areas", security(("bearer" = [])), params(("code" = String, Path, example = "13354")))]
#[post("/areas/commune/{code}/placements")]
pub async fn place(
    state: Data<State>,
    user: Allow<PlaceSplits>,
    code: Path<String>,
    json: Json<NewPlacements>,
) -> Result<Body<Placed>> {
    let areas = state.areas();
    let split = placeable(&areas, &user, &code)?;
    let new = read(&areas, &split, &json)?;
    let mut db = state.db().await?;
    Ok(Body(rows::place(&mut db, &user.act(&json), &areas, &split, &new).await?))
}

/// Take placements back while nothing was built on them.
#[utoipa::path(tag = "areas", security(("bearer" = [])), params(("code" = String, Path, example = "13354")))]
#[post("/areas/commune/{code}/placements/undo")]
pub async fn take_back(
    state: Data<State>,
    user: Allow<PlaceSplits>,
    code: Path<String>,
    json: Json<TakeBack>,
) -> Result<Body<Placed>> {
    let areas = state.areas();
    let split = placeable(&areas, &user, &code)?;
    let (act, chosen) = (user.act(&json), (&*json.hamlets, &*json.holders));
    let mut db = state.db().await?;
    Ok(Body(undo::take_back(&mut db, &act, &areas, &split, chosen, &json.reason).await?))
}

/// A split commune that the caller may see.
fn split(areas: &Areas, caller: &Caller, code: &str) -> Result<Split> {
    let split = Split::find(areas, code).ok_or_else(Error::not_found)?;
    if areas.covers(caller.area, split.area) { Ok(split) } else { Err(Error::not_found()) }
}

/// The same for whoever places: the province, which stands above both successors.
fn placeable(areas: &Areas, caller: &Caller, code: &str) -> Result<Split> {
    let split = split(areas, caller, code)?;
    if matches!(areas.get(caller.area).level, AreaLevel::Province | AreaLevel::Country) {
        return Ok(split);
    }
    Err(Error::forbidden(
        "province_places",
        say(
            "Chỉ cấp tỉnh được xếp thôn của xã đã chia tách.",
            "Only the province places what a split left open.",
        ),
    ))
}

fn read(areas: &Areas, split: &Split, new: &NewPlacements) -> Result<Placement> {
    let mut errors = Vec::new();
    let mut goal = |pointer: String, code: &str| match split.successor(areas, &pointer, code) {
        Ok(area) => Some(area),
        Err(error) => {
            errors.extend(error.to_problem().errors);
            None
        }
    };
    let mut each = |name: &str, list: &[PlaceIn]| {
        let with = list.iter().enumerate();
        with.filter_map(|(n, one)| {
            Some((one.id, goal(format!("/{name}/{n}/successor"), &one.successor)?))
        })
        .collect::<Vec<_>>()
    };
    let (hamlets, holders) = (each("hamlets", &new.hamlets), each("holders", &new.holders));
    let rest = new.rest.as_deref().and_then(|code| goal("/rest".to_owned(), code));
    if errors.is_empty() {
        Ok(Placement { hamlets, holders, rest })
    } else {
        Err(Error::invalid(errors))
    }
}

fn body(areas: &Areas, split: &Split, open: rows::Open) -> Placements {
    let before = split.on.pred_opt().unwrap_or(split.on);
    Placements {
        area: areas.code(split.area, before).to_owned(),
        area_name: areas.name(split.area, before),
        split_on: split.on,
        successors: split
            .successors
            .iter()
            .map(|id| Successor {
                code: areas.code(*id, split.on).to_owned(),
                name: areas.name(*id, split.on),
            })
            .collect(),
        hamlets: open
            .hamlets
            .into_iter()
            .map(|(hamlet, holders)| OpenHamlet {
                id: hamlet.id,
                full_name: hamlet.full_name(),
                holders,
            })
            .collect(),
        holders: open.holders,
        titles: open.titles,
    }
}
