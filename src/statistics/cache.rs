//! Answers that are ready, and their tags: a client that has the latest costs no query of figures.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::web::{self, Bytes};

use super::api::figures;
use super::form::Statistics;
use super::question::Asked;
use super::rows;
use crate::areas::{AreaId, Boundaries};
use crate::auth::Caller;
use crate::error::{Error, Result};
use crate::reply::Answer;
use crate::state::State;

/// How long a server may not see what another one wrote.
const FRESH: Duration = Duration::from_secs(1);

/// The answer as this caller may see it, or that nothing changed since the client asked.
pub async fn answer(
    state: &State,
    asked: &Asked,
    caller: Option<&Caller>,
    request: &HttpRequest,
) -> Result<Answer<Statistics>> {
    let reader = caller.map(|c| (c.area, c.role));
    // What was known on a closed day has one version for ever; today's answers name areas as they
    // are known now.
    let closed = asked.question.as_of.is_some();
    let areas = (!closed).then(|| asked.areas.generation());
    let question = format!("{:?}{reader:?}{areas:?}", asked.question);
    let version = if closed { String::new() } else { version(state, chains(asked)).await? };
    let tag = tag(&question, &version);
    let answer = if Answer::<Statistics>::is_known(request, &tag) {
        Answer::not_modified(tag)
    } else {
        let (tag, body) = ready(state, asked, caller, &question, &version).await?;
        Answer::new(tag, body)
    };
    Ok(if closed { answer.for_ever(caller.is_none()) } else { answer })
}

fn tag(question: &str, version: &str) -> String {
    Answer::<Statistics>::tag(&format!("{version} {question}"))
}

/// The area in whose chains everything stands that an answer depends on; none where it may be any.
fn chains(asked: &Asked) -> Option<AreaId> {
    let today = Boundaries::Of(asked.areas.on());
    (asked.question.boundaries == today).then_some(asked.question.area)
}

/// The version of the register as this server knows it: at most a second old, and never older than
/// what this server wrote itself.
async fn version(state: &State, chains: Option<AreaId>) -> Result<String> {
    let shared = &state.shared;
    let writes = shared.writes.load(Ordering::Acquire);
    if let Some((at, after, version)) = shared.versions.get(&chains)
        && after == writes
        && at.elapsed() < FRESH
    {
        return Ok(version);
    }
    let at = Instant::now();
    let version = rows::version(&mut *state.db().await?, chains).await?;
    shared.versions.insert(chains, (at, writes, version.clone()));
    Ok(version)
}

/// The answer with its tag: counted once, however many ask at the same time.
async fn ready(
    state: &State,
    asked: &Asked,
    caller: Option<&Caller>,
    question: &str,
    version: &str,
) -> Result<(String, Bytes)> {
    let key = format!("{version} {question}");
    let counted = state.shared.answers.get_or_insert_async(&key, async {
        let mut db = state.db().await?;
        let (version, items) = db
            .build_transaction()
            .repeatable_read()
            .read_only()
            .run(async |db| {
                // The first query takes the snapshot that the figures are counted in: their tag may
                // be newer than the one that was asked about, never older.
                let version = match asked.question.as_of {
                    Some(_) => String::new(),
                    None => rows::version(db, chains(asked)).await?,
                };
                let items = figures(db, &asked.areas, &asked.question, caller).await?;
                Ok::<_, Error>((version, items))
            })
            .await?;
        let answer = Statistics::new(&asked.question, items);
        let written = web::block(move || serde_json::to_vec(&answer)).await;
        let body = Bytes::from(written.map_err(Error::internal)?.map_err(Error::internal)?);
        Ok::<_, Error>((tag(question, &version), body))
    });
    counted.await
}
