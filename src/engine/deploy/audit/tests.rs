use super::*;

fn trail(entries: u64) -> (tempfile::TempDir, std::path::PathBuf, Head) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.jsonl");
    let mut head = Head::default();
    for n in 0..entries {
        let detail = BTreeMap::from([("rows".to_owned(), Value::from(n)), ("share".to_owned(), 0.1.into())]);
        head = append(&path, What::Scored, detail).unwrap().1;
    }
    (folder, path, head)
}

#[test]
fn a_whole_trail_is_whole() {
    let (_folder, path, head) = trail(5);
    assert_eq!(verify(&path, None).unwrap(), head);
    assert_eq!(verify(&path, Some(&head)).unwrap().count, 5);
    assert_eq!(entries(&path, 2).unwrap().iter().map(|entry| entry.seq).collect::<Vec<_>>(), [4, 5]);
}

#[test]
fn every_changed_byte_is_found() {
    let (_folder, path, head) = trail(4);
    let text = std::fs::read(&path).unwrap();
    for at in 0..text.len() {
        let mut changed = text.clone();
        changed[at] = if changed[at] == b'1' { b'2' } else { b'1' };
        std::fs::write(&path, &changed).unwrap();
        assert!(verify(&path, Some(&head)).is_err(), "byte {at} of {}", text.len());
    }
}

#[test]
fn lines_cut_out_moved_or_put_in_are_found_where_they_were() {
    let (_folder, path, head) = trail(5);
    let text = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let told = |order: &[usize]| {
        let text: String = order.iter().map(|at| format!("{}\n", lines[*at])).collect();
        std::fs::write(&path, text).unwrap();
        match verify(&path, Some(&head)) {
            Err(DeployError::BrokenTrail { line, .. }) => line,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(told(&[0, 2, 3, 4]), 2, "cut out");
    assert_eq!(told(&[0, 2, 1, 3, 4]), 2, "moved");
    assert_eq!(told(&[0, 1, 1, 2, 3, 4]), 3, "put in");
    assert_eq!(told(&[1, 2, 3, 4]), 1, "the first cut off");
    assert_eq!(told(&[0, 1, 2]), 4, "the tail cut off, which only the kept head tells");
    assert!(verify(&path, None).is_ok(), "without it, the rest is whole");
    assert_eq!(told(&[]), 1);
}

#[test]
fn an_older_head_is_enough_for_a_longer_trail() {
    let (_folder, path, head) = trail(3);
    append(&path, What::Opened, BTreeMap::new()).unwrap();
    assert_eq!(verify(&path, Some(&head)).unwrap().count, 4);
}

#[test]
fn half_a_line_at_the_end_is_taken_away_before_the_next() {
    let (_folder, path, _) = trail(2);
    let mut text = std::fs::read_to_string(&path).unwrap();
    text.push_str("{\"seq\":3,\"wh");
    std::fs::write(&path, text).unwrap();
    assert!(verify(&path, None).is_err());
    let (_, head) = append(&path, What::Opened, BTreeMap::new()).unwrap();
    assert_eq!(verify(&path, None).unwrap(), head);
    assert_eq!(head.count, 3);
}

#[test]
fn several_threads_make_one_chain() {
    let (_folder, path, _) = trail(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    append(&path, What::KeyMade, BTreeMap::new()).unwrap();
                }
            });
        }
    });
    assert_eq!(verify(&path, None).unwrap().count, 40);
}
