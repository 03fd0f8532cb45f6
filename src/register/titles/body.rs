//! A title as the API shows it.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::rows::Title;
use crate::access::state::State;
use crate::base::db::Db;
use crate::base::error::{Error, Result};
use crate::base::kind::{Group, Kind, Level, Status, Year};
use crate::base::version::Version;
use crate::register::criteria::{Assessment, Score, rows as criteria_rows};
use crate::register::hamlets::rows::Hamlet;

/// A title.
#[derive(Serialize, ToSchema)]
#[schema(as = Title)]
pub struct TitleBody {
    holder_id: Uuid,
    /// The holder's printed code.
    #[schema(example = "K7M-3QX-9TD")]
    code: String,
    #[schema(example = "Trần Văn Bình")]
    name: String,
    hamlet_name: Option<String>,
    kind: Kind,
    level: Level,
    year: Year,
    /// Code of the area in which it was registered, as of that day.
    #[schema(example = "13669")]
    area: String,
    area_name: String,
    group: Option<Group>,
    status: Status,
    /// Under a set of grades.
    grade: Option<String>,
    registered_on: NaiveDate,
    /// Whether the lower threshold of difficult areas holds.
    difficult: bool,
    own_score: Option<Score>,
    verified_score: Option<Score>,
    /// What the verified score (or else its own) comes to, what it lacks, what could not be checked.
    assessment: Assessment,
    /// The criteria set that was applied.
    criteria_set: Option<Uuid>,
    decision: Option<Uuid>,
    import: Option<Uuid>,
    /// The last year in which it is in force, once recognised.
    valid_through: i16,
    /// Something of it came after its deadline, or after its commune had closed.
    late: bool,
    version: Version,
}

impl TitleBody {
    /// One line: what, for which year, where it stands, by what score.
    pub fn printed(&self) -> String {
        let score = self.verified_score.as_ref().or(self.own_score.as_ref());
        let total = score.and_then(|score| score.total.as_ref());
        let total = total.map(|total| format!(", {total} điểm")).unwrap_or_default();
        let (kind, level, year) = (self.kind.vi(), self.level.vi(), self.year);
        format!("{kind} {level} năm {year}, {}: {}{total}", self.area_name, self.status.vi())
    }
}

pub(super) fn year_of(year: i16) -> Result<Year> {
    Year::try_from(year).map_err(|_| Error::not_found())
}

pub async fn bodies(state: &State, db: &mut Db, found: &[Title]) -> Result<Vec<TitleBody>> {
    let areas = state.areas();
    let sets = criteria_rows::all(db).await?;
    let hamlets: Vec<Uuid> = found.iter().filter_map(|title| title.hamlet_id).collect();
    let hamlets = Hamlet::by_ids(db, &hamlets).await?;
    found
        .iter()
        .map(|title| {
            let (own, verified) = (title.own(), title.verified());
            let set = sets.iter().find(|set| Some(set.id) == title.criteria_set_id);
            let assessment = match (set, verified.as_ref().or(own.as_ref())) {
                (Some(set), Some(score)) => score.assess(set.scheme, &set.rules, title.difficult),
                _ => {
                    Assessment { outcome: title.outcome, lacks: Vec::new(), unchecked: Vec::new() }
                }
            };
            let hamlet = hamlets.iter().find(|h| Some(h.id) == title.hamlet_id);
            Ok(TitleBody {
                holder_id: title.holder_id,
                code: title.code.clone(),
                name: title.name.clone(),
                hamlet_name: hamlet.map(Hamlet::full_name),
                kind: title.kind,
                level: title.level,
                year: year_of(title.year)?,
                area: areas.code(title.area_id, title.registered_on).to_owned(),
                area_name: areas.name(title.area_id, title.registered_on),
                group: Group::parse(&title.group_code),
                status: title.status,
                grade: Some(title.grade.clone()).filter(|grade| !grade.is_empty()),
                registered_on: title.registered_on,
                difficult: title.difficult,
                own_score: own,
                verified_score: verified,
                assessment,
                criteria_set: title.criteria_set_id,
                decision: title.decision_id,
                import: title.import_id,
                valid_through: title.valid_through,
                late: title.late,
                version: title.version,
            })
        })
        .collect()
}
