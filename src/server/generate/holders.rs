//! The hamlets of a commune and those who hold titles in it.

use rand::RngExt;
use rand::rngs::StdRng;
use serde_json::json;
use uuid::Uuid;

use super::book::Book;
use super::commune::Serials;
use super::lines::add;
use super::{World, names};
use crate::areas::AreaId;
use crate::base::kind::{Group, Kind};
use crate::base::number::{NumberScheme, Sex};
use crate::base::text::search_key;
use crate::ledger::audit::{Entity, Item};
use crate::register::hamlets::rows::{Hamlet, UNKNOWN, full_name};
use crate::register::holders::code;
use crate::register::holders::rows::Holder;

/// An id as one made at that moment would be.
pub fn id(book: &Book<'_>, rng: &mut StdRng) -> Uuid {
    let since_the_epoch = book.moment().timestamp_millis().unsigned_abs();
    uuid::Builder::from_unix_timestamp_millis(since_the_epoch, &rng.random()).into_uuid()
}

/// The hamlets of a commune, in an entry of their own.
pub fn tell_hamlets(book: &mut Book<'_>, area: AreaId, urban: bool, many: usize) -> Vec<Hamlet> {
    let hamlet_type = if urban { "tổ dân phố" } else { "thôn" };
    let made: Vec<Hamlet> = (1..=many)
        .map(|n| Hamlet {
            // One commune has as many hamlets as it has; an id of theirs needs no chance.
            id: uuid::Builder::from_unix_timestamp_millis(
                book.moment().timestamp_millis().unsigned_abs(),
                &((area as u128) << 16 | n as u128).to_be_bytes()[6..]
                    .try_into()
                    .unwrap_or([0; 10]),
            )
            .into_uuid(),
            area_id: area,
            placed_id: None,
            hamlet_type: hamlet_type.to_owned(),
            name: n.to_string(),
            search_key: search_key(&full_name(hamlet_type, &n.to_string())),
            valid_from: UNKNOWN,
            valid_to: None,
            version: book.version(),
        })
        .collect();
    for hamlet in &made {
        add!(
            book.rows.hamlets;
            hamlet.id, area, &hamlet.hamlet_type, &hamlet.name, &hamlet.search_key,
            hamlet.valid_from, hamlet.version.raw(),
        );
        book.item(&Item::created(Entity::Hamlet, hamlet.id, hamlet.fields()));
    }
    made
}

/// A new holder: of every hundred 57 are families, 36 citizens, 4 clans and 3 units.
pub fn any(
    book: &Book<'_>,
    serials: &mut Serials,
    rng: &mut StdRng,
    hamlets: &[Hamlet],
    family: Option<&Holder>,
) -> (Holder, Option<String>) {
    let kind = match rng.random_range(0..100) {
        0..57 => Kind::Family,
        57..93 => Kind::Citizen,
        93..97 => Kind::Clan,
        _ => Kind::Unit,
    };
    let hamlet = &hamlets[rng.random_range(0..hamlets.len())];
    let mut made = blank(book, serials, rng, kind, hamlet);
    let mut number = None;
    match kind {
        Kind::Citizen => {
            let person = names::person(rng, 1950..2008);
            made.name = person.name;
            made.birth_year = Some(person.birth_year);
            made.group_code = Group::ALL[rng.random_range(0..Group::ALL.len())].to_string();
            made.details = json!({"birth_year": person.birth_year, "sex": person.sex});
            if let Some(family) = family.filter(|_| rng.random_range(0..3) > 0) {
                made.family_id = Some(family.id);
                made.hamlet_id = family.hamlet_id;
                made.details["family"] = family.code.clone().into();
            }
            number = Some(serials.number(person.sex, person.birth_year));
        }
        Kind::Clan => {
            let name = names::family(rng);
            made.name = format!("Dòng họ {name} {}", hamlet.full_name());
            made.hamlet_id = None;
            let households: i32 = rng.random_range(20..120);
            made.details = json!({"head": format!("{name} Văn Tộ"), "households": households});
        }
        Kind::Unit => {
            let (name, educates) = [
                ("Trường Mầm non", true),
                ("Trường Tiểu học", true),
                ("Trường THCS", true),
                ("Trạm Y tế", false),
                ("Hợp tác xã dịch vụ nông nghiệp", false),
            ][rng.random_range(0..5)];
            made.name = format!("{name} {}", names::person(rng, 1950..2000).name);
            made.hamlet_id = None;
            let staff: i32 = rng.random_range(8..60);
            made.details = json!({"staff": staff, "educates": educates});
        }
        Kind::Family | Kind::Community => {
            let head = names::person(rng, 1945..1995);
            made.name = head.name;
            made.birth_year = Some(head.birth_year);
            let members: i32 = rng.random_range(2..7);
            made.details = json!({
                "head_birth_year": head.birth_year, "members": members, "adults": 2,
                "pupils": members - 2,
            });
        }
    }
    made.search_key = search_key(&made.name);
    (made, number)
}

/// The community of a hamlet.
pub fn community(
    book: &Book<'_>,
    serials: &mut Serials,
    rng: &mut StdRng,
    hamlet: &Hamlet,
) -> Holder {
    let made = blank(book, serials, rng, Kind::Community, hamlet);
    let name = hamlet.full_name();
    let details = json!({"households": 240, "population": 900});
    Holder { search_key: search_key(&name), name, details, ..made }
}

fn blank(
    book: &Book<'_>,
    serials: &mut Serials,
    rng: &mut StdRng,
    kind: Kind,
    hamlet: &Hamlet,
) -> Holder {
    Holder {
        id: id(book, rng),
        code: code::nth(serials.holder()),
        version: book.version(),
        ..Holder::new(kind, hamlet.area_id, Some(hamlet.id), String::new())
    }
}

/// Writes a holder, its number sealed, and its item.
pub fn tell(world: &World<'_>, book: &mut Book<'_>, holder: &Holder, number: Option<&str>) {
    add!(
        book.rows.holders;
        holder.id, holder.kind.as_str(), holder.area_id, holder.hamlet_id, &holder.code,
        &holder.name, &holder.search_key, &holder.group_code, holder.birth_year, holder.family_id,
        &holder.details, holder.version.raw(),
    );
    if let Some(number) = number {
        let scheme = NumberScheme::Citizen.as_str();
        let (key, digest) = world.keys.digest(scheme, number);
        let sealed = world.keys.seal(holder.id.as_bytes(), number.as_bytes());
        add!(book.rows.identifiers; holder.id, scheme, key, &digest[..], &sealed[..]);
    }
    book.item(&Item::created(Entity::Holder, holder.id, holder.fields(number)));
}

impl Serials {
    /// Twelve digits that nobody else has: the place of registration and the last six count up.
    fn number(&mut self, sex: Sex, birth_year: i16) -> String {
        let n = self.citizen();
        let century = (birth_year / 100 - 19) * 2 + i16::from(sex == Sex::Female);
        format!(
            "{:03}{century}{:02}{:06}",
            n / 1_000_000 % 999 + 1,
            birth_year % 100,
            n % 1_000_000
        )
    }
}
