//! The catalogue: every key that the code asks for is there, in both languages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use regulars::words::Lang;

fn catalogue() -> BTreeMap<String, [Option<String>; 2]> {
    let mut all = BTreeMap::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/words");
    for file in std::fs::read_dir(folder).unwrap() {
        let mut key = String::new();
        for line in std::fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            if let Some(text) = line.strip_prefix("  en: ") {
                let known = all.insert(key.clone(), [serde_json::from_str(text).ok(), None]);
                assert!(known.is_none(), "{key} stands twice in the catalogue");
            } else if let Some(text) = line.strip_prefix("  zh-CN: ") {
                all.entry(key.clone()).or_insert([None, None])[1] = serde_json::from_str(text).ok();
            } else {
                key = line.trim_end_matches(':').to_owned();
            }
        }
    }
    all
}

/// Every string literal of the faces that looks like a key of the catalogue.
fn asked() -> BTreeSet<String> {
    fn walk(folder: &Path, out: &mut BTreeSet<String>, known: &BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out, known);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                for literal in text.split('"').skip(1).step_by(2) {
                    let looks = literal.split_once('.').is_some_and(|(head, tail)| {
                        known.contains(head)
                            && !tail.is_empty()
                            && !["customers.csv", "model.bundle"].contains(&literal)
                            && tail
                                .chars()
                                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._".contains(c))
                    });
                    if looks {
                        out.insert(literal.to_owned());
                    }
                }
            }
        }
    }
    let known =
        catalogue().keys().filter_map(|k| k.split_once('.').map(|(head, _)| head.to_owned())).collect();
    let mut out = BTreeSet::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for face in ["cli", "window"] {
        walk(&src.join(face), &mut out, &known);
    }
    out
}

#[test]
fn every_sentence_is_there_in_both_languages() {
    let all = catalogue();
    assert!(all.len() > 300, "{}", all.len());
    for (key, texts) in &all {
        let [Some(en), Some(zh)] = texts else { panic!("{key} lacks a language") };
        assert!(!en.is_empty() && !zh.is_empty(), "{key}");
        let names = |text: &str| -> BTreeSet<String> {
            text.split("%{").skip(1).filter_map(|t| t.split_once('}').map(|(n, _)| n.to_owned())).collect()
        };
        assert_eq!(names(en), names(zh), "{key} names other values in the other language");
        assert_eq!(&Lang::En.t(key), en);
        assert_eq!(&Lang::Zh.t(key), zh);
    }
    let asked = asked();
    assert!(asked.len() > 100, "{}", asked.len());
    for key in asked {
        assert!(all.contains_key(&key), "the code asks for {key}, and the catalogue lacks it");
    }
}

#[test]
fn chinese_sentences_have_chinese_signs() {
    let chinese = |c: char| ('\u{3000}'..'\u{a000}').contains(&c) || ('\u{ff00}'..'\u{fff0}').contains(&c);
    for (key, [_, zh]) in catalogue() {
        let zh: Vec<char> = zh.unwrap_or_default().chars().collect();
        let ends = zh.iter().any(|c| chinese(*c)) && zh.last() == Some(&'.');
        let within = zh.windows(3).any(|signs| match signs {
            [before, ',' | '.' | ';', after] => chinese(*before) && chinese(*after),
            _ => false,
        });
        assert!(!ends && !within, "{key}");
    }
}

#[test]
fn the_terminal_speaks_of_flags() {
    let all = catalogue();
    for kind in regulars::words::MENDED_BY_FLAGS {
        let texts = |key: String| all.get(&key).unwrap_or_else(|| panic!("{key} is not there"));
        assert_ne!(texts(format!("hint.{kind}")), texts(format!("cli.hint.{kind}")), "{kind}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("visits.csv");
    std::fs::write(&file, "city,visits\nBonn,3\nKiel,5\nUlm,4\n").unwrap();
    let ran = |arguments: &[&str]| {
        let mut program = crate::support::program();
        let out = program.env("LANG", "zh_CN.UTF-8").args(arguments).arg(&file).output().unwrap();
        String::from_utf8([out.stdout, out.stderr].concat()).unwrap()
    };
    let told = ran(&["inspect"]);
    assert!(told.contains("没有列说明谁流失了。") && told.contains("--role 列名=target"), "{told}");
    assert!(!told.contains("下表") && !told.contains("了."), "{told}");
    let told = ran(&["train"]);
    assert!(told.contains("--role 列名=target") && !told.contains("“收集”页"), "{told}");
}

#[test]
fn every_error_and_note_of_the_engine_has_words() {
    let all = catalogue();
    let engine = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/engine");
    let mut codes = 0;
    for entry in walk(&engine) {
        let text = std::fs::read_to_string(&entry).unwrap();
        for part in text.split("Note::new(\"").skip(1) {
            let code = part.split('"').next().unwrap();
            assert!(all.contains_key(&format!("note.{code}")), "note.{code}");
            codes += 1;
        }
        for part in text.split("=> \"").skip(1) {
            let after = part.split_once('"').map_or("", |(_, rest)| rest);
            let kind = part.split('"').next().unwrap();
            let is_kind = text.contains("fn kind(&self)") && after.starts_with(',');
            let in_kind = text
                .split("fn kind(&self)")
                .skip(1)
                .any(|f| f.split("fn ").next().unwrap().contains(&format!("\"{kind}\"")));
            if is_kind
                && in_kind
                && entry.file_name().is_some_and(|n| n == "mod.rs")
                && !entry.ends_with("train/mod.rs")
            {
                assert!(all.contains_key(&format!("error.{kind}")), "error.{kind}");
                assert!(all.contains_key(&format!("hint.{kind}")), "hint.{kind}");
                codes += 1;
            }
        }
    }
    assert!(codes > 40, "{codes}");
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            out.extend(walk(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
    out
}
