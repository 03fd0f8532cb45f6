//! What is counted.

/// The rules of this floor, as tables.
mod rules;
/// What people report beside the records: totals of an area, and a commune's closings.
mod totals;
/// Figures of paper reports, beside what is counted, with what is wrong in them.
mod reported;
/// Targets: national ones come with the product, provinces and communes set their own.
mod targets;
/// Totals, reported figures and targets by sheet: templates out, filled-in workbooks back.
pub mod forms;
/// Figures: every state and rate, of what they are taken, and the records behind them.
mod statistics;
/// The register as it was known at the end of a closed day: the same answer for ever.
mod past_days;
/// The forms of the figures, byte by byte: an answer that was given out is given again by every later
/// server. What a newer form says otherwise gets a number of its own.
mod golden;
/// Asking again: who has the latest figures is told so, at no cost, by any server.
mod conditional;
/// Two closed days compared: what changed, by which entries, and who is told so.
mod diff;
/// How far an area is from its targets, and whose they are.
mod progress;
/// What in the figures cannot be right or is unlikely, each made to happen and each absent otherwise.
mod quality;
/// Figures and records to take away: what stands in the files, who may have them, what the trail keeps.
mod exports;
/// The files themselves: workbooks, lines of JSON, documents, and the manifests that sign them.
mod export_files;
/// How far files to take away may go: their number, their size, their rows and their life.
mod export_limits;
