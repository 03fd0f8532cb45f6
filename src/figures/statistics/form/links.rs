//! The paths that an answer names: what a row counts, and the question itself.

use form_urlencoded::Serializer;

use super::{Form, PartName};
use crate::access::{Caller, Permission};
use crate::areas::{Areas, Part};
use crate::figures::statistics::question::{Asked, Interval};
use crate::figures::statistics::{Figure, Question};

fn path(path: &str) -> Serializer<'static, String> {
    Serializer::for_suffix(path.to_owned(), path.len())
}

/// The path of a question that leaves nothing to be understood.
pub fn question(asked: &Asked, form: Form) -> String {
    let Asked { question, areas } = asked;
    let mut query = path("/api/v1/statistics?");
    query
        .append_pair("area", &areas.naming(question.area, question.on))
        .append_pair("depth", question.depth.as_str());
    if let Some(kind) = question.kind {
        query.append_pair("kind", kind.as_str());
    }
    if let Some(level) = question.level {
        query.append_pair("level", level.as_str());
    }
    query
        .append_pair("year_from", &question.year_from.to_string())
        .append_pair("year_to", &question.year_to.to_string());
    let by = [("group", question.by_group), ("grade", question.by_grade)];
    let by: Vec<&str> = by.into_iter().filter(|(_, split)| *split).map(|(by, _)| by).collect();
    if !by.is_empty() {
        query.append_pair("by", &by.join(","));
    }
    query.append_pair("boundaries", &question.boundaries.to_string());
    for (name, day) in [("as_of", question.as_of), ("decided_by", question.decided_by)] {
        if let Some(day) = day {
            query.append_pair(name, &day.to_string());
        }
    }
    if question.monthly {
        query.append_pair("interval", Interval::Month.as_str());
    }
    query.append_pair("format", &(form as u8).to_string());
    query.finish()
}

/// Whether the caller may read the records behind a row. An area that was not known on the day of
/// the question holds none of them.
pub fn may_read(areas: &Areas, caller: Option<&Caller>, figure: &Figure) -> bool {
    caller.is_some_and(|caller| {
        caller.role.may(Permission::ReadRecords)
            && areas.knows(caller.area)
            && areas.covers(caller.area, figure.area)
    })
}

/// The path of the list of exactly what a row counts.
pub fn records(areas: &Areas, question: &Question, figure: &Figure) -> String {
    let mut query = path("/api/v1/titles?");
    let area = areas.naming(figure.area, question.on);
    query
        .append_pair("kind", figure.kind.as_str())
        .append_pair("level", figure.level.as_str())
        .append_pair("area", &area)
        .append_pair("year", &figure.year.to_string());
    for (name, value) in [("group", &figure.group), ("grade", &figure.grade)] {
        if let Some(value) = value {
            query.append_pair(name, if value.is_empty() { "none" } else { value });
        }
    }
    query.append_pair("boundaries", &question.boundaries.to_string());
    match &figure.part {
        Part::Whole => {}
        Part::Own => {
            query.append_pair("part", PartName::Own.as_str());
        }
        Part::Among(candidates) => {
            let codes: Vec<&str> =
                candidates.iter().map(|id| areas.code(*id, question.on)).collect();
            query.append_pair("among", &codes.join(","));
        }
    }
    if let Some(day) = figure.month.or(question.as_of) {
        query.append_pair("as_of", &day.to_string());
    }
    query.finish()
}
