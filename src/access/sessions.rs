//! Tokens verified before.

use std::time::{Duration, Instant};

use chrono::Utc;
use quick_cache::sync::Cache;

use super::Caller;

/// Tokens verified before, and when their accounts were last looked up.
pub struct Sessions(pub Cache<String, Known>);

/// The caller of a token.
#[derive(Clone)]
pub struct Known {
    pub caller: Caller,
    /// Seconds since 1970.
    pub expires: i64,
    pub checked: Instant,
}

/// How long a disabled account or an ended session may go unnoticed.
const RECHECK: Duration = Duration::from_secs(5);

impl Known {
    /// A temporary password is asked after each time, so that its change is noticed at once.
    pub fn is_fresh(&self) -> bool {
        self.checked.elapsed() < RECHECK
            && Utc::now().timestamp() < self.expires
            && !self.caller.password_temporary
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self(Cache::new(50_000))
    }
}
