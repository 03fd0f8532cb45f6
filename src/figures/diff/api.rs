//! The difference between two closed days on the wire: public down to the commune like the figures;
//! the entries behind it for those who may read the trail.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix_web::web::{self, Data};
use actix_web::{HttpRequest, get};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::cells::{Day, differences};
use super::explain::Explaining;
use super::form::{self, Diff, DifferenceBody};
use super::rows::{self, Between, Place};
use super::{Difference, Input, slots, sources};
use crate::access::Caller;
use crate::access::allow::Anyone;
use crate::access::state::State;
use crate::areas::{AreaId, AreaLevel};
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::kind::{Kind, Level, Year};
use crate::figures::statistics::api::{Papers, StatisticsQuery, gather};
use crate::figures::statistics::compute::Slot;
use crate::figures::statistics::form::PartName;
use crate::figures::statistics::form::first::FigureBody;
use crate::figures::statistics::question::Asked;
use crate::figures::statistics::{Question, Row, cache};
use crate::ledger::days;
use crate::wire::input::Query;
use crate::wire::paging;
use crate::wire::reply::Answer;

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DiffQuery {
    /// A closed day: the register as it was known at its end.
    #[param(example = "2026-12-15")]
    from: NaiveDate,
    /// A later closed day; the register as it stands if not given.
    #[param(example = "2026-12-31")]
    to: Option<NaiveDate>,
    kind: Option<Kind>,
    level: Option<Level>,
    /// Code or name of an area in the boundaries meant; the country if not given.
    #[param(example = "37")]
    area: Option<String>,
    /// As of `/statistics`: `group` and `grade` split the rows further.
    #[param(example = "area,year,kind,level,group")]
    by: Option<String>,
    /// One row for each area of this level; the area alone if not given.
    depth: Option<AreaLevel>,
    /// The first year; all years if neither is given.
    year_from: Option<Year>,
    /// The last year.
    year_to: Option<Year>,
    /// A day from 2025-03-01 on, in whose boundaries both days are told, or `recorded`; the last of
    /// the two days, or today, if not given.
    #[param(example = "2025-06-30")]
    boundaries: Option<String>,
    /// The number of the form of the answer; 1 if not given.
    #[param(example = 1)]
    format: Option<u8>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_diff);
}

/// What changed between the ends of two closed days, or since one: every row of `/statistics` that differs, as each
/// of them tells it, with the entries of the trail that changed it.
///
/// Public like the figures themselves. The entries are named to supervisors and auditors, as far as
/// the chains are of their area; others learn how many there are. An entry that was counted in a row
/// and taken out again changed it all the same. A total may cease to hold without an entry, when the
/// boundaries end in which it was reported.
#[utoipa::path(tag = "statistics", params(DiffQuery))]
#[get("/statistics/diff")]
pub async fn get_diff(
    state: Data<State>,
    caller: Anyone,
    query: Query<DiffQuery>,
    request: HttpRequest,
) -> Result<Answer<Diff>> {
    let caller = caller.0.as_ref();
    let asked = query.asked(&state, caller).await?;
    let question = asked.text(caller);
    let work = async |db: &mut Conn| asked.answer(db, caller).await;
    match query.to {
        Some(_) => cache::closed(&state, &question, caller.is_none(), &request, work).await,
        None => cache::standing(&state, &question, &asked.last, &request, work).await,
    }
}

/// The same question of two days, and which rows of the answer are wanted.
pub struct Compared {
    pub first: Asked,
    pub last: Asked,
    pub days: Between,
    start: usize,
    limit: usize,
}

impl DiffQuery {
    async fn asked(&self, state: &State, caller: Option<&Caller>) -> Result<Compared> {
        if self.to.is_some_and(|to| self.from >= to) {
            return Err(Error::invalid_field(
                "?to",
                "days_reversed",
                say("Ngày sau phải sau ngày trước.", "The last day must lie after the first."),
            ));
        }
        if self.format.is_some_and(|format| format != form::FORM) {
            let only = say("Chỉ có dạng 1.", "There is only form 1.");
            return Err(Error::invalid_field("?format", "format", only));
        }
        let areas = days::known(state, "?from", self.from).await?;
        if let Some(to) = self.to {
            days::known(state, "?to", to).await?;
        }
        let any_year = self.year_from.is_none() && self.year_to.is_none();
        let last = StatisticsQuery {
            kind: self.kind,
            level: self.level,
            area: self.area.clone(),
            by: self.by.clone(),
            depth: self.depth,
            year_from: if any_year { Some(Year::FIRST) } else { self.year_from },
            year_to: if any_year { Some(Year::LAST) } else { self.year_to },
            boundaries: self.boundaries.clone(),
            as_of: self.to,
            ..StatisticsQuery::default()
        };
        let last = last.asked(state, caller).await?;
        let (as_of, on) = (Some(self.from), last.question.boundaries.day(self.from));
        let first = Asked { question: Question { as_of, on, ..last.question.clone() }, areas };
        let limit = paging::limit(self.limit)? as usize;
        let days = Between { from: self.from, to: self.to.unwrap_or(NaiveDate::MAX) };
        let mut asked = Compared { first, last, days, start: 0, limit };
        asked.start = paging::after(&asked.filters(), self.cursor.as_deref())?.unwrap_or(0);
        Ok(asked)
    }
}

/// What came to be known between the days.
pub struct Known {
    pub places: Vec<Place>,
    pub inputs: Vec<Input>,
}

impl Compared {
    fn filters(&self) -> String {
        format!("{:?} {:?}", self.first.question, self.last.question)
    }

    /// All that the answer depends on.
    fn text(&self, caller: Option<&Caller>) -> String {
        let reader = caller.map(|c| (c.area, c.role));
        // Areas of today are named as they are known now.
        let areas = self.last.question.as_of.is_none().then(|| self.last.areas.generation());
        format!("diff {} {} {} {reader:?} {areas:?}", self.filters(), self.start, self.limit)
    }

    async fn answer(&self, db: &mut Conn, caller: Option<&Caller>) -> Result<Diff> {
        let known = self.known(db).await?;
        let found = self.differences(db, &known, caller.is_some()).await?;
        let count = found.len();
        let page: Vec<Difference> = found.into_iter().skip(self.start).take(self.limit).collect();
        let end = self.start + page.len();
        let next = (end < count).then(|| paging::cursor(&self.filters(), &end)).transpose()?;
        let explaining = Explaining::new(self, &known, caller);
        let entries = explaining.rows(db, &page).await?;
        let targets = explaining.targets(db).await?;
        let items = page
            .into_iter()
            .zip(entries)
            .map(|(row, entries)| self.body(row, entries, caller))
            .collect();
        Ok(Diff {
            from: self.days.from,
            to: self.last.question.as_of,
            boundaries: self.last.question.boundaries.to_string(),
            format: form::FORM,
            count,
            items,
            next,
            targets,
        })
    }

    /// Whether both days knew the same areas, in force and settled alike.
    pub fn same_areas(&self) -> bool {
        Arc::ptr_eq(&self.first.areas, &self.last.areas)
    }

    async fn known(&self, db: &mut Conn) -> Result<Known> {
        let question = &self.last.question;
        let sources = sources(&self.last.areas, question, None);
        let places = rows::places(db, question, sources.as_deref(), self.days).await?;
        let mut inputs = rows::inputs(db, question, self.days).await?;
        if !self.same_areas() {
            inputs.extend(rows::reforms(db, self.days).await?);
        }
        Ok(Known { places, inputs })
    }

    /// The rows in which something of an area may stand, on either day.
    pub fn slots(&self, area: AreaId) -> BTreeSet<Slot> {
        let mut found = slots(&self.last.areas, &self.last.question, area);
        if !self.same_areas() {
            found.extend(slots(&self.first.areas, &self.first.question, area));
        }
        found
    }

    /// Counts both days as far as something changed: no more areas than the rows are made of that
    /// are concerned, unless the map itself changed.
    async fn differences(
        &self,
        db: &mut Conn,
        known: &Known,
        states: bool,
    ) -> Result<Vec<Difference>> {
        let concerned: Option<BTreeSet<Slot>> = self.same_areas().then(|| {
            let places = known.places.iter().map(|place| place.area_id);
            let touched: BTreeSet<AreaId> =
                places.chain(known.inputs.iter().map(|input| input.area)).collect();
            touched.into_iter().flat_map(|area| self.slots(area)).collect()
        });
        if concerned.as_ref().is_some_and(BTreeSet::is_empty) {
            return Ok(Vec::new());
        }
        let mut days = Vec::new();
        for Asked { areas, question } in [&self.first, &self.last] {
            let sources = sources(areas, question, concerned.as_ref());
            let gathered = gather(db, areas, question, sources).await?;
            let whole = areas.at_level(question.area, question.depth, question.on);
            let papers = Papers::of(db, question, whole.into_iter()).await?;
            days.push((areas.clone(), question.clone(), gathered, papers));
        }
        let compared = web::block(move || {
            let days: Vec<Day<'_>> = days
                .iter()
                .map(|(areas, question, gathered, papers)| {
                    Day::new(areas, question, gathered, papers)
                })
                .collect();
            differences(&days[0], &days[1], concerned.as_ref(), states)
        });
        compared.await.map_err(Error::internal)
    }

    fn body(
        &self,
        row: Difference,
        entries: form::Entries,
        caller: Option<&Caller>,
    ) -> DifferenceBody {
        let told = |Asked { areas, question }: &Asked, row: Option<Row>| {
            row.map(|row| FigureBody::new(areas, question, caller, row))
        };
        let Difference { slot: (area, part), cell, before, after, changed } = row;
        let Asked { areas, question } = if after.is_some() { &self.last } else { &self.first };
        let (year, kind, level, group, grade) = cell;
        DifferenceBody {
            area: areas.code(area, question.on).to_owned(),
            area_name: areas.name(area, question.on),
            area_level: areas.get(area).level,
            part: PartName::from(&part),
            year,
            kind,
            level,
            group: question.by_group.then_some(group),
            grade: question.by_grade.then_some(grade),
            changed,
            before: told(&self.first, before),
            after: told(&self.last, after),
            entries,
        }
    }
}
