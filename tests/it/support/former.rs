//! The register as it was kept before communes were merged and split.

use chrono::NaiveDate;
use hoctap::access::{Act, Role};
use hoctap::areas::{AreaId, Areas};
use hoctap::base::db::Conn;
use hoctap::base::kind::{Kind, Level};
use hoctap::register::accounts::rows::{User, UserChange};
use hoctap::register::hamlets::rows::{Hamlet, HamletChange};
use hoctap::register::holders::rows::Holder;
use hoctap::register::titles::change::register;
use uuid::Uuid;

use super::TestApp;

/// The day before districts ended and communes were merged and split.
pub fn before_reform() -> NaiveDate {
    NaiveDate::from_ymd_opt(2025, 6, 30).expect("a day")
}

/// The register as its servers saw it in June 2025, to enter what they entered then: a commune that
/// has been merged or split since takes no record over the API any more.
pub struct Former {
    pub areas: Areas,
    pub act: Act,
    db: Conn,
}

impl Former {
    pub async fn open(app: &TestApp, commune: &str) -> Self {
        let mut db = app.db().await;
        let areas = Areas::load_known(&mut db, None, before_reform()).await.expect("the areas");
        let commune = areas.find(commune, before_reform()).expect("a commune of that day");
        Self { areas, act: Act::of_the_product(commune, Role::Recorder), db }
    }

    fn commune(&self) -> AreaId {
        self.act.caller.area
    }

    pub async fn account(&mut self, username: &str, role: Role) -> Uuid {
        let change = UserChange {
            full_name: "Trần Văn Cũ".to_owned(),
            role,
            area_id: self.commune(),
            disabled: false,
        };
        let hash = hoctap::register::accounts::hash_password(super::PASSWORD).expect("a hash");
        let made = User::create(&mut self.db, &self.act, change, username, &hash, false).await;
        made.expect("a former account")
    }

    pub async fn hamlet(&mut self, name: &str) -> Uuid {
        let new = HamletChange {
            hamlet_type: "thôn".to_owned(),
            name: name.to_owned(),
            difficult: false,
            valid_from: None,
        };
        let commune = self.commune();
        let made = Hamlet::add(&mut self.db, &self.act, commune, &[new]).await;
        made.expect("a former hamlet")[0]
    }

    pub async fn holder(
        &mut self,
        app: &TestApp,
        kind: Kind,
        hamlet: Option<Uuid>,
        name: &str,
    ) -> Holder {
        let mut new = Holder::new(kind, self.commune(), hamlet, name.to_owned());
        if kind == Kind::Citizen {
            new.group_code = "farmers".to_owned();
        }
        let tools = (app.shared.keys.as_ref(), &self.areas);
        let made = Holder::create(&mut self.db, &self.act, tools, &new, None, true).await;
        let id = made.expect("a former holder");
        Holder::by_ids(&mut self.db, &[id]).await.expect("a former holder").remove(0)
    }

    pub async fn title(&mut self, holder: &Holder, year: i16, level: Level) {
        register(&mut self.db, &self.act, &self.areas, holder, (year, level), None)
            .await
            .expect("a title");
    }
}
