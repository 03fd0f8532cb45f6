//! What people may ask of the register: to see what it holds on them, and to be forgotten.

pub mod api;
pub mod course;
pub mod erase;
mod free_text;
pub mod print;
pub mod rows;

use crate::base::error::{Error, Result, say};
use crate::base::kind::Kind;
use crate::base::text::search_key;

/// How a person is recognised in free text: by a name or number, however they are written.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    names: Vec<String>,
    numbers: Vec<String>,
}

impl Marks {
    pub fn new<'a>(
        names: impl IntoIterator<Item = &'a str>,
        numbers: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let keys = names.into_iter().map(|name| format!(" {} ", search_key(name)));
        let names = keys.filter(|key| key.len() > 2).collect();
        Self { names, numbers: numbers.into_iter().map(str::to_owned).collect() }
    }

    /// The same without names of one word, which are words of other things too: `An` of `Công an`.
    pub fn in_full(&self) -> Self {
        let full = |name: &&String| name.split_whitespace().count() > 1;
        Self {
            names: self.names.iter().filter(full).cloned().collect(),
            numbers: self.numbers.clone(),
        }
    }

    /// Whether a text names the person: whole words of the name, without regard to case, diacritics
    /// and blanks; digits of the number, whatever stands between them.
    pub fn stand_in(&self, text: &str) -> bool {
        let key = format!(" {} ", search_key(text));
        let digits: String = key.chars().filter(|c| *c != ' ').collect();
        self.names.iter().any(|name| key.contains(name))
            || self.numbers.iter().any(|number| digits.contains(&number.to_lowercase()))
    }
}

/// Only what belongs to people is theirs to ask for.
pub fn check_person(kind: Kind) -> Result<()> {
    match kind {
        Kind::Family | Kind::Clan | Kind::Citizen => Ok(()),
        Kind::Community | Kind::Unit => Err(Error::unprocessable(
            "not_a_person",
            say(
                "Cộng đồng và đơn vị không có dữ liệu cá nhân.",
                "Communities and units have no personal data.",
            ),
        )),
    }
}
