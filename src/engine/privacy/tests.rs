//! Whole tables being masked.

use super::*;

#[test]
fn masks_hide_and_still_tell_apart() {
    assert_eq!(mask("ada.wang12@example.com"), "a***@example.com");
    assert_eq!(mask("+86 138 1234 5678"), "+** *** **** **78");
    assert_eq!(mask("Ada Wang"), "A** W**");
    assert_eq!(mask("王小明"), "王**");
    assert_eq!(mask("  "), "");
    assert_eq!(mask("C00012"), "C***12");
    assert_eq!(mask("Ada Wang 13812345678"), "A** W*** *********78");
    assert_eq!(mask("12 Main Street, 90210"), "** M*** S*****, ***10");
}

fn open(folder: &Path, name: &str, text: &str) -> Table {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    crate::collect::open(&path, &Default::default(), &Reporter::silent()).unwrap()
}

fn masked(table: &Table, plan: &Plan, key: &Key) -> Vec<Vec<String>> {
    let mut masking = Masking::new(table, plan, key);
    (0..table.height()).map(|at| masking.row(at)).collect()
}

const CUSTOMERS: &str = "customer_id,name,email,birth date,age,joined,note,city,notes\n\
    C1,Ada Hill,ada@shop.org,1985-03-05,39,2024-01-01,call 13812345678,Riverton,x\n\
    C2,Amanda Moss,bo@shop.org,1990-04-06,34,2024-02-01,fine,Riverton,y\n\
    C3,Jonathan Dunn,,1991-04-06,33,2024-03-01,fine,Lakeside,z\n";
const ORDERS: &str = "order,customer_id,paid on,amount\n\
    1,C2,2024-02-11,10\n2,C1,2024-01-31,20\n3,C2,2024-03-02,30\n4,,2024-03-02,40\n";

#[test]
fn the_proposal_fits_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let plan = suggest(&open(folder.path(), "customers.csv", CUSTOMERS));
    let words: Vec<String> = plan.columns.iter().take(6).map(|c| c.treatment.to_string()).collect();
    assert_eq!(words, ["pseudonym", "fake", "fake", "year", "age:10", "shift:30"]);
    assert_eq!(plan.person.as_deref(), Some("customer_id"));
    assert_eq!(quasi_identifiers(&plan), ["birth date", "age", "city"]);
}

#[test]
fn what_is_proposed_is_among_the_choices() {
    let folder = tempfile::tempdir().unwrap();
    let table = open(folder.path(), "customers.csv", CUSTOMERS);
    for (column, plan) in table.columns.iter().zip(suggest(&table).columns) {
        let choices = choices(column, plan.kind);
        let words: Vec<String> = choices.iter().map(Treatment::word).collect();
        assert!(words.contains(&plan.treatment.word()), "{}: {words:?}", column.name);
        for (choice, word) in choices.iter().zip(&words) {
            assert_eq!(Treatment::parse(word).as_ref(), Some(choice), "the usual amount");
        }
    }
}

#[test]
fn customers_keep_their_pseudonym_and_their_intervals_in_every_table() {
    let folder = tempfile::tempdir().unwrap();
    let (customers, orders) =
        (open(folder.path(), "customers.csv", CUSTOMERS), open(folder.path(), "orders.csv", ORDERS));
    let mut plan = suggest(&orders);
    for (name, treatment) in [("customer_id", "pseudonym"), ("paid on", "shift:30"), ("order", "keep")] {
        assert!(plan.set(name, Treatment::parse(treatment).unwrap()));
    }
    plan.person = Some("customer_id".into());
    let key = Key::new(&[9; 32]);
    let (a, b) = (masked(&customers, &suggest(&customers), &key), masked(&orders, &plan, &key));
    assert_eq!((&a[0][0], &a[1][0]), (&b[1][1], &b[0][1]));
    assert_ne!(a[0][0], a[1][0]);
    assert_eq!(b[3][1], "", "blank stays blank");
    let day = |text: &str| {
        chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap().signed_duration_since(Default::default())
    };
    // C2 joined on 1 February and paid on the 11th; C1 on 1 and 31 January.
    assert_eq!((day(&b[0][2]) - day(&a[1][5])).num_days(), 10);
    assert_eq!((day(&b[1][2]) - day(&a[0][5])).num_days(), 30);
    let other = masked(&customers, &suggest(&customers), &Key::new(&[8; 32]));
    for (row, other) in a.iter().zip(&other) {
        assert_ne!(row[0], other[0], "another key, another pseudonym");
    }
}

#[test]
fn links_let_columns_share_pseudonyms_whatever_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let people = open(folder.path(), "a.csv", "id,x\nC1,1\nC2,2\nC3,3\n");
    let deals = open(folder.path(), "b.csv", "deal,buyer,seller\n1,C1,C2\n2,C2,C3\n");
    let mut plans = [suggest(&people), suggest(&deals)];
    for (plan, name) in [(0, "id"), (1, "buyer"), (1, "seller")] {
        plans[plan].set(name, Treatment::Pseudonym { prefix: "P".into() });
    }
    let to = |column: &str| crate::table::Link {
        from: 1,
        from_column: column.into(),
        to: 0,
        to_column: "id".into(),
        cardinality: crate::table::Cardinality::ManyToOne,
        overlap: 1.0,
        orphans: 0,
        blank: 0,
        duplicates: 0,
        childless: 0,
        why: crate::Note::new("link_values"),
    };
    link(&mut plans, &[to("buyer"), to("seller")]);
    let key = Key::new(&[9; 32]);
    let (a, b) = (masked(&people, &plans[0], &key), masked(&deals, &plans[1], &key));
    assert_eq!((&a[0][0], &a[1][0], &a[2][0]), (&b[0][1], &b[0][2], &b[1][2]));
    assert!(a[0][0].starts_with('P') && a[0][0].len() == 17);
}

#[test]
fn copies_are_written_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let table = open(folder.path(), "customers.csv", CUSTOMERS);
    let mut plan = suggest(&table);
    plan.set("email", Treatment::Drop);
    plan.set("note", Treatment::MaskText);
    // What nobody planned for does not slip through.
    plan.columns.retain(|column| column.name != "notes");
    let out = folder.path().join("out.csv");
    let key = Key::new(&[9; 32]);
    let quasi = quasi_identifiers(&plan);
    let done = apply(&table, &plan, &key, &out, &quasi, Some("note"), &Reporter::silent()).unwrap();
    let count = |name: &str| done.columns.iter().find(|c| c.name == name).map(|c| c.cells_changed);
    assert_eq!(
        (done.rows, count("customer_id"), count("email"), count("note")),
        (3, Some(3), Some(2), Some(1))
    );
    assert_eq!((count("city"), count("notes")), (Some(0), None));
    let risk = done.risk.unwrap();
    assert_eq!((risk.k, risk.classes, risk.rows_below), (1, 3, 3));
    assert_eq!(risk.smallest.iter().map(|o| o.row).collect::<Vec<_>>(), [2, 3, 4], "record numbers");
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.starts_with("\u{feff}customer_id,name,birth date,age,joined,note,city\n"), "{text}");
    assert!(text.contains("call [phone]") && !text.contains("Ada") && !text.contains("1985-03"), "{text}");
}

#[test]
fn a_cancelled_copy_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let table = open(folder.path(), "customers.csv", CUSTOMERS);
    let (out, key, plan) = (folder.path().join("out.csv"), Key::new(&[9; 32]), suggest(&table));
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let target = out.clone();
    let job = crate::job::Job::start(
        || (),
        move |report| {
            wait.recv().ok();
            apply(&table, &plan, &key, &target, &[], None, report).map(|done| done.rows)
        },
    );
    job.cancel();
    go.send(()).unwrap();
    assert!(matches!(job.wait(), Some(Err(crate::Error::Cancelled))));
    assert!(!out.exists());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no half of it either");
}

#[test]
fn a_folder_in_the_way_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let table = open(folder.path(), "customers.csv", CUSTOMERS);
    let plan = suggest(&table);
    let failed =
        apply(&table, &plan, &Key::new(&[9; 32]), folder.path(), &[], None, &Reporter::silent()).unwrap_err();
    assert_eq!((failed.kind(), failed.place().file.as_deref()), ("write_failed", Some(folder.path())));
}

proptest::proptest! {
    /// Whatever stands in a cell: a treated one becomes another text, a blank one stays blank, the
    /// same again gives the same, and nothing panics.
    #[test]
    fn treated_cells_differ(
        free in "\\PC{0,20}", coded in "[0-9A-Za-z@.* /-]{0,20}", number in -1e6f64..1e6, person in "\\PC{0,6}",
    ) {
        let key = Key::new(&[4; 32]);
        let folder = tempfile::tempdir().unwrap();
        let table = open(folder.path(), "t.csv", "x,y\na,b\nc,d\n");
        let column = &table.columns[0];
        let kinds = [
            None, Some(Kind::PersonName), Some(Kind::Email), Some(Kind::Phone), Some(Kind::Address),
            Some(Kind::Card), Some(Kind::Iban), Some(Kind::Ip), Some(Kind::Postcode),
        ];
        let kinds = kinds.into_iter()
            .chain(crate::detect::contact::Country::ALL.map(|country| Some(Kind::NationalId(country))));
        let words = [
            "pseudonym", "pseudonym:C", "fake", "mask", "shift:30", "age:10", "band:10", "prefix:3", "round:10",
            "year", "month", "city", "region", "letter",
        ];
        let values =
            [free.clone(), coded, number.to_string(), format!("{number:.0}"), "*".into(), "**".into(), "1985".into(), "2024-03-05".into()];
        for kind in kinds {
            for word in words {
                let treatment = Treatment::parse(word).unwrap();
                if kind.is_some() && treatment != Treatment::Fake {
                    continue;
                }
                let treating = Treating {
                    key: &key, column, treatment: &treatment, kind, group: "x", promise: None,
                };
                for value in &values {
                    let out = treating.cell(value, &person);
                    if crate::detect::missing::is_missing(value) {
                        proptest::prop_assert_eq!(out, "");
                        continue;
                    }
                    proptest::prop_assert!(!out.trim().is_empty(), "{word} {kind:?} {value:?}");
                    proptest::prop_assert!(out.trim() != value.trim(), "{word} {kind:?} {value:?} {out:?}");
                    proptest::prop_assert_eq!(&out, &treating.cell(value, &person));
                }
            }
        }
        treat_text(&key, column, &free);
    }
}

fn treat_text(key: &Key, column: &crate::table::Column, text: &str) {
    let treatment = Treatment::MaskText;
    let treating = Treating { key, column, treatment: &treatment, kind: None, group: "x", promise: None };
    assert_eq!(treating.cell(text, "").is_empty(), text.is_empty());
}

/// Public files hold telephone numbers in one column and in eleven places of one file's comments, and
/// nothing else of the kind: no amount, order or day is taken for a person's detail.
#[test]
fn public_files_hold_few_details() {
    let Some(data) = std::env::var_os("REGULARS_DATA").map(PathBuf::from) else {
        println!("skipped: REGULARS_DATA is not set");
        return;
    };
    for (file, expected) in [
        ("bank-marketing/bank-additional.csv", None),
        ("telco-churn/Telco-Customer-Churn.csv", None),
        ("customer-personality/marketing_campaign.csv", None),
        ("online-shoppers/online_shoppers_intention.csv", None),
        ("tmall-orders/tmall_order_report.csv", None),
        ("chinese-restaurant-orders/meal_order_detail.csv", None),
        ("chinese-restaurant-orders/meal_order_info.csv", Some(("phone", Kind::Phone))),
        ("mall-customers/Mall_Customers.csv", None),
        ("cdnow/cdnow_customers_summary.csv", None),
    ] {
        let table = crate::collect::open(&data.join(file), &Default::default(), &Reporter::silent()).unwrap();
        let plan = suggest(&table);
        let found: Vec<_> = plan.columns.iter().filter_map(|c| Some((c.name.as_str(), c.kind?))).collect();
        assert_eq!(found, expected.into_iter().collect::<Vec<_>>(), "{file}");
    }
    let hotel = data.join("chinese-reviews/ChnSentiCorp_htl_all.csv");
    let table = crate::collect::open(&hotel, &Default::default(), &Reporter::silent()).unwrap();
    let kinds: Vec<Kind> = table
        .text("review")
        .unwrap()
        .iter()
        .flatten()
        .flat_map(crate::detect::contact::find_in_text)
        .map(|(_, kind)| kind)
        .collect();
    assert_eq!(kinds, [Kind::Phone; 11]);
}
