//! Work on a list that goes on while the caller waits, or has gone: at its end it is told, and until
//! then it says every second how far it is.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use diesel_async::SimpleAsyncConnection;
use tokio::sync::Semaphore;

use super::rows::Import;
use crate::access::state::Shared;
use crate::base::db::{self, Conn};
use crate::base::error::{Error, Result};

/// How often a run says how far it is; one that was silent for a minute has failed.
const BEAT: Duration = Duration::from_secs(1);
/// How many lists one server works on at once; the others wait.
static TURNS: Semaphore = Semaphore::const_new(4);

/// How many rows a run has done.
#[derive(Default)]
pub struct Progress {
    checked: AtomicI32,
    written: AtomicI32,
}

impl Progress {
    pub fn check(&self, rows: usize) {
        self.checked.store(rows as i32, Ordering::Relaxed);
    }

    pub fn write(&self, rows: usize) {
        self.written.store(rows as i32, Ordering::Relaxed);
    }

    pub fn checked(&self) -> i32 {
        self.checked.load(Ordering::Relaxed)
    }

    pub fn written(&self) -> i32 {
        self.written.load(Ordering::Relaxed)
    }
}

/// Runs on a thread of its own: comparing is work that would keep requests waiting.
pub fn spawn<F: Future<Output = ()>>(work: impl FnOnce() -> F + Send + 'static) {
    let runtime = tokio::runtime::Handle::current();
    actix_web::rt::task::spawn_blocking(move || runtime.block_on(work()));
}

/// The connection of a run. Each of its statements has its index: no figure of the planner's shall make
/// it read a table from end to end.
pub async fn connect(shared: &Shared) -> Result<Conn> {
    let mut db = db::connect(&shared.url).await?;
    db.batch_execute("set enable_seqscan = off").await?;
    Ok(db)
}

/// Does the work when its turn has come; it ends too when it cannot say any more that it goes on.
pub async fn alive<T>(
    shared: &Arc<Shared>,
    import: &Import,
    progress: &Progress,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    let in_turn = async {
        let _turn = TURNS.acquire().await.map_err(Error::internal)?;
        work.await
    };
    tokio::select! {
        outcome = in_turn => outcome,
        Err(error) = keep_beating(shared, import, progress) => Err(error),
    }
}

/// Over a connection of its own: what the work writes, nobody sees before its end.
async fn keep_beating(shared: &Shared, import: &Import, progress: &Progress) -> Result<Infallible> {
    let mut db: Option<Conn> = None;
    loop {
        tokio::time::sleep(BEAT).await;
        let open = match db.take() {
            Some(open) => open,
            None => db::connect(&shared.url).await?,
        };
        import.beat(db.insert(open), progress).await?;
    }
}
