//! The checks themselves: pure functions of what was counted, reported and closed.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::rows::{Counted, FamilyTitle, Held, OneFile, Scored, UnitTitle};
use super::{Check, Closed, Finding, List, decided_by};
use crate::areas::{AreaId, Areas, Boundaries};
use crate::base::kind::{Base, Kind, Level};
use crate::figures::reported::rows::Reported;
use crate::figures::reported::{is_jump, last_before, remarks};
use crate::figures::totals::rows::Total;
use crate::register::criteria::CriteriaSet;
use crate::register::rounds::Calendar;

/// All that the checks of one year look at.
pub struct Material<'a> {
    pub areas: &'a Areas,
    pub year: i16,
    pub today: NaiveDate,
    /// Of the year and the one before.
    pub counted: &'a [Counted],
    /// Of the year and the one before.
    pub totals: &'a [Total],
    pub closed: &'a Closed,
    pub reported: &'a [Reported],
    pub held: &'a [Held],
    pub units: &'a [UnitTitle],
    pub families: &'a [FamilyTitle],
    pub scored: &'a [Scored],
    pub one_file: &'a [OneFile],
    pub sets: &'a [CriteriaSet],
    /// By when each area decides.
    pub calendar: &'a Calendar,
}

/// What one area counts of a kind and level in a year.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub registered: i64,
    pub recognised: i64,
    /// What waits for a decision after its day, and the first such day.
    pub overdue: i64,
    pub since: Option<NaiveDate>,
}

pub(super) type Sums = BTreeMap<(AreaId, Kind, Level, i16), Sum>;

/// Everything that the checks find, by area.
pub fn findings(m: &Material<'_>) -> Vec<Finding> {
    let sums = m.sums();
    let mut found = Vec::new();
    m.check_counts(&sums, &mut found);
    m.check_totals(&mut found);
    m.check_holders(&mut found);
    m.check_reported(&sums, &mut found);
    m.check_units(&mut found);
    m.check_families(&mut found);
    m.check_scores(&mut found);
    m.check_files(&sums, &mut found);
    found.sort_by(|a, b| {
        let key = |f: &Finding| (f.check.severity(), f.area, f.check, f.kind, f.level);
        key(a).cmp(&key(b))
    });
    found
}

impl Material<'_> {
    pub(super) fn finding(
        &self,
        check: Check,
        area: AreaId,
        of: Option<(Kind, Level)>,
        numbers: &[(&'static str, i64)],
        vi: String,
    ) -> Finding {
        Finding {
            check,
            area,
            year: self.year,
            kind: of.map(|(kind, _)| kind),
            level: of.map(|(_, level)| level),
            numbers: numbers.iter().copied().collect(),
            vi,
            list: of.map(|_| List::Titles(None)),
            holders: Vec::new(),
        }
    }

    /// By the area in which the records stand today, and by every area above it.
    fn sums(&self) -> Sums {
        let mut sums = Sums::new();
        for count in self.counted {
            let up = self.above(count.area_id, count.placed_id);
            let day = self.decision_day(&up, count.year, count.kind);
            let overdue = if self.today > day { count.undecided } else { 0 };
            for area in up {
                let sum = sums.entry((area, count.kind, count.level, count.year)).or_default();
                sum.registered += count.registered;
                sum.recognised += count.recognised;
                if overdue > 0 {
                    sum.overdue += overdue;
                    sum.since = Some(sum.since.map_or(day, |since| since.min(day)));
                }
            }
        }
        sums
    }

    /// The area that keeps a record, and those above it today. What a split left open still lies in
    /// its province.
    fn above(&self, area: AreaId, placed: Option<AreaId>) -> Vec<AreaId> {
        let home = self.areas.chain(area, placed);
        if self.areas.settled(home).is_some() {
            return self.areas.ancestors(home, self.today);
        }
        let place = self.areas.place(area, placed, Boundaries::Of(self.today));
        let sure = self.areas.sure(&place, self.today);
        std::iter::once(home).chain(self.areas.ancestors(sure, self.today)).collect()
    }

    /// The last day on which titles are decided: that of the nearest round, else of the programme.
    fn decision_day(&self, up: &[AreaId], year: i16, kind: Kind) -> NaiveDate {
        let round = self.calendar.round(up, year, kind);
        round.and_then(|round| round.decision_until).unwrap_or_else(|| decided_by(year))
    }

    fn total(&self, area: AreaId, year: i16, base: Base) -> Option<i64> {
        let is = |t: &&Total| (t.area_id, t.year, t.base) == (area, year, base);
        self.totals.iter().find(is)?.total.map(i64::from)
    }

    fn check_counts(&self, sums: &Sums, found: &mut Vec<Finding>) {
        for ((area, kind, level, year), sum) in sums {
            if *year != self.year {
                continue;
            }
            let of = Some((*kind, *level));
            let title = kind.vi().to_lowercase();
            let total =
                kind.base(*level, None).and_then(|b| Some((b, self.total(*area, *year, b)?)));
            if let Some((base, total)) = total {
                let name = base.vi();
                for (check, part, word) in [
                    (Check::RegisteredAboveTotal, sum.registered, "đăng ký"),
                    (Check::RecognisedAboveTotal, sum.recognised, "công nhận"),
                ] {
                    if part > total {
                        let vi = format!(
                            "Số {word} {title} là {part}, lớn hơn {name} ({total}); hãy kiểm tra \
                             danh sách trùng hoặc cập nhật {name}."
                        );
                        let numbers = [("counted", part), ("total", total)];
                        found.push(self.finding(check, *area, of, &numbers, vi));
                    }
                }
            }
            let before = sums.get(&(*area, *kind, *level, year - 1)).map_or(0, |s| s.recognised);
            let grew = sum.recognised > before;
            let closed = self.closed.contains(&(*area, *kind));
            if (grew || closed) && is_jump(before, sum.recognised) {
                let vi = format!(
                    "Số công nhận {title} là {}, lệch hơn một nửa so với năm trước ({before}); hãy \
                     kiểm tra danh sách.",
                    sum.recognised
                );
                let numbers = [("recognised", sum.recognised), ("year_before", before)];
                found.push(self.finding(Check::CountJump, *area, of, &numbers, vi));
            }
            if let Some(since) = sum.since {
                let vi = format!(
                    "Còn {} danh hiệu {title} năm {year} chưa có quyết định sau ngày {}; hãy trình \
                     công nhận, ghi không công nhận hoặc cho rút.",
                    sum.overdue,
                    since.format("%d/%m/%Y")
                );
                let numbers = [("undecided", sum.overdue)];
                found.push(self.finding(Check::DecisionOverdue, *area, of, &numbers, vi));
            }
        }
    }

    /// The total of the year before: of the area, else of all that went whole into it.
    fn total_before(&self, area: AreaId, base: Base) -> Option<i64> {
        self.total(area, self.year - 1, base).or_else(|| {
            let parts = self.areas.made_whole_of(area)?.into_iter();
            parts.map(|part| self.total_before(part, base)).sum()
        })
    }

    fn check_totals(&self, found: &mut Vec<Finding>) {
        for now in self.totals.iter().filter(|total| total.year == self.year) {
            let before = self.total_before(now.area_id, now.base);
            if let (Some(before), Some(total)) = (before, now.total.map(i64::from))
                && total < before
            {
                let vi = format!(
                    "{} năm {} là {total}, ít hơn năm trước ({before}); nếu không phải do sáp nhập \
                     hoặc di cư thì hãy sửa lại.",
                    capital(now.base.vi()),
                    self.year
                );
                let numbers = [("total", total), ("year_before", before)];
                found.push(self.finding(Check::TotalShrank, now.area_id, None, &numbers, vi));
            }
        }
    }

    fn check_holders(&self, found: &mut Vec<Finding>) {
        let mut families: BTreeMap<AreaId, i64> = BTreeMap::new();
        for held in self.held {
            let of = Some((held.kind, held.kind.default_level()));
            let title = held.kind.vi().to_lowercase();
            match self.areas.settled(held.area_id) {
                Some(area) if held.kind == Kind::Family => {
                    *families.entry(area).or_default() += held.holders;
                }
                Some(_) => {}
                None => {
                    let vi = format!(
                        "{} {title} thuộc xã đã chia tách; hãy xếp thôn, tổ dân phố của họ về xã mới.",
                        held.holders
                    );
                    let numbers = [("holders", held.holders)];
                    let check = Check::HolderWithoutCommune;
                    let finding = self.finding(check, held.area_id, of, &numbers, vi);
                    found.push(Finding { list: Some(List::Holders), ..finding });
                }
            }
            let person = matches!(held.kind, Kind::Family | Kind::Citizen);
            if person && held.alike > 0 {
                let vi = format!(
                    "{} {title} trùng tên và năm sinh với nhau trong cùng một xã; hãy gộp nếu là một.",
                    held.alike
                );
                let area = self.areas.chain(held.area_id, None);
                let numbers = [("alike", held.alike)];
                let finding = self.finding(Check::ProbableDuplicates, area, of, &numbers, vi);
                found.push(Finding { list: Some(List::Duplicates), ..finding });
            }
        }
        for (area, families) in families {
            let total = self.total(area, self.year, Base::Households);
            if let Some(total) = total.filter(|total| families > *total) {
                let vi = format!(
                    "Sổ bộ có {families} gia đình, nhiều hơn số hộ gia đình ({total}); hãy gộp gia \
                     đình trùng hoặc cập nhật số hộ."
                );
                let numbers = [("families", families), ("total", total)];
                let of = Some((Kind::Family, Level::Commune));
                let finding = self.finding(Check::FamiliesAboveHouseholds, area, of, &numbers, vi);
                found.push(Finding { list: Some(List::Holders), ..finding });
            }
        }
    }

    fn check_reported(&self, sums: &Sums, found: &mut Vec<Finding>) {
        for (n, figure) in self.reported.iter().enumerate() {
            if figure.year != self.year {
                continue;
            }
            let of = Some((figure.kind, figure.level));
            let kind = (figure.kind, figure.level);
            let day = figure.reported_on;
            let last = last_before(self.areas, self.reported, figure.area_id, kind, day);
            let area = self.areas.chain(figure.area_id, None);
            for said in remarks(&figure.numbers(), last.as_ref()) {
                let Some(check) = Check::parse(said.remark.as_str()) else { continue };
                let numbers: Vec<(&'static str, i64)> = [
                    ("registered", figure.registered),
                    ("recognised", figure.recognised),
                    ("total", figure.total),
                    ("printed_rate", figure.printed_rate.map(|rate| rate / 100)),
                ]
                .into_iter()
                .filter_map(|(name, number)| Some((name, i64::from(number?))))
                .collect();
                let day = figure.reported_on.format("%d/%m/%Y");
                let vi = format!("Báo cáo ngày {day}: {}", said.vi);
                let finding = self.finding(check, area, of, &numbers, vi);
                found.push(Finding { list: None, ..finding });
            }
            let later = self.reported[n + 1..].iter().any(|other| {
                (other.area_id, other.kind, other.level, other.year)
                    == (figure.area_id, figure.kind, figure.level, figure.year)
            });
            let counted = sums.get(&(area, figure.kind, figure.level, figure.year));
            if let (false, Some(sum), Some(reported)) = (later, counted, figure.recognised)
                && sum.recognised != i64::from(reported)
            {
                let vi = format!(
                    "Báo cáo giấy ghi {reported} được công nhận, sổ bộ đếm được {}; hãy đối chiếu \
                     danh sách với báo cáo.",
                    sum.recognised
                );
                let numbers = [("reported", reported.into()), ("counted", sum.recognised)];
                found.push(self.finding(Check::ReportedDiffers, area, of, &numbers, vi));
            }
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
