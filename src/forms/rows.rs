//! Entering the lines of a form.

use super::Lines;
use crate::areas::Areas;
use crate::auth::Act;
use crate::db::Conn;
use crate::error::Result;
use crate::inputs::rows::Total;
use crate::reported::rows::Reported;
use crate::targets::rows::Target;

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
