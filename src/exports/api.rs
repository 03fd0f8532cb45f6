//! Exports: the same questions as `/titles` and `/statistics`, answered as CSV.

use std::borrow::Cow;

use actix_web::get;
use actix_web::web::Data;
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;
use validator::Validate;

use super::{Spool, Spooled};
use crate::areas::{AreaLevel, Areas};
use crate::audit::{Entity, Fields, Item};
use crate::auth::Act;
use crate::auth::allow::{Allow, Export};
use crate::clock::today;
use crate::criteria::{Outcome, Score};
use crate::db::Db;
use crate::error::{Error, Result};
use crate::input::Query;
use crate::kind::{Kind, Level, Status, Year};
use crate::ledger;
use crate::reply::Download;
use crate::state::State;
use crate::statistics::api::{FigureBody, StatisticsQuery, figures};
use crate::titles::list_api::{TitleQuery, group_or_none};
use crate::titles::rows::Title;

/// The filters of `/titles`, without its pages.
#[derive(Debug, Serialize, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TitleExportQuery {
    kind: Option<Kind>,
    level: Option<Level>,
    /// Code of an area within the caller's.
    #[param(example = "13669")]
    area: Option<String>,
    year: Option<Year>,
    status: Option<Status>,
    /// As in `/titles`.
    #[param(example = "officials")]
    #[validate(custom(function = "group_or_none"))]
    group: Option<String>,
    outcome: Option<Outcome>,
    hamlet: Option<Uuid>,
    decision: Option<Uuid>,
    import: Option<Uuid>,
    /// True adds the mark by which Excel knows UTF-8.
    bom: Option<bool>,
}

/// The question of `/statistics`.
#[derive(Debug, Serialize, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatisticsExportQuery {
    kind: Option<Kind>,
    level: Option<Level>,
    #[param(example = "37")]
    area: Option<String>,
    /// As in `/statistics`.
    by: Option<String>,
    depth: Option<AreaLevel>,
    year_from: Option<Year>,
    year_to: Option<Year>,
    /// True adds the mark by which Excel knows UTF-8.
    bom: Option<bool>,
}

const TITLE_COLUMNS: [&str; 21] = [
    "code",
    "name",
    "kind",
    "level",
    "year",
    "area",
    "area_name",
    "group",
    "status",
    "grade",
    "registered_on",
    "difficult",
    "own_total",
    "own_passed",
    "verified_total",
    "verified_passed",
    "outcome",
    "valid_through",
    "decision",
    "holder_id",
    "version",
];

/// Export titles as CSV. The export is recorded in the audit trail.
#[utoipa::path(tag = "exports", security(("bearer" = [])), params(TitleExportQuery))]
#[get("/exports/titles")]
pub async fn export_titles(
    state: Data<State>,
    user: Allow<Export>,
    query: Query<TitleExportQuery>,
) -> Result<Download> {
    let areas = state.areas();
    let filter = query.titles().filter(&state)?;
    let mut db = state.db().await?;
    let mut spool = Spool::create(&TITLE_COLUMNS, query.bom == Some(true))?;
    {
        let mut rows = std::pin::pin!(Title::stream(&mut db, &user, &filter).await?);
        while let Some((title, holder)) = rows.try_next().await? {
            let cells = title_cells(&areas, &title, &holder.code, &holder.name);
            spool.row(cells.map(Cow::Owned))?;
        }
    }
    let spooled = spool.finish()?;
    record(&mut db, &user.plain(), "export.titles", &query.0, &spooled).await?;
    Ok(Download::csv("titles.csv", spooled))
}

/// Export statistics as CSV. The export is recorded in the audit trail.
#[utoipa::path(tag = "exports", security(("bearer" = [])), params(StatisticsExportQuery))]
#[get("/exports/statistics")]
pub async fn export_statistics(
    state: Data<State>,
    user: Allow<Export>,
    query: Query<StatisticsExportQuery>,
) -> Result<Download> {
    let mut db = state.db().await?;
    let asked = query.statistics().asked(&state, &mut db, Some(&*user)).await?;
    let found = figures(&mut db, &asked.areas, &asked.question, Some(&*user)).await?;
    let mut spool = Spool::create(&FIGURE_COLUMNS, query.bom == Some(true))?;
    for figure in &found {
        spool.row(figure_cells(figure).map(Cow::Owned))?;
    }
    let spooled = spool.finish()?;
    record(&mut db, &user.plain(), "export.statistics", &query.0, &spooled).await?;
    Ok(Download::csv("statistics.csv", spooled))
}

/// Who took what away: the question, the rows and the hash of the file.
async fn record(
    db: &mut Db,
    act: &Act,
    action: &'static str,
    question: &impl Serialize,
    spooled: &Spooled,
) -> Result<()> {
    let mut question = serde_json::to_value(question).map_err(Error::internal)?;
    if let Some(asked) = question.as_object_mut() {
        asked.retain(|_, value| !value.is_null());
    }
    ledger::write(db, act, action, async |w| {
        let area = w.act.caller.area;
        w.lock(&[area]).await?;
        let fields = Fields::new()
            .plain("question", question.clone())
            .plain("rows", spooled.rows)
            .plain("sha256", hex::encode(spooled.sha256));
        w.record(area, Item::created(Entity::Export, w.act.request_id, fields)).await
    })
    .await
}

impl TitleExportQuery {
    fn titles(&self) -> TitleQuery {
        TitleQuery {
            kind: self.kind,
            level: self.level,
            area: self.area.clone(),
            year: self.year,
            status: self.status,
            group: self.group.clone(),
            outcome: self.outcome,
            hamlet: self.hamlet,
            decision: self.decision,
            import: self.import,
            ..TitleQuery::default()
        }
    }
}

impl StatisticsExportQuery {
    fn statistics(&self) -> StatisticsQuery {
        StatisticsQuery {
            kind: self.kind,
            level: self.level,
            area: self.area.clone(),
            by: self.by.clone(),
            depth: self.depth,
            year_from: self.year_from,
            year_to: self.year_to,
            ..StatisticsQuery::default()
        }
    }
}

fn title_cells(areas: &Areas, title: &Title, code: &str, name: &str) -> [String; 21] {
    let (own, verified) = (title.own(), title.verified());
    let total = |score: &Option<Score>| {
        score.as_ref().and_then(Score::total).map(|t| t.to_string()).unwrap_or_default()
    };
    let passed = |score: &Option<Score>| {
        score.as_ref().and_then(|s| s.passed).map(|p| p.to_string()).unwrap_or_default()
    };
    [
        code.to_owned(),
        name.to_owned(),
        title.kind.to_string(),
        title.level.to_string(),
        title.year.to_string(),
        areas.code(title.area_id, title.registered_on).to_owned(),
        areas.name(title.area_id, title.registered_on),
        title.group_code.clone(),
        title.status.to_string(),
        title.grade.clone(),
        title.registered_on.to_string(),
        title.difficult.to_string(),
        total(&own),
        passed(&own),
        total(&verified),
        passed(&verified),
        title.outcome.to_string(),
        title.valid_through.to_string(),
        title.decision_id.map(|id| id.to_string()).unwrap_or_default(),
        title.holder_id.to_string(),
        title.version.to_string(),
    ]
}

const FIGURE_COLUMNS: [&str; 29] = [
    "area",
    "area_name",
    "area_level",
    "year",
    "kind",
    "level",
    "group",
    "grade",
    "base",
    "total",
    "total_source",
    "registered",
    "status_registered",
    "status_self_assessed",
    "status_verified",
    "status_recognised",
    "status_not_recognised",
    "status_withdrawn",
    "status_revoked",
    "recognised",
    "in_force",
    "rate_of_registered",
    "rate_of_total",
    "rate_over_covered",
    "communes",
    "communes_with_records",
    "communes_closed",
    "communes_with_total",
    "boundaries",
];

fn figure_cells(figure: &FigureBody) -> [String; 29] {
    fn text<T: ToString>(value: &Option<T>) -> String {
        value.as_ref().map(T::to_string).unwrap_or_default()
    }
    let percent = |rate: Option<f64>| rate.map(|r| format!("{r:.2}")).unwrap_or_default();
    let states = figure.by_status.as_ref();
    let state = |of: fn(&crate::statistics::api::ByStatus) -> i64| text(&states.map(of));
    [
        figure.area.clone(),
        figure.area_name.clone(),
        figure.area_level.to_string(),
        figure.year.to_string(),
        figure.kind.to_string(),
        figure.level.to_string(),
        text(&figure.group),
        text(&figure.grade),
        text(&figure.base),
        text(&figure.total),
        figure.total_source.to_string(),
        figure.registered.to_string(),
        state(|s| s.registered),
        state(|s| s.self_assessed),
        state(|s| s.verified),
        state(|s| s.recognised),
        state(|s| s.not_recognised),
        state(|s| s.withdrawn),
        state(|s| s.revoked),
        figure.recognised.to_string(),
        figure.in_force.to_string(),
        percent(figure.rate_of_registered),
        percent(figure.rate_of_total),
        percent(figure.rate_over_covered),
        figure.coverage.communes.to_string(),
        figure.coverage.with_records.to_string(),
        figure.coverage.closed.to_string(),
        figure.coverage.with_total.to_string(),
        today().to_string(),
    ]
}
