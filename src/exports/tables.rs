//! The tables that are exported: their columns, and a row of each as cells.

use chrono::NaiveDate;
use serde_json::Value;

use super::{Cell, Column, Table};
use crate::areas::{AreaId, Areas};
use crate::audit::api::AuditEntry;
use crate::criteria::{Outcome, Score};
use crate::decisions::rows::{Decision, Line};
use crate::holders::rows::Holder;
use crate::kind::{Group, Kind, Level};
use crate::number::masked;
use crate::statistics::api::{ByStatus, FigureBody};
use crate::titles::rows::Title;
use crate::titles::then::Then;

const fn col(name: &'static str, vi: &'static str, width: u8) -> Column {
    Column { name, vi, width }
}

pub static TITLES: Table = Table {
    name: "titles",
    action: "export.titles",
    vi: "Danh hiệu",
    columns: &[
        col("code", "Mã", 14),
        col("name", "Tên", 28),
        col("kind", "Danh hiệu", 20),
        col("level", "Cấp", 22),
        col("year", "Năm đánh giá", 10),
        col("area", "Mã địa bàn", 10),
        col("area_name", "Địa bàn", 36),
        col("group", "Nhóm đối tượng", 30),
        col("status", "Trạng thái", 22),
        col("grade", "Mức độ", 14),
        col("registered_on", "Ngày đăng ký", 13),
        col("difficult", "Địa bàn khó khăn", 12),
        col("own_total", "Điểm tự chấm", 10),
        col("own_passed", "Tự chấm: đạt", 10),
        col("verified_total", "Điểm thẩm định", 10),
        col("verified_passed", "Thẩm định: đạt", 10),
        col("outcome", "Kết quả", 12),
        col("valid_through", "Có giá trị đến năm", 12),
        col("decision", "Quyết định (mã trong hệ thống)", 38),
        col("holder_id", "Mã trong hệ thống", 38),
        col("version", "Phiên bản", 14),
    ],
};

/// Of a past day only the state of a title is known.
pub static TITLES_THEN: Table = Table {
    name: "titles",
    action: "export.titles",
    vi: "Danh hiệu",
    columns: &[
        col("as_of", "Biết đến hết ngày", 13),
        col("code", "Mã", 14),
        col("name", "Tên", 28),
        col("kind", "Danh hiệu", 20),
        col("level", "Cấp", 22),
        col("year", "Năm đánh giá", 10),
        col("area", "Mã địa bàn", 10),
        col("area_name", "Địa bàn", 36),
        col("group", "Nhóm đối tượng", 30),
        col("status", "Trạng thái", 22),
        col("grade", "Mức độ", 14),
        col("valid_through", "Có giá trị đến năm", 12),
        col("holder_id", "Mã trong hệ thống", 38),
    ],
};

pub static HOLDERS: Table = Table {
    name: "holders",
    action: "export.holders",
    vi: "Đối tượng",
    columns: &[
        col("code", "Mã", 14),
        col("name", "Tên", 28),
        col("kind", "Danh hiệu", 20),
        col("area", "Mã địa bàn", 10),
        col("area_name", "Địa bàn", 36),
        col("hamlet", "Thôn, tổ dân phố", 24),
        col("group", "Nhóm đối tượng", 30),
        col("birth_year", "Năm sinh", 10),
        col("sex", "Giới tính", 10),
        col("number", "Số định danh (che bớt)", 18),
        col("head", "Người đứng đầu", 28),
        col("members", "Số nhân khẩu", 10),
        col("adults", "Số người lớn", 10),
        col("pupils", "Số con đang đi học", 10),
        col("households", "Số hộ", 10),
        col("population", "Dân số", 10),
        col("unit_type", "Loại hình", 20),
        col("staff", "Số người", 10),
        col("holder_id", "Mã trong hệ thống", 38),
        col("version", "Phiên bản", 14),
    ],
};

pub static STATISTICS: Table = Table {
    name: "statistics",
    action: "export.statistics",
    vi: "Số liệu",
    columns: &[
        col("area", "Mã địa bàn", 10),
        col("area_name", "Địa bàn", 36),
        col("area_level", "Cấp địa bàn", 12),
        col("area_until", "Địa bàn còn đến ngày", 13),
        col("part", "Phần", 16),
        col("candidates", "Có thể thuộc", 24),
        col("year", "Năm", 8),
        col("kind", "Danh hiệu", 20),
        col("level", "Cấp", 22),
        col("group", "Nhóm đối tượng", 30),
        col("grade", "Mức độ", 14),
        col("base", "Tính trên", 28),
        col("total", "Tổng số", 12),
        col("total_source", "Nguồn tổng số", 14),
        col("registered", "Đăng ký", 12),
        col("status_registered", "Mới đăng ký", 12),
        col("status_self_assessed", "Đã tự chấm", 12),
        col("status_verified", "Đã thẩm định", 12),
        col("status_recognised", "Được công nhận (trạng thái)", 12),
        col("status_not_recognised", "Không được công nhận", 12),
        col("status_withdrawn", "Đã rút", 12),
        col("status_revoked", "Đã thu hồi", 12),
        col("recognised", "Được công nhận", 12),
        col("in_force", "Còn giá trị cuối năm", 12),
        col("rate_of_registered", "Tỷ lệ trên đăng ký (%)", 12),
        col("rate_of_total", "Tỷ lệ trên tổng số (%)", 12),
        col("rate_over_covered", "Tỷ lệ trên các xã có tổng số (%)", 14),
        col("communes", "Số xã", 10),
        col("communes_with_records", "Số xã có hồ sơ", 10),
        col("communes_closed", "Số xã đã chốt", 10),
        col("communes_with_total", "Số xã có tổng số", 10),
    ],
};

pub static DECISIONS: Table = Table {
    name: "decisions",
    action: "export.decisions",
    vi: "Quyết định",
    columns: &[
        col("decision", "Mã trong hệ thống", 38),
        col("document", "Loại văn bản", 12),
        col("authority", "Cơ quan ban hành", 36),
        col("number", "Số", 10),
        col("symbol", "Ký hiệu", 14),
        col("decided_on", "Ngày ký", 13),
        col("signatory", "Người ký", 26),
        col("position", "Chức vụ", 20),
        col("capacity", "Thẩm quyền", 18),
        col("n", "Số thứ tự", 8),
        col("action", "Nội dung", 20),
        col("code", "Mã", 14),
        col("name", "Tên", 28),
        col("hamlet", "Thôn, tổ dân phố", 24),
        col("area", "Mã địa bàn", 10),
        col("kind", "Danh hiệu", 20),
        col("level", "Cấp", 22),
        col("year", "Năm đánh giá", 10),
        col("group", "Nhóm đối tượng", 30),
        col("own_total", "Điểm tự chấm", 10),
        col("verified_total", "Điểm thẩm định", 10),
        col("outcome", "Kết quả", 12),
        col("grade", "Mức độ", 14),
        col("reason", "Lý do", 30),
        col("holder_id", "Mã đối tượng trong hệ thống", 38),
    ],
};

pub static AUDIT: Table = Table {
    name: "audit",
    action: "export.audit",
    vi: "Nhật ký",
    columns: &[
        col("entry", "Mục", 14),
        col("area", "Mã địa bàn", 10),
        col("seq", "Số thứ tự", 10),
        col("at", "Thời điểm", 22),
        col("day", "Ngày", 13),
        col("actor", "Mã tài khoản", 38),
        col("actor_name", "Tài khoản", 22),
        col("role", "Vai trò", 14),
        col("action", "Việc", 22),
        col("reason", "Lý do", 30),
        col("items", "Số thay đổi", 10),
        col("request_id", "Mã yêu cầu", 38),
        col("hash", "Mã băm", 66),
        col("previous", "Mã băm của mục trước", 66),
    ],
};

/// Codes and names of areas; lists come area by area, so that the last is worth remembering.
pub struct Names<'a> {
    areas: &'a Areas,
    last: Option<(AreaId, NaiveDate, String, String)>,
}

impl<'a> Names<'a> {
    pub fn new(areas: &'a Areas) -> Self {
        Self { areas, last: None }
    }

    fn of(&mut self, id: AreaId, on: NaiveDate) -> (&str, &str) {
        let (areas, last) = (self.areas, &mut self.last);
        if !matches!(last, Some((area, day, ..)) if (*area, *day) == (id, on)) {
            *last = None;
        }
        let (.., code, name) =
            last.get_or_insert_with(|| (id, on, areas.code(id, on).to_owned(), areas.name(id, on)));
        (code, name)
    }
}

pub fn title<'a>(names: &'a mut Names<'_>, title: &'a Title, holder: &'a Holder) -> [Cell<'a>; 21] {
    let (area, area_name) = names.of(title.area_id, title.registered_on);
    let (own, verified) = (title.own(), title.verified());
    [
        (&*holder.code).into(),
        (&*holder.name).into(),
        kind(title.kind),
        level(title.level),
        title.year.into(),
        area.into(),
        area_name.into(),
        group(&title.group_code),
        Cell::Term(title.status.as_str(), title.status.vi()),
        (&*title.grade).into(),
        title.registered_on.into(),
        title.difficult.into(),
        total(own.as_ref()),
        own.as_ref().and_then(|score| score.passed).into(),
        total(verified.as_ref()),
        verified.as_ref().and_then(|score| score.passed).into(),
        outcome(title.outcome),
        title.valid_through.into(),
        title.decision_id.into(),
        title.holder_id.into(),
        title.version.to_string().into(),
    ]
}

pub fn title_then<'a>(names: &'a mut Names<'_>, day: NaiveDate, title: &'a Then) -> [Cell<'a>; 13] {
    let (area, area_name) = names.of(title.area_id, day);
    [
        day.into(),
        title.code.as_deref().into(),
        title.name.as_deref().into(),
        kind(title.kind),
        level(title.level),
        title.year.into(),
        area.into(),
        area_name.into(),
        group(&title.group_code),
        Cell::Term(title.status.as_str(), title.status.vi()),
        (&*title.grade).into(),
        title.valid_through.into(),
        title.holder_id.into(),
    ]
}

/// A holder with its hamlet's name and its number, which is masked here.
pub fn holder<'a>(
    names: &'a mut Names<'_>,
    on: NaiveDate,
    holder: &'a Holder,
    hamlet: String,
    number: Option<&String>,
) -> [Cell<'a>; 20] {
    let (area, area_name) = names.of(holder.area_id, on);
    let detail = |name: &str| match &holder.details[name] {
        Value::String(text) => Cell::from(text.clone()),
        Value::Number(n) => n.as_i64().into(),
        _ => Cell::Empty,
    };
    let sex = match holder.details["sex"].as_str() {
        Some("male") => Cell::Term("male", "nam"),
        Some("female") => Cell::Term("female", "nữ"),
        _ => Cell::Empty,
    };
    [
        (&*holder.code).into(),
        (&*holder.name).into(),
        kind(holder.kind),
        area.into(),
        area_name.into(),
        hamlet.into(),
        group(&holder.group_code),
        holder.birth_year.into(),
        sex,
        number.map(|number| masked(number)).into(),
        detail("head"),
        detail("members"),
        detail("adults"),
        detail("pupils"),
        detail("households"),
        detail("population"),
        detail("unit_type"),
        detail("staff"),
        holder.id.into(),
        holder.version.to_string().into(),
    ]
}

pub fn figure(figure: &FigureBody) -> [Cell<'_>; 31] {
    let candidates: Vec<&str> = figure.candidates.iter().map(|area| &*area.code).collect();
    let states = figure.by_status.as_ref();
    let state = |of: fn(&ByStatus) -> i64| states.map(of).into();
    let percent = |rate: Option<f64>| rate.map_or(Cell::Empty, Cell::Percent);
    [
        (&*figure.area).into(),
        (&*figure.area_name).into(),
        Cell::Text(figure.area_level.as_str().into()),
        figure.area_until.into(),
        Cell::Term(figure.part.as_str(), figure.part.vi()),
        candidates.join(" ").into(),
        figure.year.into(),
        kind(figure.kind),
        level(figure.level),
        group(figure.group.as_deref().unwrap_or_default()),
        figure.grade.as_deref().into(),
        figure.base.map_or(Cell::Empty, |base| Cell::Term(base.as_str(), base.vi())),
        figure.total.into(),
        Cell::Term(figure.total_source.as_str(), figure.total_source.vi()),
        figure.registered.into(),
        state(|s| s.registered),
        state(|s| s.self_assessed),
        state(|s| s.verified),
        state(|s| s.recognised),
        state(|s| s.not_recognised),
        state(|s| s.withdrawn),
        state(|s| s.revoked),
        figure.recognised.into(),
        figure.in_force.into(),
        percent(figure.rate_of_registered),
        percent(figure.rate_of_total),
        percent(figure.rate_over_covered),
        figure.coverage.communes.into(),
        figure.coverage.with_records.into(),
        figure.coverage.closed.into(),
        figure.coverage.with_total.into(),
    ]
}

pub fn line<'a>(areas: &'a Areas, decision: &'a Decision, line: &'a Line) -> [Cell<'a>; 25] {
    let score = |value: &Option<Value>| {
        let score: Option<Score> = value.clone().and_then(|v| serde_json::from_value(v).ok());
        total(score.as_ref())
    };
    [
        decision.id.into(),
        Cell::Term(decision.document.as_str(), decision.document.vi()),
        (&*decision.authority_name).into(),
        (&*decision.number).into(),
        (&*decision.symbol).into(),
        decision.decided_on.into(),
        (&*decision.signatory_name).into(),
        (&*decision.signatory_position).into(),
        (&*decision.signatory_capacity).into(),
        line.n.into(),
        Cell::Term(line.action.as_str(), line.action.step().vi()),
        (&*line.code).into(),
        (&*line.name).into(),
        (&*line.hamlet).into(),
        areas.code(line.area_id, decision.decided_on).into(),
        kind(line.kind),
        level(line.level),
        line.year.into(),
        group(&line.group_code),
        score(&line.own_score),
        score(&line.verified_score),
        outcome(line.outcome),
        (&*line.grade).into(),
        (&*line.reason).into(),
        line.holder_id.into(),
    ]
}

pub fn entry(entry: &AuditEntry) -> [Cell<'_>; 14] {
    [
        entry.id.to_string().into(),
        (&*entry.area).into(),
        entry.seq.into(),
        entry.at.into(),
        entry.day.into(),
        entry.actor.into(),
        (&*entry.actor_name).into(),
        (&*entry.role).into(),
        (&*entry.action).into(),
        entry.reason.as_deref().into(),
        entry.items.into(),
        entry.request_id.into(),
        (&*entry.hash).into(),
        (&*entry.previous).into(),
    ]
}

fn kind(kind: Kind) -> Cell<'static> {
    Cell::Term(kind.as_str(), kind.vi())
}

fn level(level: Level) -> Cell<'static> {
    Cell::Term(level.as_str(), level.vi())
}

fn outcome(outcome: Outcome) -> Cell<'static> {
    Cell::Term(outcome.as_str(), outcome.vi())
}

fn group(code: &str) -> Cell<'static> {
    Group::parse(code).map_or(Cell::Empty, |group| Cell::Term(group.as_str(), group.vi()))
}

fn total(score: Option<&Score>) -> Cell<'static> {
    score.and_then(Score::total).map(f64::from).into()
}
