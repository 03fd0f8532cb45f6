//! What is kept.

/// The rules of this floor, as tables.
mod rules;
/// Accounts: log-in and its end, passwords, and who manages whom.
mod accounts;
/// Accounts in numbers: a province's list, slips of paper, many at once.
mod account_lists;
/// What a title asks: points, floors, grades, and sets that follow each other.
mod criteria;
/// Who holds titles: entered, found, corrected, deleted, and what the trail tells of them.
mod holders;
/// Numbers of holders are kept secret, and nobody is entered twice.
mod numbers;
/// The history of a holder, as a person would tell it.
mod history;
/// Rounds: deadlines from above, late entries with their reason and mark, closings, and who is overdue.
mod rounds;
/// The life of a title: every step from every status by every role, scores, batches.
mod lifecycle;
/// What was entered wrongly of a title: its year, its level, a score after it was verified.
mod corrections;
/// Decisions: entered whole, by somebody else, with their lists as they were that day.
mod decisions;
/// A decision entered wrongly: annulled whole or in part, or corrected where only its paper was
/// copied wrongly.
mod annulment;
