//! A browser as it is before wasm has come.

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::{secrets, within};

/// Follows links, posts forms, keeps cookies, and goes nowhere by itself.
pub struct Browser {
    base: Url,
    /// Where its pages come from, as it says.
    origin: String,
    client: Client,
}

/// What came back, with where the browser would go next.
pub struct Landed {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub place: Option<String>,
    pub text: String,
}

impl Browser {
    /// `public` is the address that it has typed; `site` is where that leads.
    pub fn new(site: &str, public: &str) -> Self {
        let client = Client::builder()
            .cookie_store(true)
            .redirect(Policy::none())
            .build()
            .unwrap();
        Browser {
            base: Url::parse(site).unwrap(),
            origin: Url::parse(public).unwrap().origin().ascii_serialization(),
            client,
        }
    }

    pub async fn visit(&self, path: &str) -> Landed {
        Landed::from(self.request(self.client.get(self.address(path))).await).await
    }

    /// Posts a form on a page of this site.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Landed {
        Landed::from(self.request(self.form(path, fields)).await).await
    }

    /// With its cookies, and nothing that says where it comes from.
    pub fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.address(path))
    }

    pub fn form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let form = self.client.post(self.address(path));
        form.header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ORIGIN, &self.origin)
            .body(body)
    }

    /// What a page's script posts: JSON, from this site's own origin.
    pub fn post_json(&self, path: &str, body: &Value) -> RequestBuilder {
        self.post_json_from(path, body, &self.origin)
    }

    pub fn post_json_from(&self, path: &str, body: &Value, origin: &str) -> RequestBuilder {
        self.client
            .post(self.address(path))
            .header(ORIGIN, origin)
            .json(body)
    }

    /// Calls a server function as wasm does: no page is wanted, and what it returns is JSON.
    pub async fn call(&self, path: &str, fields: &[(&str, &str)]) -> (StatusCode, Value) {
        let response = within(
            self.form(path, fields)
                .header(ACCEPT, "application/json")
                .send(),
        )
        .await
        .unwrap();
        let status = response.status();
        note_cookies(response.headers());
        (
            status,
            serde_json::from_str(&response.text().await.unwrap()).unwrap(),
        )
    }

    async fn request(&self, request: RequestBuilder) -> Response {
        within(
            request
                .header(ACCEPT, "text/html,application/xhtml+xml")
                .send(),
        )
        .await
        .unwrap()
    }

    fn address(&self, path: &str) -> Url {
        self.base.join(path).unwrap()
    }
}

/// No log is to hold what opens a session.
fn note_cookies(headers: &HeaderMap) {
    for cookie in headers.get_all(SET_COOKIE) {
        let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
        let (_, value) = cookie.split_once('=').unwrap();
        // Cookies of a few letters are choices, such as the theme.
        if value.len() > 16 {
            secrets::made(value);
        }
    }
}

impl Landed {
    async fn from(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        note_cookies(&headers);
        let place = headers
            .get(LOCATION)
            .map(|place| place.to_str().unwrap().to_owned());
        Landed {
            status,
            headers,
            place,
            text: response.text().await.unwrap(),
        }
    }
}
