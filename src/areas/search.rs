//! Finding an area by what people write: its code, an old one, its name, or nearly its name.

use chrono::NaiveDate;

use super::{AreaId, AreaLevel, Areas};
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::text::{near, search_key};

const SUGGESTIONS: usize = 5;

impl Areas {
    /// The area meant by `text` in the parameter or field at `pointer`: a code or an exact name of
    /// that day. Otherwise 422, naming successors or the areas that may be meant.
    pub fn resolve(&self, pointer: &str, text: &str, on: NaiveDate) -> Result<AreaId> {
        if let Some(id) = self.find(text, on) {
            return Ok(id);
        }
        let named: Vec<AreaId> = self.search(text, None, None, on).take_exact();
        if let [id] = named[..] {
            return Ok(id);
        }
        Err(Error::invalid(self.suggest(pointer, text, None, on)))
    }

    /// The area that a query means, the country if it names none. An area that ended is named by its
    /// code and a day on which it had it: `13669@2025-06-30`.
    pub fn named(&self, pointer: &str, text: Option<&str>, on: NaiveDate) -> Result<AreaId> {
        let Some(text) = text else { return Ok(self.country()) };
        match text.split_once('@').map(|(code, day)| (code, day.parse::<NaiveDate>())) {
            Some((code, Ok(day))) => self.resolve(pointer, code, day),
            _ => self.resolve(pointer, text, on),
        }
    }

    /// How a query names an area: by its code of that day.
    pub fn naming(&self, id: AreaId, on: NaiveDate) -> String {
        let version = self.get(id).nearest(on);
        match version.valid_to.filter(|_| !version.holds(on)) {
            Some(last) => format!("{}@{last}", version.code),
            None => version.code.clone(),
        }
    }

    /// Why `text` names nothing on that day, with what may be meant instead.
    pub fn suggest(
        &self,
        pointer: &str,
        text: &str,
        level: Option<AreaLevel>,
        on: NaiveDate,
    ) -> Vec<FieldError> {
        let day = on.format("%d/%m/%Y");
        let mut errors = vec![FieldError::new(
            pointer,
            "area_unknown",
            say(
                format!("Ngày {day} không có địa bàn nào mang mã hoặc tên này."),
                format!("No area has this code or name on {on}."),
            ),
        )];
        let former =
            self.with_code(text).filter(|id| level.is_none_or(|l| self.get(*id).level == l));
        for succession in former.flat_map(|id| &self.get(id).successors) {
            let (code, name) = (self.code(succession.area, on), self.name(succession.area, on));
            errors.push(FieldError::new(
                pointer,
                "area_successor",
                say(
                    format!("Mã cũ; từ {} thuộc {code} {name}.", succession.on.format("%d/%m/%Y")),
                    format!("A former code; since {} part of {code} {name}.", succession.on),
                ),
            ));
        }
        let found = self.search(text, level, None, on);
        let meant = found.0.iter().map(|(_, id)| *id).filter(|_| !text.is_empty());
        for id in meant.take(SUGGESTIONS) {
            let (code, name) = (self.code(id, on), self.name(id, on));
            errors.push(FieldError::new(
                pointer,
                "area_suggestion",
                say(format!("Có phải {code} {name}?"), format!("Perhaps {code} {name}?")),
            ));
        }
        errors
    }

    /// Areas of that day whose name is, begins with, contains or nearly is `text`, the best first.
    pub fn search(
        &self,
        text: &str,
        level: Option<AreaLevel>,
        within: Option<AreaId>,
        on: NaiveDate,
    ) -> Found {
        let key = search_key(text);
        let mut found: Vec<(u8, AreaId)> = self
            .all()
            .iter()
            .filter(|area| level.is_none_or(|level| area.level == level))
            .filter_map(|area| Some((area, area.version(on)?)))
            .filter_map(|(area, version)| {
                let bare = search_key(&version.name);
                let rank = if version.code == text || version.search_key == key || bare == key {
                    0
                } else if bare.starts_with(&key) || version.search_key.starts_with(&key) {
                    1
                } else if key.split(' ').all(|word| version.search_key.contains(word)) {
                    2
                } else if near(&bare, &key) || near(&version.search_key, &key) {
                    3
                } else {
                    return None;
                };
                Some((rank, area.id))
            })
            .filter(|(_, id)| within.is_none_or(|scope| self.ancestors(*id, on).contains(&scope)))
            .collect();
        found.sort_by_key(|(rank, id)| (*rank, self.code(*id, on).len(), *id));
        Found(found)
    }
}

/// What a search found: rank (0 is exact) and area, the best first.
pub struct Found(pub Vec<(u8, AreaId)>);

impl Found {
    fn take_exact(self) -> Vec<AreaId> {
        self.0.into_iter().filter(|(rank, _)| *rank == 0).map(|(_, id)| id).collect()
    }

    /// The areas, if any was matched better than nearly; otherwise the near ones.
    pub fn ids(self) -> Vec<AreaId> {
        let sure = self.0.iter().any(|(rank, _)| *rank < 3);
        self.0.into_iter().filter(|(rank, _)| !sure || *rank < 3).map(|(_, id)| id).collect()
    }
}
