//! What is to become of hamlets on a day to come.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::ChangeAction;
use super::rows::{Hamlet, full_name};
use crate::areas::{AreaId, Areas};
use crate::base::db::Conn;
use crate::base::error::{Error, Result};
use crate::base::schema::hamlet_changes;

/// What is to be made of which hamlets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub hamlets: Vec<Uuid>,
    pub hamlet_type: Option<String>,
    pub name: Option<String>,
    /// Of a merger: the one that survives; without it a new one is made.
    pub into: Option<Uuid>,
}

impl Plan {
    /// How a hamlet will be called, or the one that several become; none where it only ends.
    pub fn new_name(&self, of: &Hamlet) -> Option<String> {
        if self.name.is_none() && self.hamlet_type.is_none() {
            return None;
        }
        let hamlet_type = self.hamlet_type.as_ref().unwrap_or(&of.hamlet_type);
        Some(full_name(hamlet_type, self.name.as_ref().unwrap_or(&of.name)))
    }

    /// Whether a hamlet is changed or receives others.
    pub fn names(&self, hamlet: Uuid) -> bool {
        self.hamlets.contains(&hamlet) || self.into == Some(hamlet)
    }
}

/// A change that waits for its day.
#[derive(Debug, Clone)]
pub struct Planned {
    pub id: Uuid,
    pub action: ChangeAction,
    pub effective_on: NaiveDate,
    pub document: String,
    pub plan: Plan,
}

impl Planned {
    /// All that waits in the communes that keep these hamlets, the next first.
    pub async fn of(db: &mut Conn, areas: &Areas, hamlets: &[Hamlet]) -> Result<Vec<Self>> {
        let keeping: BTreeSet<AreaId> =
            hamlets.iter().map(|hamlet| areas.chain(hamlet.area_id, hamlet.placed_id)).collect();
        let entered: Vec<AreaId> =
            keeping.into_iter().flat_map(|commune| areas.ending_in(commune)).collect();
        type Row = (Uuid, ChangeAction, NaiveDate, String, Option<serde_json::Value>);
        let rows: Vec<Row> = hamlet_changes::table
            .filter(hamlet_changes::area_id.eq_any(entered))
            .filter(hamlet_changes::state.eq("planned"))
            .order((hamlet_changes::effective_on, hamlet_changes::id))
            .select((
                hamlet_changes::id,
                hamlet_changes::action,
                hamlet_changes::effective_on,
                hamlet_changes::document,
                hamlet_changes::plan,
            ))
            .load(db)
            .await?;
        let read = |(id, action, effective_on, document, plan): Row| {
            let plan = serde_json::from_value(plan.unwrap_or_default()).map_err(Error::internal)?;
            Ok(Self { id, action, effective_on, document, plan })
        };
        rows.into_iter().map(read).collect()
    }
}
