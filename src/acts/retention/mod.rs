//! How long records are kept, by class: rules that are data, shown before they are applied.

pub mod api;
pub mod rows;

use crate::text_enum;

text_enum! {
    /// A class of record with a time of its own.
    pub enum Class {
        /// The files of lists as they were sent.
        ImportFiles = "import_files",
        /// Their staged rows.
        ImportRows = "import_rows",
        /// Sessions, after they expired.
        Sessions = "sessions",
        /// Failed log-ins, of which only a digest is kept.
        LoginFailures = "login_failures",
        /// People, families and clans that never had a title, or withdrew from all.
        UntitledHolders = "untitled_holders",
        /// Personal values in the trail of holders that were deleted.
        DeletedHolders = "deleted_holders",
    }
}

impl Class {
    /// What of it is past its time of `$1` days, as a relation; none for holders, which are erased
    /// one by one.
    fn expired(self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Self::ImportFiles => (
                "import_files",
                "import_id in (select id from imports
                               where created_at < now() - make_interval(days => $1))",
            ),
            Self::ImportRows => (
                "import_rows",
                "import_id in (select id from imports
                               where created_at < now() - make_interval(days => $1))",
            ),
            Self::Sessions => ("sessions", "expires_at < now() - make_interval(days => $1)"),
            Self::LoginFailures => ("login_failures", "at < now() - make_interval(days => $1)"),
            Self::DeletedHolders => (
                "audit_values",
                "(area_id, seq, n) in (
                     select i.area_id, i.seq, i.n from audit_items i
                     join audit_entries e on e.area_id = i.area_id and e.seq = i.seq
                     where i.entity = 'holder' and e.at < now() - make_interval(days => $1)
                       and not exists (select from holders h where h.id::text = i.entity_id)
                       and not exists (select from merges m where m.merged_id::text = i.entity_id
                                                              and m.undone_on is null))",
            ),
            Self::UntitledHolders => return None,
        })
    }

    /// Whether it goes by itself, minute by minute, or only when somebody applies the rules.
    pub fn is_routine(self) -> bool {
        !matches!(self, Self::UntitledHolders | Self::DeletedHolders)
    }
}
