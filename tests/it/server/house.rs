//! The house: a floor uses only floors above it, a room only rooms above it, and files stay short.

use std::collections::HashMap;

use crate::support::source::{Token, files, tokens};

/// A floor as its mod.rs tells it.
struct Floor {
    name: String,
    /// In order, each using only those before it.
    rooms: Vec<String>,
    /// Names that stand for something in one of its rooms.
    lent: HashMap<String, String>,
}

/// A path that a file names, from the root of the library.
struct Named {
    line: usize,
    path: Vec<String>,
}

#[test]
fn floors_and_rooms_use_only_those_above_them() {
    let files = files("src");
    let floors = floors(&files);
    assert!(floors.len() > 8, "src/lib.rs lists the floors");
    let mut offences = Vec::new();
    for (file, text) in &files {
        let module = module_of(file);
        let Some(own) = floors.iter().position(|floor| *floor.name == module[0]) else { continue };
        for named in named(&tokens(text), &module) {
            let Some(used) = floors.iter().position(|floor| floor.name == named.path[0]) else {
                continue;
            };
            let room = |path: &[String]| floors[own].room(path.get(1)?);
            let below = match (room(&module), room(&named.path)) {
                _ if used != own => used > own,
                _ if named.path.get(1).is_some_and(|name| name == "*") => true,
                (Some(own), Some(used)) => used > own,
                _ => false,
            };
            if below {
                offences.push(format!("{file}:{}: {}", named.line, named.path.join("::")));
            }
        }
    }
    assert!(offences.is_empty(), "these use what is below them:\n{}", offences.join("\n"));
}

#[test]
fn files_are_short_rows_know_no_requests_and_answers_no_tables() {
    let mut offences = Vec::new();
    for (file, text) in files("src").into_iter().chain(files("tests")) {
        let lines = text.lines().count();
        if lines > 400 && file != "src/base/schema.rs" {
            offences.push(format!("{file}: {lines} lines"));
        }
        for (end, foreign) in [("rows.rs", "actix"), ("api.rs", "diesel")] {
            let of = |token: &&Token| token.text.contains(foreign);
            if file.starts_with("src/") && file.ends_with(end) {
                let found = tokens(&text).iter().find(of).map(|token| token.line);
                offences.extend(found.map(|line| format!("{file}:{line}: {foreign}")));
            }
        }
    }
    assert!(offences.is_empty(), "these are too long, or know too much:\n{}", offences.join("\n"));
}

impl Floor {
    /// Where a room, or what the floor lends from one, stands in the order.
    fn room(&self, name: &String) -> Option<usize> {
        let name = self.lent.get(name).unwrap_or(name);
        self.rooms.iter().position(|room| room == name)
    }
}

fn floors(files: &[(String, String)]) -> Vec<Floor> {
    let read = |path: &str| {
        let found = files.iter().find(|(file, _)| file == path);
        tokens(&found.unwrap_or_else(|| panic!("{path} is missing")).1)
    };
    let floor = |name: String| {
        let tokens = read(&format!("src/{name}/mod.rs"));
        let rooms = modules(&tokens);
        let mut lent = HashMap::new();
        for (bound, named) in uses(&tokens, &[]) {
            let path: Vec<_> = named.path.into_iter().filter(|part| part != "self").collect();
            if rooms.contains(&path[0]) {
                lent.insert(bound, path[0].clone());
            }
        }
        Floor { name, rooms, lent }
    };
    modules(&read("src/lib.rs")).into_iter().map(floor).collect()
}

/// `mod name;`, in order.
fn modules(tokens: &[Token]) -> Vec<String> {
    let declared = tokens.windows(3).filter(|t| t[0].text == "mod" && t[2].text == ";");
    declared.map(|t| t[1].text.clone()).collect()
}

/// `src/ledger/proof/mod.rs` is `ledger::proof`.
fn module_of(file: &str) -> Vec<String> {
    let file = file.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    file.split('/').map(str::to_owned).collect()
}

/// Every path in a file, in `use` lines and outside, that leads somewhere in the library.
fn named(tokens: &[Token], module: &[String]) -> Vec<Named> {
    let uses = uses(tokens, module);
    // What is found behind a floor's name matters; behind any other the `use` line has told it.
    let floors = uses.iter().filter(|(_, named)| named.path.len() == 1);
    let bound: HashMap<String, Vec<String>> =
        floors.map(|(name, named)| (name.clone(), named.path.clone())).collect();
    let mut found: Vec<Named> = uses.into_iter().map(|(_, named)| named).collect();
    let mut at = 0;
    while at < tokens.len() {
        if is_use(tokens, at) {
            at += tokens[at..].iter().take_while(|token| token.text != ";").count();
            continue;
        }
        let path = path_at(tokens, at);
        if path.len() > 1 && (at == 0 || ![".", "::"].contains(&&*tokens[at - 1].text)) {
            let path = match bound.get(&path[0]) {
                Some(start) => [start, &path[1..]].concat(),
                None => absolute(&path, module),
            };
            found.push(Named { line: tokens[at].line, path });
        }
        at += (2 * path.len()).max(2) - 1;
    }
    found.retain(|named| !named.path.is_empty());
    found
}

/// The names that `use` lines bind, each with its path.
fn uses(tokens: &[Token], module: &[String]) -> Vec<(String, Named)> {
    let mut found = Vec::new();
    for at in (0..tokens.len()).filter(|at| is_use(tokens, *at)) {
        leaves(tokens, at + 1, &[], &mut found);
    }
    for (_, named) in &mut found {
        named.path = absolute(&named.path, module);
    }
    found.retain(|(_, named)| !named.path.is_empty());
    found
}

/// `use<'a>` captures a lifetime and names nothing.
fn is_use(tokens: &[Token], at: usize) -> bool {
    tokens[at].text == "use" && tokens.get(at + 1).is_some_and(|next| next.text != "<")
}

/// The leaves of a tree of names; where it ends.
fn leaves(
    tokens: &[Token],
    mut at: usize,
    start: &[String],
    found: &mut Vec<(String, Named)>,
) -> usize {
    let line = tokens[at].line;
    let own = path_at(tokens, at);
    at += (2 * own.len()).saturating_sub(1);
    let mut path = [start, &own].concat();
    if tokens[at].text == "::" {
        at += 1;
    }
    if tokens[at].text == "{" {
        at += 1;
        while tokens[at].text != "}" {
            at = leaves(tokens, at, &path, found);
            at += usize::from(tokens[at].text == ",");
        }
        return at + 1;
    }
    if tokens[at].text == "*" {
        path.push("*".to_owned());
        at += 1;
    }
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let mut bound = path.last().cloned().unwrap_or_default();
    if tokens[at].text == "as" {
        bound.clone_from(&tokens[at + 1].text);
        at += 2;
    }
    found.push((bound, Named { line, path }));
    at
}

/// The words joined by `::` from here on.
fn path_at(tokens: &[Token], mut at: usize) -> Vec<String> {
    let is_word = |at: usize| {
        let first = tokens.get(at).and_then(|token| token.text.chars().next());
        first.is_some_and(|c| c.is_alphabetic() || c == '_')
    };
    let mut path = Vec::new();
    while is_word(at) {
        path.push(tokens[at].text.clone());
        if tokens.get(at + 1).is_none_or(|token| token.text != "::") || !is_word(at + 2) {
            break;
        }
        at += 2;
    }
    path
}

/// From the root of the library, if the path begins there; a floor's own mod.rs is told as it is.
fn absolute(path: &[String], module: &[String]) -> Vec<String> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    match &*path[0] {
        "crate" => path[1..].to_vec(),
        "super" => [&module[..module.len().saturating_sub(ups)], &path[ups..]].concat(),
        _ if module.is_empty() => path.to_vec(),
        _ => Vec::new(),
    }
}
