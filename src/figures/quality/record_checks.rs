//! The checks that look at single titles and files, where the others look at sums.

use std::collections::{BTreeMap, BTreeSet};

use super::checks::{Material, Sums};
use super::{Check, Finding, List, MANY, citizens_needed};
use crate::areas::AreaId;
use crate::base::hundredths::Percent;
use crate::base::hundredths::Points;
use crate::base::kind::{Kind, Level};

impl Material<'_> {
    pub(super) fn check_units(&self, found: &mut Vec<Finding>) {
        for unit in self.units {
            let needed = citizens_needed(&unit.grade, unit.educates);
            if unit.citizens * 10_000 >= unit.people * needed {
                continue;
            }
            let vi = format!(
                "Đơn vị có {} trên {} người là công dân học tập trong năm, dưới mức {} % của danh \
                 hiệu; hãy bổ sung kết quả của từng người hoặc xem lại danh hiệu.",
                unit.citizens,
                unit.people,
                Percent(needed as i32)
            );
            let area = self.areas.chain(unit.area_id, unit.placed_id);
            let numbers = [("citizens", unit.citizens), ("people", unit.people)];
            let of = Some((Kind::Unit, unit.level));
            let finding = self.finding(Check::UnitCitizensBelow, area, of, &numbers, vi);
            found.push(Finding { holders: vec![unit.holder_id], ..finding });
        }
    }

    pub(super) fn check_families(&self, found: &mut Vec<Finding>) {
        let mut by_area: BTreeMap<AreaId, Vec<uuid::Uuid>> = BTreeMap::new();
        for family in self.families {
            let area = self.areas.chain(family.area_id, family.placed_id);
            by_area.entry(area).or_default().push(family.holder_id);
        }
        for (area, mut holders) in by_area {
            let families = holders.len() as i64;
            let vi = format!(
                "{families} gia đình học tập có người lớn chưa là công dân học tập trong năm; hãy bổ \
                 sung kết quả của từng người."
            );
            holders.truncate(MANY as usize);
            let of = Some((Kind::Family, Level::Commune));
            let numbers = [("families", families)];
            let finding = self.finding(Check::FamilyAdultsNotCitizens, area, of, &numbers, vi);
            let recognised = Some(List::Titles(Some(("status", "recognised".to_owned()))));
            found.push(Finding { holders, list: recognised, ..finding });
        }
    }

    pub(super) fn check_scores(&self, found: &mut Vec<Finding>) {
        // How many titles, whether all stand at their threshold, and the totals that occur.
        type Rounds = BTreeMap<(AreaId, Kind, Level), (i64, bool, BTreeSet<i32>)>;
        let mut rounds = Rounds::new();
        for scored in self.scored {
            let area = self.areas.chain(scored.area_id, scored.placed_id);
            let set = self.sets.iter().find(|set| Some(set.id) == scored.criteria_set_id);
            let threshold = set.and_then(|set| match scored.difficult {
                true => set.rules.threshold_difficult.or(set.rules.threshold),
                false => set.rules.threshold,
            });
            let (least, most) = (Points::try_from(scored.least), Points::try_from(scored.most));
            let (titles, at, totals) = rounds.entry((area, scored.kind, scored.level)).or_insert((
                0,
                true,
                BTreeSet::new(),
            ));
            *titles += scored.titles;
            *at &= threshold.is_some_and(|t| least == Ok(t) && most == Ok(t));
            totals.extend(threshold.map(|threshold| threshold.0));
        }
        for ((area, kind, level), (titles, at, totals)) in rounds {
            if !at || titles < MANY {
                continue;
            }
            let points: Vec<String> = totals.iter().map(|t| Points(*t).to_string()).collect();
            let vi = format!(
                "Cả {titles} danh hiệu {} đều được đúng {} điểm, vừa bằng mức đạt; hãy kiểm tra việc \
                 chấm điểm.",
                kind.vi().to_lowercase(),
                points.join(" hoặc ")
            );
            let numbers = [("titles", titles)];
            found.push(self.finding(
                Check::ScoresAtThreshold,
                area,
                Some((kind, level)),
                &numbers,
                vi,
            ));
        }
    }

    pub(super) fn check_files(&self, sums: &Sums, found: &mut Vec<Finding>) {
        for file in self.one_file {
            let area = self.areas.chain(file.area_id, file.placed_id);
            let sum = sums.get(&(area, file.kind, file.level, self.year));
            if sum.is_none_or(|sum| sum.registered != file.titles) {
                continue;
            }
            let vi = format!(
                "Cả {} danh hiệu {} của năm được đăng ký và công nhận từ một tệp duy nhất nên không \
                 ai trượt; hãy bổ sung những trường hợp đăng ký mà không đạt.",
                file.titles,
                file.kind.vi().to_lowercase()
            );
            let numbers = [("titles", file.titles)];
            let of = Some((file.kind, file.level));
            let finding = self.finding(Check::OneFile, area, of, &numbers, vi);
            let list = Some(List::Titles(Some(("import", file.import_id.to_string()))));
            found.push(Finding { list, ..finding });
        }
    }
}
