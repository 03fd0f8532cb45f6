//! The demo register: the province Ninh Bình with totals, and three communes with all kinds of
//! records over two years, made from a seed through the same doors as everybody's.

mod commune;
pub mod lists;
pub mod people;

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rand::RngExt;
use uuid::Uuid;

use crate::access::{Act, Caller, Role};
use crate::areas::{AreaId, Areas};
use crate::base::clock::today;
use crate::base::db::{self, Conn};
use crate::base::error::{Error, Result};
use crate::base::keys::Keys;
use crate::base::kind::Base;
use crate::figures::forms::shipped::published;
use crate::figures::totals::rows::Total;
use crate::register::accounts;
use crate::register::accounts::rows::{User, UserChange};
use crate::register::accounts::service_rows::ServiceAccount;
use crate::wire::input::IfMatch;
use people::People;

/// What is printed: who there is, and the password of all.
pub struct Accounts {
    /// User name and what it is.
    pub users: Vec<(String, String)>,
    pub password: String,
    /// Where the password is kept.
    pub file: PathBuf,
    /// The key of the service account, on the start that made it.
    pub dashboard_key: Option<String>,
}

const PROVINCE: &str = "37";
/// Three communes of the former Nam Định: two wards and a rural commune.
pub const COMMUNES: [&str; 3] = ["13669", "13684", "13966"];
pub const YEARS: [i16; 2] = [2025, 2026];

/// Makes the demo register unless it exists; its service account is made last, and tells that it is
/// whole. What people made of it since stays as it is.
pub async fn install(url: &str, keys: &Keys, areas: &Areas, data_dir: &Path) -> Result<Accounts> {
    let mut db = db::connect(url).await?;
    let file = data_dir.join("demo-password");
    let password = password(&file)?;
    let hash = accounts::hash_password(&password)?;
    let product = Act::of_the_product(areas.country(), Role::Administrator);
    let mut accounts = Accounts { users: Vec::new(), password, file, dashboard_key: None };
    for (username, full_name, role, code) in wanted() {
        // An account that is known may have another area by now.
        let area_id = match User::by_name(&mut db, &username).await? {
            Some(user) => user.area_id,
            None => {
                let area_id = areas.resolve("area", &code, today())?;
                let change = UserChange { full_name, role, area_id, disabled: false };
                User::create(&mut db, &product, change, &username, &hash, false).await?;
                area_id
            }
        };
        let what = format!("{}, {}", role.vi(), areas.name(area_id, today()));
        accounts.users.push((username, what));
    }
    let supervisor = account(&mut db, "supervisor.37").await?;
    if !ServiceAccount::list(&mut db, &supervisor.caller, None, 1).await?.is_empty() {
        return Ok(accounts);
    }
    let province = areas.resolve("area", PROVINCE, today())?;
    totals(&mut db, areas, province).await?;
    let national = Act::of_the_product(areas.country(), Role::Supervisor);
    published(areas)?.enter(&mut db, &national, areas).await?;
    for code in COMMUNES {
        let area = areas.resolve("area", code, today())?;
        let recorder = account(&mut db, &format!("recorder.{code}")).await?;
        let approver = account(&mut db, &format!("approver.{code}")).await?;
        commune::install(&mut db, (keys, areas), area, &recorder, &approver).await?;
    }
    let (_, key) = ServiceAccount::create(&mut db, &product, "dashboard", province).await?;
    accounts.dashboard_key = Some(key);
    Ok(accounts)
}

fn wanted() -> Vec<(String, String, Role, String)> {
    let one = |name: &str, who: &str, role, area: &str| {
        (name.to_owned(), who.to_owned(), role, area.to_owned())
    };
    let mut wanted = vec![
        one("administrator", "Quản trị hệ thống", Role::Administrator, "VN"),
        one("supervisor.37", "Hội Khuyến học tỉnh", Role::Supervisor, PROVINCE),
        one("auditor.37", "Thanh tra tỉnh", Role::Auditor, PROVINCE),
    ];
    for code in COMMUNES {
        let (recorder, approver) = (format!("recorder.{code}"), format!("approver.{code}"));
        wanted.push(one(&recorder, "Cán bộ khuyến học", Role::Recorder, code));
        wanted.push(one(&approver, "Văn phòng Ủy ban nhân dân", Role::Approver, code));
    }
    wanted
}

/// An account as the one who acts.
async fn account(db: &mut Conn, username: &str) -> Result<Act> {
    let user = User::by_name(db, username).await?.ok_or_else(Error::not_found)?;
    let act = Act::of_the_product(user.area_id, user.role);
    Ok(Act { caller: Caller { id: user.id, name: user.username, ..act.caller }, ..act })
}

/// The password kept from the first start, or a new one in a file that only its owner reads.
fn password(file: &Path) -> Result<String> {
    if let Ok(known) = std::fs::read_to_string(file) {
        return Ok(known.trim().to_owned());
    }
    let password = accounts::temporary_password();
    let mut made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .map_err(|e| Error::internal(format!("{}: {e}", file.display())))?;
    writeln!(made, "{password}").map_err(Error::internal)?;
    Ok(password)
}

/// Totals of all communes of the province for both years, from a seed.
async fn totals(db: &mut Conn, areas: &Areas, province: AreaId) -> Result<()> {
    for commune in areas.communes(province, today()) {
        let mut people = People::seeded(commune as u64);
        let at_first: i32 = people.rng.random_range(3_000..12_000);
        for year in YEARS {
            if !Total::current(db, commune, year).await?.is_empty() {
                continue;
            }
            let households = at_first + i32::from(year - YEARS[0]) * at_first / 100;
            let hamlets = households / 250 + 5;
            let figures = [
                (Base::Households, households),
                (Base::Clans, hamlets * 2),
                (Base::Hamlets, hamlets),
                (Base::Organisations, people.rng.random_range(15..45)),
                (Base::Adults, households * 26 / 10),
                (Base::AdultsInLearningHolders, households * 18 / 10),
                (Base::Officials, people.rng.random_range(200..700)),
            ];
            let total = |(base, total)| Total {
                counted_on: chrono::NaiveDate::from_ymd_opt(i32::from(year), 1, 31),
                ..Total::new(commune, year, base, Some(total), "Số liệu minh họa")
            };
            let new: Vec<Total> = figures.into_iter().map(total).collect();
            let act = Act {
                request_id: Uuid::now_v7(),
                ..Act::of_the_product(province, Role::Supervisor)
            };
            Total::put(db, &act, areas, IfMatch::default(), &new).await?;
        }
    }
    Ok(())
}
