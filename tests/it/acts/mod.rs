//! What happens to it.

/// The rules of this floor, as tables.
mod rules;
/// Hamlets over time: renamed, converted, merged and dissolved by a decision, and taken back.
mod hamlets;
/// Decisions on hamlets that are entered before their day: they wait, are made when the day begins, or
/// are withdrawn.
mod planned_hamlets;
/// Communes that were merged or split: whose accounts, hamlets and records go where.
mod splits;
/// Communes and hamlets with special difficulties: listed by a decision, judged by the lower threshold.
mod difficult;
/// Areas to come: a decree renames or merges communes, and the register goes on without a break.
mod reforms;
/// Reforms with people in them: a commune is split, provinces merge, and what is written while a
/// reform is taken back.
mod reformed;
/// The reform of 1 July 2025 as an auditor sees it: records of old and new communes on both maps, on
/// five days, and whatever happened since, the same bytes.
mod reform_story;
/// Who moves: claimed by the commune of destination, seen by the one left behind, taken back.
mod moves;
/// One person declared twice: warned of, found, merged with both histories, and parted again.
mod duplicates;
/// Two who look alike and are not one: said once, kept through moves and mergers, and asked again when
/// one of them is named, aged or housed otherwise.
mod dismissals;
/// What officials are given: the template to fill in, and their list with what is to be corrected.
mod templates;
/// Lists as offices write them, each read as it stands.
mod lists;
/// Lists of many rows in a register that holds much: no plan grows with either.
mod large_lists;
/// What is wrong with a list is told whole, and no file harms the server.
mod list_faults;
/// Imports: a list is checked, explained, and applied once.
mod imports;
/// Whom the row of a list means: by code, number, hamlet, name and year.
mod meant;
/// Lists of earlier years: of communes of that day, recognised by decisions of bodies of that day.
mod legacy;
/// Taking an import back: every record stands again as it was, or it is said what stands in the way.
mod undo;
/// What people ask of the register: to see what it holds on them, and to be forgotten.
mod people;
/// Who was forgotten stays so, and records go when their time is over.
mod forgotten;
