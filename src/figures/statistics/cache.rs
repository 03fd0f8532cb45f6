//! Answers that are ready, and their tags: a client that has the latest costs no query of figures.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use actix_web::HttpRequest;
use actix_web::web::{self, Bytes};
use serde::Serialize;

use super::api::answer as rows_of;
use super::form::{Form, Statistics};
use super::question::{Asked, check_rows};
use super::{Row, rows};
use crate::access::Caller;
use crate::access::state::State;
use crate::areas::{AreaId, Boundaries};
use crate::base::db::{self, Conn};
use crate::base::error::{Error, Result};
use crate::wire::reply::{Answer, Coding};

/// How long a server may not see what another one wrote.
const FRESH: Duration = Duration::from_secs(1);

/// Shorter texts are sent as they are.
const WORTH_PACKING: usize = 1_000;

/// The answer as this caller may see it, or that nothing changed since the client asked.
pub async fn answer(
    state: &State,
    form: Form,
    asked: Asked,
    caller: Option<&Caller>,
    request: &HttpRequest,
) -> Result<Answer<Statistics>> {
    let reader = caller.map(|c| (c.area, c.role));
    let question = format!("{:?} {:?} {reader:?}", form, asked.question);
    if asked.question.as_of.is_some() {
        return closed(state, &question, caller.is_none(), request, async |db| {
            let rows = rows_of(db, &asked.areas, &asked.question).await?;
            told(form, asked, caller, rows).await
        })
        .await;
    }
    // Today's answers name areas as they are known now.
    let question = format!("{question} {}", asked.areas.generation());
    let version = version(state, chains(&asked)).await?;
    let tag = tag(&question, &version);
    if let Some(known) = Answer::known(request, &tag) {
        return Ok(known);
    }
    let told = ready(state, form, asked, caller, &question, &version).await?;
    packed(state, told, request).await
}

/// An answer about closed days: told once, and the same for ever. `question` is all that it depends
/// on, and who asks.
pub async fn closed<T: Serialize + Send + 'static>(
    state: &State,
    question: &str,
    public: bool,
    request: &HttpRequest,
    work: impl AsyncFnOnce(&mut Conn) -> Result<T>,
) -> Result<Answer<T>> {
    let tag = Answer::<T>::tag(question);
    if let Some(known) = Answer::known(request, &tag) {
        return Ok(known.for_ever(public));
    }
    let told = state.shared.answers.get_or_insert_async(question, async {
        let answer = work(&mut *state.db().await?).await?;
        Ok::<_, Error>((tag, written(answer).await?))
    });
    Ok(packed(state, told.await?, request).await?.for_ever(public))
}

/// The answer in the best coding that the client takes: compressed once, however many ask.
async fn packed<T>(
    state: &State,
    (tag, body): (String, Bytes),
    request: &HttpRequest,
) -> Result<Answer<T>> {
    let coding = if body.len() < WORTH_PACKING { Coding::Identity } else { Coding::of(request) };
    let Some(name) = coding.name() else { return Ok(Answer::new(tag, body)) };
    let key = format!("{name} {tag}");
    let packing = state.shared.answers.get_or_insert_async(&key, async {
        let packed = web::block(move || coding.pack(&body)).await.map_err(Error::internal)?;
        Ok::<_, Error>((tag, Bytes::from(packed.map_err(Error::internal)?)))
    });
    let (tag, body) = packing.await?;
    Ok(Answer::new(tag, body).coded(coding))
}

/// An answer about the register as it stands, counted for whoever does not have the latest.
pub async fn standing<T: Serialize + Send + 'static>(
    state: &State,
    question: &str,
    asked: &Asked,
    request: &HttpRequest,
    work: impl AsyncFnOnce(&mut Conn) -> Result<T>,
) -> Result<Answer<T>> {
    // What is counted after the version was read may be newer than its tag, never older.
    let tag = tag(question, &version(state, chains(asked)).await?);
    if let Some(known) = Answer::known(request, &tag) {
        return Ok(known);
    }
    let answer = db::snapshot(&mut *state.db().await?, work).await?;
    packed(state, (tag, written(answer).await?), request).await
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
    form: Form,
    asked: Asked,
    caller: Option<&Caller>,
    question: &str,
    version: &str,
) -> Result<(String, Bytes)> {
    let key = format!("{version} {question}");
    let counted = state.shared.answers.get_or_insert_async(&key, async {
        let mut db = state.db().await?;
        let (version, rows) = db
            .build_transaction()
            .repeatable_read()
            .read_only()
            .run(async |db| {
                // The first query takes the snapshot that the figures are counted in: their tag may
                // be newer than the one that was asked about, never older.
                let version = rows::version(db, chains(&asked)).await?;
                let rows = rows_of(db, &asked.areas, &asked.question).await?;
                Ok::<_, Error>((version, rows))
            })
            .await?;
        let body = written(told(form, asked, caller, rows).await?).await?;
        Ok::<_, Error>((tag(question, &version), body))
    });
    counted.await
}

/// An answer from its rows: of the whole country by commune it is work for a while.
async fn told(
    form: Form,
    asked: Asked,
    caller: Option<&Caller>,
    rows: Vec<Row>,
) -> Result<Statistics> {
    let caller = caller.cloned();
    check_rows(rows.len())?;
    let told = web::block(move || Statistics::new(form, &asked, caller.as_ref(), rows));
    told.await.map_err(Error::internal)
}

/// The text of an answer: of a large one it is work for a while.
async fn written(answer: impl Serialize + Send + 'static) -> Result<Bytes> {
    let text = web::block(move || serde_json::to_vec(&answer)).await;
    Ok(Bytes::from(text.map_err(Error::internal)?.map_err(Error::internal)?))
}
