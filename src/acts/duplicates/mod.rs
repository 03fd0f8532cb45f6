//! Holders that may be one, and the merging of those that are.

pub mod api;
pub mod dismiss;
mod links;
pub mod merge;
pub mod rows;
mod unmerge;

use serde_json::Value;

use crate::base::error::{Error, Result, say};
use crate::base::kind::{Kind, Status};
use crate::register::holders::rows::Holder;
use crate::register::titles::is_undecided;
use crate::text_enum;

text_enum! {
    /// Why two holders may be one.
    pub enum Why {
        /// The families' heads have one number.
        SameHeadNumber = "same_head_number",
        SameName = "same_name",
        /// A name that differs by a slip.
        NearName = "near_name",
        SameBirthYear = "same_birth_year",
        SameHamlet = "same_hamlet",
        SameHead = "same_head",
    }
}

impl Why {
    /// How much it says; pairs are ranked by the sum.
    pub fn weight(self) -> i32 {
        match self {
            Self::SameHeadNumber => 60,
            Self::SameName => 40,
            Self::NearName => 20,
            Self::SameBirthYear => 25,
            Self::SameHamlet => 20,
            Self::SameHead => 10,
        }
    }
}

/// Whose title of one year and level stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stays {
    Survivors,
    Others,
}

/// Decided beats open, and what is further beats what is less far; equals must be settled by hand.
pub fn reconcile(survivors: Status, others: Status) -> Option<Stays> {
    match far(survivors).cmp(&far(others)) {
        std::cmp::Ordering::Greater => Some(Stays::Survivors),
        std::cmp::Ordering::Less => Some(Stays::Others),
        std::cmp::Ordering::Equal => None,
    }
}

fn far(status: Status) -> u8 {
    match status {
        Status::Withdrawn => 0,
        Status::Registered => 1,
        Status::SelfAssessed => 2,
        Status::Verified => 3,
        decided => {
            debug_assert!(!is_undecided(decided));
            4
        }
    }
}

/// Whether two holders can be one at all; their numbers, where both have one, must be equal.
pub fn check_pair(
    one: &Holder,
    other: &Holder,
    numbers: (Option<&str>, Option<&str>),
) -> Result<()> {
    let refused =
        |code, vi: &'static str, en: &'static str| Err(Error::conflict(code, say(vi, en)));
    if one.id == other.id {
        return refused("same_holder", "Đây là cùng một đối tượng.", "Both are the same holder.");
    }
    if one.kind != other.kind {
        return refused(
            "kinds_differ",
            "Hai đối tượng khác loại nên không thể gộp.",
            "Holders of different kinds cannot be merged.",
        );
    }
    if one.kind == Kind::Community {
        return refused(
            "community_is_its_place",
            "Cộng đồng gắn với địa bàn; hãy gộp thôn, tổ dân phố.",
            "A community is its place: merge the hamlets.",
        );
    }
    match numbers {
        (Some(a), Some(b)) if a != b => refused(
            "numbers_differ",
            "Hai đối tượng mang số khác nhau nên không phải là một.",
            "Their numbers differ: they are not one.",
        ),
        _ => Ok(()),
    }
}

/// The survivor with what only the other knew.
pub fn joined(survivor: &Holder, other: &Holder) -> Holder {
    let mut details = other.details.clone();
    crate::register::holders::merge(&mut details, survivor.details.clone());
    // Two ways of saying when somebody was born must not contradict each other.
    if let Value::Object(fields) = &mut details
        && survivor.birth_year.is_some()
    {
        for field in ["birth_date", "birth_year", "head_birth_year"] {
            if survivor.details.get(field).is_none() {
                fields.remove(field);
            }
        }
    }
    let group_code = Some(&survivor.group_code).filter(|group| !group.is_empty());
    Holder {
        hamlet_id: survivor
            .hamlet_id
            .or(other.hamlet_id.filter(|_| survivor.area_id == other.area_id)),
        group_code: group_code.unwrap_or(&other.group_code).clone(),
        birth_year: survivor.birth_year.or(other.birth_year),
        family_id: survivor.family_id.or(other.family_id),
        unit_id: survivor.unit_id.or(other.unit_id),
        details,
        ..survivor.clone()
    }
}

pub fn changed_since() -> Error {
    Error::conflict(
        "changed_since",
        say(
            "Đối tượng hoặc danh hiệu đã thay đổi từ khi gộp nên không thể tách lại.",
            "The holder or its titles changed since the merge, which stays.",
        ),
    )
}
