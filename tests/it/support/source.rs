//! The text of the house itself, for the tests that read it.

use std::path::Path;

/// Every Rust file below a folder of the project, by path from its root, with its text.
pub fn files(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(&path).expect("a file");
                let path = path.strip_prefix(root).expect("below the root");
                found.push((path.to_str().expect("a path").to_owned(), text));
            }
        }
    }
    found.sort_unstable();
    found
}

/// A word, `::`, or any other sign of a file's code, with its line.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// The code of a file without comments, and without what stands in quotes.
pub fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let (mut tokens, mut at, mut line) = (Vec::new(), 0, 1);
    while at < chars.len() {
        let from = at;
        let next = chars.get(at + 1).copied().unwrap_or(' ');
        match chars[at] {
            '/' if next == '/' => at = find(&chars, at, "\n"),
            '/' if next == '*' => at = find(&chars, at + 2, "*/"),
            '"' => at = quoted(&chars, at + 1, '"'),
            // Of a lifetime only the apostrophe is left out.
            '\'' if next == '\\' || chars.get(at + 2) == Some(&'\'') => {
                at = quoted(&chars, at + 1, '\'')
            }
            ':' if next == ':' => at += 2,
            c if is_of_word(c) => {
                at += chars[at..].iter().take_while(|c| is_of_word(**c)).count();
                let hashes = chars[at..].iter().take_while(|c| **c == '#').count();
                let raw = matches!(&chars[from..at], ['r'] | ['b', 'r']);
                if raw && chars.get(at + hashes) == Some(&'"') {
                    at = find(&chars, at + hashes + 1, &format!("\"{}", "#".repeat(hashes)));
                }
            }
            _ => at += 1,
        }
        let text: String = chars[from..at].iter().collect();
        let is_code = text == "::" || text.chars().all(is_of_word) || text.chars().count() == 1;
        if is_code && !text.trim().is_empty() {
            tokens.push(Token { text: text.clone(), line });
        }
        line += text.matches('\n').count();
    }
    tokens
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Behind the next place where this stands.
fn find(chars: &[char], from: usize, what: &str) -> usize {
    let what: Vec<char> = what.chars().collect();
    let found = chars[from..].windows(what.len()).position(|part| part == what);
    found.map_or(chars.len(), |found| from + found + what.len())
}

/// Behind the quote that ends what stands in quotes.
fn quoted(chars: &[char], mut at: usize, quote: char) -> usize {
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}
