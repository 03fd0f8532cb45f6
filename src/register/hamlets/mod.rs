//! The hamlets of a commune (thôn, xóm, tổ dân phố …): they have no national code, so the register
//! keeps them itself.

pub mod api;
pub mod marks;
pub mod names;
pub mod planned;
pub mod rows;

use crate::access::Caller;
use crate::areas::{AreaId, Areas};
use crate::base::error::{Error, Result, say};

/// The commune whose records the caller may write: covered by its area, and one that still keeps
/// records itself.
pub fn writable(areas: &Areas, caller: &Caller, area: AreaId) -> Result<AreaId> {
    if !areas.covers(caller.area, area) {
        return Err(Error::forbidden(
            "area_not_covered",
            say("Địa bàn này ngoài phạm vi của tài khoản.", "This area is outside the caller's."),
        ));
    }
    match areas.settled(area) {
        Some(settled) if areas.covers(caller.area, settled) => Ok(settled),
        _ => Err(not_settled()),
    }
}

/// 409: what a split left open is changed by nobody before it was placed.
pub fn not_settled() -> Error {
    Error::conflict(
        "area_not_settled",
        say(
            "Xã này đã chia tách; bản ghi phải được xếp về xã mới trước khi sửa.",
            "This commune was split: its records must be placed before they change.",
        ),
    )
}

crate::text_enum! {
    pub enum ChangeAction {
        /// Another name, for one hamlet.
        Rename = "rename",
        /// Another type: thôn to tổ dân phố when a commune becomes a ward.
        Convert = "convert",
        /// Several become one: a new one, or one of them.
        Merge = "merge",
        /// It is no more; nobody lives there.
        Dissolve = "dissolve",
    }
}
