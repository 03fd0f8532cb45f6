//! Every query on titles and every change of them.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Date, Integer, Jsonb, Nullable, SmallInt, Text, Uuid as SqlUuid,
};
use diesel_async::RunQueryDsl;
use futures_util::Stream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::choice::{Choice, MOST};
use crate::areas::boundaries::Made;
use crate::areas::{AreaId, Areas};
use crate::audit::{Entity, Fields, Item};
use crate::auth::Caller;
use crate::criteria::{CriteriaSet, Outcome, Score, applicable};
use crate::db::Conn;
use crate::error::{Error, FieldError, Result, say};
use crate::holders::rows::Holder;
use crate::input::stale;
use crate::kind::{Kind, Level, Status};
use crate::ledger::{TitleChange, TitleState, Writer};
use crate::schema::{
    area_scopes, decision_titles, decisions, difficult_areas, hamlets, holders, titles,
};
use crate::text::search_key;
use crate::version::Version;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Queryable, Selectable)]
#[diesel(table_name = titles)]
pub struct Title {
    pub holder_id: Uuid,
    pub year: i16,
    pub level: Level,
    pub kind: Kind,
    /// The holder's area on the day of registering.
    pub area_id: i32,
    /// The successor of a split area in which the record belongs.
    pub placed_id: Option<i32>,
    pub group_code: String,
    pub status: Status,
    pub grade: String,
    /// The last year in which it is in force once recognised.
    pub valid_through: i16,
    pub registered_on: NaiveDate,
    pub difficult: bool,
    pub own_score: Option<Value>,
    pub verified_score: Option<Value>,
    pub outcome: Outcome,
    pub criteria_set_id: Option<Uuid>,
    pub decision_id: Option<Uuid>,
    pub import_id: Option<Uuid>,
    /// The accounts that recorded or verified it.
    pub hands: Vec<Option<Uuid>>,
    pub version: Version,
    /// Something of it came after its deadline, or after its commune had closed.
    pub late: bool,
    /// The day on the decision that made it what it is.
    pub decided_on: Option<NaiveDate>,
    /// The day on the decision that recognised it, be it revoked since.
    pub recognised_on: Option<NaiveDate>,
}

/// What names a title.
pub type TitleKey = (Uuid, i16, Level);

/// Which titles a list shows.
#[derive(Debug, Clone, Default)]
pub struct TitleFilter {
    pub kind: Option<Kind>,
    pub level: Option<Level>,
    pub area: Option<AreaId>,
    /// Exactly the records that stand in an area in some boundaries.
    pub made: Option<Made>,
    pub year: Option<i16>,
    pub status: Option<Status>,
    pub grade: Option<String>,
    pub group: Option<String>,
    pub outcome: Option<Outcome>,
    pub hamlet: Option<Uuid>,
    pub decision: Option<Uuid>,
    pub import: Option<Uuid>,
    pub late: Option<bool>,
    /// Part of the holder's name.
    pub q: Option<String>,
}

/// The order of a list: by area, kind, year, holder and level.
pub type TitleCursor = (i32, Kind, i16, Uuid, Level);

impl Title {
    /// A title as registering makes it: `area` is the one that keeps the holder on that day, which a
    /// merger may have made another than the one the holder was entered under.
    pub fn register(holder: &Holder, area: AreaId, year: i16, level: Level, on: NaiveDate) -> Self {
        Self {
            holder_id: holder.id,
            year,
            level,
            kind: holder.kind,
            area_id: area,
            placed_id: None,
            group_code: holder.group_code.clone(),
            status: Status::Registered,
            grade: String::new(),
            valid_through: year,
            registered_on: on,
            difficult: false,
            own_score: None,
            verified_score: None,
            outcome: Outcome::Unknown,
            criteria_set_id: None,
            decision_id: None,
            import_id: None,
            hands: Vec::new(),
            version: Version::NEVER,
            late: false,
            decided_on: None,
            recognised_on: None,
        }
    }

    pub fn key(&self) -> TitleKey {
        (self.holder_id, self.year, self.level)
    }

    pub fn id(&self) -> String {
        format!("{}/{}/{}", self.holder_id, self.year, self.level)
    }

    /// The area that it belongs to: where it was placed, else where it was made.
    pub fn place(&self) -> AreaId {
        self.placed_id.unwrap_or(self.area_id)
    }

    pub fn own(&self) -> Option<Score> {
        self.own_score.clone().and_then(|score| serde_json::from_value(score).ok())
    }

    pub fn verified(&self) -> Option<Score> {
        self.verified_score.clone().and_then(|score| serde_json::from_value(score).ok())
    }

    /// Computes outcome and grade anew: from the verified score, or else from the holder's own.
    pub fn assess(&mut self, set: Option<&CriteriaSet>) {
        let score = self.verified().or_else(|| self.own());
        self.criteria_set_id = set.map(|set| set.id);
        self.grade = score.as_ref().and_then(|s| s.grade.clone()).unwrap_or_default();
        self.outcome = match (set, score) {
            (Some(set), Some(score)) => {
                score.assess(set.scheme, &set.rules, self.difficult).outcome
            }
            (None, Some(Score { passed: Some(passed), .. })) => {
                if passed {
                    Outcome::Passes
                } else {
                    Outcome::Fails
                }
            }
            _ => Outcome::Unknown,
        };
    }

    pub fn state(&self) -> TitleState {
        TitleState {
            holder_id: self.holder_id,
            year: self.year,
            level: self.level,
            kind: self.kind,
            area: self.area_id,
            placed: self.placed_id,
            group: self.group_code.clone(),
            grade: self.grade.clone(),
            valid_through: self.valid_through,
            status: self.status,
            decided_on: self.decided_on,
            recognised_on: self.recognised_on,
        }
    }

    pub fn fields(&self) -> Fields {
        Fields::new()
            .plain("kind", self.kind.as_str())
            .plain("area", self.area_id)
            .plain("placed", self.placed_id)
            .plain("group", &*self.group_code)
            .plain("status", self.status.as_str())
            .plain("grade", &*self.grade)
            .plain("valid_through", self.valid_through)
            .plain("registered_on", self.registered_on.to_string())
            .plain("difficult", self.difficult)
            .plain("own_score", self.own_score.clone())
            .plain("verified_score", self.verified_score.clone())
            .plain("outcome", self.outcome.as_str())
            .plain("late", self.late)
            .plain("criteria_set", self.criteria_set_id.map(|id| id.to_string()))
            .plain("decision", self.decision_id.map(|id| id.to_string()))
            .plain("decided_on", self.decided_on.map(|day| day.to_string()))
            .plain("import", self.import_id.map(|id| id.to_string()))
    }

    pub fn changed(before: &Self, after: &Self) -> TitleChange {
        TitleChange {
            before: Some(before.state()),
            after: Some(after.state()),
            item: Item::changed(Entity::Title, after.id(), before.fields(), after.fields()),
        }
    }

    pub fn created(after: &Self) -> TitleChange {
        TitleChange {
            before: None,
            after: Some(after.state()),
            item: Item::created(Entity::Title, after.id(), after.fields()),
        }
    }

    /// One title that the caller may read.
    pub async fn find(db: &mut Conn, caller: &Caller, key: TitleKey) -> Result<(Self, Holder)> {
        let (holder, year, level) = key;
        Ok(titles::table
            .inner_join(holders::table)
            .filter(visible(caller))
            .filter(titles::holder_id.eq(holder).and(titles::year.eq(year)))
            .filter(titles::level.eq(level))
            .select((Self::as_select(), Holder::as_select()))
            .first(db)
            .await?)
    }

    /// All titles of a holder, the latest first.
    pub async fn of_holder(
        db: &mut Conn,
        caller: &Caller,
        holder: Uuid,
    ) -> Result<Vec<(Self, Holder)>> {
        Ok(titles::table
            .inner_join(holders::table)
            .filter(visible(caller))
            .filter(titles::holder_id.eq(holder))
            .order((titles::year.desc(), titles::level))
            .select((Self::as_select(), Holder::as_select()))
            .load(db)
            .await?)
    }

    /// One page with the holders, in a total order.
    pub async fn list(
        db: &mut Conn,
        caller: &Caller,
        filter: &TitleFilter,
        after: Option<TitleCursor>,
        limit: i64,
    ) -> Result<Vec<(Self, Holder)>> {
        let mut wanted = matching(caller, filter);
        if let Some((area, kind, year, holder, level)) = after {
            // A comparison of rows is what the index understands.
            let beyond = diesel::dsl::sql::<Bool>(
                "(titles.area_id, titles.kind, titles.year, titles.holder_id, titles.level) > (",
            )
            .bind::<Integer, _>(area)
            .sql(", ")
            .bind::<Text, _>(kind)
            .sql(", ")
            .bind::<SmallInt, _>(year)
            .sql(", ")
            .bind::<SqlUuid, _>(holder)
            .sql(", ")
            .bind::<Text, _>(level)
            .sql(")");
            wanted = Box::new(wanted.and(beyond));
        }
        Ok(titles::table
            .inner_join(holders::table)
            .filter(wanted)
            .order((titles::area_id, titles::kind, titles::year, titles::holder_id, titles::level))
            .limit(limit)
            .select((Self::as_select(), Holder::as_select()))
            .load(db)
            .await?)
    }

    pub async fn count(db: &mut Conn, caller: &Caller, filter: &TitleFilter) -> Result<i64> {
        let found = titles::table.inner_join(holders::table).filter(matching(caller, filter));
        Ok(found.count().get_result(db).await?)
    }

    /// All that a filter finds, row by row, for exports.
    pub async fn stream(
        db: &mut Conn,
        caller: &Caller,
        filter: &TitleFilter,
    ) -> Result<impl Stream<Item = QueryResult<(Self, Holder)>> + use<>> {
        Ok(titles::table
            .inner_join(holders::table)
            .filter(matching(caller, filter))
            .order((titles::area_id, titles::kind, titles::year, titles::holder_id, titles::level))
            .select((Self::as_select(), Holder::as_select()))
            .load_stream::<(Self, Holder)>(db)
            .await?)
    }

    /// The titles of one year and level of these holders, whoever asks: for the matching of a list.
    pub async fn of_holders(
        db: &mut Conn,
        ids: &[Uuid],
        year: i16,
        level: Level,
    ) -> Result<Vec<Self>> {
        Ok(titles::table
            .filter(titles::holder_id.eq_any(ids))
            .filter(titles::year.eq(year).and(titles::level.eq(level)))
            .select(Self::as_select())
            .load(db)
            .await?)
    }
}

type Joined = diesel::helper_types::InnerJoinQuerySource<titles::table, holders::table>;
type Condition = Box<dyn BoxableExpression<Joined, Pg, SqlType = Bool>>;

#[diesel::dsl::auto_type(no_type_alias)]
fn covered(area: AreaId) -> _ {
    let area: i32 = area;
    area_scopes::table.filter(area_scopes::area_id.eq(area)).select(area_scopes::covered_id)
}

/// The area covers its commune or, where it was placed, its placement.
fn within(area: AreaId) -> Condition {
    Box::new(
        titles::placed_id
            .is_null()
            .and(titles::area_id.eq_any(covered(area)))
            .or(titles::placed_id.assume_not_null().eq_any(covered(area))),
    )
}

/// It was made in one of these areas, and placed as they say.
fn standing(made: &Made) -> Condition {
    let placed =
        diesel::dsl::sql::<Bool>("(titles.area_id, titles.placed_id) in (select * from unnest(")
            .bind::<Array<Integer>, _>(
                made.placed.iter().map(|(area, _)| *area).collect::<Vec<_>>(),
            )
            .sql(", ")
            .bind::<Array<Integer>, _>(
                made.placed.iter().map(|(_, placed)| *placed).collect::<Vec<_>>(),
            )
            .sql("))");
    let unplaced = titles::placed_id.is_null().and(titles::area_id.eq_any(made.unplaced.clone()));
    // What is compared with nothing is not false but unknown.
    Box::new(unplaced.or(titles::placed_id.is_not_null().and(placed)))
}

/// The caller's area covers its commune, its placement, or the holder's commune today.
fn visible(caller: &Caller) -> Condition {
    Box::new(
        titles::area_id
            .eq_any(covered(caller.area))
            .or(titles::placed_id.assume_not_null().eq_any(covered(caller.area)))
            .or(holders::area_id.eq_any(covered(caller.area))),
    )
}

fn matching(caller: &Caller, filter: &TitleFilter) -> Condition {
    let mut all = visible(caller);
    let mut also = |condition: Condition| {
        let before = std::mem::replace(&mut all, Box::new(diesel::dsl::sql::<Bool>("true")));
        all = Box::new(before.and(condition));
    };
    if let Some(kind) = filter.kind {
        also(Box::new(titles::kind.eq(kind)));
    }
    if let Some(level) = filter.level {
        also(Box::new(titles::level.eq(level)));
    }
    if let Some(area) = filter.area {
        also(within(area));
    }
    if let Some(made) = &filter.made {
        also(standing(made));
    }
    if let Some(year) = filter.year {
        also(Box::new(titles::year.eq(year)));
    }
    if let Some(status) = filter.status {
        also(Box::new(titles::status.eq(status)));
    }
    if let Some(grade) = filter.grade.clone() {
        also(Box::new(titles::grade.eq(grade)));
    }
    if let Some(group) = filter.group.clone() {
        also(Box::new(titles::group_code.eq(group)));
    }
    if let Some(outcome) = filter.outcome {
        also(Box::new(titles::outcome.eq(outcome)));
    }
    if let Some(hamlet) = filter.hamlet {
        also(Box::new(holders::hamlet_id.assume_not_null().eq(hamlet)));
    }
    if let Some(decision) = filter.decision {
        also(Box::new(titles::decision_id.assume_not_null().eq(decision)));
    }
    if let Some(import) = filter.import {
        also(Box::new(titles::import_id.assume_not_null().eq(import)));
    }
    if let Some(late) = filter.late {
        also(Box::new(titles::late.eq(late)));
    }
    if let Some(q) = &filter.q {
        also(Box::new(holders::search_key.like(format!("%{}%", search_key(q)))));
    }
    all
}

/// The titles that a batch means, with the heads of their chains locked: whoever writes titles holds
/// the head of their chain, so that they stay as read until the transaction ends.
pub async fn choose(
    w: &mut Writer<'_>,
    areas: &Areas,
    choice: &Choice,
) -> Result<Vec<(Title, Holder)>> {
    lock_chosen(w, areas, std::slice::from_ref(choice), &[]).await?;
    chosen(w, areas, choice).await
}

/// Locks the chains of several choices at once, and those of `also`.
pub async fn lock_chosen(
    w: &mut Writer<'_>,
    areas: &Areas,
    choices: &[Choice],
    also: &[AreaId],
) -> Result<()> {
    let mut chains = also.to_vec();
    for choice in choices {
        let found = load_choice(w.db, &w.act.caller, choice).await?;
        chains.extend(found.iter().map(|(title, _)| areas.chain(title.area_id, title.placed_id)));
    }
    w.lock(&chains).await
}

/// The titles of a choice whose chains are locked; refuses it whole, with every reason.
pub async fn chosen(
    w: &mut Writer<'_>,
    areas: &Areas,
    choice: &Choice,
) -> Result<Vec<(Title, Holder)>> {
    let caller = w.act.caller.clone();
    let mut found = load_choice(w.db, &caller, choice).await?;
    let mut errors = Vec::new();
    match choice {
        Choice::Select { at, expected, .. } => {
            if found.len() as i64 != *expected {
                return Err(Error::conflict(
                    "count_differs",
                    say(
                        format!("Lựa chọn có {} danh hiệu, không phải {expected}.", found.len()),
                        format!("The selection holds {} titles, not {expected}.", found.len()),
                    ),
                )
                .with_errors(vec![FieldError::new(
                    format!("{at}/expected"),
                    "count_differs",
                    say(found.len().to_string(), found.len().to_string()),
                )]));
            }
            found.sort_by_key(|(title, _)| title.key());
        }
        Choice::Records { records, .. } => {
            let mut by_key: HashMap<_, _> =
                found.into_iter().map(|(title, holder)| (title.key(), (title, holder))).collect();
            found = Vec::new();
            for (n, record) in records.iter().enumerate() {
                let key = (record.holder_id, record.year.get(), record.level);
                match by_key.remove(&key) {
                    None => errors.push(FieldError::new(
                        choice.pointer(n),
                        "not_found",
                        say("Không tìm thấy danh hiệu này.", "No such title is visible."),
                    )),
                    Some((title, holder)) => {
                        if title.version != record.version {
                            errors.push(refusal(choice, n, &holder, &stale(title.version)));
                        }
                        found.push((title, holder));
                    }
                }
            }
        }
    }
    for (n, (title, holder)) in found.iter().enumerate() {
        if let Err(error) = writable(areas, &caller, title) {
            errors.push(refusal(choice, n, holder, &error));
        }
    }
    if errors.is_empty() { Ok(found) } else { Err(refused(errors)) }
}

async fn load_choice(
    db: &mut Conn,
    caller: &Caller,
    choice: &Choice,
) -> Result<Vec<(Title, Holder)>> {
    let query = titles::table
        .inner_join(holders::table)
        .order((titles::holder_id, titles::year, titles::level))
        .limit(MOST as i64 + 1)
        .select((Title::as_select(), Holder::as_select()));
    match choice {
        Choice::Records { records, .. } => {
            let keys: HashSet<TitleKey> =
                records.iter().map(|r| (r.holder_id, r.year.get(), r.level)).collect();
            let ids: Vec<Uuid> = records.iter().map(|r| r.holder_id).collect();
            let mut years: Vec<i16> = records.iter().map(|r| r.year.get()).collect();
            years.sort_unstable();
            years.dedup();
            let found: Vec<(Title, Holder)> = query
                .filter(visible(caller))
                .filter(titles::holder_id.eq_any(ids).and(titles::year.eq_any(years)))
                .limit(MOST as i64 * 4)
                .load(db)
                .await?;
            Ok(found.into_iter().filter(|(title, _)| keys.contains(&title.key())).collect())
        }
        Choice::Select { selection, area, .. } => {
            let filter = TitleFilter {
                kind: Some(selection.kind),
                level: Some(selection.level.unwrap_or(selection.kind.default_level())),
                area: Some(*area),
                year: Some(selection.year.get()),
                status: Some(selection.status),
                hamlet: selection.hamlet,
                import: selection.import,
                outcome: selection.outcome,
                ..TitleFilter::default()
            };
            let found: Vec<(Title, Holder)> =
                query.filter(matching(caller, &filter)).load(db).await?;
            if found.len() > MOST {
                return Err(Error::conflict(
                    "too_many",
                    say(
                        "Lựa chọn có hơn 20.000 danh hiệu; hãy chia nhỏ, ví dụ theo thôn.",
                        "The selection holds more than 20,000 titles; divide it, by hamlet say.",
                    ),
                ));
            }
            Ok(found)
        }
    }
}

/// 409 with every title that was refused; nothing was changed.
pub fn refused(errors: Vec<FieldError>) -> Error {
    Error::conflict(
        "titles_refused",
        say(
            format!("{} danh hiệu không đủ điều kiện; chưa thay đổi gì.", errors.len()),
            format!("{} titles were refused; nothing was changed.", errors.len()),
        ),
    )
    .with_errors(errors)
}

/// Why one chosen title was refused; the printed code names its holder.
pub fn refusal(choice: &Choice, n: usize, holder: &Holder, error: &Error) -> FieldError {
    let problem = error.to_problem();
    let detail = say(
        format!("{}: {}", holder.code, problem.detail.vi),
        format!("{}: {}", holder.code, problem.detail.en),
    );
    FieldError::new(choice.pointer(n), problem.code, detail)
}

/// Whether the caller may change it: its area covers the one area that keeps the title today.
pub fn writable(areas: &Areas, caller: &Caller, title: &Title) -> Result<()> {
    crate::hamlets::writable(areas, caller, title.place()).map(|_| ())
}

/// What holds for titles that are registered or scored now: the holder's group, and whether commune
/// or hamlet are specially difficult in the assessment year.
pub async fn refresh(db: &mut Conn, found: &mut [(Title, Holder)]) -> Result<()> {
    let places: Vec<i32> = found.iter().map(|(title, _)| title.place()).collect();
    let hard_areas: Vec<(i32, NaiveDate, Option<NaiveDate>)> = difficult_areas::table
        .filter(difficult_areas::area_id.eq_any(places))
        .select((difficult_areas::area_id, difficult_areas::valid_from, difficult_areas::valid_to))
        .load(db)
        .await?;
    let in_hamlets: Vec<Uuid> = found.iter().filter_map(|(_, holder)| holder.hamlet_id).collect();
    let hard_hamlets: HashSet<Uuid> = hamlets::table
        .filter(hamlets::id.eq_any(in_hamlets).and(hamlets::difficult))
        .select(hamlets::id)
        .load(db)
        .await?
        .into_iter()
        .collect();
    for (title, holder) in found {
        let end = NaiveDate::from_ymd_opt(i32::from(title.year), 12, 31).unwrap_or_default();
        let hard_area = hard_areas.iter().any(|(area, from, to)| {
            *area == title.place() && *from <= end && to.is_none_or(|to| to >= end)
        });
        title.difficult = hard_area || holder.hamlet_id.is_some_and(|h| hard_hamlets.contains(&h));
        title.group_code = holder.group_code.clone();
    }
    Ok(())
}

/// The criteria set of a title.
pub fn set_of<'a>(
    sets: &'a [CriteriaSet],
    areas: &Areas,
    title: &Title,
    today: NaiveDate,
) -> Option<&'a CriteriaSet> {
    let up = areas.ancestors(areas.chain(title.area_id, title.placed_id), today);
    applicable(sets, &up, title.kind, title.level, title.year)
}

/// Inserts titles whose chains are locked and writes what that leaves. Those that exist already are
/// left as they are and their keys returned.
pub async fn insert_all(
    w: &mut Writer<'_>,
    areas: &Areas,
    mut new: Vec<Title>,
) -> Result<Vec<TitleKey>> {
    for title in &mut new {
        title.version = w.version(areas.chain(title.area_id, title.placed_id))?;
    }
    #[derive(QueryableByName)]
    struct Inserted {
        #[diesel(sql_type = SqlUuid)]
        holder_id: Uuid,
        #[diesel(sql_type = SmallInt)]
        year: i16,
        #[diesel(sql_type = Text)]
        level: Level,
    }
    let inserted: Vec<Inserted> = diesel::sql_query(
        "insert into titles (holder_id, year, level, kind, area_id, placed_id, group_code, status,
                             grade, valid_through, registered_on, difficult, own_score,
                             verified_score, outcome, criteria_set_id, import_id, version, late,
                             decision_id, decided_on, recognised_on, hands)
         select u.*, array[$23] from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
                                            $14, $15, $16, $17, $18, $19, $20, $21, $22) u
         on conflict do nothing returning holder_id, year, level",
    )
    .bind::<Array<SqlUuid>, _>(each(&new, |t| t.holder_id))
    .bind::<Array<SmallInt>, _>(each(&new, |t| t.year))
    .bind::<Array<Text>, _>(each(&new, |t| t.level.as_str()))
    .bind::<Array<Text>, _>(each(&new, |t| t.kind.as_str()))
    .bind::<Array<Integer>, _>(each(&new, |t| t.area_id))
    .bind::<Array<Nullable<Integer>>, _>(each(&new, |t| t.placed_id))
    .bind::<Array<Text>, _>(each(&new, |t| &*t.group_code))
    .bind::<Array<Text>, _>(each(&new, |t| t.status.as_str()))
    .bind::<Array<Text>, _>(each(&new, |t| &*t.grade))
    .bind::<Array<SmallInt>, _>(each(&new, |t| t.valid_through))
    .bind::<Array<Date>, _>(each(&new, |t| t.registered_on))
    .bind::<Array<Bool>, _>(each(&new, |t| t.difficult))
    .bind::<Array<Nullable<Jsonb>>, _>(each(&new, |t| t.own_score.clone()))
    .bind::<Array<Nullable<Jsonb>>, _>(each(&new, |t| t.verified_score.clone()))
    .bind::<Array<Text>, _>(each(&new, |t| t.outcome.as_str()))
    .bind::<Array<Nullable<SqlUuid>>, _>(each(&new, |t| t.criteria_set_id))
    .bind::<Array<Nullable<SqlUuid>>, _>(each(&new, |t| t.import_id))
    .bind::<Array<BigInt>, _>(each(&new, |t| t.version.raw()))
    .bind::<Array<Bool>, _>(each(&new, |t| t.late))
    .bind::<Array<Nullable<SqlUuid>>, _>(each(&new, |t| t.decision_id))
    .bind::<Array<Nullable<Date>>, _>(each(&new, |t| t.decided_on))
    .bind::<Array<Nullable<Date>>, _>(each(&new, |t| t.recognised_on))
    .bind::<SqlUuid, _>(w.act.caller.id)
    .load(w.db)
    .await?;
    let done: HashSet<TitleKey> =
        inserted.into_iter().map(|i| (i.holder_id, i.year, i.level)).collect();
    let (made, known): (Vec<Title>, Vec<Title>) =
        new.into_iter().partition(|title| done.contains(&title.key()));
    record(w, areas, made.iter().map(|t| (t, Title::created(t))).collect()).await?;
    Ok(known.iter().map(Title::key).collect())
}

/// Stores changed titles whose chains are locked and writes what that leaves; with `hand` the caller
/// counts as one who recorded them.
pub async fn save_all(
    w: &mut Writer<'_>,
    areas: &Areas,
    mut changes: Vec<(Title, Title)>,
    hand: bool,
) -> Result<()> {
    for (_, after) in &mut changes {
        after.version = w.version(areas.chain(after.area_id, after.placed_id))?;
    }
    date_decisions(w.db, &mut changes).await?;
    let after: Vec<&Title> = changes.iter().map(|(_, after)| after).collect();
    store(w, &after, hand).await?;
    let changed = changes.iter().map(|(before, after)| (after, Title::changed(before, after)));
    record(w, areas, changed.collect()).await
}

async fn store(w: &mut Writer<'_>, after: &[&Title], hand: bool) -> Result<()> {
    fn of<T>(titles: &[&Title], field: impl Fn(&Title) -> T) -> Vec<T> {
        titles.iter().map(|title| field(title)).collect()
    }
    diesel::sql_query(
        "update titles t
         set group_code = u.group_code, status = u.status, grade = u.grade,
             valid_through = u.valid_through, difficult = u.difficult, own_score = u.own_score,
             verified_score = u.verified_score, outcome = u.outcome,
             criteria_set_id = u.criteria_set_id, decision_id = u.decision_id,
             area_id = u.area_id, placed_id = u.placed_id, import_id = u.import_id,
             version = u.version, late = u.late, decided_on = u.decided_on,
             recognised_on = u.recognised_on,
             hands = case when $18 and not $17 = any(t.hands) then t.hands || $17 else t.hands end
         from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $19, $20,
                     $21, $22)
              u (holder_id, year, level, group_code, status, grade, valid_through, difficult,
                 own_score, verified_score, outcome, criteria_set_id, decision_id, placed_id,
                 import_id, version, area_id, late, decided_on, recognised_on)
         where t.holder_id = u.holder_id and t.year = u.year and t.level = u.level",
    )
    .bind::<Array<SqlUuid>, _>(of(after, |t| t.holder_id))
    .bind::<Array<SmallInt>, _>(of(after, |t| t.year))
    .bind::<Array<Text>, _>(of(after, |t| t.level.as_str()))
    .bind::<Array<Text>, _>(of(after, |t| t.group_code.clone()))
    .bind::<Array<Text>, _>(of(after, |t| t.status.as_str()))
    .bind::<Array<Text>, _>(of(after, |t| t.grade.clone()))
    .bind::<Array<SmallInt>, _>(of(after, |t| t.valid_through))
    .bind::<Array<Bool>, _>(of(after, |t| t.difficult))
    .bind::<Array<Nullable<Jsonb>>, _>(of(after, |t| t.own_score.clone()))
    .bind::<Array<Nullable<Jsonb>>, _>(of(after, |t| t.verified_score.clone()))
    .bind::<Array<Text>, _>(of(after, |t| t.outcome.as_str()))
    .bind::<Array<Nullable<SqlUuid>>, _>(of(after, |t| t.criteria_set_id))
    .bind::<Array<Nullable<SqlUuid>>, _>(of(after, |t| t.decision_id))
    .bind::<Array<Nullable<Integer>>, _>(of(after, |t| t.placed_id))
    .bind::<Array<Nullable<SqlUuid>>, _>(of(after, |t| t.import_id))
    .bind::<Array<BigInt>, _>(of(after, |t| t.version.raw()))
    .bind::<SqlUuid, _>(w.act.caller.id)
    .bind::<Bool, _>(hand)
    .bind::<Array<Integer>, _>(of(after, |t| t.area_id))
    .bind::<Array<Bool>, _>(of(after, |t| t.late))
    .bind::<Array<Nullable<Date>>, _>(of(after, |t| t.decided_on))
    .bind::<Array<Nullable<Date>>, _>(of(after, |t| t.recognised_on))
    .execute(w.db)
    .await?;
    Ok(())
}

/// Gives changed titles the days on the decisions behind them, as these stand now.
async fn date_decisions(db: &mut Conn, changes: &mut [(Title, Title)]) -> Result<()> {
    use Status::{NotRecognised, Recognised, Revoked};
    let decided = |title: &Title| matches!(title.status, Recognised | NotRecognised | Revoked);
    let ids: HashSet<Uuid> = changes
        .iter()
        .filter(|(_, after)| decided(after))
        .filter_map(|(_, after)| after.decision_id)
        .collect();
    let days: HashMap<Uuid, NaiveDate> = if ids.is_empty() {
        HashMap::new()
    } else {
        let found = decisions::table.filter(decisions::id.eq_any(ids));
        let found = found.select((decisions::id, decisions::decided_on));
        found.load(db).await?.into_iter().collect()
    };
    for (_, after) in changes {
        let on = after.decision_id.filter(|_| decided(after)).and_then(|id| days.get(&id).copied());
        after.decided_on = on;
        after.recognised_on = match after.status {
            Recognised => on,
            Revoked => after.recognised_on,
            _ => None,
        };
    }
    Ok(())
}

/// Writes what changes of titles leave, each in the chain of its title.
pub async fn record(
    w: &mut Writer<'_>,
    areas: &Areas,
    changes: Vec<(&Title, TitleChange)>,
) -> Result<()> {
    let mut by_chain: BTreeMap<AreaId, Vec<TitleChange>> = BTreeMap::new();
    for (title, change) in changes {
        let chain = areas.chain(title.area_id, title.placed_id);
        by_chain.entry(chain).or_default().push(change);
    }
    for (chain, changes) in by_chain {
        w.titles(chain, changes).await?;
    }
    Ok(())
}

/// Deletes titles whose chains are locked.
pub async fn delete_all(w: &mut Writer<'_>, areas: &Areas, gone: &[Title]) -> Result<()> {
    diesel::sql_query(
        "delete from titles t using unnest($1, $2, $3) u (holder_id, year, level)
         where t.holder_id = u.holder_id and t.year = u.year and t.level = u.level",
    )
    .bind::<Array<SqlUuid>, _>(each(gone, |t| t.holder_id))
    .bind::<Array<SmallInt>, _>(each(gone, |t| t.year))
    .bind::<Array<Text>, _>(each(gone, |t| t.level.as_str()))
    .execute(w.db)
    .await?;
    let change = |title: &Title| TitleChange {
        before: Some(title.state()),
        after: None,
        item: Item::deleted(Entity::Title, title.id(), title.fields()),
    };
    record(w, areas, gone.iter().map(|title| (title, change(title))).collect()).await
}

/// Gives a title whose chain is locked another year or level, and its lines in decisions with it.
pub async fn rekey(
    w: &mut Writer<'_>,
    areas: &Areas,
    before: Title,
    mut after: Title,
    hand: bool,
) -> Result<()> {
    let chain = areas.chain(after.area_id, after.placed_id);
    after.version = w.version(chain)?;
    let (holder, year, level) = before.key();
    diesel::update(titles::table.find((holder, year, level)))
        .set((titles::year.eq(after.year), titles::level.eq(after.level)))
        .execute(w.db)
        .await?;
    diesel::update(
        decision_titles::table
            .filter(decision_titles::holder_id.eq(holder).and(decision_titles::year.eq(year)))
            .filter(decision_titles::level.eq(level)),
    )
    .set((decision_titles::year.eq(after.year), decision_titles::level.eq(after.level)))
    .execute(w.db)
    .await?;
    store(w, &[&after], hand).await?;
    let (from, to) = (before.id(), after.id());
    let gone = before.fields().plain("corrected_to", &*to);
    let made = after.fields().plain("corrected_from", &*from);
    let left = TitleChange {
        before: Some(before.state()),
        after: None,
        item: Item::deleted(Entity::Title, from, gone),
    };
    let came = TitleChange {
        before: None,
        after: Some(after.state()),
        item: Item::created(Entity::Title, to, made),
    };
    w.titles(chain, vec![left, came]).await
}

fn each<'a, T>(titles: &'a [Title], field: impl Fn(&'a Title) -> T) -> Vec<T> {
    titles.iter().map(field).collect()
}
