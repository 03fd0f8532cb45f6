//! A decision as it is sent: its head, and its titles by part.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::rows::{Decision, Part};
use super::{Action, Body as AuthorityBody, Document, check_day};
use crate::areas::Areas;
use crate::base::clock::today;
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::version::Version;
use crate::register::titles::choice::{Named, RecordRef, Selection};

/// The body that decided.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// Code of its area on the day of the decision: a district until 30 June 2025.
    #[schema(example = "13669")]
    pub area: String,
    pub body: AuthorityBody,
    /// Its full name; made of body and area if not given.
    #[schema(example = "UBND Phường Nam Định")]
    #[validate(length(max = 200))]
    pub name: Option<String>,
}

/// Who signed: a person on paper, not an account.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct Signatory {
    #[schema(example = "Nguyễn Thị Hạnh")]
    #[validate(length(min = 1, max = 200))]
    pub name: String,
    #[schema(example = "Phó Chủ tịch")]
    #[validate(length(min = 1, max = 200))]
    pub position: String,
    /// In whose place, as printed above the name.
    #[serde(default)]
    #[schema(example = "KT. CHỦ TỊCH")]
    #[validate(length(max = 200))]
    pub capacity: String,
}

/// What is done to some titles.
#[derive(Debug, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct PartBody {
    action: Action,
    records: Option<Vec<RecordRef>>,
    pub select: Option<Selection>,
    /// How many titles `select` must find.
    pub expected: Option<i64>,
    /// Needed to recognise against the outcome under a confirmed criteria set.
    #[validate(length(max = 1000))]
    pub reason: Option<String>,
}

/// A decision to enter.
#[derive(Debug, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewDecision {
    pub document: Document,
    #[validate(nested)]
    pub authority: Authority,
    /// As printed, text: `15a`.
    #[schema(example = "15a")]
    #[validate(length(min = 1, max = 50))]
    pub number: String,
    #[serde(default)]
    #[schema(example = "QĐ-UBND")]
    #[validate(length(max = 50))]
    pub symbol: String,
    pub decided_on: NaiveDate,
    #[validate(nested)]
    pub signatory: Signatory,
    #[serde(default)]
    #[validate(length(max = 1000))]
    pub note: String,
    #[validate(nested, length(min = 1, max = 50))]
    pub titles: Vec<PartBody>,
}

impl NewDecision {
    /// What it is to be, or everything that is wrong with it.
    pub fn checked(self, areas: &Areas) -> Result<(Decision, Vec<Part>)> {
        let mut errors: Vec<FieldError> = check_day(self.decided_on, today()).into_iter().collect();
        for (n, part) in self.titles.iter().enumerate() {
            if !part.action.allowed_by(self.document) {
                errors.push(FieldError::new(
                format!("/titles/{n}/action"),
                "document_not_enough",
                say(
                    "Loại văn bản này không đủ để làm việc đó: công nhận cần quyết định hoặc thông \
                     báo, thu hồi cần quyết định.",
                    "The document is not enough: recognising takes a decision or notice, revoking a \
                     decision.",
                ),
            ));
            }
        }
        let area = match areas.resolve("/authority/area", &self.authority.area, self.decided_on) {
            Ok(area) => Some(area),
            Err(error) => {
                errors.extend(error.to_problem().errors);
                None
            }
        };
        let mut parts = Vec::new();
        for (n, part) in self.titles.into_iter().enumerate() {
            let named =
                Named { records: part.records, select: part.select, expected: part.expected };
            match named.check(areas, &format!("/titles/{n}")) {
                Ok(choice) => parts.push(Part { action: part.action, choice, reason: part.reason }),
                Err(error) => errors.extend(error.to_problem().errors),
            }
        }
        let Some(area) = area.filter(|_| errors.is_empty()) else {
            return Err(Error::invalid(errors));
        };
        let full_name = || {
            let area = &areas.get(area).nearest(self.decided_on).full_name;
            format!("{} {area}", self.authority.body.vi()).trim().to_owned()
        };
        let decision = Decision {
            id: Uuid::now_v7(),
            document: self.document,
            authority_area_id: area,
            authority_body: self.authority.body,
            authority_name: self.authority.name.clone().unwrap_or_else(full_name),
            number: self.number,
            symbol: self.symbol,
            decided_on: self.decided_on,
            signatory_name: self.signatory.name,
            signatory_position: self.signatory.position,
            signatory_capacity: self.signatory.capacity,
            note: self.note,
            entered_by: Uuid::nil(),
            version: Version::NEVER,
            annulled_at: None,
            annulled_by: None,
            annul_reason: String::new(),
        };
        Ok((decision, parts))
    }
}
