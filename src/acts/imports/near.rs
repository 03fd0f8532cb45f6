//! Names that are nearly one: those that differ by a slip of the pen.

use std::hash::{DefaultHasher, Hash, Hasher};

use uuid::Uuid;

use super::matching::Candidate;
use crate::base::text::{name_key, search_key};

/// An index of holders by hamlet and by what is left of their names without one letter: two names
/// that differ by one letter have one of these in common. Only hashes are kept.
pub struct Near<'a> {
    by_hash: Vec<(u64, &'a Candidate)>,
}

impl<'a> Near<'a> {
    pub fn new(holders: impl Iterator<Item = &'a Candidate>) -> Self {
        let mut by_hash = Vec::new();
        for holder in holders {
            let hashes = hashes(holder.hamlet_id, &holder.name);
            by_hash.extend(hashes.into_iter().map(|hash| (hash, holder)));
        }
        by_hash.sort_unstable_by_key(|(hash, _)| *hash);
        Self { by_hash }
    }

    /// Candidates of the hamlet whose name is this one misspelt, or without its diacritics.
    pub fn find(&self, hamlet: Option<Uuid>, name: &str) -> Vec<&'a Candidate> {
        let (key, plain) = (name_key(name), search_key(name));
        let is_near = |holder: &&Candidate| {
            holder.hamlet_id == hamlet
                && (search_key(&holder.name) == plain
                    || strsim::damerau_levenshtein(&name_key(&holder.name), &key) <= 1)
        };
        let mut found: Vec<&Candidate> = Vec::new();
        for hash in hashes(hamlet, name) {
            let first = self.by_hash.partition_point(|(other, _)| *other < hash);
            let same = self.by_hash[first..].iter().take_while(|(other, _)| *other == hash);
            found.extend(same.map(|(_, holder)| *holder).filter(is_near));
        }
        found.sort_by_key(|holder| holder.id);
        found.dedup_by_key(|holder| holder.id);
        found
    }
}

/// Of the name without diacritics, the name, and the name without each of its letters.
fn hashes(hamlet: Option<Uuid>, name: &str) -> Vec<u64> {
    let hash = |text: &[&str]| {
        let mut hasher = DefaultHasher::new();
        (hamlet, text.concat()).hash(&mut hasher);
        hasher.finish()
    };
    let key = name_key(name);
    let without =
        key.char_indices().map(|(at, letter)| hash(&[&key[..at], &key[at + letter.len_utf8()..]]));
    let mut hashes: Vec<u64> = without.collect();
    hashes.extend([hash(&[&key]), hash(&["=", &search_key(name)])]);
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}
