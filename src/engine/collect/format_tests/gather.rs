//! Several files at once.

use std::path::PathBuf;

use super::{codes, show};
use crate::collect::*;

#[test]
fn folders_patterns_and_stacks() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("m10.csv", "id,sum\n5,50\n");
    write("m2.csv", "sum,id\n20,2\n30,3\n");
    write("other.csv", "a,b,c\n1,2,3\n4,5,6\n");
    write("~$m2.csv", "x,y\n1,2\n");
    write(".hidden.csv", "x,y\n1,2\n");
    write("picture.csv", "\u{89}");
    std::fs::write(folder.path().join("photo.dat"), b"\x89PNG\r\n").unwrap();
    write("notes.md", "# notes");
    std::fs::remove_file(folder.path().join("picture.csv")).unwrap();
    let names = |files: &[PathBuf]| -> Vec<String> {
        files.iter().map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect()
    };
    let all = gather(&[folder.path().to_owned(), folder.path().join("m2.csv")]).unwrap();
    assert_eq!(names(&all), ["m2.csv", "m10.csv", "other.csv"]);
    assert_eq!(names(&gather(&[folder.path().join("m*.csv")]).unwrap()), ["m2.csv", "m10.csv"]);
    assert_eq!(gather(&[folder.path().join("z*.csv")]).unwrap_err().kind(), "no_files");
    assert_eq!(gather(&[folder.path().join("z.csv")]).unwrap_err().kind(), "not_found");

    let silent = Reporter::silent();
    let read = |file: &PathBuf| open(file, &ReadOptions::default(), &silent).unwrap();
    let stacked = stack(all.iter().map(read).collect(), &silent).unwrap();
    assert_eq!(stacked.len(), 2);
    assert_eq!(show(&stacked[0]), "sum,id,source_file|20,2,m2.csv|30,3,m2.csv|50,5,m10.csv");
    assert_eq!((stacked[0].rows.as_slice(), stacked[0].source.format), ([1, 2, 3].as_slice(), "combined"));
    assert_eq!(codes(&stacked[0].warnings), ["stacked_file", "stacked_file"]);
    assert_eq!(stacked[1].name, "other");
}

#[test]
fn a_column_that_one_file_lacks_is_told() {
    let options = ReadOptions::default();
    let a = from_text("a", "id,x,y,z,w\n1,1,1,1,1\n2,2,2,2,2\n", &options).unwrap();
    let b = from_text("b", "id,x,y,z\n3,3,3,3\n4,4,4,4\n", &options).unwrap();
    let stacked = stack(vec![a, b], &Reporter::silent()).unwrap();
    assert_eq!(show(&stacked[0]), "id,x,y,z,w,source_file|1,1,1,1,1,a|2,2,2,2,2,a|3,3,3,3,,b|4,4,4,4,,b");
    let lacks = stacked[0].warnings.iter().find(|note| note.code == "stacked_lacks").unwrap();
    assert_eq!(lacks.args, [("file", "b".to_owned()), ("columns", "w".to_owned())]);
}

/// Tables of a JSON text, as they are once alike ones are stacked: name and rows.
fn branches(files: &[(&str, &str)]) -> Vec<(String, usize)> {
    let folder = tempfile::tempdir().unwrap();
    let silent = Reporter::silent();
    let read = |(name, text): &(&str, &str)| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        tables(&path, &ReadOptions::default(), &silent).unwrap()
    };
    let stacked = stack(files.iter().flat_map(read).collect(), &silent).unwrap();
    stacked.iter().map(|table| (table.name.clone(), table.height())).collect()
}

#[test]
fn branches_of_a_json_are_apart_though_they_look_alike() {
    let is = |files: &[(&str, &str)], wanted: &[(&str, usize)]| {
        let found = branches(files);
        let found: Vec<(&str, usize)> = found.iter().map(|(name, rows)| (name.as_str(), *rows)).collect();
        assert_eq!(found, wanted);
    };
    // Other names, other things.
    let people = r#"[{"name":"a","city":"x"},{"name":"b","city":"y"}]"#;
    let two = format!(r#"{{"customers":{people},"suppliers":{people}}}"#);
    is(&[("shop.json", &two)], &[("customers", 2), ("suppliers", 2)]);
    // Those of the next file go where they belong.
    is(&[("may.json", &two), ("june.json", &two)], &[("customers", 4), ("suppliers", 4)]);
    // Years, pages: the digits are data.
    let years = format!(r#"{{"2024":{people},"2025":{people}}}"#);
    is(&[("shop.json", &years)], &[("2024", 4)]);
    // The items of an order and of its delivery are the same goods: they must not be added up.
    let item = |id| format!(r#"{{"sku":"s{id}","title":"t","price":"1.5","count":{id},"weight":2,"tax":0}}"#);
    let order = |id: u32| {
        let (one, two) = (item(2 * id), item(2 * id + 1));
        let delivery = format!(r#"[{{"id":{id}00,"items":[{one}]}}]"#);
        format!(r#"{{"id":{id},"day":"2026-01-0{id}","items":[{one},{two}],"deliveries":{delivery}}}"#)
    };
    let orders = format!("[{},{}]", order(1), order(2));
    let apart = [("orders", 2), ("items", 4), ("deliveries", 2), ("deliveries.items", 2)];
    is(&[("orders.json", &orders)], &apart);
    // Of one row, and called the same: bills and deliveries of one order.
    let both = |id: u32| {
        let items = format!("[{},{}]", item(2 * id), item(2 * id + 1));
        format!(r#"{{"id":{id},"city":"x","bill":{{"items":{items}}},"extra":{{"items":{items}}}}}"#)
    };
    let both = format!("[{},{}]", both(1), both(2));
    is(&[("orders.json", &both)], &[("orders", 2), ("bill.items", 8)]);
}
