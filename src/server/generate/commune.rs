//! The life of one commune: its hamlets, then year after year who is entered, and what becomes of it.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use uuid::Uuid;

use super::book::{Account, Book};
use super::lines::Rows;
use super::titles::{Course, Hands};
use super::years::{self, Year};
use super::{World, holders};
use crate::access::Role;
use crate::areas::AreaId;
use crate::base::kind::Kind;
use crate::register::hamlets::rows::Hamlet;
use crate::register::holders::rows::Holder;

/// Counts over all communes, so that no code and no number comes twice.
#[derive(Default)]
pub struct Serials {
    holders: u64,
    citizens: u64,
}

impl Serials {
    pub fn holder(&mut self) -> u64 {
        self.holders += 1;
        self.holders
    }

    pub fn citizen(&mut self) -> u64 {
        self.citizens += 1;
        self.citizens
    }
}

/// Titles of a hamlet in a year.
const OF_A_HAMLET: usize = 60;

/// Tells a commune with so many titles.
pub fn tell(
    world: &World<'_>,
    serials: &mut Serials,
    area: AreaId,
    titles: usize,
    rows: &mut Rows,
) {
    if titles == 0 {
        return;
    }
    let mut rng = StdRng::seed_from_u64(world.seed.wrapping_mul(1 << 24) ^ area as u64);
    let named = world.areas.get(area).nearest(world.today);
    let account = |role: Role| Account {
        id: Uuid::from_u64_pair(role as u64 + 1, area as u64),
        name: format!("{role}.{}", named.code),
        role,
    };
    let hands = Hands {
        recorder: account(Role::Recorder),
        approver: account(Role::Approver),
        authority: format!("UBND {}", named.full_name),
    };
    let mut book = Book::new(rows, area);
    book.begin(years::FIRST_DAY);
    let years = years::of_commune(world.today, &mut rng);
    let many = (titles / years.len().max(1) / OF_A_HAMLET).clamp(1, 60);
    let hamlets = holders::tell_hamlets(&mut book, area, named.unit_type != "xã", many);
    book.end(&hands.recorder, "hamlet.create", None);

    let (mut known, mut of_last_year) = (Vec::new(), Vec::new());
    let mut left = titles;
    for (n, year) in years.iter().enumerate() {
        let quota = left / (years.len() - n);
        left -= quota;
        let here = assessed(world, serials, &mut rng, &mut book, year, quota, &hamlets, &mut known);
        book.end(&hands.recorder, "holder.create", None);
        let mut course = Course::begin(world, &mut rng, &mut book, &hands, year, &hamlets, here);
        course.revoke_some(&mut book, &mut rng, of_last_year);
        course.verify(&mut book, &mut rng);
        course.withdraw(&mut book, &mut rng);
        course.decide(&mut book, &mut rng);
        of_last_year = course.end(&mut book, &mut rng);
    }
    for title in of_last_year {
        super::titles::store(&mut book, &title);
    }
    book.close();
}

/// Who is assessed in a year: most of those of the years before, and newcomers, who are entered now.
#[allow(clippy::too_many_arguments)]
fn assessed(
    world: &World<'_>,
    serials: &mut Serials,
    rng: &mut StdRng,
    book: &mut Book<'_>,
    year: &Year,
    quota: usize,
    hamlets: &[Hamlet],
    known: &mut Vec<Holder>,
) -> Vec<Holder> {
    book.begin(year.entered);
    if known.is_empty() {
        for hamlet in hamlets.iter().take(quota) {
            let community = holders::community(book, serials, rng, hamlet);
            holders::tell(world, book, &community, None);
            known.push(community);
        }
    }
    let mut here: Vec<Holder> =
        known.iter().filter(|_| rng.random_range(0..100) < 93).take(quota).cloned().collect();
    let mut family: Option<Holder> = None;
    while here.len() < quota {
        let (new, number) = holders::any(book, serials, rng, hamlets, family.as_ref());
        holders::tell(world, book, &new, number.as_deref());
        if new.kind == Kind::Family {
            family = Some(new.clone());
        }
        known.push(new.clone());
        here.push(new);
    }
    here
}
