//! Requests and answers; each answer's form is compared with the contract.

use reqwest::{Method, StatusCode, Version as Http};
use serde_json::Value;

use super::{TestApp, contract};

/// Whoever calls: a stranger, or the holder of an access token.
#[derive(Clone)]
pub struct Client<'a> {
    pub app: &'a TestApp,
    pub(super) token: Option<String>,
}

/// A request before it is sent.
pub struct Call<'a> {
    client: Client<'a>,
    method: Method,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    /// Instead of the app's own.
    http: Option<reqwest::Client>,
}

/// What came back; its form was compared with the contract.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub bytes: Vec<u8>,
    headers: reqwest::header::HeaderMap,
}

impl<'a> Client<'a> {
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    pub fn call(&self, method: Method, path: &str) -> Call<'a> {
        let path =
            if path.starts_with("/api/") { path.to_owned() } else { format!("/api/v1{path}") };
        Call {
            client: self.clone(),
            method,
            path,
            headers: Vec::new(),
            body: Vec::new(),
            http: None,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path).send().await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.call(Method::POST, path).json(&body).send().await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.call(Method::PUT, path).json(&body).send().await
    }

    /// Changes what `known` is the latest answer on.
    pub async fn patch(&self, path: &str, known: &Value, body: Value) -> Answer {
        self.call(Method::PATCH, path).knowing(known).json(&body).send().await
    }

    pub async fn delete(&self, path: &str, known: &Value) -> Answer {
        self.call(Method::DELETE, path).knowing(known).send().await
    }

    /// A step on what `known` is the latest answer on.
    pub async fn step(&self, path: &str, known: &Value, body: Value) -> Answer {
        self.call(Method::POST, path).knowing(known).json(&body).send().await
    }
}

impl Call<'_> {
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn knowing(self, known: &Value) -> Self {
        let version = known["version"].as_str().expect("a version").to_owned();
        self.header("if-match", format!("\"{version}\""))
    }

    pub fn json(self, body: &Value) -> Self {
        let mut call = self.header("content-type", "application/json");
        call.body = body.to_string().into_bytes();
        call
    }

    pub fn bytes(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// A path outside `/api/v1`.
    pub fn at_root(mut self) -> Self {
        self.path = self.path.trim_start_matches("/api/v1").to_owned();
        self
    }

    /// The answer as it came over the wire, not unpacked.
    pub async fn raw(mut self) -> Answer {
        let http = reqwest::Client::builder().no_proxy().no_gzip().no_brotli();
        self.http = Some(http.build().expect("a client"));
        self.send().await
    }

    pub async fn send(self) -> Answer {
        let app = self.client.app;
        let mut request = self
            .http
            .as_ref()
            .unwrap_or(&app.http)
            .request(self.method.clone(), format!("{}{}", app.base, self.path))
            .version(Http::HTTP_11)
            .body(self.body);
        if let Some(token) = &self.client.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.expect("a body").to_vec();
        // What is still packed is no JSON, and HEAD brings none.
        let read = !headers.contains_key("content-encoding") && self.method != Method::HEAD;
        let media = headers.get("content-type").map(|v| v.to_str().unwrap().to_owned());
        let media = media.and_then(|m| m.split(';').next().map(str::to_owned)).unwrap_or_default();
        let body = match &*media {
            "application/json" | "application/problem+json" if read => {
                serde_json::from_slice(&bytes).expect("JSON")
            }
            _ => Value::Null,
        };
        let path = self.path.split('?').next().unwrap_or_default();
        if read {
            contract::check(&self.method, path, status, &media, &body);
        }
        assert!(status != StatusCode::INTERNAL_SERVER_ERROR, "{} {path}: {body}", self.method);
        Answer { status: status.as_u16(), body, bytes, headers }
    }
}

impl Answer {
    /// The body, if the status is the expected one.
    #[track_caller]
    pub fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        self.body
    }

    /// The body of a problem with this code.
    #[track_caller]
    pub fn refuses(self, status: u16, code: &str) -> Value {
        let body = self.is(status);
        assert_eq!(body["code"], code, "{body:#}");
        body
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap_or(""))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.bytes.clone()).expect("UTF-8")
    }
}

/// The codes of the errors of a problem, with where they point.
pub fn faults(problem: &Value) -> Vec<(&str, &str)> {
    let errors = problem["errors"].as_array().expect("errors");
    errors.iter().map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap())).collect()
}
