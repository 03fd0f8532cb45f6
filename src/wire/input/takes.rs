//! What a type takes, as its schema in the contract says.

use std::any::TypeId;
use std::collections::HashMap;
use std::sync::{LazyLock, PoisonError, RwLock};

use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayItems, KnownFormat, Object, Schema, SchemaFormat, SchemaType, Type,
};
use utoipa::{Number, ToSchema};

pub enum Takes {
    Anything,
    /// `null`, or what stands inside.
    Maybe(Box<Takes>),
    Flag,
    Whole {
        min: i64,
        max: i64,
    },
    Number {
        min: f64,
        max: f64,
        step: Option<f64>,
    },
    Text,
    /// One of some words.
    Word(Vec<String>),
    Day,
    Id,
    Version,
    List(Box<Takes>),
    Object {
        fields: Vec<Field>,
        /// What fields of other names take, where there may be any.
        others: Option<Box<Takes>>,
    },
}

pub struct Field {
    pub name: String,
    pub required: bool,
    pub takes: Takes,
}

type Named = HashMap<String, RefOr<Schema>>;

impl Takes {
    /// What `T` takes: read from its schema once, and kept.
    pub fn of<T: ToSchema + 'static>() -> &'static Self {
        static KNOWN: LazyLock<RwLock<HashMap<TypeId, &'static Takes>>> =
            LazyLock::new(Default::default);
        let id = TypeId::of::<T>();
        let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(&id).copied();
        known.unwrap_or_else(|| {
            let mut named = Vec::new();
            T::schemas(&mut named);
            let takes = Self::read(&T::schema(), &named.into_iter().collect());
            let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
            known.entry(id).or_insert_with(|| Box::leak(Box::new(takes)))
        })
    }

    fn read(schema: &RefOr<Schema>, named: &Named) -> Self {
        let (takes, nullable) = match schema {
            RefOr::Ref(to) => {
                let name = to.ref_location.rsplit('/').next().unwrap_or_default();
                return named.get(name).map_or(Self::Anything, |schema| Self::read(schema, named));
            }
            RefOr::T(Schema::Object(object)) => {
                (Self::of_object(object, named), nullable(&object.schema_type))
            }
            RefOr::T(Schema::Array(list)) => {
                let items = match &list.items {
                    ArrayItems::RefOrSchema(items) => Self::read(items, named),
                    ArrayItems::False => Self::Anything,
                };
                (Self::List(Box::new(items)), nullable(&list.schema_type))
            }
            RefOr::T(Schema::OneOf(one)) => {
                let (null, other): (Vec<_>, Vec<_>) = one.items.iter().partition(|s| is_null(s));
                match other[..] {
                    [only] => (Self::read(only, named), !null.is_empty()),
                    _ => return Self::Anything,
                }
            }
            // Several shapes: which one is meant, only the type's own reading knows.
            RefOr::T(_) => return Self::Anything,
        };
        if nullable { Self::Maybe(Box::new(takes)) } else { takes }
    }

    fn of_object(object: &Object, named: &Named) -> Self {
        let kind = match &object.schema_type {
            SchemaType::Type(kind) => kind,
            SchemaType::Array(kinds) => {
                kinds.iter().find(|kind| **kind != Type::Null).unwrap_or(&Type::Null)
            }
            SchemaType::AnyValue => return Self::Anything,
        };
        let format = object.format.as_ref();
        let min = object.minimum.as_ref().map(number);
        let max = object.maximum.as_ref().map(number);
        match kind {
            Type::Boolean => Self::Flag,
            Type::Integer => {
                let (least, most) = bounds(format);
                Self::Whole {
                    min: min.map_or(least, |min| (min as i64).max(least)),
                    max: max.map_or(most, |max| (max as i64).min(most)),
                }
            }
            Type::Number => Self::Number {
                min: min.unwrap_or(f64::MIN),
                max: max.unwrap_or(f64::MAX),
                step: object.multiple_of.as_ref().map(number),
            },
            Type::String => match (&object.enum_values, format) {
                (Some(words), _) => {
                    Self::Word(words.iter().filter_map(Value::as_str).map(str::to_owned).collect())
                }
                (None, Some(SchemaFormat::KnownFormat(KnownFormat::Date))) => Self::Day,
                (None, Some(SchemaFormat::KnownFormat(KnownFormat::Uuid))) => Self::Id,
                (None, Some(SchemaFormat::Custom(name))) if name == "version" => Self::Version,
                _ => Self::Text,
            },
            Type::Object => Self::Object {
                fields: object
                    .properties
                    .iter()
                    .map(|(name, schema)| Field {
                        name: name.clone(),
                        required: object.required.contains(name),
                        takes: Self::read(schema, named),
                    })
                    .collect(),
                others: match object.additional_properties.as_deref() {
                    Some(AdditionalProperties::FreeForm(false)) => None,
                    Some(AdditionalProperties::RefOr(schema)) => Some(Self::read(schema, named)),
                    _ => Some(Self::Anything),
                }
                .map(Box::new),
            },
            _ => Self::Anything,
        }
    }
}

fn nullable(kinds: &SchemaType) -> bool {
    matches!(kinds, SchemaType::Array(kinds) if kinds.contains(&Type::Null))
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object))
        if matches!(object.schema_type, SchemaType::Type(Type::Null)))
}

/// The numbers that an integer type holds.
fn bounds(format: Option<&SchemaFormat>) -> (i64, i64) {
    match format {
        Some(SchemaFormat::KnownFormat(KnownFormat::Int8)) => (i8::MIN.into(), i8::MAX.into()),
        Some(SchemaFormat::KnownFormat(KnownFormat::Int16)) => (i16::MIN.into(), i16::MAX.into()),
        Some(SchemaFormat::KnownFormat(KnownFormat::Int32)) => (i32::MIN.into(), i32::MAX.into()),
        Some(SchemaFormat::KnownFormat(KnownFormat::UInt8)) => (0, u8::MAX.into()),
        Some(SchemaFormat::KnownFormat(KnownFormat::UInt16)) => (0, u16::MAX.into()),
        Some(SchemaFormat::KnownFormat(KnownFormat::UInt32)) => (0, u32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    }
}

fn number(number: &Number) -> f64 {
    match number {
        Number::Int(number) => *number as f64,
        Number::UInt(number) => *number as f64,
        Number::Float(number) => *number,
    }
}
