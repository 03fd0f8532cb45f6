//! People's requests on the wire: everything held on one, its erasure, the log of who read.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use super::course::Course;
use super::print::{Sheet, label, plain};
use super::rows::{Person, Read, reads};
use super::{check_person, erase};
use crate::access::allow::{Allow, Erase, PersonalData, ReadAudit};
use crate::access::state::State;
use crate::areas::Areas;
use crate::base::clock::today;
use crate::base::db::Db;
use crate::base::error::{Lang, Result};
use crate::base::kind::Level;
use crate::base::number::NumberScheme;
use crate::ledger::audit::actions::deed;
use crate::ledger::audit::api::{HistoryItem, history};
use crate::register::decisions::Action;
use crate::register::decisions::rows::{Decision, Line};
use crate::register::holders::api::{HolderBody, one as holder_body};
use crate::register::holders::reads::note_read;
use crate::register::holders::rows::{Holder, HolderKey};
use crate::register::titles::body::{TitleBody, bodies as title_bodies};
use crate::register::titles::rows::Title;
use crate::wire::input::{IfMatch, Json, Query, path_id};
use crate::wire::paging;
use crate::wire::reply::{Done, Page, Printable};

/// Everything that the register holds on one person.
#[derive(Serialize, ToSchema)]
#[schema(as = PersonalData)]
pub struct HeldData {
    holder: HolderBody,
    /// Whole: this answer is the person's own.
    numbers: Vec<WholeNumber>,
    titles: Vec<TitleBody>,
    decisions: Vec<DecisionLine>,
    /// Rows of lists that are still staged.
    staged_rows: Vec<StagedBody>,
    course: Course,
    history: Vec<HistoryItem>,
    reads: Vec<ReadBody>,
}

#[derive(Serialize, ToSchema)]
pub struct WholeNumber {
    scheme: NumberScheme,
    number: String,
}

/// A line of a decision's annex, as it was that day.
#[derive(Serialize, ToSchema)]
pub struct DecisionLine {
    decision: Uuid,
    /// Number and symbol.
    #[schema(example = "15a/QĐ-UBND")]
    reference: String,
    authority: String,
    decided_on: NaiveDate,
    action: Action,
    year: i16,
    level: Level,
    name: String,
    hamlet: String,
    own_score: Option<Value>,
    verified_score: Option<Value>,
    grade: String,
    reason: String,
}

#[derive(Serialize, ToSchema)]
pub struct StagedBody {
    import: Uuid,
    file_name: String,
    /// The row as it was read.
    row: Value,
}

/// One reading of whole numbers or personal data.
#[derive(Serialize, ToSchema)]
#[schema(as = Read)]
pub struct ReadBody {
    at: DateTime<Utc>,
    day: NaiveDate,
    /// Code of the chain's area.
    area: String,
    actor: Uuid,
    actor_name: String,
    role: String,
    #[schema(example = "personal_data.export")]
    action: String,
    /// Whose data it was; empty for an export of lists and for a number that nobody has.
    holders: Vec<Uuid>,
    /// What was asked.
    question: Value,
}

crate::text_enum! {
    pub enum Form {
        Json = "json",
        /// A text to print, in Vietnamese.
        Text = "text",
    }
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PersonalDataQuery {
    /// `json` if not given.
    format: Option<Form>,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Erasure {
    /// Must not name the person.
    #[schema(example = "Theo đơn yêu cầu ngày 20/11/2026 của công dân")]
    #[validate(length(min = 1, max = 1000))]
    reason: String,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReadQuery {
    /// Code of an area within the caller's; the caller's own if not given.
    #[param(example = "37")]
    area: Option<String>,
    /// Only readings of this holder's data.
    holder: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_personal_data).service(erase_personal_data).service(list_reads);
}

/// Everything held on one person. Reading it is recorded in the audit trail.
#[utoipa::path(tag = "people", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD"), PersonalDataQuery))]
#[get("/holders/{id}/personal-data")]
pub async fn get_personal_data(
    state: Data<State>,
    user: Allow<PersonalData>,
    id: Path<String>,
    query: Query<PersonalDataQuery>,
) -> Result<Printable<HeldData>> {
    let areas = state.areas();
    let mut db = state.db().await?;
    let holder = Holder::find(&mut db, &user, &HolderKey::parse(&id)?).await?;
    check_person(holder.kind)?;
    let form = query.format.unwrap_or(Form::Json);
    let (chain, id) = (areas.chain(holder.area_id, None), holder.id);
    let act = user.plain();
    note_read(&mut db, &act, chain, "personal_data.export", &[id], form.as_str()).await?;
    let held = gather(&state, &mut db, &user, holder).await?;
    Ok(match form {
        Form::Json => Printable::Json(held),
        Form::Text => Printable::Text(print(&held)),
    })
}

/// Erase what identifies a person; counts, chains and the nameless record stay.
#[utoipa::path(tag = "people", security(("bearer" = [])), params(("id" = String, Path, example = "K7M-3QX-9TD"), IfMatch))]
#[post("/holders/{id}/personal-data")]
pub async fn erase_personal_data(
    state: Data<State>,
    user: Allow<Erase>,
    id: Path<String>,
    version: IfMatch,
    json: Json<Erasure>,
) -> Result<Done> {
    let areas = state.areas();
    let act = user.act(&json);
    let mut db = state.db().await?;
    let holder = Holder::find(&mut db, &user, &HolderKey::parse(&id)?).await?;
    let tools = (state.keys(), &*areas);
    erase::erase(&mut db, &act, tools, &holder, Some(version), &json.reason).await?;
    // Answers that were kept ready may name the person.
    state.shared.answers.clear();
    Ok(Done)
}

/// List who looked up numbers, read or exported personal data, the latest first.
#[utoipa::path(tag = "people", security(("bearer" = [])), params(ReadQuery))]
#[get("/personal-data/reads")]
pub async fn list_reads(
    state: Data<State>,
    user: Allow<ReadAudit>,
    query: Query<ReadQuery>,
) -> Result<Page<ReadBody>> {
    let areas = state.areas();
    let limit = paging::limit(query.limit)?;
    let area = match &query.area {
        Some(code) => areas.resolve("?area", code, today())?,
        None => user.area,
    };
    let holder = query.holder.as_deref().map(path_id).transpose()?.map(|id| [id]);
    let filters = (&query.area, &query.holder);
    let before = paging::after(&filters, query.cursor.as_deref())?;
    let mut db = state.db().await?;
    let wanted = holder.as_ref().map(|id| &id[..]);
    let found = reads(&mut db, &user, area, wanted, before, limit + 1).await?;
    let (found, next) = paging::cut(found, limit, &filters, |r| (r.at, r.area_id, r.seq))?;
    let items = found.into_iter().map(|read| read_body(&areas, read)).collect();
    Ok(Page { items, next, count: None })
}

async fn gather(
    state: &State,
    db: &mut Db,
    caller: &crate::access::Caller,
    holder: Holder,
) -> Result<HeldData> {
    let areas = state.areas();
    let person = Person::of(db, state.keys(), holder).await?;
    let communes = person.chains(db).await?;
    let titles = Title::all_of(db, &[person.holder.id]).await?;
    let staged = person.staged(db, state.keys(), &communes).await?;
    let staged = staged.into_iter().map(|row| StagedBody {
        import: row.import,
        file_name: row.file_name,
        row: serde_json::to_value(row.row).unwrap_or_default(),
    });
    let lines = person.lines(db).await?;
    let subject = person.holder.subject(&person.ids);
    let read = reads(db, caller, caller.area, Some(&person.ids), None, paging::MAX_LIMIT).await?;
    Ok(HeldData {
        titles: title_bodies(state, db, &titles).await?,
        history: history(db, &areas, &subject, Lang::Vi, 10_000).await?,
        course: Course::of(db, &areas, &person.ids).await?,
        decisions: lines.into_iter().map(line_body).collect(),
        staged_rows: staged.collect(),
        reads: read.into_iter().map(|read| read_body(&areas, read)).collect(),
        numbers: person
            .numbers
            .iter()
            .map(|(scheme, number)| WholeNumber { scheme: *scheme, number: number.clone() })
            .collect(),
        holder: holder_body(state, db, person.holder).await?,
    })
}

fn line_body((line, decision): (Line, Decision)) -> DecisionLine {
    DecisionLine {
        decision: decision.id,
        reference: decision.reference(),
        authority: decision.authority_name,
        decided_on: decision.decided_on,
        action: line.action,
        year: line.year,
        level: line.level,
        name: line.name,
        hamlet: line.hamlet,
        own_score: line.own_score,
        verified_score: line.verified_score,
        grade: line.grade,
        reason: line.reason,
    }
}

fn read_body(areas: &Areas, read: Read) -> ReadBody {
    let entry: Value = serde_json::from_str(&read.body).unwrap_or_default();
    let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
    let item: Value = serde_json::from_str(&read.item).unwrap_or_default();
    ReadBody {
        at: read.at,
        day: read.day,
        area: areas.code(read.area_id, read.day).to_owned(),
        actor: read.actor_id,
        actor_name: text("actor_name"),
        role: text("role"),
        action: read.action,
        holders: read.holders.iter().filter_map(|id| id.parse().ok()).collect(),
        question: item["after"].clone(),
    }
}

fn print(held: &HeldData) -> String {
    let mut sheet = Sheet::new(today());
    let holder = held.holder.printed();
    sheet.part("1. Đối tượng");
    for (name, value) in &holder {
        sheet.line(name, value);
    }
    for (field, value) in held.holder.details().as_object().into_iter().flatten() {
        sheet.line(label(field), &plain(value));
    }
    for number in &held.numbers {
        sheet.line("Số định danh", &number.number);
    }
    sheet.part("2. Danh hiệu");
    sheet.list(&held.titles.iter().map(TitleBody::printed).collect::<Vec<_>>());
    sheet.part("3. Quyết định");
    let lines = held.decisions.iter().map(|line| {
        let on = line.decided_on.format("%d/%m/%Y");
        format!(
            "{}, {} ngày {on}: {} (năm {})",
            line.reference, line.authority, line.name, line.year
        )
    });
    sheet.list(&lines.collect::<Vec<_>>());
    sheet.part("4. Dòng còn lưu trong danh sách đã gửi");
    let rows = held.staged_rows.iter().map(|row| format!("{}: {}", row.file_name, row.row["name"]));
    sheet.list(&rows.collect::<Vec<_>>());
    sheet.part("5. Chuyển xã, gộp bản ghi");
    held.course.print(&mut sheet);
    sheet.part("6. Lịch sử");
    let told = held.history.iter().map(|change| change.sentence().to_owned());
    sheet.list(&told.collect::<Vec<_>>());
    sheet.part("7. Ai đã đọc");
    let reads = held.reads.iter().map(|read| {
        let at = read.at.with_timezone(&crate::base::clock::VIETNAM).format("%d/%m/%Y %H:%M");
        let deed = deed(&read.action).map(|deed| deed.speak(Lang::Vi).to_owned());
        format!("{at}: {} – {}", read.actor_name, deed.unwrap_or_else(|| read.action.clone()))
    });
    sheet.list(&reads.collect::<Vec<_>>());
    sheet.finish()
}
