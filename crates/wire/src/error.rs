//! Errors: <https://platform.openai.com/docs/guides/error-codes>.

use serde::{Deserialize, Serialize};

/// `{"error": {…}}`, the body of every answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    pub error: ErrorDetail,
}

/// All four fields are always written; `param` and `code` may be null.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ErrorDetail {
    pub message: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// The field that is wrong, as a path: `messages[2].content`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(required))]
    pub param: Option<String>,
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(required))]
    pub code: Option<String>,
}
