//! Firecracker's API: one connection, one request after another. Speaks just the HTTP/1.1 that
//! Firecracker answers with: a status, a length, a JSON body. It does not retry.

use serde::Deserialize;
use serde_json::Value;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// The longest answer that is read, in bytes; errors have some hundred.
const MAX_ANSWER: usize = 64 << 10;
/// The most headers of an answer; Firecracker sends four.
const MAX_HEADERS: usize = 32;

/// An open connection to the API.
#[derive(Debug)]
pub(super) struct Api(UnixStream);

/// Why a request had no effect.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    /// The connection broke, or what came was no answer.
    #[error("the API's connection failed")]
    Lost(#[from] io::Error),
    /// Firecracker refused, with its own words.
    #[error("{0}")]
    Refused(String),
}

/// The body of a refusal.
#[derive(Deserialize)]
struct Fault {
    fault_message: String,
}

/// An answer whose head has been read.
struct Answer {
    status: u16,
    body: Vec<u8>,
}

impl Api {
    /// Over an open connection.
    pub(super) fn over(stream: UnixStream) -> Self {
        Self(stream)
    }

    /// `PUT`s a body.
    pub(super) async fn put(&mut self, path: &str, body: &Value) -> Result<(), ApiError> {
        let body = body.to_string();
        let request = format!(
            "PUT {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.0.write_all(request.as_bytes()).await?;
        let answer = self.answer().await?;
        if (200..300).contains(&answer.status) {
            return Ok(());
        }
        Err(ApiError::Refused(fault(&answer)))
    }

    async fn answer(&mut self) -> io::Result<Answer> {
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        loop {
            if let Some(answer) = parse(&bytes)? {
                return Ok(answer);
            }
            let n = self.0.read(&mut chunk).await?;
            if n == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if bytes.len() + n > MAX_ANSWER {
                return Err(io::Error::other("an answer without end"));
            }
            bytes.extend_from_slice(&chunk[..n]);
        }
    }
}

/// The answer, once all of it is there.
fn parse(bytes: &[u8]) -> io::Result<Option<Answer>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let head = match response.parse(bytes).map_err(io::Error::other)? {
        httparse::Status::Complete(length) => length,
        httparse::Status::Partial => return Ok(None),
    };
    let status = response.code.unwrap_or(0);
    let length = body_length(response.headers)?;
    let body = bytes.get(head..).unwrap_or_default();
    Ok(body.get(..length).map(|body| Answer { status, body: body.to_vec() }))
}

/// What `Content-Length` says; an answer without one has no body.
fn body_length(headers: &[httparse::Header<'_>]) -> io::Result<usize> {
    let header = headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let Some(header) = header else { return Ok(0) };
    let length = std::str::from_utf8(header.value).ok().and_then(|text| text.trim().parse().ok());
    match length {
        Some(length) if length <= MAX_ANSWER => Ok(length),
        _ => Err(io::Error::other("an answer of no possible length")),
    }
}

/// Firecracker's own words; its status where there are none.
fn fault(answer: &Answer) -> String {
    let fault = serde_json::from_slice(&answer.body).map(|fault: Fault| fault.fault_message);
    fault.unwrap_or_else(|_| format!("HTTP status {}", answer.status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What a request leads to when the other side answers with `answer`, in `pieces`.
    async fn put(answer: &'static [u8], pieces: usize) -> Result<(), ApiError> {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let other = tokio::spawn(async move {
            let mut request = vec![0; 4096];
            let n = theirs.read(&mut request).await.unwrap();
            for piece in answer.chunks(answer.len().div_ceil(pieces).max(1)) {
                theirs.write_all(piece).await.unwrap();
                tokio::task::yield_now().await;
            }
            String::from_utf8(request[..n].to_vec()).unwrap()
        });
        let outcome = Api::over(ours).put("/vsock", &json!({"a": 1})).await;
        let request = other.await.unwrap();
        assert!(request.starts_with("PUT /vsock HTTP/1.1\r\n"), "{request}");
        assert!(request.ends_with("Content-Length: 7\r\n\r\n{\"a\":1}"), "{request}");
        outcome
    }

    #[tokio::test]
    async fn success_has_no_body_and_a_refusal_has_its_reason() {
        let ok = b"HTTP/1.1 204 \r\nServer: Firecracker API\r\nConnection: keep-alive\r\n\r\n";
        put(ok, 1).await.unwrap();
        put(ok, 9).await.unwrap();
        let refusal = b"HTTP/1.1 400 \r\nContent-Length: 23\r\n\r\n{\"fault_message\": \"no\"}";
        for pieces in [1, 5] {
            let error = put(refusal, pieces).await.unwrap_err();
            assert_eq!(error.to_string(), "no");
        }
    }

    #[tokio::test]
    async fn what_is_no_answer_is_an_error() {
        for nonsense in [
            b"".as_slice(),
            b"HTTP/1.1 20",
            b"\0\0\0\0\r\n\r\n",
            b"HTTP/1.1 400 \r\nContent-Length: 99999999999\r\n\r\n",
            b"HTTP/1.1 400 \r\nContent-Length: 10\r\n\r\nshort",
        ] {
            let error = put(nonsense, 1).await.unwrap_err();
            assert!(matches!(error, ApiError::Lost(_)), "{error}");
        }
        let error = put(b"HTTP/1.1 500 \r\nContent-Length: 3\r\n\r\n<p>", 1).await.unwrap_err();
        assert_eq!(error.to_string(), "HTTP status 500");
    }
}
