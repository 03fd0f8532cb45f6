//! The two halves of an import: the check, which changes nothing, and the applying of what is good.

use std::collections::{HashMap, HashSet};
use std::io::{Seek, Write};
use std::sync::Arc;

use uuid::Uuid;

use super::copy::{Staged, stage};
use super::matching::{self, Known, Meant};
use super::rows::{Import, holders_of_year, seal};
use super::{Failure, Fault, ImportState, Row, Summary, read};
use crate::areas::Areas;
use crate::audit::{Entity, Item};
use crate::auth::Act;
use crate::clock::today;
use crate::criteria::{CriteriaSet, Score, rows as criteria_rows};
use crate::db::Conn;
use crate::error::{Error, Result, say};
use crate::hamlets::rows::Hamlet;
use crate::holders::rows::{self as holder_rows, Holder, Number};
use crate::holders::{Draft, merge};
use crate::keys::Keys;
use crate::kind::{Kind, Status};
use crate::ledger::{self, Writer};
use crate::number::NumberScheme;
use crate::sheets::child;
use crate::state::Shared;
use crate::text::{name_key, search_key};
use crate::titles::change::check_score;
use crate::titles::is_open;
use crate::titles::rows::{self as title_rows, Title};

/// Reads, compares and stages a list; whatever happens, the import ends as checked or failed.
pub async fn check(shared: Arc<Shared>, areas: Arc<Areas>, import: Import, file: Vec<u8>) {
    let outcome = try_check(&shared, &areas, &import, file).await;
    let (state, summary) = match outcome {
        Ok(summary) => (ImportState::Checked, summary),
        Err(error) => {
            let problem = error.to_problem();
            let (code, reason) = (problem.code.to_owned(), problem.detail.vi.into_owned());
            let failure = Some(Failure { code, reason });
            (ImportState::Failed, Summary { failure, ..Summary::default() })
        }
    };
    let end = async {
        let mut db = crate::db::connect(&shared.url).await?;
        import.end_check(&mut db, state, &summary).await
    };
    if let Err(error) = end.await {
        tracing::error!(%error, import = %import.id, "the end of a check was not stored");
    }
}

async fn try_check(
    shared: &Shared,
    areas: &Areas,
    import: &Import,
    file: Vec<u8>,
) -> Result<Summary> {
    let mut upload = tempfile::tempfile().map_err(Error::internal)?;
    upload.write_all(&file).and_then(|()| upload.rewind()).map_err(Error::internal)?;
    drop(file);
    let sheets = child::read(&shared.program, upload).await?;
    let rows = read::read(&sheets, import.kind, today())?;
    drop(sheets);
    let mut db = crate::db::connect(&shared.url).await?;
    import.beat(&mut db).await?;
    let plan = Plan::make(&mut db, &shared.keys, areas, import, &rows).await?;
    let mut staged = Vec::with_capacity(rows.len());
    for (n, (row, planned)) in rows.iter().zip(&plan.rows).enumerate() {
        let errors = (!planned.faults.is_empty())
            .then(|| seal(&shared.keys, import.id, &planned.faults))
            .transpose()?;
        let notes = (!row.notes.is_empty())
            .then(|| seal(&shared.keys, import.id, &row.notes))
            .transpose()?;
        staged.push(Staged {
            n: n as i32,
            sheet: row.sheet.clone(),
            row_number: row.number as i32,
            state: if errors.is_some() { "bad" } else { "good" },
            holder_id: planned.before.as_ref().map(|holder| holder.id),
            is_new: planned.before.is_none(),
            sealed: seal(&shared.keys, import.id, row)?,
            errors,
            notes,
        });
    }
    stage(&shared.url, import.id, &staged).await?;
    Ok(plan.summary(&rows))
}

/// Applies the good rows of a checked import, or none unless all are good; a second time it changes
/// nothing.
pub async fn apply(
    db: &mut Conn,
    act: &Act,
    (keys, areas): (&Keys, &Areas),
    import: &Import,
    atomic: bool,
) -> Result<()> {
    ledger::write(db, act, "import.apply", async |w| {
        w.lock(&[import.area_id]).await?;
        let import = Import::locked(w, import.id).await?;
        match import.state {
            ImportState::Applied => return Ok(()),
            ImportState::Checked => {}
            ImportState::Checking => {
                return Err(Error::conflict(
                    "import_not_checked",
                    say("Danh sách còn đang được kiểm tra.", "The list is still being checked."),
                ));
            }
            ImportState::Failed => {
                return Err(Error::conflict(
                    "import_failed",
                    say("Danh sách này không đọc được.", "The list could not be read."),
                ));
            }
        }
        let rows = import.rows(w.db, keys).await?;
        let mut plan = Plan::make(w.db, keys, areas, &import, &rows).await?;
        plan.write(w, keys, areas, &import, &rows, atomic).await?;
        let summary = plan.summary(&rows);
        import.save_faults(w, keys, &plan.bad()).await?;
        import.end_apply(w, &summary).await
    })
    .await
}

/// What an import would do, row by row.
struct Plan {
    rows: Vec<Planned>,
    absent: Vec<String>,
}

#[derive(Default)]
struct Planned {
    faults: Vec<Fault>,
    /// The holder as it is; none if it is new.
    before: Option<Holder>,
    /// The holder as it would be; none if the row is bad.
    after: Option<Holder>,
    /// A number that the holder does not have yet.
    number: Option<Number>,
    /// The number that it has.
    known_number: Option<String>,
    title: Option<TitlePlan>,
}

struct TitlePlan {
    before: Option<Title>,
    after: Title,
}

impl Planned {
    fn holder_changes(&self) -> bool {
        self.before.is_some() && self.before != self.after || self.number.is_some()
    }

    fn changes(&self) -> bool {
        let title = self.title.as_ref().is_some_and(|t| t.before.as_ref() != Some(&t.after));
        self.before.is_none() || self.holder_changes() || title
    }
}

impl Plan {
    async fn make(
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
        let numbers = owners(db, keys, areas, import, rows).await?;
        let known = Known { kind, holders: &holders, hamlets: &hamlets, numbers };
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

    fn bad(&self) -> Vec<(usize, Vec<Fault>)> {
        let rows = self.rows.iter().enumerate().filter(|(_, row)| !row.faults.is_empty());
        rows.map(|(n, row)| (n, row.faults.clone())).collect()
    }

    fn summary(&self, rows: &[Row]) -> Summary {
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
            failure: None,
        }
    }

    /// Writes holders, numbers and titles of the good rows under the lock of the commune's chain.
    async fn write(
        &mut self,
        w: &mut Writer<'_>,
        keys: &Keys,
        areas: &Areas,
        import: &Import,
        rows: &[Row],
        atomic: bool,
    ) -> Result<()> {
        let version = w.version(import.area_id)?;
        let mut new = Vec::new();
        let mut changed = Vec::new();
        let mut claims = Vec::new();
        for planned in self.rows.iter_mut().filter(|planned| planned.faults.is_empty()) {
            let changes = planned.holder_changes();
            let Some(after) = &mut planned.after else { continue };
            if planned.before.is_none() {
                after.version = version;
                new.push(after.clone());
            } else if changes {
                after.version = version;
                changed.push(after.clone());
            }
            if let Some((scheme, number)) = &planned.number {
                claims.push((after.id, *scheme, number.clone()));
            }
        }
        holder_rows::insert_all(w, &new).await?;
        holder_rows::update_all(w, &changed).await?;
        let refused: HashSet<Uuid> =
            holder_rows::claim_all(w, keys, &claims).await?.into_iter().collect();
        if !refused.is_empty() {
            // Another commune took the number between the check and now.
            return Err(Error::conflict(
                "numbers_taken",
                say(
                    "Có số định danh vừa được xã khác ghi vào sổ; hãy gửi lại danh sách.",
                    "A number was entered elsewhere meanwhile; send the list again.",
                ),
            ));
        }
        let bad = self.bad().len();
        if atomic && bad > 0 {
            return Err(Error::conflict(
                "import_has_errors",
                say(
                    format!("Còn {bad} dòng có lỗi nên chưa ghi dòng nào."),
                    format!("{bad} rows have errors, so that nothing was entered."),
                ),
            ));
        }
        let (mut items, mut titles, mut saved) = (Vec::new(), Vec::new(), Vec::new());
        for (_, planned) in rows.iter().zip(&self.rows).filter(|(_, p)| p.faults.is_empty()) {
            let Some(after) = &planned.after else { continue };
            let number = planned.number.as_ref().map(|(_, number)| number.as_str());
            let number = number.or(planned.known_number.as_deref());
            match &planned.before {
                None => items.push(Item::created(Entity::Holder, after.id, after.fields(number))),
                Some(before) if planned.holder_changes() => items.push(Item::changed(
                    Entity::Holder,
                    after.id,
                    before.fields(planned.known_number.as_deref()),
                    after.fields(number),
                )),
                Some(_) => {}
            }
            match &planned.title {
                Some(TitlePlan { before: Some(before), after }) if before != after => {
                    saved.push((before.clone(), after.clone()));
                }
                Some(TitlePlan { before: None, after }) => titles.push(after.clone()),
                _ => {}
            }
        }
        w.record_all(import.area_id, &items).await?;
        title_rows::insert_all(w, areas, titles).await?;
        title_rows::save_all(w, areas, saved, true).await
    }
}

/// Who has the numbers of the rows: a holder of this commune, or the name of the commune to ask.
async fn owners(
    db: &mut Conn,
    keys: &Keys,
    areas: &Areas,
    import: &Import,
    rows: &[Row],
) -> Result<HashMap<usize, Result<Uuid, String>>> {
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
        let owner =
            if home == import.area_id { Ok(holder) } else { Err(areas.name(home, today())) };
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
            Some(holder) if name_key(&holder.name) == name_key(&row.name) => holder.name.clone(),
            _ => row.name.clone(),
        },
    };
    let mut details = before.map(|holder| holder.details.clone()).unwrap_or_default();
    merge(&mut details, row.details.clone());
    let group = row.group.or(before.and_then(Holder::group));
    let number = row.personal_number.clone().or(held.cloned());
    let draft = Draft { kind: import.kind, name, group, number, details };
    let checked = match draft.check(today()) {
        Ok(checked) => checked,
        Err(error) => {
            for fault in error.to_problem().errors {
                let field = field_of(&fault.pointer);
                let reason = fault.detail.vi.into_owned();
                planned.faults.push(row.fault(field, "", fault.code, reason));
            }
            return;
        }
    };
    match (checked.number, held) {
        (Some((_, number)), Some(held)) if number != *held => {
            let reason = "Trong sổ bộ đối tượng này mang số khác; hãy kiểm tra lại số.".to_owned();
            planned.faults.push(row.fault("number", "", "number_differs", reason));
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

/// The column to which an error of a holder belongs.
fn field_of(pointer: &str) -> &str {
    match pointer.rsplit('/').next().unwrap_or("") {
        "birth_date" | "birth_year" | "head_birth_year" => "birth",
        field => field,
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
                None => Title::register(holder, import.year, import.level, today()),
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
        match score(row, import, before.as_ref(), title, set) {
            Ok(after) => planned.title = Some(TitlePlan { before, after }),
            Err(faults) => planned.faults.extend(faults),
        }
    }
    Ok(())
}

fn score(
    row: &Row,
    import: &Import,
    before: Option<&Title>,
    mut title: Title,
    set: Option<&CriteriaSet>,
) -> Result<Title, Vec<Fault>> {
    if let Some(before) = before.filter(|before| !is_open(before.status)) {
        let same =
            |given: &Option<Score>, stored: Option<Score>| given.is_none() || *given == stored;
        let unchanged = same(&row.own, before.own()) && same(&row.verified, before.verified());
        if unchanged && before.status != Status::Withdrawn {
            return Ok(before.clone());
        }
        let reason = format!(
            "Danh hiệu năm {} {}; muốn sửa phải trả lại hoặc mở lại hồ sơ trước.",
            import.year,
            before.status.vi()
        );
        return Err(vec![row.fault("name", &row.name, "title_closed", reason)]);
    }
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
    let stored =
        |score: &Option<Score>| score.as_ref().and_then(|score| serde_json::to_value(score).ok());
    title.own_score = stored(&row.own).or(title.own_score);
    title.verified_score = stored(&row.verified).or(title.verified_score);
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
