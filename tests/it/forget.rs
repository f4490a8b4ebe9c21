//! A customer is taken out of a project and of its autosave.

use regulars_engine::deploy::{FollowUp, ListEntry, SavedList};
use regulars_engine::privacy::Passphrase;
use regulars_engine::project::{SavedProject, Settings};

use crate::support::program;

#[test]
fn a_customer_is_forgotten_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.regulars");
    let recovery = folder.path().join("data/regulars/recovery");
    std::fs::create_dir_all(&recovery).unwrap();
    let mut project = SavedProject::new(Settings::default(), "customers.csv".into(), "abc".into());
    let entry = |id: &str| ListEntry { id: id.to_owned(), probability: 0.5, left: false };
    project.lists = vec![SavedList {
        file: "customers.csv".into(),
        hash: "abc".into(),
        made: "2026-11-25".into(),
        threshold: 0.5,
        entries: vec![entry("C-0007"), entry("C-0008")],
    }];
    let note = FollowUp { note: "anna@example.com".into(), ..FollowUp::default() };
    project.follow_ups.insert("C-0007".into(), note);
    let passphrase = Passphrase::new("four grey otters dance".to_owned()).with_work(4);
    project.save_with(&file, Some(&passphrase)).unwrap();
    let left = recovery.join("left-1.regulars");
    SavedProject { origin: Some(file.clone()), ..project.clone() }.save(&left).unwrap();

    let forget = |extra: &[&str]| {
        let mut program = program();
        program.env("XDG_DATA_HOME", folder.path().join("data"));
        program.env("REGULARS_PASSPHRASE", "four grey otters dance");
        program.arg("forget").arg(&file).args(["--customer", "C-0007", "--json"]).args(extra);
        let out = program.output().unwrap();
        (out.status.code(), serde_json::from_slice::<serde_json::Value>(&out.stdout).unwrap())
    };
    let text = |project: SavedProject| serde_json::to_string(&project).unwrap();
    // Tried first: nothing changes.
    let before = std::fs::read(&file).unwrap();
    let (code, told) = forget(&["--dry-run"]);
    assert_eq!((code, told["taken_out"]["lists"].as_u64()), (Some(0), Some(1)), "{told}");
    assert_eq!(std::fs::read(&file).unwrap(), before);

    let (code, told) = forget(&[]);
    assert_eq!(code, Some(0), "{told}");
    assert_eq!(told["taken_out"]["follow_ups"], 1);
    assert_eq!(told["autosaves"], 1);
    // Still locked, and nowhere any more.
    let saved = SavedProject::open_with(&file, Some(&passphrase)).unwrap();
    assert_eq!(saved.lists[0].entries.len(), 1);
    assert_eq!((told["left_out"].as_u64(), saved.settings.left_out.len()), (Some(1), 1));
    for rest in [text(saved), text(SavedProject::open(&left).unwrap())] {
        assert!(!rest.contains("C-0007") && !rest.contains("anna@example.com"), "{rest}");
    }
    let (code, told) = forget(&[]);
    assert_eq!((code, told["error"]["kind"].as_str()), (Some(1), Some("no_customer")), "{told}");
    // A customer whom only the data name.
    let (code, told) = forget(&["--anyway"]);
    assert_eq!((code, told["left_out"].as_u64()), (Some(0), Some(1)), "{told}");
    // A list that was exported, beside the project.
    let list = folder.path().join("week.csv");
    std::fs::write(&list, "row,id,probability\n2,C-0007,0.5\n3,C-0008,0.4\n").unwrap();
    let (code, told) = forget(&["--also", list.to_str().unwrap()]);
    assert_eq!((code, told["also"][0]["rows"].as_u64()), (Some(0), Some(1)), "{told}");
    assert_eq!(std::fs::read_to_string(&list).unwrap(), "row,id,probability\n3,C-0008,0.4\n");
}
