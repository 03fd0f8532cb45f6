//! The titles of one commune and year on their way: entered with their own scores, verified, withdrawn,
//! decided, and a few revoked in the year after.

use std::collections::HashMap;

use rand::RngExt;
use rand::rngs::StdRng;
use uuid::Uuid;

use super::World;
use super::book::{Account, Book};
use super::holders;
use super::lines::add;
use super::years::Year;
use crate::areas::AreaId;
use crate::base::hundredths::Points;
use crate::base::kind::{Kind, Status};
use crate::ledger::audit::{Entity, Item};
use crate::register::criteria::{CriteriaSet, Outcome, Score, applicable};
use crate::register::decisions::rows::Decision;
use crate::register::decisions::{Action, Body, Document, apply};
use crate::register::hamlets::rows::Hamlet;
use crate::register::holders::rows::Holder;
use crate::register::titles::Step;
use crate::register::titles::change::take_step;
use crate::register::titles::rows::Title;

/// Who does it in a commune.
pub struct Hands {
    pub recorder: Account,
    pub approver: Account,
    pub authority: String,
}

/// A title, and how many states it had.
pub struct Known {
    title: Title,
    states: i32,
}

pub struct Course<'a> {
    world: &'a World<'a>,
    hands: &'a Hands,
    year: &'a Year,
    area: AreaId,
    sets: HashMap<Kind, &'a CriteriaSet>,
    hamlets: HashMap<Uuid, String>,
    titles: Vec<Known>,
}

impl<'a> Course<'a> {
    /// Enters a title for each of these holders: few without a score of their own.
    pub fn begin(
        world: &'a World<'a>,
        rng: &mut StdRng,
        book: &mut Book<'_>,
        hands: &'a Hands,
        year: &'a Year,
        hamlets: &[Hamlet],
        holders: Vec<Holder>,
    ) -> Self {
        let area = hamlets[0].area_id;
        let up = world.areas.ancestors(area, world.today);
        let set = |kind: &Kind| {
            let level = kind.default_level();
            Some((*kind, applicable(&world.sets, &up, *kind, level, year.year)?))
        };
        let sets = Kind::ALL.iter().filter_map(set).collect();
        let hamlets = hamlets.iter().map(|hamlet| (hamlet.id, hamlet.full_name())).collect();
        let mut course = Self { world, hands, year, area, sets, hamlets, titles: Vec::new() };
        book.begin(year.entered);
        for holder in &holders {
            course.enter(book, rng, holder);
        }
        book.end(&hands.recorder, "title.register", None);
        course
    }

    fn enter(&mut self, book: &mut Book<'_>, rng: &mut StdRng, holder: &Holder) {
        let level = holder.kind.default_level();
        let mut title = Title::register(holder, self.area, self.year.year, level, book.day());
        title.hands = vec![Some(self.hands.recorder.id)];
        let set = self.sets.get(&holder.kind).copied();
        title.assess(set);
        if rng.random_range(0..100) < 96 {
            let lowest = if rng.random_range(0..100) < 6 { 60 } else { 80 };
            let total = Some(Points::whole(rng.random_range(lowest..99)));
            let own = Score { total, ..Score::default() };
            take_step(&mut title, Step::Assess, Some(&own), set).expect("a step that is allowed");
        }
        book.title(None, &mut title, 1);
        self.titles.push(Known { title, states: 1 });
    }

    /// Takes a step with as many of a hundred titles in `status` as `percent` says.
    fn step(
        &mut self,
        book: &mut Book<'_>,
        rng: &mut StdRng,
        (status, percent, step): (Status, u32, Step),
    ) {
        for known in self.titles.iter_mut().filter(|known| known.title.status == status) {
            if rng.random_range(0..100) < percent {
                let set = self.sets.get(&known.title.kind).copied();
                known.change(book, |title| {
                    take_step(title, step, None, set).expect("a step that is allowed");
                });
            }
        }
    }

    pub fn verify(&mut self, book: &mut Book<'_>, rng: &mut StdRng) {
        if self.year.verified < self.world.today {
            book.begin(self.year.verified);
            self.step(book, rng, (Status::SelfAssessed, 97, Step::Verify));
            book.end(&self.hands.recorder, Step::Verify.action(), None);
        }
    }

    pub fn withdraw(&mut self, book: &mut Book<'_>, rng: &mut StdRng) {
        if self.year.verified < self.world.today {
            book.begin(self.year.verified);
            self.step(book, rng, (Status::Registered, 40, Step::Withdraw));
            self.step(book, rng, (Status::SelfAssessed, 20, Step::Withdraw));
            book.end(&self.hands.recorder, Step::Withdraw.action(), Some("Gia đình xin rút"));
        }
    }

    /// Recognises what passes and declines what fails, but for few that wait for another decision.
    pub fn decide(&mut self, book: &mut Book<'_>, rng: &mut StdRng) {
        if self.year.decided >= self.world.today {
            return;
        }
        book.begin(self.year.decided);
        let mut chosen: Vec<usize> = (0..self.titles.len()).collect();
        chosen.retain(|n| {
            self.titles[*n].title.status == Status::Verified && rng.random_range(0..100) < 98
        });
        if chosen.is_empty() {
            return;
        }
        let decision = self.decision(book, rng, "15");
        let mut titles = std::mem::take(&mut self.titles);
        for (n, at) in (1..).zip(chosen) {
            let known = &mut titles[at];
            let fails = known.title.outcome == Outcome::Fails;
            let action = if fails { Action::Decline } else { Action::Recognise };
            self.act(book, known, &decision, action, n);
        }
        self.titles = titles;
        book.end(&self.hands.approver, "decision.enter", None);
    }

    /// Revokes those of the year before that were chosen for it.
    pub fn revoke_some(&mut self, book: &mut Book<'_>, rng: &mut StdRng, mut chosen: Vec<Known>) {
        if self.year.revoking < self.world.today && !chosen.is_empty() {
            book.begin(self.year.revoking);
            let decision = self.decision(book, rng, "21");
            for (n, known) in (1..).zip(&mut chosen) {
                self.act(book, known, &decision, Action::Revoke, n);
            }
            book.end(&self.hands.approver, "decision.enter", Some(REVOKED));
        }
        chosen.iter().for_each(|known| store(book, known));
    }

    /// Stores the titles, but for those that will be revoked.
    pub fn end(self, book: &mut Book<'_>, rng: &mut StdRng) -> Vec<Known> {
        let mut kept = Vec::new();
        for known in self.titles {
            if known.title.status == Status::Recognised && rng.random_range(0..400) == 0 {
                kept.push(known);
            } else {
                store(book, &known);
            }
        }
        kept
    }

    fn decision(&self, book: &mut Book<'_>, rng: &mut StdRng, number: &str) -> Decision {
        let made = Decision {
            id: holders::id(book, rng),
            document: Document::Decision,
            authority_area_id: self.area,
            authority_body: Body::PeoplesCommittee,
            authority_name: self.hands.authority.clone(),
            number: format!("{number}{:02}", self.year.year % 100),
            symbol: "QĐ-UBND".to_owned(),
            decided_on: book.day(),
            signatory_name: "Vũ Minh Đức".to_owned(),
            signatory_position: "Phó Chủ tịch".to_owned(),
            signatory_capacity: "KT. CHỦ TỊCH".to_owned(),
            note: format!("Danh hiệu học tập năm {}", self.year.year),
            entered_by: self.hands.approver.id,
            version: book.version(),
            annulled_at: None,
            annulled_by: None,
            annul_reason: String::new(),
        };
        add!(
            book.rows.decisions;
            made.id, made.document.as_str(), made.authority_area_id, made.authority_body.as_str(),
            &made.authority_name, &made.number, &made.symbol, made.decided_on,
            &made.signatory_name, &made.signatory_position, &made.signatory_capacity, &made.note,
            made.entered_by, made.version.raw(),
        );
        book.item(&Item::created(Entity::Decision, made.id, made.fields()));
        made
    }

    /// What a decision makes of a title, and the line of its annex.
    fn act(
        &self,
        book: &mut Book<'_>,
        known: &mut Known,
        decision: &Decision,
        action: Action,
        n: i32,
    ) {
        let reason = if action == Action::Revoke { REVOKED } else { "" };
        let title = &known.title;
        let hamlet = title.hamlet_id.and_then(|id| self.hamlets.get(&id));
        add!(
            book.rows.annexes;
            decision.id, n, title.holder_id, title.year, title.level.as_str(), action.as_str(),
            title.kind.as_str(), title.area_id, &title.code, &title.name,
            hamlet.map_or("", String::as_str), &title.group_code, title.own_score.as_ref(),
            title.verified_score.as_ref(), title.outcome.as_str(), &title.grade, reason,
            title.decision_id, title.valid_through,
        );
        let set = self.sets.get(&title.kind).copied();
        known.change(book, |title| {
            apply(title, action, set, Some(reason), self.hands.approver.id)
                .expect("an act that is allowed");
            title.decision_id = Some(decision.id);
            title.decided_on = Some(decision.decided_on);
            match action {
                Action::Recognise => title.recognised_on = Some(decision.decided_on),
                Action::Decline => title.recognised_on = None,
                Action::Revoke => {}
            }
        });
    }
}

const REVOKED: &str = "Vi phạm quy ước của khu dân cư";

impl Known {
    fn change(&mut self, book: &mut Book<'_>, change: impl FnOnce(&mut Title)) {
        let before = self.title.clone();
        change(&mut self.title);
        self.states += 1;
        book.title(Some(&before), &mut self.title, self.states);
    }
}

/// Writes a title as it stands in the end.
pub fn store(book: &mut Book<'_>, known: &Known) {
    let title = &known.title;
    add!(
        book.rows.titles;
        title.holder_id, title.year, title.level.as_str(), title.kind.as_str(), title.area_id,
        &title.code, &title.name, &title.search_key, title.hamlet_id, &title.group_code,
        title.status.as_str(), &title.grade, title.valid_through, title.registered_on,
        title.difficult, title.own_score.as_ref(), title.verified_score.as_ref(),
        title.outcome.as_str(), title.criteria_set_id, title.decision_id,
        super::lines::Cell::Ids(&title.hands), title.version.raw(), title.decided_on,
        title.recognised_on,
    );
}
