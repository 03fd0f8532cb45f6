//! What every request can reach.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use bytes::Bytes;
use chrono::NaiveDate;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;

use super::sessions::Sessions;
use crate::areas::places::Places;
use crate::areas::{AreaId, Areas};
use crate::base::config::Config;
use crate::base::db::{self, Db, Pool};
use crate::base::error::Result;
use crate::base::keys::Keys;
use crate::base::limiter::Limiter;

/// One per worker: the pool is the worker's own, everything else is shared.
#[derive(Clone)]
pub struct State {
    pub pool: Pool,
    pub shared: Arc<Shared>,
}

pub struct Shared {
    pub config: Config,
    pub keys: Arc<Keys>,
    /// Where the database is: for COPY, which takes connections of its own.
    pub url: String,
    pub sessions: Sessions,
    pub limiter: Option<Limiter>,
    /// Answers of statistics with their tags, by question and version.
    pub answers: Cache<String, (String, Bytes), Length>,
    /// The version of the register in an area, or in all: when it was read, after how many writes.
    pub versions: Cache<Option<AreaId>, (Instant, u64, String)>,
    /// How many requests of this server may have changed something.
    pub writes: AtomicU64,
    /// Days that are known to be closed: they stay so, and so do the days on which areas had changed.
    pub closed_days: Cache<NaiveDate, (NaiveDate, NaiveDate)>,
    /// Areas as they were known, by the days on which that came to be.
    pub known_areas: Cache<(NaiveDate, NaiveDate), Arc<Areas>>,
    /// The program itself: it reads workbooks as a child process with limits.
    pub program: PathBuf,
    /// How many spool files may lie on disk at once.
    pub spool_files: Arc<Semaphore>,
    pub places: Arc<Places>,
}

/// Bytes of answers that are kept ready.
const MOST_ANSWERED: u64 = 32 << 20;

/// Weighs an answer by its text.
#[derive(Clone)]
pub struct Length;

impl Weighter<String, (String, Bytes)> for Length {
    fn weight(&self, question: &String, (_, text): &(String, Bytes)) -> u64 {
        (question.len() + text.len()) as u64
    }
}

impl Shared {
    pub fn new(
        config: Config,
        keys: Arc<Keys>,
        url: String,
        areas: Areas,
        program: PathBuf,
    ) -> Arc<Self> {
        let spool_files = Arc::new(Semaphore::new(config.spool.files));
        let limiter = config.rate_limit.map(Limiter::per_minute);
        Arc::new(Self {
            config,
            keys,
            url,
            sessions: Sessions::default(),
            limiter,
            answers: Cache::with_weighter(1_000, MOST_ANSWERED, Length),
            versions: Cache::new(4_000),
            writes: AtomicU64::new(0),
            closed_days: Cache::new(1_000),
            known_areas: Cache::new(4),
            program,
            spool_files,
            places: Arc::new(Places::new(areas)),
        })
    }
}

impl State {
    pub fn new(shared: Arc<Shared>) -> Result<Self> {
        let size = shared.config.pool.div_ceil(shared.config.workers.max(1));
        Ok(Self { pool: db::pool(&shared.url, size)?, shared })
    }

    /// A connection, lent for as long as the handler needs it.
    pub async fn db(&self) -> Result<Db> {
        Ok(self.pool.get().await?)
    }

    /// Renews the areas if the day or the areas changed since they were loaded; asks at most once a
    /// second.
    pub async fn refresh_areas(&self) -> Result<()> {
        if self.shared.places.is_due() { self.renew_areas().await } else { Ok(()) }
    }

    /// The same at once, for whoever changed areas.
    pub async fn renew_areas(&self) -> Result<()> {
        self.shared.places.renew(&mut *self.db().await?).await
    }

    /// The areas as they stand now: one snapshot for the whole request.
    pub fn areas(&self) -> Arc<Areas> {
        self.shared.places.now()
    }

    pub fn keys(&self) -> &Keys {
        &self.shared.keys
    }

    pub fn config(&self) -> &Config {
        &self.shared.config
    }
}
