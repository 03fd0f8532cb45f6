//! Who may do what: roles, permissions, and the caller of a request.

/// Access tokens.
pub mod token;
/// Permission as a type in a handler's signature.
pub mod allow;
/// Where a request comes from.
pub mod client;
/// Which areas a caller answers for.
pub mod scope;
/// Whether the account of a token still is what the token says.
pub mod rows;
/// Tokens verified before.
pub mod sessions;
/// What every request can reach.
pub mod state;
/// Finds the caller of every request before any handler runs.
pub mod middleware;

use uuid::Uuid;

use crate::text_enum;

text_enum! {
    /// What an account may do in its area, and in all that the area's scope covers.
    pub enum Role {
        /// Keeps the records of its commune up to verified.
        Recorder = "recorder",
        /// Enters the decisions of its area, on titles it did not itself record or verify.
        Approver = "approver",
        /// Reads its area whole, returns titles, sets deadlines and targets.
        Supervisor = "supervisor",
        /// Reads its area, its exports and its audit trail.
        Auditor = "auditor",
        /// Reads figures with every state and group: a dashboard.
        Viewer = "viewer",
        /// Manages the accounts of its area; of the country also criteria sets and areas. No records.
        Administrator = "administrator",
    }
}

/// Everything that some role may do and another may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Own account: every caller.
    Self_,
    ReadRecords,
    WriteRecords,
    /// Say that two holders who look alike are not one.
    DismissDuplicates,
    ReturnTitles,
    /// What was entered wrongly: its recorder before the decision, others after it.
    CorrectTitles,
    PlaceSplits,
    WriteDifficult,
    /// The commune keeps its hamlets; which are difficult the province may say as well.
    MarkHamlets,
    ReadDecisions,
    Decide,
    SetRounds,
    Import,
    WriteTotals,
    WriteReported,
    WriteTargets,
    ReadFigures,
    Export,
    ReadAudit,
    ManageAccounts,
    ManageCriteria,
    ManageAreas,
    LookUpNumber,
    /// Everything held on one person, its number whole.
    PersonalData,
    Erase,
}

impl Role {
    /// The whole policy. Rows are limited by area beside it.
    pub fn may(self, permission: Permission) -> bool {
        use Permission as P;
        use Role::*;
        match permission {
            P::Self_ => true,
            P::ReadRecords | P::ReadDecisions => {
                matches!(self, Recorder | Approver | Supervisor | Auditor)
            }
            P::WriteRecords | P::Import | P::WriteTotals | P::LookUpNumber => self == Recorder,
            P::WriteReported => self == Supervisor,
            P::WriteTargets | P::WriteDifficult => matches!(self, Supervisor | Administrator),
            P::MarkHamlets => matches!(self, Recorder | Supervisor),
            P::PlaceSplits => self == Supervisor,
            P::PersonalData => matches!(self, Recorder | Supervisor),
            P::Erase => self == Supervisor,
            P::ReturnTitles | P::DismissDuplicates => matches!(self, Recorder | Supervisor),
            P::CorrectTitles => matches!(self, Recorder | Approver | Supervisor),
            P::Decide => self == Approver,
            P::SetRounds => self == Supervisor,
            P::ReadFigures => true,
            P::Export => matches!(self, Recorder | Approver | Supervisor | Auditor),
            P::ReadAudit => matches!(self, Supervisor | Auditor),
            P::ManageAccounts | P::ManageCriteria | P::ManageAreas => self == Administrator,
        }
    }

    pub fn vi(self) -> &'static str {
        match self {
            Self::Recorder => "cán bộ nhập liệu",
            Self::Approver => "người phê duyệt",
            Self::Supervisor => "người giám sát",
            Self::Auditor => "kiểm toán viên",
            Self::Viewer => "người xem số liệu",
            Self::Administrator => "quản trị viên",
        }
    }
}

/// The account on whose behalf a request runs.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Of a user or of a service account.
    pub id: Uuid,
    pub name: String,
    pub role: Role,
    /// The id of its area.
    pub area: i32,
    /// The session of a user; service accounts have none.
    pub session: Option<Uuid>,
    /// Its password was given by somebody else: it may do nothing before that is changed.
    pub password_temporary: bool,
}

/// One request that may change something: who, under which id, and what makes it the same request.
#[derive(Debug, Clone)]
pub struct Act {
    pub caller: Caller,
    pub request_id: Uuid,
    /// Method and path.
    pub route: String,
    /// The Idempotency-Key, and the digest of the body it was sent with.
    pub idempotency: Option<(String, [u8; 32])>,
}

impl Act {
    /// An act of the product itself: the command line, the demo, housekeeping.
    pub fn of_the_product(area: i32, role: Role) -> Self {
        Self {
            caller: Caller {
                id: Uuid::nil(),
                name: "hoctap".to_owned(),
                role,
                area,
                session: None,
                password_temporary: false,
            },
            request_id: Uuid::now_v7(),
            route: "command".to_owned(),
            idempotency: None,
        }
    }
}
