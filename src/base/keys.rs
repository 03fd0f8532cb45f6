//! The keys of the register: tokens, personal data, digests of numbers, checkpoints.

use std::fmt;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use hmac::{Hmac, Mac};
use jsonwebtoken::{DecodingKey, EncodingKey};
use rand::Rng;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// What a key is for. Of several keys of one purpose the last is used, the others still open and verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Purpose {
    Token,
    Data,
    Digest,
    Checkpoint,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    id: i16,
    purpose: Purpose,
    /// 32 bytes, base64.
    secret: String,
}

struct Key {
    id: i16,
    purpose: Purpose,
    secret: [u8; 32],
}

/// All keys, ready for use.
pub struct Keys {
    keys: Vec<Key>,
    encoding: EncodingKey,
    proof_encoding: EncodingKey,
    decoding: Vec<(String, DecodingKey)>,
}

#[derive(Debug)]
pub enum KeyError {
    File(String),
    /// Sealed with a key that is not in the file, or changed since.
    CannotOpen,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(what) => f.write_str(what),
            Self::CannotOpen => f.write_str("sealed with another key, or changed since"),
        }
    }
}

impl std::error::Error for KeyError {}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|k| (k.id, k.purpose))).finish()
    }
}

impl Keys {
    /// New keys, one of each purpose.
    pub fn generate() -> Self {
        let purposes = [Purpose::Token, Purpose::Data, Purpose::Digest, Purpose::Checkpoint];
        let keys = (1..).zip(purposes).map(|(id, purpose)| {
            let mut secret = [0; 32];
            rand::rng().fill_bytes(&mut secret);
            Key { id, purpose, secret }
        });
        Self::ready(keys.collect()).expect("fresh keys are well-formed")
    }

    /// Reads a file that nobody else can read.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let wrong = |what: String| KeyError::File(format!("{}: {what}", path.display()));
        let mode = fs::metadata(path).map_err(|e| wrong(e.to_string()))?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(wrong(format!(
                "mode {:o} lets others read it; chmod 600 it",
                mode & 0o777
            )));
        }
        let text = fs::read_to_string(path).map_err(|e| wrong(e.to_string()))?;
        let stored: Vec<Stored> = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        let keys: Option<Vec<Key>> = stored
            .into_iter()
            .map(|key| {
                let secret = STANDARD.decode(key.secret).ok()?.try_into().ok()?;
                Some(Key { id: key.id, purpose: key.purpose, secret })
            })
            .collect();
        Self::ready(keys.ok_or_else(|| wrong("a secret is not 32 bytes".into()))?).map_err(wrong)
    }

    /// Reads the file, or makes it with new keys if it does not exist.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        if path.exists() { Self::load(path) } else { Self::create(path) }
    }

    /// Makes a file of new keys; it appears whole or not at all, and never over another.
    pub fn create(path: &Path) -> Result<Self, KeyError> {
        let wrong = |e: std::io::Error| KeyError::File(format!("{}: {e}", path.display()));
        let keys = Self::generate();
        let stored: Vec<Stored> = keys
            .keys
            .iter()
            .map(|k| Stored { id: k.id, purpose: k.purpose, secret: STANDARD.encode(k.secret) })
            .collect();
        let text = serde_json::to_vec_pretty(&stored).map_err(|e| wrong(e.into()))?;
        let draft = path.with_extension("new");
        let _ = fs::remove_file(&draft);
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .map_err(wrong)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(wrong)?;
        fs::hard_link(&draft, path).map_err(wrong)?;
        fs::remove_file(&draft).map_err(wrong)?;
        Ok(keys)
    }

    fn ready(keys: Vec<Key>) -> Result<Self, String> {
        for purpose in [Purpose::Token, Purpose::Data, Purpose::Digest, Purpose::Checkpoint] {
            if !keys.iter().any(|k| k.purpose == purpose) {
                return Err(format!("no key for {purpose:?}"));
            }
        }
        let decoding = keys
            .iter()
            .filter(|key| key.purpose == Purpose::Token)
            .map(|key| {
                let public = DecodingKey::from_ed_components(&key.public());
                Ok((key.id.to_string(), public.map_err(|e| e.to_string())?))
            })
            .collect::<Result<_, String>>()?;
        let encoding = Self::signing(&keys, Purpose::Token)?;
        let proof_encoding = Self::signing(&keys, Purpose::Checkpoint)?;
        Ok(Self { keys, encoding, proof_encoding, decoding })
    }

    fn signing(keys: &[Key], purpose: Purpose) -> Result<EncodingKey, String> {
        let newest = keys.iter().rfind(|key| key.purpose == purpose).ok_or("no key")?;
        let pair = SigningKey::from_bytes(&newest.secret);
        let der = pair.to_pkcs8_der().map_err(|e| e.to_string())?;
        Ok(EncodingKey::from_ed_der(der.as_bytes()))
    }

    fn of(&self, purpose: Purpose) -> impl DoubleEndedIterator<Item = &Key> {
        self.keys.iter().filter(move |k| k.purpose == purpose)
    }

    fn newest(&self, purpose: Purpose) -> &Key {
        self.of(purpose).next_back().expect("checked when made ready")
    }

    /// Encrypts personal data; `context` must be the same to open it.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Vec<u8> {
        let key = self.newest(Purpose::Data);
        let mut nonce = [0; 24];
        rand::rng().fill_bytes(&mut nonce);
        let sealed = XChaCha20Poly1305::new(&key.secret.into())
            .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: context })
            .expect("encryption in memory does not fail");
        [&key.id.to_be_bytes()[..], &nonce, &sealed].concat()
    }

    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, KeyError> {
        let (id, rest) = sealed.split_first_chunk::<2>().ok_or(KeyError::CannotOpen)?;
        let (nonce, sealed) = rest.split_first_chunk::<24>().ok_or(KeyError::CannotOpen)?;
        let id = i16::from_be_bytes(*id);
        let key = self.of(Purpose::Data).find(|k| k.id == id).ok_or(KeyError::CannotOpen)?;
        XChaCha20Poly1305::new(&key.secret.into())
            .decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: context })
            .map_err(|_| KeyError::CannotOpen)
    }

    /// The keyed digest by which a number is found and kept unique, with the key's id.
    pub fn digest(&self, scheme: &str, number: &str) -> (i16, [u8; 32]) {
        Self::digest_with(self.newest(Purpose::Digest), scheme, number)
    }

    /// The digests under every key, old ones too: for look-up.
    pub fn digests(&self, scheme: &str, number: &str) -> Vec<[u8; 32]> {
        self.of(Purpose::Digest).map(|k| Self::digest_with(k, scheme, number).1).collect()
    }

    fn digest_with(key: &Key, scheme: &str, number: &str) -> (i16, [u8; 32]) {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&key.secret).expect("any length of key will do");
        mac.update(scheme.as_bytes());
        mac.update(&[0]);
        mac.update(number.as_bytes());
        (key.id, mac.finalize().into_bytes().into())
    }

    pub fn token_encoding(&self) -> (String, &EncodingKey) {
        (self.newest(Purpose::Token).id.to_string(), &self.encoding)
    }

    pub fn token_decoding(&self, kid: &str) -> Option<&DecodingKey> {
        self.decoding.iter().find(|(id, _)| id == kid).map(|(_, key)| key)
    }

    /// What checkpoints and manifests are signed with, and its id.
    pub fn proof_encoding(&self) -> (String, &EncodingKey) {
        (self.newest(Purpose::Checkpoint).id.to_string(), &self.proof_encoding)
    }

    /// The public halves of the token keys (RFC 7517).
    pub fn jwks(&self) -> serde_json::Value {
        self.public(Purpose::Token)
    }

    /// The public halves of the keys that sign checkpoints and manifests, old ones too.
    pub fn proof_jwks(&self) -> serde_json::Value {
        self.public(Purpose::Checkpoint)
    }

    fn public(&self, purpose: Purpose) -> serde_json::Value {
        let keys: Vec<_> = self
            .of(purpose)
            .map(|key| {
                serde_json::json!({
                    "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
                    "kid": key.id.to_string(), "x": key.public(),
                })
            })
            .collect();
        serde_json::json!({ "keys": keys })
    }

    /// What the database keeps of each key, to notice a server with other keys.
    pub fn check_values(&self) -> Vec<(String, Vec<u8>)> {
        self.keys
            .iter()
            .map(|key| (key.id.to_string(), Self::digest_with(key, "check", "hoctap").1.to_vec()))
            .collect()
    }
}

impl Key {
    /// The public half of a signing key, base64url.
    fn public(&self) -> String {
        let pair = SigningKey::from_bytes(&self.secret);
        URL_SAFE_NO_PAD.encode(pair.verifying_key().as_bytes())
    }
}
