//! Every query on the accounts of services.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::rows::{covered, taken};
use super::{secret, secret_digest};
use crate::access::{Act, Caller, Role};
use crate::base::db::Conn;
use crate::base::error::{OnConstraint, Result};
use crate::base::schema::service_accounts;
use crate::base::version::Version;
use crate::ledger;
use crate::ledger::audit::{Entity, Fields, Item};
use crate::wire::input::IfMatch;

#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = service_accounts)]
pub struct ServiceAccount {
    pub id: Uuid,
    pub name: String,
    pub area_id: i32,
    pub key_digest: Vec<u8>,
    pub disabled: bool,
    pub version: Version,
}

impl ServiceAccount {
    fn fields(&self) -> Fields {
        Fields::new()
            .plain("name", &*self.name)
            .plain("area", self.area_id)
            .plain("disabled", self.disabled)
    }

    pub fn caller(&self) -> Caller {
        Caller {
            id: self.id,
            name: self.name.clone(),
            role: Role::Viewer,
            area: self.area_id,
            session: None,
            password_temporary: false,
        }
    }

    /// Makes an account and its key, which is shown this once.
    pub async fn create(db: &mut Conn, act: &Act, name: &str, area: i32) -> Result<(Uuid, String)> {
        let key = secret();
        let id = ledger::write(db, act, "service_account.create", async |w| {
            w.lock(&[area]).await?;
            let account = Self {
                id: Uuid::now_v7(),
                name: name.to_owned(),
                area_id: area,
                key_digest: secret_digest(&key),
                disabled: false,
                version: w.version(area)?,
            };
            diesel::insert_into(service_accounts::table)
                .values(&account)
                .execute(w.db)
                .await
                .on_constraint("service_accounts_name_key", || taken("Tên", "name"))?;
            let item = Item::created(Entity::ServiceAccount, account.id, account.fields());
            w.record(area, item).await?;
            Ok(account.id)
        })
        .await?;
        Ok((id, key))
    }

    pub async fn find(db: &mut Conn, caller: &Caller, id: Uuid) -> Result<Self> {
        Ok(service_accounts::table
            .filter(
                service_accounts::id.eq(id).and(service_accounts::area_id.eq_any(covered(caller))),
            )
            .select(Self::as_select())
            .first(db)
            .await?)
    }

    pub async fn list(
        db: &mut Conn,
        caller: &Caller,
        after: Option<String>,
        limit: i64,
    ) -> Result<Vec<Self>> {
        Ok(service_accounts::table
            .filter(service_accounts::area_id.eq_any(covered(caller)))
            .filter(service_accounts::name.gt(after.unwrap_or_default()))
            .order(service_accounts::name)
            .limit(limit)
            .select(Self::as_select())
            .load(db)
            .await?)
    }

    pub async fn disable(
        db: &mut Conn,
        act: &Act,
        id: Uuid,
        version: IfMatch,
        disabled: bool,
    ) -> Result<()> {
        let area = Self::find(db, &act.caller, id).await?.area_id;
        ledger::write(db, act, "service_account.change", async |w| {
            w.lock(&[area]).await?;
            let before: Self = service_accounts::table
                .find(id)
                .for_update()
                .select(Self::as_select())
                .first(w.db)
                .await?;
            version.check(before.version)?;
            let after = Self { disabled, version: w.version(area)?, ..before.clone() };
            diesel::update(service_accounts::table.find(id)).set(&after).execute(w.db).await?;
            let item = Item::changed(Entity::ServiceAccount, id, before.fields(), after.fields());
            w.record(area, item).await
        })
        .await
    }

    pub async fn by_key(db: &mut Conn, key: &str) -> Result<Option<Self>> {
        Ok(service_accounts::table
            .filter(service_accounts::key_digest.eq(secret_digest(key)))
            .filter(service_accounts::disabled.eq(false))
            .select(Self::as_select())
            .first(db)
            .await
            .optional()?)
    }
}
