//! A change as a person would say it: who, in which capacity, where, when, what, from what to what,
//! and why.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};

use super::actions::deed;
use super::labels::label;
use super::names::Names;
use crate::access::Role;
use crate::base::error::{Lang, Say, say};
use crate::base::kind::{Group, Kind, Level, Status};

/// Whose history it is.
#[derive(Debug, Clone)]
pub struct Subject {
    /// What the trail calls it, and its ids there: its own, and those of what was merged into it.
    pub entity: &'static str,
    pub ids: Vec<String>,
    pub kind: Option<Kind>,
    /// How it is called today.
    pub called: Say,
}

/// One item of an entry, with what the entry says about it.
pub struct Told<'a> {
    pub at: DateTime<Utc>,
    pub actor: &'a str,
    pub role: &'a str,
    pub place: &'a str,
    pub action: &'a str,
    pub reason: Option<&'a str>,
    pub entity: &'a str,
    pub entity_id: &'a str,
    pub before: Option<&'a Map<String, Value>>,
    pub after: Option<&'a Map<String, Value>>,
}

/// The sentence in one language.
pub fn sentence(told: &Told<'_>, subject: &Subject, names: &Names, lang: Lang) -> String {
    let verb = verb(told).speak(lang).to_owned();
    let object = object(told, subject, lang);
    let changes = changes(told, names, lang);
    let mut text = match lang {
        Lang::Vi => format!(
            "{}, {} ({}) tại {} {verb} {object}",
            moment(told.at, lang),
            told.actor,
            role(told.role, lang),
            told.place
        ),
        Lang::En => format!(
            "{}, {} ({}) at {} {verb} {object}",
            moment(told.at, lang),
            told.actor,
            role(told.role, lang),
            told.place
        ),
    };
    if !changes.is_empty() {
        text += &format!(": {}", changes.join("; "));
    }
    text + "." + &why(told.reason, lang)
}

/// A whole entry in one language: who, where, when, what, to how many things, and why.
pub fn summary(
    (at, actor, place): (DateTime<Utc>, (&str, &str), &str),
    (action, items, reason): (&str, i32, Option<&str>),
    lang: Lang,
) -> String {
    let deed = deed(action).unwrap_or_else(|| say(action.to_owned(), action.to_owned()));
    let (when, deed, (name, role)) = (moment(at, lang), deed.speak(lang), actor);
    let role = self::role(role, lang);
    let text = match lang {
        Lang::Vi => format!("{when}, {name} ({role}) tại {place} {deed} ({items} mục)."),
        Lang::En => format!("{when}, {name} ({role}) at {place} {deed} (items: {items})."),
    };
    text + &why(reason, lang)
}

fn why(reason: Option<&str>, lang: Lang) -> String {
    let Some(reason) = reason else { return String::new() };
    format!(" {}: {}.", say("Lý do", "Reason").speak(lang), reason.trim_end_matches('.'))
}

/// In Vietnam.
fn moment(at: DateTime<Utc>, lang: Lang) -> String {
    let at = at.naive_utc() + TimeDelta::hours(7);
    match lang {
        Lang::Vi => at.format("Lúc %H:%M ngày %d/%m/%Y").to_string(),
        Lang::En => at.format("At %H:%M on %-d %B %Y").to_string(),
    }
}

fn role(name: &str, lang: Lang) -> String {
    match (Role::parse(name), lang) {
        (Some(role), Lang::Vi) => role.vi().to_owned(),
        _ => name.to_owned(),
    }
}

/// What was done to the thing. An action that is nothing of holders, titles or decisions is told as a
/// whole.
fn verb(told: &Told<'_>) -> Say {
    let after = |field: &str| {
        let fields = told.after.into_iter().chain(told.before);
        fields
            .filter_map(|fields| fields.get(field))
            .find_map(Value::as_str)
            .unwrap_or("")
            .to_owned()
    };
    let (vi, en) = match (told.action, told.entity) {
        ("holder.create", _) => ("ghi vào sổ bộ", "entered"),
        ("holder.change", _) => ("sửa thông tin của", "corrected"),
        ("holder.delete", _) => ("xóa khỏi sổ bộ", "deleted"),
        ("holder.move", "title") => ("chuyển theo nơi ở mới", "moved along"),
        ("holder.move", _) => ("nhận chuyển đến", "received"),
        ("holder.move_back", "title") => ("trả về nơi ở cũ", "moved back"),
        ("holder.move_back", _) => ("hủy việc chuyển đến của", "took back the move of"),
        ("holder.merge", "title") => ("gộp", "merged"),
        ("holder.merge", _) => ("gộp hồ sơ trùng của", "merged duplicates of"),
        ("holder.unmerge", _) => ("tách lại hồ sơ đã gộp của", "parted again what was merged of"),
        ("duplicate.dismiss", _) => ("xác nhận", "found that"),
        ("duplicate.suspect", _) => ("bỏ xác nhận", "took back that"),
        ("personal_data.erase", _) => ("xóa dữ liệu cá nhân của", "erased the personal data of"),
        ("title.register", _) => ("đăng ký", "registered"),
        ("title.score", _) => ("ghi điểm của", "stored the score of"),
        ("title.assess", _) => ("ghi kết quả tự chấm của", "recorded the self-assessment of"),
        ("title.verify", _) => ("thẩm định", "verified"),
        ("title.return", _) => ("trả lại", "returned"),
        ("title.withdraw", _) => ("rút", "withdrew"),
        ("title.reopen", _) => ("mở lại", "reopened"),
        ("title.delete", _) => ("xóa đăng ký", "deleted the registration of"),
        ("title.correct", _) => ("sửa lại", "corrected"),
        ("decision.enter", "title") => match &*after("status") {
            "recognised" => ("ghi quyết định công nhận", "entered the recognition of"),
            "revoked" => ("ghi quyết định thu hồi", "entered the revocation of"),
            _ => ("ghi văn bản không công nhận", "entered the refusal of"),
        },
        ("decision.enter", _) => ("ghi", "entered"),
        ("decision.annul", "title") => ("hủy quyết định đối với", "annulled the decision on"),
        ("decision.annul", _) => ("hủy việc ghi", "annulled"),
        ("decision.correct", _) => ("sửa", "corrected"),
        ("import.apply", _) if told.before.is_none() => ("ghi từ danh sách", "entered from a list"),
        ("import.apply", _) => ("sửa theo danh sách", "changed by a list"),
        ("import.undo", _) if told.after.is_none() => {
            ("rút lại theo việc hủy danh sách", "took back with its list")
        }
        ("import.undo", _) => ("khôi phục theo việc hủy danh sách", "restored with its list"),
        (action, "title") if action.starts_with("hamlet.") || action == "area.difficult" => {
            ("xét lại theo mức của nơi ở", "assessed anew by where the holder lives,")
        }
        ("hamlet.change" | "hamlet.rename", _) => ("đổi tên theo thôn", "renamed with its hamlet"),
        ("hamlet.undo", _) => ("khôi phục theo việc hủy thay đổi thôn", "restored with its hamlet"),
        ("hamlet.merge", _) => ("chuyển theo việc sáp nhập thôn", "moved with a merged hamlet"),
        ("hamlet.convert", _) => ("đổi theo việc chuyển loại thôn", "changed with its hamlet"),
        ("hamlet.dissolve", _) => ("chuyển theo việc giải thể thôn", "moved with its hamlet"),
        ("split.place", _) => ("xếp về xã mới", "placed in its commune"),
        ("split.take_back", _) => ("hủy xếp về xã mới", "took back the placing of"),
        (action, _) => {
            return deed(action).unwrap_or_else(|| say(action.to_owned(), action.to_owned()));
        }
    };
    say(vi, en)
}

fn object(told: &Told<'_>, subject: &Subject, lang: Lang) -> String {
    let called = subject.called.speak(lang);
    if told.entity == "pair" {
        let fields = told.after.or(told.before);
        let not = fields.and_then(|fields| fields.get("code")).and_then(Value::as_str);
        let not = not.unwrap_or_default();
        return match lang {
            Lang::Vi => format!("{called} không trùng với {not}"),
            Lang::En => format!("{called} is not {not}"),
        };
    }
    if told.entity != "title" {
        return called.to_owned();
    }
    let mut parts = told.entity_id.split('/').skip(1);
    let year = parts.next().unwrap_or("");
    let level = parts.next().unwrap_or("");
    match lang {
        Lang::Vi => {
            let level = level_name(level);
            let kind = subject.kind.map_or("", Kind::vi);
            format!("danh hiệu {kind} năm {year} ({level}) của {called}")
        }
        Lang::En => {
            let kind = subject.kind.map_or("", Kind::as_str);
            format!("the title learning {kind} of {year} ({level} level) of {called}")
        }
    }
}

/// Fields that a sentence leaves out: they follow from others, or say nothing to a person.
const UNTOLD: &[&str] = &[
    "import",
    "kind",
    "placed",
    "registered_on",
    "code",
    "document",
    "authority_area",
    "corrected_from",
    "merged",
    "merged_into",
];
/// What is told of a thing that is new.
const TOLD_WHEN_NEW: &[&str] = &[
    "name",
    "hamlet",
    "group",
    "status",
    "own_score",
    "verified_score",
    "grade",
    "late",
    "number",
    "symbol",
    "decided_on",
    "authority",
    "signatory",
];

fn changes(told: &Told<'_>, names: &Names, lang: Lang) -> Vec<String> {
    let none = Map::new();
    let (before, after) = (told.before.unwrap_or(&none), told.after.unwrap_or(&none));
    if told.after.is_none() {
        // Corrected: it stands elsewhere now. Deleted otherwise, which is all there is to say.
        let to = before.get("corrected_to").and_then(Value::as_str);
        return to.map(|id| moved(id, lang)).into_iter().collect();
    }
    let fields: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let mut changes = Vec::new();
    for field in fields {
        let (old, new) = (before.get(field), after.get(field));
        // That a new thing is not late, say, is nothing to tell.
        let usual = told.before.is_none() && new == Some(&Value::Bool(false));
        // The document that a title names tells its day.
        let told_by_document = &**field == "decided_on" && told.entity == "title";
        if usual
            || told_by_document
            || UNTOLD.contains(&&**field)
            || told.before.is_none() && !TOLD_WHEN_NEW.contains(&&**field)
            || is_nothing(old) && is_nothing(new)
        {
            continue;
        }
        if field == "details" {
            changes.extend(details(old, new, names, lang));
        } else {
            changes.push(change(field, old, new, names, lang));
        }
    }
    changes
}

fn level_name(level: &str) -> String {
    Level::parse(level).map_or(level.to_owned(), |level| level.vi().to_owned())
}

fn moved(id: &str, lang: Lang) -> String {
    let mut parts = id.split('/').skip(1);
    let (year, level) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    match lang {
        Lang::Vi => {
            format!("đúng ra là năm {year}, {}", level_name(level))
        }
        Lang::En => format!("it should be {year}, {level} level"),
    }
}

fn details(old: Option<&Value>, new: Option<&Value>, names: &Names, lang: Lang) -> Vec<String> {
    let none = Map::new();
    let (old, new) = (
        old.and_then(Value::as_object).unwrap_or(&none),
        new.and_then(Value::as_object).unwrap_or(&none),
    );
    let fields: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differ = fields.into_iter().filter(|field| old.get(*field) != new.get(*field));
    differ.map(|field| change(field, old.get(field), new.get(field), names, lang)).collect()
}

fn change(
    field: &str,
    old: Option<&Value>,
    new: Option<&Value>,
    names: &Names,
    lang: Lang,
) -> String {
    let label = label(field);
    let label = label.speak(lang);
    if field == "#" {
        return label.to_owned();
    }
    if field == "late" {
        let marked = new == Some(&Value::Bool(true));
        let said = match marked {
            true => say("đánh dấu trễ hạn", "marked as late"),
            false => say("bỏ đánh dấu trễ hạn", "no longer marked as late"),
        };
        return said.speak(lang).to_owned();
    }
    let text = |value| value_text(field, value, names, lang);
    match (is_nothing(old), is_nothing(new), lang) {
        (true, _, _) => format!("{label} {}", text(new)),
        (_, true, Lang::Vi) => format!("bỏ {label} {}", text(old)),
        (_, true, Lang::En) => format!("{label} {} removed", text(old)),
        (_, _, Lang::Vi) => format!("{label} từ {} thành {}", text(old), text(new)),
        (_, _, Lang::En) => format!("{label} from {} to {}", text(old), text(new)),
    }
}

fn is_nothing(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(_) => false,
    }
}

fn value_text(field: &str, value: Option<&Value>, names: &Names, lang: Lang) -> String {
    let Some(value) = value else { return String::new() };
    let vi = lang == Lang::Vi;
    match (field, value) {
        ("status", Value::String(status)) => {
            let known = Status::parse(status).filter(|_| vi).map(Status::vi);
            format!("“{}”", known.map_or_else(|| status.replace('_', " "), str::to_owned))
        }
        ("group", Value::String(group)) => {
            let known = Group::parse(group).filter(|_| vi).map(Group::vi);
            format!("“{}”", known.unwrap_or(group))
        }
        ("outcome", Value::String(outcome)) => {
            let named = match (&**outcome, vi) {
                ("passes", true) => "đạt",
                ("fails", true) => "không đạt",
                ("unknown", true) => "chưa rõ",
                (other, _) => other,
            };
            named.to_owned()
        }
        ("own_score" | "verified_score", score) => score_text(score, vi),
        ("hamlet", Value::String(id)) => names.hamlet(id),
        ("decision", Value::String(id)) => names.decision(id),
        ("area", Value::Number(area)) => names.area(area.as_i64().unwrap_or_default() as i32),
        (_, Value::Bool(yes)) => match (yes, vi) {
            (true, true) => "có".to_owned(),
            (false, true) => "không".to_owned(),
            (yes, false) => if *yes { "yes" } else { "no" }.to_owned(),
        },
        (_, Value::String(text)) => match field {
            "name" | "head" | "signatory" => format!("“{text}”"),
            _ => day(text).unwrap_or_else(|| text.clone()),
        },
        (_, Value::Array(items)) => {
            let items: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            items.join(", ")
        }
        (_, other) => other.to_string(),
    }
}

/// A day as it is written in Vietnam.
fn day(text: &str) -> Option<String> {
    let day: chrono::NaiveDate = text.parse().ok()?;
    Some(day.format("%d/%m/%Y").to_string())
}

fn score_text(score: &Value, vi: bool) -> String {
    let points = |of: &Value| of.as_f64().map(|p| format!("{p}"));
    let sum: f64 = score["points"]
        .as_object()
        .into_iter()
        .flat_map(|p| p.values())
        .filter_map(Value::as_f64)
        .sum();
    let total =
        points(&score["total"]).or_else(|| score["points"].is_object().then(|| format!("{sum}")));
    let mut parts: Vec<String> = total.into_iter().collect();
    parts.extend(score["grade"].as_str().map(str::to_owned));
    if let Some(passed) = score["passed"].as_bool() {
        let text = match (passed, vi) {
            (true, true) => "đạt",
            (false, true) => "không đạt",
            (true, false) => "passed",
            (false, false) => "failed",
        };
        parts.push(text.to_owned());
    }
    parts.join(", ")
}
