use proptest::prelude::*;

use super::super::testing::{assert_row_local, column, frame};
use super::*;

fn default(text: &str) -> String {
    tidied(text, &TidySpec::default()).into_owned()
}

#[test]
fn text_as_it_was_meant() {
    for (text, meant) in [
        ("  two   words ", "two words"),
        ("a\u{a0}b\u{3000}c", "a b c"),
        ("Zoe\u{308}", "Zoë"),
        ("ＡＢＣ－１２３（ａ／ｂ）＠", "ABC-123(a/b)@"),
        ("\u{feff}Anna\u{200b} Li\u{ad}sa\u{202c}", "Anna Lisa"),
        ("line_x000D_\nnext", "line\nnext"),
        ("Tom &amp; Jerry&#39;s &nbsp;&#x20AC;5", "Tom & Jerry's €5"),
        ("&amp;amp;lt;b&gt;", "<b>"),
        ("R&D; AT&T", "R&D; AT&T"),
        ("MÃ¼ller", "Müller"),
        ("MÃƒÂ¼ller", "Müller"),
        ("under_score_x", "under_score_x"),
        ("", ""),
    ] {
        assert_eq!(default(text), meant, "{text:?}");
    }
}

#[test]
fn chinese_punctuation_stays_unless_asked_for() {
    assert_eq!(default("你好，世界！１，２３４元　１０：３０。"), "你好，世界！1,234元 10:30。");
    assert_eq!(default("Ｈｉ，ｙｏｕ！"), "Hi,you!");
    let asked = TidySpec { punctuation: true, ..TidySpec::default() };
    assert_eq!(tidied("你好，世界！", &asked), "你好,世界!");
}

#[test]
fn joiners_with_a_meaning_stay() {
    let family = "👩\u{200d}👩\u{200d}👧";
    let heart = "❤\u{fe0f}\u{200d}🔥";
    let persian = "می\u{200c}خواهم";
    for text in [family, heart, persian] {
        assert_eq!(default(text), text);
    }
    assert_eq!(default("a\u{200d}b\u{200c}c"), "abc");
    assert_eq!(default("👩\u{200d}"), "👩");
}

#[test]
fn each_part_can_be_switched_off() {
    let off = TidySpec {
        form: NormalForm::Keep,
        width: false,
        invisible: false,
        blanks: false,
        escapes: false,
        entities: false,
        mojibake: false,
        ..TidySpec::default()
    };
    let text = " Ａ\u{200b}e\u{308}&amp;_x000D_Ã¼ ";
    assert_eq!(tidied(text, &off), text);
    let nfkc = TidySpec { form: NormalForm::Nfkc, ..off };
    assert_eq!(tidied("①ﬁ㎏", &nfkc), "1fikg");
}

#[test]
fn identifiers_and_the_target_are_left_alone_and_kinds_are_counted() {
    let schema = [column("id", Role::Id), column("name", Role::Text), column("y", Role::Target)];
    let before = frame(&[
        ("id", &[Some(" Ａ1"), None]),
        ("name", &[Some("Ａ  b"), Some("MÃ¼ller")]),
        ("y", &[Some("Ｙ"), Some("Ｎ")]),
    ]);
    let mut record = Recorder::new("text_tidy", &before);
    let after = apply(&TidySpec::default(), &schema, &before, &mut record, &Reporter::silent()).unwrap();
    assert_eq!(after.show("id", 0).as_deref(), Some(" Ａ1"));
    assert_eq!(after.show("y", 0).as_deref(), Some("Ｙ"));
    assert_eq!(after.show("name", 0).as_deref(), Some("A b"));
    let change = record.finish();
    assert_eq!((change.cells_changed, change.rows_changed), (2, 2));
    let count = |code: &str| change.notes.iter().filter(|note| note.code == code).count();
    assert_eq!((count("tidy_mojibake"), count("tidy_width"), count("tidy_invisible")), (1, 1, 0));
}

/// Pieces that meet in real cells, so that chance finds their combinations.
fn messy() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(|c| c.to_string()),
        prop::sample::select(vec![
            "&amp;", "&", "#39;", "amp;", "_x000D_", "_x000", "Ã", "¼", "Ｚ", "，", "１", "\u{200d}", "👩",
            "م", "\u{200c}", " ", "\u{a0}", "e", "\u{308}", "北", "\u{feff}", "…", "A", ";",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn tidying_twice_is_tidying_once(text in messy(), punctuation in any::<bool>(), nfkc in any::<bool>()) {
        let form = if nfkc { NormalForm::Nfkc } else { NormalForm::Nfc };
        let spec = TidySpec { punctuation, form, ..TidySpec::default() };
        let once = tidied(&text, &spec).into_owned();
        prop_assert_eq!(tidied(&once, &spec), once.as_str());
    }

    #[test]
    fn one_row_is_tidied_as_all_are(texts in prop::collection::vec(prop::option::of(messy()), 1..6)) {
        let schema = [column("a", Role::Text)];
        assert_row_local("a", &texts, |frame, record| {
            apply(&TidySpec::default(), &schema, frame, record, &Reporter::silent())
        });
    }
}
