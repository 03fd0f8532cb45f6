//! The names of things and people that the sentences of a history speak of.

use std::collections::HashMap;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use crate::areas::Areas;
use crate::base::clock::today;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::schema::{decisions, hamlets, users};

/// What ids are called today.
pub struct Names<'a> {
    areas: &'a Areas,
    people: HashMap<Uuid, String>,
    hamlets: HashMap<Uuid, String>,
    decisions: HashMap<Uuid, String>,
}

impl<'a> Names<'a> {
    /// Looks up the accounts, and whatever hamlets and decisions the items name.
    pub async fn load(
        db: &mut Conn,
        areas: &'a Areas,
        actors: &[Uuid],
        items: impl Iterator<Item = &Value>,
    ) -> Result<Self> {
        let (mut of_hamlets, mut of_decisions) = (Vec::new(), Vec::new());
        for fields in items {
            let id = |field: &str| fields[field].as_str().and_then(|id| id.parse::<Uuid>().ok());
            of_hamlets.extend(id("hamlet"));
            of_decisions.extend(id("decision"));
        }
        let people: Vec<(Uuid, String)> = users::table
            .filter(users::id.eq_any(actors))
            .select((users::id, users::full_name))
            .load(db)
            .await?;
        let known: Vec<(Uuid, String, String)> = hamlets::table
            .filter(hamlets::id.eq_any(of_hamlets))
            .select((hamlets::id, hamlets::hamlet_type, hamlets::name))
            .load(db)
            .await?;
        let papers: Vec<(Uuid, String, String, NaiveDate)> = decisions::table
            .filter(decisions::id.eq_any(of_decisions))
            .select((decisions::id, decisions::number, decisions::symbol, decisions::decided_on))
            .load(db)
            .await?;
        Ok(Self {
            areas,
            people: people.into_iter().collect(),
            hamlets: known.into_iter().map(|(id, of, name)| (id, format!("{of} {name}"))).collect(),
            decisions: papers
                .into_iter()
                .map(|(id, number, symbol, on)| {
                    let slash = if symbol.is_empty() { "" } else { "/" };
                    (id, format!("{number}{slash}{symbol} ngày {}", on.format("%d/%m/%Y")))
                })
                .collect(),
        })
    }

    pub fn person(&self, id: Uuid) -> Option<&str> {
        self.people.get(&id).map(String::as_str)
    }

    pub fn hamlet(&self, id: &str) -> String {
        id.parse().ok().and_then(|id: Uuid| self.hamlets.get(&id).cloned()).unwrap_or_default()
    }

    pub fn decision(&self, id: &str) -> String {
        id.parse().ok().and_then(|id: Uuid| self.decisions.get(&id).cloned()).unwrap_or_default()
    }

    /// Its own name, without the province: the reader knows where it is.
    pub fn area(&self, id: i32) -> String {
        self.areas.get(id).nearest(today()).full_name.clone()
    }
}
