//! The areas as they stand, one snapshot for all workers, renewed when the day or the areas change.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::{Areas, rows};
use crate::base::clock::today;
use crate::base::db::Conn;
use crate::base::error::Result;

/// The snapshot, and when it was last compared with the database.
pub struct Places {
    areas: RwLock<Arc<Areas>>,
    checked: Mutex<Option<Instant>>,
}

/// How long a change of areas by another server may go unnoticed.
const RECHECK: Duration = Duration::from_secs(1);

impl Places {
    pub fn new(areas: Areas) -> Self {
        Self { areas: RwLock::new(Arc::new(areas)), checked: Mutex::default() }
    }

    /// The areas as they stand now: a request reads one snapshot for as long as it takes.
    pub fn now(&self) -> Arc<Areas> {
        self.areas.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets every request that begins from now on read these areas.
    pub fn keep(&self, areas: Areas) {
        *self.areas.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(areas);
    }

    /// Whether it is time to ask after the areas again: yes to one of all who ask within a second.
    pub fn is_due(&self) -> bool {
        let mut checked = self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if checked.is_some_and(|checked| checked.elapsed() < RECHECK) {
            return false;
        }
        *checked = Some(Instant::now());
        true
    }

    /// Loads the areas anew if the day or the areas changed since they were loaded.
    pub async fn renew(&self, db: &mut Conn) -> Result<()> {
        let generation = rows::generation(db).await?;
        if !self.now().is_latest(today(), generation) {
            self.keep(Areas::load(db).await?);
        }
        Ok(())
    }
}
