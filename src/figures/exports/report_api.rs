//! The annual report on the wire.

use actix_web::get;
use actix_web::web::Data;
use chrono::Utc;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use validator::Validate;

use super::report::Report;
use crate::access::Caller;
use crate::access::allow::{Allow, Export};
use crate::access::state::State;
use crate::areas::AreaLevel;
use crate::base::clock::VIETNAM;
use crate::base::db::{self, Conn};
use crate::base::error::{Error, Result, say};
use crate::base::kind::Year;
use crate::figures::statistics::api::{FigureBody, StatisticsQuery, figures};
use crate::figures::statistics::form::PartName;
use crate::register::decisions::Body;
use crate::wire::input::Query;
use crate::wire::reply::Download;

#[derive(Debug, Serialize, Deserialize, Validate, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportQuery {
    /// Code of a commune or province.
    #[param(example = "37")]
    area: String,
    #[param(example = 2026)]
    year: Year,
    /// Who issues it; the people's committee if not given.
    body: Option<Body>,
}

/// The routes of this room.
pub fn routes(api: &mut ServiceConfig<'_>) {
    api.service(get_annual_report);
}

/// The annual report of a commune or province as a workbook: registered, recognised, totals and rates
/// by title, level, group and grade, against the year before, and by commune for a province. Figures
/// only, nothing about a person.
#[utoipa::path(tag = "exports", security(("bearer" = [])), params(ReportQuery))]
#[get("/reports/annual")]
pub async fn get_annual_report(
    state: Data<State>,
    user: Allow<Export>,
    query: Query<ReportQuery>,
) -> Result<Download> {
    let mut db = state.db().await?;
    let report = db::snapshot(&mut db, async |db| query.report(&state, db, &user).await).await?;
    let name = format!("bao-cao-{}-{}.xlsx", query.area, query.year);
    Download::workbook(name, &report.write()?)
}

impl ReportQuery {
    async fn report(&self, state: &State, db: &mut Conn, user: &Caller) -> Result<Report> {
        let before = Year::try_from(self.year.get() - 1).ok();
        let years = StatisticsQuery {
            area: Some(self.area.clone()),
            year_from: before.or(Some(self.year)),
            year_to: Some(self.year),
            ..StatisticsQuery::default()
        };
        let mut all = answer(state, db, user, &years).await?;
        let first = all.first().ok_or_else(Error::not_found)?;
        let (area_name, level) = (first.area_name.clone(), first.area_level);
        if !matches!(level, AreaLevel::Commune | AreaLevel::Province) {
            return Err(Error::invalid_field(
                "?area",
                "level",
                say("Báo cáo lập cho xã hoặc tỉnh.", "A report is of a commune or a province."),
            ));
        }
        let coverage = all.iter().map(|figure| &figure.counted).find(|f| f.year == self.year.get());
        let coverage = coverage.map(|figure| figure.coverage.clone());
        for by in ["group", "grade"] {
            let parts = StatisticsQuery { by: Some(by.to_owned()), ..years.clone() };
            let found = answer(state, db, user, &parts).await?;
            all.extend(found.into_iter().filter(|figure| {
                [&figure.counted.group, &figure.counted.grade]
                    .into_iter()
                    .flatten()
                    .any(|part| !part.is_empty())
            }));
        }
        let communes = match level {
            AreaLevel::Province => {
                let depth = Some(AreaLevel::Commune);
                let now = Some(self.year);
                let each = StatisticsQuery { depth, year_from: now, ..years.clone() };
                answer(state, db, user, &each).await?
            }
            _ => Vec::new(),
        };
        let body = match self.body.unwrap_or(Body::PeoplesCommittee) {
            Body::StudyPromotion => "HỘI KHUYẾN HỌC",
            Body::PeoplesCommittee | Body::Other => "ỦY BAN NHÂN DÂN",
        };
        let at = Utc::now().with_timezone(&VIETNAM);
        let mut notes = vec![format!(
            "Số liệu của hệ thống lúc {}; năm trước là số hiện có trong hệ thống.",
            at.format("%H:%M ngày %d/%m/%Y")
        )];
        if let Some(coverage) = coverage {
            notes.push(format!(
                "Số xã, phường, đặc khu: {}; có hồ sơ danh hiệu đầu bảng: {}; đã chốt: {}. Ô trống: chưa có số \
                 liệu; tỷ lệ trên tổng số để trống khi còn xã chưa có tổng số.",
                coverage.communes, coverage.with_records, coverage.closed
            ));
        }
        Ok(Report { area_name, body, year: self.year.get(), figures: all, communes, notes })
    }
}

async fn answer(
    state: &State,
    db: &mut Conn,
    user: &Caller,
    query: &StatisticsQuery,
) -> Result<Vec<FigureBody>> {
    let asked = query.asked(state, Some(user)).await?;
    let mut found = figures(db, &asked.areas, &asked.question, Some(user)).await?;
    // What nobody can place yet is counted in the whole of its province.
    found.retain(|figure| figure.part == PartName::Whole);
    Ok(found)
}
