//! Criteria sets: what a title asks, by area, kind, level and year, and what a score comes to under it.

pub mod api;
pub mod rows;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::error::{FieldError, say};
use crate::base::hundredths::Points;
use crate::text_enum;

text_enum! {
    /// How a title is assessed.
    pub enum Scheme {
        /// A total against a threshold, with a floor for each criterion.
        Points = "points",
        /// Criteria met give a named grade (TT 24/2023, TT 25/2023, TT 44/2014).
        Grades = "grades",
    }
}

/// One criterion of a set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Criterion {
    /// Short and stable: `1.1`.
    #[schema(example = "1.1")]
    pub code: String,
    pub name: String,
    /// The most it can give; none under grades.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<Points>,
}

/// A grade, the highest first in its list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    #[schema(example = "level_2")]
    pub code: String,
    #[schema(example = "Mức độ 2")]
    pub name: String,
}

/// What a set asks.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    #[serde(default)]
    pub criteria: Vec<Criterion>,
    /// The total at which the title is earned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Points>,
    /// The lower one of difficult communes and hamlets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold_difficult: Option<Points>,
    /// What no criterion may fall below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<Points>,
    /// The grades, highest first.
    #[serde(default)]
    pub grades: Vec<Grade>,
    /// For how many years after its own a recognised title stays in force.
    #[serde(default)]
    pub valid_years: i16,
}

/// A score as it was given: points by criterion, a total alone, a grade, or only whether it passes.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Score {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub points: BTreeMap<String, Points>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<Points>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<String>,
    /// đạt / không đạt, where a list says no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<bool>,
}

text_enum! {
    /// What a score comes to.
    pub enum Outcome {
        /// Nothing to compute it from.
        Unknown = "unknown",
        Passes = "passes",
        Fails = "fails",
    }
}

impl Outcome {
    pub fn vi(self) -> &'static str {
        match self {
            Self::Unknown => "chưa rõ",
            Self::Passes => "đạt",
            Self::Fails => "không đạt",
        }
    }
}

/// The computed outcome with what it lacks and what could not be checked.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Assessment {
    pub outcome: Outcome,
    /// What is missing for the title, in Vietnamese sentences.
    pub lacks: Vec<String>,
    /// What could not be checked, in Vietnamese sentences.
    pub unchecked: Vec<String>,
}

impl Score {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The total given, or the sum of the points.
    pub fn total(&self) -> Option<Points> {
        self.total.or_else(|| {
            (!self.points.is_empty()).then(|| Points(self.points.values().map(|p| p.0).sum()))
        })
    }

    /// Everything about the score that does not fit the set; pointers are below `at`.
    pub fn check(&self, scheme: Scheme, rules: &Rules, at: &str) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut wrong = |pointer: String, code, vi: String, en: String| {
            errors.push(FieldError::new(format!("{at}{pointer}"), code, say(vi, en)));
        };
        if self.is_empty() {
            wrong(
                String::new(),
                "score_empty",
                "Chưa có điểm, xếp loại hay kết quả.".into(),
                "Neither points, total, grade nor result is given.".into(),
            );
        }
        for (code, points) in &self.points {
            match rules.criteria.iter().find(|c| c.code == *code) {
                None => wrong(
                    format!("/points/{code}"),
                    "criterion_unknown",
                    format!("Bộ tiêu chí không có tiêu chí “{code}”."),
                    format!("The criteria set has no criterion {code}."),
                ),
                Some(Criterion { max: Some(max), .. }) if points > max => wrong(
                    format!("/points/{code}"),
                    "points_above_maximum",
                    format!("Tiêu chí {code} cho tối đa {max} điểm, không phải {points}."),
                    format!("Criterion {code} gives at most {max} points, not {points}."),
                ),
                Some(_) => {}
            }
        }
        if scheme == Scheme::Points && self.total().is_some_and(|t| t > Points::whole(100)) {
            wrong(
                "/total".into(),
                "total_above_100",
                "Tổng điểm không được quá 100.".into(),
                "The total must not exceed 100.".into(),
            );
        }
        if let Some(total) = self.total {
            let sum: i32 = self.points.values().map(|p| p.0).sum();
            if self.points.len() == rules.criteria.len()
                && !self.points.is_empty()
                && sum != total.0
            {
                wrong(
                    "/total".into(),
                    "total_differs",
                    format!("Tổng điểm {total} khác tổng các tiêu chí {}.", Points(sum)),
                    format!("The total {total} differs from the sum {}.", Points(sum)),
                );
            }
        }
        if let Some(grade) = &self.grade
            && !rules.grades.iter().any(|g| g.code == *grade)
        {
            let known = rules.grades.iter().map(|g| &*g.code).collect::<Vec<_>>().join(", ");
            wrong(
                "/grade".into(),
                "grade_unknown",
                format!("Bộ tiêu chí không có xếp loại “{grade}” (có: {known})."),
                format!("The criteria set has no grade {grade} (it has: {known})."),
            );
        }
        errors
    }

    /// The outcome under a set (QĐ 244/QĐ-KHVN for citizens: threshold, lower threshold in difficult
    /// areas, no indicator below the floor).
    pub fn assess(&self, scheme: Scheme, rules: &Rules, difficult: bool) -> Assessment {
        let (mut lacks, mut unchecked) = (Vec::new(), Vec::new());
        let mut computed = false;
        if scheme == Scheme::Points
            && let Some(total) = self.total()
        {
            let threshold = match (difficult, rules.threshold_difficult) {
                (true, Some(lower)) => Some(lower),
                _ => rules.threshold,
            };
            if let Some(threshold) = threshold {
                computed = true;
                if total < threshold {
                    lacks.push(format!("Tổng điểm {total} chưa đến {threshold}."));
                }
            }
            if let Some(floor) = rules.floor {
                for (code, points) in self.points.iter().filter(|(_, points)| **points < floor) {
                    lacks
                        .push(format!("Tiêu chí {code} được {points} điểm, dưới mức sàn {floor}."));
                }
                if self.points.len() < rules.criteria.len() {
                    unchecked.push(format!(
                        "Chưa kiểm tra được mức sàn {floor} điểm: thiếu điểm từng tiêu chí."
                    ));
                }
            }
        }
        if scheme == Scheme::Grades && self.grade.is_some() {
            computed = true;
        }
        match self.passed {
            Some(false) => lacks.push("Danh sách ghi “không đạt”.".to_owned()),
            Some(true) if !computed => {
                unchecked.push("Chỉ có kết quả “đạt”, chưa có điểm để kiểm tra.".to_owned());
            }
            _ => {}
        }
        let outcome = if !lacks.is_empty() {
            Outcome::Fails
        } else if computed || self.passed == Some(true) {
            Outcome::Passes
        } else {
            Outcome::Unknown
        };
        Assessment { outcome, lacks, unchecked }
    }
}

/// A set with its place in the register.
#[derive(Debug, Clone)]
pub struct CriteriaSet {
    pub id: uuid::Uuid,
    pub area: i32,
    pub kind: crate::base::kind::Kind,
    pub level: crate::base::kind::Level,
    pub edition: i32,
    pub scheme: Scheme,
    pub source: String,
    pub first_year: i16,
    pub last_year: i16,
    /// An unconfirmed set advises and never obliges.
    pub confirmed: bool,
    pub rules: Rules,
    pub version: crate::base::version::Version,
}

/// The set that applies: of the nearest ancestor that has one for the year, its latest edition.
/// `ancestors` begins with the area itself.
pub fn applicable<'a>(
    sets: &'a [CriteriaSet],
    ancestors: &[i32],
    kind: crate::base::kind::Kind,
    level: crate::base::kind::Level,
    year: i16,
) -> Option<&'a CriteriaSet> {
    ancestors.iter().find_map(|area| {
        sets.iter()
            .filter(|set| set.area == *area && set.kind == kind && set.level == level)
            .filter(|set| (set.first_year..=set.last_year).contains(&year))
            .max_by_key(|set| set.edition)
    })
}
