//! Permission as a type in a handler's signature: `Allow<WriteRecords>` stands before the body.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use uuid::Uuid;

use super::token::AuthFailure;
use super::{Act, Caller, Permission, Role};
use crate::base::error::{Error, Result, say};
use crate::wire::input::Json;

/// A permission that stands in a signature.
pub trait Permit: 'static {
    const PERMISSION: Permission;
}

macro_rules! permits {
    ($($(#[$meta:meta])* $name:ident,)+) => {
        $($(#[$meta])* pub struct $name; impl Permit for $name {
            const PERMISSION: Permission = Permission::$name;
        })+
    };
}

permits! {
    Self_, ReadRecords, WriteRecords, DismissDuplicates, ReturnTitles, CorrectTitles, PlaceSplits,
    WriteDifficult, MarkHamlets, ReadDecisions, Decide, SetRounds, Import, WriteTotals,
    WriteReported, WriteTargets,
    ReadFigures, Export, ReadAudit, ManageAccounts, ManageCriteria, ManageAreas, LookUpNumber,
    PersonalData, Erase,
}

/// The caller, who holds the permission `P`: otherwise 401 or 403 has been answered.
pub struct Allow<P> {
    act: Act,
    key: Option<String>,
    permit: PhantomData<P>,
}

/// The caller of a public operation, if there is one. A wrong token is still an error.
pub struct Anyone(pub Option<Caller>);

/// The id of the request, put into its extensions by the outermost middleware.
#[derive(Debug, Clone, Copy)]
pub struct RequestId(pub Uuid);

/// What the authentication middleware found, put into the request's extensions: `None` when the
/// request carried no credentials.
pub type Found = Option<std::result::Result<Caller, AuthFailure>>;

impl<P> Allow<P> {
    /// The request as an act, held to the body by its Idempotency-Key.
    pub fn act<T>(&self, body: &Json<T>) -> Act {
        self.act_on(body.digest)
    }

    /// The same for a request without a JSON body.
    pub fn act_on(&self, digest: [u8; 32]) -> Act {
        let idempotency = self.key.clone().map(|key| (key, digest));
        Act { idempotency, ..self.act.clone() }
    }

    /// The request as an act for methods that are idempotent by themselves.
    pub fn plain(&self) -> Act {
        self.act.clone()
    }
}

impl<P> Deref for Allow<P> {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.act.caller
    }
}

impl<P: Permit> FromRequest for Allow<P> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(allow(request, P::PERMISSION).map(|(act, key)| Self {
            act,
            key,
            permit: PhantomData,
        }))
    }
}

fn allow(request: &HttpRequest, permission: Permission) -> Result<(Act, Option<String>)> {
    let caller = match request.extensions().get::<Found>() {
        Some(Some(found)) => found.clone()?,
        _ => {
            return Err(Error::unauthorized(
                "token_missing",
                say("Cần đăng nhập.", "An access token is needed."),
            ));
        }
    };
    if !caller.role.may(permission) {
        return Err(not_allowed(caller.role, permission));
    }
    if caller.password_temporary && permission != Permission::Self_ {
        return Err(Error::forbidden(
            "password_temporary",
            say(
                "Mật khẩu này do quản trị viên đặt; hãy đổi mật khẩu trước.",
                "An administrator set this password: change it first.",
            ),
        ));
    }
    let request_id = request.extensions().get::<RequestId>().map_or_else(Uuid::now_v7, |id| id.0);
    let route = format!("{} {}", request.method(), request.path());
    let key = idempotency_key(request)?;
    Ok((Act { caller, request_id, route, idempotency: None }, key))
}

/// 403 for a role that may not, with those that may.
pub fn not_allowed(role: Role, permission: Permission) -> Error {
    let able = Role::ALL.iter().filter(|role| role.may(permission));
    let (vi, en): (Vec<&str>, Vec<&str>) = able.map(|role| (role.vi(), role.as_str())).unzip();
    Error::forbidden(
        "role_not_allowed",
        say(
            format!("Vai trò “{}” không được làm việc này; hãy nhờ: {}.", role.vi(), vi.join(", ")),
            format!("The role {role} may not do this. Ask: {}.", en.join(", ")),
        ),
    )
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<String>> {
    let Some(header) = request.headers().get("idempotency-key") else { return Ok(None) };
    match header.to_str() {
        Ok(key) if (1..=255).contains(&key.len()) => Ok(Some(key.to_owned())),
        _ => Err(Error::bad_request(
            "idempotency_key",
            say(
                "Idempotency-Key phải có từ 1 đến 255 ký tự ASCII.",
                "Idempotency-Key must have 1 to 255 ASCII characters.",
            ),
        )),
    }
}

impl FromRequest for Anyone {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.extensions().get::<Found>() {
            Some(Some(found)) => {
                found.clone().map(|caller| Self(Some(caller))).map_err(Error::from)
            }
            _ => Ok(Self(None)),
        })
    }
}
