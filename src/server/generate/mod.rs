//! A register of any size from a seed: holders of all kinds and their titles of several years in every
//! state, over all communes, with all that belongs to them, as if communes had entered them day by day.
//!
//! One thread tells the life of one commune after the other; another sends what was told, some
//! communes at a time, so that memory does not grow with the register. All of it is one transaction.

mod book;
mod commune;
mod figures;
mod holders;
mod lines;
mod names;
mod sizes;
mod titles;
mod years;

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use chrono::NaiveDate;
use diesel_async::SimpleAsyncConnection;

use crate::areas::Areas;
use crate::base::clock::today;
use crate::base::db::{self, locks};
use crate::base::error::{Error, Result, say};
use crate::base::keys::Keys;
use crate::register::criteria::{CriteriaSet, rows as criteria_rows};
use commune::Serials;
use lines::Rows;

/// What every commune is made from.
struct World<'a> {
    keys: &'a Keys,
    areas: &'a Areas,
    sets: Vec<CriteriaSet>,
    today: NaiveDate,
    seed: u64,
}

/// Rows that are sent together.
const AT_ONCE: usize = 200_000;

/// Fills an empty register with so many titles and closes the days that have passed.
pub async fn fill(url: &str, keys: &Keys, areas: &Areas, titles: u64, seed: u64) -> Result<()> {
    let mut db = db::connect(url).await?;
    let sets = criteria_rows::all(&mut db).await?;
    let world = World { keys, areas, sets, today: today(), seed };
    let (sender, receiver) = sync_channel(1);
    thread::scope(|scope| {
        let sent = scope.spawn(|| send(url, receiver));
        tell(&world, titles, &sender);
        drop(sender);
        sent.join().map_err(|_| Error::internal("the sender of rows has ended early"))?
    })?;
    // Closing hundreds of days and reading every table once takes longer than a request may.
    db.batch_execute("set statement_timeout = 0").await?;
    super::housekeeping::once(&mut db, keys, world.today).await?;
    tidy(url).await
}

/// Tells every commune's life; ends early if nobody takes the rows any more.
fn tell(world: &World<'_>, titles: u64, sender: &SyncSender<Rows>) {
    let mut serials = Serials::default();
    let mut rows = Rows::new();
    for (area, size) in sizes::of_communes(world, titles) {
        commune::tell(world, &mut serials, area, size, &mut rows);
        if rows.count() >= AT_ONCE
            && sender.send(std::mem::replace(&mut rows, Rows::new())).is_err()
        {
            return;
        }
    }
    // Nobody listens only after a failure, which the sender reports.
    let _ = sender.send(rows);
}

/// Sends the rows as they come, on a runtime of its own, while the next are told.
fn send(url: &str, receiver: Receiver<Rows>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Error::internal)?.block_on(async {
        let client = db::copy_client(url).await?;
        let begin = format!(
            "set synchronous_commit = off; set gin_pending_list_limit = '256MB'; begin;
             select pg_advisory_xact_lock({})",
            locks::DAY
        );
        client.batch_execute(&begin).await.map_err(Error::internal)?;
        let kept = "select exists (select from holders) or exists (select from hamlets)
                           or exists (select from decisions) or exists (select from closed_days)";
        if client.query_one(kept, &[]).await.map_err(Error::internal)?.get(0) {
            return Err(not_empty());
        }
        let eve = years::FIRST_DAY.pred_opt().unwrap_or_default();
        let closed = "insert into closed_days (day) values ($1)";
        client.execute(closed, &[&eve]).await.map_err(Error::internal)?;
        for rows in receiver {
            rows.send(&client).await?;
        }
        client.batch_execute("commit").await.map_err(Error::internal)
    })
}

fn not_empty() -> Error {
    Error::conflict(
        "register_not_empty",
        say(
            "Sổ bộ này đã có bản ghi hoặc đã chốt ngày; chỉ tạo được trong cơ sở dữ liệu mới.",
            "This register has records or closed days already: generate fills only a new database.",
        ),
    )
}

/// Leaves dead rows and the planner's figures as autovacuum does: it never looks at a partitioned
/// table as a whole.
async fn tidy(url: &str) -> Result<()> {
    let client = db::copy_client(url).await?;
    let tables = "select string_agg(quote_ident(relname), ', ') from pg_class
                  where relkind = 'r' and relnamespace = 'public'::regnamespace";
    let tables: String = client.query_one(tables, &[]).await.map_err(Error::internal)?.get(0);
    client.batch_execute(&format!("vacuum (analyze) {tables}")).await.map_err(Error::internal)
}
