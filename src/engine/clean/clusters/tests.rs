use super::*;

fn found(levels: &[(&str, u64)]) -> Vec<Cluster> {
    let levels: Vec<(String, u64)> =
        levels.iter().map(|(text, count)| ((*text).to_owned(), *count)).collect();
    clusters(&levels, &Reporter::silent()).unwrap()
}

fn evenly(levels: &[&str]) -> Vec<Cluster> {
    found(&levels.iter().enumerate().map(|(at, text)| (*text, 100 + at as u64)).collect::<Vec<_>>())
}

/// The writings of each cluster, the one to keep first.
fn names(clusters: &[Cluster]) -> Vec<Vec<&str>> {
    clusters.iter().map(|c| c.members.iter().map(|(text, _)| text.as_str()).collect()).collect()
}

/// What is written otherwise in the workbook of the e-commerce churn data, with its counts.
#[test]
fn the_doubles_of_the_churn_workbook_are_found() {
    let device = found(&[("Mobile Phone", 2765), ("Computer", 1634), ("Phone", 1231)]);
    assert_eq!(names(&device), [["Mobile Phone", "Phone"]]);
    let payment = found(&[
        ("Debit Card", 2314),
        ("Credit Card", 1501),
        ("E wallet", 614),
        ("UPI", 414),
        ("COD", 365),
        ("CC", 273),
        ("Cash on Delivery", 149),
    ]);
    assert_eq!(names(&payment), [["COD", "Cash on Delivery"], ["Credit Card", "CC"]]);
    assert_eq!((payment[0].proposed.as_str(), payment[0].members[1].1), ("COD", 149));
    let order = found(&[
        ("Laptop & Accessory", 2050),
        ("Mobile Phone", 1271),
        ("Fashion", 826),
        ("Mobile", 809),
        ("Grocery", 410),
        ("Others", 264),
    ]);
    assert_eq!(names(&order), [["Mobile Phone", "Mobile"]]);
    assert!(found(&[("Male", 3384), ("Female", 2246)]).is_empty());
    assert!(found(&[("Married", 2986), ("Single", 1796), ("Divorced", 848)]).is_empty());
}

#[test]
fn june_among_three_letter_months() {
    let months = found(&[
        ("May", 3364),
        ("Nov", 2998),
        ("Mar", 1907),
        ("Dec", 1727),
        ("Oct", 549),
        ("Sep", 448),
        ("Aug", 433),
        ("Jul", 432),
        ("June", 288),
        ("Feb", 184),
    ]);
    assert_eq!(names(&months), [["June"]]);
    assert_eq!(months[0].proposed, "Jun");
    // June and April are names, too.
    assert!(evenly(&["June", "April", "May", "Anna", "Jan", "Mary", "Eve", "Jane", "Lea"]).is_empty());
    let both = found(&[("Jun", 5), ("June", 3), ("Jan", 1), ("Feb", 1), ("Mar", 1)]);
    assert_eq!(names(&both), [["Jun", "June"]]);
}

#[test]
fn states_are_fifty() {
    let states = [
        "Alabama",
        "Alaska",
        "Arizona",
        "Arkansas",
        "California",
        "Colorado",
        "Connecticut",
        "Delaware",
        "Florida",
        "Georgia",
        "Hawaii",
        "Idaho",
        "Illinois",
        "Indiana",
        "Iowa",
        "Kansas",
        "Kentucky",
        "Louisiana",
        "Maine",
        "Maryland",
        "Massachusetts",
        "Michigan",
        "Minnesota",
        "Mississippi",
        "Missouri",
        "Montana",
        "Nebraska",
        "Nevada",
        "New Hampshire",
        "New Jersey",
        "New Mexico",
        "New York",
        "North Carolina",
        "North Dakota",
        "Ohio",
        "Oklahoma",
        "Oregon",
        "Pennsylvania",
        "Rhode Island",
        "South Carolina",
        "South Dakota",
        "Tennessee",
        "Texas",
        "Utah",
        "Vermont",
        "Virginia",
        "Washington",
        "West Virginia",
        "Wisconsin",
        "Wyoming",
    ];
    assert_eq!(names(&evenly(&states)), Vec::<Vec<&str>>::new());
    let codes = [
        "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "FL", "GA", "HI", "ID", "IL", "IN", "IA", "KS", "KY",
        "LA", "ME", "MD", "MA", "MI", "MN", "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND",
        "OH", "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA", "WV", "WI", "WY",
    ];
    assert_eq!(names(&evenly(&codes)), Vec::<Vec<&str>>::new());
    // A slip among them is found all the same.
    let slip =
        found(&[("Massachusetts", 900), ("Massachusets", 3), ("North Dakota", 500), ("Nroth Dakota", 2)]);
    assert_eq!(names(&slip).len(), 2);
}

#[test]
fn countries_are_not_each_other() {
    let retail = [
        "United Kingdom",
        "Germany",
        "France",
        "EIRE",
        "Spain",
        "Netherlands",
        "Belgium",
        "Switzerland",
        "Portugal",
        "Australia",
        "Norway",
        "Italy",
        "Channel Islands",
        "Finland",
        "Cyprus",
        "Sweden",
        "Unspecified",
        "Austria",
        "Denmark",
        "Japan",
        "Poland",
        "Israel",
        "USA",
        "Hong Kong",
        "Singapore",
        "Iceland",
        "Canada",
        "Greece",
        "Malta",
        "United Arab Emirates",
        "European Community",
        "RSA",
        "Lebanon",
        "Lithuania",
        "Brazil",
        "Czech Republic",
        "Bahrain",
        "Saudi Arabia",
    ];
    assert_eq!(names(&evenly(&retail)), Vec::<Vec<&str>>::new());
    let near = [
        "Iran",
        "Iraq",
        "Niger",
        "Nigeria",
        "Slovakia",
        "Slovenia",
        "Gambia",
        "Zambia",
        "Mali",
        "Malta",
        "Malawi",
        "Guinea",
        "Guyana",
        "Papua New Guinea",
        "Equatorial Guinea",
        "Guinea-Bissau",
        "Sudan",
        "South Sudan",
        "Dominica",
        "Dominican Republic",
        "India",
        "Indonesia",
        "Ireland",
        "Northern Ireland",
        "Samoa",
        "American Samoa",
        "North Korea",
        "South Korea",
        "Latvia",
        "Libya",
        "Liberia",
        "Mauritius",
        "Mauritania",
        "Virgin Islands",
    ];
    assert_eq!(names(&evenly(&near)), Vec::<Vec<&str>>::new());
}

#[test]
fn what_differs_by_number_sign_or_size_is_not_one() {
    for levels in [
        &["Group 1", "Group 2"][..],
        &["M", "L", "XL", "XXL", "XXXL", "S", "XS"],
        &["Group A", "Group B"],
        &["Type II", "Type III"],
        &["Vitamin", "Vitamin C", "Vitamin D"],
        &["A", "A+", "A-", "B", "B+"],
        &["<30", ">30", "30"],
        &["18-25", "26-35", "1825"],
        &["paid", "unpaid", "Paid not yet"],
        &["active", "inactive"],
        &["C", "C++", "C#"],
        &["Small shirt", "Large shirt", "shirt"],
        &["basic.4y", "basic.6y", "basic.9y"],
        &["0-5 years", "0-6 years"],
        &["第一组", "第二组"],
        &["上海分公司", "上海总公司"],
        &["山西", "陕西"],
        &["山西省", "陕西省"],
        &["吉林省", "吉林市", "吉林"],
        &["No", "No internet service", "Yes"],
    ] {
        assert_eq!(names(&evenly(levels)), Vec::<Vec<&str>>::new(), "{levels:?}");
    }
}

#[test]
fn writings_of_one_thing_are_found_each_for_its_reason() {
    for (levels, why) in [
        (&[("Café Noir", 9), ("cafe  noir", 2)][..], "cluster_words"),
        (&[("Smith, John", 9), ("John Smith", 2)], "cluster_words"),
        (&[("E-Mail", 9), ("email", 2)], "cluster_words"),
        (&[("Note Book", 9), ("Notebook", 2)], "cluster_words"),
        (&[("Acme Ltd.", 9), ("ACME Limited", 2)], "cluster_words"),
        (&[("Laptop & Accessory", 9), ("Laptop and Accessory", 2)], "cluster_words"),
        (&[("Smart Watches", 90), ("Smart Wacthes", 2)], "cluster_typo"),
        (&[("Electronics", 90), ("Eletronics", 2)], "cluster_typo"),
        (&[("Cash on Delivery", 9), ("C.O.D.", 2)], "cluster_synonym"),
        (&[("World Health Organization", 9), ("WHO", 2)], "cluster_initials"),
        (&[("北京市", 9), ("北京", 2)], "cluster_place"),
        (&[("北京", 9), ("Beijing", 2)], "cluster_pinyin"),
        (&[("北京", 90), ("背景", 2)], "cluster_sound"),
        (&[("USA", 9), ("United States", 2)], "cluster_synonym"),
    ] {
        let clusters = found(levels);
        assert_eq!(clusters.len(), 1, "{levels:?}");
        assert_eq!((clusters[0].why.code, clusters[0].proposed.as_str()), (why, levels[0].0));
        let low = why == "cluster_sound";
        assert_eq!(clusters[0].confidence < 0.5, low, "{levels:?}");
    }
}

#[test]
fn two_claims_on_one_short_form_leave_it_alone() {
    assert!(evenly(&["CC", "Corporate Client", "Casual Client", "Cash"]).is_empty());
    assert!(evenly(&["Card", "Gift Card", "Loyalty Card"]).is_empty());
    assert!(evenly(&["", " ", "-", "?"]).is_empty());
}

/// Names of 20,000 made-up things, among them 200 slips: all are found, nothing else is joined.
#[test]
fn twenty_thousand_writings() {
    let word = |mut seed: u64| -> String {
        let letters = "bcdfghjklmnpqrstvwz".as_bytes();
        let vowels = "aeiou".as_bytes();
        (0..8)
            .map(|at| {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let of = if at % 2 == 0 { letters } else { vowels };
                char::from(of[(seed >> 33) as usize % of.len()])
            })
            .collect()
    };
    let mut levels: Vec<(String, u64)> =
        (0..19_800u64).map(|at| (format!("{} {}", word(at), word(at + 1_000_000)), 50)).collect();
    for at in 0..200u64 {
        let (first, second) = (word(at), word(at + 1_000_000));
        // Two neighbours change places.
        let swapped: String =
            [0, 1, 2, 4, 3, 5, 6, 7].iter().map(|i| char::from(second.as_bytes()[*i])).collect();
        levels.push((format!("{first} {swapped}"), 1));
    }
    let began = std::time::Instant::now();
    let clusters = clusters(&levels, &Reporter::silent()).unwrap();
    println!("20,000 writings: {:.2} s", began.elapsed().as_secs_f64());
    let slips = clusters.iter().filter(|c| c.members.iter().any(|(_, count)| *count == 1)).count();
    assert_eq!(slips, 200);
    assert!(clusters.len() < 205, "{}", clusters.len());
}

#[test]
fn a_cancelled_search_stops() {
    let mut job = crate::job::Job::start(
        || (),
        |report: &Reporter| {
            while report.check().is_ok() {
                std::thread::yield_now();
            }
            clusters(&[("a".to_owned(), 1), ("b".to_owned(), 1)], report).is_err()
        },
    );
    job.cancel();
    loop {
        match job.poll() {
            crate::job::Poll::Done(stopped) => break assert!(stopped),
            crate::job::Poll::Running => std::thread::yield_now(),
            crate::job::Poll::Lost => panic!("lost"),
        }
    }
}

proptest::proptest! {
    /// Whatever the writings: no panic, every member once, no number joined with another.
    #[test]
    fn any_writings(texts in proptest::collection::vec("\\PC{0,8}|[a-c ]{3,8}|[A-Z]{1,4}|[一二北京市背景]{1,4}", 0..20)) {
        let levels: Vec<(String, u64)> = texts.into_iter().enumerate().map(|(at, text)| (text, at as u64)).collect();
        let found = clusters(&levels, &Reporter::silent()).unwrap();
        let mut members: Vec<&str> = found.iter().flat_map(|c| c.members.iter().map(|(text, _)| text.as_str())).collect();
        let all = members.len();
        members.sort_unstable();
        members.dedup();
        proptest::prop_assert_eq!(all, members.len());
        proptest::prop_assert_eq!(clusters(&levels, &Reporter::silent()).unwrap(), found);
    }
}
