//! Decisions: documents that recognise, decline or revoke titles.

pub mod api;
pub mod entry;
pub mod mend;
pub mod mend_api;
pub mod rows;

use chrono::NaiveDate;

use self::rows::Line;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::kind::Status;
use crate::register::criteria::{CriteriaSet, Outcome};
use crate::register::titles::change::take_step;
use crate::register::titles::rows::Title;
use crate::register::titles::{Step, next};
use crate::text_enum;

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

    /// What a title is after it.
    pub fn result(self) -> Status {
        match self {
            Self::Recognise => Status::Recognised,
            Self::Decline => Status::NotRecognised,
            Self::Revoke => Status::Revoked,
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

/// What it means that the act of a decision never happened: the title is what it was before.
pub fn annul(
    title: &mut Title,
    line: &Line,
    decision: uuid::Uuid,
    actor: uuid::Uuid,
) -> Result<()> {
    refuse_own(title, actor)?;
    if title.decision_id != Some(decision) || title.status != line.action.result() {
        return Err(Error::conflict(
            "later_act",
            say(
                "Sau quyết định này danh hiệu đã có việc khác (mở lại, thu hồi …); hãy hủy việc đó \
                 trước.",
                "A later act stands on the title; undo that first.",
            ),
        ));
    }
    title.status = next(title.status, Step::Annul)?;
    title.decision_id = line.earlier_decision_id;
    title.valid_through = line.earlier_valid_through;
    Ok(())
}

fn refuse_own(title: &Title, actor: uuid::Uuid) -> Result<()> {
    if !title.hands.contains(&Some(actor)) {
        return Ok(());
    }
    Err(Error::conflict(
        "own_record",
        say(
            "Tài khoản này đã nhập hoặc thẩm định hồ sơ nên không được ghi quyết định.",
            "This account recorded or verified the title and may not enter its decision.",
        ),
    ))
}

/// What a decision does to one title: its status, its validity; refused if the rules forbid it.
pub fn apply(
    title: &mut Title,
    action: Action,
    set: Option<&CriteriaSet>,
    reason: Option<&str>,
    actor: uuid::Uuid,
) -> Result<()> {
    refuse_own(title, actor)?;
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
