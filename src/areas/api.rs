//! The areas of the country, public.

use actix_web::get;
use actix_web::web::{Data, Path};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::boundaries_of;
use super::places::Places;
use super::{AreaId, AreaLevel, Areas};
use crate::base::clock::today;
use crate::base::error::{Error, Result};
use crate::base::kind::Year;
use crate::wire::input::Query;
use crate::wire::paging;
use crate::wire::reply::{Body, Page};

/// An area as it was on the day asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Area)]
pub struct AreaBody {
    /// The statistics office's code of that day.
    #[schema(example = "13669")]
    pub code: String,
    pub level: AreaLevel,
    #[schema(example = "Nam Định")]
    pub name: String,
    #[schema(example = "Phường Nam Định")]
    pub full_name: String,
    /// In Vietnamese.
    #[schema(example = "phường")]
    pub r#type: String,
    /// In English.
    #[schema(example = "ward")]
    pub type_en: String,
    /// None for the country.
    pub parent: Option<AreaLink>,
    /// 2021-01-01 means "or earlier, unknown".
    pub valid_from: NaiveDate,
    /// The last day; none while in force.
    pub valid_to: Option<NaiveDate>,
}

/// Another area, named.
#[derive(Debug, Serialize, ToSchema)]
pub struct AreaLink {
    #[schema(example = "37")]
    pub code: String,
    pub level: AreaLevel,
    #[schema(example = "Tỉnh Ninh Bình")]
    pub full_name: String,
}

impl AreaLink {
    pub fn new(areas: &Areas, id: AreaId, on: NaiveDate) -> Self {
        Self {
            code: areas.code(id, on).to_owned(),
            level: areas.get(id).level,
            full_name: areas.get(id).nearest(on).full_name.clone(),
        }
    }
}

/// Where an area came from and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Lineage {
    pub area: AreaBody,
    pub predecessors: Vec<Succeeded>,
    pub successors: Vec<Succeeded>,
}

/// One succession, seen from one side.
#[derive(Debug, Serialize, ToSchema)]
pub struct Succeeded {
    pub area: AreaBody,
    /// The first day of the successor.
    pub effective_on: NaiveDate,
    /// Whether the predecessor went whole into the successor, or only a part of it.
    pub whole: bool,
}

/// Which areas are listed.
#[derive(Debug, Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AreaQuery {
    pub level: Option<AreaLevel>,
    /// Code of the area directly above.
    #[param(example = "37")]
    parent: Option<String>,
    /// Part of a name, with or without diacritics; a misspelling finds what is near.
    #[param(example = "nam dinh")]
    #[validate(length(max = 100))]
    q: Option<String>,
    /// The day whose codes and names are meant; today if not given.
    on: Option<NaiveDate>,
    /// 1 to 500; 50 if not given.
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The day whose codes and names are meant.
#[derive(Debug, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OnQuery {
    /// Today if not given.
    on: Option<NaiveDate>,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_areas).service(get_area).service(get_lineage);
}

/// List or search areas. Public.
#[utoipa::path(tag = "areas", params(AreaQuery))]
#[get("/areas")]
pub async fn list_areas(places: Data<Places>, query: Query<AreaQuery>) -> Result<Page<AreaBody>> {
    let areas = places.now();
    let on = query.on.unwrap_or_else(today);
    let parent = query.parent.as_deref().map(|p| areas.resolve("?parent", p, on)).transpose()?;
    let limit = paging::limit(query.limit)?;
    let mut ids: Vec<AreaId> = match &query.q {
        Some(q) => areas.search(q, query.level, parent, on).ids(),
        None => areas.all().iter().map(|a| a.id).collect(),
    };
    ids.retain(|id| {
        areas
            .version(*id, on)
            .is_some_and(|v| parent.is_none() || query.q.is_some() || v.parent == parent)
            && query.level.is_none_or(|level| areas.get(*id).level == level)
    });
    let filters = (query.level, &query.parent, &query.q, on);
    let from: usize = paging::after(&filters, query.cursor.as_deref())?.unwrap_or(0);
    let page: Vec<(usize, AreaId)> =
        ids.into_iter().enumerate().skip(from).take(limit as usize + 1).collect();
    let (page, next) = paging::cut(page, limit, &filters, |(n, _)| n + 1)?;
    let items = page.into_iter().filter_map(|(_, id)| body(&areas, id, on)).collect();
    Ok(Page { items, next, count: None })
}

/// One area by its code or name of a day. Public.
#[utoipa::path(tag = "areas", params(("level" = AreaLevel, Path), ("code" = String, Path, example = "13669"), OnQuery))]
#[get("/areas/{level}/{code}")]
pub async fn get_area(
    places: Data<Places>,
    path: Path<(String, String)>,
    query: Query<OnQuery>,
) -> Result<Body<AreaBody>> {
    let areas = places.now();
    let on = query.on.unwrap_or_else(today);
    let id = find(&areas, &path.0, &path.1, on)?;
    body(&areas, id, on).map(Body).ok_or_else(Error::not_found)
}

/// What an area was made of and what it became. Public.
#[utoipa::path(tag = "areas", params(("level" = AreaLevel, Path), ("code" = String, Path, example = "13669"), OnQuery))]
#[get("/areas/{level}/{code}/lineage")]
pub async fn get_lineage(
    places: Data<Places>,
    path: Path<(String, String)>,
    query: Query<OnQuery>,
) -> Result<Body<Lineage>> {
    let areas = places.now();
    let on = query.on.unwrap_or_else(today);
    let id = find(&areas, &path.0, &path.1, on)?;
    let area = areas.get(id);
    let side = |list: &[super::index::Succession], before: bool| {
        let day = |on: NaiveDate| if before { on.pred_opt().unwrap_or(on) } else { on };
        list.iter()
            .filter_map(|s| {
                let area = body(&areas, s.area, day(s.on))?;
                Some(Succeeded { area, effective_on: s.on, whole: s.whole })
            })
            .collect()
    };
    Ok(Body(Lineage {
        area: body(&areas, id, on).ok_or_else(Error::not_found)?,
        predecessors: side(&area.predecessors, true),
        successors: side(&area.successors, false),
    }))
}

/// The area of a path; 404 with suggestions.
pub fn find(areas: &Areas, level: &str, code: &str, on: NaiveDate) -> Result<AreaId> {
    let level = AreaLevel::parse(level).ok_or_else(Error::not_found)?;
    let code = crate::base::text::tidy(code);
    if let Some(id) = areas.find(&code, on).filter(|id| areas.get(*id).level == level) {
        return Ok(id);
    }
    let found = areas.search(&code, Some(level), None, on);
    match found.0.iter().filter(|(rank, _)| *rank == 0).collect::<Vec<_>>()[..] {
        [(_, id)] => Ok(*id),
        _ => match found.0[..] {
            // One near name alone is what was meant: a slip, or diacritics left out.
            [(_, id)] => Ok(id),
            _ => {
                Err(Error::not_found().with_errors(areas.suggest("/code", &code, Some(level), on)))
            }
        },
    }
}

fn body(areas: &Areas, id: AreaId, on: NaiveDate) -> Option<AreaBody> {
    let area = areas.get(id);
    let version = area.version(on)?;
    Some(AreaBody {
        code: version.code.clone(),
        level: area.level,
        name: version.name.clone(),
        full_name: version.full_name.clone(),
        r#type: version.unit_type.clone(),
        type_en: type_en(&version.unit_type).to_owned(),
        parent: version.parent.map(|parent| AreaLink::new(areas, parent, on)),
        valid_from: version.valid_from,
        valid_to: version.valid_to,
    })
}

fn type_en(vi: &str) -> &'static str {
    match vi {
        "quốc gia" => "country",
        "tỉnh" => "province",
        "thành phố" => "city",
        "thành phố trực thuộc trung ương" => "city under central government",
        "quận" => "urban district",
        "huyện" => "rural district",
        "thị xã" => "town",
        "phường" => "ward",
        "thị trấn" => "township",
        "xã" => "commune",
        "đặc khu" => "special zone",
        _ => "area",
    }
}

/// The area and year of a path, in the boundaries of that year's 31 December; of the running year,
/// of today.
pub fn place(
    areas: &Areas,
    (level, code, year): &(String, String, String),
) -> Result<(AreaId, Year)> {
    let year: i16 = year.parse().map_err(|_| Error::not_found())?;
    let year = Year::try_from(year).map_err(|_| Error::not_found())?;
    let on = boundaries_of(year.get(), today());
    Ok((find(areas, level, code, on)?, year))
}
