//! Progress on the wire: every target that counts for an area, and how far it is.

use std::collections::{BTreeSet, HashMap};

use actix_web::get;
use actix_web::web::Data;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::{Distance, distance};
use crate::access::allow::Anyone;
use crate::access::state::State;
use crate::areas::{AreaId, AreaLevel, Areas, Part};
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::hundredths::Percent;
use crate::base::kind::{Base, Group, Kind, Level, Year};
use crate::figures::statistics::api::{Gathered, StatisticsQuery, gather};
use crate::figures::statistics::bases::Bases;
use crate::figures::statistics::question::{Asked, sources};
use crate::figures::statistics::{Question, TotalSource, compute};
use crate::figures::targets::rows::Target;
use crate::figures::targets::{Goal, nearest};
use crate::wire::input::Query;
use crate::wire::paging;
use crate::wire::reply::Page;

/// How far an area is from one target.
#[derive(Serialize, ToSchema)]
#[schema(as = Progress)]
pub struct ProgressBody {
    #[schema(example = "13669")]
    area: String,
    area_name: String,
    area_level: AreaLevel,
    kind: Kind,
    level: Level,
    /// Of citizens, where the target is of one group.
    group: Option<Group>,
    base: Base,
    target_year: i16,
    /// The target: recognised over the base.
    target: Percent,
    target_source: String,
    /// Code of the area whose target it is: its own, or the nearest above.
    set_by: String,
    set_by_name: String,
    /// The year of the figures: the one asked for, or that of the target if it has passed.
    year: i16,
    recognised: i64,
    /// Of the base; while only some communes have one, their sum, and no rate.
    total: Option<i64>,
    total_source: TotalSource,
    /// Percent; null without a base.
    #[schema(example = 74.07)]
    rate: Option<f64>,
    reached: Option<bool>,
    /// How many recognised titles are the target.
    needed: Option<i64>,
    /// How many more would reach it.
    gap: Option<i64>,
    /// How many more each year until the year of the target; null once that has come.
    yearly: Option<i64>,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProgressQuery {
    kind: Option<Kind>,
    /// Code or name of an area; the country if not given.
    #[param(example = "37")]
    area: Option<String>,
    /// Rows for each area of this level; for the area alone if not given.
    depth: Option<AreaLevel>,
    /// The running year if not given.
    year: Option<Year>,
    /// A day from 2025-03-01 on, in whose boundaries the areas stand; today, or the day of `as_of`, if
    /// not given.
    #[param(example = "2025-06-30")]
    boundaries: Option<NaiveDate>,
    /// A closed day: records, totals and targets as they were known at its end.
    #[param(example = "2026-12-15")]
    as_of: Option<NaiveDate>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_progress);
}

/// The rate of an area against each of its targets, the gap in records and the yearly pace needed.
/// Public; the targets of groups are for those logged in.
#[utoipa::path(tag = "statistics", params(ProgressQuery))]
#[get("/statistics/progress")]
pub async fn get_progress(
    state: Data<State>,
    caller: Anyone,
    query: Query<ProgressQuery>,
) -> Result<Page<ProgressBody>> {
    let statistics = StatisticsQuery {
        kind: query.kind,
        area: query.area.clone(),
        depth: query.depth,
        year_from: query.year,
        boundaries: query.boundaries.map(|day| day.to_string()),
        as_of: query.as_of,
        ..StatisticsQuery::default()
    };
    let limit = paging::limit(query.limit)?;
    let Asked { question, areas } = statistics.asked(&state, None).await?;
    let mut db = state.db().await?;
    let map = question.boundaries.to_string();
    let filters =
        (question.area, question.depth, question.kind, question.year_to, map, question.as_of);
    let from: usize = paging::after(&filters, query.cursor.as_deref())?.unwrap_or(0);
    let rows = progress(&mut db, &areas, question, caller.0.is_some()).await?;
    let page = rows.into_iter().enumerate().skip(from).take(limit as usize + 1).collect();
    let (page, next) = paging::cut(page, limit, &filters, |(n, _)| n + 1)?;
    Ok(Page { items: page.into_iter().map(|(_, row)| row).collect(), next, count: None })
}

type Counted = HashMap<(AreaId, i16, Kind, Level, Option<Group>), i64>;

async fn progress(
    db: &mut Conn,
    areas: &Areas,
    asked: Question,
    with_groups: bool,
) -> Result<Vec<ProgressBody>> {
    let year = asked.year_to;
    let nodes = areas.at_level(asked.area, asked.depth, asked.on);
    let mut setting: BTreeSet<AreaId> = nodes.iter().copied().collect();
    setting.extend(nodes.iter().flat_map(|node| areas.ancestors(*node, asked.on)));
    let setting: Vec<AreaId> = setting.into_iter().collect();
    let mut targets = Target::of_areas(db, &setting, asked.as_of).await?;
    targets.retain(|target| {
        asked.kind.is_none_or(|kind| kind == target.kind)
            && (with_groups || target.group_code.is_empty())
    });
    let goals: BTreeSet<(Goal, i16)> =
        targets.iter().map(|target| (target.goal(), target.year)).collect();
    let first = goals.iter().map(|(_, target)| *target).min().unwrap_or(year).min(year);
    let question = Question { year_from: first, by_group: true, ..asked };
    let gathered = gather(db, areas, &question, sources(areas, &question)).await?;
    let Gathered { counts, totals, closings } = gathered;
    let bases = Bases::new(areas, &question, &totals, &closings);
    let counted = counted(areas, &question, &compute(areas, &question, &counts, &bases));
    let mut rows = Vec::new();
    for node in nodes {
        let up = areas.ancestors(node, question.on);
        for (goal, target_year) in &goals {
            let Some(target) = nearest(&targets, &up, *target_year, *goal) else { continue };
            rows.extend(row(areas, &bases, &counted, (node, year), target));
        }
    }
    Ok(rows)
}

/// What each area recognised, of each group and in all.
fn counted(
    areas: &Areas,
    question: &Question,
    figures: &[crate::figures::statistics::Figure],
) -> Counted {
    let mut counted = Counted::new();
    for figure in figures {
        // What is not resolved below an area still lies in it.
        let area = match &figure.part {
            Part::Whole | Part::Own => figure.area,
            Part::Among(candidates) => areas.common(candidates, question.on),
        };
        let group = figure.group.as_deref().and_then(Group::parse);
        for group in BTreeSet::from([None, group]) {
            let key = (area, figure.year, figure.kind, figure.level, group);
            *counted.entry(key).or_default() += figure.recognised;
        }
    }
    counted
}

fn row(
    areas: &Areas,
    bases: &Bases<'_>,
    counted: &Counted,
    (area, asked): (AreaId, i16),
    target: &Target,
) -> Option<ProgressBody> {
    let (goal, percent) = (target.goal(), target.percent?);
    let year = asked.min(target.year);
    let key = (area, year, goal.kind, goal.level(), goal.group);
    let recognised = counted.get(&key).copied().unwrap_or_default();
    let (total, total_source) = bases.total(area, year, goal.base);
    let whole = total.filter(|_| total_source != TotalSource::Partial);
    let Distance { rate, needed, gap, yearly } =
        distance(recognised, whole, percent.into(), year, target.year);
    let on = bases.on();
    Some(ProgressBody {
        area: areas.code(area, on).to_owned(),
        area_name: areas.name(area, on),
        area_level: areas.get(area).level,
        kind: goal.kind,
        level: goal.level(),
        group: goal.group,
        base: goal.base,
        target_year: target.year,
        target: Percent(percent),
        target_source: target.source.clone(),
        set_by: areas.code(target.area_id, on).to_owned(),
        set_by_name: areas.name(target.area_id, on),
        year,
        recognised,
        total,
        total_source,
        rate: rate.map(|hundredths| hundredths as f64 / 100.0),
        reached: gap.map(|gap| gap == 0),
        needed,
        gap,
        yearly,
    })
}
