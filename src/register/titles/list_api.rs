//! Lists of titles on the wire: what stands behind every figure, now or on a closed day.

use std::sync::Arc;

use actix_web::get;
use actix_web::web::Data;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::{Validate, ValidationError};

use super::body::{TitleBody, bodies};
use super::filter::TitleFilter;
use super::listing;
use super::rows::Title;
use super::then::{self, Then};
use crate::access::Caller;
use crate::access::allow::{Allow, ReadRecords};
use crate::access::state::State;
use crate::areas::{Areas, Boundaries, Part};
use crate::base::clock::today;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::kind::{Group, Kind, Level, Status, Year};
use crate::ledger::days;
use crate::register::criteria::Outcome;
use crate::register::holders::api::Exact;
use crate::wire::input::Query;
use crate::wire::paging;
use crate::wire::reply::Page;

/// A title as it stands, or as it was known at the end of a closed day.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum ListedTitle {
    Now(Box<TitleBody>),
    Then(TitleThen),
}

/// A title as it was known at the end of a closed day.
#[derive(Serialize, ToSchema)]
pub struct TitleThen {
    /// The closed day.
    as_of: NaiveDate,
    holder_id: Uuid,
    /// None where the holder is no more.
    #[schema(example = "K7M-3QX-9TD")]
    code: Option<String>,
    /// As it is written today; none where it was erased.
    #[schema(example = "Trần Văn Bình")]
    name: Option<String>,
    kind: Kind,
    level: Level,
    year: i16,
    /// Code of the area in which it was registered.
    #[schema(example = "13669")]
    area: String,
    area_name: String,
    group: Option<Group>,
    status: Status,
    grade: Option<String>,
    /// The last year in which it is in force, once recognised.
    valid_through: i16,
}

crate::text_enum! {
    pub enum OwnPart {
        Own = "own",
    }
}

#[derive(Default, Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TitleQuery {
    pub kind: Option<Kind>,
    pub level: Option<Level>,
    /// Code of an area within the caller's; of one that ended with a day: `13669@2025-06-30`.
    #[param(example = "13669")]
    pub area: Option<String>,
    /// As in `/statistics`: exactly the records that stand in the area in these boundaries. Without
    /// it, also those of a split commune that may belong to the area.
    #[param(example = "2025-06-30")]
    pub boundaries: Option<String>,
    /// `own`: those of the area itself, which lie in none below it. Needs `boundaries`.
    pub part: Option<OwnPart>,
    /// Codes, separated by commas: those of which nobody can say yet in which of these areas they
    /// lie. Needs `boundaries`.
    #[param(example = "13669,13684")]
    pub among: Option<String>,
    /// A closed day: the titles as they were known at its end.
    #[param(example = "2026-12-15")]
    pub as_of: Option<NaiveDate>,
    /// So many titles, spread evenly over the communes: always the same for the same day and seed.
    /// Needs `as_of` and `seed`.
    #[validate(range(min = 1, max = 1000))]
    pub sample: Option<i64>,
    /// Any text.
    #[validate(length(max = 100))]
    pub seed: Option<String>,
    pub year: Option<Year>,
    pub status: Option<Status>,
    /// `none` for those without a grade.
    #[validate(length(max = 50))]
    pub grade: Option<String>,
    /// Of citizens: a group, or `none` for those without one.
    #[param(example = "officials")]
    #[validate(custom(function = "group_or_none"))]
    pub group: Option<String>,
    pub outcome: Option<Outcome>,
    pub hamlet: Option<Uuid>,
    pub decision: Option<Uuid>,
    pub import: Option<Uuid>,
    /// Those of which something came late.
    pub late: Option<bool>,
    /// Part of the holder's name.
    #[validate(length(max = 100))]
    pub q: Option<String>,
    /// `exact` adds the number of all.
    pub count: Option<Exact>,
    pub limit: Option<i64>,
    pub cursor: Option<String>,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_titles);
}

/// List titles: what stands behind every figure.
#[utoipa::path(tag = "titles", security(("bearer" = [])), params(TitleQuery))]
#[get("/titles")]
pub async fn list_titles(
    state: Data<State>,
    user: Allow<ReadRecords>,
    query: Query<TitleQuery>,
) -> Result<Page<ListedTitle>> {
    match query.as_of {
        Some(day) => query.page_of(&state, &user, day).await,
        None => query.page(&state, &user).await,
    }
}

impl TitleQuery {
    /// One page of the register as it stands.
    async fn page(&self, state: &State, user: &Caller) -> Result<Page<ListedTitle>> {
        let limit = paging::limit(self.limit)?;
        let filter = self.filter(state)?;
        let filters = self.bound()?;
        let after = paging::after(&filters, self.cursor.as_deref())?;
        let db = &mut state.db().await?;
        let areas = state.areas();
        let found = listing::page(db, &areas, user, &filter, after, limit + 1).await?;
        let (found, next) = paging::cut(found, limit, &filters, Title::key)?;
        let count = match self.count {
            Some(Exact::Exact) => Some(listing::count(db, &areas, user, &filter).await?),
            None => None,
        };
        let items = bodies(state, db, &found).await?;
        let items = items.into_iter().map(|body| ListedTitle::Now(Box::new(body))).collect();
        Ok(Page { items, next, count })
    }

    /// One page of the register as it was known at the end of a closed day, or a sample of it.
    async fn page_of(
        &self,
        state: &State,
        user: &Caller,
        day: NaiveDate,
    ) -> Result<Page<ListedTitle>> {
        let limit = paging::limit(self.limit)?;
        let (areas, filter) = self.of_day(state, day).await?;
        let filters = self.bound()?;
        let after = paging::after(&filters, self.cursor.as_deref())?;
        let db = &mut state.db().await?;
        let count = match self.count {
            Some(Exact::Exact) => Some(then::count(db, &areas, user, &filter, day).await?),
            None => None,
        };
        let (found, next) = match (self.sample, &self.seed) {
            (Some(size), Some(seed)) => {
                (then::sample(db, &areas, user, (&filter, day), (size, seed)).await?, None)
            }
            _ => {
                let found = then::list(db, &areas, user, &filter, day, after, limit + 1).await?;
                paging::cut(found, limit, &filters, Then::cursor)?
            }
        };
        let items = found.into_iter().map(|then| ListedTitle::Then(body(&areas, day, then)));
        Ok(Page { items: items.collect(), next, count })
    }

    /// The areas as they were known on a closed day, and what is asked of it.
    pub async fn of_day(&self, state: &State, day: NaiveDate) -> Result<(Arc<Areas>, TitleFilter)> {
        self.check_then()?;
        let areas = days::known(state, "?as_of", day).await?;
        let filter = self.filter_in(&areas, day)?;
        Ok((areas, filter))
    }

    /// Of a past day only the state of a title is known, not its scores.
    fn check_then(&self) -> Result<()> {
        let mut errors = Vec::new();
        for (name, given) in [
            ("outcome", self.outcome.is_some()),
            ("hamlet", self.hamlet.is_some()),
            ("decision", self.decision.is_some()),
            ("import", self.import.is_some()),
            ("late", self.late.is_some()),
            ("q", self.q.is_some()),
        ] {
            if given {
                errors.push(FieldError::new(
                    format!("?{name}"),
                    "not_of_a_day",
                    say(
                        "Không lọc được theo mục này với số liệu của một ngày đã chốt.",
                        "The titles of a closed day cannot be filtered by this.",
                    ),
                ));
            }
        }
        if self.sample.is_some() != self.seed.is_some() {
            errors.push(FieldError::new(
                if self.seed.is_some() { "?sample" } else { "?seed" },
                "required",
                say("Mẫu cần cả sample lẫn seed.", "A sample needs both sample and seed."),
            ));
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::invalid(errors)) }
    }

    pub fn filter(&self, state: &State) -> Result<TitleFilter> {
        if self.sample.is_some() || self.seed.is_some() {
            return Err(Error::invalid_field(
                "?as_of",
                "required",
                say("Mẫu cần một ngày đã chốt.", "A sample needs a closed day."),
            ));
        }
        let areas: Arc<Areas> = state.areas();
        self.filter_in(&areas, today())
    }

    fn filter_in(&self, areas: &Areas, day: NaiveDate) -> Result<TitleFilter> {
        let (area, made) = match (&self.boundaries, self.as_of) {
            (None, None) if self.part.is_none() && self.among.is_none() => {
                let area = self.area.as_deref();
                (area.map(|_| areas.named("?area", area, day)).transpose()?, None)
            }
            _ => {
                let boundaries = Boundaries::read(self.boundaries.as_deref(), day)?;
                let on = boundaries.day(day);
                let area = areas.named("?area", self.area.as_deref(), on)?;
                (None, areas.made(area, &self.part_of(areas, on)?, boundaries, on))
            }
        };
        Ok(TitleFilter {
            kind: self.kind,
            level: self.level,
            area,
            made,
            year: self.year.map(Year::get),
            status: self.status,
            grade: self.grade.as_deref().map(or_none),
            group: self.group.as_deref().map(or_none),
            outcome: self.outcome,
            hamlet: self.hamlet,
            decision: self.decision,
            import: self.import,
            late: self.late,
            q: self.q.clone(),
        })
    }

    fn part_of(&self, areas: &Areas, on: NaiveDate) -> Result<Part> {
        match (&self.among, self.part) {
            (None, None) => Ok(Part::Whole),
            (None, Some(OwnPart::Own)) => Ok(Part::Own),
            (Some(codes), _) => {
                let codes = codes.split(',').map(str::trim);
                let mut ids: Vec<_> = codes
                    .map(|code| areas.named("?among", Some(code), on))
                    .collect::<Result<_>>()?;
                ids.sort_unstable();
                ids.dedup();
                Ok(Part::Among(ids))
            }
        }
    }

    /// The filters to which a cursor is bound: all but the page itself.
    pub fn bound(&self) -> Result<serde_json::Value> {
        let mut filters = serde_json::to_value(self).map_err(Error::internal)?;
        if let Some(filters) = filters.as_object_mut() {
            filters.retain(|name, _| !matches!(&**name, "limit" | "cursor" | "count"));
        }
        Ok(filters)
    }
}

fn body(areas: &Areas, day: NaiveDate, then: Then) -> TitleThen {
    TitleThen {
        as_of: day,
        holder_id: then.holder_id,
        code: then.code,
        name: then.name.filter(|name| !name.is_empty()),
        kind: then.kind,
        level: then.level,
        year: then.year,
        area: areas.code(then.area_id, day).to_owned(),
        area_name: areas.name(then.area_id, day),
        group: Group::parse(&then.group_code),
        status: then.status,
        grade: Some(then.grade).filter(|grade| !grade.is_empty()),
        valid_through: then.valid_through,
    }
}

/// What is stored where a filter says `none`: nothing.
fn or_none(text: &str) -> String {
    if text == "none" { String::new() } else { text.to_owned() }
}

/// For `#[validate(custom)]`: a group of citizens, or `none`.
pub fn group_or_none(text: &str) -> std::result::Result<(), ValidationError> {
    if text == "none" || Group::parse(text).is_some() {
        return Ok(());
    }
    let say = "Chỉ nhận: farmers, workers, officials, learners, none. | \
               One of farmers, workers, officials, learners, none.";
    Err(ValidationError::new("parameter").with_message(say.into()))
}
