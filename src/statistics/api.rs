//! Statistics on the wire: public down to the commune, states and groups for those logged in.

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, get};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::{Coverage, Figure, Question, TotalSource, compute, rows};
use crate::areas::{AreaLevel, Areas};
use crate::auth::allow::Anyone;
use crate::auth::{Caller, Permission};
use crate::clock::today;
use crate::db::Db;
use crate::error::{Error, FieldError, Result, say};
use crate::input::Query;
use crate::inputs::rows::{Closing, Total};
use crate::kind::{Base, Kind, Level, Status, Year};
use crate::reply::Answer;
use crate::state::State;

/// The answer to a question.
#[derive(Serialize, ToSchema)]
pub struct Statistics {
    /// The day in whose boundaries the areas stand.
    boundaries: NaiveDate,
    /// The number of the form of this answer.
    format: u8,
    counted_at: DateTime<Utc>,
    items: Vec<FigureBody>,
}

/// One row: years, kinds and levels are never added up.
#[derive(Serialize, ToSchema)]
#[schema(as = Figure)]
pub struct FigureBody {
    #[schema(example = "13669")]
    pub area: String,
    #[schema(example = "Phường Nam Định, Tỉnh Ninh Bình")]
    pub area_name: String,
    pub area_level: AreaLevel,
    pub year: i16,
    pub kind: Kind,
    pub level: Level,
    /// Where asked by group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade: Option<String>,
    /// What `rate_of_total` is taken of.
    pub base: Option<Base>,
    pub total: Option<i64>,
    pub total_source: TotalSource,
    /// All that entered the round, whatever became of them: withdrawn ones too.
    pub registered: i64,
    /// For those logged in.
    pub by_status: Option<ByStatus>,
    pub recognised: i64,
    /// Valid on 31 December of the year.
    pub in_force: i64,
    /// Percent, half up to two decimals; null without a base.
    #[schema(example = 74.07)]
    pub rate_of_registered: Option<f64>,
    /// Null too while some communes lack a total.
    pub rate_of_total: Option<f64>,
    /// Over the communes that have a total.
    pub rate_over_covered: Option<f64>,
    pub coverage: Coverage,
    /// The list of exactly what is counted, for those who may read it.
    #[schema(example = "/api/v1/titles?kind=family&level=commune&area=13669&year=2026")]
    pub records: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub struct ByStatus {
    pub registered: i64,
    pub self_assessed: i64,
    pub verified: i64,
    pub recognised: i64,
    pub not_recognised: i64,
    pub withdrawn: i64,
    pub revoked: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatisticsQuery {
    pub kind: Option<Kind>,
    pub level: Option<Level>,
    /// Code or name of an area; the country if not given.
    #[param(example = "37")]
    pub area: Option<String>,
    /// Dimensions, separated by commas, of `area,year,kind,level,group,grade`: group and grade split
    /// the rows further, the others always do.
    #[param(example = "area,year,kind,level,group")]
    pub by: Option<String>,
    /// One row for each area of this level; the area alone if not given.
    pub depth: Option<AreaLevel>,
    /// The first year; the running one if neither is given.
    pub year_from: Option<Year>,
    /// The last year.
    pub year_to: Option<Year>,
}

/// Figures by area, year, kind and level, with every rate, its base and its coverage. Public.
#[utoipa::path(tag = "statistics", params(StatisticsQuery))]
#[get("/statistics")]
pub async fn get_statistics(
    state: Data<State>,
    caller: Anyone,
    query: Query<StatisticsQuery>,
    request: HttpRequest,
) -> Result<Answer<Statistics>> {
    let areas = state.areas();
    let caller = caller.0;
    let question = query.question(&areas, caller.as_ref())?;
    let mut db = state.db().await?;
    // Read before the figures: an answer may be newer than its version, never older.
    let changes = rows::changes(&mut db, question.area).await?;
    let reader = caller.as_ref().map(|c| (c.area, c.role));
    let key = format!("{question:?}{reader:?}");
    let tag = Answer::<Statistics>::tag(&format!("{changes}{key}"));
    if Answer::<Statistics>::is_known(&request, &tag) {
        return Ok(Answer::not_modified(tag));
    }
    if let Some((known, body)) = state.shared.answers.get(&key)
        && known == changes
    {
        return Ok(Answer::new(tag, body));
    }
    let items = figures(&mut db, &areas, &question, caller.as_ref()).await?;
    let answer = Statistics { boundaries: question.on, format: 1, counted_at: Utc::now(), items };
    let body = Bytes::from(serde_json::to_vec(&answer).map_err(Error::internal)?);
    state.shared.answers.insert(key, (changes, body.clone()));
    Ok(Answer::new(tag, body))
}

/// The rows of an answer, for this caller.
pub async fn figures(
    db: &mut Db,
    areas: &Areas,
    question: &Question,
    caller: Option<&Caller>,
) -> Result<Vec<FigureBody>> {
    let years: Vec<i16> = (question.year_from..=question.year_to).collect();
    let mut within = areas.communes(question.area, question.on);
    within.extend(areas.ancestors(question.area, question.on));
    within.extend(areas.children(question.area, question.on));
    let counts = rows::counts(db, question).await?;
    let totals = Total::of_areas(db, &within, &years, None).await?;
    let closings = Closing::of_areas(db, &within, &years, None).await?;
    let found = compute(areas, question, &counts, &totals, &closings);
    Ok(found.into_iter().map(|figure| body(areas, question, caller, figure)).collect())
}

impl StatisticsQuery {
    /// What is asked, once codes are areas and defaults are filled in.
    pub fn question(&self, areas: &Areas, caller: Option<&Caller>) -> Result<Question> {
        let on = today();
        let area = match &self.area {
            Some(code) => areas.resolve("?area", code, on)?,
            None => areas.country(),
        };
        let mut errors = Vec::new();
        let mut wrong = |pointer: &str, code, vi: &'static str, en: &'static str| {
            errors.push(FieldError::new(pointer, code, say(vi, en)));
        };
        let running = Year::try_from(chrono::Datelike::year(&on) as i16).unwrap_or(Year::LAST);
        let year_to = self.year_to.or(self.year_from).unwrap_or(running);
        let year_from = self.year_from.unwrap_or(year_to);
        if year_from > year_to {
            wrong(
                "?year_to",
                "years_reversed",
                "Năm cuối trước năm đầu.",
                "The last year lies before the first.",
            );
        }
        let depth = self.depth.unwrap_or(areas.get(area).level);
        if depth < areas.get(area).level || depth == AreaLevel::District {
            wrong(
                "?depth",
                "depth",
                "Độ chi tiết phải là cấp của địa bàn hoặc cấp dưới còn tồn tại.",
                "The depth must be the area's own level or an existing one below.",
            );
        }
        let by: Vec<&str> = self.by.as_deref().unwrap_or("").split(',').map(str::trim).collect();
        const KNOWN: [&str; 7] = ["", "area", "year", "kind", "level", "group", "grade"];
        if by.iter().any(|name| !KNOWN.contains(name)) {
            wrong(
                "?by",
                "parameter",
                "Chỉ nhận: area, year, kind, level, group, grade.",
                "One of area, year, kind, level, group, grade.",
            );
        }
        if !errors.is_empty() {
            return Err(Error::invalid(errors));
        }
        let by_group = by.contains(&"group");
        if by_group && caller.is_none() {
            return Err(Error::unauthorized(
                "token_missing",
                say("Số liệu theo nhóm cần đăng nhập.", "Figures by group need an access token."),
            ));
        }
        Ok(Question {
            area,
            depth,
            kind: self.kind,
            level: self.level,
            year_from: year_from.get(),
            year_to: year_to.get(),
            by_group,
            by_grade: by.contains(&"grade"),
            on,
        })
    }
}

fn body(areas: &Areas, question: &Question, caller: Option<&Caller>, figure: Figure) -> FigureBody {
    let percent = |hundredths: i64| hundredths as f64 / 100.0;
    let code = areas.code(figure.area, question.on).to_owned();
    let of = |status: Status| figure.by_status[status as usize];
    let reads = caller
        .is_some_and(|c| c.role.may(Permission::ReadRecords) && areas.covers(c.area, figure.area));
    let mut records = format!(
        "/api/v1/titles?kind={}&level={}&area={code}&year={}",
        figure.kind, figure.level, figure.year
    );
    for (name, value) in [("group", &figure.group), ("grade", &figure.grade)] {
        if let Some(value) = value {
            records += &format!("&{name}={}", if value.is_empty() { "none" } else { value });
        }
    }
    FigureBody {
        area: code,
        area_name: areas.name(figure.area, question.on),
        area_level: areas.get(figure.area).level,
        year: figure.year,
        kind: figure.kind,
        level: figure.level,
        base: figure.base,
        total: figure.total,
        total_source: figure.total_source,
        registered: figure.registered,
        by_status: caller.map(|_| ByStatus {
            registered: of(Status::Registered),
            self_assessed: of(Status::SelfAssessed),
            verified: of(Status::Verified),
            recognised: of(Status::Recognised),
            not_recognised: of(Status::NotRecognised),
            withdrawn: of(Status::Withdrawn),
            revoked: of(Status::Revoked),
        }),
        recognised: figure.recognised,
        in_force: figure.in_force,
        rate_of_registered: figure.rate_of_registered.map(percent),
        rate_of_total: figure.rate_of_total.map(percent),
        rate_over_covered: figure.rate_over_covered.map(percent),
        coverage: figure.coverage,
        records: reads.then_some(records),
        group: figure.group,
        grade: figure.grade,
    }
}
