//! What is wrong with what came in, gathered so that all of it is told at once.

use crate::base::error::{Error, FieldError, Result, Say};

/// How many faults are told.
const MOST: usize = 50;

/// The first fault of each place, in the order in which they are found.
pub struct Faults {
    /// The code of what does not fit its type: `shape` in a body, `parameter` in a query.
    code: &'static str,
    found: Vec<FieldError>,
}

impl Faults {
    pub fn of_body() -> Self {
        Self { code: "shape", found: Vec::new() }
    }

    pub fn of_query() -> Self {
        Self { code: "parameter", found: Vec::new() }
    }

    /// What stands at `at` does not fit its type.
    pub fn misfit(&mut self, at: &str, detail: Say) {
        self.tell(FieldError::new(at, self.code, detail));
    }

    pub fn tell(&mut self, fault: FieldError) {
        if !self.full() && !self.told(&fault.pointer) {
            self.found.push(fault);
        }
    }

    /// Whether so much is wrong that nothing more is looked for.
    pub fn full(&self) -> bool {
        self.found.len() >= MOST
    }

    /// Whether it is known already that something is wrong there, or with what it lies in.
    fn told(&self, pointer: &str) -> bool {
        self.found.iter().any(|fault| {
            let below = pointer.strip_prefix(&fault.pointer);
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Passes `value` if nothing is wrong with it.
    pub fn none_in<T>(self, value: Option<T>) -> Result<T> {
        value.filter(|_| self.found.is_empty()).ok_or_else(|| Error::invalid(self.found))
    }
}

/// Does some work one step further down a JSON Pointer (RFC 6901); parameters stand right after `?`.
pub fn within(at: &mut String, name: &str, work: impl FnOnce(&mut String)) {
    let length = at.len();
    if at == "?" {
        at.push_str(name);
    } else {
        at.push('/');
        at.push_str(&name.replace('~', "~0").replace('/', "~1"));
    }
    work(at);
    at.truncate(length);
}
