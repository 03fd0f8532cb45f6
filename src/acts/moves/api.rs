//! Moves on the wire: claimed by the destination, seen by the source, taken back by either.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use super::Direction;
use super::rows::{Claim, Move, MoveFilter, Who};
use crate::access::allow::{Allow, ReadRecords, WriteRecords};
use crate::access::state::State;
use crate::areas::Areas;
use crate::base::clock::today;
use crate::base::db::Db;
use crate::base::error::{Error, Result, say};
use crate::base::kind::{Kind, Level, Year};
use crate::register::hamlets::rows::Hamlet;
use crate::register::hamlets::writable;
use crate::register::holders::entry::check_place;
use crate::register::holders::{Details, code, read_number};
use crate::wire::input::{Json, Query, path_id};
use crate::wire::paging;
use crate::wire::reply::{Body, Created, Page};

/// A holder that left one commune for another.
#[derive(Serialize, ToSchema)]
#[schema(as = Move)]
pub struct MoveBody {
    id: Uuid,
    holder_id: Uuid,
    #[schema(example = "K7M-3QX-9TD")]
    code: String,
    kind: Kind,
    /// None once the holder was merged into another.
    name: Option<String>,
    from: PlaceBody,
    to: PlaceBody,
    /// The day of the register on which it was claimed.
    day: NaiveDate,
    /// The move of the family that this person came along with.
    with: Option<Uuid>,
    /// The titles that followed.
    titles: Vec<FollowedTitle>,
    taken_back_on: Option<NaiveDate>,
}

#[derive(Serialize, ToSchema)]
pub struct PlaceBody {
    #[schema(example = "13669")]
    area: String,
    area_name: String,
    hamlet: Option<Uuid>,
    hamlet_name: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct FollowedTitle {
    year: Year,
    level: Level,
}

/// A claim: with the printed code, or with the number and its kind, which stand in the body so that
/// no address or log holds them.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMove {
    /// Code of the commune of destination.
    #[schema(example = "13669")]
    area: String,
    hamlet: Option<Uuid>,
    /// The code that is printed on every list.
    #[schema(example = "K7M-3QX-9TD")]
    code: Option<String>,
    /// Of a citizen, a unit, or a family's head.
    number: Option<String>,
    /// Whose number it is.
    kind: Option<Kind>,
    /// The citizens of a family come along.
    #[serde(default)]
    with_members: bool,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeBack {
    #[schema(example = "Nhận nhầm người trùng tên")]
    #[validate(length(min = 1, max = 1000))]
    reason: String,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MoveQuery {
    /// Code of an area; the caller's own if not given.
    #[param(example = "13669")]
    area: Option<String>,
    direction: Option<Direction>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_moves).service(claim_move).service(get_move).service(take_back_move);
}

/// List who came to an area and who left it, the latest first.
#[utoipa::path(tag = "moves", security(("bearer" = [])), params(MoveQuery))]
#[get("/moves")]
pub async fn list_moves(
    state: Data<State>,
    user: Allow<ReadRecords>,
    query: Query<MoveQuery>,
) -> Result<Page<MoveBody>> {
    let areas = state.areas();
    let limit = paging::limit(query.limit)?;
    let area = match &query.area {
        Some(code) => areas.resolve("?area", code, today())?,
        None => user.area,
    };
    let filter = MoveFilter { area: Some(area), direction: query.direction };
    let filters = (&query.area, query.direction);
    let before = paging::after(&filters, query.cursor.as_deref())?;
    let mut db = state.db().await?;
    let found = Move::list(&mut db, &user, &filter, before, limit + 1).await?;
    let (found, next) = paging::cut(found, limit, &filters, |(moved, _)| moved.id)?;
    Ok(Page { items: bodies(&areas, &mut db, found).await?, next, count: None })
}

/// Claim a holder that came from another commune.
#[utoipa::path(tag = "moves", security(("bearer" = [])))]
#[post("/moves")]
pub async fn claim_move(
    state: Data<State>,
    user: Allow<WriteRecords>,
    json: Json<NewMove>,
) -> Result<Created<MoveBody>> {
    let areas = state.areas();
    let act = user.act(&json);
    let new = json.into_inner();
    let to = writable(&areas, &user, areas.resolve("/area", &new.area, today())?)?;
    let who = new.who()?;
    let mut db = state.db().await?;
    check_place(&areas, &mut db, Kind::Family, to, new.hamlet).await?;
    let claim = Claim { who, to, hamlet: new.hamlet, with_members: new.with_members };
    let id = Move::claim(&mut db, &act, (state.keys(), &areas), &claim).await?;
    let made = Move::find(&mut db, &user, id).await?;
    let version = Some(made.0.version);
    let body = one(&areas, &mut db, made).await?;
    Ok(Created { location: format!("/api/v1/moves/{id}"), version, body })
}

/// One move.
#[utoipa::path(tag = "moves", security(("bearer" = [])), params(("id" = Uuid, Path)))]
#[get("/moves/{id}")]
pub async fn get_move(
    state: Data<State>,
    user: Allow<ReadRecords>,
    id: Path<String>,
) -> Result<Body<MoveBody>> {
    let mut db = state.db().await?;
    let found = Move::find(&mut db, &user, path_id(&id)?).await?;
    Ok(Body(one(&state.areas(), &mut db, found).await?))
}

/// Take a wrong claim back, by the commune that lost the holder or by the one that claimed it.
#[utoipa::path(tag = "moves", security(("bearer" = [])), params(("id" = Uuid, Path)))]
#[post("/moves/{id}/take-back")]
pub async fn take_back_move(
    state: Data<State>,
    user: Allow<WriteRecords>,
    id: Path<String>,
    json: Json<TakeBack>,
) -> Result<Body<MoveBody>> {
    let areas = state.areas();
    let id = path_id(&id)?;
    let mut db = state.db().await?;
    Move::take_back(&mut db, &user.act(&json), &areas, id, &json.reason).await?;
    let found = Move::find(&mut db, &user, id).await?;
    Ok(Body(one(&areas, &mut db, found).await?))
}

impl NewMove {
    fn who(&self) -> Result<Who> {
        match (&self.code, &self.number, self.kind) {
            (Some(text), None, _) => code::parse(text).map(Who::Code).ok_or_else(|| {
                Error::invalid_field(
                    "/code",
                    "code_form",
                    say("Mã này viết sai; hãy xem lại.", "This is no printed code."),
                )
            }),
            (None, Some(number), Some(kind)) => {
                let unknown = Details::Clan(Default::default());
                read_number(kind, number, &unknown).map(Who::Number)
            }
            _ => Err(Error::invalid_field(
                "/code",
                "code_or_number",
                say(
                    "Cần ghi hoặc mã in trên danh sách (code), hoặc số (number) kèm loại (kind).",
                    "Give either the printed code, or the number and its kind.",
                ),
            )),
        }
    }
}

async fn one(areas: &Areas, db: &mut Db, found: (Move, Option<String>)) -> Result<MoveBody> {
    bodies(areas, db, vec![found]).await?.pop().ok_or_else(Error::not_found)
}

async fn bodies(
    areas: &Areas,
    db: &mut Db,
    found: Vec<(Move, Option<String>)>,
) -> Result<Vec<MoveBody>> {
    let ids: Vec<Uuid> =
        found.iter().flat_map(|(m, _)| [m.from_hamlet_id, m.to_hamlet_id]).flatten().collect();
    let hamlets = Hamlet::by_ids(db, &ids).await?;
    let place = |area: i32, hamlet: Option<Uuid>, on: NaiveDate| {
        let area = areas.chain(area, None);
        PlaceBody {
            area: areas.code(area, on).to_owned(),
            area_name: areas.name(area, on),
            hamlet,
            hamlet_name: hamlets.iter().find(|h| Some(h.id) == hamlet).map(Hamlet::full_name),
        }
    };
    found
        .into_iter()
        .map(|(moved, name)| {
            let titles = moved.kept().into_iter().map(|kept| {
                let year = Year::try_from(kept.year).map_err(Error::internal)?;
                Ok(FollowedTitle { year, level: kept.level })
            });
            Ok(MoveBody {
                id: moved.id,
                holder_id: moved.holder_id,
                titles: titles.collect::<Result<_>>()?,
                code: moved.code,
                kind: moved.kind,
                name,
                from: place(moved.from_area_id, moved.from_hamlet_id, moved.day),
                to: place(moved.to_area_id, moved.to_hamlet_id, moved.day),
                day: moved.day,
                with: moved.with_id,
                taken_back_on: moved.taken_back_on,
            })
        })
        .collect()
}
