//! One commune of the demo: hamlets, holders of all kinds, titles in every state, decisions.

use chrono::NaiveDate;
use rand::RngExt;
use serde_json::{Value, json};
use uuid::Uuid;

use super::YEARS;
use super::people::{FAMILY_NAMES, People};
use crate::access::Act;
use crate::areas::{AreaId, Areas};
use crate::base::clock::today;
use crate::base::db::Conn;
use crate::base::error::{Error, Result};
use crate::base::hundredths::Points;
use crate::base::keys::Keys;
use crate::base::kind::{Group, Kind, Status, Year};
use crate::base::number::NumberScheme;
use crate::base::version::Version;
use crate::ledger;
use crate::ledger::audit::{Entity, Item};
use crate::register::criteria::{Outcome, Score, rows as criteria_rows};
use crate::register::decisions::rows::{Decision, Part};
use crate::register::decisions::{Action, Body, Document};
use crate::register::hamlets::rows::{Hamlet, HamletChange};
use crate::register::holders::rows::Holder;
use crate::register::holders::{bulk, identifiers};
use crate::register::titles::choice::{Choice, RecordRef, Selection};
use crate::register::titles::filter::TitleFilter;
use crate::register::titles::listing;
use crate::register::titles::rows::Title;
use crate::register::titles::write;

pub const HAMLETS: usize = 12;
/// The families of the last hamlets are left for the demo lists of this year.
pub const LEFT_FOR_LISTS: usize = 3;

pub type New = (Holder, Option<(NumberScheme, String)>);

/// Fills a commune that has no hamlets yet.
pub async fn install(
    db: &mut Conn,
    (keys, areas): (&Keys, &Areas),
    area: AreaId,
    recorder: &Act,
    approver: &Act,
) -> Result<()> {
    if !Hamlet::of_commune(db, area).await?.is_empty() {
        return Ok(());
    }
    let mut people = People::seeded(areas.code(area, today()).parse().unwrap_or(1));
    let kind_of_hamlet =
        if areas.name(area, today()).starts_with("Xã") { "xóm" } else { "tổ dân phố" };
    let new: Vec<HamletChange> = (1..=HAMLETS)
        .map(|n| HamletChange {
            hamlet_type: kind_of_hamlet.to_owned(),
            name: n.to_string(),
            difficult: false,
            valid_from: None,
        })
        .collect();
    let ids = Hamlet::add(db, recorder, area, &new).await?;
    let hamlets = Hamlet::by_ids(db, &ids).await?;
    let hamlets: Vec<Hamlet> = ids
        .iter()
        .filter_map(|id| hamlets.iter().find(|hamlet| hamlet.id == *id).cloned())
        .collect();
    let holders = holders(&mut people, area, &hamlets);
    enter_holders(db, keys, recorder, area, &holders).await?;
    for year in YEARS {
        let left = &ids[HAMLETS - LEFT_FOR_LISTS..];
        let taking_part = holders.iter().map(|(holder, _)| holder).filter(|holder| {
            let listed = matches!(holder.kind, Kind::Family | Kind::Citizen);
            year < YEARS[1] || !listed || holder.hamlet_id.is_none_or(|id| !left.contains(&id))
        });
        enter_titles(db, areas, recorder, area, year, taking_part, &mut people).await?;
        decide(db, areas, approver, area, year, &ids).await?;
    }
    Ok(())
}

fn holder(kind: Kind, area: AreaId, hamlet: Option<Uuid>, name: &str, details: Value) -> Holder {
    let mut holder = Holder::new(kind, area, hamlet, name.to_owned());
    holder.birth_year = ["birth_year", "head_birth_year"]
        .iter()
        .find_map(|field| details[field].as_i64())
        .map(|year| year as i16);
    holder.details = details;
    holder
}

/// The holders of all kinds, the same for the same people.
pub fn holders(people: &mut People, area: AreaId, hamlets: &[Hamlet]) -> Vec<New> {
    let mut made: Vec<New> = Vec::new();
    for hamlet in hamlets {
        let at = Some(hamlet.id);
        let community = json!({"households": 240, "population": 900});
        made.push((holder(Kind::Community, area, at, &hamlet.full_name(), community), None));
        let mut names = std::collections::HashSet::new();
        for _ in 0..30 {
            let head = people.person(1945..1992);
            if !names.insert(head.name.clone()) {
                continue;
            }
            let members = people.rng.random_range(2..7);
            let details = json!({
                "head_birth_year": head.birth_year, "members": members, "adults": 2,
                "pupils": members - 2,
            });
            let family = holder(Kind::Family, area, at, &head.name, details);
            let number = (NumberScheme::HouseholdHead, head.number.clone());
            let citizen = json!({
                "birth_year": head.birth_year, "sex": head.sex, "family": family.code,
            });
            let mut citizen = holder(Kind::Citizen, area, at, &head.name, citizen);
            citizen.family_id = Some(family.id);
            citizen.group_code = people.one_of(Group::ALL).to_string();
            made.push((family, Some(number)));
            made.push((citizen, Some((NumberScheme::Citizen, head.number))));
        }
    }
    for name in FAMILY_NAMES.iter().take(8) {
        let households = people.rng.random_range(20..120);
        let clan = json!({"head": format!("{name} Văn Tộ"), "households": households});
        made.push((holder(Kind::Clan, area, None, &format!("Dòng họ {name}"), clan), None));
    }
    let units = [
        ("Trường Mầm non", true),
        ("Trường Tiểu học", true),
        ("Trường THCS", true),
        ("Trạm Y tế", false),
        ("Công an", false),
        ("Văn phòng HĐND và UBND", false),
        ("Trung tâm Phục vụ hành chính công", false),
        ("Hợp tác xã dịch vụ nông nghiệp", false),
    ];
    for (n, (name, educates)) in units.into_iter().enumerate() {
        let staff = people.rng.random_range(8..60);
        let unit_type = if educates { "cơ sở giáo dục" } else { "cơ quan" };
        let details = json!({"unit_type": unit_type, "staff": staff, "educates": educates});
        let number = (NumberScheme::Organisation, format!("06{area:05}{n:03}"));
        made.push((holder(Kind::Unit, area, None, name, details), Some(number)));
    }
    made
}

async fn enter_holders(
    db: &mut Conn,
    keys: &Keys,
    act: &Act,
    area: AreaId,
    new: &[New],
) -> Result<()> {
    ledger::write(db, act, "holder.create", async |w| {
        w.lock(&[area]).await?;
        let version = w.version(area)?;
        let holders: Vec<Holder> =
            new.iter().map(|(holder, _)| Holder { version, ..holder.clone() }).collect();
        // Families stand before the citizens that name them.
        bulk::insert_all(w, &holders).await?;
        let numbers: Vec<(Uuid, NumberScheme, String)> = new
            .iter()
            .filter_map(|(h, number)| number.clone().map(|(scheme, text)| (h.id, scheme, text)))
            .collect();
        if !identifiers::claim_all(w, keys, &numbers).await?.is_empty() {
            return Err(Error::internal("a number of the demo is taken"));
        }
        let items: Vec<Item> = holders
            .iter()
            .zip(new)
            .map(|(holder, (_, number))| {
                let fields = holder.fields(number.as_ref().map(|(_, text)| text.as_str()));
                Item::created(Entity::Holder, holder.id, fields)
            })
            .collect();
        w.record_all(area, &items).await
    })
    .await
}

async fn enter_titles<'a>(
    db: &mut Conn,
    areas: &Areas,
    act: &Act,
    area: AreaId,
    year: i16,
    holders: impl Iterator<Item = &'a Holder>,
    people: &mut People,
) -> Result<()> {
    let last = year == YEARS[1];
    let mut new = Vec::new();
    for holder in holders {
        if people.happens(20) {
            continue;
        }
        let level = holder.kind.default_level();
        let mut title = Title::register(holder, holder.area_id, year, level, today());
        title.status = match people.rng.random_range(0..100) {
            0..4 => Status::Withdrawn,
            4..16 if last => Status::Registered,
            16..34 if last => Status::SelfAssessed,
            _ => Status::Verified,
        };
        let own = people.rng.random_range(68..97);
        let score = |points| {
            let total = Some(Points::whole(points));
            serde_json::to_value(Score { total, ..Score::default() }).ok()
        };
        if matches!(title.status, Status::SelfAssessed | Status::Verified) {
            title.own_score = score(own);
        }
        if title.status == Status::Verified {
            title.verified_score = score(own - people.rng.random_range(0..4));
        }
        new.push(title);
    }
    ledger::write(db, act, "title.register", async |w| {
        w.lock(&[area]).await?;
        let sets = criteria_rows::all(w.db).await?;
        let mut new = new.clone();
        for title in &mut new {
            title.registered_on = w.day;
            title.assess(write::set_of(&sets, areas, title, w.day));
        }
        write::insert_all(w, areas, new).await?;
        Ok(())
    })
    .await
}

/// Recognises what passes and declines what fails: everything of the first year, some hamlets of the
/// second; then one title is revoked.
async fn decide(
    db: &mut Conn,
    areas: &Areas,
    act: &Act,
    area: AreaId,
    year: i16,
    hamlets: &[Uuid],
) -> Result<()> {
    let (first, on) = (year == YEARS[0], NaiveDate::from_ymd_opt(i32::from(year), 12, 22));
    let on = on.unwrap_or_default().min(today());
    let mut parts = Vec::new();
    for kind in Kind::ALL.iter().filter(|kind| first || **kind == Kind::Family) {
        for (outcome, action) in
            [(Outcome::Passes, Action::Recognise), (Outcome::Fails, Action::Decline)]
        {
            let chosen = if first { vec![None] } else { hamlets[..4].iter().map(Some).collect() };
            for hamlet in chosen {
                let filter = TitleFilter {
                    kind: Some(*kind),
                    area: Some(area),
                    year: Some(year),
                    status: Some(Status::Verified),
                    outcome: Some(outcome),
                    hamlet: hamlet.copied(),
                    ..TitleFilter::default()
                };
                let expected = listing::count(db, areas, &act.caller, &filter).await?;
                if expected == 0 {
                    continue;
                }
                let selection = Selection {
                    kind: *kind,
                    level: None,
                    area: areas.code(area, today()).to_owned(),
                    year: Year::try_from(year).map_err(Error::internal)?,
                    status: Status::Verified,
                    hamlet: hamlet.copied(),
                    import: None,
                    outcome: Some(outcome),
                };
                let at = String::new();
                let choice = Choice::Select { at, selection, area, expected };
                parts.push(Part { action, choice, reason: None });
            }
        }
    }
    enter(db, areas, act, area, (year, on), "15", &parts).await?;
    if !first {
        return Ok(());
    }
    let filter = TitleFilter {
        kind: Some(Kind::Family),
        area: Some(area),
        year: Some(year),
        status: Some(Status::Recognised),
        ..TitleFilter::default()
    };
    let found = listing::page(db, areas, &act.caller, &filter, None, 1).await?;
    let records: Vec<RecordRef> = found
        .iter()
        .map(|title| {
            let year = Year::try_from(year).map_err(Error::internal)?;
            let (holder_id, level, version) = (title.holder_id, title.level, title.version);
            Ok(RecordRef { holder_id, year, level, version })
        })
        .collect::<Result<_>>()?;
    let choice = Choice::Records { at: String::new(), records };
    let reason = Some("Vi phạm quy ước của khu dân cư".to_owned());
    let part = Part { action: Action::Revoke, choice, reason };
    enter(db, areas, act, area, (year, on), "21", &[part]).await
}

async fn enter(
    db: &mut Conn,
    areas: &Areas,
    act: &Act,
    area: AreaId,
    (year, on): (i16, NaiveDate),
    number: &str,
    parts: &[Part],
) -> Result<()> {
    let decision = Decision {
        id: Uuid::now_v7(),
        document: Document::Decision,
        authority_area_id: area,
        authority_body: Body::PeoplesCommittee,
        authority_name: format!("UBND {}", areas.get(area).nearest(on).full_name),
        number: number.to_owned(),
        symbol: "QĐ-UBND".to_owned(),
        decided_on: on,
        signatory_name: "Vũ Minh Đức".to_owned(),
        signatory_position: "Phó Chủ tịch".to_owned(),
        signatory_capacity: "KT. CHỦ TỊCH".to_owned(),
        note: format!("Công nhận các danh hiệu học tập năm {year}"),
        entered_by: act.caller.id,
        version: Version::NEVER,
        annulled_at: None,
        annulled_by: None,
        annul_reason: String::new(),
    };
    Decision::enter(db, act, areas, &decision, parts).await?;
    Ok(())
}
