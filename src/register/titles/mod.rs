//! Titles: one holder, one level, one assessment year, and the steps of its life.

pub mod api;
pub mod body;
pub mod change;
pub mod choice;
pub mod chosen;
pub mod correct;
pub mod correct_api;
pub mod filter;
pub mod listing;
pub mod follow;
pub mod list_api;
pub mod hand_over;
pub mod rows;
pub mod then;
pub mod write;

use crate::base::error::{Error, Result, say};
use crate::base::kind::Status;
use crate::text_enum;

text_enum! {
    /// Everything that moves a title from one status to another.
    pub enum Step {
        /// The holder's own score is in (tự chấm).
        Assess = "assess",
        /// The commune's association has checked it (thẩm định).
        Verify = "verify",
        /// Back to the holder for correction (trả lại).
        Return = "return",
        /// Dropped out after registering (rút).
        Withdraw = "withdraw",
        /// An appeal or a late addition (mở lại).
        Reopen = "reopen",
        /// By a decision (công nhận).
        Recognise = "recognise",
        /// By a decision or minutes (không công nhận).
        Decline = "decline",
        /// By a decision (thu hồi).
        Revoke = "revoke",
        /// The decision was entered wrongly (hủy quyết định).
        Annul = "annul",
    }
}

/// The lifecycle: the only way in which a status changes.
pub fn next(status: Status, step: Step) -> Result<Status> {
    use Status::*;
    use Step::*;
    match (status, step) {
        (Registered, Assess) => Ok(SelfAssessed),
        (SelfAssessed, Verify) => Ok(Verified),
        (SelfAssessed | Verified, Return) => Ok(Registered),
        (Registered | SelfAssessed | Verified, Withdraw) => Ok(Withdrawn),
        (Withdrawn, Reopen) => Ok(Registered),
        (NotRecognised | Revoked, Reopen) => Ok(Verified),
        (Verified, Recognise) => Ok(Recognised),
        (Verified, Decline) => Ok(NotRecognised),
        (Recognised, Step::Revoke) => Ok(Revoked),
        (Recognised | NotRecognised, Annul) => Ok(Verified),
        (Revoked, Annul) => Ok(Recognised),
        _ => Err(Error::conflict(
            "step_not_allowed",
            say(
                format!("Danh hiệu {} nên không thể {}.", status.vi(), step.vi()),
                format!("A title that is {status} cannot take the step {step}."),
            ),
        )),
    }
}

impl Step {
    pub fn vi(self) -> &'static str {
        match self {
            Self::Assess => "tự chấm",
            Self::Verify => "thẩm định",
            Self::Return => "trả lại",
            Self::Withdraw => "rút",
            Self::Reopen => "mở lại",
            Self::Recognise => "công nhận",
            Self::Decline => "ghi không công nhận",
            Self::Revoke => "thu hồi",
            Self::Annul => "hủy quyết định",
        }
    }

    /// Whether the trail must say why.
    pub fn needs_reason(self) -> bool {
        matches!(self, Self::Return | Self::Withdraw | Self::Reopen | Self::Annul)
    }

    /// The name of the action in the trail.
    pub fn action(self) -> &'static str {
        match self {
            Self::Assess => "title.assess",
            Self::Verify => "title.verify",
            Self::Return => "title.return",
            Self::Withdraw => "title.withdraw",
            Self::Reopen => "title.reopen",
            Self::Recognise => "title.recognise",
            Self::Decline => "title.decline",
            Self::Revoke => "title.revoke",
            Self::Annul => "decision.annul",
        }
    }
}

/// Whether scores may still change without sending the title back.
pub fn is_open(status: Status) -> bool {
    matches!(status, Status::Registered | Status::SelfAssessed)
}

/// Whether no decision was taken yet: what follows a holder that moves.
pub fn is_undecided(status: Status) -> bool {
    matches!(status, Status::Registered | Status::SelfAssessed | Status::Verified)
}
