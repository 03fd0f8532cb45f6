//! Titles as they are stored, and how one or many are found.

use std::collections::{BTreeSet, HashSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::choice::RecordRef;
use crate::access::Caller;
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, Result};
use crate::base::kind::{Kind, Level, Status};
use crate::base::schema::{holders, titles};
use crate::base::version::Version;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::ledger::{TitleChange, TitleState};
use crate::register::criteria::{CriteriaSet, Outcome, Score};
use crate::register::holders::rows::Holder;

/// One title with all that the register keeps of it.
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
    /// What it carries of its holder, for lists; what is set aside of a title names nobody.
    #[serde(skip)]
    pub code: String,
    #[serde(skip)]
    pub name: String,
    #[serde(skip)]
    pub search_key: String,
    #[serde(skip)]
    pub hamlet_id: Option<Uuid>,
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
            code: holder.code.clone(),
            name: holder.name.clone(),
            search_key: holder.search_key.clone(),
            hamlet_id: holder.hamlet_id,
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
    pub async fn find(
        db: &mut Conn,
        areas: &Areas,
        caller: &Caller,
        (holder, year, level): TitleKey,
    ) -> Result<(Self, Holder)> {
        let (title, holder): (Self, Holder) = titles::table
            .inner_join(holders::table.on(holders::id.eq(titles::holder_id)))
            .filter(titles::holder_id.eq(holder).and(titles::year.eq(year)))
            .filter(titles::level.eq(level))
            .select((Self::as_select(), Holder::as_select()))
            .first(db)
            .await?;
        if title.is_visible(areas, caller, &holder) {
            Ok((title, holder))
        } else {
            Err(Error::not_found())
        }
    }

    /// Those of these that there are, in the order of holders.
    pub async fn by_keys(db: &mut Conn, wanted: &[RecordRef]) -> Result<Vec<Self>> {
        let keys: HashSet<TitleKey> =
            wanted.iter().map(|r| (r.holder_id, r.year.get(), r.level)).collect();
        let ids: Vec<Uuid> = wanted.iter().map(|r| r.holder_id).collect();
        let years: BTreeSet<i16> = wanted.iter().map(|r| r.year.get()).collect();
        let mut found: Vec<Self> = titles::table
            .filter(titles::holder_id.eq_any(ids))
            .filter(titles::year.eq_any(years.into_iter().collect::<Vec<_>>()))
            .select(Self::as_select())
            .load(db)
            .await?;
        found.retain(|title| keys.contains(&title.key()));
        found.sort_by_key(Self::key);
        Ok(found)
    }

    /// Whether the caller's area covers its commune, its placement, or the holder's commune today.
    pub fn is_visible(&self, areas: &Areas, caller: &Caller, holder: &Holder) -> bool {
        let covers = |area| areas.covers(caller.area, area);
        covers(self.area_id) || self.placed_id.is_some_and(covers) || covers(holder.area_id)
    }

    /// All titles of a holder that the caller may read, the latest first.
    pub async fn of_holder(
        db: &mut Conn,
        areas: &Areas,
        caller: &Caller,
        holder: &Holder,
    ) -> Result<Vec<Self>> {
        let mut found: Vec<Self> = titles::table
            .filter(titles::holder_id.eq(holder.id))
            .order((titles::year.desc(), titles::level))
            .select(Self::as_select())
            .load(db)
            .await?;
        found.retain(|title| title.is_visible(areas, caller, holder));
        Ok(found)
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
