//! Quality: what in the figures of a year cannot be right, or is unlikely, with how to mend it.

pub mod api;
mod checks;
mod record_checks;
pub mod rows;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use uuid::Uuid;

use crate::areas::AreaId;
use crate::base::kind::{Kind, Level};
use crate::text_enum;

pub use checks::{Material, findings};

/// So few say nothing about a habit.
pub const MANY: i64 = 10;

/// When the titles of a year are decided at the latest, where no round says otherwise: 31 March of
/// the next year (TT 25/2023/TT-BGDĐT, the latest of the programme's dates).
const DECIDED_BY: (u32, u32) = (3, 31);

text_enum! {
    pub enum Severity {
        /// Cannot be right.
        Error = "error",
        /// Unlikely, or late.
        Warning = "warning",
        /// Worth knowing.
        Note = "note",
    }
}

text_enum! {
    /// What is checked.
    pub enum Check {
        RegisteredAboveTotal = "registered_above_total",
        RecognisedAboveTotal = "recognised_above_total",
        /// Only paper figures can say so: the register counts what it recognised among what it registered.
        RecognisedAboveRegistered = "recognised_above_registered",
        FamiliesAboveHouseholds = "families_above_households",
        /// More than half above the year before, or below it once the year is closed.
        CountJump = "count_jump",
        TotalShrank = "total_shrank",
        DecisionOverdue = "decision_overdue",
        HolderWithoutCommune = "holder_without_commune",
        ProbableDuplicates = "probable_duplicates",
        UnitCitizensBelow = "unit_citizens_below",
        FamilyAdultsNotCitizens = "family_adults_not_citizens",
        ScoresAtThreshold = "scores_at_threshold",
        OneFile = "registered_and_recognised_in_one_file",
        PrintedRateFitsNoBase = "printed_rate_fits_no_base",
        PrintedBaseMissing = "printed_base_missing",
        PrintedBaseUnknown = "printed_base_unknown",
        ReportedJump = "reported_jump",
        /// A paper figure and the register differ.
        ReportedDiffers = "reported_differs",
    }
}

impl Check {
    pub fn severity(self) -> Severity {
        match self {
            Self::RegisteredAboveTotal
            | Self::RecognisedAboveTotal
            | Self::RecognisedAboveRegistered
            | Self::FamiliesAboveHouseholds
            | Self::HolderWithoutCommune => Severity::Error,
            Self::CountJump
            | Self::DecisionOverdue
            | Self::ProbableDuplicates
            | Self::UnitCitizensBelow
            | Self::FamilyAdultsNotCitizens
            | Self::ScoresAtThreshold
            | Self::OneFile
            | Self::PrintedRateFitsNoBase
            | Self::PrintedBaseUnknown
            | Self::ReportedJump
            | Self::ReportedDiffers => Severity::Warning,
            Self::TotalShrank | Self::PrintedBaseMissing => Severity::Note,
        }
    }
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    pub check: Check,
    pub area: AreaId,
    pub year: i16,
    pub kind: Option<Kind>,
    pub level: Option<Level>,
    pub numbers: BTreeMap<&'static str, i64>,
    /// What is wrong and how to mend it.
    pub vi: String,
    /// What the list behind it is filtered by; none where there is none.
    pub list: Option<List>,
    /// Some of the holders concerned.
    pub holders: Vec<Uuid>,
}

/// The list that shows what a finding is about.
#[derive(Debug, Clone, PartialEq)]
pub enum List {
    /// Titles of its area, kind, level and year, with a further filter.
    Titles(Option<(&'static str, String)>),
    /// Holders of its area and kind.
    Holders,
    /// Pairs of holders of its area and kind that may be one.
    Duplicates,
}

/// How the checks of a commune went.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    pub area: AreaId,
    pub found: BTreeMap<Check, i64>,
    /// The share of checks that found nothing, in hundredths of a percent.
    pub score: i64,
}

/// One card for each commune, the worst first.
pub fn cards(communes: &[AreaId], findings: &[Finding]) -> Vec<Card> {
    let all = Check::ALL.len() as i64;
    let mut cards: Vec<Card> = communes
        .iter()
        .map(|area| {
            let mut found = BTreeMap::new();
            for finding in findings.iter().filter(|finding| finding.area == *area) {
                *found.entry(finding.check).or_insert(0) += 1;
            }
            let clean = all - found.len() as i64;
            let score = crate::base::hundredths::rate(clean, all).unwrap_or_default();
            Card { area: *area, found, score }
        })
        .collect();
    cards.sort_by_key(|card| (card.score, card.area));
    cards
}

/// The last day on which the titles of a year are decided where no round says so.
pub fn decided_by(year: i16) -> NaiveDate {
    let (month, day) = DECIDED_BY;
    NaiveDate::from_ymd_opt(i32::from(year) + 1, month, day).unwrap_or_default()
}

/// The share of a unit's people who must be learning citizens, in hundredths of a percent: more in
/// educational establishments (TT 24/2023/TT-BGDĐT). A unit without grade is held to the lowest.
pub fn citizens_needed(grade: &str, educates: bool) -> i64 {
    match (grade, educates) {
        ("level_2", true) => 9_700,
        ("level_2", false) | (_, true) => 9_500,
        _ => 9_000,
    }
}

/// The kinds for which a commune has closed a year.
pub type Closed = BTreeSet<(AreaId, Kind)>;
