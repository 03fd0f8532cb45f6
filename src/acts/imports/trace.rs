//! What an import did, as the trail tells it.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::plan::AT_ONCE;
use super::rows::Import;
use crate::base::db::Conn;
use crate::base::error::{Error, Result, say};
use crate::base::schema::audit_items;
use crate::ledger::audit::rows as audit_rows;
use crate::register::titles::rows::Title;

/// Its number in the entry, what it is of, and what it says.
type AuditItem = (i32, String, String, String);

/// What the import did to one holder and its title: the fields that it changed, before and after.
pub struct Trace {
    pub holder: Uuid,
    pub of_holder: Option<Change>,
    pub of_title: Option<(Title, Change)>,
    /// The other entries of the chain that touched them since.
    pub later: BTreeSet<i64>,
}

#[derive(Default)]
pub struct Change {
    /// None where the import made it.
    pub before: Option<Map<String, Value>>,
    pub after: Map<String, Value>,
}

impl Trace {
    pub fn is_new(&self) -> bool {
        self.of_holder.as_ref().is_some_and(|change| change.before.is_none())
    }

    /// Everything that an import did, by holder.
    pub async fn of_import(db: &mut Conn, import: &Import) -> Result<Vec<Self>> {
        let Some(applied) = import.applied_in else {
            return Err(Error::conflict(
                "import_not_applied",
                say("Danh sách này chưa được ghi vào sổ bộ.", "This list was not applied."),
            ));
        };
        let key = (applied.area(), applied.seq());
        let items: Vec<AuditItem> = audit_items::table
            .filter(audit_items::area_id.eq(key.0).and(audit_items::seq.eq(key.1)))
            .filter(audit_items::entity.eq_any(["holder", "title"]))
            .order(audit_items::n)
            .select((
                audit_items::n,
                audit_items::entity,
                audit_items::entity_id,
                audit_items::body,
            ))
            .load(db)
            .await?;
        let values = audit_rows::values(db, &[key]).await?;
        let touched = touched_later(db, key, &items).await?;
        let ids: Vec<Uuid> = items.iter().filter_map(|(_, _, id, _)| holder_of(id)).collect();
        let titles = Title::of_holders(db, &ids, import.year, import.level).await?;
        let mut titles: HashMap<Uuid, Title> =
            titles.into_iter().map(|title| (title.holder_id, title)).collect();
        let mut traces: HashMap<Uuid, Self> = HashMap::new();
        for (n, entity, id, body) in &items {
            let Some(holder) = holder_of(id) else { continue };
            let (of_holder, of_title, later) = (None, None, BTreeSet::new());
            let trace = traces.entry(holder).or_insert(Self { holder, of_holder, of_title, later });
            let side = |side: &str| values.get(&(key.0, key.1, *n, side.to_owned()));
            let change = Change::read(body, side("before"), side("after"))?;
            if entity == "holder" {
                trace.of_holder = Some(change);
            } else {
                trace.of_title = titles.remove(&holder).map(|title| (title, change));
            }
        }
        for (id, seq) in touched {
            if let Some(trace) = holder_of(&id).and_then(|holder| traces.get_mut(&holder)) {
                trace.later.insert(seq);
            }
        }
        let mut traces: Vec<Self> = traces.into_values().collect();
        traces.sort_by_key(|trace| trace.holder);
        Ok(traces)
    }
}

/// The other entries of the chain that touched what the items tell of since: each id with an entry.
async fn touched_later(
    db: &mut Conn,
    (area, seq): (i32, i64),
    items: &[AuditItem],
) -> Result<Vec<(String, i64)>> {
    let mut touched = Vec::new();
    for entity in ["holder", "title"] {
        let of_it = items.iter().filter(|(_, of, ..)| of == entity);
        let ids: Vec<&str> = of_it.map(|(_, _, id, _)| &**id).collect();
        for part in ids.chunks(AT_ONCE) {
            let later: Vec<(String, i64)> = audit_items::table
                .filter(audit_items::entity.eq(entity).and(audit_items::entity_id.eq_any(part)))
                .filter(audit_items::area_id.eq(area).and(audit_items::seq.gt(seq)))
                .select((audit_items::entity_id, audit_items::seq))
                .load(db)
                .await?;
            touched.extend(later);
        }
    }
    Ok(touched)
}

impl Change {
    fn read(body: &str, before: Option<&String>, after: Option<&String>) -> Result<Self> {
        let mut body: HashMap<String, Map<String, Value>> =
            serde_json::from_str(body).map_err(Error::internal)?;
        for (side, personal) in [("before", before), ("after", after)] {
            let (Some(fields), Some(text)) = (body.get_mut(side), personal) else { continue };
            let personal: Map<String, Value> =
                serde_json::from_str(text).map_err(Error::internal)?;
            fields.extend(personal);
        }
        let before = body.remove("before");
        Ok(Self { before, after: body.remove("after").unwrap_or_default() })
    }
}

/// The id of a holder, or of a title: `<holder>/<year>/<level>`.
fn holder_of(id: &str) -> Option<Uuid> {
    id.split('/').next()?.parse().ok()
}
