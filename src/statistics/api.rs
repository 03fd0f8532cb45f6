//! Statistics on the wire: public down to the commune, states and groups for those logged in.

use std::collections::{BTreeSet, HashMap};

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, get};

use super::bases::Bases;
use super::form::body;
use super::question::{Asked, sources};
use super::{Count, Figure, Question, compute, rows};
use crate::areas::{AreaId, Areas, Boundaries, Part};
use crate::auth::Caller;
use crate::auth::allow::Anyone;
use crate::db::Conn;
use crate::error::{Error, Result};
use crate::input::Query;
use crate::inputs::rows::{Closing, Total};
use crate::kind::{Kind, Level};
use crate::reply::Answer;
use crate::reported::rows::Reported;
use crate::state::State;

pub use super::form::{ByStatus, FigureBody, Statistics};
pub use super::question::StatisticsQuery;

/// Figures by area, year, kind and level, with every rate, its base and its coverage. Public.
#[utoipa::path(tag = "statistics", params(StatisticsQuery))]
#[get("/statistics")]
pub async fn get_statistics(
    state: Data<State>,
    caller: Anyone,
    query: Query<StatisticsQuery>,
    request: HttpRequest,
) -> Result<Answer<Statistics>> {
    let caller = caller.0;
    let mut db = state.db().await?;
    let asked = query.asked(&state, &mut db, caller.as_ref()).await?;
    let reader = caller.as_ref().map(|c| (c.area, c.role));
    // What was known on a closed day stays; today's answers name areas as they are known now.
    let areas = asked.question.as_of.is_none().then(|| asked.areas.generation());
    let key = format!("{:?}{reader:?}{areas:?}", asked.question);
    // Read before the figures: an answer may be newer than its version, never older. What was known
    // on a closed day has but one.
    let changes = match asked.question.as_of {
        Some(_) => 0,
        None => rows::changes(&mut db, chains(&asked)).await?,
    };
    let tag = Answer::<Statistics>::tag(&format!("{changes}{key}"));
    if Answer::<Statistics>::is_known(&request, &tag) {
        return Ok(Answer::not_modified(tag));
    }
    if let Some((known, body)) = state.shared.answers.get(&key)
        && known == changes
    {
        return Ok(Answer::new(tag, body));
    }
    let items = figures(&mut db, &asked.areas, &asked.question, caller.as_ref()).await?;
    let answer = Statistics::new(&asked.question, items);
    let body = Bytes::from(serde_json::to_vec(&answer).map_err(Error::internal)?);
    state.shared.answers.insert(key, (changes, body.clone()));
    Ok(Answer::new(tag, body))
}

/// The area in whose chains everything stands that an answer depends on; none where it may be any.
fn chains(asked: &Asked) -> Option<AreaId> {
    let today = Boundaries::Of(asked.areas.on());
    (asked.question.boundaries == today).then_some(asked.question.area)
}

/// What an answer is computed from.
pub struct Gathered {
    pub counts: Vec<Count>,
    pub totals: Vec<Total>,
    pub closings: Vec<Closing>,
}

pub async fn gather(db: &mut Conn, areas: &Areas, question: &Question) -> Result<Gathered> {
    let years: Vec<i16> = (question.year_from..=question.year_to).collect();
    let sources = sources(areas, question);
    let counts = rows::counts(db, question, sources.as_deref()).await?;
    let mut reporting = sources.unwrap_or_else(|| areas.all().iter().map(|area| area.id).collect());
    reporting.extend(areas.ancestors(question.area, question.on));
    let totals = Total::of_areas(db, &reporting, &years, question.as_of).await?;
    let closings = Closing::of_areas(db, &reporting, &years, question.as_of).await?;
    Ok(Gathered { counts, totals, closings })
}

/// The rows of an answer, for this caller.
pub async fn figures(
    db: &mut Conn,
    areas: &Areas,
    question: &Question,
    caller: Option<&Caller>,
) -> Result<Vec<FigureBody>> {
    let Gathered { counts, totals, closings } = gather(db, areas, question).await?;
    let bases = Bases::new(areas, question, &totals, &closings);
    let found = compute(areas, question, &counts, &bases);
    let papers = papers(db, question, &found).await?;
    let paper = |figure: &Figure| {
        let whole = figure.part == Part::Whole && !question.by_group && !question.by_grade;
        let key = (figure.area, figure.year, figure.kind, figure.level);
        papers.get(&key).filter(|_| whole)
    };
    Ok(found
        .into_iter()
        .map(|figure| {
            let paper = paper(&figure);
            body(areas, question, caller, figure, paper)
        })
        .collect())
}

/// The latest paper figure of each area, year, kind and level, as far as it was known on the day of
/// the question.
async fn papers(
    db: &mut Conn,
    question: &Question,
    figures: &[Figure],
) -> Result<HashMap<(AreaId, i16, Kind, Level), Reported>> {
    let areas: BTreeSet<AreaId> = figures.iter().map(|figure| figure.area).collect();
    let areas: Vec<AreaId> = areas.into_iter().collect();
    let known = Reported::of_areas(db, &areas, question.as_of).await?;
    // They come oldest first: the last of each stays.
    Ok(known.into_iter().map(|p| ((p.area_id, p.year, p.kind, p.level), p)).collect())
}
