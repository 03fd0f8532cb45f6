//! What a request says of a holder, checked against the register and put into the holder.

use uuid::Uuid;

use super::api::HolderPatch;
use super::identifiers;
use super::rows::{Holder, HolderKey, NumberChange};
use super::{Checked, Details, Draft, merge};
use crate::access::Caller;
use crate::access::state::State;
use crate::areas::{AreaId, AreaLevel, Areas};
use crate::base::clock::today;
use crate::base::db::Db;
use crate::base::error::{Error, Result, say};
use crate::base::kind::Kind;
use crate::register::hamlets::rows::Hamlet;

/// The hamlet of a holder, if it is one of its commune; a community of a hamlet needs one.
pub async fn check_place(
    areas: &Areas,
    db: &mut Db,
    kind: Kind,
    area: AreaId,
    hamlet: Option<Uuid>,
) -> Result<Option<Hamlet>> {
    if kind != Kind::Community && areas.get(area).level != AreaLevel::Commune {
        return Err(Error::invalid_field(
            "/area",
            "commune_needed",
            say("Cần mã của một xã, phường, đặc khu.", "The code of a commune is needed."),
        ));
    }
    let Some(id) = hamlet else { return Ok(None) };
    let found = Hamlet::by_ids(db, &[id]).await?.pop();
    match found.filter(|h| areas.chain(h.area_id, h.placed_id) == area) {
        Some(hamlet) => Ok(Some(hamlet)),
        None => Err(Error::invalid_field(
            "/hamlet",
            "hamlet_not_of_commune",
            say(
                "Thôn, tổ dân phố này không thuộc xã đã chọn.",
                "This hamlet does not belong to the commune.",
            ),
        )),
    }
}

/// Puts what was checked into the holder, with the family and unit of a citizen found.
pub(super) async fn fill(
    db: &mut Db,
    caller: &Caller,
    holder: &mut Holder,
    checked: &Checked,
) -> Result<()> {
    let mut details = checked.details.clone();
    let known = (holder.family_id.take(), holder.unit_id.take());
    if let Details::Citizen(citizen) = &mut details {
        // A link that stays as it is may lead to another commune: people move.
        if let Some(text) = &mut citizen.family {
            holder.family_id = known.0.filter(|_| holder.details["family"] == **text);
            if holder.family_id.is_none() {
                let family = linked(db, caller, "family", Kind::Family, text).await?;
                (holder.family_id, *text) = (Some(family.id), family.code);
            }
        }
        if let Some(text) = &mut citizen.unit {
            holder.unit_id = known.1.filter(|_| holder.details["unit"] == **text);
            if holder.unit_id.is_none() {
                let unit = linked(db, caller, "unit", Kind::Unit, text).await?;
                (holder.unit_id, *text) = (Some(unit.id), unit.code);
            }
        }
    }
    holder.group_code = checked.group.map_or(String::new(), |group| group.to_string());
    holder.birth_year = details.birth_year();
    holder.details = details.to_value();
    Ok(())
}

async fn linked(
    db: &mut Db,
    caller: &Caller,
    field: &str,
    kind: Kind,
    text: &str,
) -> Result<Holder> {
    let found = match HolderKey::parse(text) {
        Ok(key) => Holder::find(db, caller, &key).await.ok().filter(|h| h.kind == kind),
        Err(_) => None,
    };
    found.ok_or_else(|| {
        Error::invalid_field(
            format!("/details/{field}"),
            "holder_unknown",
            say(
                format!("Không có {} nào mang mã này.", kind.vi()),
                format!("No {kind} has this code."),
            ),
        )
    })
}

pub(super) async fn patched(
    state: &State,
    db: &mut Db,
    caller: &Caller,
    area: AreaId,
    before: &Holder,
    patch: HolderPatch,
) -> Result<(Holder, NumberChange)> {
    let mut after = before.clone();
    if let Some(hamlet) = patch.hamlet
        && hamlet != before.hamlet_id
    {
        if before.kind == Kind::Community {
            return Err(Error::invalid_field(
                "/hamlet",
                "community_is_its_hamlet",
                say("Cộng đồng gắn với thôn của nó.", "A community is its hamlet."),
            ));
        }
        check_place(&state.areas(), db, before.kind, area, hamlet).await?;
        after.hamlet_id = hamlet;
    }
    let mut details = before.details.clone();
    if let Some(change) = patch.details {
        merge(&mut details, change);
    }
    let known = identifiers::numbers(db, state.keys(), &[before.id]).await?.remove(&before.id);
    let removed = patch.number == Some(None);
    let draft = Draft {
        kind: before.kind,
        name: patch
            .name
            .filter(|_| before.kind != Kind::Community)
            .unwrap_or_else(|| before.name.clone()),
        group: patch.group.unwrap_or_else(|| before.group()),
        // What is kept is checked again: the details may contradict it now.
        number: patch.number.unwrap_or(known),
        details,
    };
    let checked = draft.check(today())?;
    fill(db, caller, &mut after, &checked).await?;
    after.search_key = crate::base::text::search_key(&checked.name);
    after.name = checked.name;
    let number = match checked.number {
        Some((scheme, number)) => NumberChange::Set(scheme, number),
        None if removed => NumberChange::Remove,
        None => NumberChange::Keep,
    };
    Ok((after, number))
}
