//! How often a caller may ask.

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

pub struct Limiter {
    buckets: DefaultKeyedRateLimiter<String>,
    clock: DefaultClock,
}

impl Limiter {
    pub fn per_minute(requests: NonZeroU32) -> Self {
        Self {
            buckets: RateLimiter::keyed(Quota::per_minute(requests)),
            clock: DefaultClock::default(),
        }
    }

    /// Passes, or says in how many seconds it will.
    pub fn check(&self, caller: &String) -> Result<(), u64> {
        self.buckets
            .check_key(caller)
            .map_err(|until| until.wait_time_from(self.clock.now()).as_secs() + 1)
    }

    /// Forgets callers that have not asked for a while.
    pub fn sweep(&self) {
        self.buckets.retain_recent();
    }
}
