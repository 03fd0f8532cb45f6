//! Mending a decision on the wire: annulled, corrected, and what was recorded of it.

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::api::{DecisionBody, read};
use super::check_day;
use super::mend::Correction;
use super::rows::Decision;
use crate::access::allow::{Allow, Decide, ReadDecisions};
use crate::access::state::State;
use crate::base::clock::today;
use crate::base::error::{Error, Lang, Result};
use crate::ledger::audit::api::{HistoryItem, HistoryQuery, history};
use crate::register::titles::choice::{Choice, Named, RecordRef};
use crate::wire::input::{IfMatch, Json, Query, path_id};
use crate::wire::paging;
use crate::wire::reply::{Page, Versioned};

/// Why a decision never should have been entered, and for which of its titles.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Annulment {
    #[schema(example = "Ghi nhầm danh sách của đợt khác")]
    #[validate(length(min = 1, max = 1000))]
    reason: String,
    /// Only these; all that still stand if not given.
    records: Option<Vec<RecordRef>>,
}

/// What the paper says in truth; what is left out stays.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionCorrection {
    #[schema(example = "Gõ nhầm số")]
    #[validate(length(min = 1, max = 1000))]
    reason: String,
    #[schema(example = "15b")]
    #[validate(length(min = 1, max = 50))]
    number: Option<String>,
    #[validate(length(max = 50))]
    symbol: Option<String>,
    decided_on: Option<NaiveDate>,
    #[validate(nested)]
    signatory: Option<SignatoryCorrection>,
}

#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignatoryCorrection {
    #[validate(length(min = 1, max = 200))]
    name: Option<String>,
    #[validate(length(min = 1, max = 200))]
    position: Option<String>,
    #[validate(length(max = 200))]
    capacity: Option<String>,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(annul_decision).service(correct_decision).service(get_decision_history);
}

/// Annul what was entered wrongly, whole or for some titles: they are what they were before it, and
/// their lines stay in the annex, marked.
#[utoipa::path(tag = "decisions", security(("bearer" = [])), params(("id" = Uuid, Path), IfMatch))]
#[post("/decisions/{id}/annul")]
pub async fn annul_decision(
    state: Data<State>,
    user: Allow<Decide>,
    id: Path<String>,
    version: IfMatch,
    json: Json<Annulment>,
) -> Result<Versioned<DecisionBody>> {
    let (areas, id, act) = (state.areas(), path_id(&id)?, user.act(&json));
    let annulment = json.into_inner();
    let records = match annulment.records {
        Some(records) => {
            let named = Named { records: Some(records), ..Named::default() };
            match named.check(&areas, "")? {
                Choice::Records { records, .. } => Some(records),
                Choice::Select { .. } => None,
            }
        }
        None => None,
    };
    let (records, reason) = (records.as_deref(), &annulment.reason);
    let mut db = state.db().await?;
    Decision::annul(&mut db, &act, &areas, id, version, records, reason).await?;
    read(&state, &mut db, &user, id).await
}

/// Correct number, symbol, day or signatory; the annexed list stays as it is.
#[utoipa::path(tag = "decisions", security(("bearer" = [])), params(("id" = Uuid, Path), IfMatch))]
#[post("/decisions/{id}/correct")]
pub async fn correct_decision(
    state: Data<State>,
    user: Allow<Decide>,
    id: Path<String>,
    version: IfMatch,
    json: Json<DecisionCorrection>,
) -> Result<Versioned<DecisionBody>> {
    let (areas, id, act) = (state.areas(), path_id(&id)?, user.act(&json));
    let (correction, reason) = checked(json.into_inner())?;
    let mut db = state.db().await?;
    Decision::correct(&mut db, &act, &areas, id, version, &correction, &reason).await?;
    read(&state, &mut db, &user, id).await
}

/// What was recorded of a decision, the newest first.
#[utoipa::path(tag = "decisions", security(("bearer" = [])), params(("id" = Uuid, Path), HistoryQuery))]
#[get("/decisions/{id}/history")]
pub async fn get_decision_history(
    state: Data<State>,
    user: Allow<ReadDecisions>,
    id: Path<String>,
    query: Query<HistoryQuery>,
    lang: Lang,
) -> Result<Page<HistoryItem>> {
    let limit = paging::limit(query.limit)?;
    let mut db = state.db().await?;
    let decision = Decision::find(&mut db, &user, path_id(&id)?).await?;
    let items = history(&mut db, &state.areas(), &decision.subject(), lang, limit).await?;
    Ok(Page { items, next: None, count: None })
}

fn checked(new: DecisionCorrection) -> Result<(Correction, String)> {
    let wrong = new.decided_on.and_then(|day| check_day(day, today()));
    if let Some(error) = wrong {
        return Err(Error::invalid(vec![error]));
    }
    let (name, position, capacity) =
        new.signatory.map_or((None, None, None), |s| (s.name, s.position, s.capacity));
    let correction = Correction {
        number: new.number,
        symbol: new.symbol,
        decided_on: new.decided_on,
        signatory_name: name,
        signatory_position: position,
        signatory_capacity: capacity,
    };
    Ok((correction, new.reason))
}
