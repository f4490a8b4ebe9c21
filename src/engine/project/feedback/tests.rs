//! What the person has said of columns reaches the comments, and comments that name streets are comments.

use super::*;
use crate::collect::{ReadOptions, from_text};

fn single(text: &str) -> Collected {
    Collected::single(from_text("shop", text, &ReadOptions::default()).unwrap())
}

fn said(collected: &Collected, settings: &Settings) -> crate::Result<Said> {
    comments_of(collected, settings, &Reporter::silent())
}

#[test]
fn a_role_set_by_hand_is_taken_first() {
    let mut text = String::from("customer_id,review,remarks of the driver,stars,gone,left us\n");
    for at in 0..40 {
        let note = ["rang twice and waited", "left it with the neighbour", "nobody opened the door"][at % 3];
        let gone = if at % 4 == 0 { "yes" } else { "no" };
        let left = if at % 5 == 0 { "yes" } else { "no" };
        text +=
            &format!("C{at},Tea number {at} was fine,{note} at {at} o'clock,{},{gone},{left}\n", 1 + at % 5);
    }
    let collected = single(&text);
    let mut settings = Settings::default();
    let columns = |settings: &Settings| {
        let collected = with_roles(&collected, settings);
        heard_columns(&collected, &settings.feedback).unwrap()
    };
    let guess = columns(&settings);
    assert_eq!((guess.text.as_str(), guess.rating.as_deref()), ("review", Some("stars")));
    assert_eq!(guess.customer.as_deref(), Some("customer_id"));
    // The window keeps what was collected and has the roles beside it.
    settings.read.roles = vec![
        ("remarks of the driver".into(), Role::Text),
        ("stars".into(), Role::Ignore),
        ("left us".into(), Role::Target),
        ("a column of last month".into(), Role::Ignore),
    ];
    let mine = columns(&settings);
    assert_eq!((mine.text.as_str(), mine.rating), ("remarks of the driver", None));
    let found = said(&collected, &settings).unwrap();
    assert!(found.comments[0].text.starts_with("rang twice"), "{:?}", found.comments[0]);
    assert!(found.scale.is_none() && found.comments.iter().all(|comment| comment.rating.is_none()));
    let left: Vec<bool> = found.customers.iter().filter_map(|customer| customer.left).collect();
    assert_eq!(
        (left.len(), left.iter().filter(|left| **left).count()),
        (40, 8),
        "of the column that was set"
    );
    settings.read.roles.retain(|(_, role)| *role != Role::Target);
    settings.read.roles.push(("gone".into(), Role::Target));
    let found = said(&collected, &settings).unwrap();
    assert_eq!(found.customers.iter().filter(|customer| customer.left == Some(true)).count(), 10);
    // The room's own box is nearer still.
    settings.feedback.text = Some("review".into());
    assert_eq!(columns(&settings).text, "review");
    // A text that is set aside is no comment.
    settings.feedback.text = None;
    settings.read.roles =
        vec![("remarks of the driver".into(), Role::Ignore), ("review".into(), Role::Ignore)];
    assert_eq!(said(&collected, &settings).unwrap_err().kind(), "feedback_no_text");
}

/// The target may stand in a third table, which the table of all customers has.
#[test]
fn a_target_of_another_table_reaches_those_who_commented() {
    let folder = tempfile::tempdir().unwrap();
    let (mut people, mut status, mut comments) = (
        String::from("customer_id,age,city\n"),
        String::from("customer_id,ended_contract,since\n"),
        String::from("comment_id,customer_id,comment\n"),
    );
    for at in 0..60 {
        people += &format!("C{at:03},{},{}\n", 20 + at % 50, ["Bern", "Rome", "Ulm"][at % 3]);
        let ended = if at % 6 == 0 { "yes" } else { "no" };
        status += &format!("C{at:03},{ended},201{}-03-0{}\n", at % 9, 1 + at % 9);
        for again in 0..1 + at % 2 {
            comments += &format!("{},C{at:03},The tea of week {at} was cold and late\n", at * 2 + again);
        }
    }
    let files: Vec<std::path::PathBuf> =
        [("customers", people), ("contracts", status), ("feedback", comments)]
            .into_iter()
            .map(|(name, text)| {
                let file = folder.path().join(format!("{name}.csv"));
                std::fs::write(&file, text).unwrap();
                file
            })
            .collect();
    let mut settings = Settings::default();
    let collected = crate::project::collect(&files, &settings, &Reporter::silent()).unwrap();
    let target = collected.table.columns.iter().find(|column| column.name.contains("ended_contract"));
    let target = target.map(|column| column.name.clone()).expect("one row a customer holds its contract");
    settings.read.roles.push((target, Role::Target));
    let found = said(&collected, &settings).unwrap();
    let left = |wanted| found.customers.iter().filter(|customer| customer.left == Some(wanted)).count();
    assert_eq!((found.customers.len(), left(true), left(false)), (60, 10, 50));
}

#[test]
fn comments_that_name_streets_are_comments() {
    let mut text = String::from("customer_id,comment,delivery address\n");
    for at in 0..80 {
        let words = [
            "I waited at {n} Main Street for an hour and the tea was cold",
            "Your driver went to {n} Oak Avenue, but we live in {n} Oak Road",
            "This is very kind: you came back to {n} Baker Street again",
            "送到北京市朝阳区建国路{n}号，等了很久，味道不好",
        ][at % 4];
        text +=
            &format!("C{at},\"{}\",\"{at} High Street, Apt {at}\"\n", words.replace("{n}", &at.to_string()));
    }
    let collected = single(&text);
    let column = |name: &str| collected.table.columns.iter().find(|column| column.name == name).unwrap();
    assert_eq!(column("comment").role, Role::Text, "{:?}", column("comment").why);
    assert_eq!(column("delivery address").role, Role::Contact);
    let found = said(&collected, &Settings::default()).unwrap();
    assert_eq!(found.comments.len(), 80);
    assert!(found.comments[0].text.contains("Main Street"));
}
