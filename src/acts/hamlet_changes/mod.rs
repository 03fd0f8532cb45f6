//! What becomes of hamlets by a decision: renamed, converted, merged or dissolved on a day, taken back,
//! or corrected as if they had always been so.

pub mod api;
mod carry;
pub mod correct;
pub mod due;
pub mod rows;
mod undo;

use chrono::{Datelike, Days, NaiveDate};
use uuid::Uuid;

use crate::base::error::{Error, FieldError, Result, say};
use crate::base::version::Version;
use crate::register::hamlets::ChangeAction;
use crate::register::hamlets::planned::Plan;
use crate::text_enum;

/// How many days before its day a change may be entered.
const MOST_AHEAD: u64 = 366;

text_enum! {
    pub enum ChangeState {
        /// It waits for its day.
        Planned = "planned",
        Made = "made",
        /// On its day it did not fit.
        Failed = "failed",
        /// Taken back before its day.
        Withdrawn = "withdrawn",
        /// Taken back after it was made.
        Undone = "undone",
    }
}

/// What is to change.
#[derive(Debug, Clone)]
pub struct NewHamletChange {
    pub action: ChangeAction,
    pub effective_on: NaiveDate,
    pub document: String,
    /// The hamlets, and the versions on which the change builds; what was planned takes them as they are.
    pub hamlets: Vec<(Uuid, Option<Version>)>,
    pub hamlet_type: Option<String>,
    pub name: Option<String>,
    /// Of a merger: the one that survives; without it a new one is made.
    pub into: Option<(Uuid, Option<Version>)>,
}

impl NewHamletChange {
    /// What is kept of it until its day.
    pub fn plan(&self) -> Plan {
        Plan {
            hamlets: self.hamlets.iter().map(|(id, _)| *id).collect(),
            hamlet_type: self.hamlet_type.clone(),
            name: self.name.clone(),
            into: self.into.map(|(id, _)| id),
        }
    }

    /// What the request lacks or has too much of, before any hamlet is read.
    pub fn check(&self, today: NaiveDate) -> Result<()> {
        use ChangeAction::*;
        let mut errors = Vec::new();
        let mut wrong = |pointer: &str, code, vi: &'static str, en: &'static str| {
            errors.push(FieldError::new(pointer, code, say(vi, en)));
        };
        if self.effective_on > today + Days::new(MOST_AHEAD) {
            let vi = "Ngày hiệu lực còn quá xa (hơn một năm).";
            wrong("/effective_on", "too_far", vi, "It takes effect more than a year ahead.");
        }
        if self.effective_on.year() < 2021 {
            let vi = "Sổ bộ bắt đầu từ năm 2021.";
            wrong("/effective_on", "range", vi, "The register begins in 2021.");
        }
        let mut ids: Vec<Uuid> =
            self.hamlets.iter().chain(self.into.iter()).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        if ids.len() < self.hamlets.len() + usize::from(self.into.is_some()) {
            wrong("/hamlets", "repeated", "Có thôn ghi hai lần.", "A hamlet stands twice.");
        }
        let made = self.action == Merge && self.into.is_none();
        if self.action == Rename && self.hamlets.len() != 1 {
            wrong("/hamlets", "length", "Mỗi lần đổi tên một thôn.", "One hamlet is renamed.");
        }
        if made && self.hamlets.len() < 2 {
            let vi = "Sáp nhập cần ít nhất hai thôn.";
            wrong("/hamlets", "length", vi, "A merger takes two hamlets at least.");
        }
        if (self.action == Rename || made) && self.name.is_none() {
            wrong("/name", "required", "Cần ghi tên mới.", "The new name is needed.");
        }
        if (self.action == Convert || made) && self.hamlet_type.is_none() {
            wrong("/type", "required", "Cần ghi loại mới.", "The new type is needed.");
        }
        let named = self.action == Rename || made;
        if self.name.is_some() && !named {
            wrong("/name", "not_taken", "Việc này không đặt tên mới.", "This gives no new name.");
        }
        if self.hamlet_type.is_some() && !named && self.action != Convert {
            wrong("/type", "not_taken", "Việc này không đổi loại.", "This gives no new type.");
        }
        if self.into.is_some() && self.action != Merge {
            let vi = "Chỉ khi sáp nhập mới ghi thôn nhận.";
            wrong("/into", "not_taken", vi, "Only a merger has a hamlet to go into.");
        }
        if errors.is_empty() { Ok(()) } else { Err(Error::invalid(errors)) }
    }
}

impl ChangeAction {
    /// The name of the action in the trail.
    pub fn trail(self) -> &'static str {
        match self {
            Self::Rename => "hamlet.rename",
            Self::Convert => "hamlet.convert",
            Self::Merge => "hamlet.merge",
            Self::Dissolve => "hamlet.dissolve",
        }
    }
}

impl ChangeState {
    /// Whether its hamlets have former names to tell.
    pub fn was_made(self) -> bool {
        matches!(self, Self::Made | Self::Undone)
    }
}
