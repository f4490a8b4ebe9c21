use proptest::prelude::*;

use super::super::testing::{assert_row_local, column, frame, shown};
use super::*;
use crate::table::Role;

fn run(one: &ZoneColumn, texts: &[&str]) -> (Vec<String>, super::super::Change) {
    let schema = [column("at", Role::Date)];
    let cells: Vec<Option<&str>> = texts.iter().map(|text| Some(*text)).collect();
    let before = frame(&[("at", &cells)]);
    let mut record = Recorder::new("zones", &before);
    let spec = ZonesSpec { columns: vec![ZoneColumn { column: "at".into(), ..one.clone() }] };
    let after = apply(&spec, &schema, &before, &mut record, &Reporter::silent()).unwrap();
    (shown(&after, "at").into_iter().flatten().collect(), record.finish())
}

fn to(zone: &str) -> ZoneColumn {
    ZoneColumn { to: Some(zone.into()), ..ZoneColumn::default() }
}

#[test]
fn stated_times_come_to_one_zone() {
    let (times, change) = run(
        &to("Asia/Shanghai"),
        &[
            "2024-03-05T00:30:00Z",
            "2024-03-05T00:30:00.250Z",
            "2024-03-05 09:30:00+09:00",
            "2024-03-04 19:30:00 -0500",
            "5/3/2024 00:30 UTC",
            "2024-03-05 01:30 Europe/Paris",
            "2024-03-05T01:30:00+01:00[Europe/Paris]",
            "Tue, 5 Mar 2024 00:30:00 GMT",
            // No zone, no time, no date: as they are.
            "2024-03-05 00:30",
            "2024-03-05",
            "soon",
        ],
    );
    assert_eq!(times[1], "2024-03-05 08:30:00.250");
    for (at, time) in times.iter().take(8).enumerate().filter(|(at, _)| *at != 1) {
        assert_eq!(time, "2024-03-05 08:30:00", "{at}");
    }
    assert_eq!(&times[8..], ["2024-03-05 00:30", "2024-03-05", "soon"]);
    assert_eq!(change.notes, [Note::new("zones_unstated").with("column", "at").with("count", 1)]);
}

#[test]
fn times_that_summer_time_doubles_or_skips_are_counted() {
    let berlin = ZoneColumn { from: Some("Europe/Berlin".into()), ..to("UTC") };
    // 2024-03-31 02:30 never was (summer time began at 02:00); 2024-10-27 02:30 was twice.
    let (times, change) = run(
        &berlin,
        &["2024-07-01 12:00:00", "2024-12-01 12:00:00", "2024-03-31 02:30:00", "2024-10-27 02:30:00"],
    );
    assert_eq!(
        times,
        ["2024-07-01 10:00:00", "2024-12-01 11:00:00", "2024-03-31 01:30:00", "2024-10-27 00:30:00"]
    );
    assert_eq!(change.notes, [Note::new("zones_doubtful").with("column", "at").with("count", 2)]);
}

#[test]
fn columns_read_as_dates_move_too() {
    let schema = [column("at", Role::Date)];
    let text = frame(&[("at", &[Some("2024-03-05 00:30"), Some("2024-03-05"), None])]);
    let mut record = Recorder::new("dates", &text);
    let before = super::super::dates::apply(&schema, &text, &mut record).unwrap();
    let one = ZoneColumn { column: "at".into(), from: Some("UTC".into()), ..to("Asia/Shanghai") };
    let spec = ZonesSpec { columns: vec![one] };
    let mut record = Recorder::new("zones", &before);
    let after = apply(&spec, &schema, &before, &mut record, &Reporter::silent()).unwrap();
    assert_eq!(shown(&after, "at"), [Some("2024-03-05 08:30:00".into()), Some("2024-03-05".into()), None]);
    assert_eq!(record.finish().cells_changed, 1);
}

#[test]
fn short_years_turn_at_the_pivot() {
    let years = |pivot| ZoneColumn { pivot, ..ZoneColumn::default() };
    let (texts, _) = run(
        &years(69),
        &["5/3/24", "5.3.69 10:00", "99-03-05", "24年3月5日", "31/2/24", "5/3/2024", "1-2-3"],
    );
    assert_eq!(
        texts,
        ["2024-03-05", "1969-03-05 10:00", "1999-03-05", "2024-03-05", "31/2/24", "5/3/2024", "1-2-3"]
    );
    let (texts, _) = run(&years(20), &["5/3/24", "5/3/19"]);
    assert_eq!(texts, ["1924-03-05", "2019-03-05"]);
}

#[test]
fn unknown_zones_are_refused() {
    let schema = [column("at", Role::Date)];
    let before = frame(&[("at", &[Some("2024-03-05 00:30")])]);
    for one in [
        ZoneColumn { column: "at".into(), ..to("Mars/Olympus") },
        ZoneColumn { column: "at".into(), from: Some("x".into()), ..ZoneColumn::default() },
    ] {
        let spec = ZonesSpec { columns: vec![one] };
        assert!(
            apply(&spec, &schema, &before, &mut Recorder::new("zones", &before), &Reporter::silent())
                .is_err()
        );
    }
}

proptest! {
    #[test]
    fn one_row_is_moved_as_all_are_and_twice_is_once(
        texts in prop::collection::vec(
            prop::option::of("[0-9]{1,4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,4}[ T]?([0-9]{1,2}:[0-9]{2})?[ +-]?(Z|UTC|[0-9:]{1,5}|\\PC)?"),
            1..6,
        ),
    ) {
        let schema = [column("a", Role::Date)];
        let one = ZoneColumn { column: "a".into(), ..to("Asia/Kolkata") };
        let spec = ZonesSpec { columns: vec![one] };
        let step = |frame: &Frame, record: &mut Recorder| apply(&spec, &schema, frame, record, &Reporter::silent());
        assert_row_local("a", &texts, step);
        let texts: Vec<Option<&str>> = texts.iter().map(Option::as_deref).collect();
        let before = frame(&[("a", &texts)]);
        let once = step(&before, &mut Recorder::new("zones", &before)).unwrap();
        let twice = step(&once, &mut Recorder::new("zones", &once)).unwrap();
        prop_assert_eq!(shown(&once, "a"), shown(&twice, "a"));
    }
}
