//! A list of accounts as a province writes it: who, in which role, for which commune.

use std::collections::{BTreeSet, HashSet};

use chrono::NaiveDate;

use crate::access::Role;
use crate::areas::{AreaId, Areas};
use crate::base::error::{Error, FieldError, Result, say};
use crate::base::text::search_key;
use crate::register::accounts::check_username;
use crate::wire::sheets::{Sheet, SheetRow};

/// The most that one list may hold.
pub const MOST: usize = 1_000;

/// An account that a list asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    pub username: String,
    pub full_name: String,
    pub role: Role,
    pub area: AreaId,
}

/// Where the columns of a list stand.
struct Columns {
    username: Option<usize>,
    name: usize,
    role: usize,
    area: usize,
}

/// The accounts of the first sheet with a header, all that is wrong at once. Names of accounts that
/// are not given are made of role and code; `taken` are those that exist. With `repeated` a given
/// name may exist: the same request may have made it.
pub fn read(
    sheets: &[Sheet],
    areas: &Areas,
    scope: AreaId,
    taken: &HashSet<String>,
    repeated: bool,
    today: NaiveDate,
) -> Result<Vec<Wanted>> {
    let found = sheets.iter().find_map(|sheet| {
        let at = sheet.rows.iter().take(40).position(|row| columns(row).is_some())?;
        Some((columns(&sheet.rows[at])?, &sheet.rows[at + 1..]))
    });
    let Some((columns, rows)) = found else {
        return Err(Error::unprocessable(
            "header_missing",
            say(
                "Không thấy dòng tiêu đề có Họ và tên, Vai trò và Mã xã.",
                "There is no header with full name, role and commune.",
            ),
        ));
    };
    if rows.len() > MOST {
        return Err(Error::unprocessable(
            "too_many",
            say("Danh sách có hơn 1.000 tài khoản; hãy chia nhỏ.", "At most 1,000 accounts."),
        ));
    }
    let (mut wanted, mut errors) = (Vec::new(), Vec::new());
    let mut names: BTreeSet<String> = BTreeSet::new();
    for row in rows {
        match line(row, &columns, areas, scope, today) {
            Ok(mut line) => {
                if line.username.is_empty() {
                    line.username = made(&line, areas, today, |name| {
                        names.contains(name) || taken.contains(name)
                    });
                }
                let exists = taken.contains(&line.username) && !repeated;
                let fresh = names.insert(line.username.clone()) && !exists;
                if !fresh {
                    errors.push(FieldError::new(
                        pointer(row, "username"),
                        "username_taken",
                        say("Tên đăng nhập này đã có.", "This user name is taken."),
                    ));
                }
                wanted.push(line);
            }
            Err(faults) => errors.extend(faults),
        }
    }
    if wanted.is_empty() && errors.is_empty() {
        return Err(Error::unprocessable(
            "no_rows",
            say("Danh sách không có tài khoản nào.", "The list holds no account."),
        ));
    }
    if errors.is_empty() { Ok(wanted) } else { Err(Error::invalid(errors)) }
}

fn pointer(row: &SheetRow, field: &str) -> String {
    format!("/rows/{}/{field}", row.number)
}

fn columns(row: &SheetRow) -> Option<Columns> {
    let keys: Vec<String> = row.cells.iter().map(|cell| search_key(cell)).collect();
    let find = |heads: &[&str]| keys.iter().position(|key| heads.contains(&&**key));
    Some(Columns {
        username: find(&["ten dang nhap", "tai khoan", "username"]),
        name: find(&["ho va ten", "ho ten", "full name"])?,
        role: find(&["vai tro", "role"])?,
        area: find(&["ma xa", "xa", "ma don vi", "ma dia ban", "dia ban", "area"])?,
    })
}

fn line(
    row: &SheetRow,
    columns: &Columns,
    areas: &Areas,
    scope: AreaId,
    today: NaiveDate,
) -> Result<Wanted, Vec<FieldError>> {
    let mut errors = Vec::new();
    let username = columns.username.map(|at| row.cell(at)).unwrap_or_default().to_lowercase();
    if !username.is_empty() {
        errors.extend(check_username(&username).map(|mut error| {
            error.pointer = pointer(row, "username");
            error
        }));
    }
    let full_name = row.cell(columns.name);
    if !(1..=200).contains(&full_name.chars().count()) {
        errors.push(FieldError::new(
            pointer(row, "full_name"),
            "length",
            say("Thiếu họ và tên.", "The full name is missing."),
        ));
    }
    let role = role(&row.cell(columns.role));
    if role.is_none() {
        errors.push(FieldError::new(
            pointer(row, "role"),
            "role_unknown",
            say(
                "Vai trò chỉ nhận: nhập liệu, phê duyệt, giám sát, kiểm toán, xem số liệu, quản trị.",
                "The role is recorder, approver, supervisor, auditor, viewer or administrator.",
            ),
        ));
    }
    let area = match areas.resolve(&pointer(row, "area"), &code(&row.cell(columns.area)), today) {
        Ok(area) if areas.covers(scope, area) => Some(area),
        Ok(_) => {
            errors.push(FieldError::new(
                pointer(row, "area"),
                "area_not_covered",
                say("Địa bàn này ngoài phạm vi quản lý.", "This area is outside the caller's."),
            ));
            None
        }
        Err(error) => {
            errors.extend(error.to_problem().errors);
            None
        }
    };
    match (role, area) {
        (Some(role), Some(area)) if errors.is_empty() => {
            Ok(Wanted { username, full_name, role, area })
        }
        _ => Err(errors),
    }
}

/// A code that lost its zeros in Excel has them again.
pub fn code(text: &str) -> String {
    let digits = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    if digits && (3..5).contains(&text.len()) { format!("{text:0>5}") } else { text.to_owned() }
}

/// The role that a list names, in any of the ways that offices write it.
pub fn role(text: &str) -> Option<Role> {
    let key = search_key(text);
    let of = |role: Role| {
        let short = match role {
            Role::Recorder => "nhap lieu",
            Role::Approver => "phe duyet",
            Role::Supervisor => "giam sat",
            Role::Auditor => "kiem toan",
            Role::Viewer => "xem so lieu",
            Role::Administrator => "quan tri",
        };
        key == role.as_str() || key == short || key == search_key(role.vi())
    };
    Role::ALL.iter().copied().find(|role| of(*role))
}

/// `recorder.13669`, or with a number behind it where that is taken.
fn made(line: &Wanted, areas: &Areas, today: NaiveDate, taken: impl Fn(&str) -> bool) -> String {
    let plain = format!("{}.{}", line.role, areas.code(line.area, today)).to_lowercase();
    let mut name = plain.clone();
    let mut n = 2;
    while taken(&name) {
        name = format!("{plain}.{n}");
        n += 1;
    }
    name
}
