//! Every query on decisions, and the one transaction that enters them.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Integer, Jsonb, Nullable, SmallInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::{Action, Body, Document, apply};
use crate::access::{Act, Caller};
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, OnConstraint, Result, say};
use crate::base::kind::{Kind, Level};
use crate::base::schema::{area_scopes, decision_titles, decisions};
use crate::base::statement::statement;
use crate::base::version::Version;
use crate::ledger::audit::sentence::Subject;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::ledger::{self, Writer};
use crate::register::criteria::{Outcome, rows as criteria_rows};
use crate::register::hamlets::rows::Hamlet;
use crate::register::holders::rows::Holder;
use crate::register::titles::choice::Choice;
use crate::register::titles::rows::Title;
use crate::register::titles::{chosen, write};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = decisions)]
pub struct Decision {
    pub id: Uuid,
    pub document: Document,
    pub authority_area_id: i32,
    pub authority_body: Body,
    pub authority_name: String,
    pub number: String,
    pub symbol: String,
    pub decided_on: NaiveDate,
    pub signatory_name: String,
    pub signatory_position: String,
    pub signatory_capacity: String,
    pub note: String,
    pub entered_by: Uuid,
    pub version: Version,
    /// Set once none of its titles stands.
    pub annulled_at: Option<DateTime<Utc>>,
    pub annulled_by: Option<Uuid>,
    pub annul_reason: String,
}

/// A line of the annexed list, as it was that day.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = decision_titles)]
pub struct Line {
    pub holder_id: Uuid,
    pub year: i16,
    pub level: Level,
    pub n: i32,
    pub action: Action,
    pub kind: Kind,
    pub area_id: i32,
    pub code: String,
    pub name: String,
    pub hamlet: String,
    pub group_code: String,
    pub own_score: Option<Value>,
    pub verified_score: Option<Value>,
    pub outcome: Outcome,
    pub grade: String,
    pub reason: String,
    /// What the title had before.
    pub earlier_decision_id: Option<Uuid>,
    pub earlier_valid_through: i16,
    pub annulled_at: Option<DateTime<Utc>>,
    pub annulled_by: Option<Uuid>,
    pub annul_reason: String,
}

/// What a decision does to some titles.
#[derive(Debug, Clone)]
pub struct Part {
    pub action: Action,
    pub choice: Choice,
    pub reason: Option<String>,
}

/// Which decisions a list shows.
#[derive(Debug, Clone, Default)]
pub struct DecisionFilter {
    pub authority: Option<AreaId>,
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
    pub number: Option<String>,
}

impl Decision {
    pub fn fields(&self) -> Fields {
        Fields::new()
            .plain("annulled", self.annulled_at.is_some())
            .plain("document", self.document.as_str())
            .plain("authority", &*self.authority_name)
            .plain("authority_area", self.authority_area_id)
            .plain("number", &*self.number)
            .plain("symbol", &*self.symbol)
            .plain("decided_on", self.decided_on.to_string())
            .plain("position", &*self.signatory_position)
            .plain("capacity", &*self.signatory_capacity)
            .personal("signatory", &*self.signatory_name)
    }

    /// `15a/QĐ-UBND`.
    pub fn reference(&self) -> String {
        if self.symbol.is_empty() {
            self.number.clone()
        } else {
            format!("{}/{}", self.number, self.symbol)
        }
    }

    /// How its history speaks of it.
    pub fn subject(&self) -> Subject {
        let (reference, on) = (self.reference(), self.decided_on.format("%d/%m/%Y"));
        let called = say(
            format!("{} {reference} ngày {on}", self.document.vi()),
            format!("the {} {reference} of {on}", self.document),
        );
        Subject { entity: "decision", ids: vec![self.id.to_string()], kind: None, called }
    }

    /// A decision of the caller's area, or on a title of it.
    pub async fn find(db: &mut Conn, caller: &Caller, id: Uuid) -> Result<Self> {
        let found = Self::visible(caller).filter(decisions::id.eq(id));
        Ok(found.select(Self::as_select()).first(db).await?)
    }

    /// One page, the latest first.
    pub async fn list(
        db: &mut Conn,
        caller: &Caller,
        filter: &DecisionFilter,
        after: Option<(NaiveDate, Uuid)>,
        limit: i64,
    ) -> Result<Vec<Self>> {
        let mut query = Self::visible(caller)
            .order((decisions::decided_on.desc(), decisions::id.desc()))
            .limit(limit)
            .select(Self::as_select());
        if let Some(area) = filter.authority {
            query = query.filter(decisions::authority_area_id.eq_any(covered(area)));
        }
        if let Some(from) = filter.from {
            query = query.filter(decisions::decided_on.ge(from));
        }
        if let Some(to) = filter.to {
            query = query.filter(decisions::decided_on.le(to));
        }
        if let Some(number) = &filter.number {
            query = query.filter(decisions::number.eq(number.clone()));
        }
        if let Some((day, id)) = after {
            query = query.filter(
                decisions::decided_on
                    .lt(day)
                    .or(decisions::decided_on.eq(day).and(decisions::id.lt(id))),
            );
        }
        Ok(query.load(db).await?)
    }

    fn visible<'a>(caller: &Caller) -> decisions::BoxedQuery<'a, diesel::pg::Pg> {
        let lines = decision_titles::table
            .filter(decision_titles::decision_id.eq(decisions::id))
            .filter(decision_titles::area_id.eq_any(covered(caller.area)));
        decisions::table
            .filter(
                decisions::authority_area_id
                    .eq_any(covered(caller.area))
                    .or(diesel::dsl::exists(lines)),
            )
            .into_boxed()
    }

    /// One page of its annexed list, as far as it is the caller's to read.
    pub async fn lines(
        db: &mut Conn,
        caller: &Caller,
        id: Uuid,
        after: Option<i32>,
        limit: i64,
    ) -> Result<Vec<Line>> {
        Ok(decision_titles::table
            .filter(decision_titles::decision_id.eq(id))
            .filter(decision_titles::area_id.eq_any(covered(caller.area)))
            .filter(decision_titles::n.gt(after.unwrap_or(0)))
            .order(decision_titles::n)
            .limit(limit)
            .select(Line::as_select())
            .load(db)
            .await?)
    }

    /// Enters a decision: all its titles change or none, and every refusal is named.
    pub async fn enter(
        db: &mut Conn,
        act: &Act,
        areas: &Areas,
        new: &Self,
        parts: &[Part],
    ) -> Result<Uuid> {
        ledger::write(db, act, "decision.enter", async |w| {
            let choices: Vec<Choice> = parts.iter().map(|part| part.choice.clone()).collect();
            chosen::lock_chosen(w, areas, &choices, &[new.authority_chain(act)]).await?;
            let version = w.version(new.authority_chain(act))?;
            let made = Self { version, entered_by: act.caller.id, ..new.clone() };
            diesel::insert_into(decisions::table)
                .values(&made)
                .execute(w.db)
                .await
                .on_constraint("decisions_number_key", number_taken)?;
            w.record(
                made.authority_chain(act),
                Item::created(Entity::Decision, made.id, made.fields()),
            )
            .await?;
            let reasons: Vec<&str> = parts.iter().filter_map(|p| p.reason.as_deref()).collect();
            if !reasons.is_empty() {
                w.because(reasons.join("; "));
            }
            made.apply_parts(w, areas, parts).await?;
            Ok(made.id)
        })
        .await
    }

    /// The decision itself stands in the chain of the area whose approver entered it.
    fn authority_chain(&self, act: &Act) -> AreaId {
        act.caller.area
    }

    async fn apply_parts(&self, w: &mut Writer<'_>, areas: &Areas, parts: &[Part]) -> Result<()> {
        let sets = criteria_rows::all(w.db).await?;
        let day = w.day;
        let mut errors = Vec::new();
        let mut lines = Vec::new();
        let mut changes = Vec::new();
        for part in parts {
            let found = chosen::chosen(w, areas, &part.choice).await?;
            for (n, (before, holder)) in found.into_iter().enumerate() {
                let mut after = before.clone();
                // A title is decided under the set by which it was assessed.
                let assessed = sets.iter().find(|set| Some(set.id) == before.criteria_set_id);
                let set = assessed.or_else(|| write::set_of(&sets, areas, &before, day));
                let reason = part.reason.as_deref();
                let done = if self.answers_for(areas, before.place()) {
                    apply(&mut after, part.action, set, reason, w.act.caller.id)
                } else {
                    Err(outside_authority())
                };
                if let Err(error) = done {
                    errors.push(chosen::refusal(&part.choice, n, &holder, &error));
                    continue;
                }
                after.decision_id = Some(self.id);
                lines.push((part, before.clone(), holder));
                changes.push((before, after));
            }
        }
        if !errors.is_empty() {
            return Err(chosen::refused(errors));
        }
        let mut keys: Vec<_> = changes.iter().map(|(before, _)| before.key()).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Error::conflict(
                "repeated",
                say(
                    "Có danh hiệu nằm trong hai phần của quyết định.",
                    "A title stands in two parts of the decision.",
                ),
            ));
        }
        write::save_all(w, areas, changes, false).await?;
        self.annex(w, &lines).await
    }

    /// Whether the place lies in the area of the authority, or was made of what did: a district of
    /// that day no longer has the communes of today below it.
    fn answers_for(&self, areas: &Areas, place: AreaId) -> bool {
        areas.cover(place).iter().any(|part| areas.covers(self.authority_area_id, *part))
    }

    async fn annex(&self, w: &mut Writer<'_>, lines: &[(&Part, Title, Holder)]) -> Result<()> {
        fn each<'a, T>(
            lines: &'a [(&'a Part, Title, Holder)],
            field: impl Fn(&'a Part, &'a Title, &'a Holder) -> T,
        ) -> Vec<T> {
            lines.iter().map(|(part, title, holder)| field(part, title, holder)).collect()
        }
        let ids: Vec<Uuid> = lines.iter().filter_map(|(_, _, holder)| holder.hamlet_id).collect();
        let hamlets: std::collections::HashMap<Uuid, String> =
            Hamlet::by_ids(w.db, &ids).await?.iter().map(|h| (h.id, h.full_name())).collect();
        let hamlet = |holder: &Holder| {
            holder.hamlet_id.and_then(|id| hamlets.get(&id).cloned()).unwrap_or_default()
        };
        statement(
            "insert into decision_titles (decision_id, n, holder_id, year, level, action, kind,
                                          area_id, code, name, hamlet, group_code, own_score,
                                          verified_score, outcome, grade, reason,
                                          earlier_decision_id, earlier_valid_through)
             select $1, u.n, u.holder_id, u.year, u.level, u.action, u.kind, u.area_id, u.code,
                    u.name, u.hamlet, u.group_code, u.own_score, u.verified_score, u.outcome,
                    u.grade, u.reason, u.earlier_decision_id, u.earlier_valid_through
             from unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                         $18)
                  with ordinality
                  u (holder_id, year, level, action, kind, area_id, code, name, hamlet, group_code,
                     own_score, verified_score, outcome, grade, reason, earlier_decision_id,
                     earlier_valid_through, n)",
        )
        .bind::<SqlUuid, _>(self.id)
        .bind::<Array<SqlUuid>, _>(each(lines, |_, t, _| t.holder_id))
        .bind::<Array<SmallInt>, _>(each(lines, |_, t, _| t.year))
        .bind::<Array<Text>, _>(each(lines, |_, t, _| t.level.as_str()))
        .bind::<Array<Text>, _>(each(lines, |p, _, _| p.action.as_str()))
        .bind::<Array<Text>, _>(each(lines, |_, t, _| t.kind.as_str()))
        .bind::<Array<Integer>, _>(each(lines, |_, t, _| t.place()))
        .bind::<Array<Text>, _>(each(lines, |_, _, h| &*h.code))
        .bind::<Array<Text>, _>(each(lines, |_, _, h| &*h.name))
        .bind::<Array<Text>, _>(each(lines, |_, _, h| hamlet(h)))
        .bind::<Array<Text>, _>(each(lines, |_, t, _| &*t.group_code))
        .bind::<Array<Nullable<Jsonb>>, _>(each(lines, |_, t, _| t.own_score.clone()))
        .bind::<Array<Nullable<Jsonb>>, _>(each(lines, |_, t, _| t.verified_score.clone()))
        .bind::<Array<Text>, _>(each(lines, |_, t, _| t.outcome.as_str()))
        .bind::<Array<Text>, _>(each(lines, |_, t, _| &*t.grade))
        .bind::<Array<Text>, _>(each(lines, |p, _, _| p.reason.as_deref().unwrap_or_default()))
        .bind::<Array<Nullable<SqlUuid>>, _>(each(lines, |_, t, _| t.decision_id))
        .bind::<Array<SmallInt>, _>(each(lines, |_, t, _| t.valid_through))
        .execute(w.db)
        .await?;
        Ok(())
    }
}

#[diesel::dsl::auto_type(no_type_alias)]
fn covered(area: AreaId) -> _ {
    let area: i32 = area;
    area_scopes::table.filter(area_scopes::area_id.eq(area)).select(area_scopes::covered_id)
}

pub(super) fn number_taken() -> Error {
    Error::conflict(
        "number_taken",
        say(
            "Cơ quan này đã có văn bản mang số và ký hiệu đó trong năm.",
            "The authority already has a document of this number in that year.",
        ),
    )
}

fn outside_authority() -> Error {
    Error::conflict(
        "outside_authority",
        say(
            "Hồ sơ không thuộc địa bàn của cơ quan ra quyết định.",
            "The title does not lie in the area of the deciding authority.",
        ),
    )
}
