//! Reads a body's fields, and says of each that is wrong what it must be.

use serde::de::DeserializeOwned;

use super::error::ApiError;

/// What the field at a path must be; the path is without numbers: `messages[].content`.
pub type Rules = fn(&str) -> &'static str;

/// Reads an object, and names the field that does not fit.
pub fn read<T: DeserializeOwned>(body: &[u8], rules: Rules) -> Result<T, ApiError> {
    // serde would read the fields from a list, too.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(ApiError::invalid_json("it must be an object"));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let request = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let path = path.trim_start_matches('.');
        let reason = error.inner().to_string();
        if !error.inner().is_data() {
            return ApiError::invalid_json(&reason);
        }
        if let Some(field) = reason
            .strip_prefix("missing field `")
            .and_then(|rest| rest.split('`').next())
        {
            let dot = if path.is_empty() { "" } else { "." };
            return missing(&format!("{path}{dot}{field}"), rules);
        }
        if path.is_empty() {
            return ApiError::invalid_json("it must be an object");
        }
        wrong(path, rules)
    })?;
    json.end()
        .map_err(|error| ApiError::invalid_json(&error.to_string()))?;
    Ok(request)
}

pub fn wrong(param: &str, rules: Rules) -> ApiError {
    let rule = rules(&without_numbers(param));
    ApiError::invalid(param, format!("`{param}` must be {rule}."))
}

pub fn missing(param: &str, rules: Rules) -> ApiError {
    let rule = rules(&without_numbers(param));
    ApiError::missing(param, format!("`{param}` is missing; it must be {rule}."))
}

pub fn require(good: bool, param: &str, rules: Rules) -> Result<(), ApiError> {
    if good {
        Ok(())
    } else {
        Err(wrong(param, rules))
    }
}

fn without_numbers(path: &str) -> String {
    let mut within = false;
    path.chars()
        .filter(|&letter| {
            within = match letter {
                '[' => true,
                ']' => false,
                _ => within,
            };
            !within || letter == '['
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_looked_up_without_numbers() {
        assert_eq!(without_numbers("input[12][3]"), "input[][]");
        assert_eq!(without_numbers("documents[0].text"), "documents[].text");
    }
}
