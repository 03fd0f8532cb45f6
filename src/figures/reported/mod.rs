//! Reported figures: what a paper report says of an area, a year, a kind and a level, as of a day. They
//! stand beside what the register counts, are never added to it, and are held against themselves.

pub mod api;
pub mod rows;

use chrono::NaiveDate;

use self::rows::Reported;
use crate::areas::{AreaId, Areas};
use crate::base::hundredths::{Percent, rate};
use crate::base::kind::{Kind, Level};
use crate::text_enum;

text_enum! {
    /// What a report says that its rate is taken of.
    pub enum PrintedBase {
        Registered = "registered",
        Total = "total",
        Unknown = "unknown",
    }
}

text_enum! {
    /// What is wrong in a reported figure.
    pub enum Remark {
        RecognisedAboveRegistered = "recognised_above_registered",
        RecognisedAboveTotal = "recognised_above_total",
        RegisteredAboveTotal = "registered_above_total",
        /// No base that the report gives leads to the rate that it prints.
        PrintedRateFitsNoBase = "printed_rate_fits_no_base",
        /// The report names the base of its rate and does not give its number.
        PrintedBaseMissing = "printed_base_missing",
        /// The report does not even say what its rate is taken of.
        PrintedBaseUnknown = "printed_base_unknown",
        /// More than half above or below the last figure of the same area.
        Jump = "reported_jump",
    }
}

/// The numbers of a reported figure.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Numbers {
    pub registered: Option<i32>,
    pub recognised: Option<i32>,
    pub total: Option<i32>,
    pub printed_rate: Option<Percent>,
    pub printed_base: Option<PrintedBase>,
}

/// A remark with the sentence that explains it and says how to mend it.
#[derive(Debug, Clone, PartialEq)]
pub struct Remarked {
    pub remark: Remark,
    pub vi: String,
}

/// Everything about a figure that cannot be right or cannot be checked; `last` is the one reported
/// before of the same area, kind and level.
pub fn remarks(figure: &Numbers, last: Option<&Numbers>) -> Vec<Remarked> {
    let mut found = Vec::new();
    let mut say = |remark, vi: String| found.push(Remarked { remark, vi });
    let Numbers { registered, recognised, total, .. } = *figure;
    for (part, whole, remark, words) in [
        (recognised, registered, Remark::RecognisedAboveRegistered, ["công nhận", "đăng ký"]),
        (recognised, total, Remark::RecognisedAboveTotal, ["công nhận", "tổng số"]),
        (registered, total, Remark::RegisteredAboveTotal, ["đăng ký", "tổng số"]),
    ] {
        if let (Some(part), Some(whole)) = (part, whole)
            && part > whole
        {
            let [of, than] = words;
            say(
                remark,
                format!("Số {of} {part} lớn hơn số {than} {whole}; hãy xem lại văn bản gốc."),
            );
        }
    }
    if let (Some(printed), Some(recognised)) = (figure.printed_rate, recognised)
        && let Some((remark, vi)) = printed_rate(figure, printed, recognised)
    {
        say(remark, vi);
    }
    if let (Some(now), Some(before)) = (recognised, last.and_then(|last| last.recognised))
        && is_jump(i64::from(before), i64::from(now))
    {
        say(
            Remark::Jump,
            format!(
                "Số công nhận {now} lệch hơn một nửa so với lần báo cáo trước ({before}); hãy hỏi \
                 lại nơi báo cáo."
            ),
        );
    }
    found
}

/// What was reported last before a day of a kind and level: of the area itself, else of all that went
/// whole into it, added up. `known` has the oldest first.
pub fn last_before(
    areas: &Areas,
    known: &[Reported],
    area: AreaId,
    of: (Kind, Level),
    day: NaiveDate,
) -> Option<Numbers> {
    let own = |figure: &&Reported| {
        (figure.area_id, (figure.kind, figure.level)) == (area, of) && figure.reported_on < day
    };
    if let Some(own) = known.iter().rfind(own) {
        return Some(own.numbers());
    }
    let parts = areas.made_whole_of(area)?.into_iter();
    let parts: Option<Vec<Numbers>> =
        parts.map(|part| last_before(areas, known, part, of, day)).collect();
    let sum = |number: fn(&Numbers) -> Option<i32>| parts.as_ref()?.iter().map(number).sum();
    Some(Numbers {
        registered: sum(|part| part.registered),
        recognised: sum(|part| part.recognised),
        total: sum(|part| part.total),
        ..Numbers::default()
    })
    .filter(|_| parts.is_some())
}

/// Whether `now` lies more than half above or below `before`.
pub fn is_jump(before: i64, now: i64) -> bool {
    before > 0 && (now - before).abs() * 2 > before
}

fn printed_rate(figure: &Numbers, printed: Percent, recognised: i32) -> Option<(Remark, String)> {
    let bases = [("số đăng ký", figure.registered), ("tổng số", figure.total)];
    let known: Vec<(&str, i32)> = bases
        .into_iter()
        .filter_map(|(name, base)| Some((name, base.filter(|b| *b > 0)?)))
        .collect();
    if known.iter().any(|(_, base)| fits(printed, recognised, *base)) {
        return None;
    }
    if known.is_empty() {
        return Some(match figure.printed_base {
            Some(PrintedBase::Unknown) | None => (
                Remark::PrintedBaseUnknown,
                format!(
                    "Tỷ lệ {printed} % không nói tính trên số nào; hãy hỏi lại nơi báo cáo và bổ \
                     sung số đăng ký hoặc tổng số."
                ),
            ),
            Some(base) => (
                Remark::PrintedBaseMissing,
                format!(
                    "Tỷ lệ {printed} % tính trên {} nhưng báo cáo không ghi số này nên chưa kiểm \
                     tra được; hãy bổ sung.",
                    if base == PrintedBase::Total { "tổng số" } else { "số đăng ký" }
                ),
            ),
        });
    }
    let would_be = known
        .iter()
        .filter_map(|(name, base)| {
            let rate = rate(recognised.into(), (*base).into())?;
            Some(format!("{} % trên {name} {base}", Percent(rate as i32)))
        })
        .collect::<Vec<_>>()
        .join(", ");
    Some((
        Remark::PrintedRateFitsNoBase,
        format!(
            "Tỷ lệ in {printed} % không khớp số nào trong báo cáo: {recognised} công nhận là \
             {would_be}; hãy xem lại tỷ lệ hoặc bổ sung số đã dùng làm mẫu."
        ),
    ))
}

/// Whether the printed rate may come from this base: rounded or cut off, to as many decimals as it
/// was printed with.
fn fits(printed: Percent, recognised: i32, base: i32) -> bool {
    let step = match printed.0 {
        whole if whole % 100 == 0 => 100,
        one if one % 10 == 0 => 10,
        _ => 1,
    };
    let (part, whole) = (i64::from(recognised) * 10_000, i64::from(base));
    let (printed, step) = (i64::from(printed.0), i64::from(step));
    2 * part >= (2 * printed - step) * whole && part < (printed + step) * whole
}
