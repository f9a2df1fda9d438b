//! Limits, which are ours: how the caller's buckets stand, `GET /v1/limits`.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Limits {
    /// Always `limits`.
    pub object: String,
    /// The account's, which all its keys and the playground draw from.
    pub account: Buckets,
    /// The key's own, which it draws from as well; null where it has none.
    #[cfg_attr(feature = "schema", schema(required))]
    pub key: Option<Buckets>,
}

impl Limits {
    pub fn new(account: Buckets, key: Option<Buckets>) -> Self {
        Limits {
            object: "limits".into(),
            account,
            key,
        }
    }
}

/// What may be used in any 60 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Buckets {
    pub requests: RequestBucket,
    pub tokens: TokenBucket,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct RequestBucket {
    pub limit: u64,
    pub used: u64,
    pub remaining: u64,
    /// Unix milliseconds when the first of what is used is free again; null while nothing is used.
    #[cfg_attr(feature = "schema", schema(required))]
    pub frees_at_ms: Option<i64>,
    /// Unix milliseconds when all of it is.
    pub full_at_ms: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TokenBucket {
    pub limit: u64,
    /// With what is reserved.
    pub used: u64,
    /// Of what is used, what requests in flight have only reserved: what they don't use of it comes back at their end.
    pub reserved: u64,
    pub remaining: u64,
    /// Unix milliseconds when the first of what is used is free again; null while nothing is used.
    #[cfg_attr(feature = "schema", schema(required))]
    pub frees_at_ms: Option<i64>,
    /// Unix milliseconds when all of it is.
    pub full_at_ms: i64,
}
