//! The check of a list: read, compared with the register, staged; nothing is changed.

use std::sync::Arc;

use super::copy::Stage;
use super::matched::Matching;
use super::plan::{AT_ONCE, Planner};
use super::read::{List, no_rows};
use super::rows::Import;
use super::run::{self, Progress};
use super::staged::Staged;
use super::{Failure, ImportState, Row, Summary};
use crate::access::state::Shared;
use crate::areas::Areas;
use crate::base::clock::today;
use crate::base::db::{self, Conn};
use crate::base::error::Result;
use crate::wire::sheets::child;

/// The most lines that a summary names as left out.
const MOST_LEFT_OUT: usize = 200;

/// A list that was sent.
pub struct Check {
    pub shared: Arc<Shared>,
    pub areas: Arc<Areas>,
    pub import: Import,
    pub file: Vec<u8>,
    /// Whether it is the annex of a decision.
    pub annex: bool,
}

impl Check {
    /// Begins the check; whatever happens, the import ends as checked or failed.
    pub fn start(self) {
        run::spawn(move || self.run());
    }

    async fn run(mut self) {
        let progress = Progress::default();
        let file = std::mem::take(&mut self.file);
        let work = self.check(file, &progress);
        let (state, summary) = match run::alive(&self.shared, &self.import, &progress, work).await {
            Ok(summary) => (ImportState::Checked, summary),
            Err(error) => {
                let failure = Some(Failure::of(&error));
                (ImportState::Failed, Summary { failure, ..Summary::default() })
            }
        };
        let end = async {
            let mut db = db::connect(&self.shared.url).await?;
            self.import.end_check(&mut db, state, &summary).await
        };
        if let Err(error) = end.await {
            tracing::error!(%error, import = %self.import.id, "the end of a check was not stored");
        }
    }

    async fn check(&self, file: Vec<u8>, progress: &Progress) -> Result<Summary> {
        let spool = child::spool(&self.shared.program, &file).await?;
        drop(file);
        let list = List::open(spool, self.import.kind, today())?;
        let mut db = run::connect(&self.shared).await?;
        let planner = self.compare(&mut db, &list).await?;
        self.stage(&mut db, &list, planner, progress).await
    }

    /// Reads all rows and finds whom they mean.
    async fn compare(&self, db: &mut Conn, list: &List) -> Result<Planner<'_>> {
        let (keys, areas) = (&*self.shared.keys, &*self.areas);
        let mut matching = Matching::begin(db, areas, &self.import).await?;
        let mut reader = list.rows();
        loop {
            let rows = reader.part(AT_ONCE)?;
            if rows.is_empty() {
                break;
            }
            matching.add(db, keys, &rows).await?;
        }
        if matching.len() == 0 {
            return Err(no_rows());
        }
        let matched = matching.end(db).await?;
        Planner::begin(db, (keys, areas), &self.import, matched, today()).await
    }

    /// Reads all rows once more and stages them with what they would do.
    async fn stage(
        &self,
        db: &mut Conn,
        list: &List,
        mut planner: Planner<'_>,
        progress: &Progress,
    ) -> Result<Summary> {
        let mut stage = Stage::begin(&self.shared.url, self.import.id).await?;
        let mut reader = list.rows();
        let mut done = 0;
        loop {
            let mut rows = reader.part(AT_ONCE)?;
            if rows.is_empty() {
                break;
            }
            if self.annex {
                rows.iter_mut().for_each(Row::pass_unless_told);
            }
            let plan = planner.plan(db, &rows).await?;
            for (n, (row, planned)) in (done..).zip(rows.iter().zip(&plan)) {
                let keys = &self.shared.keys;
                stage.add(&Staged::new(keys, &self.import, n, row, planned)?).await?;
            }
            done += rows.len();
            progress.check(done);
        }
        stage.end().await?;
        Ok(Summary { left_out: reader.left_out(MOST_LEFT_OUT), ..planner.summary })
    }
}
