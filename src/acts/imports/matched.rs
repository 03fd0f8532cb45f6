//! What the register tells of the rows of a list: the holders of its commune, and who has the numbers.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use super::Row;
use super::hamlets::Hamlets;
use super::matching::{self, Known, Meant, Owner, Placed, Sign};
use super::rows::{Import, candidates, holders_of_year, newcomers};
use crate::areas::{AreaId, Areas};
use crate::base::clock::today;
use crate::base::db::Conn;
use crate::base::error::Result;
use crate::base::keys::Keys;
use crate::base::kind::Kind;
use crate::base::number::{NumberScheme, organisation_number};
use crate::register::hamlets::rows::Hamlet;
use crate::register::holders::identifiers;

/// Rows that are read for the first time: all are compared before any is planned.
pub struct Matching<'a> {
    areas: &'a Areas,
    import: &'a Import,
    known: Known,
    hamlets: Vec<Hamlet>,
    by_code: HashMap<String, usize>,
    signs: Vec<Sign>,
    /// By row.
    owners: HashMap<usize, Owner>,
    /// The names of communes that have some of the numbers.
    communes: HashMap<AreaId, Arc<str>>,
}

/// What each row means, and who of last year's list none of them does.
pub struct Matched {
    pub placed: Vec<Placed>,
    pub hamlets: Vec<Hamlet>,
    /// Their printed codes.
    pub absent: Vec<String>,
}

impl<'a> Matching<'a> {
    pub async fn begin(db: &mut Conn, areas: &'a Areas, import: &'a Import) -> Result<Self> {
        let (commune, kind) = (import.area_id, import.kind);
        let hamlets = Hamlet::of_commune(db, commune).await?;
        let names = Hamlet::names_of_commune(db, areas, commune).await?;
        let known = Known {
            kind,
            holders: candidates(db, areas, commune, kind).await?,
            hamlets: Hamlets::new(&hamlets, &names, areas, import.commune_id),
            newcomers: newcomers(db, commune, kind).await?,
        };
        let by_code = known.holders.iter().enumerate().map(|(at, h)| (h.code.clone(), at));
        let by_code = by_code.collect();
        let (signs, owners, communes) = (Vec::new(), HashMap::new(), HashMap::new());
        Ok(Self { areas, import, known, hamlets, by_code, signs, owners, communes })
    }

    /// How many rows were read.
    pub fn len(&self) -> usize {
        self.signs.len()
    }

    /// The next rows of the list.
    pub async fn add(&mut self, db: &mut Conn, keys: &Keys, rows: &[Row]) -> Result<()> {
        let first = self.signs.len();
        for row in rows {
            let sign = self.known.read(&self.by_code, row, &self.signs);
            self.signs.push(sign);
        }
        let wanted = self.digests(keys, first, rows);
        let digests: Vec<Vec<u8>> = wanted.keys().cloned().collect();
        if digests.is_empty() {
            return Ok(());
        }
        for (digest, (holder, area)) in identifiers::digests(db, &digests).await? {
            let home = self.areas.chain(area, None);
            let owner = if home == self.import.area_id {
                Owner::Here(holder)
            } else {
                let name = || Arc::from(self.areas.name(home, today()));
                Owner::Elsewhere(self.communes.entry(home).or_insert_with(name).clone())
            };
            for n in wanted.get(&digest).into_iter().flatten() {
                self.owners.insert(*n, owner.clone());
            }
        }
        Ok(())
    }

    /// The digests of the numbers of some rows, and in which rows each stands.
    fn digests(&self, keys: &Keys, first: usize, rows: &[Row]) -> HashMap<Vec<u8>, Vec<usize>> {
        let mut wanted: HashMap<Vec<u8>, Vec<usize>> = HashMap::new();
        let scheme = match self.import.kind {
            Kind::Citizen => NumberScheme::Citizen,
            Kind::Unit => NumberScheme::Organisation,
            // A head's number may stand on several families.
            _ => return wanted,
        };
        for (n, row) in (first..).zip(rows) {
            let number = row.personal_number.as_deref().and_then(|number| match scheme {
                NumberScheme::Organisation => organisation_number(number),
                _ => Some(number.to_owned()),
            });
            for digest in number.iter().flat_map(|n| keys.digests(scheme.as_str(), n)) {
                wanted.entry(digest.to_vec()).or_default().push(n);
            }
        }
        wanted
    }

    /// What they mean, when all are known.
    pub async fn end(self, db: &mut Conn) -> Result<Matched> {
        let Self { areas, import, known, hamlets, signs, owners, .. } = self;
        let placed = matching::find(signs, &known, &owners);
        drop(owners);
        let listed: HashSet<Uuid> = placed.iter().filter_map(Placed::known).collect();
        let (commune, kind) = (import.area_id, import.kind);
        let year = import.year - 1;
        let last_year = holders_of_year(db, areas, commune, (kind, import.level), year).await?;
        let last_year: BTreeSet<Uuid> = last_year.into_iter().collect();
        // Both in the order of ids.
        let absent = known
            .holders
            .into_iter()
            .filter(|holder| last_year.contains(&holder.id) && !listed.contains(&holder.id))
            .map(|holder| holder.code)
            .collect();
        Ok(Matched { placed, hamlets, absent })
    }
}

impl Placed {
    /// The holder of the register that the row means.
    pub fn known(&self) -> Option<Uuid> {
        match self.meant {
            Meant::Known(id) => Some(id),
            _ => None,
        }
    }
}
