//! What comes with the product, in the forms in which officials enter theirs: published figures, which
//! the demo shows with what is wrong in them, and the targets of the programme.

use super::read::read;
use super::{Fault, Form, Lines};
use crate::access::{Act, Role};
use crate::areas::Areas;
use crate::base::clock::today;
use crate::base::db::Conn;
use crate::base::error::{Error, Result};
use crate::figures::targets::rows::Target;
use crate::wire::sheets::open::open;

const PUBLISHED: &[u8] = include_bytes!("../../../data/reported/reported_figures.csv");
const NATIONAL: &[u8] = include_bytes!("../../../data/targets/national.csv");

/// The published figures, in the areas that they are of.
pub fn published(areas: &Areas) -> Result<Lines> {
    lines(Form::Reported, PUBLISHED, areas)
}

/// Gives an empty register the targets of the programme.
pub async fn install_targets(db: &mut Conn, areas: &Areas) -> Result<()> {
    if !Target::any(db).await? {
        let act = Act::of_the_product(areas.country(), Role::Administrator);
        lines(Form::Targets, NATIONAL, areas)?.enter(db, &act, areas).await?;
    }
    Ok(())
}

fn lines(form: Form, file: &[u8], areas: &Areas) -> Result<Lines> {
    let sheets = open(file).map_err(|fault| Error::internal(fault.code()))?;
    let filled = read(form, &sheets, areas, &|_| Ok(()), today())?;
    if filled.faults.is_empty() {
        return Ok(filled.lines);
    }
    Err(Error::invalid(filled.faults.iter().map(Fault::error).collect()))
}
