//! The rows of exported tables, as cells in the order of their columns.

use chrono::NaiveDate;
use serde_json::Value;

use super::Cell;
use crate::areas::{AreaId, Areas};
use crate::base::kind::{Group, Kind, Level, Status};
use crate::base::number::masked;
use crate::figures::statistics::api::{ByStatus, FigureBody};
use crate::ledger::audit::api::AuditEntry;
use crate::register::criteria::{Outcome, Score};
use crate::register::decisions::rows::{Decision, Line};
use crate::register::holders::rows::Holder;
use crate::register::titles::rows::Title;
use crate::register::titles::then::Then;

/// Codes and names of areas; lists come area by area, so that the last is worth remembering.
pub struct Names<'a> {
    areas: &'a Areas,
    last: Option<(AreaId, NaiveDate, String, String)>,
}

impl<'a> Names<'a> {
    pub fn new(areas: &'a Areas) -> Self {
        Self { areas, last: None }
    }

    fn of(&mut self, id: AreaId, on: NaiveDate) -> (&str, &str) {
        let (areas, last) = (self.areas, &mut self.last);
        if !matches!(last, Some((area, day, ..)) if (*area, *day) == (id, on)) {
            *last = None;
        }
        let (.., code, name) =
            last.get_or_insert_with(|| (id, on, areas.code(id, on).to_owned(), areas.name(id, on)));
        (code, name)
    }
}

pub fn title<'a>(names: &'a mut Names<'_>, title: &'a Title) -> Vec<Cell<'a>> {
    let (own, verified) = (title.own(), title.verified());
    let state = State {
        code: Some(&title.code),
        name: Some(&title.name),
        kind: title.kind,
        level: title.level,
        year: title.year,
        group: &title.group_code,
        status: title.status,
        grade: &title.grade,
    };
    let mut cells = Vec::with_capacity(22);
    cells.extend(state.cells(names.of(title.area_id, title.registered_on)));
    cells.extend([
        title.registered_on.into(),
        title.late.into(),
        title.difficult.into(),
        total(own.as_ref()),
        own.as_ref().and_then(|score| score.passed).into(),
        total(verified.as_ref()),
        verified.as_ref().and_then(|score| score.passed).into(),
        outcome(title.outcome),
        title.valid_through.into(),
        title.decision_id.into(),
        title.holder_id.into(),
        title.version.to_string().into(),
    ]);
    cells
}

pub fn title_then<'a>(names: &'a mut Names<'_>, day: NaiveDate, title: &'a Then) -> Vec<Cell<'a>> {
    let state = State {
        code: title.code.as_deref(),
        name: title.name.as_deref(),
        kind: title.kind,
        level: title.level,
        year: title.year,
        group: &title.group_code,
        status: title.status,
        grade: &title.grade,
    };
    let mut cells = vec![day.into()];
    cells.extend(state.cells(names.of(title.area_id, day)));
    cells.extend([title.valid_through.into(), title.holder_id.into()]);
    cells
}

/// What is known of a title on any day.
struct State<'a> {
    code: Option<&'a str>,
    name: Option<&'a str>,
    kind: Kind,
    level: Level,
    year: i16,
    group: &'a str,
    status: Status,
    grade: &'a str,
}

impl<'a> State<'a> {
    /// In the order of the columns, with the code and the name of its area.
    fn cells(self, (area, area_name): (&'a str, &'a str)) -> [Cell<'a>; 10] {
        [
            self.code.into(),
            self.name.into(),
            kind(self.kind),
            level(self.level),
            self.year.into(),
            area.into(),
            area_name.into(),
            group(self.group),
            Cell::Term(self.status.as_str(), self.status.vi()),
            self.grade.into(),
        ]
    }
}

/// A holder with its hamlet's name and its number, which is masked here.
pub fn holder<'a>(
    names: &'a mut Names<'_>,
    on: NaiveDate,
    holder: &'a Holder,
    hamlet: String,
    number: Option<&String>,
) -> [Cell<'a>; 20] {
    let (area, area_name) = names.of(holder.area_id, on);
    let detail = |name: &str| match &holder.details[name] {
        Value::String(text) => Cell::from(text.clone()),
        Value::Number(n) => n.as_i64().into(),
        _ => Cell::Empty,
    };
    let sex = match holder.details["sex"].as_str() {
        Some("male") => Cell::Term("male", "nam"),
        Some("female") => Cell::Term("female", "nữ"),
        _ => Cell::Empty,
    };
    [
        (&*holder.code).into(),
        (&*holder.name).into(),
        kind(holder.kind),
        area.into(),
        area_name.into(),
        hamlet.into(),
        group(&holder.group_code),
        holder.birth_year.into(),
        sex,
        number.map(|number| masked(number)).into(),
        detail("head"),
        detail("members"),
        detail("adults"),
        detail("pupils"),
        detail("households"),
        detail("population"),
        detail("unit_type"),
        detail("staff"),
        holder.id.into(),
        holder.version.to_string().into(),
    ]
}

pub fn figure(figure: &FigureBody) -> [Cell<'_>; 31] {
    let candidates: Vec<&str> = figure.candidates.iter().map(|area| &*area.code).collect();
    let counted = &figure.counted;
    let states = counted.by_status.as_ref();
    let state = |of: fn(&ByStatus) -> i64| states.map(of).into();
    let percent = |rate: Option<f64>| rate.map_or(Cell::Empty, Cell::Percent);
    [
        (&*figure.area).into(),
        (&*figure.area_name).into(),
        Cell::Text(figure.area_level.as_str().into()),
        figure.area_until.into(),
        Cell::Term(figure.part.as_str(), figure.part.vi()),
        candidates.join(" ").into(),
        counted.year.into(),
        kind(counted.kind),
        level(counted.level),
        group(counted.group.as_deref().unwrap_or_default()),
        counted.grade.as_deref().into(),
        counted.base.map_or(Cell::Empty, |base| Cell::Term(base.as_str(), base.vi())),
        counted.total.into(),
        Cell::Term(counted.total_source.as_str(), counted.total_source.vi()),
        counted.registered.into(),
        state(|s| s.registered),
        state(|s| s.self_assessed),
        state(|s| s.verified),
        state(|s| s.recognised),
        state(|s| s.not_recognised),
        state(|s| s.withdrawn),
        state(|s| s.revoked),
        counted.recognised.into(),
        counted.in_force.into(),
        percent(counted.rate_of_registered),
        percent(counted.rate_of_total),
        percent(counted.rate_over_covered),
        counted.coverage.communes.into(),
        counted.coverage.with_records.into(),
        counted.coverage.closed.into(),
        counted.coverage.with_total.into(),
    ]
}

pub fn line<'a>(areas: &'a Areas, decision: &'a Decision, line: &'a Line) -> [Cell<'a>; 25] {
    let score = |value: &Option<Value>| {
        let score: Option<Score> = value.clone().and_then(|v| serde_json::from_value(v).ok());
        total(score.as_ref())
    };
    [
        decision.id.into(),
        Cell::Term(decision.document.as_str(), decision.document.vi()),
        (&*decision.authority_name).into(),
        (&*decision.number).into(),
        (&*decision.symbol).into(),
        decision.decided_on.into(),
        (&*decision.signatory_name).into(),
        (&*decision.signatory_position).into(),
        (&*decision.signatory_capacity).into(),
        line.n.into(),
        Cell::Term(line.action.as_str(), line.action.step().vi()),
        (&*line.code).into(),
        (&*line.name).into(),
        (&*line.hamlet).into(),
        areas.code(line.area_id, decision.decided_on).into(),
        kind(line.kind),
        level(line.level),
        line.year.into(),
        group(&line.group_code),
        score(&line.own_score),
        score(&line.verified_score),
        outcome(line.outcome),
        (&*line.grade).into(),
        (&*line.reason).into(),
        line.holder_id.into(),
    ]
}

pub fn entry(entry: &AuditEntry) -> [Cell<'_>; 15] {
    [
        entry.id.to_string().into(),
        (&*entry.area).into(),
        entry.seq.into(),
        entry.at.into(),
        entry.day.into(),
        entry.actor.into(),
        (&*entry.actor_name).into(),
        (&*entry.role).into(),
        (&*entry.action).into(),
        entry.reason.as_deref().into(),
        entry.items.into(),
        entry.request_id.into(),
        (&*entry.hash).into(),
        (&*entry.previous).into(),
        (&*entry.summary).into(),
    ]
}

fn kind(kind: Kind) -> Cell<'static> {
    Cell::Term(kind.as_str(), kind.vi())
}

fn level(level: Level) -> Cell<'static> {
    Cell::Term(level.as_str(), level.vi())
}

fn outcome(outcome: Outcome) -> Cell<'static> {
    Cell::Term(outcome.as_str(), outcome.vi())
}

fn group(code: &str) -> Cell<'static> {
    Group::parse(code).map_or(Cell::Empty, |group| Cell::Term(group.as_str(), group.vi()))
}

fn total(score: Option<&Score>) -> Cell<'static> {
    score.and_then(Score::total).map(f64::from).into()
}
