//! A POST whose answer is read while it comes.

use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, Headers, ReadableStreamDefaultReader, RequestInit, Response};

/// Stops a call from outside, at any time; the service notices that its client has left.
#[derive(Clone)]
pub struct Cancel(AbortController);

impl Cancel {
    /// `None` in a browser that cannot cancel.
    pub fn new() -> Option<Self> {
        AbortController::new().ok().map(Cancel)
    }

    pub fn cancel(&self) {
        self.0.abort();
    }

    /// Whether the two stop the same call.
    pub fn is(&self, other: &Cancel) -> bool {
        self.0 == other.0
    }

    fn is_cancelled(&self) -> bool {
        self.0.signal().aborted()
    }
}

/// Why no more of an answer will come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// We stopped it.
    Cancelled,
    /// The connection could not be made or did not last.
    Connection,
}

/// An answer whose head has come.
pub struct Reply {
    pub status: u16,
    headers: Headers,
    body: Option<ReadableStreamDefaultReader>,
    cancel: Cancel,
}

/// Posts `body` to a path of this site.
pub async fn post_json(path: &str, body: &str, cancel: &Cancel) -> Result<Reply, Lost> {
    let lost = |_: JsValue| {
        if cancel.is_cancelled() {
            Lost::Cancelled
        } else {
            Lost::Connection
        }
    };
    let headers = Headers::new().map_err(lost)?;
    headers
        .set("Content-Type", "application/json")
        .map_err(lost)?;
    let request = RequestInit::new();
    request.set_method("POST");
    request.set_headers(headers.as_ref());
    request.set_body(&JsValue::from_str(body));
    request.set_signal(Some(&cancel.0.signal()));
    let fetched = leptos::prelude::window().fetch_with_str_and_init(path, &request);
    let response: Response = JsFuture::from(fetched)
        .await
        .and_then(|response| response.dyn_into())
        .map_err(lost)?;
    Ok(Reply {
        status: response.status(),
        headers: response.headers(),
        body: response
            .body()
            .and_then(|body| body.get_reader().dyn_into().ok()),
        cancel: cancel.clone(),
    })
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).ok().flatten()
    }

    /// The next piece of the body as the network brings it; `None` at its end.
    pub async fn piece(&mut self) -> Result<Option<Vec<u8>>, Lost> {
        let Some(body) = &self.body else {
            return Ok(None);
        };
        let lost = |_: JsValue| {
            if self.cancel.is_cancelled() {
                Lost::Cancelled
            } else {
                Lost::Connection
            }
        };
        let read = JsFuture::from(body.read()).await.map_err(lost)?;
        let done = Reflect::get(&read, &JsValue::from_str("done")).map_err(lost)?;
        if done.is_truthy() {
            return Ok(None);
        }
        let value = Reflect::get(&read, &JsValue::from_str("value")).map_err(lost)?;
        Ok(Some(Uint8Array::new(&value).to_vec()))
    }

    /// The whole body, for answers that are no stream.
    pub async fn rest(&mut self) -> Result<Vec<u8>, Lost> {
        let mut bytes = vec![];
        while let Some(piece) = self.piece().await? {
            bytes.extend(piece);
        }
        Ok(bytes)
    }
}
