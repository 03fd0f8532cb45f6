//! Whether the rows of a file fit together and into the areas that stand: nothing lost, nothing twice.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;

use super::file::{self, Faults, Row};
use super::{Born, Named, Parent, Plan, ReformKind, Succession};
use crate::areas::{AreaId, AreaLevel, Areas};
use crate::base::error::Result;

/// What a file makes of these areas, or all that is wrong with it.
pub fn plan(file: &[u8], areas: &Areas) -> Result<Plan> {
    let content = file::read(file, areas)?;
    let mut check = Check { areas, on: content.on, faults: Faults::default() };
    check.old_sides(&content.rows);
    let rows = &content.rows;
    let renames = || rows.iter().filter(|row| row.kind == ReformKind::Rename);
    let ended: BTreeSet<AreaId> =
        rows.iter().filter(|row| row.kind != ReformKind::Rename).map(|row| row.old).collect();
    let mut groups: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.kind != ReformKind::Rename) {
        groups.entry(&row.new_code).or_default().push(row);
    }
    check.new_codes(rows, &groups, &ended);
    // Provinces stand before communes: their codes are shorter, and communes name them.
    let mut order: Vec<(&str, &[&Row])> = groups.iter().map(|(c, rows)| (*c, &rows[..])).collect();
    order.sort_by_key(|(code, _)| (code.len(), *code));
    let places: HashMap<&str, usize> =
        order.iter().enumerate().map(|(n, (code, _))| (*code, n)).collect();
    let mut renamed = Vec::new();
    for row in renames() {
        if let Some(named) = check.named(&row.new_code, &[row], &places, &ended) {
            if check.is_as_before(row.old, &named) {
                let (vi, en) = ("không có gì thay đổi.", "nothing changes.");
                check.faults.add(row.line, "new_name", "unchanged", vi, en);
            }
            renamed.push((row.old, named));
        }
    }
    let mut born = Vec::new();
    for (code, rows) in &order {
        if let Some(named) = check.named(code, rows, &places, &ended) {
            born.push(Born { level: rows[0].level, named });
        }
    }
    check.left_behind(rows, &ended, &renamed);
    check.faults.check()?;
    let successions = rows
        .iter()
        .filter(|row| row.kind != ReformKind::Rename)
        .map(|row| Succession {
            old: row.old,
            new: places[&*row.new_code],
            whole: row.kind == ReformKind::Whole,
        })
        .collect();
    let ended = ended.into_iter().collect();
    Ok(Plan { decree: content.decree, on: content.on, renamed, ended, born, successions })
}

struct Check<'a> {
    areas: &'a Areas,
    on: NaiveDate,
    faults: Faults,
}

impl Check<'_> {
    fn before(&self) -> NaiveDate {
        self.on.pred_opt().unwrap_or(self.on)
    }

    /// Each old area is renamed once, goes whole into one other, or in parts into several.
    fn old_sides(&mut self, rows: &[Row]) {
        let mut sides: BTreeMap<AreaId, Vec<&Row>> = BTreeMap::new();
        for row in rows {
            sides.entry(row.old).or_default().push(row);
        }
        for rows in sides.into_values() {
            let parts = rows.iter().filter(|row| row.kind == ReformKind::Part).count();
            if parts == 1 && rows.len() == 1 {
                let vi = "chỉ có một phần; phần còn lại không thuộc địa bàn nào.";
                self.faults.add(
                    rows[0].line,
                    "kind",
                    "gap",
                    vi,
                    "one part alone: the rest is lost.",
                );
            }
            for (n, row) in rows.iter().enumerate().skip(1) {
                if rows[..n].iter().any(|other| other.new_code == row.new_code) {
                    let (vi, en) = ("dòng này đã có ở trên.", "this row stands above already.");
                    self.faults.add(row.line, "new_code", "duplicate", vi, en);
                } else if parts < rows.len() {
                    let vi =
                        "một địa bàn hoặc đổi tên, hoặc nhập toàn bộ, hoặc chia thành nhiều phần.";
                    let en = "an area is renamed, goes whole, or in several parts: one of these.";
                    self.faults.add(row.line, "kind", "mixed", vi, en);
                }
            }
        }
    }

    /// No new code belongs to an area that keeps it, and no two areas get the same.
    fn new_codes(
        &mut self,
        rows: &[Row],
        groups: &BTreeMap<&str, Vec<&Row>>,
        ended: &BTreeSet<AreaId>,
    ) {
        let renames: Vec<&Row> = rows.iter().filter(|r| r.kind == ReformKind::Rename).collect();
        let gives_up = |id: AreaId, code: &str| {
            ended.contains(&id) || renames.iter().any(|r| r.old == id && r.new_code != code)
        };
        let firsts = groups.values().map(|rows| rows[0]);
        for row in firsts.chain(renames.iter().copied()) {
            let code = &*row.new_code;
            let own = (row.kind == ReformKind::Rename).then_some(row.old);
            let kept = self.areas.with_code(code).any(|id| {
                let mut versions = self.areas.get(id).versions.iter();
                Some(id) != own
                    && !gives_up(id, code)
                    && versions.any(|v| v.code == code && v.valid_to.is_none_or(|to| to >= self.on))
            });
            let wanted = renames.iter().filter(|other| other.new_code == code).count()
                + usize::from(groups.contains_key(code));
            if kept || wanted > 1 {
                let vi = "mã này thuộc một địa bàn vẫn còn, hoặc được ghi cho hai địa bàn.";
                let en = "the code belongs to an area that stays, or is given to two.";
                self.faults.add(row.line, "new_code", "overlap", vi, en);
            }
        }
    }

    /// How the area under a code is called: as its rows say, else as before.
    fn named(
        &mut self,
        code: &str,
        rows: &[&Row],
        places: &HashMap<&str, usize>,
        ended: &BTreeSet<AreaId>,
    ) -> Option<Named> {
        let first = rows[0];
        // What rows leave out stays as it was under the same code.
        let kept = match first.kind {
            ReformKind::Rename => Some(first),
            _ => rows.iter().copied().find(|r| self.areas.code(r.old, self.before()) == code),
        };
        let kept = kept.map(|row| self.areas.get(row.old).nearest(self.before()));
        let unit_type = self.agreed(rows, "new_type", |row| row.new_type.as_deref());
        let name = self.agreed(rows, "new_name", |row| row.new_name.as_deref());
        let parent = self.agreed(rows, "new_parent_code", |row| row.new_parent.as_deref());
        let unit_type = unit_type.or(kept.map(|version| version.unit_type.clone()));
        let name = name.or(kept.map(|version| version.name.clone()));
        for (column, missing) in [("new_type", unit_type.is_none()), ("new_name", name.is_none())] {
            if missing {
                let (vi, en) = ("địa bàn mới cần loại và tên.", "a new area needs type and name.");
                self.faults.add(first.line, column, "required", vi, en);
            }
        }
        let parent = self.parent(first, parent, places, ended);
        Some(Named { code: code.to_owned(), unit_type: unit_type?, name: name?, parent: parent? })
    }

    /// What the rows of one new area say in a column: those that say something say the same.
    fn agreed(
        &mut self,
        rows: &[&Row],
        column: &str,
        read: impl Fn(&Row) -> Option<&str>,
    ) -> Option<String> {
        let said = rows.iter().find_map(|row| read(row))?;
        for row in rows.iter().filter(|row| read(row).is_some_and(|other| other != said)) {
            let vi = "khác dòng trên của cùng địa bàn mới.";
            self.faults.add(
                row.line,
                column,
                "differs",
                vi,
                "differs from a row of the same area.",
            );
        }
        Some(said.to_owned())
    }

    /// The area above: the country, or the province that is named, else the one of the old area.
    fn parent(
        &mut self,
        row: &Row,
        said: Option<String>,
        places: &HashMap<&str, usize>,
        ended: &BTreeSet<AreaId>,
    ) -> Option<Parent> {
        if row.level == AreaLevel::Province {
            return Some(Parent::Known(self.areas.country()));
        }
        let before = self.before();
        let code = said.or_else(|| {
            let above = self.areas.parent(row.old, before)?;
            Some(self.areas.code(above, before).to_owned())
        });
        let found = code.as_deref().and_then(|code| {
            if let (Some(n), 2) = (places.get(code), code.len()) {
                return Some(Parent::Born(*n));
            }
            let id = self.areas.find(code, self.on).or_else(|| self.areas.find(code, before))?;
            let stands = self.areas.version(id, self.on).is_some() && !ended.contains(&id);
            (stands && self.areas.get(id).level == AreaLevel::Province).then_some(Parent::Known(id))
        });
        if found.is_none() {
            let vi = "không có tỉnh, thành phố nào mang mã này vào ngày đó.";
            self.faults.add(row.line, "new_parent_code", "parent", vi, "no province on that day.");
        }
        found
    }

    fn is_as_before(&self, id: AreaId, named: &Named) -> bool {
        let known = self.areas.get(id).nearest(self.before());
        let parent = match named.parent {
            Parent::Known(parent) => Some(parent),
            Parent::Born(_) => None,
        };
        (&known.code, &known.unit_type, &known.name) == (&named.code, &named.unit_type, &named.name)
            && known.parent == parent
    }

    /// What lies in an area that ends must go elsewhere by the same reform.
    fn left_behind(&mut self, rows: &[Row], ended: &BTreeSet<AreaId>, renamed: &[(AreaId, Named)]) {
        let mut told = BTreeSet::new();
        for row in rows.iter().filter(|row| ended.contains(&row.old) && told.insert(row.old)) {
            let below = self.areas.children(row.old, self.before());
            let left = below.into_iter().find(|child| {
                !ended.contains(child) && !renamed.iter().any(|(renamed, _)| renamed == child)
            });
            if let Some(child) = left {
                let code = self.areas.code(child, self.before()).to_owned();
                let vi = format!("xã, phường {code} vẫn thuộc địa bàn này.");
                let en = format!("commune {code} still lies in this area.");
                self.faults.add(row.line, "old_code", "left_behind", vi, en);
            }
        }
    }
}
