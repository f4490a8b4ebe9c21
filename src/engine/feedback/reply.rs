//! Drafts of replies from templates that a person edits. Nothing leaves the machine.

use serde::{Deserialize, Serialize};

use super::lexicon::Aspect;
use super::script::Language;
use super::sentiment::Mood;

/// A reply to comments of a mood in a language. `{about}` is replaced by what the comment speaks of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Template {
    pub language: Language,
    pub mood: Mood,
    pub text: String,
}

/// The templates that the app comes with: three moods in two languages.
pub fn shipped_templates() -> Vec<Template> {
    let of = |language, mood, text: &str| Template { language, mood, text: text.to_owned() };
    use Language::{Chinese, English};
    use Mood::{Kind, NotSure, Unkind};
    vec![
        of(
            English,
            Unkind,
            "Thank you for telling us about this. We are sorry about the trouble with {about}. We are looking into \
             it and would like to put it right: please reply to this message and tell us your order number.",
        ),
        of(
            English,
            Kind,
            "Thank you for your kind words about {about}. We look forward to seeing you again.",
        ),
        of(
            English,
            NotSure,
            "Thank you for your comment about {about}. Is there anything that we could do better? We read every answer.",
        ),
        of(
            Chinese,
            Unkind,
            "感谢您告诉我们。关于{about}的问题，我们很抱歉，正在查找原因，也希望为您妥善解决：请回复本消息并告知订单号。",
        ),
        of(Chinese, Kind, "谢谢您对{about}的肯定，期待再次为您服务。"),
        of(Chinese, NotSure, "谢谢您关于{about}的留言。还有哪里我们可以做得更好吗？每条回复我们都会看。"),
    ]
}

/// A draft for a comment: in Chinese where it holds Chinese, else in English. `None` where there is no template.
pub fn draft(templates: &[Template], language: Language, mood: Mood, about: &[&Aspect]) -> Option<String> {
    let wanted = if language.has_chinese() { Language::Chinese } else { Language::English };
    let template = templates.iter().find(|one| one.language == wanted && one.mood == mood)?;
    let names: Vec<String> = about
        .iter()
        .take(3)
        .map(|aspect| if wanted == Language::Chinese { aspect.zh.clone() } else { aspect.en.to_lowercase() })
        .collect();
    let told = match (wanted, names.is_empty()) {
        (Language::Chinese, true) => "您的这次消费".to_owned(),
        (_, true) => "your order".to_owned(),
        (Language::Chinese, false) => names.join("、"),
        (_, false) => names.join(", "),
    };
    Some(template.text.replace("{about}", &told))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_speaks_of_what_the_comment_speaks_of() {
        let (templates, aspects) = (shipped_templates(), super::super::lexicon::shipped_aspects());
        let delivery = aspects.iter().find(|a| a.key == "delivery").unwrap();
        let en = draft(&templates, Language::English, Mood::Unkind, &[delivery]).unwrap();
        assert!(en.contains("trouble with delivery") && !en.contains('{'), "{en}");
        let zh = draft(&templates, Language::Mixed, Mood::Unkind, &[delivery]).unwrap();
        assert!(zh.contains("关于配送的问题"), "{zh}");
        for language in [Language::English, Language::Chinese, Language::Other] {
            for mood in [Mood::Kind, Mood::Unkind, Mood::NotSure] {
                assert!(draft(&templates, language, mood, &[]).is_some_and(|text| !text.contains('{')));
            }
        }
    }
}
