//! A training as a folder: everything is there, and it runs again to the same bits.

use std::path::Path;

use regulars::words::Lang;
use regulars_engine::project::RunRecord;
use serde_json::Value;

use crate::support::{json, program, regulars, sample};

fn trained(out: &Path, more: &[&str]) -> Value {
    let (file, out) = (sample(), out.to_str().unwrap().to_owned());
    let mut args = vec!["train", file.to_str().unwrap(), "--device", "flex", "--run-folder", &out];
    args.extend(more);
    json(&args)
}

fn read(folder: &Path, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap()
}

#[test]
fn a_run_folder_holds_everything_and_runs_again_to_the_same_bits() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("a run");
    let told = trained(&folder, &["--epochs", "4", "--seed", "3"]);
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "README.txt",
            "curves.csv",
            "curves.png",
            "curves.svg",
            "metrics.json",
            "model.bundle",
            "run.json",
            "settings.json"
        ]
    );
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1, "nothing is left beside it");
    let run = read(&folder, "run.json");
    assert_eq!(read(&folder, "metrics.json"), told["metrics"]);
    assert_eq!(run["metrics"], told["metrics"]);
    assert_eq!(read(&folder, "settings.json"), run["settings"]);
    assert_eq!(
        (&run["seed"], &run["device"]["ran"], &run["model"]),
        (&3.into(), &"flex".into(), &"mlp".into())
    );
    let hash = blake3_of(&sample());
    assert_eq!(run["sources"][0]["hash"], hash.as_str());
    for name in ["burn", "polars", "rand_chacha"] {
        assert!(run["versions"]["crates"][name].is_string(), "{}", run["versions"]);
    }
    let curves = std::fs::read_to_string(folder.join("curves.csv")).unwrap();
    assert_eq!(curves.lines().count(), 1 + told["history"].as_array().unwrap().len());
    let second: Vec<f64> = curves.lines().nth(2).unwrap().split(',').map(|n| n.parse().unwrap()).collect();
    assert_eq!(second[1], told["history"][1]["train_loss"].as_f64().unwrap(), "to the last bit");
    let svg = std::fs::read_to_string(folder.join("curves.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("Lowest validation loss"));
    let mut png = png::Decoder::new(std::io::Cursor::new(std::fs::read(folder.join("curves.png")).unwrap()))
        .read_info()
        .unwrap();
    let mut pixels = vec![0; png.output_buffer_size().unwrap()];
    let info = png.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), (1520, 960));

    // The very command of the README.
    let readme = std::fs::read_to_string(folder.join("README.txt")).unwrap();
    let command = readme.lines().find_map(|line| line.trim().strip_prefix("regulars train ")).unwrap();
    let path = command.strip_prefix("--from-run ").unwrap().trim_matches('\'');
    let again = json(&["train", "--from-run", path]);
    assert_eq!((&again["reproduced"], &again["differences"]), (&true.into(), &serde_json::json!([])));
    assert_eq!(again["metrics"], told["metrics"]);
    let losses = |value: &Value| -> Vec<f64> {
        let history = value["history"].as_array().unwrap();
        history.iter().map(|epoch| epoch["train_loss"].as_f64().unwrap()).collect()
    };
    assert_eq!(losses(&again), losses(&told));
    let (code, out, _) = regulars(&["train", "--from-run", path]);
    assert!(code == 0 && out.contains(&Lang::En.t("cli.run_same")), "{out}");

    // Where a figure was another one, that is told, and which.
    let mut forged = run.clone();
    forged["metrics"]["test"]["roc_auc"]["value"] = 0.5.into();
    std::fs::write(folder.join("run.json"), forged.to_string()).unwrap();
    let other = json(&["train", "--from-run", path]);
    assert_eq!(other["reproduced"], false);
    assert_eq!(other["differences"][0]["figure"], "test.roc_auc.value");
    assert_eq!(other["differences"].as_array().unwrap().len(), 1);
}

fn blake3_of(path: &Path) -> String {
    let table = crate::support::open(path);
    table.source.hash
}

#[test]
fn data_that_moved_are_given_and_other_data_are_refused() {
    let place = tempfile::tempdir().unwrap();
    let (folder, data) = (place.path().join("run"), place.path().join("shop.csv"));
    std::fs::copy(sample(), &data).unwrap();
    let (from, to) = (data.to_str().unwrap(), folder.to_str().unwrap());
    let told = json(&["train", from, "--model", "logistic", "--run-folder", to]);
    assert!(!folder.join("curves.svg").exists(), "a model without epochs has no curve");
    let moved = place.path().join("moved.csv");
    std::fs::rename(&data, &moved).unwrap();
    let refused = |args: &[&str]| -> Value {
        let (code, out, err) = regulars(&[args, &["--json"]].concat());
        assert_eq!(code, 1, "{out}{err}");
        serde_json::from_str::<Value>(&out).unwrap()["error"].clone()
    };
    assert_eq!(refused(&["train", "--from-run", to])["kind"], "not_found");
    let again = json(&["train", "--from-run", to, moved.to_str().unwrap()]);
    assert_eq!((&again["reproduced"], &again["metrics"]), (&true.into(), &told["metrics"]));
    let mut text = std::fs::read_to_string(&moved).unwrap();
    text.push_str(text.lines().last().unwrap().to_owned().as_str());
    std::fs::write(&moved, text).unwrap();
    assert_eq!(refused(&["train", "--from-run", to, moved.to_str().unwrap()])["kind"], "run_other_data");
    // Flags that would make it another training are wrong arguments, as is no data at all.
    for args in [&["train", "--from-run", to, "--seed", "9"][..], &["train"][..]] {
        assert_eq!(program().args(args).output().unwrap().status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn nothing_of_a_person_is_written_over_by_a_run_folder() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("photos");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("cat.jpg"), "meow").unwrap();
    let file = sample();
    let args = ["train", file.to_str().unwrap(), "--model", "majority", "--run-folder"];
    let run = |folder: &Path| regulars(&[&args[..], &[folder.to_str().unwrap(), "--json"]].concat());
    let (code, out, _) = run(&folder);
    assert!(code == 1 && out.contains("not_empty"), "{out}");
    // A file that is called like a record makes no run folder of it.
    std::fs::write(folder.join("run.json"), "{}").unwrap();
    assert_eq!(run(&folder).0, 1);
    assert_eq!(std::fs::read_to_string(folder.join("cat.jpg")).unwrap(), "meow");
    assert_eq!(run(&folder.join("cat.jpg")).0, 1);
    // An empty folder is filled, and an older run folder replaced as a whole.
    let own = place.path().join("own");
    std::fs::create_dir(&own).unwrap();
    assert_eq!(run(&own).0, 0);
    assert_eq!(run(&own).0, 0);
    std::fs::write(own.join("note.txt"), "mine").unwrap();
    let (code, out, _) = run(&own);
    assert!(code == 1 && out.contains("not_empty"), "{out}");
    assert_eq!(std::fs::read_to_string(own.join("note.txt")).unwrap(), "mine");
    let (code, out, _) = regulars(&["train", "--from-run", place.path().to_str().unwrap(), "--json"]);
    assert!(code == 1 && out.contains("not_a_run"), "{out}");
    assert!(RunRecord::open(&own).is_ok());
}
