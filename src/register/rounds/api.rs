//! Rounds on the wire: set by a supervisor, inherited by the areas below, and who is overdue.

use actix_web::web::{Data, Path};
use actix_web::{get, put};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::rows::{Round, Waiting, waiting};
use super::{Calendar, check};
use crate::access::allow::{Allow, ReadFigures, SetRounds};
use crate::access::state::State;
use crate::areas::api::place;
use crate::areas::{AreaId, AreaLevel, Areas, api as areas_api};
use crate::base::clock::today;
use crate::base::db::Conn;
use crate::base::error::{Error, Result};
use crate::base::kind::{Kind, Year};
use crate::base::version::Version;
use crate::register::hamlets::writable;
use crate::wire::input::check_repeated;
use crate::wire::input::{IfMatch, Json, Query};
use crate::wire::paging;
use crate::wire::reply::{Page, Versioned};

/// The deadlines that hold for an area in a year.
#[derive(Serialize, ToSchema)]
#[schema(as = Rounds)]
pub struct RoundsBody {
    /// Code of the area.
    area: String,
    year: Year,
    /// By kind: the area's own, or else those of the nearest area above.
    rounds: Vec<RoundBody>,
    /// Of what the area itself set.
    version: Version,
}

#[derive(Serialize, ToSchema)]
#[schema(as = Round)]
pub struct RoundBody {
    kind: Kind,
    /// The last day on which registering is in time.
    registration_until: Option<NaiveDate>,
    /// The last day on which scores are in time: the decision follows.
    decision_until: Option<NaiveDate>,
    /// Code of the area that set it.
    #[schema(example = "37")]
    set_by: String,
    known_on: NaiveDate,
}

/// Deadlines to set; those of other kinds stay as they are.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRounds {
    #[validate(nested, length(min = 1, max = 5))]
    rounds: Vec<NewRoundBody>,
}

/// Without any deadline that of the nearest area above holds again.
#[derive(Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRoundBody {
    kind: Kind,
    registration_until: Option<NaiveDate>,
    decision_until: Option<NaiveDate>,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OverdueQuery {
    year: Year,
    kind: Option<Kind>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// A commune that has not closed a kind although its day has passed, and what waits there.
#[derive(Serialize, ToSchema)]
pub struct Overdue {
    #[schema(example = "13669")]
    commune: String,
    commune_name: String,
    kind: Kind,
    /// The day by which it should have closed: of the decision, or else of registering.
    due: NaiveDate,
    days: i64,
    registered: i64,
    self_assessed: i64,
    verified: i64,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_rounds).service(put_rounds).service(list_overdue);
}

/// The deadlines that hold for an area in a year.
#[utoipa::path(tag = "rounds", security(("bearer" = [])), params(("level" = AreaLevel, Path), ("code" = String, Path, example = "13669"), ("year" = Year, Path)))]
#[get("/areas/{level}/{code}/rounds/{year}")]
pub async fn get_rounds(
    state: Data<State>,
    _user: Allow<ReadFigures>,
    path: Path<(String, String, String)>,
) -> Result<Versioned<RoundsBody>> {
    let areas = state.areas();
    let (area, year) = place(&areas, &path)?;
    body(&mut *state.db().await?, &areas, area, year).await
}

/// Set the deadlines of an area and of all below that set none themselves.
#[utoipa::path(tag = "rounds", security(("bearer" = [])), params(("level" = AreaLevel, Path), ("code" = String, Path, example = "37"), ("year" = Year, Path), IfMatch))]
#[put("/areas/{level}/{code}/rounds/{year}")]
pub async fn put_rounds(
    state: Data<State>,
    user: Allow<SetRounds>,
    path: Path<(String, String, String)>,
    version: IfMatch,
    json: Json<NewRounds>,
) -> Result<Versioned<RoundsBody>> {
    let areas = state.areas();
    let (area, year) = place(&areas, &path)?;
    writable(&areas, &user, area)?;
    let new = checked(area, year, &json.rounds)?;
    let mut db = state.db().await?;
    Round::put(&mut db, &user.plain(), &areas, version, &new).await?;
    body(&mut db, &areas, area, year).await
}

/// List the communes whose day has passed and that have not closed, with what waits there.
#[utoipa::path(tag = "rounds", security(("bearer" = [])), params(("level" = AreaLevel, Path), ("code" = String, Path, example = "37"), OverdueQuery))]
#[get("/areas/{level}/{code}/overdue")]
pub async fn list_overdue(
    state: Data<State>,
    user: Allow<SetRounds>,
    path: Path<(String, String)>,
    query: Query<OverdueQuery>,
) -> Result<Page<Overdue>> {
    let areas = state.areas();
    let area = areas_api::find(&areas, &path.0, &path.1, today())?;
    if !areas.covers(user.area, area) {
        return Err(Error::not_found());
    }
    let limit = paging::limit(query.limit)?;
    let filters = (area, query.year, query.kind);
    let after = paging::after::<(String, Kind)>(&filters, query.cursor.as_deref())?;
    let mut found = overdue(&mut *state.db().await?, &areas, area, query.year, query.kind).await?;
    found.retain(|o| after.as_ref().is_none_or(|last| (&o.commune, o.kind) > (&last.0, last.1)));
    let key = |overdue: &Overdue| (overdue.commune.clone(), overdue.kind);
    let (items, next) = paging::cut(found, limit, &filters, key)?;
    Ok(Page { items, next, count: None })
}

fn checked(area: AreaId, year: Year, new: &[NewRoundBody]) -> Result<Vec<Round>> {
    check_repeated(new.iter().map(|round| round.kind.as_str()), "rounds")?;
    let mut errors = Vec::new();
    let round = |new: &NewRoundBody| Round {
        registration_until: new.registration_until,
        decision_until: new.decision_until,
        ..Round::new(area, year.get(), new.kind)
    };
    let rounds: Vec<Round> = new.iter().map(round).collect();
    for (n, round) in rounds.iter().enumerate() {
        if let Err(error) = check(round, year, &format!("/rounds/{n}")) {
            errors.extend(error.to_problem().errors);
        }
    }
    if errors.is_empty() { Ok(rounds) } else { Err(Error::invalid(errors)) }
}

async fn body(
    db: &mut Conn,
    areas: &Areas,
    area: AreaId,
    year: Year,
) -> Result<Versioned<RoundsBody>> {
    let calendar = Calendar::load(db, &[], &[year.get()]).await?;
    let up = areas.ancestors(area, today());
    let own = calendar.rounds.iter().filter(|round| round.area_id == area);
    let version = own.map(|round| round.version).max().unwrap_or(Version::NEVER);
    let rounds = Kind::ALL
        .iter()
        .filter_map(|kind| calendar.round(&up, year.get(), *kind))
        .map(|round| RoundBody {
            kind: round.kind,
            registration_until: round.registration_until,
            decision_until: round.decision_until,
            set_by: areas.code(round.area_id, today()).to_owned(),
            known_on: round.day,
        })
        .collect();
    let area = areas.code(area, today()).to_owned();
    Ok(Versioned(RoundsBody { area, year, rounds, version }, version))
}

async fn overdue(
    db: &mut Conn,
    areas: &Areas,
    area: AreaId,
    year: Year,
    kind: Option<Kind>,
) -> Result<Vec<Overdue>> {
    let (on, year) = (today(), year.get());
    let communes = areas.communes(area, on);
    let calendar = Calendar::load(db, &communes, &[year]).await?;
    let counts = waiting(db, area, year, kind).await?;
    let mut found = Vec::new();
    for commune in communes {
        let up = areas.ancestors(commune, on);
        for kind in Kind::ALL.iter().copied().filter(|k| kind.is_none_or(|kind| kind == *k)) {
            let due = calendar.round(&up, year, kind).and_then(Round::due);
            let Some(due) = due.filter(|due| *due < on) else { continue };
            if calendar.is_closed(&[commune], year, kind) {
                continue;
            }
            // What was made in the communes that it took over waits there, too.
            let mut all = Waiting::default();
            for ((place, of), waiting) in &counts {
                if *of == kind && areas.chain(*place, None) == commune {
                    all.registered += waiting.registered;
                    all.self_assessed += waiting.self_assessed;
                    all.verified += waiting.verified;
                }
            }
            found.push(Overdue {
                commune: areas.code(commune, on).to_owned(),
                commune_name: areas.name(commune, on),
                kind,
                due,
                days: (on - due).num_days(),
                registered: all.registered,
                self_assessed: all.self_assessed,
                verified: all.verified,
            });
        }
    }
    found.sort_by(|a, b| (&a.commune, a.kind).cmp(&(&b.commune, b.kind)));
    Ok(found)
}
