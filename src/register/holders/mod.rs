//! Who holds titles: families, clans, communities, units and citizens of one table and five shapes.

pub mod alike;
pub mod api;
pub mod bulk;
pub mod code;
pub mod entry;
pub mod erased;
pub mod identifiers;
pub mod listing;
pub mod merged;
pub mod reads;
pub mod rows;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::schema::AnyOfBuilder;
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};
use validator::Validate;

use crate::base::error::{Error, FieldError, Result, say};
use crate::base::kind::{Group, Kind};
use crate::base::number::{NumberScheme, PersonalNumber, Sex, organisation_number};

/// A family: its name is its head's.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct FamilyDetails {
    /// The head, where the family goes by another name.
    #[validate(length(min = 1, max = 200))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    #[validate(range(min = 1900, max = 2030))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_birth_year: Option<i16>,
    #[validate(range(min = 1, max = 60))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<i32>,
    #[validate(range(min = 0, max = 60))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adults: Option<i32>,
    /// Children at school.
    #[validate(range(min = 0, max = 40))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pupils: Option<i32>,
}

/// A clan, counted once, at its seat.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct ClanDetails {
    #[validate(length(min = 1, max = 200))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<String>,
    #[validate(range(min = 1, max = 20_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub households: Option<i32>,
    /// The communes it lives in, as written.
    #[validate(length(max = 50))]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub communes: Vec<String>,
}

/// A community: its hamlet, or the area itself.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct CommunityDetails {
    #[validate(range(min = 1, max = 10_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub households: Option<i32>,
    #[validate(range(min = 1, max = 20_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub population: Option<i32>,
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct UnitDetails {
    /// As the office names it: trường tiểu học, trạm y tế, doanh nghiệp …
    #[validate(length(min = 1, max = 100))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_type: Option<String>,
    #[validate(range(min = 0, max = 1_000_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff: Option<i32>,
    /// Whether it is an educational establishment: its thresholds are higher (TT 24/2023).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub educates: Option<bool>,
}

/// A person. Family and unit are holders of the register, by id or printed code.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields, default)]
pub struct CitizenDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<NaiveDate>,
    /// Where only the year is known.
    #[validate(range(min = 1900, max = 2030))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_year: Option<i16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sex: Option<Sex>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
}

/// What is known of a holder beyond its name, by its kind.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Details {
    Family(FamilyDetails),
    Clan(ClanDetails),
    Community(CommunityDetails),
    Unit(UnitDetails),
    Citizen(CitizenDetails),
}

/// Any of the shapes, as the kind tells: what is not known is left out, so that several may fit.
impl PartialSchema for Details {
    fn schema() -> RefOr<Schema> {
        let names = [
            FamilyDetails::name(),
            ClanDetails::name(),
            CommunityDetails::name(),
            UnitDetails::name(),
            CitizenDetails::name(),
        ];
        names
            .into_iter()
            .fold(AnyOfBuilder::new(), |any, name| any.item(Ref::from_schema_name(name)))
            .description(Some("What is known of a holder beyond its name, by its kind."))
            .into()
    }
}

impl ToSchema for Details {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        fn add<T: ToSchema>(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            schemas.push((T::name().into_owned(), T::schema()));
            T::schemas(schemas);
        }
        add::<FamilyDetails>(schemas);
        add::<ClanDetails>(schemas);
        add::<CommunityDetails>(schemas);
        add::<UnitDetails>(schemas);
        add::<CitizenDetails>(schemas);
    }
}

impl Details {
    /// Reads the details of a kind; every error has its pointer below `/details`.
    pub fn read(kind: Kind, value: Value) -> Result<Self> {
        let value = if value.is_null() { Value::Object(Default::default()) } else { value };
        Ok(match kind {
            Kind::Family => Self::Family(crate::wire::input::read_value("/details", value)?),
            Kind::Clan => Self::Clan(crate::wire::input::read_value("/details", value)?),
            Kind::Community => Self::Community(crate::wire::input::read_value("/details", value)?),
            Kind::Unit => Self::Unit(crate::wire::input::read_value("/details", value)?),
            Kind::Citizen => Self::Citizen(crate::wire::input::read_value("/details", value)?),
        })
    }

    /// The birth year that the rule of matching compares: a citizen's own, a family head's.
    pub fn birth_year(&self) -> Option<i16> {
        match self {
            Self::Family(family) => family.head_birth_year,
            Self::Citizen(citizen) => {
                citizen.birth_date.map(|d| d.year() as i16).or(citizen.birth_year)
            }
            _ => None,
        }
    }

    pub fn sex(&self) -> Option<Sex> {
        match self {
            Self::Citizen(citizen) => citizen.sex,
            _ => None,
        }
    }

    /// What the parts say against each other, as of `today`.
    pub fn contradictions(&self, today: NaiveDate) -> Vec<FieldError> {
        let mut errors = Vec::new();
        let mut wrong = |field: &str, code, vi: &'static str, en: &'static str| {
            errors.push(FieldError::new(format!("/details/{field}"), code, say(vi, en)));
        };
        match self {
            Self::Family(family) => {
                let parts = family.adults.unwrap_or(0).max(family.pupils.unwrap_or(0));
                if family.members.is_some_and(|members| parts > members) {
                    wrong(
                        "members",
                        "members_fewer_than_parts",
                        "Số nhân khẩu ít hơn số người lớn hoặc số con đang đi học.",
                        "Fewer members than adults or children at school.",
                    );
                }
            }
            Self::Citizen(citizen) => {
                if citizen.birth_date.is_some_and(|d| d > today || d.year() < 1900) {
                    wrong(
                        "birth_date",
                        "birth_date_range",
                        "Ngày sinh phải từ năm 1900 đến hôm nay.",
                        "The birth date must lie between 1900 and today.",
                    );
                }
                if let (Some(date), Some(year)) = (citizen.birth_date, citizen.birth_year)
                    && date.year() != i32::from(year)
                {
                    wrong(
                        "birth_year",
                        "birth_year_differs",
                        "Năm sinh khác với ngày sinh.",
                        "The birth year differs from the birth date.",
                    );
                }
            }
            _ => {}
        }
        errors
    }

    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Everything about a holder that was said, before it is checked.
#[derive(Debug, Clone)]
pub struct Draft {
    pub kind: Kind,
    pub name: String,
    pub group: Option<Group>,
    /// As typed.
    pub number: Option<String>,
    pub details: Value,
}

/// The same, checked: number and details fit each other and the kind.
#[derive(Debug, Clone)]
pub struct Checked {
    pub name: String,
    pub group: Option<Group>,
    pub number: Option<(NumberScheme, String)>,
    pub details: Details,
}

impl Draft {
    /// Everything that is wrong, all at once.
    pub fn check(self, today: NaiveDate) -> Result<Checked> {
        let mut errors: Vec<FieldError> = check_group(self.kind, self.group).into_iter().collect();
        if !(1..=300).contains(&self.name.chars().count()) {
            errors.push(FieldError::new(
                "/name",
                "length",
                say("Tên phải dài từ 1 đến 300 ký tự.", "A name has 1 to 300 characters."),
            ));
        }
        let details = match Details::read(self.kind, self.details) {
            Ok(details) => {
                errors.extend(details.contradictions(today));
                Some(details)
            }
            Err(error) => {
                errors.extend(error.to_problem().errors);
                None
            }
        };
        let fallback = Details::Clan(ClanDetails::default());
        let number = match self.number.filter(|number| !number.is_empty()) {
            Some(text) => {
                match read_number(self.kind, &text, details.as_ref().unwrap_or(&fallback)) {
                    Ok(number) => Some(number),
                    Err(error) => {
                        errors.extend(error.to_problem().errors);
                        None
                    }
                }
            }
            None => None,
        };
        match details {
            Some(details) if errors.is_empty() => {
                Ok(Checked { name: self.name, group: self.group, number, details })
            }
            _ => Err(Error::invalid(errors)),
        }
    }
}

/// The number of a holder in its checked form, under the scheme of its kind.
pub fn read_number(kind: Kind, text: &str, details: &Details) -> Result<(NumberScheme, String)> {
    let personal = |scheme| match PersonalNumber::parse(text) {
        Ok(number) => match number.fits(details.sex(), details.birth_year()) {
            Ok(()) => Ok((scheme, number.as_str().to_owned())),
            Err(fault) => Err(Error::invalid_field("/number", fault.code(), fault.say())),
        },
        Err(fault) => Err(Error::invalid_field("/number", fault.code(), fault.say())),
    };
    match kind {
        Kind::Citizen => personal(NumberScheme::Citizen),
        Kind::Family => personal(NumberScheme::HouseholdHead),
        Kind::Unit => match organisation_number(text) {
            Some(number) => Ok((NumberScheme::Organisation, number)),
            None => Err(Error::invalid_field(
                "/number",
                "number_organisation",
                say(
                    "Mã số đơn vị gồm 3 đến 20 chữ cái, chữ số hoặc dấu gạch nối.",
                    "The number of a unit has 3 to 20 letters, digits or hyphens.",
                ),
            )),
        },
        Kind::Clan | Kind::Community => Err(Error::invalid_field(
            "/number",
            "number_not_for_kind",
            say(
                "Dòng họ và cộng đồng không có số định danh.",
                "Clans and communities have no number.",
            ),
        )),
    }
}

/// The group of a holder: only citizens are counted in groups.
pub fn check_group(kind: Kind, group: Option<Group>) -> Option<FieldError> {
    (kind != Kind::Citizen && group.is_some()).then(|| {
        FieldError::new(
            "/group",
            "group_not_for_kind",
            say("Chỉ công dân mới có nhóm đối tượng.", "Only citizens have a group."),
        )
    })
}

/// JSON Merge Patch (RFC 7396).
pub fn merge(target: &mut Value, patch: Value) {
    let Value::Object(fields) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Default::default());
    }
    if let Value::Object(target) = target {
        for (name, value) in fields {
            if value.is_null() {
                target.remove(&name);
            } else {
                merge(target.entry(name).or_insert(Value::Null), value);
            }
        }
    }
}
