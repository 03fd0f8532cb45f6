//! Which areas a caller answers for.

use super::Caller;
use crate::areas::api::place;
use crate::areas::{AreaId, Areas, keeper};
use crate::base::error::{Error, Result, say};
use crate::base::kind::Year;

/// Passes if the caller's area answers for `area`, and still does where that has ended.
pub fn answers_for(areas: &Areas, caller: &Caller, area: AreaId) -> Result<()> {
    if areas.covers(caller.area, area) && areas.covers(caller.area, keeper(areas, area)) {
        return Ok(());
    }
    Err(Error::forbidden(
        "area_not_covered",
        say("Địa bàn này ngoài phạm vi của tài khoản.", "This area is outside the caller's."),
    ))
}

/// The area and year of a path, for which the caller answers.
pub fn own_place(
    areas: &Areas,
    caller: &Caller,
    path: &(String, String, String),
) -> Result<(AreaId, Year)> {
    let (area, year) = place(areas, path)?;
    answers_for(areas, caller, area)?;
    Ok((area, year))
}

/// 403: the question names an area outside the caller's.
pub fn outside(areas: &Areas, caller: &Caller, area: AreaId) -> Error {
    let name = |area| areas.name(area, areas.on());
    let (asked, own) = (name(area), name(caller.area));
    Error::forbidden(
        "area_not_covered",
        say(
            format!("{asked} ngoài phạm vi của tài khoản này, là {own}."),
            format!("{asked} is outside the area of this account, which is {own}."),
        ),
    )
}
