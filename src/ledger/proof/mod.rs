//! What holds outside the register: documents that it signed, and that an entry stood in its chain on
//! a day that was closed. Everything here can be checked without the database.

pub mod api;
pub mod merkle;
pub mod rows;

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use jsonwebtoken::jwk::{Jwk, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use crate::base::error::{Error, Result, say};
use crate::base::keys::Keys;
use merkle::Hash;

/// The number of the form of the documents below.
pub const FORMAT: u8 = 1;

/// Where all chains stood when a day was closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Checkpoint {
    pub format: u8,
    /// Counts from 1 without a gap.
    pub number: i64,
    /// The last day that was closed with it.
    pub day: NaiveDate,
    pub at: DateTime<Utc>,
    /// How many chains there were.
    pub chains: usize,
    /// The Merkle root (RFC 6962) over the heads of all chains, in the order of their areas. A leaf
    /// is the text `area seq hash`.
    pub root: String,
    /// SHA-256 of the `jws` of the checkpoint before; zeros before the first.
    pub previous: String,
}

/// A document that says what was signed, and the signature over the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signed<T> {
    #[serde(flatten)]
    pub document: T,
    /// JWS (RFC 7515).
    pub jws: String,
}

/// By a name without parameters, which the contract can refer to.
pub type SignedCheckpoint = Signed<Checkpoint>;

/// Written by hand: the derived one would give all signed documents the same name.
impl<T: ToSchema> PartialSchema for Signed<T> {
    fn schema() -> RefOr<Schema> {
        let jws = ObjectBuilder::new().schema_type(Type::String).description(Some(
            "The document as it was signed, with its signature: JWS (RFC 7515), Ed25519, by one of \
             the keys of `/.well-known/proof-keys.json`",
        ));
        let signature = ObjectBuilder::new().property("jws", jws).required("jws");
        let document = Ref::from_schema_name(T::name());
        RefOr::T(AllOfBuilder::new().item(document).item(signature).build().into())
    }
}

impl<T: ToSchema> ToSchema for Signed<T> {
    fn name() -> Cow<'static, str> {
        format!("Signed{}", T::name()).into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

/// That an entry stands in its chain below a checkpoint.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Proof {
    pub format: u8,
    /// The entry as it was hashed.
    pub entry: String,
    /// The entries after it, up to the head of its chain in the checkpoint: each holds the hash of
    /// the one before.
    pub following: Vec<String>,
    /// The place of the chain among all chains of the checkpoint.
    pub index: usize,
    /// The hashes beside the way from the chain's head to the root.
    pub path: Vec<String>,
    pub checkpoint: SignedCheckpoint,
}

/// What kind of document a signature stands under: one never passes for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    Checkpoint,
    Manifest,
}

impl Document {
    fn typ(self) -> &'static str {
        match self {
            Self::Checkpoint => "hoctap-checkpoint",
            Self::Manifest => "hoctap-manifest",
        }
    }
}

/// The leaf of a chain's head.
pub fn head_leaf(area: i32, seq: i64, hash: &[u8]) -> Hash {
    merkle::leaf(format!("{area} {seq} {}", hex::encode(hash)).as_bytes())
}

/// SHA-256 in hexadecimal: what names a signed document in the next.
pub fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

impl<T: Serialize> Signed<T> {
    pub fn new(keys: &Keys, kind: Document, document: T) -> Result<Self> {
        let (kid, key) = keys.proof_encoding();
        let header = Header {
            kid: Some(kid),
            typ: Some(kind.typ().to_owned()),
            ..Header::new(Algorithm::EdDSA)
        };
        let jws = encode(&header, &document, key).map_err(Error::internal)?;
        Ok(Self { document, jws })
    }
}

/// The public keys by which documents are checked.
pub struct PublicKeys(JwkSet);

impl PublicKeys {
    /// Reads a set of keys (RFC 7517) or a single one.
    pub fn read(text: &str) -> Result<Self> {
        serde_json::from_str::<JwkSet>(text)
            .or_else(|_| serde_json::from_str::<Jwk>(text).map(|key| JwkSet { keys: vec![key] }))
            .map(Self)
            .map_err(|error| wrong(format!("the file of keys: {error}")))
    }

    /// What was signed, if it was by one of these keys and under this kind.
    pub fn open<T: for<'de> Deserialize<'de>>(&self, kind: Document, jws: &str) -> Result<T> {
        let header = decode_header(jws).map_err(wrong)?;
        if header.typ.as_deref() != Some(kind.typ()) {
            return Err(wrong(format!("this is not a {}", kind.typ())));
        }
        let kid = header.kid.unwrap_or_default();
        let key = self.0.find(&kid).ok_or_else(|| wrong(format!("there is no key {kid}")))?;
        let key = DecodingKey::from_jwk(key).map_err(wrong)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.required_spec_claims.clear();
        rules.validate_exp = false;
        rules.validate_aud = false;
        let opened = decode::<T>(jws, &key, &rules);
        opened.map(|opened| opened.claims).map_err(|_| wrong("the signature does not fit"))
    }

    /// The same for a document that repeats what was signed: both must agree in every field.
    pub fn check<T: for<'de> Deserialize<'de>>(&self, kind: Document, text: &str) -> Result<T> {
        let mut told: Value = serde_json::from_str(text).map_err(wrong)?;
        let jws = told.as_object_mut().and_then(|told| told.remove("jws"));
        let jws = jws.as_ref().and_then(Value::as_str).ok_or_else(|| wrong("there is no jws"))?;
        let signed: Value = self.open(kind, jws)?;
        if signed != told {
            return Err(wrong("the document says something else than what was signed"));
        }
        serde_json::from_value(signed).map_err(wrong)
    }
}

/// What an entry says, as far as a reader of its proof wants to know.
#[derive(Debug, Deserialize)]
pub struct ProvenEntry {
    pub area: i32,
    pub seq: i64,
    pub day: NaiveDate,
    pub at: DateTime<Utc>,
    pub actor_name: String,
    pub action: String,
    previous: String,
}

impl Proof {
    /// The entry and the checkpoint below which it stands, or what does not fit.
    pub fn check(&self, keys: &PublicKeys) -> Result<(ProvenEntry, Checkpoint)> {
        let text = serde_json::to_string(&self.checkpoint).map_err(Error::internal)?;
        let checkpoint: Checkpoint = keys.check(Document::Checkpoint, &text)?;
        let read = |body: &str| serde_json::from_str::<ProvenEntry>(body).map_err(wrong);
        let entry = read(&self.entry)?;
        let (mut seq, mut hash) = (entry.seq, digest(&self.entry));
        for body in &self.following {
            let next = read(body)?;
            if (next.area, next.seq) != (entry.area, seq + 1) || next.previous != hash {
                return Err(wrong(format!("entry {} does not follow {seq}", next.seq)));
            }
            (seq, hash) = (next.seq, digest(body));
        }
        let leaf = head_leaf(entry.area, seq, &hex::decode(&hash).map_err(wrong)?);
        let path: Option<Vec<Hash>> =
            self.path.iter().map(|hash| hex::decode(hash).ok()?.try_into().ok()).collect();
        let path = path.ok_or_else(|| wrong("a hash of the path is none"))?;
        let root = merkle::root_of_path(&leaf, self.index, checkpoint.chains, &path);
        if root.map(hex::encode) != Some(checkpoint.root.clone()) {
            return Err(wrong("the path does not lead to the root of the checkpoint"));
        }
        Ok((entry, checkpoint))
    }
}

fn wrong(what: impl ToString) -> Error {
    let what = what.to_string();
    Error::unprocessable("not_proved", say(what.clone(), what))
}
