//! The check of a list: read, compared with the register, staged; nothing is changed.

use std::sync::Arc;
use std::time::Duration;

use super::copy::{Staged, stage};
use super::plan::{Plan, Planned};
use super::rows::{Import, seal};
use super::{Failure, ImportState, Row, Summary, read};
use crate::access::state::Shared;
use crate::areas::Areas;
use crate::base::clock::today;
use crate::base::db::{self, Conn};
use crate::base::error::Result;
use crate::base::keys::Keys;
use crate::wire::sheets::child;

/// How often a check says that it goes on; one that was silent for a minute has failed.
const BEAT: Duration = Duration::from_secs(15);
/// The most lines that a summary names as left out.
const MOST_LEFT_OUT: usize = 200;

/// Begins the check of a list, on a thread of its own: comparing is work that would keep requests
/// waiting.
pub fn start(shared: Arc<Shared>, areas: Arc<Areas>, import: Import, file: Vec<u8>, annex: bool) {
    let runtime = tokio::runtime::Handle::current();
    actix_web::rt::task::spawn_blocking(move || {
        runtime.block_on(check(shared, areas, import, file, annex))
    });
}

/// Reads, compares and stages a list; whatever happens, the import ends as checked or failed.
async fn check(shared: Arc<Shared>, areas: Arc<Areas>, import: Import, file: Vec<u8>, annex: bool) {
    let outcome = tokio::select! {
        outcome = try_check(&shared, &areas, &import, file, annex) => outcome,
        Err(error) = keep_beating(&shared, &import) => Err(error),
    };
    let (state, summary) = match outcome {
        Ok(summary) => (ImportState::Checked, summary),
        Err(error) => {
            let problem = error.to_problem();
            let (code, reason) = (problem.code.to_owned(), problem.detail.vi.into_owned());
            let failure = Some(Failure { code, reason });
            (ImportState::Failed, Summary { failure, ..Summary::default() })
        }
    };
    let end = async {
        let mut db = db::connect(&shared.url).await?;
        import.end_check(&mut db, state, &summary).await
    };
    if let Err(error) = end.await {
        tracing::error!(%error, import = %import.id, "the end of a check was not stored");
    }
}

async fn keep_beating(shared: &Shared, import: &Import) -> Result<std::convert::Infallible> {
    let mut db: Option<Conn> = None;
    loop {
        tokio::time::sleep(BEAT).await;
        let open = match db.take() {
            Some(open) => open,
            None => db::connect(&shared.url).await?,
        };
        import.beat(db.insert(open)).await?;
    }
}

async fn try_check(
    shared: &Arc<Shared>,
    areas: &Arc<Areas>,
    import: &Import,
    file: Vec<u8>,
    annex: bool,
) -> Result<Summary> {
    let sheets = child::read(&shared.program, &file).await?;
    drop(file);
    let mut list = read::read(&sheets, import.kind, today())?;
    drop(sheets);
    if annex {
        list.rows.iter_mut().for_each(Row::pass_unless_told);
    }
    let mut db = db::connect(&shared.url).await?;
    let mut plan = Plan::make(&mut db, &shared.keys, areas, import, &list.rows).await?;
    let rows = list.rows.iter().zip(&plan.rows).enumerate();
    let staged = rows.map(|(n, (row, planned))| staged(&shared.keys, import, n, row, planned));
    stage(&shared.url, import.id, staged).await?;
    let mut summary = plan.summary(&list.rows);
    summary.late = plan.mark_late(&mut db, areas, import, today()).await?;
    summary.left_out = list.left_out;
    summary.left_out.truncate(MOST_LEFT_OUT);
    Ok(summary)
}

/// The `n`th row as it is staged, with what is wrong with it.
fn staged(keys: &Keys, import: &Import, n: usize, row: &Row, planned: &Planned) -> Result<Staged> {
    let errors =
        (!planned.faults.is_empty()).then(|| seal(keys, import.id, &planned.faults)).transpose()?;
    let notes = (!row.notes.is_empty()).then(|| seal(keys, import.id, &row.notes)).transpose()?;
    Ok(Staged {
        n: n as i32,
        sheet: row.sheet.clone(),
        row_number: row.number as i32,
        state: if errors.is_some() { "bad" } else { "good" },
        holder_id: planned.before.as_ref().map(|holder| holder.id),
        is_new: planned.before.is_none(),
        sealed: seal(keys, import.id, row)?,
        errors,
        notes,
    })
}
