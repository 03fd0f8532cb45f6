//! One commune's part of the register as it is told: its chain, and what each entry leaves.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::figures::Figures;
use super::lines::{Rows, add};
use crate::access::Role;
use crate::areas::AreaId;
use crate::base::version::Version;
use crate::ledger::audit::{Committed, Entity, EntryBody, FORMAT, GENESIS, Item};
use crate::register::titles::rows::Title;

/// Whose entries they are.
pub struct Account {
    pub id: Uuid,
    pub name: String,
    pub role: Role,
}

pub struct Book<'r> {
    pub rows: &'r mut Rows,
    area: AreaId,
    figures: Figures,
    /// The last entry that ended.
    seq: i64,
    hash: [u8; 32],
    open: Open,
}

/// The entry under way.
struct Open {
    day: NaiveDate,
    items: i32,
    leaves: Sha256,
}

impl<'r> Book<'r> {
    pub fn new(rows: &'r mut Rows, area: AreaId) -> Self {
        let open = Open { day: NaiveDate::MIN, items: 0, leaves: Sha256::new() };
        Self { rows, area, figures: Figures::default(), seq: 0, hash: GENESIS, open }
    }

    /// Begins an entry that is known on `day`.
    pub fn begin(&mut self, day: NaiveDate) {
        self.open = Open { day, items: 0, leaves: Sha256::new() };
    }

    pub fn day(&self) -> NaiveDate {
        self.open.day
    }

    /// The version of what the entry under way touches.
    pub fn version(&self) -> Version {
        Version::new(self.area, self.seq + 1)
    }

    /// In the morning of the day, each entry after the one before.
    pub fn moment(&self) -> DateTime<Utc> {
        let morning = self.open.day.and_hms_opt(2, 0, 0).unwrap_or_default().and_utc();
        morning + TimeDelta::minutes(self.seq)
    }

    pub fn item(&mut self, item: &Item) {
        let (seq, n) = (self.seq + 1, self.open.items);
        self.open.leaves.update(item.leaf());
        self.open.items += 1;
        add!(self.rows.items; self.area, seq, n, item.entity.as_str(), &item.id, &item.body);
        for value in &item.values {
            self.value(n, value);
        }
    }

    fn value(&mut self, n: i32, value: &Committed) {
        let seq = self.seq + 1;
        add!(self.rows.values; self.area, seq, n, value.field, &value.salt[..], &value.value);
    }

    /// What the entry makes of a title, whose `n`th state this is.
    pub fn title(&mut self, before: Option<&Title>, after: &mut Title, n: i32) {
        after.version = self.version();
        let state = after.state();
        self.figures.change(self.open.day, before.map(Title::state).as_ref(), &state);
        add!(
            self.rows.states;
            state.holder_id, state.year, state.level.as_str(), n, self.open.day,
            state.kind.as_str(), state.area, &state.group, state.status.as_str(), &state.grade,
            state.valid_through,
        );
        let item = match before {
            Some(before) => {
                Item::changed(Entity::Title, after.id(), before.fields(), after.fields())
            }
            None => Item::created(Entity::Title, after.id(), after.fields()),
        };
        self.item(&item);
    }

    /// Ends the entry; one without items was none.
    pub fn end(&mut self, by: &Account, action: &'static str, reason: Option<&str>) {
        if self.open.items == 0 {
            return;
        }
        let (seq, at, day) = (self.seq + 1, self.moment(), self.open.day);
        let reason = reason.map(|reason| Committed::new("reason", reason.to_owned()));
        if let Some(reason) = &reason {
            self.value(-1, reason);
        }
        let request_id = Uuid::from_u64_pair(self.area as u64, seq as u64);
        let (body, hash) = EntryBody {
            format: FORMAT,
            area: self.area,
            seq,
            day: day.to_string(),
            at: at.to_rfc3339(),
            actor: by.id,
            actor_name: &by.name,
            role: by.role.as_str(),
            actor_area: self.area,
            request_id,
            action,
            reason: reason.as_ref().map(Committed::commitment),
            items: self.open.items as usize,
            items_hash: hex::encode(std::mem::take(&mut self.open.leaves).finalize()),
            previous: hex::encode(self.hash),
        }
        .seal();
        add!(
            self.rows.entries;
            self.area, seq, at, day, by.id, request_id, action, self.open.items, &body, &hash[..],
        );
        self.figures.end_entry(self.rows, self.area, day, seq);
        (self.seq, self.hash) = (seq, hash);
    }

    /// Nothing more happens in this commune.
    pub fn close(self) {
        if self.seq > 0 {
            add!(self.rows.heads; self.area, self.seq, &self.hash[..]);
        }
        self.figures.end(self.rows, self.area);
    }
}
