//! From the words of a query to areas and days.

use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use validator::Validate;

use super::Question;
use super::form::Form;
use crate::access::Caller;
use crate::access::state::State;
use crate::areas::{AreaId, AreaLevel, Areas, Boundaries, Place};
use crate::base::clock::today;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::kind::{Group, Kind, Level, Year};
use crate::ledger::days;

#[derive(Debug, Clone, Default, Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatisticsQuery {
    pub kind: Option<Kind>,
    pub level: Option<Level>,
    /// Code or name of an area in the boundaries meant; the country if not given.
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
    /// A day from 2025-03-01 on, in whose boundaries the figures stand, or `recorded` for each
    /// record's own; today, or the day of `as_of`, if not given.
    #[param(example = "2025-06-30")]
    pub boundaries: Option<String>,
    /// A closed day: the register as it was known at its end. The answer never changes.
    #[param(example = "2026-12-15")]
    pub as_of: Option<NaiveDate>,
    /// What a decision taken after this day changed is left out: recognised is who was by then.
    #[param(example = "2026-12-31")]
    pub decided_by: Option<NaiveDate>,
    /// The course of each year: a row for each month, as known at the last day of it that is closed.
    pub interval: Option<Interval>,
    /// The number of the form of the answer. 1, if not given, names every area in each row; 2 names
    /// each once, says the question, and gives what every rate is taken of. The bytes of a closed day
    /// stay what they are in either.
    #[param(example = 2)]
    pub format: Option<u8>,
}

crate::text_enum! {
    pub enum Interval {
        Month = "month",
    }
}

/// A question, and the areas in which it is meant: those of today, or of its day.
pub struct Asked {
    pub question: Question,
    pub areas: Arc<Areas>,
}

impl StatisticsQuery {
    pub async fn asked(&self, state: &State, caller: Option<&Caller>) -> Result<Asked> {
        let areas = match self.as_of {
            Some(day) => days::known(state, "?as_of", day).await?,
            None => state.areas(),
        };
        let question = self.question(&areas, today(), caller)?;
        Ok(Asked { question, areas })
    }

    /// The form in which it is answered.
    pub fn form(&self) -> Form {
        self.format.and_then(Form::numbered).unwrap_or_default()
    }

    /// What is asked, once codes are areas and defaults are filled in.
    fn question(
        &self,
        areas: &Areas,
        today: NaiveDate,
        caller: Option<&Caller>,
    ) -> Result<Question> {
        let day = self.as_of.unwrap_or(today);
        let boundaries = Boundaries::read(self.boundaries.as_deref(), day)?;
        let on = boundaries.day(day);
        let area = areas.named("?area", self.area.as_deref(), on)?;
        let mut errors = Vec::new();
        let mut wrong = |pointer: &str, code, vi: &'static str, en: &'static str| {
            errors.push(FieldError::new(pointer, code, say(vi, en)));
        };
        let running = Year::try_from(day.year() as i16).unwrap_or(Year::LAST);
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
        let own = areas.get(area).level;
        let depth = self.depth.unwrap_or(own);
        if depth < own || !exists(areas, depth, boundaries) {
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
        if self.format.is_some_and(|format| Form::numbered(format).is_none()) {
            wrong("?format", "format", "Chỉ có dạng 1 và 2.", "There are forms 1 and 2.");
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
            boundaries,
            as_of: self.as_of,
            decided_by: self.decided_by,
            monthly: self.interval.is_some(),
            on,
        })
    }
}

/// The most rows that one answer may have.
const MOST_ROWS: usize = 200_000;

impl Asked {
    /// Refuses what would be answered in more rows than anybody reads; exports have no such bound. Where
    /// each record stands in its own boundaries only their count will tell.
    pub fn check_size(&self) -> Result<()> {
        let Question { area, depth, boundaries, on, .. } = self.question;
        match boundaries {
            Boundaries::Of(_) => {
                check_rows(self.areas.at_level(area, depth, on).len() * self.question.cells())
            }
            Boundaries::Recorded => Ok(()),
        }
    }
}

/// Refuses an answer of so many rows if they are too many.
pub fn check_rows(rows: usize) -> Result<()> {
    if rows <= MOST_ROWS {
        return Ok(());
    }
    Err(Error::unprocessable(
        "too_broad",
        say(
            format!(
                "Câu hỏi này có thể tới {rows} dòng, quá 200.000: hãy chọn một loại danh hiệu, ít năm \
                 hơn hoặc một tỉnh."
            ),
            format!(
                "This may come to {rows} rows, more than 200,000: name a kind, fewer years or a province."
            ),
        ),
    ))
}

impl Question {
    /// How many rows an area may have.
    fn cells(&self) -> usize {
        let years = (self.year_from..=self.year_to).count();
        let kinds = Kind::ALL.iter().filter(|kind| self.kind.is_none_or(|wanted| wanted == **kind));
        let levels = |kind: &Kind| match self.level {
            Some(_) => 1,
            None => kind.levels().len(),
        };
        let times = |asked: bool, by: usize| if asked { by } else { 1 };
        let groups = times(self.by_group, Group::ALL.len() + 1);
        let months = times(self.monthly, 12);
        years * kinds.map(levels).sum::<usize>() * groups * months
    }
}

/// Whether the level existed in these boundaries: districts ended on 30 June 2025.
fn exists(areas: &Areas, level: AreaLevel, boundaries: Boundaries) -> bool {
    let Boundaries::Of(on) = boundaries else { return true };
    areas.all().iter().any(|area| area.level == level && area.version(on).is_some())
}

/// The areas whose records may stand in the area of a question; none given means all.
pub fn sources(areas: &Areas, question: &Question) -> Option<Vec<AreaId>> {
    if question.area == areas.country() {
        return None;
    }
    let Boundaries::Of(on) = question.boundaries else {
        return Some(areas.cover(question.area).into_iter().collect());
    };
    let inside = |id: &AreaId| areas.ancestors(*id, on).contains(&question.area);
    let touches = |id: &AreaId| match areas.place(*id, None, question.boundaries) {
        Place::In(area) => inside(&area),
        Place::Among(candidates) => candidates.iter().any(inside),
    };
    Some(areas.all().iter().map(|area| area.id).filter(touches).collect())
}
