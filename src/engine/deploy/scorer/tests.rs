use super::*;
use crate::collect::{self, ReadOptions};
use crate::project::{Settings, testing};
use crate::train::{DeviceKind, ModelKind};

fn bundle(kind: ModelKind) -> Bundle {
    let mut settings = Settings { device: DeviceKind::Flex, ..Settings::default() };
    settings.mlp.epochs = 2;
    testing::learnt(&testing::sample(), &settings, kind)
}

/// A file that stands for the program, and where the scorer goes.
fn places() -> (tempfile::TempDir, PathBuf, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let (program, out) = (folder.path().join("program"), folder.path().join("scorer"));
    std::fs::write(&program, [b"#!program\n".as_slice(), &[7; 100_000]].concat()).unwrap();
    (folder, program, out)
}

fn kind_of<T: std::fmt::Debug>(result: Result<T, DeployError>) -> &'static str {
    result.unwrap_err().kind()
}

#[test]
fn a_program_carries_its_bundle_and_can_be_written_again() {
    let quiet = Reporter::silent();
    let (_folder, program, out) = places();
    assert_eq!(find(&program).unwrap(), None, "a plain program");
    assert_eq!(find(Path::new("/there/is/none")).unwrap(), None);
    for kind in [ModelKind::Logistic, ModelKind::Mlp] {
        let bundle = bundle(kind);
        let written = write(&bundle, &program, &out, None, &quiet).unwrap();
        assert!(written.bytes > 100_000 && written.self_test_rows == 24 && !written.locked);
        let scorer = find(&out).unwrap().unwrap();
        let carried = scorer.open(None).unwrap();
        assert_eq!(carried.bundle, bundle);
        let told = scorer.check(&carried, &quiet).unwrap();
        assert_eq!((told.rows, told.equal, told.wrong), (24, 24, 0));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o111, 0o111);
        }
        // A scorer as the program: only its program is taken.
        let again = out.with_extension("again");
        write(&bundle, &out, &again, None, &quiet).unwrap();
        assert!(std::fs::read(&again).unwrap() == std::fs::read(&out).unwrap());
    }
}

#[test]
fn a_changed_byte_is_noticed_wherever_it_is() {
    let quiet = Reporter::silent();
    let (_folder, program, out) = places();
    write(&bundle(ModelKind::Logistic), &program, &out, None, &quiet).unwrap();
    let sound = std::fs::read(&out).unwrap();
    let change = |at: usize, to: u8| {
        let mut bytes = sound.clone();
        assert_ne!(bytes[at], to);
        bytes[at] = to;
        std::fs::write(&out, bytes).unwrap();
    };
    let length = sound.len();
    let program_length = 100_010;
    change(50, 0);
    let scorer = find(&out).unwrap().unwrap();
    let carried = scorer.open(None).unwrap();
    assert_eq!(scorer.check(&carried, &quiet).unwrap_err().kind(), "scorer_changed");
    change(program_length + 300, sound[program_length + 300] ^ 1);
    assert_eq!(kind_of(find(&out).unwrap().unwrap().open(None)), "scorer_changed");
    // Both lengths, both hashes.
    change(length - 88, sound[length - 88] ^ 1);
    assert_eq!(kind_of(find(&out)), "scorer_changed");
    change(length - 80, sound[length - 80] ^ 1);
    assert_eq!(kind_of(find(&out)), "scorer_changed");
    change(length - 60, sound[length - 60] ^ 1);
    let scorer = find(&out).unwrap().unwrap();
    let carried = scorer.open(None).unwrap();
    assert_eq!(scorer.check(&carried, &quiet).unwrap_err().kind(), "scorer_changed");
    change(length - 20, sound[length - 20] ^ 1);
    assert_eq!(kind_of(find(&out).unwrap().unwrap().open(None)), "scorer_changed");
    change(length - 1, b'2');
    assert_eq!(kind_of(find(&out)), "scorer_newer");
    // Cut anywhere there is no scorer left.
    std::fs::write(&out, &sound[..length - 5]).unwrap();
    assert_eq!(find(&out).unwrap(), None);
    std::fs::write(&out, &sound[10..]).unwrap();
    assert_eq!(kind_of(find(&out)), "scorer_changed");
}

#[test]
fn scores_that_are_no_longer_those_of_the_day_are_told() {
    let bundle = bundle(ModelKind::Logistic);
    let test = SelfTest::of(&bundle).unwrap();
    assert_eq!(test, SelfTest::of(&bundle).unwrap(), "equal bundles make equal rows");
    assert!(test.expected.iter().all(|p| (0.0..=1.0).contains(p)));
    assert!(test.rows.iter().flatten().any(Option::is_none), "there are holes");
    let mut other = test.clone();
    other.expected[3] += 1e-5;
    let told = other.check(&bundle).unwrap();
    assert_eq!((told.equal, told.wrong), (23, 1));
    other.expected.pop();
    assert_eq!(other.check(&bundle).unwrap().wrong, 2, "a row without its score");
    // No row is a customer's.
    let table = collect::open(&testing::sample(), &ReadOptions::default(), &Reporter::silent()).unwrap();
    let columns: Vec<_> = test.columns.iter().map(|name| table.text(name).unwrap()).collect();
    for row in &test.rows {
        let is_it = |at: usize| columns.iter().zip(row).all(|(c, cell)| c.get(at) == cell.as_deref());
        assert!(!(0..table.height()).any(is_it), "{row:?}");
    }
}

#[test]
fn a_locked_bundle_stays_locked() {
    let (_folder, program, out) = places();
    let pass = |text: &str| Passphrase::new(text.to_owned()).with_work(4);
    let bundle = bundle(ModelKind::Tree);
    write(&bundle, &program, &out, Some(&pass("open the shop")), &Reporter::silent()).unwrap();
    let scorer = find(&out).unwrap().unwrap();
    assert!(scorer.is_locked().unwrap());
    assert_eq!(kind_of(scorer.open(None)), "locked_file");
    assert_eq!(kind_of(scorer.open(Some(&pass("close the shop")))), "wrong_passphrase");
    assert_eq!(scorer.open(Some(&pass("open the shop"))).unwrap().bundle, bundle);
    let bytes = std::fs::read(&out).unwrap();
    assert!(!bytes.windows(6).any(|part| part == b"scorer"), "the entry's name is locked as well");
}

#[test]
fn a_cancelled_export_leaves_nothing() {
    let (folder, program, out) = places();
    let bundle = bundle(ModelKind::Logistic);
    let (path, to) = (program.clone(), out.clone());
    let job = crate::job::Job::start(
        || (),
        move |report| {
            while report.check().is_ok() {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            write(&bundle, &path, &to, None, report)
        },
    );
    job.cancel();
    assert!(matches!(job.wait(), Some(Err(crate::Error::Cancelled))));
    assert!(!out.exists() && std::fs::read_dir(folder.path()).unwrap().count() == 1);
}
