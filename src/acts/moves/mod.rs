//! Moves: a holder leaves one commune for another, which claims it; its open titles follow.

pub mod api;
pub mod rows;

use crate::base::error::{Error, Result, say};
use crate::base::kind::Kind;
use crate::text_enum;

text_enum! {
    /// Seen from an area: who came, who left.
    pub enum Direction {
        In = "in",
        Out = "out",
    }
}

/// Whether a holder of this kind can leave its commune: a community is its hamlet.
pub fn check_kind(kind: Kind) -> Result<()> {
    if kind != Kind::Community {
        return Ok(());
    }
    Err(Error::conflict(
        "community_stays",
        say("Cộng đồng gắn với địa bàn nên không chuyển đi.", "A community stays where it is."),
    ))
}

pub fn already_here() -> Error {
    Error::conflict(
        "already_here",
        say("Đối tượng này đã thuộc xã của anh/chị.", "The holder is in this commune already."),
    )
}

/// Its commune was split, and its hamlet was not assigned yet.
pub fn unplaced(commune: &str) -> Error {
    Error::conflict(
        "holder_unplaced",
        say(
            format!(
                "{commune} đã chia tách và thôn của đối tượng chưa được tỉnh xếp về xã mới; \
                 chưa thể chuyển."
            ),
            format!(
                "{commune} was split and the province has not placed the hamlet yet: the holder \
                 cannot move."
            ),
        ),
    )
}

pub fn several_families() -> Error {
    Error::conflict(
        "several_holders",
        say(
            "Số này đứng tên nhiều gia đình; hãy nhận bằng mã in trên danh sách.",
            "Several families have this number; claim with the printed code.",
        ),
    )
}

pub fn changed_since(code: &str) -> Error {
    Error::conflict(
        "changed_since",
        say(
            format!(
                "{code} hoặc danh hiệu của đối tượng đã thay đổi từ đó nên không làm được nữa."
            ),
            format!("{code} or its titles changed since: this is no longer possible."),
        ),
    )
}
