//! Turns a conversation into the text that the model was trained to continue.

use minijinja::{Environment, context};
use serde::Serialize;

const NAME: &str = "chat";

/// What is said to the model when the client gives no instructions of its own. The template has a line for that too,
/// but with it this model fails at plain facts.
pub const DEFAULT_SYSTEM: &str = "You are a helpful assistant.";

/// One message of a conversation, reduced to what a template uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Turn {
    pub role: &'static str,
    pub content: String,
}

/// A model's own chat template, in Jinja.
pub struct Template {
    jinja: Environment<'static>,
}

impl Template {
    pub fn parse(source: &str) -> Result<Self, minijinja::Error> {
        let mut jinja = Environment::new();
        // As the library does for which such templates are written.
        jinja.set_trim_blocks(true);
        jinja.set_lstrip_blocks(true);
        jinja.add_template_owned(NAME, source.to_owned())?;
        Ok(Template { jinja })
    }

    /// The prompt, up to where the assistant begins to speak.
    pub fn render(&self, mut turns: Vec<Turn>) -> Result<String, minijinja::Error> {
        if turns.first().is_none_or(|turn| turn.role != "system") {
            let content = DEFAULT_SYSTEM.to_owned();
            turns.insert(
                0,
                Turn {
                    role: "system",
                    content,
                },
            );
        }
        let template = self.jinja.get_template(NAME)?;
        template.render(context! { messages => turns, add_generation_prompt => true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "{% for message in messages %}\
        {{ '<' + message['role'] + '>' + message['content'] + '\\n' }}{% endfor %}\
        {% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}";

    fn turn(role: &'static str, content: &str) -> Turn {
        Turn {
            role,
            content: content.to_owned(),
        }
    }

    #[test]
    fn a_conversation_without_instructions_gets_the_default_line() {
        let template = Template::parse(SOURCE).unwrap();
        assert_eq!(
            template
                .render(vec![turn("user", "{{ 1 + 1 }} <b>")])
                .unwrap(),
            format!("<system>{DEFAULT_SYSTEM}\n<user>{{{{ 1 + 1 }}}} <b>\n<assistant>")
        );
        assert_eq!(
            template
                .render(vec![turn("system", "Be brief."), turn("user", "Hi")])
                .unwrap(),
            "<system>Be brief.\n<user>Hi\n<assistant>"
        );
    }
}
