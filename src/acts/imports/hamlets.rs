//! The hamlets that lists name: written in many ways, told apart by the commune they were in.

use std::collections::HashMap;

use uuid::Uuid;

use super::Row;
use super::matching::Doubt;
use crate::areas::{AreaId, Areas};
use crate::base::clock::today;
use crate::base::kind::Kind;
use crate::base::text::search_key;
use crate::register::hamlets::names::HamletName;
use crate::register::hamlets::rows::Hamlet;

/// The hamlets of a commune as lists may name them.
pub struct Hamlets {
    known: Vec<Known>,
    /// What hamlets were called before, in the form of [`core`], and those that stand for them today.
    former: HashMap<String, Vec<Uuid>>,
}

struct Known {
    id: Uuid,
    /// As it is written on lists: with its former commune where the name alone is not enough.
    label: String,
    full: String,
    core: String,
    /// Whether it was entered under the commune of which the list is.
    at_home: bool,
}

impl Hamlets {
    /// `home` is the commune of the list: of several hamlets of one name its own is meant.
    pub fn new(hamlets: &[Hamlet], names: &[HamletName], areas: &Areas, home: AreaId) -> Self {
        let labels = labels(hamlets, areas);
        let known = hamlets.iter().map(|hamlet| Known {
            id: hamlet.id,
            label: labels[&hamlet.id].clone(),
            full: search_key(&hamlet.full_name()),
            core: core(&hamlet.full_name()),
            at_home: hamlet.area_id == home,
        });
        let mut former: HashMap<String, Vec<Uuid>> = HashMap::new();
        for name in names.iter().filter(|name| name.until.is_some()) {
            let standing = former.entry(core(&name.full_name)).or_default();
            if !standing.contains(&name.hamlet) {
                standing.push(name.hamlet);
            }
        }
        Self { known: known.collect(), former }
    }

    /// The hamlet that a row names; none where it names none. It is never made here. `holder` is the
    /// hamlet of the holder whose code the row bears.
    pub fn find(
        &self,
        row: &Row,
        kind: Kind,
        holder: Option<Uuid>,
    ) -> Result<Option<Uuid>, Box<Doubt>> {
        let Some(text) = &row.hamlet else { return Ok(None) };
        let (full, key) = (search_key(text), core(text));
        if let Some(labelled) = self.known.iter().find(|h| search_key(&h.label) == full) {
            return Ok(Some(labelled.id));
        }
        let fitting: Vec<&Known> =
            self.known.iter().filter(|h| h.core == key && !key.is_empty()).collect();
        let narrower: [&dyn Fn(&Known) -> bool; 4] =
            [&|_| true, &|h| Some(h.id) == holder, &|h| h.full == full, &|h| h.at_home];
        for test in narrower {
            let mut found = fitting.iter().filter(|h| test(h));
            if let (Some(one), None) = (found.next(), found.next()) {
                return Ok(Some(one.id));
            }
        }
        // A list of last year may call it by the name of that year.
        if let ([], Some([one])) = (&fitting[..], self.former.get(&key).map(Vec::as_slice)) {
            return Ok(Some(*one));
        }
        // Clans and units need none, and a sheet may go by any name.
        if row.hamlet_is_sheet && kind != Kind::Community {
            return Ok(None);
        }
        if !fitting.is_empty() {
            let labels: Vec<&str> = fitting.iter().take(5).map(|h| &*h.label).collect();
            let reason = format!(
                "Xã có nhiều thôn, tổ dân phố cùng tên này: {}. Hãy ghi rõ như một trong các tên đó.",
                labels.join("; ")
            );
            return Err(Box::new(Doubt::of("hamlet", text, "hamlet_ambiguous", reason)));
        }
        let nearest = self
            .known
            .iter()
            .map(|h| (strsim::damerau_levenshtein(&h.core, &key), h))
            // Between numbers there is no near.
            .filter(|(distance, _)| *distance <= 2 && !key.contains(|c: char| c.is_ascii_digit()))
            .min_by_key(|(distance, _)| *distance)
            .map(|(_, h)| h.label.clone());
        let reason = "Xã này chưa có thôn, tổ dân phố nào tên như vậy; hãy sửa tên, hoặc thêm thôn, \
                      tổ vào hệ thống trước khi gửi lại.";
        let doubt = Doubt::of("hamlet", text, "hamlet_unknown", reason.to_owned());
        Err(Box::new(Doubt { suggestion: nearest, ..doubt }))
    }
}

/// How each hamlet is written on lists of its commune: by its name; where two share it, with the
/// commune that each was in.
pub fn labels(hamlets: &[Hamlet], areas: &Areas) -> HashMap<Uuid, String> {
    let mut bearers: HashMap<String, usize> = HashMap::new();
    for hamlet in hamlets {
        *bearers.entry(search_key(&hamlet.full_name())).or_default() += 1;
    }
    let label = |hamlet: &Hamlet| {
        let name = hamlet.full_name();
        if bearers[&search_key(&name)] == 1 {
            return name;
        }
        let commune = areas.get(hamlet.area_id).nearest(today());
        format!("{name} ({})", commune.full_name)
    };
    hamlets.iter().map(|hamlet| (hamlet.id, label(hamlet))).collect()
}

/// The hamlet that a line across the list names: `II. Thôn Vạn Diệp`.
pub fn heading(text: &str) -> Option<String> {
    let key = search_key(text);
    let words: Vec<&str> = key.split(' ').collect();
    let numbered = words.len() > 1 && words[0].chars().all(|c| "ivx0123456789".contains(c));
    let rest = words[usize::from(numbered)..].join(" ");
    let typed = TYPES.iter().any(|word| rest.starts_with(&format!("{word} ")));
    let skipped = text.split_whitespace().skip(usize::from(numbered));
    (typed && rest.split(' ').count() <= 8).then(|| skipped.collect::<Vec<_>>().join(" "))
}

const TYPES: &[&str] =
    &["to dan pho", "khu dan cu", "khu pho", "tdp", "thon", "xom", "khu", "ban", "ap", "to", "so"];

/// What is left of a hamlet's name without its type, `số` and leading zeros: `TDP số 05` is `5`.
pub fn core(text: &str) -> String {
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
