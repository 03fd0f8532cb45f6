//! When a commune or hamlet is specially difficult, by the decision that lists it: the lower threshold
//! holds there.

pub mod api;
pub mod hamlet_api;
pub mod rows;

pub use crate::register::hamlets::marks::Period;

use crate::base::error::{Error, FieldError, Result, say};

/// A list without faults, in the order of time.
pub fn in_order(mut periods: Vec<Period>) -> Result<Vec<Period>> {
    let errors = faults(&periods);
    if !errors.is_empty() {
        return Err(Error::invalid(errors));
    }
    periods.sort_by_key(|period| period.from);
    Ok(periods)
}

/// What is wrong with a list of periods: one that ends before it begins, two that overlap.
pub fn faults(periods: &[Period]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (n, period) in periods.iter().enumerate() {
        if period.to.is_some_and(|to| to < period.from) {
            errors.push(FieldError::new(
                format!("/periods/{n}/valid_to"),
                "before_from",
                say("Ngày cuối trước ngày đầu.", "The last day is before the first."),
            ));
        }
        let meets = |other: &Period| {
            other.to.is_none_or(|to| period.from <= to)
                && period.to.is_none_or(|to| other.from <= to)
        };
        if periods[..n].iter().any(meets) {
            errors.push(FieldError::new(
                format!("/periods/{n}"),
                "overlap",
                say("Hai khoảng thời gian chồng nhau.", "Two periods overlap."),
            ));
        }
    }
    errors
}
