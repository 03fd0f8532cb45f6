//! Exports on the wire: the questions of the lists, answered with a file and its signed manifest.

use std::collections::BTreeMap;

use actix_web::get;
use actix_web::web::{Data, Path};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::OwnedSemaphorePermit;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::asked::{Asked, Params};
use super::spool::Spool;
use super::{Cell, Manifest, Table, cells, rows, tables};
use crate::access::Act;
use crate::access::allow::{Allow, Export, ReadAudit};
use crate::access::state::State;
use crate::base::clock::today;
use crate::base::db::{self, Conn};
use crate::base::error::{Error, Result, say};
use crate::figures::statistics::api::{StatisticsQuery, figures};
use crate::ledger::audit::api::AuditQuery;
use crate::ledger::proof::{self, PublicKeys, Signed};
use crate::register::decisions::api::DecisionQuery;
use crate::register::holders::api::HolderQuery;
use crate::register::titles::list_api::TitleQuery;
use crate::wire::input::path_id;
use crate::wire::reply::{Body, Download};

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(export_titles)
        .service(export_holders)
        .service(export_statistics)
        .service(export_decisions)
        .service(export_audit)
        .service(get_manifest);
}

/// Export titles, as they stand or as of a closed day. One consistent snapshot; recorded in the audit
/// trail.
#[utoipa::path(tag = "exports", security(("bearer" = [])), params(Params<TitleQuery>))]
#[get("/exports/titles")]
pub async fn export_titles(
    state: Data<State>,
    user: Allow<Export>,
    asked: Asked<TitleQuery>,
) -> Result<Download> {
    let (act, question) = (user.plain(), &asked.question);
    if let Some(day) = question.as_of {
        let (areas, filter) = question.of_day(&state, day).await?;
        return deliver(&state, &act, &tables::TITLES_THEN, &asked, async |db, spool| {
            let sample = question.sample.zip(question.seed.as_deref());
            rows::titles_then(db, &areas, &user, (&filter, day, sample), spool).await?;
            Ok(Reach { as_of: Some(day), boundaries: question.boundaries.clone() })
        })
        .await;
    }
    let filter = question.filter(&state)?;
    deliver(&state, &act, &tables::TITLES, &asked, async |db, spool| {
        rows::titles(db, &state.areas(), &user, &filter, spool).await?;
        Ok(Reach { as_of: None, boundaries: question.boundaries.clone() })
    })
    .await
}

/// Export holders, their numbers masked. Recorded in the audit trail.
#[utoipa::path(tag = "exports", security(("bearer" = [])), params(Params<HolderQuery>))]
#[get("/exports/holders")]
pub async fn export_holders(
    state: Data<State>,
    user: Allow<Export>,
    asked: Asked<HolderQuery>,
) -> Result<Download> {
    let areas = state.areas();
    let filter = asked.question.filter(&areas)?;
    let tools = (&*areas, state.keys(), today());
    deliver(&state, &user.plain(), &tables::HOLDERS, &asked, async |db, spool| {
        rows::holders(db, tools, &user, &filter, spool).await?;
        Ok(Reach::default())
    })
    .await
}

/// Export statistics, live or as of a closed day. Recorded in the audit trail.
#[utoipa::path(tag = "exports", security(("bearer" = [])), params(Params<StatisticsQuery>))]
#[get("/exports/statistics")]
pub async fn export_statistics(
    state: Data<State>,
    user: Allow<Export>,
    asked: Asked<StatisticsQuery>,
) -> Result<Download> {
    let known = asked.question.asked(&state, Some(&*user)).await?;
    deliver(&state, &user.plain(), &tables::STATISTICS, &asked, async |db, spool| {
        for figure in figures(db, &known.areas, &known.question, Some(&*user)).await? {
            spool.row(&cells::figure(&figure))?;
        }
        let boundaries = Some(known.question.boundaries.to_string());
        Ok(Reach { as_of: known.question.as_of, boundaries })
    })
    .await
}

/// Export decisions with the lines of their annexed lists. Recorded in the audit trail.
#[utoipa::path(tag = "exports", security(("bearer" = [])), params(Params<DecisionQuery>))]
#[get("/exports/decisions")]
pub async fn export_decisions(
    state: Data<State>,
    user: Allow<Export>,
    asked: Asked<DecisionQuery>,
) -> Result<Download> {
    let areas = state.areas();
    let filter = asked.question.filter(&areas)?;
    deliver(&state, &user.plain(), &tables::DECISIONS, &asked, async |db, spool| {
        rows::decisions(db, &areas, &user, &filter, spool).await?;
        Ok(Reach::default())
    })
    .await
}

/// Export entries of the audit trail. Recorded in it too.
#[utoipa::path(tag = "exports", security(("bearer" = [])), params(Params<AuditQuery>))]
#[get("/exports/audit")]
pub async fn export_audit(
    state: Data<State>,
    user: Allow<ReadAudit>,
    asked: Asked<AuditQuery>,
) -> Result<Download> {
    let areas = state.areas();
    let filter = asked.question.filter(&areas)?;
    deliver(&state, &user.plain(), &tables::AUDIT, &asked, async |db, spool| {
        rows::audit(db, &areas, &user, &filter, spool).await?;
        Ok(Reach::default())
    })
    .await
}

/// The signed manifest of an export; `hoctap manifest verify` checks a file by it without the
/// register.
#[utoipa::path(tag = "exports", security(("bearer" = [])), params(("id" = Uuid, Path)))]
#[get("/exports/{id}/manifest")]
pub async fn get_manifest(
    state: Data<State>,
    user: Allow<Export>,
    id: Path<String>,
) -> Result<Body<Signed<Manifest>>> {
    let keys = PublicKeys::read(&state.keys().proof_jwks().to_string())?;
    let mut db = state.db().await?;
    rows::manifest(&mut db, &user, &keys, path_id(&id)?).await.map(Body)
}

/// The days that an answer stands on.
#[derive(Default)]
struct Reach {
    as_of: Option<NaiveDate>,
    boundaries: Option<String>,
}

/// Copies a list into a spool file in one snapshot, keeps its manifest and sends it. No connection is
/// held while it is sent.
async fn deliver<T: Serialize>(
    state: &State,
    act: &Act,
    table: &'static Table,
    asked: &Asked<T>,
    fill: impl AsyncFnOnce(&mut Conn, &mut Spool) -> Result<Reach>,
) -> Result<Download> {
    let kept = permit(state)?;
    let (form, limits) = (asked.form, state.config().spool);
    let question = parameters(&asked.question)?;
    let mut db = state.db().await?;
    let copied = db::snapshot(&mut db, async |db| {
        let at = rows::moment(db).await?;
        let mut spool = Spool::create(table, form, limits)?;
        let reach = fill(db, &mut spool).await?;
        Ok((at, spool, reach))
    });
    let (snapshot_at, spool, reach) = copied.await?;
    let areas = state.areas();
    let mut manifest = Manifest {
        format: proof::FORMAT,
        id: Uuid::now_v7(),
        table: table.name.to_owned(),
        question,
        scope: areas.code(act.caller.area, today()).to_owned(),
        as_of: reach.as_of,
        boundaries: reach.boundaries,
        snapshot_at,
        media_type: form.format.media_type().to_owned(),
        columns: table.columns.iter().map(|column| column.name.to_owned()).collect(),
        rows: spool.rows(),
        sha256: String::new(),
    };
    let notes = notes(table, &manifest, areas.name(act.caller.area, today()));
    let spooled = spool.finish(&notes)?;
    manifest.sha256 = hex::encode(spooled.sha256);
    rows::keep(&mut db, act, state.keys(), table, &manifest).await?;
    let name = format!("{}.{}", table.name, form.format);
    Ok(Download::new(
        name,
        form.format.media_type(),
        spooled.file,
        spooled.length,
        spooled.sent_sha256,
    )
    .coded(form.coding.name())
    .described_by(format!("/api/v1/exports/{}/manifest", manifest.id))
    .keeping(kept, limits.life))
}

/// Room for one more spool file; it is given back when the file has been sent.
fn permit(state: &State) -> Result<OwnedSemaphorePermit> {
    state.shared.spool_files.clone().try_acquire_owned().map_err(|_| {
        Error::problem(
            actix_web::http::StatusCode::SERVICE_UNAVAILABLE,
            "too_many_exports",
            say(
                "Đang có quá nhiều tệp được xuất; xin thử lại sau ít phút.",
                "Too many exports are under way; try again in a few minutes.",
            ),
        )
        .with_retry_after(60)
    })
}

/// What was asked, by name.
fn parameters(question: &impl Serialize) -> Result<BTreeMap<String, Value>> {
    let value = serde_json::to_value(question).map_err(Error::internal)?;
    let mut asked: BTreeMap<_, _> = serde_json::from_value(value).map_err(Error::internal)?;
    asked.retain(|_, value: &mut Value| !value.is_null());
    Ok(asked)
}

/// The second sheet of a workbook.
fn notes(table: &Table, manifest: &Manifest, scope: String) -> Vec<(String, Cell<'static>)> {
    let mut notes: Vec<(String, Cell<'static>)> = vec![
        ("Nội dung".to_owned(), table.vi.into()),
        ("Phạm vi của người xuất".to_owned(), scope.into()),
    ];
    for (name, value) in &manifest.question {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        notes.push((format!("Điều kiện: {name}"), value.into()));
    }
    if manifest.question.is_empty() {
        notes.push(("Điều kiện".to_owned(), "không có: toàn bộ".into()));
    }
    notes.push((
        "Số liệu biết đến hết ngày".to_owned(),
        match manifest.as_of {
            Some(day) => day.into(),
            None => "thời điểm xuất".into(),
        },
    ));
    if let Some(boundaries) = &manifest.boundaries {
        notes.push(("Theo địa giới ngày".to_owned(), boundaries.clone().into()));
    }
    notes.push(("Thời điểm xuất (giờ Việt Nam)".to_owned(), manifest.snapshot_at.into()));
    notes.push(("Số dòng".to_owned(), Cell::Integer(manifest.rows as i64)));
    notes.push(("Bản kê có chữ ký".to_owned(), manifest.id.into()));
    notes
}
