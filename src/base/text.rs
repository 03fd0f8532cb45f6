//! Vietnamese text: one normal form to store, one key to search by.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// NFC and trimmed; blanks of other kinds become plain ones. Names are changed no further.
pub fn tidy(text: &str) -> String {
    let plain: String = text
        .nfc()
        .filter(|c| !matches!(c, '\u{feff}' | '\u{200b}'..='\u{200d}'))
        .map(|c| if c == '\u{a0}' || c == '\u{202f}' { ' ' } else { c })
        .collect();
    plain.trim().to_owned()
}

pub fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

/// What two spellings of one name share: lower case, no diacritics and so no tone placement, đ as d,
/// single blanks, nothing but letters and digits.
pub fn search_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for c in text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        let c = if c == 'đ' { 'd' } else { c };
        if c.is_alphanumeric() {
            key.push(c);
        } else if !key.is_empty() && !key.ends_with(' ') {
            key.push(' ');
        }
    }
    key.truncate(key.trim_end().len());
    key
}

/// What two ways of writing the same name share: case, blanks and the place of the tone mark are
/// folded, diacritics are kept (Hùng is not Hưng).
pub fn name_key(text: &str) -> String {
    let is_tone = |c: char| matches!(c, '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' | '\u{323}');
    let fold = |syllable: &str| -> String {
        let (tones, letters): (Vec<char>, Vec<char>) =
            syllable.nfd().flat_map(char::to_lowercase).partition(|c| is_tone(*c));
        letters.into_iter().chain(tones).filter(|c| !c.is_ascii_punctuation()).collect()
    };
    text.split_whitespace().map(fold).filter(|s| !s.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether two names may be one, misspelt: few edits between their keys for their length.
pub fn near(a: &str, b: &str) -> bool {
    let (a, b) = (search_key(a), search_key(b));
    let longer = a.chars().count().max(b.chars().count());
    let allowed = match longer {
        0..=3 => 0,
        4..=8 => 1,
        _ => 2,
    };
    strsim::damerau_levenshtein(&a, &b) <= allowed
}
