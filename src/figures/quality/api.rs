//! Findings and score cards on the wire, for those who read records.

use std::collections::BTreeMap;

use actix_web::get;
use actix_web::web::Data;
use chrono::Datelike;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use super::{Card, Check, Closed, Finding, List, Material, Severity, cards, findings, rows};
use crate::access::Caller;
use crate::access::allow::{Allow, ReadRecords};
use crate::access::state::State;
use crate::areas::{AreaId, AreaLevel, Areas};
use crate::base::clock::today;
use crate::base::db::Db;
use crate::base::error::{Error, Result, say};
use crate::base::kind::{Kind, Level, Year};
use crate::figures::reported::rows::Reported;
use crate::figures::totals::rows::Total;
use crate::register::criteria::rows as criteria_rows;
use crate::register::rounds::Calendar;
use crate::register::rounds::closings::Closing;
use crate::register::rounds::closings::ClosingState;
use crate::wire::input::Query;
use crate::wire::paging;
use crate::wire::reply::Page;

/// Something that cannot be right, or is unlikely.
#[derive(Serialize, ToSchema)]
#[schema(as = Finding)]
pub struct FindingBody {
    code: Check,
    severity: Severity,
    #[schema(example = "13669")]
    area: String,
    area_name: String,
    area_level: AreaLevel,
    year: i16,
    kind: Option<Kind>,
    level: Option<Level>,
    /// The numbers that the check compared.
    #[schema(value_type = BTreeMap<String, i64>)]
    numbers: BTreeMap<&'static str, i64>,
    /// What is wrong and how to mend it, in Vietnamese.
    #[schema(example = "Số công nhận gia đình học tập là 9000, lớn hơn số hộ gia đình (8500).")]
    detail: String,
    /// The list of the records concerned.
    records: Option<String>,
    /// Some of the holders concerned.
    holders: Vec<Uuid>,
}

/// How the checks of a commune went.
#[derive(Serialize, ToSchema)]
#[schema(as = ScoreCard)]
pub struct CardBody {
    #[schema(example = "13669")]
    area: String,
    area_name: String,
    year: i16,
    /// Percent of the checks that found nothing.
    #[schema(example = 94.44)]
    score: f64,
    errors: i64,
    warnings: i64,
    notes: i64,
    /// What was found, and how often; a check that found nothing is left out.
    #[schema(value_type = BTreeMap<String, i64>)]
    found: BTreeMap<Check, i64>,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct QualityQuery {
    /// Code or name of an area within the caller's, which it is if not given.
    #[param(example = "13669")]
    area: Option<String>,
    /// The running year if not given.
    year: Option<Year>,
    kind: Option<Kind>,
    code: Option<Check>,
    severity: Option<Severity>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CardsQuery {
    /// Code or name of an area within the caller's, which it is if not given.
    #[param(example = "37")]
    area: Option<String>,
    /// The running year if not given.
    year: Option<Year>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_quality).service(get_quality_cards);
}

/// What in the figures of a year cannot be right or is unlikely, errors first.
#[utoipa::path(tag = "statistics", security(("bearer" = [])), params(QualityQuery))]
#[get("/statistics/quality")]
pub async fn get_quality(
    state: Data<State>,
    user: Allow<ReadRecords>,
    query: Query<QualityQuery>,
) -> Result<Page<FindingBody>> {
    let areas = state.areas();
    let (area, year) = asked(&areas, &user, query.area.as_deref(), query.year)?;
    let limit = paging::limit(query.limit)?;
    let filters = (area, year, query.kind, query.code, query.severity);
    let from: usize = paging::after(&filters, query.cursor.as_deref())?.unwrap_or(0);
    let mut db = state.db().await?;
    let mut found = check(&mut db, &areas, area, year).await?;
    found.retain(|finding| {
        query.kind.is_none_or(|kind| finding.kind == Some(kind))
            && query.code.is_none_or(|code| finding.check == code)
            && query.severity.is_none_or(|severity| finding.check.severity() == severity)
    });
    let page = found.into_iter().enumerate().skip(from).take(limit as usize + 1).collect();
    let (page, next) = paging::cut(page, limit, &filters, |(n, _)| n + 1)?;
    let items = page.into_iter().map(|(_, finding)| body(&areas, finding)).collect();
    Ok(Page { items, next, count: None })
}

/// One score card for each commune, the worst first.
#[utoipa::path(tag = "statistics", security(("bearer" = [])), params(CardsQuery))]
#[get("/statistics/quality/cards")]
pub async fn get_quality_cards(
    state: Data<State>,
    user: Allow<ReadRecords>,
    query: Query<CardsQuery>,
) -> Result<Page<CardBody>> {
    let areas = state.areas();
    let (area, year) = asked(&areas, &user, query.area.as_deref(), query.year)?;
    let limit = paging::limit(query.limit)?;
    let filters = (area, year);
    let from: usize = paging::after(&filters, query.cursor.as_deref())?.unwrap_or(0);
    let mut db = state.db().await?;
    let found = check(&mut db, &areas, area, year).await?;
    let all = cards(&areas.communes(area, today()), &found);
    let page = all.into_iter().enumerate().skip(from).take(limit as usize + 1).collect();
    let (page, next) = paging::cut(page, limit, &filters, |(n, _)| n + 1)?;
    let items = page.into_iter().map(|(_, card)| card_body(&areas, year, card)).collect();
    Ok(Page { items, next, count: None })
}

fn asked(
    areas: &Areas,
    caller: &Caller,
    area: Option<&str>,
    year: Option<Year>,
) -> Result<(AreaId, i16)> {
    let area = match area {
        Some(text) => areas.resolve("?area", text, today())?,
        None => caller.area,
    };
    if !areas.covers(caller.area, area) {
        return Err(Error::forbidden(
            "area_not_covered",
            say("Địa bàn này ngoài phạm vi của tài khoản.", "This area is outside the caller's."),
        ));
    }
    let running = (today().year() as i16).clamp(Year::FIRST.get(), Year::LAST.get());
    Ok((area, year.map_or(running, Year::get)))
}

/// All checks of an area and year.
async fn check(db: &mut Db, areas: &Areas, area: AreaId, year: i16) -> Result<Vec<Finding>> {
    let years = [year - 1, year];
    let cover: Vec<AreaId> = areas.cover(area).into_iter().collect();
    let counted = rows::counted(db, area, &years).await?;
    let totals = Total::of_areas(db, &cover, &years, None).await?;
    let closed: Closed = Closing::of_areas(db, &cover, &[year], None)
        .await?
        .into_iter()
        .filter(|closing| closing.state == ClosingState::Complete)
        .map(|closing| (closing.area_id, closing.kind))
        .collect();
    let mut found = findings(&Material {
        areas,
        year,
        today: today(),
        counted: &counted,
        totals: &totals,
        closed: &closed,
        reported: &Reported::of_areas(db, &cover, None).await?,
        held: &rows::held(db, area).await?,
        units: &rows::units(db, area, year).await?,
        families: &rows::families(db, area, year).await?,
        scored: &rows::scored(db, area, year).await?,
        one_file: &rows::one_file(db, area, year).await?,
        sets: &criteria_rows::all(db).await?,
        calendar: &Calendar::load(db, &[], &years).await?,
    });
    // What is counted for the areas above is not whole here.
    found.retain(|finding| areas.covers(area, finding.area));
    Ok(found)
}

fn body(areas: &Areas, finding: Finding) -> FindingBody {
    let area = areas.code(finding.area, today()).to_owned();
    let kind = finding.kind.map(Kind::as_str).unwrap_or_default();
    let level = finding.level.map(Level::as_str).unwrap_or_default();
    // A code of the past may be another area's today.
    let stands = areas.version(finding.area, today()).is_some();
    let records = finding.list.filter(|_| stands).map(|list| match list {
        List::Holders => format!("/api/v1/holders?kind={kind}&area={area}"),
        List::Duplicates => format!("/api/v1/holders/duplicates?kind={kind}&area={area}"),
        List::Titles(filter) => {
            let year = finding.year;
            let also = filter.map(|(name, value)| format!("&{name}={value}")).unwrap_or_default();
            format!("/api/v1/titles?kind={kind}&level={level}&area={area}&year={year}{also}")
        }
    });
    FindingBody {
        code: finding.check,
        severity: finding.check.severity(),
        area_name: areas.name(finding.area, today()),
        area_level: areas.get(finding.area).level,
        area,
        year: finding.year,
        kind: finding.kind,
        level: finding.level,
        numbers: finding.numbers,
        detail: finding.vi,
        records,
        holders: finding.holders,
    }
}

fn card_body(areas: &Areas, year: i16, card: Card) -> CardBody {
    let of = |severity| {
        card.found.iter().filter(|(check, _)| check.severity() == severity).map(|(_, n)| n).sum()
    };
    CardBody {
        area: areas.code(card.area, today()).to_owned(),
        area_name: areas.name(card.area, today()),
        year,
        score: card.score as f64 / 100.0,
        errors: of(Severity::Error),
        warnings: of(Severity::Warning),
        notes: of(Severity::Note),
        found: card.found,
    }
}
