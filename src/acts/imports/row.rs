//! What a row makes of its holder and of its title: the rules, without the register.

use uuid::Uuid;

use super::plan::Planned;
use super::rows::Import;
use super::{Fault, Row};
use crate::base::clock::today;
use crate::base::kind::{Kind, Status};
use crate::base::number::masked;
use crate::base::text::{name_key, search_key};
use crate::register::criteria::{CriteriaSet, Outcome, Score};
use crate::register::hamlets::rows::Hamlet;
use crate::register::holders::rows::Holder;
use crate::register::holders::{Draft, merge};
use crate::register::titles::change::{check_in_force, check_score};
use crate::register::titles::is_open;
use crate::register::titles::rows::Title;

/// The holder as the row would leave it, checked.
pub fn fill(
    row: &Row,
    import: &Import,
    hamlet: Option<Uuid>,
    hamlets: &[Hamlet],
    held: Option<&String>,
    planned: &mut Planned,
) {
    let before = planned.before.as_ref();
    let name = match (import.kind, hamlet) {
        (Kind::Community, at) => {
            hamlets.iter().find(|h| Some(h.id) == at).map_or_else(String::new, Hamlet::full_name)
        }
        // Another way of writing the same name is no correction.
        _ => match before {
            Some(holder) if says_same(&row.name, &holder.name) => holder.name.clone(),
            _ => row.name.clone(),
        },
    };
    let mut details = before.map(|holder| holder.details.clone()).unwrap_or_default();
    merge(&mut details, row.details.clone());
    one_birth(&mut details, &row.details);
    let group = row.group.or(before.and_then(Holder::group));
    let number = row.personal_number.clone().or(held.cloned());
    let draft = Draft { kind: import.kind, name, group, number, details };
    let checked = match draft.check(today()) {
        Ok(checked) => checked,
        Err(error) => {
            for fault in error.to_problem().errors {
                let field = field_of(&fault.pointer);
                let value = value_of(row, &fault.pointer);
                let reason = fault.detail.vi.into_owned();
                planned.faults.push(row.fault(field, &value, fault.code, reason));
            }
            return;
        }
    };
    match (checked.number, held) {
        (Some((_, number)), Some(held)) if number != *held => {
            let reason = format!(
                "Trong sổ bộ đối tượng này mang số khác ({}); hãy kiểm tra lại số, hoặc ghi “mới” vào \
                 cột Mã sổ bộ nếu là người khác cùng tên.",
                masked(held)
            );
            planned.faults.push(row.fault("number", &masked(&number), "number_differs", reason));
            return;
        }
        (number, None) => planned.number = number,
        _ => {}
    }
    planned.known_number = held.cloned();
    let mut after = match before {
        Some(holder) => holder.clone(),
        None => Holder::new(import.kind, import.area_id, hamlet, checked.name.clone()),
    };
    after.hamlet_id = hamlet.or(after.hamlet_id);
    after.search_key = search_key(&checked.name);
    after.name = checked.name;
    after.group_code = checked.group.map_or_else(String::new, |group| group.to_string());
    after.birth_year = checked.details.birth_year();
    after.details = checked.details.to_value();
    planned.after = Some(after);
}

/// Whether a list writes the name that the register has: otherwise, or without any diacritics, as some
/// machines do.
fn says_same(listed: &str, known: &str) -> bool {
    name_key(listed) == name_key(known)
        || listed.is_ascii() && search_key(listed) == search_key(known)
}

/// Of the register's birth and the list's the list's holds, but its year takes no day away.
fn one_birth(details: &mut serde_json::Value, listed: &serde_json::Value) {
    let Some(fields) = details.as_object_mut() else { return };
    let year_of = |date: &serde_json::Value| date.as_str().and_then(|d| d.get(..4)?.parse().ok());
    let date_year: Option<i64> = fields.get("birth_date").and_then(year_of);
    if listed["birth_date"].is_string()
        || date_year.is_some() && date_year == listed["birth_year"].as_i64()
    {
        fields.remove("birth_year");
    } else if listed["birth_year"].is_number() {
        fields.remove("birth_date");
    }
}

/// The column to which an error of a holder belongs.
fn field_of(pointer: &str) -> &str {
    match pointer.rsplit('/').next().unwrap_or("") {
        "birth_date" | "birth_year" | "head_birth_year" => "birth",
        field => field,
    }
}

/// What stands in that column; of a number no more than its end.
fn value_of(row: &Row, pointer: &str) -> String {
    match (field_of(pointer), pointer.strip_prefix("/details/")) {
        ("number", _) => row.personal_number.as_deref().map(masked).unwrap_or_default(),
        ("name", _) => row.name.clone(),
        (_, Some(field)) => match &row.details[field] {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        },
        _ => String::new(),
    }
}

/// The title as the row would leave it, or why it cannot; `title` is the one of today's group and
/// place, `before` the stored one.
pub fn settle(
    row: &Row,
    import: &Import,
    planned: &Planned,
    before: Option<&Title>,
    title: Title,
    set: Option<&CriteriaSet>,
) -> Result<Title, Vec<Fault>> {
    match before.filter(|before| !is_open(before.status)) {
        Some(before) if leaves(row, before) && !planned.holder_changes() => Ok(before.clone()),
        Some(before) => Err(vec![closed(row, before)]),
        None => {
            let ended = planned.after.as_ref().filter(|_| before.is_none());
            if let Some(Err(error)) = ended.map(|holder| check_in_force(holder, import.year)) {
                let problem = error.to_problem();
                let reason = format!("{} Hãy xóa dòng này.", problem.detail.vi);
                return Err(vec![row.fault("code", "", problem.code, reason)]);
            }
            score(row, import, before, title, set)
        }
    }
}

/// Whether a row says of a title only what the register knows.
fn leaves(row: &Row, title: &Title) -> bool {
    title.status != Status::Withdrawn
        && row.own.as_ref().is_none_or(|given| says_again(given, title.own(), title.outcome))
        && row
            .verified
            .as_ref()
            .is_none_or(|given| says_again(given, title.verified(), title.outcome))
}

/// Whether a list gives no other score than the stored one: its total does not contradict the points
/// of which that is made up.
fn says_again(given: &Score, stored: Option<Score>, outcome: Outcome) -> bool {
    let Some(stored) = stored else { return false };
    (given.total.is_none() || given.total == stored.total())
        && (given.grade.is_none() || given.grade == stored.grade)
        && given.passed.is_none_or(|passed| match stored.passed {
            Some(known) => known == passed,
            None => outcome == if passed { Outcome::Passes } else { Outcome::Fails },
        })
}

fn closed(row: &Row, title: &Title) -> Fault {
    let way = match title.status {
        Status::Verified => "trả lại hồ sơ",
        Status::Recognised => "đề nghị người phê duyệt đính chính hoặc thu hồi quyết định",
        _ => "mở lại hồ sơ",
    };
    let reason = format!(
        "Danh hiệu năm {} {} nên danh sách không sửa được nữa; muốn sửa phải {way} trước. Nếu không \
         sửa gì, hãy xóa dòng này.",
        title.year,
        title.status.vi()
    );
    row.fault("name", &row.name, "title_closed", reason)
}

fn score(
    row: &Row,
    import: &Import,
    before: Option<&Title>,
    mut title: Title,
    set: Option<&CriteriaSet>,
) -> Result<Title, Vec<Fault>> {
    let mut faults = Vec::new();
    for (field, score) in [("own", &row.own), ("verified", &row.verified)] {
        for fault in score.iter().flat_map(|score| check_score(score, set, "")) {
            let value = score.as_ref().and_then(|s| s.total).map(|t| t.to_string());
            let reason = fault.detail.vi.into_owned();
            faults.push(row.fault(field, &value.unwrap_or_default(), fault.code, reason));
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let outcome = title.outcome;
    let stored = |given: &Option<Score>, known: Option<Score>| {
        let given = given.as_ref().filter(|given| !says_again(given, known, outcome));
        given.and_then(|score| serde_json::to_value(score).ok())
    };
    title.own_score = stored(&row.own, title.own()).or(title.own_score);
    title.verified_score = stored(&row.verified, title.verified()).or(title.verified_score);
    title.status = if title.verified_score.is_some() {
        Status::Verified
    } else if title.own_score.is_some() {
        Status::SelfAssessed
    } else {
        Status::Registered
    };
    title.assess(set);
    if before.is_none_or(|before| *before != title) {
        title.import_id = Some(import.id);
    }
    Ok(title)
}
