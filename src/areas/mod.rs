//! Areas: every stored area is an id; its codes and names are read for a date.

/// Every area with its versions and successions, in memory.
pub mod index;
/// Areas found by a part of their name.
pub mod search;
/// Counts put on the map of another day.
pub mod boundaries;
/// Areas read from the database.
pub mod rows;
/// Which areas a body answers for, as a table.
pub mod scopes;
/// Areas and successions loaded from the files that ship.
pub mod install;
/// The areas as they stand, shared by all workers.
pub mod places;
/// Areas on the wire.
pub mod api;

pub use boundaries::{Boundaries, Part, Place, boundaries_of};
pub use index::{Area, AreaVersion, Areas};
pub use scopes::keeper;

use crate::base::error::{Error, say};
use crate::text_enum;

pub type AreaId = i32;

text_enum! {
    pub enum AreaLevel {
        Country = "country",
        Province = "province",
        /// Ended on 30 June 2025.
        District = "district",
        Commune = "commune",
    }
}

impl AreaLevel {
    /// The level of a code follows from its length.
    pub fn of_code(code: &str) -> Option<Self> {
        match code.len() {
            2 if code == "VN" => Some(Self::Country),
            2 => Some(Self::Province),
            3 => Some(Self::District),
            5 => Some(Self::Commune),
            _ => None,
        }
    }
}

/// 409: areas were changed while the request was under way.
pub fn changed_meanwhile() -> Error {
    Error::conflict(
        "areas_changed",
        say(
            "Địa bàn vừa được thay đổi ở nơi khác; hãy xem lại.",
            "The areas were changed meanwhile; look again.",
        ),
    )
}
