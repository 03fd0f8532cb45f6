//! Which holder a row means: by code, else by its own number, else by hamlet, name and birth year.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::{Code, Fault, Row};
use crate::hamlets::rows::Hamlet;
use crate::holders::rows::Holder;
use crate::kind::Kind;
use crate::text::{name_key, search_key};

/// What a row was found to mean.
#[derive(Debug, Clone, PartialEq)]
pub enum Meant {
    /// A holder of the register.
    Known(Uuid),
    New,
    /// It cannot be told; the faults say why.
    Unclear(Vec<Fault>),
}

/// What is known of the commune.
pub struct Known<'a> {
    pub kind: Kind,
    pub holders: &'a [Holder],
    pub hamlets: &'a [Hamlet],
    /// By row: the holder that has its number, and the commune's name if it is another's.
    pub numbers: HashMap<usize, Result<Uuid, String>>,
}

/// A row with its hamlet found.
pub struct Placed {
    pub hamlet: Option<Uuid>,
    pub meant: Meant,
}

/// Matches all rows at once: no holder is taken twice.
pub fn find(rows: &[Row], known: &Known<'_>) -> Vec<Placed> {
    let hamlets: Vec<_> = rows.iter().map(|row| hamlet(row, known)).collect();
    let mut by_code: HashMap<&str, &Holder> = HashMap::new();
    let mut by_name: HashMap<String, Vec<&Holder>> = HashMap::new();
    for holder in known.holders {
        by_code.insert(&holder.code, holder);
        by_name.entry(name_key(&holder.name)).or_default().push(holder);
    }
    let exact: Vec<Vec<&Holder>> = (0..rows.len())
        .map(|n| {
            let at = hamlets[n].as_ref().ok().copied().flatten();
            let named: Vec<&Holder> = match known.kind {
                Kind::Community => known.holders.iter().collect(),
                _ => by_name.get(&name_key(&rows[n].name)).cloned().unwrap_or_default(),
            };
            let fits = |h: &&Holder| same_place(at, h) && same_year(born(&rows[n]), h.birth_year);
            named.into_iter().filter(fits).collect()
        })
        .collect();
    let mut taken: HashMap<Uuid, usize> = HashMap::new();
    let mut first: HashMap<String, u32> = HashMap::new();
    let mut placed = Vec::with_capacity(rows.len());
    for (n, row) in rows.iter().enumerate() {
        let at = match &hamlets[n] {
            Ok(at) => *at,
            Err(fault) => {
                placed.push(Placed {
                    hamlet: None,
                    meant: Meant::Unclear(vec![Fault::clone(fault)]),
                });
                continue;
            }
        };
        let same =
            format!("{at:?}|{}|{:?}|{:?}", name_key(&row.name), born(row), row.personal_number);
        let meant = match first.get(&same) {
            Some(other) if row.code.is_none() => {
                let reason = format!("Trùng với dòng {other} của danh sách; hãy xóa một dòng.");
                Meant::Unclear(vec![row.fault("name", &row.name, "duplicate_row", reason)])
            }
            _ => one(row, &exact[n], known, n, &by_code),
        };
        first.entry(same).or_insert(row.number);
        let meant = match meant {
            Meant::Known(id) => match taken.get(&id) {
                Some(other) => {
                    let other = rows[*other].number;
                    let reason =
                        format!("Dòng {other} đã là đối tượng này; hãy ghi mã hoặc “mới”.");
                    Meant::Unclear(vec![row.fault("code", &row.name, "duplicate_row", reason)])
                }
                None => {
                    taken.insert(id, n);
                    Meant::Known(id)
                }
            },
            other => other,
        };
        placed.push(Placed { hamlet: at, meant });
    }
    let taken: HashSet<Uuid> = taken.into_keys().collect();
    doubt_near_names(rows, known, &taken, &mut placed);
    placed
}

fn one(
    row: &Row,
    exact: &[&Holder],
    known: &Known<'_>,
    n: usize,
    by_code: &HashMap<&str, &Holder>,
) -> Meant {
    match &row.code {
        Some(Code::New) => return Meant::New,
        Some(Code::Printed(code)) => {
            return match by_code.get(&**code) {
                Some(holder) => Meant::Known(holder.id),
                None => {
                    let reason = format!(
                        "Xã không có {} nào mang mã này; hãy sửa mã hoặc ghi “mới”.",
                        known.kind.vi().to_lowercase()
                    );
                    Meant::Unclear(vec![row.fault("code", code, "code_unknown", reason)])
                }
            };
        }
        None => {}
    }
    match known.numbers.get(&n) {
        Some(Ok(id)) => return Meant::Known(*id),
        Some(Err(commune)) => {
            let reason = format!("Số này đã có trong sổ bộ; hãy liên hệ {commune}.");
            return Meant::Unclear(vec![row.fault("number", "", "number_taken", reason)]);
        }
        None => {}
    }
    match exact {
        [] => Meant::New,
        [holder] => Meant::Known(holder.id),
        several => Meant::Unclear(vec![ambiguous(row, several)]),
    }
}

/// New rows whose name nearly is that of a holder whom no other row means.
fn doubt_near_names(rows: &[Row], known: &Known<'_>, taken: &HashSet<Uuid>, placed: &mut [Placed]) {
    let mut by_hamlet: HashMap<Option<Uuid>, Vec<(&Holder, String, String)>> = HashMap::new();
    for holder in known.holders.iter().filter(|holder| !taken.contains(&holder.id)) {
        let keys = (holder, name_key(&holder.name), search_key(&holder.name));
        by_hamlet.entry(holder.hamlet_id).or_default().push(keys);
    }
    for (row, placed) in rows.iter().zip(placed) {
        if placed.meant != Meant::New || row.code.is_some() || known.kind == Kind::Community {
            continue;
        }
        let (key, plain) = (name_key(&row.name), search_key(&row.name));
        let near: Vec<&Holder> = by_hamlet
            .get(&placed.hamlet)
            .into_iter()
            .flatten()
            .filter(|(holder, ..)| same_year(born(row), holder.birth_year))
            .filter(|(_, other, other_plain)| {
                *other_plain == plain
                    || other.len().abs_diff(key.len()) <= 3
                        && strsim::damerau_levenshtein(other, &key) <= 1
            })
            .map(|(holder, ..)| *holder)
            .collect();
        if !near.is_empty() {
            placed.meant = Meant::Unclear(vec![ambiguous(row, &near)]);
        }
    }
}

fn ambiguous(row: &Row, candidates: &[&Holder]) -> Fault {
    let list: Vec<String> = candidates
        .iter()
        .take(5)
        .map(|h| match h.birth_year {
            Some(year) => format!("{} {} ({year})", h.code, h.name),
            None => format!("{} {}", h.code, h.name),
        })
        .collect();
    let reason = format!(
        "Có thể là {}. Hãy ghi mã đó vào cột Mã, hoặc ghi “mới” nếu là đối tượng khác.",
        list.join("; ")
    );
    let fault = row.fault("name", &row.name, "ambiguous", reason);
    Fault { suggestion: candidates.first().map(|h| h.code.clone()), ..fault }
}

fn born(row: &Row) -> Option<i16> {
    let details = &row.details;
    let year = details["head_birth_year"].as_i64().or(details["birth_year"].as_i64());
    let date = details["birth_date"].as_str().and_then(|date| date.get(..4)?.parse().ok());
    year.or(date).map(|year| year as i16)
}

fn same_place(hamlet: Option<Uuid>, holder: &Holder) -> bool {
    hamlet.is_none() || holder.hamlet_id == hamlet
}

fn same_year(one: Option<i16>, other: Option<i16>) -> bool {
    one.is_none() || other.is_none() || one == other
}

/// The hamlet that a row names; none where it names none. It is never made here.
fn hamlet(row: &Row, known: &Known<'_>) -> Result<Option<Uuid>, Box<Fault>> {
    let Some(text) = &row.hamlet else { return Ok(None) };
    let full = search_key(text);
    let key = core(text);
    let named = |hamlet: &&Hamlet| core(&hamlet.full_name()) == key && !key.is_empty();
    let fitting: Vec<&Hamlet> = known.hamlets.iter().filter(named).collect();
    let same: Vec<&&Hamlet> =
        fitting.iter().filter(|hamlet| search_key(&hamlet.full_name()) == full).collect();
    match (&fitting[..], &same[..]) {
        ([one], _) => return Ok(Some(one.id)),
        (_, [one]) => return Ok(Some(one.id)),
        _ => {}
    }
    // Clans and units need none, and a sheet may go by any name.
    if row.hamlet_is_sheet && known.kind != Kind::Community {
        return Ok(None);
    }
    let nearest = known
        .hamlets
        .iter()
        .map(|hamlet| (strsim::damerau_levenshtein(&core(&hamlet.full_name()), &key), hamlet))
        .filter(|(distance, _)| *distance <= 2)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, hamlet)| hamlet.full_name());
    let reason = "Xã chưa có thôn, tổ dân phố này; hãy sửa tên, hoặc thêm thôn trước khi gửi lại.";
    let fault = row.fault("hamlet", text, "hamlet_unknown", reason.to_owned());
    Err(Box::new(Fault { suggestion: nearest, ..fault }))
}

/// What is left of a hamlet's name without its type, `số` and leading zeros: `TDP số 05` is `5`.
fn core(text: &str) -> String {
    const TYPES: &[&str] = &[
        "to dan pho",
        "khu dan cu",
        "khu pho",
        "tdp",
        "thon",
        "xom",
        "khu",
        "ban",
        "ap",
        "to",
        "so",
    ];
    let mut rest = search_key(text);
    while let Some(cut) = TYPES.iter().find_map(|word| rest.strip_prefix(&format!("{word} "))) {
        rest = cut.to_owned();
    }
    // `TDP5`
    if let Some(digits) = rest.strip_prefix("tdp")
        && !digits.is_empty()
    {
        rest = digits.to_owned();
    }
    let words = rest.split(' ').map(|word| match word.trim_start_matches('0') {
        "" => word,
        trimmed if word.chars().all(|c| c.is_ascii_digit()) => trimmed,
        _ => word,
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hamlet_is_written_in_many_ways() {
        for text in ["Tổ dân phố 5", "TDP số 05", "tdp5", "Tổ 5", "Tổ dân phố số 5", "5"]
        {
            assert_eq!(core(text), "5", "{text}");
        }
        assert_eq!(core("Thôn Vạn Diệp"), "van diep");
    }
}
