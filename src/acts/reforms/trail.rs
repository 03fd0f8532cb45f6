//! What the trail keeps of areas that a reform changed.

use crate::areas::{AreaId, Areas};
use crate::ledger::audit::{Entity, Fields, Item};

/// What the trail says of an area: all its versions as they were known before and after.
pub(super) fn changed(before: &Areas, after: &Areas, id: AreaId) -> Item {
    let fields = |areas: &Areas| areas.knows(id).then(|| area_fields(areas, id));
    match (fields(before), fields(after)) {
        (Some(old), Some(new)) => Item::changed(Entity::Area, id, old, new),
        (Some(old), None) => Item::deleted(Entity::Area, id, old),
        (None, new) => Item::created(Entity::Area, id, new.unwrap_or_default()),
    }
}

fn area_fields(areas: &Areas, id: AreaId) -> Fields {
    let area = areas.get(id);
    let versions: Vec<serde_json::Value> = area
        .versions
        .iter()
        .map(|v| {
            serde_json::json!({
                "valid_from": v.valid_from, "valid_to": v.valid_to, "code": v.code,
                "full_name": v.full_name, "parent": v.parent,
            })
        })
        .collect();
    let successors: Vec<serde_json::Value> = area
        .successors
        .iter()
        .map(|s| serde_json::json!({"area": s.area, "on": s.on, "whole": s.whole}))
        .collect();
    Fields::new().plain("versions", versions).plain("successors", successors)
}
