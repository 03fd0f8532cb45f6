//! What every request can reach.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use chrono::NaiveDate;
use quick_cache::sync::Cache;

use crate::areas::Areas;
use crate::auth::middleware::Sessions;
use crate::config::Config;
use crate::db::{self, Db, Pool};
use crate::error::Result;
use crate::keys::Keys;
use crate::limiter::Limiter;

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
    /// Answers of statistics by question, with the number of changes that they know.
    pub answers: Cache<String, (i64, Bytes)>,
    /// Days that are known to be closed: they stay so.
    pub closed_days: Cache<NaiveDate, ()>,
    /// Areas as they were known, by the days on which that came to be.
    pub known_areas: Cache<(NaiveDate, NaiveDate), Arc<Areas>>,
    /// The program itself: it reads workbooks as a child process with limits.
    pub program: PathBuf,
    areas: RwLock<Arc<Areas>>,
}

impl Shared {
    pub fn new(
        config: Config,
        keys: Arc<Keys>,
        url: String,
        areas: Areas,
        program: PathBuf,
    ) -> Arc<Self> {
        let areas = RwLock::new(Arc::new(areas));
        let limiter = config.rate_limit.map(Limiter::per_minute);
        Arc::new(Self {
            config,
            keys,
            url,
            sessions: Sessions::default(),
            limiter,
            answers: Cache::new(1_000),
            closed_days: Cache::new(1_000),
            known_areas: Cache::new(4),
            program,
            areas,
        })
    }

    pub fn areas(&self) -> Arc<Areas> {
        self.areas.read().unwrap_or_else(PoisonError::into_inner).clone()
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

    /// The areas as they stand now: one snapshot for the whole request.
    pub fn areas(&self) -> Arc<Areas> {
        self.shared.areas()
    }

    pub fn keys(&self) -> &Keys {
        &self.shared.keys
    }

    pub fn config(&self) -> &Config {
        &self.shared.config
    }
}
