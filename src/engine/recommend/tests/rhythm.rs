use super::events;
use crate::recommend::{Hours, Interactions, Row, Rules, affinities};

#[test]
fn a_customer_of_mondays_is_known_for_it() {
    // Day 4 of 1970 was a Monday; every second one, and once a day later.
    let mut rows: Vec<(u32, u32, i64)> = (0..8).map(|at| (0, at % 2, 4 + 14 * i64::from(at))).collect();
    rows.push((1, 0, 10));
    rows.push((1, 1, 20));
    let all = events(&rows);
    let hours = Hours::of_all(&all).unwrap();
    assert!(!hours.are_known && hours.hour.is_none(), "days alone tell no hour");
    let own = hours.of(&all, 0).unwrap();
    let gap = own.gap.unwrap();
    assert_eq!((own.days, own.last, gap.gaps), (8, 102, 7));
    assert_eq!((gap.low, gap.median, gap.high, own.due), (14.0, 14.0, 14.0, Some(116)));
    let weekday = own.weekday.unwrap();
    assert_eq!((weekday.at, weekday.orders, weekday.of), (0, 8, 8));
    // Two orders: one gap is no rhythm, and two days are no habit.
    let other = hours.of(&all, 1).unwrap();
    assert_eq!((other.days, other.gap, other.due, other.weekday), (2, None, None, None));
}

#[test]
fn the_hour_is_told_where_it_is_known() {
    let row = |at: i64| Row {
        customer: 0,
        item: (at % 2) as u32,
        time: at * 86_400_000 * 3 + 19 * 3_600_000 + at * 60_000,
        basket: at as u32,
        quantity: 1.0,
        money: f32::NAN,
    };
    let rows: Vec<Row> = (0..6).map(row).collect();
    let all = Interactions::new(vec!["C".into()], vec!["a".into(), "b".into()], &rows, true);
    let hours = Hours::of_all(&all).unwrap();
    let hour = hours.of(&all, 0).unwrap().hour.unwrap();
    assert_eq!((hour.at, hour.orders, hour.of), (19, 6, 6));
    assert_eq!(hours.hour, Some(hour), "one customer is the whole shop");
    let undated = Interactions::new(vec!["C".into()], vec!["a".into(), "b".into()], &rows, false);
    assert!(Hours::of_all(&undated).is_none());
}

#[test]
fn a_pair_by_hand_and_none_by_chance() {
    // 40 baskets: 0 and 1 together in ten and never apart; 2 and 3 with everything alike.
    let mut rows = Vec::new();
    for day in 0..40 {
        if day % 4 == 0 {
            rows.extend([(0, 0, day), (0, 1, day)]);
        }
        if day % 2 == 0 {
            rows.push((0, 2, day));
        }
        if day % 4 < 2 {
            rows.push((0, 3, day));
        }
    }
    rows.push((1, 2, 50));
    let all = events(&rows);
    let rules = {
        let mut histories = crate::recommend::Histories::over(4);
        for who in 0..2 {
            histories.push(all.of(who).iter().map(|event| (event.item, event.time, event.basket)));
        }
        Rules::fit(&histories, 0.001, 0.05, 0, &crate::job::Reporter::silent()).unwrap()
    };
    let found = affinities(&all, &rules, 60);
    let best = found.edges[0];
    let mut items: Vec<u32> = best.ends.iter().map(|end| found.nodes[*end].item).collect();
    items.sort_unstable();
    assert_eq!((items, best.count, best.confidence), (vec![0, 1], 10, [1.0, 1.0]));
    // n₁₁ N / (n₁. n.₁) over the baskets that hold anything.
    assert!((best.lift - found.baskets as f64 / 10.0).abs() < 1e-9, "{best:?}");
    let pairs = |edge: &crate::recommend::Edge| {
        let mut items = edge.ends.map(|end| found.nodes[end].item);
        items.sort_unstable();
        items
    };
    assert!(!found.edges.iter().any(|edge| pairs(edge) == [2, 3]), "as often as chance has it");
    assert!(!found.in_money && found.nodes.iter().all(|node| node.sales >= 10.0));
    for node in &found.nodes {
        assert!(node.place.iter().all(|at| (0.0..=1.0).contains(at)));
    }
    assert_eq!(affinities(&all, &rules, 60), found, "no chance is in it");
    assert_eq!(affinities(&all, &rules, 1).left_out, found.edges.len() - 1);
}
