//! Every query on criteria sets, and the sets that come with the product.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::Value;
use uuid::Uuid;

use super::{CriteriaSet, Criterion, Grade, Points, Rules, Scheme};
use crate::access::{Act, Role};
use crate::areas::AreaId;
use crate::base::db::Conn;
use crate::base::error::{Error, OnConstraint, Result, say};
use crate::base::kind::{Kind, Level};
use crate::base::schema::criteria_sets;
use crate::base::version::Version;
use crate::ledger;
use crate::ledger::audit::{Entity, Fields, Item};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = criteria_sets)]
struct Row {
    id: Uuid,
    area_id: i32,
    kind: Kind,
    level: Level,
    edition: i32,
    scheme: Scheme,
    source: String,
    first_year: i16,
    last_year: i16,
    confirmed: bool,
    rules: Value,
    version: Version,
}

impl TryFrom<Row> for CriteriaSet {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        Ok(Self {
            id: row.id,
            area: row.area_id,
            kind: row.kind,
            level: row.level,
            edition: row.edition,
            scheme: row.scheme,
            source: row.source,
            first_year: row.first_year,
            last_year: row.last_year,
            confirmed: row.confirmed,
            rules: serde_json::from_value(row.rules).map_err(Error::internal)?,
            version: row.version,
        })
    }
}

/// A set before it has its place.
#[derive(Debug, Clone)]
pub struct NewSet {
    pub area: AreaId,
    pub kind: Kind,
    pub level: Level,
    pub scheme: Scheme,
    pub source: String,
    pub first_year: i16,
    pub last_year: i16,
    pub confirmed: bool,
    pub rules: Rules,
}

/// All sets: a few dozen.
pub async fn all(db: &mut Conn) -> Result<Vec<CriteriaSet>> {
    let rows: Vec<Row> = criteria_sets::table
        .order((
            criteria_sets::area_id,
            criteria_sets::kind,
            criteria_sets::level,
            criteria_sets::edition,
        ))
        .select(Row::as_select())
        .load(db)
        .await?;
    rows.into_iter().map(CriteriaSet::try_from).collect()
}

/// Adds the next edition for its area, kind and level: a set in use is never changed.
pub async fn add(db: &mut Conn, act: &Act, new: &[NewSet]) -> Result<Vec<Uuid>> {
    ledger::write(db, act, "criteria.create", async |w| {
        w.lock(&new.iter().map(|set| set.area).collect::<Vec<_>>()).await?;
        let mut ids = Vec::new();
        for set in new {
            let latest: Option<i32> = criteria_sets::table
                .filter(criteria_sets::area_id.eq(set.area))
                .filter(criteria_sets::kind.eq(set.kind).and(criteria_sets::level.eq(set.level)))
                .select(diesel::dsl::max(criteria_sets::edition))
                .first(w.db)
                .await?;
            let row = Row {
                id: Uuid::now_v7(),
                area_id: set.area,
                kind: set.kind,
                level: set.level,
                edition: latest.unwrap_or(0) + 1,
                scheme: set.scheme,
                source: set.source.clone(),
                first_year: set.first_year,
                last_year: set.last_year,
                confirmed: set.confirmed,
                rules: serde_json::to_value(&set.rules).map_err(Error::internal)?,
                version: w.version(set.area)?,
            };
            diesel::insert_into(criteria_sets::table)
                .values(&row)
                .execute(w.db)
                .await
                .on_constraint("criteria_sets_edition_key", || {
                    Error::conflict(
                        "edition_taken",
                        say("Bộ tiêu chí vừa được thêm.", "A set was added at the same time."),
                    )
                })?;
            let fields = Fields::new()
                .plain("kind", row.kind.as_str())
                .plain("level", row.level.as_str())
                .plain("edition", row.edition)
                .plain("source", &*row.source)
                .plain("years", format!("{}-{}", row.first_year, row.last_year))
                .plain("confirmed", row.confirmed)
                .plain("rules", row.rules.clone());
            w.record(set.area, Item::created(Entity::CriteriaSet, row.id, fields)).await?;
            ids.push(row.id);
        }
        Ok(ids)
    })
    .await
}

/// Gives an empty register the sets of the programme.
pub async fn install(db: &mut Conn, country: AreaId) -> Result<()> {
    let there: i64 = criteria_sets::table.count().get_result(db).await?;
    if there == 0 {
        let act = Act::of_the_product(country, Role::Administrator);
        add(db, &act, &of_the_programme(country)).await?;
    }
    Ok(())
}

/// The national sets. Where no table was published the set is unconfirmed and its source says so.
fn of_the_programme(country: AreaId) -> Vec<NewSet> {
    let points = |kind: Kind, level: Level| NewSet {
        area: country,
        kind,
        level,
        scheme: Scheme::Points,
        source: "Chưa tìm thấy bảng tiêu chí 2021–2030 của Hội Khuyến học Việt Nam; mức đạt 80 \
                 (70 ở nơi khó khăn) là tạm dùng, chỉ để tham khảo"
            .to_owned(),
        first_year: 2021,
        last_year: 2030,
        confirmed: false,
        rules: Rules {
            threshold: Some(Points::whole(80)),
            threshold_difficult: Some(Points::whole(70)),
            ..Rules::default()
        },
    };
    let grades = |kind, level, source: &str, years: (i16, i16), grades: &[(&str, &str)], valid| {
        let grades = grades
            .iter()
            .map(|(code, name)| Grade { code: (*code).to_owned(), name: (*name).to_owned() })
            .collect();
        NewSet {
            scheme: Scheme::Grades,
            source: source.to_owned(),
            first_year: years.0,
            last_year: years.1,
            confirmed: true,
            rules: Rules { grades, valid_years: valid, ..Rules::default() },
            ..points(kind, level)
        }
    };
    const LEVELS: &[(&str, &str)] = &[("level_2", "Mức độ 2"), ("level_1", "Mức độ 1")];
    const OLD: &[(&str, &str)] = &[("good", "Tốt"), ("fair", "Khá"), ("average", "Trung bình")];
    const UNITS: &str = "TT 24/2023/TT-BGDĐT";
    const COMMUNITIES: &str = "TT 25/2023/TT-BGDĐT";
    let criteria = (1..=10).map(|n| Criterion {
        code: n.to_string(),
        name: format!("Chỉ số {n}"),
        max: Some(Points::whole(10)),
    });
    vec![
        points(Kind::Family, Level::Commune),
        points(Kind::Clan, Level::Commune),
        points(Kind::Community, Level::Hamlet),
        points(Kind::Unit, Level::Commune),
        NewSet {
            source: "QĐ 244/QĐ-KHVN ngày 28/7/2022".to_owned(),
            confirmed: true,
            rules: Rules {
                criteria: criteria.collect(),
                floor: Some(Points::whole(5)),
                ..points(Kind::Citizen, Level::Commune).rules
            },
            ..points(Kind::Citizen, Level::Commune)
        },
        grades(Kind::Unit, Level::District, UNITS, (2024, 2030), LEVELS, 0),
        grades(Kind::Unit, Level::Province, UNITS, (2024, 2030), LEVELS, 0),
        grades(
            Kind::Community,
            Level::Commune,
            "TT 44/2014/TT-BGDĐT (15 tiêu chí)",
            (2021, 2023),
            OLD,
            0,
        ),
        grades(Kind::Community, Level::Commune, COMMUNITIES, (2024, 2030), LEVELS, 0),
        grades(Kind::Community, Level::District, COMMUNITIES, (2024, 2030), LEVELS, 0),
        // Kept for 36 months after the year of recognition.
        grades(Kind::Community, Level::Province, COMMUNITIES, (2024, 2030), LEVELS, 3),
    ]
}
