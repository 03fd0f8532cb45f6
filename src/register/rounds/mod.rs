//! Rounds (đợt): until when holders register and authorities decide in a year, kind by kind, and
//! what comes after that.

pub mod closings;
pub mod rows;
pub mod closings_api;
pub mod api;

use std::collections::HashSet;

use chrono::NaiveDate;

use self::rows::Round;
use crate::areas::{AreaId, Areas};
use crate::base::error::{Error, Result, say};
use crate::base::kind::{Kind, Year};

/// What is entered of a title: each has its own deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    Registration,
    Score,
}

/// The rounds and closings by which entries are late or not, read once for all that a change touches.
#[derive(Debug, Default)]
pub struct Calendar {
    pub rounds: Vec<Round>,
    /// Areas that have closed a year for a kind.
    pub closed: HashSet<(AreaId, i16, Kind)>,
}

impl Round {
    /// The day by which an entry is in time: scores come until the decision, registrations before.
    pub fn until(&self, entry: Entry) -> Option<NaiveDate> {
        match entry {
            Entry::Registration => self.registration_until,
            Entry::Score => self.decision_until,
        }
    }

    /// The day by which its communes should have closed.
    pub fn due(&self) -> Option<NaiveDate> {
        self.decision_until.or(self.registration_until)
    }

    /// One without any deadline was taken back: that of the nearest area above holds again.
    pub fn is_set(&self) -> bool {
        self.due().is_some()
    }
}

impl Calendar {
    /// The round of the nearest area that set one; `up` begins with the area itself.
    pub fn round(&self, up: &[AreaId], year: i16, kind: Kind) -> Option<&Round> {
        up.iter().find_map(|area| {
            self.rounds
                .iter()
                .find(|r| r.area_id == *area && r.year == year && r.kind == kind && r.is_set())
        })
    }

    /// Whether an entry comes after its deadline, or after its commune said that all is in.
    pub fn is_late(
        &self,
        areas: &Areas,
        place: AreaId,
        (year, kind): (i16, Kind),
        entry: Entry,
        day: NaiveDate,
    ) -> bool {
        let home = areas.chain(place, None);
        let up = areas.ancestors(home, day);
        let until = self.round(&up, year, kind).and_then(|round| round.until(entry));
        until.is_some_and(|until| day > until) || self.is_closed(&[place, home], year, kind)
    }

    pub fn is_closed(&self, places: &[AreaId], year: i16, kind: Kind) -> bool {
        places.iter().any(|area| self.closed.contains(&(*area, year, kind)))
    }
}

/// Late entries need a reason and are marked late.
pub fn late_reason_needed() -> Error {
    Error::invalid_field(
        "/reason",
        "late_reason_needed",
        say(
            "Đợt này đã hết hạn hoặc xã đã chốt: nhập muộn phải ghi lý do.",
            "The round has ended or the commune has closed it: a late entry needs a reason.",
        ),
    )
}

/// Deadlines lie in the assessment year or the one after, registering before deciding.
pub fn check(round: &Round, year: Year, at: &str) -> Result<()> {
    let (first, last) = (i32::from(year.get()), i32::from(year.get()) + 1);
    let mut errors = Vec::new();
    for (field, day) in
        [("registration_until", round.registration_until), ("decision_until", round.decision_until)]
    {
        if day.is_some_and(|day| !(first..=last).contains(&chrono::Datelike::year(&day))) {
            errors.push(crate::base::error::FieldError::new(
                format!("{at}/{field}"),
                "date_range",
                say(
                    "Hạn phải nằm trong năm đánh giá hoặc năm sau.",
                    "A deadline lies in the assessment year or the one after.",
                ),
            ));
        }
    }
    if let (Some(registration), Some(decision)) = (round.registration_until, round.decision_until)
        && registration > decision
    {
        errors.push(crate::base::error::FieldError::new(
            format!("{at}/decision_until"),
            "dates_reversed",
            say("Hạn quyết định trước hạn đăng ký.", "The decision falls before the registration."),
        ));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::invalid(errors)) }
}
