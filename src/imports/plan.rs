//! What a list would do to the register, row by row.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::hamlets::Hamlets;
use super::matching::{self, Known, Meant, Owner};
use super::rows::{Import, holders_of_year, newcomers};
use super::{Fault, Row, Summary};
use crate::areas::Areas;
use crate::clock::today;
use crate::criteria::{CriteriaSet, Outcome, Score, rows as criteria_rows};
use crate::db::Conn;
use crate::error::Result;
use crate::hamlets::rows::Hamlet;
use crate::holders::rows::{self as holder_rows, Holder, Number};
use crate::holders::{Draft, merge};
use crate::keys::Keys;
use crate::kind::{Kind, Status};
use crate::number::{NumberScheme, masked};
use crate::text::{name_key, search_key};
use crate::titles::change::check_score;
use crate::titles::is_open;
use crate::titles::rows::{self as title_rows, Title};

/// What all rows would do, and who of last year's list is in none of them.
pub struct Plan {
    pub rows: Vec<Planned>,
    absent: Vec<String>,
}

#[derive(Default)]
pub struct Planned {
    pub faults: Vec<Fault>,
    /// The holder as it is; none if it is new.
    pub before: Option<Holder>,
    /// The holder as it would be; none if the row is bad.
    pub after: Option<Holder>,
    /// A number that the holder does not have yet.
    pub number: Option<Number>,
    /// The number that it has.
    pub known_number: Option<String>,
    pub title: Option<TitlePlan>,
}

pub struct TitlePlan {
    pub before: Option<Title>,
    pub after: Title,
}

impl Planned {
    /// Whether the row corrects what the register knows of the holder.
    pub fn holder_changes(&self) -> bool {
        self.before.is_some() && self.before != self.after || self.number.is_some()
    }

    fn changes(&self) -> bool {
        let title = self.title.as_ref().is_some_and(|t| t.before.as_ref() != Some(&t.after));
        self.before.is_none() || self.holder_changes() || title
    }
}

impl Plan {
    /// Compares all rows with the register as it is.
    pub async fn make(
        db: &mut Conn,
        keys: &Keys,
        areas: &Areas,
        import: &Import,
        rows: &[Row],
    ) -> Result<Self> {
        let (commune, kind) = (import.area_id, import.kind);
        let mut holders = Holder::of_commune(db, commune, kind).await?;
        holders.retain(|holder| areas.chain(holder.area_id, None) == commune);
        let hamlets = Hamlet::of_commune(db, commune).await?;
        let names = Hamlet::names_of_commune(db, areas, commune).await?;
        let known = Known {
            kind,
            holders: &holders,
            hamlets: Hamlets::new(&hamlets, &names, areas, import.commune_id),
            owners: owners(db, keys, areas, import, rows).await?,
            newcomers: &newcomers(db, commune, kind).await?,
        };
        let placed = matching::find(rows, &known);
        let by_id: HashMap<Uuid, &Holder> = holders.iter().map(|h| (h.id, h)).collect();
        let meant: Vec<Uuid> = placed
            .iter()
            .filter_map(|p| if let Meant::Known(id) = p.meant { Some(id) } else { None })
            .collect();
        let held = holder_rows::numbers(db, keys, &meant).await?;
        let titles = Title::of_holders(db, &meant, import.year, import.level).await?;
        let mut titles: HashMap<Uuid, Title> =
            titles.into_iter().map(|title| (title.holder_id, title)).collect();
        let mut plan = Vec::with_capacity(rows.len());
        for (row, placed) in rows.iter().zip(placed) {
            let mut planned = Planned { faults: row.faults.clone(), ..Planned::default() };
            match placed.meant {
                Meant::Unclear(faults) => planned.faults.extend(faults),
                Meant::Known(id) => planned.before = by_id.get(&id).map(|h| (*h).clone()),
                Meant::New => {}
            }
            if planned.faults.is_empty() {
                let held = planned.before.as_ref().and_then(|h| held.get(&h.id));
                let hamlet = placed.hamlet;
                fill(row, import, hamlet, &hamlets, held, &mut planned);
            }
            if let Some(holder) = &planned.before {
                let before = titles.remove(&holder.id);
                planned.title = before.map(|t| TitlePlan { after: t.clone(), before: Some(t) });
            }
            plan.push(planned);
        }
        plan_titles(db, areas, import, rows, &mut plan).await?;
        let listed: HashSet<Uuid> = meant.into_iter().collect();
        let last_year = holders_of_year(db, commune, kind, import.level, import.year - 1).await?;
        let absent = last_year
            .iter()
            .filter(|id| !listed.contains(id))
            .filter_map(|id| by_id.get(id).map(|h| h.code.clone()))
            .collect();
        Ok(Self { rows: plan, absent })
    }

    /// The bad rows, by their place in the list.
    pub fn bad(&self) -> Vec<(i32, Vec<Fault>)> {
        let rows = self.rows.iter().enumerate().filter(|(_, row)| !row.faults.is_empty());
        rows.map(|(n, row)| (n as i32, row.faults.clone())).collect()
    }

    pub fn summary(&self, rows: &[Row]) -> Summary {
        let good: Vec<(&Row, &Planned)> =
            rows.iter().zip(&self.rows).filter(|(_, planned)| planned.faults.is_empty()).collect();
        let count = |test: &dyn Fn(&Row, &Planned) -> bool| {
            good.iter().filter(|(row, planned)| test(row, planned)).count()
        };
        let renamed = |planned: &Planned| match (&planned.before, &planned.after) {
            (Some(before), Some(after)) => before.name != after.name,
            _ => false,
        };
        Summary {
            rows: rows.len(),
            good: good.len(),
            bad: rows.len() - good.len(),
            matched: count(&|_, planned| planned.before.is_some()),
            new: count(&|_, planned| planned.before.is_none()),
            renamed: count(&|_, planned| renamed(planned)),
            changed: count(&|_, planned| planned.changes()),
            unchanged: count(&|_, planned| !planned.changes()),
            mended: count(&|row, _| !row.notes.is_empty()),
            absent: self.absent.len(),
            absent_codes: self.absent.iter().take(500).cloned().collect(),
            ..Summary::default()
        }
    }
}

/// Who has the numbers of the rows: a holder of this commune, or the name of the commune to ask.
async fn owners(
    db: &mut Conn,
    keys: &Keys,
    areas: &Areas,
    import: &Import,
    rows: &[Row],
) -> Result<HashMap<usize, Owner>> {
    let scheme = match import.kind {
        Kind::Citizen => NumberScheme::Citizen,
        Kind::Unit => NumberScheme::Organisation,
        // A head's number may stand on several families.
        _ => return Ok(HashMap::new()),
    };
    let mut wanted: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
    for (n, row) in rows.iter().enumerate() {
        let number = row.personal_number.as_deref().map(|number| match scheme {
            NumberScheme::Organisation => crate::number::organisation_number(number),
            _ => Some(number.to_owned()),
        });
        if let Some(Some(number)) = number {
            for digest in keys.digests(scheme.as_str(), &number) {
                wanted.entry(digest.to_vec()).or_default().push(n);
            }
        }
    }
    let digests: Vec<Vec<u8>> = wanted.keys().cloned().collect();
    let mut owners = HashMap::new();
    for (digest, (holder, area)) in holder_rows::digests(db, &digests).await? {
        let home = areas.chain(area, None);
        let owner = if home == import.area_id {
            Owner::Here(holder)
        } else {
            Owner::Elsewhere(areas.name(home, today()))
        };
        for n in wanted.get(&digest).into_iter().flatten() {
            owners.insert(*n, owner.clone());
        }
    }
    Ok(owners)
}

/// The holder as the row would leave it, checked.
fn fill(
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

/// The titles of all good rows: registered, scored, or refused because they are settled.
async fn plan_titles(
    db: &mut Conn,
    areas: &Areas,
    import: &Import,
    rows: &[Row],
    plan: &mut [Planned],
) -> Result<()> {
    let sets = criteria_rows::all(db).await?;
    let mut fresh: Vec<(Title, Holder)> = Vec::new();
    for planned in plan.iter() {
        if let Some(holder) = &planned.after {
            let title = match &planned.title {
                Some(known) => known.after.clone(),
                None => {
                    let (area, level) = (import.commune_id, import.level);
                    Title::register(holder, area, import.year, level, import.listed_on)
                }
            };
            fresh.push((title, holder.clone()));
        }
    }
    title_rows::refresh(db, &mut fresh).await?;
    let mut fresh = fresh.into_iter().map(|(title, _)| title);
    for (row, planned) in rows.iter().zip(plan) {
        if planned.after.is_none() {
            continue;
        }
        let Some(title) = fresh.next() else { break };
        let before = planned.title.take().and_then(|known| known.before);
        let set = title_rows::set_of(&sets, areas, &title, today());
        let settled = before.as_ref().filter(|before| !is_open(before.status));
        let scored = match settled {
            Some(before) if leaves(row, before) && !planned.holder_changes() => Ok(before.clone()),
            Some(before) => Err(vec![closed(row, before)]),
            None => score(row, import, before.as_ref(), title, set),
        };
        match scored {
            Ok(after) => planned.title = Some(TitlePlan { before, after }),
            Err(faults) => planned.faults.extend(faults),
        }
    }
    Ok(())
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
