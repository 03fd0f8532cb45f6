//! Decisions on the wire: entered whole, read with their annexed lists.

use std::collections::HashMap;

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;
use validator::Validate;

use super::entry::{Authority, NewDecision, Signatory};
use super::mend::usernames;
use super::rows::{Decision, DecisionFilter, Line};
use super::{Action, Document};
use crate::access::Caller;
use crate::access::allow::{Allow, Decide, ReadDecisions};
use crate::access::state::State;
use crate::areas::Areas;
use crate::base::clock::today;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::kind::{Group, Kind, Level};
use crate::base::version::Version;
use crate::register::criteria::{Outcome, Score};

use crate::wire::input::{Json, Query, path_id};
use crate::wire::paging;
use crate::wire::reply::{Created, Page, Versioned};

#[derive(Serialize, ToSchema)]
#[schema(as = Decision)]
pub struct DecisionBody {
    id: Uuid,
    document: Document,
    authority: Authority,
    number: String,
    symbol: String,
    /// Number and symbol: `15a/QĐ-UBND`.
    reference: String,
    decided_on: NaiveDate,
    signatory: Signatory,
    note: String,
    /// Once none of its titles stands.
    annulled: Option<Annulled>,
    version: Version,
}

/// That it was entered wrongly.
#[derive(Serialize, ToSchema)]
pub struct Annulled {
    at: DateTime<Utc>,
    /// User name of the account that annulled it.
    by: String,
    #[schema(example = "Ghi nhầm danh sách của đợt khác")]
    reason: String,
}

/// A line of the annexed list, as it was that day.
#[derive(Serialize, ToSchema)]
pub struct DecisionTitle {
    n: i32,
    action: Action,
    holder_id: Uuid,
    kind: Kind,
    level: Level,
    year: i16,
    code: String,
    name: String,
    hamlet: String,
    /// Code of its area that day.
    area: String,
    group: Option<Group>,
    own_score: Option<Score>,
    verified_score: Option<Score>,
    outcome: Outcome,
    grade: Option<String>,
    reason: String,
    /// A line that was annulled stays where it was.
    annulled: Option<Annulled>,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DecisionQuery {
    /// Code of the authority's area, or of one above it.
    area: Option<String>,
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    #[validate(length(max = 50))]
    number: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LineQuery {
    limit: Option<i64>,
    cursor: Option<String>,
}

impl DecisionQuery {
    pub fn filter(&self, areas: &Areas) -> Result<DecisionFilter> {
        let area = self.area.as_deref().map(|c| areas.resolve("?area", c, today())).transpose()?;
        let number = self.number.clone();
        Ok(DecisionFilter { authority: area, from: self.from, to: self.to, number })
    }
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(list_decisions)
        .service(create_decision)
        .service(get_decision)
        .service(list_decision_titles);
}

/// List decisions, the latest first.
#[utoipa::path(tag = "decisions", security(("bearer" = [])), params(DecisionQuery))]
#[get("/decisions")]
pub async fn list_decisions(
    state: Data<State>,
    user: Allow<ReadDecisions>,
    query: Query<DecisionQuery>,
) -> Result<Page<DecisionBody>> {
    let areas = state.areas();
    let limit = paging::limit(query.limit)?;
    let filter = query.filter(&areas)?;
    let filters = (&query.area, query.from, query.to, &query.number);
    let after = paging::after(&filters, query.cursor.as_deref())?;
    let mut db = state.db().await?;
    let found = Decision::list(&mut db, &user, &filter, after, limit + 1).await?;
    let (found, next) = paging::cut(found, limit, &filters, |d| (d.decided_on, d.id))?;
    let by: Vec<Uuid> = found.iter().filter_map(|decision| decision.annulled_by).collect();
    let names = usernames(&mut db, &by).await?;
    let items = found.into_iter().map(|decision| body(&areas, &names, decision)).collect();
    Ok(Page { items, next, count: None })
}

/// Enter a decision: all its titles change or none; every refusal is named.
#[utoipa::path(tag = "decisions", security(("bearer" = [])))]
#[post("/decisions")]
pub async fn create_decision(
    state: Data<State>,
    user: Allow<Decide>,
    json: Json<NewDecision>,
) -> Result<Created<DecisionBody>> {
    let areas = state.areas();
    let act = user.act(&json);
    let (new, parts) = json.into_inner().checked(&areas)?;
    let mut db = state.db().await?;
    let id = Decision::enter(&mut db, &act, &areas, &new, &parts).await?;
    let made = Decision::find(&mut db, &user, id).await?;
    Ok(Created {
        location: format!("/api/v1/decisions/{id}"),
        version: Some(made.version),
        body: body(&areas, &Names::new(), made),
    })
}

/// One decision.
#[utoipa::path(tag = "decisions", security(("bearer" = [])), params(("id" = Uuid, Path)))]
#[get("/decisions/{id}")]
pub async fn get_decision(
    state: Data<State>,
    user: Allow<ReadDecisions>,
    id: Path<String>,
) -> Result<Versioned<DecisionBody>> {
    read(&state, &mut *state.db().await?, &user, path_id(&id)?).await
}

pub(super) async fn read(
    state: &State,
    db: &mut Conn,
    caller: &Caller,
    id: Uuid,
) -> Result<Versioned<DecisionBody>> {
    let found = Decision::find(db, caller, id).await?;
    let version = found.version;
    let names = usernames(db, &found.annulled_by.into_iter().collect::<Vec<_>>()).await?;
    Ok(Versioned(body(&state.areas(), &names, found), version))
}

/// The annexed list of a decision, as it was that day.
#[utoipa::path(tag = "decisions", security(("bearer" = [])), params(("id" = Uuid, Path), LineQuery))]
#[get("/decisions/{id}/titles")]
pub async fn list_decision_titles(
    state: Data<State>,
    user: Allow<ReadDecisions>,
    id: Path<String>,
    query: Query<LineQuery>,
) -> Result<Page<DecisionTitle>> {
    let id = path_id(&id)?;
    let limit = paging::limit(query.limit)?;
    let after = paging::after(&id, query.cursor.as_deref())?;
    let mut db = state.db().await?;
    let decision = Decision::find(&mut db, &user, id).await?;
    let found = Decision::lines(&mut db, &user, id, after, limit + 1).await?;
    let (found, next) = paging::cut(found, limit, &id, |line| line.n)?;
    let areas = state.areas();
    let by: Vec<Uuid> = found.iter().filter_map(|line| line.annulled_by).collect();
    let names = usernames(&mut db, &by).await?;
    let items = found.into_iter().map(|line| line_body(&areas, &names, &decision, line)).collect();
    Ok(Page { items, next, count: None })
}

type Names = HashMap<Uuid, String>;

fn annulled(
    names: &Names,
    at: Option<DateTime<Utc>>,
    by: Option<Uuid>,
    reason: String,
) -> Option<Annulled> {
    let by = by.and_then(|id| names.get(&id).cloned()).unwrap_or_default();
    Some(Annulled { at: at?, by, reason })
}

fn body(areas: &Areas, names: &Names, decision: Decision) -> DecisionBody {
    DecisionBody {
        annulled: annulled(
            names,
            decision.annulled_at,
            decision.annulled_by,
            decision.annul_reason.clone(),
        ),
        id: decision.id,
        document: decision.document,
        reference: decision.reference(),
        authority: Authority {
            area: areas.code(decision.authority_area_id, decision.decided_on).to_owned(),
            body: decision.authority_body,
            name: Some(decision.authority_name),
        },
        number: decision.number,
        symbol: decision.symbol,
        decided_on: decision.decided_on,
        signatory: Signatory {
            name: decision.signatory_name,
            position: decision.signatory_position,
            capacity: decision.signatory_capacity,
        },
        note: decision.note,
        version: decision.version,
    }
}

fn line_body(areas: &Areas, names: &Names, decision: &Decision, line: Line) -> DecisionTitle {
    let score = |stored: Option<serde_json::Value>| {
        stored.and_then(|score| serde_json::from_value(score).ok())
    };
    DecisionTitle {
        annulled: annulled(names, line.annulled_at, line.annulled_by, line.annul_reason),
        n: line.n,
        action: line.action,
        holder_id: line.holder_id,
        kind: line.kind,
        level: line.level,
        year: line.year,
        code: line.code,
        name: line.name,
        hamlet: line.hamlet,
        area: areas.code(line.area_id, decision.decided_on).to_owned(),
        group: Group::parse(&line.group_code),
        own_score: score(line.own_score),
        verified_score: score(line.verified_score),
        outcome: line.outcome,
        grade: Some(line.grade).filter(|grade| !grade.is_empty()),
        reason: line.reason,
    }
}
