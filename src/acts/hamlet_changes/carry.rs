//! What a change makes of its hamlets and their people.

use chrono::Datelike;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::NewHamletChange;
use super::rows::HamletChanged;
use crate::areas::Areas;
use crate::base::error::{Error, FieldError, OnConstraint, Result, say};
use crate::base::kind::Kind;
use crate::base::schema::{former_hamlets, hamlets, holders};
use crate::base::text::search_key;
use crate::ledger::Writer;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::register::apart::{Apart, renew};
use crate::register::hamlets::rows::{Hamlet, full_name, rename_community, taken};
use crate::register::hamlets::{ChangeAction, marks};
use crate::register::titles::rows::Title;
use crate::register::titles::write;

impl HamletChanged {
    /// Does to the hamlets `found`, whose chain and rows are locked, what the change says.
    pub(super) async fn carry_out(
        &self,
        w: &mut Writer<'_>,
        areas: &Areas,
        new: &NewHamletChange,
        found: &[Hamlet],
    ) -> Result<()> {
        let ending = matches!(new.action, ChangeAction::Merge | ChangeAction::Dissolve);
        let mut after = found.to_vec();
        for hamlet in &mut after {
            hamlet.version = self.version;
            if ending {
                hamlet.valid_to = self.effective_on.pred_opt();
            } else {
                hamlet.hamlet_type =
                    new.hamlet_type.clone().unwrap_or_else(|| hamlet.hamlet_type.clone());
                hamlet.name = new.name.clone().unwrap_or_else(|| hamlet.name.clone());
                hamlet.search_key = search_key(&hamlet.full_name());
            }
            store(w, hamlet).await?;
        }
        let into = match new.action {
            ChangeAction::Merge => Some(self.receiver(w, new, found).await?),
            _ => None,
        };
        self.keep_former(w, found, into).await?;
        for (before, after) in found.iter().zip(&after) {
            let item = Item::changed(
                Entity::Hamlet,
                after.id,
                before.fields(),
                self.tell(after.fields(), into),
            );
            w.record(self.area_id, item).await?;
            if ending {
                self.end_community(w, after.id).await?;
            } else {
                rename_community(w, self.area_id, before, after).await?;
            }
        }
        let ids: Vec<Uuid> = found.iter().map(|hamlet| hamlet.id).collect();
        match into {
            Some(into) => {
                self.move_holders(w, &ids, into).await?;
                self.reassess(w, areas, &[into]).await?;
            }
            None if ending => refuse_inhabited(w, found).await?,
            None => {}
        }
        Ok(())
    }

    /// The hamlet that the others go into: the one that survives, or a new one.
    async fn receiver(
        &self,
        w: &mut Writer<'_>,
        new: &NewHamletChange,
        merged: &[Hamlet],
    ) -> Result<Uuid> {
        if let Some((id, _)) = new.into {
            diesel::update(hamlets::table.find(id))
                .set(hamlets::version.eq(self.version))
                .execute(w.db)
                .await?;
            return Ok(id);
        }
        let (hamlet_type, name) =
            (new.hamlet_type.clone().unwrap_or_default(), new.name.clone().unwrap_or_default());
        let made = Hamlet {
            id: Uuid::now_v7(),
            area_id: self.area_id,
            placed_id: None,
            search_key: search_key(&full_name(&hamlet_type, &name)),
            hamlet_type,
            name,
            valid_from: self.effective_on,
            valid_to: None,
            version: self.version,
        };
        diesel::insert_into(hamlets::table)
            .values(&made)
            .execute(w.db)
            .await
            .on_constraint("hamlets_name_key", taken)?;
        let ids: Vec<Uuid> = merged.iter().map(|hamlet| hamlet.id).collect();
        let of = marks::of_hamlets(w.db, &ids).await?;
        let lists: Vec<_> = ids.iter().map(|id| of.get(id).cloned().unwrap_or_default()).collect();
        let mark = marks::common(&lists);
        marks::store(w.db, made.id, &mark).await?;
        let fields = made.fields().plain("difficult", marks::told(&mark));
        let item = Item::created(Entity::Hamlet, made.id, self.tell(fields, None));
        w.record(self.area_id, item).await?;
        Ok(made.id)
    }

    async fn keep_former(
        &self,
        w: &mut Writer<'_>,
        before: &[Hamlet],
        into: Option<Uuid>,
    ) -> Result<()> {
        let last = self.effective_on.pred_opt().unwrap_or(self.effective_on);
        let rows: Vec<_> = before
            .iter()
            .map(|hamlet| {
                let stays = matches!(self.action, ChangeAction::Rename | ChangeAction::Convert);
                (
                    former_hamlets::hamlet_id.eq(hamlet.id),
                    former_hamlets::change_id.eq(self.id),
                    former_hamlets::hamlet_type.eq(hamlet.hamlet_type.clone()),
                    former_hamlets::name.eq(hamlet.name.clone()),
                    former_hamlets::search_key.eq(hamlet.search_key.clone()),
                    former_hamlets::valid_to.eq(last),
                    former_hamlets::into_id.eq(if stays { Some(hamlet.id) } else { into }),
                )
            })
            .collect();
        diesel::insert_into(former_hamlets::table).values(rows).execute(w.db).await?;
        Ok(())
    }

    /// The fields of a hamlet with the document that changed it.
    fn tell(&self, fields: Fields, into: Option<Uuid>) -> Fields {
        let fields = fields
            .plain("effective_on", self.effective_on.to_string())
            .plain("document", &*self.document);
        match into {
            Some(into) => fields.plain("into", into.to_string()),
            None => fields,
        }
    }

    /// The community of a hamlet that is no more ends; its titles of the past stay with it.
    async fn end_community(&self, w: &mut Writer<'_>, hamlet: Uuid) -> Result<()> {
        let last = self.effective_on.pred_opt();
        let ended: Option<Uuid> = diesel::update(community_of(hamlet))
            .set((holders::ended_on.eq(last), holders::version.eq(self.version)))
            .returning(holders::id)
            .get_result(w.db)
            .await
            .optional()?;
        let Some(id) = ended else { return Ok(()) };
        let after = Fields::new().plain("ended_on", last.map(|day| day.to_string()));
        w.record(self.area_id, Item::changed(Entity::Holder, id, Fields::new(), after)).await
    }

    /// The mark of the hamlet that people live in now holds for their titles from the year of the change on.
    pub(super) async fn reassess(
        &self,
        w: &mut Writer<'_>,
        areas: &Areas,
        hamlets: &[Uuid],
    ) -> Result<()> {
        let mut open = Title::undecided_of_hamlets(w.db, hamlets).await?;
        open.retain(|(title, _)| i32::from(title.year) >= self.effective_on.year());
        write::reassess(w, areas, areas.chain(self.area_id, None), open).await
    }

    /// Everyone of the merged hamlets lives in the one they became.
    async fn move_holders(&self, w: &mut Writer<'_>, from: &[Uuid], into: Uuid) -> Result<()> {
        let living: Vec<(Uuid, Option<Uuid>)> = holders::table
            .filter(holders::hamlet_id.eq_any(from).and(holders::kind.ne(Kind::Community)))
            .order(holders::id)
            .select((holders::id, holders::hamlet_id))
            .load(w.db)
            .await?;
        let ids: Vec<Uuid> = living.iter().map(|(id, _)| *id).collect();
        let apart = Apart::of(w.db, &ids).await?;
        diesel::update(holders::table.filter(holders::id.eq_any(ids)))
            .set((holders::hamlet_id.eq(into), holders::version.eq(self.version)))
            .execute(w.db)
            .await?;
        renew(w.db, &apart).await?;
        let hamlet = |id: Option<Uuid>| Fields::new().plain("hamlet", id.map(|id| id.to_string()));
        let items: Vec<Item> = living
            .into_iter()
            .map(|(id, from)| Item::changed(Entity::Holder, id, hamlet(from), hamlet(Some(into))))
            .collect();
        w.record_all(self.area_id, &items).await
    }
}

/// Stores what a change makes of a hamlet.
pub(super) async fn store(w: &mut Writer<'_>, hamlet: &Hamlet) -> Result<()> {
    diesel::update(hamlets::table.find(hamlet.id))
        .set((
            hamlets::hamlet_type.eq(&hamlet.hamlet_type),
            hamlets::name.eq(&hamlet.name),
            hamlets::search_key.eq(&hamlet.search_key),
            hamlets::valid_to.eq(hamlet.valid_to),
            hamlets::version.eq(hamlet.version),
        ))
        .execute(w.db)
        .await
        .on_constraint("hamlets_name_key", taken)?;
    Ok(())
}

/// A hamlet where somebody lives is not dissolved but merged into another.
async fn refuse_inhabited(w: &mut Writer<'_>, found: &[Hamlet]) -> Result<()> {
    let mut errors = Vec::new();
    for (n, hamlet) in found.iter().enumerate() {
        let living: i64 = holders::table
            .filter(holders::hamlet_id.eq(hamlet.id).and(holders::kind.ne(Kind::Community)))
            .count()
            .get_result(w.db)
            .await?;
        if living > 0 {
            errors.push(FieldError::new(
                format!("/hamlets/{n}"),
                "hamlet_inhabited",
                say(
                    format!("{} còn {living} đối tượng; hãy sáp nhập.", hamlet.full_name()),
                    format!("{} still has {living} holders: merge it.", hamlet.full_name()),
                ),
            ));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::invalid(errors)) }
}

/// The community that a hamlet is, as a query.
#[diesel::dsl::auto_type(no_type_alias)]
pub(super) fn community_of(hamlet: Uuid) -> _ {
    let hamlet: Uuid = hamlet;
    let community: Kind = Kind::Community;
    holders::table
        .filter(holders::hamlet_id.assume_not_null().eq(hamlet))
        .filter(holders::kind.eq(community))
}
