//! Entering the lines of a form.

use super::Lines;
use crate::access::Act;
use crate::areas::Areas;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::figures::reported::rows::Reported;
use crate::figures::targets::rows::Target;
use crate::figures::totals::rows::Total;

impl Lines {
    /// Appends what differs from what holds, in one change; returns how many lines did.
    pub async fn enter(&self, db: &mut Conn, act: &Act, areas: &Areas) -> Result<usize> {
        match self {
            Self::Totals(new) => Total::put_all(db, act, areas, new).await,
            Self::Reported(new) => Reported::add(db, act, areas, "reported.import", new).await,
            Self::Targets(new) => Target::put_all(db, act, areas, new).await,
        }
    }

    pub fn count(&self) -> usize {
        match self {
            Self::Totals(lines) => lines.len(),
            Self::Reported(lines) => lines.len(),
            Self::Targets(lines) => lines.len(),
        }
    }
}
