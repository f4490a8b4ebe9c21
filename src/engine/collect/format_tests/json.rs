//! JSON in all its shapes.

use super::{Case, Reads, Refused, case, gz, with};
use crate::collect::*;

pub(super) fn json_cases() -> Vec<Case> {
    vec![
        case(
            "list of objects",
            "a.json",
            r#"[{"id": 123456789012345678901, "p": 1.10, "ok": true}, {"id": 2, "city": null}]"#,
            Reads("", "id,p,ok,city|123456789012345678901,1.10,true,|2,,,"),
        ),
        case(
            "nested objects and plain lists",
            "a.json",
            r#"[{"id":"a","address":{"city":"Bern","geo":{"lat":46.9480}},"tags":["x",null,"y"]},{"id":"b","tags":[]}]"#,
            Reads("", "id,address.city,address.geo.lat,tags|a,Bern,46.9480,x; y|b,,,"),
        ),
        case(
            "the outer of nested lists",
            "c.json",
            r#"[{"id":7,"orders":[{"n":1},{"n":2},{"n":3}]},{"id":8}]"#,
            Reads("c", "id|7|8"),
        ),
        with(
            case(
                "the inner, by name, with the key",
                "c.json",
                r#"[{"id":7,"orders":[{"n":1,"items":[{"sku":"x"}]},{"n":2}]},{"id":8,"orders":[{"n":3}]}]"#,
                Reads("orders", "row,c id,n|1,7,1|2,7,2|3,8,3"),
            ),
            |o| o.part = Some("orders".into()),
        ),
        with(
            case(
                "without a key, by row",
                "c.json",
                r#"[{"a":1,"orders":[{"n":1,"items":[{"sku":"x"},{"sku":"y"}]},{"n":2,"items":[{"sku":"z"}]}]}]"#,
                Reads("orders.items", "orders row,sku|1,x|1,y|2,z"),
            ),
            |o| o.part = Some("orders.items".into()),
        ),
        case(
            "lists under keys",
            "a.json",
            r#"{"count": 2, "customers": [{"id":1,"n":"A"},{"id":2,"n":"B"}], "next": null}"#,
            Reads("", "id,n|1,A|2,B"),
        ),
        case("wrapped twice", "a.json", r#"{"data":{"customers":[{"id":1},{"id":2}]}}"#, Reads("", "id|1|2")),
        case(
            "records under their keys",
            "a.json",
            r#"{"c1":{"n":"A","x":1},"c2":{"n":"B"}}"#,
            Reads("", "key,n,x|c1,A,1|c2,B,"),
        ),
        case(
            "one record with a list is that list",
            "a.json",
            r#"{"name":"shop","rows":[{"n":1},{"n":2}]}"#,
            Reads("rows", "a row,n|1,1|1,2"),
        ),
        case(
            "columns as pandas writes them",
            "a.json",
            r#"{"n":{"0":"A","1":"B"},"x":{"0":1,"1":null}}"#,
            Reads("", "n,x|A,1|B,"),
        ),
        case("columns as lists", "a.json", r#"{"n":["A","B"],"x":[1,2.50]}"#, Reads("", "n,x|A,1|B,2.50")),
        case(
            "columns beside data",
            "a.json",
            r#"{"columns":["n","x"],"index":[0,1],"data":[["A",1],["B",2]]}"#,
            Reads("", "n,x|A,1|B,2"),
        ),
        case("one record", "a.json", r#"{"id":1,"name":"Ann"}"#, Reads("", "id,name|1,Ann")),
        case("lists of lists", "a.json", "[[1,\"x\"],[2,\"y\"]]", Reads("", "column 1,column 2|1,x|2,y")),
        case(
            "one object a line, one broken",
            "a.jsonl",
            "{\"a\":1}\n{\"a\":\n\n{\"a\":3,\"b\":\"x\\u5ba2\"}\n",
            Reads("", "a,b|1,|3,x客"),
        ),
        case(
            "objects one after the other",
            "a.json",
            "{\"a\":1}\n{\n \"a\":2}{\"a\":3}",
            Reads("", "a|1|2|3"),
        ),
        case("gzip of lines", "a.jsonl.gz", gz(b"{\"a\":1}\n{\"a\":2}\n"), Reads("", "a|1|2")),
        case(
            "UTF-16 with a mark",
            "a.json",
            "\u{feff}[{\"a\":\"客\"}]".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
            Reads("", "a|客"),
        ),
        case("list cut off", "a.json", "[{\"a\":1},\n{\"a\":2", Refused("bad_json")),
        case("words after the end", "a.json", "[{\"a\":1}] and more", Refused("bad_json")),
        case("too deep", "a.json", "[".repeat(5000), Refused("bad_json")),
        case("an empty list", "a.json", "[]", Refused("no_rows")),
        case("an empty object", "a.json", "{}", Refused("no_rows")),
        case(
            "SQL Server's header is no JSON",
            "a.csv",
            "[id],[name]\n1,Ann\n2,Bo\n",
            Reads("", "[id],[name]|1,Ann|2,Bo"),
        ),
    ]
}

#[test]
fn a_broken_line_is_rejected_with_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    std::fs::write(&path, "{\"a\":1}\n{\"a\":}\n\n{\"a\":3}\n").unwrap();
    let table = open(&path, &ReadOptions::default(), &Reporter::silent()).unwrap();
    assert_eq!(table.rows.as_slice(), [1, 4]);
    assert_eq!((table.records, table.rejected_count, table.rejected[0].row), (3, 1, 2));
    assert_eq!(table.rejected[0].why, Note::new("json_broken_line").with("column", 6));
    std::fs::write(&path, "[{\"a\":1},\n {\"a\":x}]").unwrap();
    let error = open(&path, &ReadOptions::default(), &Reporter::silent()).unwrap_err();
    assert_eq!((error.kind(), error.place().row), ("bad_json", Some(2)));
    assert!(error.to_string().contains("line 2, character 7"), "{error}");
}
