//! One request in the languages that people call the API from; Python and Node by OpenAI's own libraries.

use wire::Task;

use super::KEY_VARIABLE;
use super::json::{Field, JSON, Json, Style};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Curl,
    Python,
    Node,
}

const PYTHON: Style = Style {
    truth: "True",
    bare_names: false,
    indent: 4,
};

const NODE: Style = Style {
    truth: "true",
    bare_names: true,
    indent: 2,
};

/// Where a task is asked for, below `/v1`.
pub const fn path(task: Task) -> &'static str {
    match task {
        Task::Chat => "chat/completions",
        Task::Embeddings => "embeddings",
        Task::Rerank => "rerank",
        Task::Moderation => "moderations",
    }
}

/// The request with `body`, its key taken from the environment.
pub fn in_language(language: Language, task: Task, base_url: &str, body: &[Field]) -> String {
    match language {
        Language::Curl => curl(task, base_url, KEY_VARIABLE, body),
        Language::Python => python(task, base_url, body),
        Language::Node => node(task, base_url, body),
    }
}

/// `-N` shows tokens as they come. What is quoted for a shell ends its quote at each apostrophe.
pub fn curl(task: Task, base_url: &str, key: &str, body: &[Field]) -> String {
    let flag = if task == Task::Chat { "-N " } else { "" };
    let path = path(task);
    let body = Json::Object(body.to_vec()).lines(JSON, 0);
    let body = body.replace('\'', r"'\''").replace('\n', "\n  ");
    format!(
        r#"curl {flag}{base_url}/{path} \
  -H "Authorization: Bearer {key}" \
  -H "Content-Type: application/json" \
  -d '{body}'"#
    )
}

fn python(task: Task, base_url: &str, body: &[Field]) -> String {
    let base_url = Json::text(base_url);
    let named: String = body
        .iter()
        .map(|(name, value)| format!("    {name}={},\n", value.lines(PYTHON, 4)))
        .collect();
    let call = match task {
        Task::Chat => format!(
            "stream = client.chat.completions.create(\n{named})\n\
             for chunk in stream:\n    \
                 if chunk.choices:\n        \
                     print(chunk.choices[0].delta.content or \"\", end=\"\", flush=True)\n\
             print()"
        ),
        Task::Embeddings => format!(
            "answer = client.embeddings.create(\n{named})\n\
             for item in answer.data:\n    \
                 print(item.index, len(item.embedding), item.embedding[:4])"
        ),
        Task::Rerank => format!(
            "# OpenAI has no rerank, so its library has no name for it.\n\
             answer = client.post(\n    \"/rerank\",\n    cast_to=object,\n    body={},\n)\n\
             for result in answer[\"results\"]:\n    \
                 print(result[\"index\"], result[\"relevance_score\"])",
            Json::Object(body.to_vec()).lines(PYTHON, 4)
        ),
        Task::Moderation => format!(
            "answer = client.moderations.create(\n{named})\n\
             for result in answer.results:\n    \
                 print(result.flagged, result.category_scores)"
        ),
    };
    format!(
        "import os\n\nfrom openai import OpenAI\n\n\
         client = OpenAI(\n    base_url={base_url},\n    api_key=os.environ[\"ASSISTERS_API_KEY\"],\n)\n\n{call}"
    )
}

fn node(task: Task, base_url: &str, body: &[Field]) -> String {
    let base_url = Json::text(base_url);
    let body = Json::Object(body.to_vec());
    let call = match task {
        Task::Chat => format!(
            "const stream = await client.chat.completions.create({});\n\
             for await (const chunk of stream) {{\n  \
                 process.stdout.write(chunk.choices[0]?.delta?.content ?? \"\");\n}}",
            body.lines(NODE, 0)
        ),
        Task::Embeddings => format!(
            "const answer = await client.embeddings.create({});\n\
             for (const item of answer.data) {{\n  \
                 console.log(item.index, item.embedding.length, item.embedding.slice(0, 4));\n}}",
            body.lines(NODE, 0)
        ),
        Task::Rerank => format!(
            "// OpenAI has no rerank, so its library has no name for it.\n\
             const answer = await client.post(\"/rerank\", {{\n  body: {},\n}});\n\
             console.log(answer.results);",
            body.lines(NODE, 2)
        ),
        Task::Moderation => format!(
            "const answer = await client.moderations.create({});\n\
             for (const result of answer.results) {{\n  \
                 console.log(result.flagged, result.category_scores);\n}}",
            body.lines(NODE, 0)
        ),
    };
    format!(
        "import OpenAI from \"openai\";\n\n\
         const client = new OpenAI({{\n  baseURL: {base_url},\n  apiKey: process.env.ASSISTERS_API_KEY,\n}});\n\n{call}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> Vec<Field> {
        vec![
            ("model", Json::text("m")),
            ("input", Json::texts(&["it's".to_owned()])),
            ("stream", Json::True),
        ]
    }

    #[test]
    fn an_apostrophe_does_not_end_the_body_in_a_shell() {
        let text = in_language(Language::Curl, Task::Moderation, "http://h/v1", &body());
        assert!(text.starts_with("curl http://h/v1/moderations \\\n"));
        assert!(text.contains(r#""input": ["it'\''s"]"#));
        assert!(text.contains("Bearer $ASSISTERS_API_KEY"));
    }

    #[test]
    fn each_language_writes_truth_and_names_in_its_own_way() {
        let python = in_language(Language::Python, Task::Chat, "http://h/v1", &body());
        assert!(
            python.contains("    stream=True,\n") && python.contains("    input=[\"it's\"],\n")
        );
        let node = in_language(Language::Node, Task::Rerank, "http://h/v1", &body());
        assert!(node.contains("stream: true") && node.contains("client.post(\"/rerank\""));
    }
}
