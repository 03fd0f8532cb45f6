//! Split communes: the province says in which successor each hamlet belongs; its people and all
//! their titles follow.

pub mod api;
pub mod rows;
pub mod undo;

use chrono::NaiveDate;

use crate::areas::{AreaId, AreaLevel, Areas};
use crate::base::error::{Error, Result, say};

/// A commune that was split, with the areas whose records wait in it.
#[derive(Debug, Clone)]
pub struct Split {
    pub area: AreaId,
    /// Its successors' first day.
    pub on: NaiveDate,
    pub successors: Vec<AreaId>,
    /// Itself and what went whole into it before.
    pub waiting: Vec<AreaId>,
}

impl Split {
    /// The split commune that had this code last.
    pub fn find(areas: &Areas, code: &str) -> Option<Self> {
        areas.with_code(code).filter_map(|id| Self::of(areas, id)).max_by_key(|split| split.on)
    }

    fn of(areas: &Areas, id: AreaId) -> Option<Self> {
        let area = areas.get(id);
        if area.level != AreaLevel::Commune || area.settled.is_some() || area.end != id {
            return None;
        }
        let parts = area.successors.iter().filter(|next| !next.whole && next.on <= areas.on());
        let on = parts.clone().map(|next| next.on).max()?;
        let successors = parts.filter(|next| next.on == on).map(|next| next.area).collect();
        Some(Self { area: id, on, successors, waiting: areas.ending_in(id) })
    }

    /// The successor that has this code.
    pub fn successor(&self, areas: &Areas, pointer: &str, code: &str) -> Result<AreaId> {
        let found = self.successors.iter().find(|id| areas.code(**id, self.on) == code);
        found.copied().ok_or_else(|| {
            let names: Vec<String> = self
                .successors
                .iter()
                .map(|id| format!("{} {}", areas.code(*id, self.on), areas.name(*id, self.on)))
                .collect();
            let names = names.join("; ");
            Error::invalid_field(
                pointer,
                "not_a_successor",
                say(
                    format!("Xã cũ chỉ chia về: {names}."),
                    format!("The commune was split between: {names}."),
                ),
            )
        })
    }

    /// What a record that waits here is placed in when its placement is taken back: nowhere, if it was
    /// made here.
    pub fn unplaced(&self, areas: &Areas, made_in: AreaId) -> Option<AreaId> {
        (areas.chain(made_in, None) != self.area).then_some(self.area)
    }
}
