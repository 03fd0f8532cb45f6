//! Decisions: documents that recognise, decline or revoke titles.

pub mod api;
pub mod rows;

use chrono::NaiveDate;

use crate::criteria::{CriteriaSet, Outcome};
use crate::error::{Error, FieldError, Result, say};
use crate::text_enum;
use crate::titles::Step;
use crate::titles::change::take_step;
use crate::titles::rows::Title;

text_enum! {
    /// What kind of document it is.
    pub enum Document {
        /// Quyết định.
        Decision = "decision",
        /// Thông báo.
        Notice = "notice",
        /// Biên bản: enough to decline.
        Minutes = "minutes",
    }
}

text_enum! {
    /// The body of an area that decided.
    pub enum Body {
        /// Ủy ban nhân dân.
        PeoplesCommittee = "peoples_committee",
        /// Hội Khuyến học.
        StudyPromotion = "study_promotion",
        Other = "other",
    }
}

text_enum! {
    /// What a decision does to a title.
    pub enum Action {
        Recognise = "recognise",
        Decline = "decline",
        Revoke = "revoke",
    }
}

impl Document {
    pub fn vi(self) -> &'static str {
        match self {
            Self::Decision => "Quyết định",
            Self::Notice => "Thông báo",
            Self::Minutes => "Biên bản",
        }
    }
}

impl Body {
    /// How it is called before the name of its area.
    pub fn vi(self) -> &'static str {
        match self {
            Self::PeoplesCommittee => "UBND",
            Self::StudyPromotion => "Hội Khuyến học",
            Self::Other => "",
        }
    }
}

impl Action {
    pub fn step(self) -> Step {
        match self {
            Self::Recognise => Step::Recognise,
            Self::Decline => Step::Decline,
            Self::Revoke => Step::Revoke,
        }
    }

    /// Recognising takes a decision or notice, revoking a decision; minutes are enough to decline.
    pub fn allowed_by(self, document: Document) -> bool {
        match self {
            Self::Recognise => document != Document::Minutes,
            Self::Decline => true,
            Self::Revoke => document == Document::Decision,
        }
    }
}

/// What a decision does to one title: its status, its validity; refused if the rules forbid it.
pub fn apply(
    title: &mut Title,
    action: Action,
    set: Option<&CriteriaSet>,
    reason: Option<&str>,
    actor: uuid::Uuid,
) -> Result<()> {
    if title.hands.contains(&Some(actor)) {
        return Err(Error::conflict(
            "own_record",
            say(
                "Tài khoản này đã nhập hoặc thẩm định hồ sơ nên không được ghi quyết định.",
                "This account recorded or verified the title and may not enter its decision.",
            ),
        ));
    }
    let confirmed = set.is_some_and(|set| set.confirmed);
    if action == Action::Recognise
        && confirmed
        && title.outcome == Outcome::Fails
        && reason.is_none_or(str::is_empty)
    {
        return Err(Error::conflict(
            "reason_needed",
            say(
                "Kết quả chấm chưa đạt theo bộ tiêu chí đã ban hành: công nhận phải ghi lý do.",
                "Under a confirmed criteria set the score fails: recognising needs a reason.",
            ),
        ));
    }
    take_step(title, action.step(), None, set)?;
    title.valid_through = match action {
        Action::Recognise => title.year + set.map_or(0, |set| set.rules.valid_years),
        Action::Decline | Action::Revoke => title.year,
    };
    Ok(())
}

/// Whether a document can have that day.
pub fn check_day(decided_on: NaiveDate, today: NaiveDate) -> Option<FieldError> {
    let first = NaiveDate::from_ymd_opt(2021, 1, 1).unwrap_or_default();
    (decided_on > today || decided_on < first).then(|| {
        FieldError::new(
            "/decided_on",
            "date_range",
            say(
                "Ngày quyết định phải từ 01/01/2021 đến hôm nay.",
                "The day of the decision must lie between 2021-01-01 and today.",
            ),
        )
    })
}
