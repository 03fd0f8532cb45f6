//! Settings: all faults at once, each variable in the README.

use hoctap::base::config::{Config, VARIABLES};

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let error = Config::read(|name| match name {
        "HOCTAP_LISTEN" => Some("here".into()),
        "HOCTAP_POOL" => Some("many".into()),
        "DATABASE_URL" => Some("postgres://x".into()),
        _ => None,
    })
    .unwrap_err();
    assert_eq!(error.0.len(), 3, "{error}");
}

#[test]
fn the_readme_explains_every_variable_as_the_help_does() {
    let (_, settings) = include_str!("../../../../README.md").split_once("## Settings").unwrap();
    let (settings, _) = settings.split_once("\n## ").unwrap();
    let rows: Vec<&str> = settings.lines().filter(|line| line.starts_with("| `")).collect();
    let wanted: Vec<String> = VARIABLES
        .iter()
        .map(|v| format!("| `{}` | {} | {} |", v.name, v.default, v.meaning))
        .collect();
    assert_eq!(rows, wanted);
}
