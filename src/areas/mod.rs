//! Areas: every stored area is an id; its codes and names are read for a date.

pub mod api;
pub mod boundaries;
pub mod index;
pub mod install;
pub mod rows;
pub mod scopes;
pub mod search;

pub use boundaries::{Boundaries, Part, Place};
pub use index::{Area, AreaVersion, Areas};

use crate::error::{Error, say};
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
