//! Proof on the wire: checkpoints, which anyone may keep, proofs of entries, and the verification of
//! everything.

use actix_web::get;
use actix_web::web::{Data, Path};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::rows::{self, Kept};
use super::{Checkpoint, Proof, PublicKeys, Signed};
use crate::access::allow::{Allow, ReadAudit};
use crate::access::state::State;
use crate::base::clock::today;
use crate::base::db;
use crate::base::error::{Error, Result};
use crate::base::version::Version;
use crate::ledger::audit;
use crate::ledger::audit::verify::Verdict;
use crate::wire::input::Query;
use crate::wire::paging;
use crate::wire::reply::{Body, Page, Text};

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CheckpointQuery {
    limit: Option<i64>,
    cursor: Option<String>,
}

#[derive(Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VerifyQuery {
    /// Code of an area within the caller's; the caller's own if not given.
    area: Option<String>,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(verify_audit).service(list_checkpoints).service(get_checkpoint).service(get_proof);
}

/// The public keys by which checkpoints and manifests are checked (RFC 7517).
#[utoipa::path(tag = "server")]
#[get("/.well-known/proof-keys.json")]
pub async fn proof_keys(state: Data<State>) -> Text {
    let keys = state.keys().proof_jwks().to_string();
    Text { content_type: "application/json", cache: "public, max-age=300", body: keys.into() }
}

/// List the checkpoints, the latest first. Public: they hold no personal data, and whoever keeps one
/// can tell later whether anything before it was changed.
#[utoipa::path(tag = "audit", params(CheckpointQuery))]
#[get("/audit/checkpoints")]
pub async fn list_checkpoints(
    state: Data<State>,
    query: Query<CheckpointQuery>,
) -> Result<Page<Signed<Checkpoint>>> {
    let limit = paging::limit(query.limit)?;
    let before = paging::after(&"checkpoints", query.cursor.as_deref())?;
    let mut db = state.db().await?;
    let found = Kept::list(&mut db, before, limit + 1).await?;
    let (found, next) = paging::cut(found, limit, &"checkpoints", |kept| kept.n)?;
    let keys = public_keys(&state)?;
    let items = found.iter().map(|kept| kept.open(&keys)).collect::<Result<_>>()?;
    Ok(Page { items, next, count: None })
}

/// One checkpoint. Public.
#[utoipa::path(tag = "audit", params(("number" = i64, Path, example = 1)))]
#[get("/audit/checkpoints/{number}")]
pub async fn get_checkpoint(
    state: Data<State>,
    number: Path<String>,
) -> Result<Body<Signed<Checkpoint>>> {
    let number = number.parse().map_err(|_| Error::not_found())?;
    let mut db = state.db().await?;
    Kept::find(&mut db, number).await?.open(&public_keys(&state)?).map(Body)
}

/// The proof that an entry stood in its chain when its day was closed; `hoctap proof verify` checks
/// it without the register.
#[utoipa::path(tag = "audit", security(("bearer" = [])), params(("id" = Version, Path, example = "14172-57")))]
#[get("/audit/{id}/proof")]
pub async fn get_proof(
    state: Data<State>,
    user: Allow<ReadAudit>,
    id: Path<String>,
) -> Result<Body<Proof>> {
    let entry: Version = id.into_inner().try_into().map_err(|_| Error::not_found())?;
    let keys = public_keys(&state)?;
    let mut db = state.db().await?;
    rows::prove(&mut db, &user, &keys, (entry.area(), entry.seq())).await.map(Body)
}

/// Recompute the chains of an area, every hash, item and commitment, and all checkpoints.
#[utoipa::path(tag = "audit", security(("bearer" = [])), params(VerifyQuery))]
#[get("/audit/verify")]
pub async fn verify_audit(
    state: Data<State>,
    user: Allow<ReadAudit>,
    query: Query<VerifyQuery>,
) -> Result<Body<Verdict>> {
    let areas = state.areas();
    let area = match &query.area {
        Some(code) => areas.resolve("?area", code, today())?,
        None => user.area,
    };
    if !areas.covers(user.area, area) {
        return Err(Error::not_found());
    }
    let keys = public_keys(&state)?;
    let mut db = state.db().await?;
    let verdict = db::snapshot(&mut db, async |db| {
        let chains = audit::rows::chains(db, area).await?;
        rows::verify_all(db, &keys, &chains).await
    });
    verdict.await.map(Body)
}

fn public_keys(state: &State) -> Result<PublicKeys> {
    PublicKeys::read(&state.keys().proof_jwks().to_string())
}
