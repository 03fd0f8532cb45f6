//! Statistics on the wire: public down to the commune, states and groups for those logged in.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use actix_web::web::{self, Data};
use actix_web::{HttpRequest, get};
use utoipa_actix_web::service_config::ServiceConfig;

use super::bases::Bases;
use super::question::sources;
use super::{Count, Figure, Question, Row, cache, compute, rows};
use crate::access::Caller;
use crate::access::allow::Anyone;
use crate::access::state::State;
use crate::areas::{AreaId, Areas, Part};
use crate::base::db::Conn;
use crate::base::error::{Error, Result};
use crate::base::kind::{Kind, Level};
use crate::figures::reported::rows::Reported;
use crate::figures::totals::rows::Total;
use crate::ledger::days;
use crate::register::rounds::closings::Closing;
use crate::wire::input::Query;
use crate::wire::reply::Answer;

pub use super::form::first::FigureBody;
pub use super::form::{ByStatus, Statistics};
pub use super::question::StatisticsQuery;

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_statistics);
}

/// Figures by area, year, kind and level, with every rate, its base and its coverage. Public.
///
/// An answer has no more than 200,000 rows (areas × years × kinds and their levels, × 5 by group, × 12 by
/// month): what may have more is refused with `too_broad`.
#[utoipa::path(tag = "statistics", params(StatisticsQuery))]
#[get("/statistics")]
pub async fn get_statistics(
    state: Data<State>,
    caller: Anyone,
    query: Query<StatisticsQuery>,
    request: HttpRequest,
) -> Result<Answer<Statistics>> {
    let caller = caller.0;
    let asked = query.asked(&state, caller.as_ref()).await?;
    asked.check_size()?;
    cache::answer(&state, query.form(), asked, caller.as_ref(), &request).await
}

/// What an answer is computed from.
pub struct Gathered {
    pub counts: Vec<Count>,
    pub totals: Vec<Total>,
    pub closings: Vec<Closing>,
}

/// Reads the counts of these areas, or of all, and what was reported there.
pub async fn gather(
    db: &mut Conn,
    areas: &Areas,
    question: &Question,
    sources: Option<Vec<AreaId>>,
) -> Result<Gathered> {
    let years: Vec<i16> = (question.year_from..=question.year_to).collect();
    let counts = rows::counts(db, question, sources.as_deref()).await?;
    let mut reporting = sources.unwrap_or_else(|| areas.all().iter().map(|area| area.id).collect());
    reporting.extend(areas.ancestors(question.area, question.on));
    let totals = Total::of_areas(db, &reporting, &years, question.as_of).await?;
    let closings = Closing::of_areas(db, &reporting, &years, question.as_of).await?;
    Ok(Gathered { counts, totals, closings })
}

/// The rows of an answer in form 1, for this caller.
pub async fn figures(
    db: &mut Conn,
    areas: &Arc<Areas>,
    question: &Question,
    caller: Option<&Caller>,
) -> Result<Vec<FigureBody>> {
    let rows = answer(db, areas, question).await?;
    let (areas, question, caller) = (areas.clone(), question.clone(), caller.cloned());
    let told = move |row| FigureBody::new(&areas, &question, caller.as_ref(), row);
    let told = web::block(move || rows.into_iter().map(told).collect());
    told.await.map_err(Error::internal)
}

/// The rows of an answer.
pub async fn answer(db: &mut Conn, areas: &Arc<Areas>, question: &Question) -> Result<Vec<Row>> {
    if !question.monthly {
        return once(db, areas, question).await;
    }
    let mut found = Vec::new();
    for year in question.year_from..=question.year_to {
        for day in days::of_months(db, year, question.as_of).await? {
            let (year_from, year_to) = (year, year);
            let month = Question { as_of: Some(day), year_from, year_to, ..question.clone() };
            found.extend(once(db, areas, &month).await?);
        }
    }
    Ok(found)
}

async fn once(db: &mut Conn, areas: &Arc<Areas>, question: &Question) -> Result<Vec<Row>> {
    let found = count(db, areas, question).await?;
    let papers = Papers::of(db, question, found.iter().map(|figure| figure.area)).await?;
    let row = |figure| Row { paper: papers.beside(question, &figure).cloned(), figure };
    Ok(found.into_iter().map(row).collect())
}

/// The latest paper figure of each area, year, kind and level, as far as it was known on the day of
/// the question.
pub struct Papers(HashMap<(AreaId, i16, Kind, Level), Reported>);

impl Papers {
    pub async fn of(
        db: &mut Conn,
        question: &Question,
        areas: impl Iterator<Item = AreaId>,
    ) -> Result<Self> {
        let areas: Vec<AreaId> = areas.collect::<BTreeSet<_>>().into_iter().collect();
        let known = Reported::of_areas(db, &areas, question.as_of).await?;
        // They come oldest first: the last of each stays.
        let latest = known.into_iter().map(|p| ((p.area_id, p.year, p.kind, p.level), p));
        Ok(Self(latest.collect()))
    }

    /// What paper says of the same as a figure: it speaks of whole areas and kinds.
    pub fn beside(&self, question: &Question, figure: &Figure) -> Option<&Reported> {
        let whole = figure.part == Part::Whole && !question.by_group && !question.by_grade;
        let key = (figure.area, figure.year, figure.kind, figure.level);
        self.0.get(&key).filter(|_| whole)
    }
}

async fn count(db: &mut Conn, areas: &Arc<Areas>, question: &Question) -> Result<Vec<Figure>> {
    let gathered = gather(db, areas, question, sources(areas, question)).await?;
    let Gathered { counts, totals, closings } = gathered;
    let (areas, question) = (areas.clone(), question.clone());
    // The whole country by commune is work for a while: others need not wait for it.
    let counted = web::block(move || {
        let bases = Bases::new(&areas, &question, &totals, &closings);
        compute(&areas, &question, &counts, &bases)
    });
    counted.await.map_err(Error::internal)
}
