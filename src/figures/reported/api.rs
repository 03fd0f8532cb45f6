//! Reported figures on the wire, with what is wrong in them.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::rows::Reported;
use super::{Numbers, PrintedBase, Remark, last_before, remarks};
use crate::access::allow::{Allow, ReadFigures, WriteReported};
use crate::access::scope::answers_for;
use crate::access::state::State;
use crate::areas::boundaries_of;
use crate::areas::{AreaId, AreaLevel, Areas, api as areas_api};
use crate::base::clock::today;
use crate::base::db::Db;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::hundredths::Percent;
use crate::base::kind::{Kind, Level};
use crate::base::version::Version;
use crate::register::accounts::rows::User;
use crate::wire::input::{Json, Query};
use crate::wire::paging;
use crate::wire::reply::{Created, Page};

/// A figure as a paper report gives it: beside what the register counts, never added to it.
#[derive(Serialize, ToSchema)]
#[schema(as = Reported)]
pub struct ReportedBody {
    /// Code of the area, in the boundaries in which it was reported.
    #[schema(example = "14")]
    area: String,
    area_name: String,
    year: i16,
    kind: Kind,
    level: Level,
    /// The day as of which the report speaks.
    reported_on: NaiveDate,
    registered: Option<i32>,
    recognised: Option<i32>,
    total: Option<i32>,
    /// The rate as printed.
    printed_rate: Option<Percent>,
    /// What the report says that it is taken of.
    printed_base: Option<PrintedBase>,
    source: String,
    /// Whether it was taken back: then it stands only in the history.
    taken_back: bool,
    /// What is wrong in it or cannot be checked.
    remarks: Vec<RemarkOnFigure>,
    /// The account that entered it; null for the product itself.
    author: Option<String>,
    /// The day on which it is known.
    known_on: NaiveDate,
    version: Version,
}

#[derive(Serialize, ToSchema)]
pub struct RemarkOnFigure {
    code: Remark,
    /// What is wrong and how to mend it, in Vietnamese.
    #[schema(example = "Tỷ lệ in 72 % không khớp số nào trong báo cáo.")]
    detail: String,
}

/// A figure of a paper report.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewReportedBody {
    #[validate(range(min = 2000, max = 2100))]
    #[schema(example = 2025)]
    year: i16,
    kind: Kind,
    /// The usual level of the kind if not given.
    level: Option<Level>,
    /// The day as of which the report speaks.
    reported_on: NaiveDate,
    #[validate(range(min = 0, max = 200_000_000))]
    registered: Option<i32>,
    #[validate(range(min = 0, max = 200_000_000))]
    recognised: Option<i32>,
    #[validate(range(min = 0, max = 200_000_000))]
    total: Option<i32>,
    /// Percent, as printed.
    printed_rate: Option<Percent>,
    printed_base: Option<PrintedBase>,
    /// Which document says so.
    #[schema(example = "Báo cáo số 12/BC-HKH ngày 31/12/2025")]
    #[validate(length(min = 1, max = 500))]
    source: String,
    /// True takes the figure of this year, kind, level and day back.
    #[serde(default)]
    taken_back: bool,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportedQuery {
    /// The day whose code is meant: for areas that have ended. Today if not given.
    on: Option<NaiveDate>,
    #[validate(range(min = 2000, max = 2100))]
    year: Option<i16>,
    kind: Option<Kind>,
    level: Option<Level>,
    /// True shows what was corrected or taken back too.
    history: Option<bool>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The day whose code is meant.
#[derive(Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportedOn {
    /// The earlier of the report's day and 31 December of its year if not given.
    on: Option<NaiveDate>,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_reported).service(create_reported);
}

/// The reported figures of an area, the latest year and report first.
#[utoipa::path(tag = "totals", security(("bearer" = [])), params(("level" = AreaLevel, Path), ("code" = String, Path, example = "14"), ReportedQuery))]
#[get("/areas/{level}/{code}/reported")]
pub async fn list_reported(
    state: Data<State>,
    _user: Allow<ReadFigures>,
    path: Path<(String, String)>,
    query: Query<ReportedQuery>,
) -> Result<Page<ReportedBody>> {
    let areas = state.areas();
    let area = areas_api::find(&areas, &path.0, &path.1, query.on.unwrap_or_else(today))?;
    let limit = paging::limit(query.limit)?;
    let filters = (area, query.year, query.kind, query.level, query.history);
    let from: usize = paging::after(&filters, query.cursor.as_deref())?.unwrap_or(0);
    let mut db = state.db().await?;
    let mut found = bodies(&mut db, &areas, area, query.history == Some(true)).await?;
    found.retain(|figure| {
        query.year.is_none_or(|year| year == figure.year)
            && query.kind.is_none_or(|kind| kind == figure.kind)
            && query.level.is_none_or(|level| level == figure.level)
    });
    let page = found.into_iter().enumerate().skip(from).take(limit as usize + 1).collect();
    let (page, next) = paging::cut(page, limit, &filters, |(n, _)| n + 1)?;
    Ok(Page { items: page.into_iter().map(|(_, figure)| figure).collect(), next, count: None })
}

/// Enter a figure of a paper report. The same year, kind, level and day again is a correction.
#[utoipa::path(tag = "totals", security(("bearer" = [])), params(("level" = AreaLevel, Path), ("code" = String, Path, example = "14"), ReportedOn))]
#[post("/areas/{level}/{code}/reported")]
pub async fn create_reported(
    state: Data<State>,
    user: Allow<WriteReported>,
    path: Path<(String, String)>,
    query: Query<ReportedOn>,
    json: Json<NewReportedBody>,
) -> Result<Created<ReportedBody>> {
    let areas = state.areas();
    let act = user.act(&json);
    let new = json.into_inner();
    let on = query.on.unwrap_or_else(|| place_of(new.year, new.reported_on));
    let area = areas_api::find(&areas, &path.0, &path.1, on)?;
    answers_for(&areas, &user, area)?;
    let new = checked(area, new)?;
    let mut db = state.db().await?;
    Reported::add(&mut db, &act, &areas, "reported.add", std::slice::from_ref(&new)).await?;
    let found = bodies(&mut db, &areas, area, true).await?;
    let key = (new.year, new.kind, new.level, new.reported_on);
    let made = found.into_iter().find(|f| (f.year, f.kind, f.level, f.reported_on) == key);
    let body = made.ok_or_else(Error::not_found)?;
    let (level, code) = (areas.get(area).level, areas.code(area, on));
    let location = format!(
        "/api/v1/areas/{level}/{code}/reported?on={on}&year={}&kind={}&level={}",
        new.year, new.kind, new.level
    );
    Ok(Created { location, version: Some(body.version), body })
}

/// The day whose boundaries a report stands in.
pub fn place_of(year: i16, reported_on: NaiveDate) -> NaiveDate {
    boundaries_of(year, reported_on.min(today()))
}

fn checked(area: AreaId, new: NewReportedBody) -> Result<Reported> {
    let level = new.level.unwrap_or(new.kind.default_level());
    let numbers = Numbers {
        registered: new.registered,
        recognised: new.recognised,
        total: new.total,
        printed_rate: new.printed_rate,
        printed_base: new.printed_base,
    };
    let key = (area, new.year, new.kind, level, new.reported_on);
    let new = Reported { taken_back: new.taken_back, ..Reported::new(key, numbers, &new.source) };
    let errors = faults(&new);
    if errors.is_empty() { Ok(new) } else { Err(Error::invalid(errors)) }
}

/// Everything for which a report is refused; what is only doubtful becomes a remark.
pub fn faults(new: &Reported) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut wrong = |pointer: &str, code, vi: &'static str, en: &'static str| {
        errors.push(FieldError::new(pointer, code, say(vi, en)));
    };
    if !new.kind.levels().contains(&new.level) {
        wrong(
            "/level",
            "level_not_of_kind",
            "Danh hiệu này không có ở cấp đó.",
            "The title does not exist at this level.",
        );
    }
    if new.reported_on > today() || new.reported_on.year() < 2000 {
        wrong(
            "/reported_on",
            "date_range",
            "Ngày báo cáo phải từ năm 2000 đến hôm nay.",
            "The day must lie between 2000 and today.",
        );
    }
    let Numbers { registered, recognised, total, .. } = new.numbers();
    if [registered, recognised, total].iter().all(Option::is_none) && !new.taken_back {
        wrong(
            "/recognised",
            "required",
            "Cần ít nhất một số: đăng ký, công nhận hoặc tổng số.",
            "Give at least one number: registered, recognised or total.",
        );
    }
    errors
}

/// The figures of an area with their remarks, the latest year and report first.
async fn bodies(
    db: &mut Db,
    areas: &Areas,
    area: AreaId,
    history: bool,
) -> Result<Vec<ReportedBody>> {
    // What was reported of the areas that went into it is what a first figure is held against.
    let whole: Vec<AreaId> = areas.cover(area).into_iter().collect();
    let current = Reported::of_areas(db, &whole, None).await?;
    let mut shown = Reported::history(db, area).await?;
    if !history {
        shown.retain(|line| current.contains(line));
    }
    let authors: Vec<_> = shown.iter().map(|line| line.author_id).collect();
    let names = User::names(db, &authors).await?;
    Ok(shown
        .into_iter()
        .map(|line| {
            let of = (line.kind, line.level);
            let last = last_before(areas, &current, area, of, line.reported_on);
            let remarks = remarks(&line.numbers(), last.as_ref());
            let on = place_of(line.year, line.reported_on);
            ReportedBody {
                area: areas.code(line.area_id, on).to_owned(),
                area_name: areas.name(line.area_id, on),
                year: line.year,
                kind: line.kind,
                level: line.level,
                reported_on: line.reported_on,
                registered: line.registered,
                recognised: line.recognised,
                total: line.total,
                printed_rate: line.printed_rate.map(Percent),
                printed_base: line.printed_base,
                taken_back: line.taken_back,
                remarks: remarks
                    .into_iter()
                    .map(|said| RemarkOnFigure { code: said.remark, detail: said.vi })
                    .collect(),
                author: names.get(&line.author_id).cloned(),
                source: line.source,
                known_on: line.day,
                version: line.version,
            }
        })
        .collect())
}
