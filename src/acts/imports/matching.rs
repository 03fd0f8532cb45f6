//! Which holder a row means: by code, else by its own number, else by hamlet, name and birth year.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use diesel::prelude::*;
use uuid::Uuid;

use super::hamlets::Hamlets;
use super::near::Near;
use super::{Code, Row};
use crate::base::kind::Kind;
use crate::base::number::masked;
use crate::base::schema::holders;
use crate::base::text::name_key;

/// What a row was found to mean.
#[derive(Debug, Clone, PartialEq)]
pub enum Meant {
    /// A holder of the register.
    Known(Uuid),
    New,
    /// It cannot be told; the doubts say why.
    Unclear(Vec<Doubt>),
}

/// A fault before the column is known in which it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Doubt {
    pub field: &'static str,
    pub value: String,
    pub code: &'static str,
    pub reason: String,
    pub suggestion: Option<String>,
}

/// Who has the number of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Owner {
    /// A holder of this commune.
    Here(Uuid),
    /// One of the commune of this name.
    Elsewhere(Arc<str>),
}

/// A holder whom a row may mean: what is compared, and no more.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = holders)]
pub struct Candidate {
    pub id: Uuid,
    pub hamlet_id: Option<Uuid>,
    pub code: String,
    pub name: String,
    pub birth_year: Option<i16>,
}

/// What is known of the commune.
pub struct Known {
    pub kind: Kind,
    pub holders: Vec<Candidate>,
    pub hamlets: Hamlets,
    /// Those whom earlier lists entered as `mới`: the same row means them again.
    pub newcomers: HashSet<Uuid>,
}

/// What the matching needs of a row.
pub struct Sign {
    sheet: Arc<str>,
    number: u32,
    code: Option<Code>,
    name: Box<str>,
    born: Option<i16>,
    personal_number: Option<Box<str>>,
    hamlet: Result<Option<Uuid>, Box<Doubt>>,
}

/// A row with its hamlet found.
pub struct Placed {
    pub hamlet: Option<Uuid>,
    pub meant: Meant,
}

impl Doubt {
    pub fn of(field: &'static str, value: &str, code: &'static str, reason: String) -> Self {
        Self { field, value: value.to_owned(), code, reason, suggestion: None }
    }
}

impl Known {
    /// What the rows say, by which they are matched; those before are `signs`.
    pub fn read(&self, by_code: &HashMap<String, usize>, row: &Row, signs: &[Sign]) -> Sign {
        let coded = match &row.code {
            Some(Code::Printed(code)) => {
                by_code.get(code).and_then(|at| self.holders[*at].hamlet_id)
            }
            _ => None,
        };
        let sheet = match signs.last() {
            Some(last) if *last.sheet == *row.sheet => last.sheet.clone(),
            _ => Arc::from(&*row.sheet),
        };
        Sign {
            sheet,
            number: row.number,
            code: row.code.clone(),
            name: Box::from(&*row.name),
            born: born(row),
            personal_number: row.personal_number.as_deref().map(Box::from),
            hamlet: self.hamlets.find(row, self.kind, coded),
        }
    }
}

/// Matches all rows at once, the surest sign first, so that no holder is taken twice. `owners` tells
/// who has the number of a row.
pub fn find(signs: Vec<Sign>, known: &Known, owners: &HashMap<usize, Owner>) -> Vec<Placed> {
    let mut matcher = Matcher::new(&signs, known, owners);
    matcher.refuse_twins();
    matcher.by_code();
    matcher.by_number();
    matcher.by_name();
    matcher.doubt_near_names();
    matcher.check_numbers();
    let Matcher { hamlets, meant, .. } = matcher;
    let placed = hamlets.into_iter().zip(meant);
    placed.map(|(hamlet, meant)| Placed { hamlet, meant: meant.unwrap_or(Meant::New) }).collect()
}

struct Matcher<'a> {
    rows: &'a [Sign],
    known: &'a Known,
    owners: &'a HashMap<usize, Owner>,
    by_id: HashMap<Uuid, &'a Candidate>,
    by_code: HashMap<&'a str, &'a Candidate>,
    hamlets: Vec<Option<Uuid>>,
    meant: Vec<Option<Meant>>,
    /// The row that means a holder.
    taken: HashMap<Uuid, usize>,
}

impl<'a> Matcher<'a> {
    fn new(rows: &'a [Sign], known: &'a Known, owners: &'a HashMap<usize, Owner>) -> Self {
        let (mut hamlets, mut meant) = (Vec::new(), Vec::new());
        for row in rows {
            match &row.hamlet {
                Ok(hamlet) => {
                    hamlets.push(*hamlet);
                    meant.push(None);
                }
                Err(doubt) => {
                    hamlets.push(None);
                    meant.push(Some(Meant::Unclear(vec![(**doubt).clone()])));
                }
            }
        }
        let by_id = known.holders.iter().map(|holder| (holder.id, holder)).collect();
        let by_code = known.holders.iter().map(|holder| (&*holder.code, holder)).collect();
        Self { rows, known, owners, by_id, by_code, hamlets, meant, taken: HashMap::new() }
    }

    /// The rows of which it is not yet known what they mean.
    fn open(&self) -> Vec<usize> {
        (0..self.rows.len()).filter(|n| self.meant[*n].is_none()).collect()
    }

    fn refuse(&mut self, n: usize, doubt: Doubt) {
        match &mut self.meant[n] {
            Some(Meant::Unclear(doubts)) => doubts.push(doubt),
            meant => *meant = Some(Meant::Unclear(vec![doubt])),
        }
    }

    fn take(&mut self, n: usize, holder: Uuid) {
        let Some(other) = self.taken.get(&holder) else {
            self.taken.insert(holder, n);
            self.meant[n] = Some(Meant::Known(holder));
            return;
        };
        let reason = format!(
            "{} đã là đối tượng này ({}). Hãy xóa một dòng, hoặc ghi “mới” vào cột Mã sổ bộ nếu là \
             đối tượng khác.",
            self.place(*other, n),
            self.by_id[&holder].code
        );
        self.refuse(n, Doubt::of("name", &self.rows[n].name, "duplicate_row", reason));
    }

    /// `Dòng 12`, and of which sheet if it is another than that of the row that is told.
    fn place(&self, other: usize, told: usize) -> String {
        let (other, told) = (&self.rows[other], &self.rows[told]);
        if other.sheet == told.sheet {
            format!("Dòng {}", other.number)
        } else {
            format!("Dòng {} của trang “{}”", other.number, other.sheet)
        }
    }

    fn refuse_twins(&mut self) {
        let mut first: HashMap<_, usize> = HashMap::new();
        for n in self.open() {
            let row = &self.rows[n];
            if row.code.is_some() {
                continue;
            }
            let same = (self.hamlets[n], name_key(&row.name), row.born, &row.personal_number);
            if let Some(other) = first.get(&same) {
                let reason =
                    format!("{} giống hệt dòng này; hãy xóa một dòng.", self.place(*other, n));
                self.refuse(n, Doubt::of("name", &row.name, "duplicate_row", reason));
            } else {
                first.insert(same, n);
            }
        }
    }

    fn by_code(&mut self) {
        for n in self.open() {
            let row = &self.rows[n];
            let Some(Code::Printed(code)) = &row.code else { continue };
            if let Some(holder) = self.by_code.get(&**code) {
                self.take(n, holder.id);
                continue;
            }
            let reason = format!(
                "Xã không có {} nào mang mã này; hãy sửa mã theo danh sách đã in, hoặc ghi “mới”.",
                self.known.kind.vi().to_lowercase()
            );
            self.refuse(n, Doubt::of("code", code, "code_unknown", reason));
        }
    }

    fn by_number(&mut self) {
        for n in self.open() {
            match self.owners.get(&n) {
                Some(Owner::Here(holder)) if self.rows[n].code.is_none() => self.take(n, *holder),
                _ => {}
            }
        }
    }

    /// By hamlet, name and birth year: if exactly one fits and no other row takes it.
    fn by_name(&mut self) {
        let mut by_name: HashMap<String, Vec<&Candidate>> = HashMap::new();
        for holder in &self.known.holders {
            by_name.entry(self.name_of(holder)).or_default().push(holder);
        }
        for n in self.open() {
            let row = &self.rows[n];
            let name = match self.known.kind {
                Kind::Community => self.hamlets[n].map(|id| id.to_string()).unwrap_or_default(),
                _ => name_key(&row.name),
            };
            let fits = |h: &&&Candidate| {
                same_place(self.hamlets[n], h) && same_year(row.born, h.birth_year)
            };
            let fitting: Vec<&Candidate> =
                by_name.get(&name).into_iter().flatten().filter(fits).copied().collect();
            let free: Vec<&Candidate> =
                fitting.iter().filter(|h| !self.taken.contains_key(&h.id)).copied().collect();
            let is_new = row.code == Some(Code::New) && self.known.kind != Kind::Community;
            match (&fitting[..], &free[..]) {
                _ if is_new => {
                    let again = |h: &&&Candidate| {
                        self.known.newcomers.contains(&h.id) && row.born == h.birth_year
                    };
                    match free.iter().find(again) {
                        Some(holder) => self.take(n, holder.id),
                        None => self.meant[n] = Some(Meant::New),
                    }
                }
                (_, [holder]) => self.take(n, holder.id),
                ([], _) => self.meant[n] = Some(Meant::New),
                (_, []) => self.take(n, fitting[0].id),
                (_, several) => {
                    let doubt = ambiguous(row, several);
                    self.refuse(n, doubt);
                }
            }
        }
    }

    /// What by_name compares: of a community its hamlet.
    fn name_of(&self, holder: &Candidate) -> String {
        match self.known.kind {
            Kind::Community => holder.hamlet_id.map(|id| id.to_string()).unwrap_or_default(),
            _ => name_key(&holder.name),
        }
    }

    /// New rows whose name nearly is that of a holder whom no other row means.
    fn doubt_near_names(&mut self) {
        if self.known.kind == Kind::Community {
            return;
        }
        let free = self.known.holders.iter().filter(|h| !self.taken.contains_key(&h.id));
        let near = Near::new(free);
        for n in 0..self.rows.len() {
            let row = &self.rows[n];
            if self.meant[n] != Some(Meant::New) || row.code.is_some() {
                continue;
            }
            let mut candidates = near.find(self.hamlets[n], &row.name);
            candidates.retain(|holder| same_year(row.born, holder.birth_year));
            if !candidates.is_empty() {
                let doubt = ambiguous(row, &candidates);
                self.refuse(n, doubt);
            }
        }
    }

    /// No number twice: not in the list, nor on another holder than the one that is meant.
    fn check_numbers(&mut self) {
        if !matches!(self.known.kind, Kind::Citizen | Kind::Unit) {
            return;
        }
        let mut first: HashMap<&str, usize> = HashMap::new();
        for n in 0..self.rows.len() {
            let row = &self.rows[n];
            let Some(number) = row.personal_number.as_deref() else { continue };
            let said = masked(number);
            let told = matches!(self.meant[n], Some(Meant::Unclear(_)));
            if let Some(other) = first.get(number) {
                // One that stands twice has its fault already.
                if told {
                    continue;
                }
                let other = self.place(*other, n);
                let reason = format!("{other} cũng ghi số này; mỗi số chỉ là của một đối tượng.");
                self.refuse(n, Doubt::of("number", &said, "number_repeated", reason));
                continue;
            }
            first.insert(number, n);
            let meant = match self.meant[n] {
                Some(Meant::Known(id)) => Some(id),
                Some(Meant::New) => None,
                _ => continue,
            };
            let reason = match self.owners.get(&n) {
                Some(Owner::Here(owner)) if Some(*owner) != meant => {
                    let code = self.by_id.get(owner).map_or("", |holder| &*holder.code);
                    format!("Trong sổ bộ số này là của đối tượng mang mã {code}; hãy kiểm tra lại.")
                }
                Some(Owner::Elsewhere(commune)) => {
                    format!("Số này đã có trong sổ bộ của {commune}; hãy liên hệ nơi đó.")
                }
                _ => continue,
            };
            self.refuse(n, Doubt::of("number", &said, "number_taken", reason));
        }
    }
}

fn ambiguous(row: &Sign, candidates: &[&Candidate]) -> Doubt {
    let list: Vec<String> = candidates
        .iter()
        .take(5)
        .map(|h| match h.birth_year {
            Some(year) => format!("{} {} ({year})", h.code, h.name),
            None => format!("{} {}", h.code, h.name),
        })
        .collect();
    let reason = format!(
        "Trong sổ bộ có {}. Nếu là cùng đối tượng, hãy ghi mã đó vào cột Mã sổ bộ; nếu là đối tượng \
         khác, hãy ghi “mới”.",
        list.join("; ")
    );
    let doubt = Doubt::of("name", &row.name, "ambiguous", reason);
    Doubt { suggestion: candidates.first().map(|h| h.code.clone()), ..doubt }
}

fn born(row: &Row) -> Option<i16> {
    let details = &row.details;
    let year = details["head_birth_year"].as_i64().or(details["birth_year"].as_i64());
    let date = details["birth_date"].as_str().and_then(|date| date.get(..4)?.parse().ok());
    year.or(date).map(|year| year as i16)
}

fn same_place(hamlet: Option<Uuid>, holder: &Candidate) -> bool {
    hamlet.is_none() || holder.hamlet_id == hamlet
}

fn same_year(one: Option<i16>, other: Option<i16>) -> bool {
    one.is_none() || other.is_none() || one == other
}
