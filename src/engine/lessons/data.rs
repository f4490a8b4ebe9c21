//! The lessons' customers, drawn from planted truths.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Lesson;
use crate::class_kit::draw::{MEASURES, Measure, Shop, normal};

/// The column that says who left.
pub(super) const LEFT: &str = "left";
/// The column that numbers the customers and says nothing else of them.
pub(super) const NUMBER: &str = "customer_number";
/// The column that could only be filled once a customer had left.
pub(super) const LEAK: &str = "exit_call_minutes";
/// The column on another scale than all others.
const CENTS: &str = "yearly_spend_cents";

const CITIES: [&str; 4] = ["Springfield", "Riverton", "Lakeside", "Hillview"];

/// What a lesson's shop is made of.
struct Plan {
    customers: usize,
    share: f64,
    measures: Vec<Measure>,
    drivers: Vec<(&'static str, f64)>,
    /// Columns of pure chance.
    noise: usize,
}

/// Measures of these names.
fn of(names: &[&str]) -> Vec<Measure> {
    MEASURES.iter().filter(|measure| names.contains(&measure.name)).copied().collect()
}

fn plan(lesson: Lesson) -> Plan {
    let usual = || of(&["tenure_months", "visits_30d", "tickets", "satisfaction", "delivery_days"]);
    let plain = |customers, share| Plan {
        customers,
        share,
        measures: usual(),
        drivers: vec![("tickets", 1.2), ("satisfaction", -1.0), ("visits_30d", -0.6)],
        noise: 0,
    };
    match lesson {
        Lesson::Data => plain(500, 0.3),
        Lesson::Cleaning => Plan {
            measures: of(&["age", "visits_30d", "tickets", "delivery_days"]),
            drivers: vec![("age", -1.7), ("tickets", 0.6)],
            ..plain(1000, 0.35)
        },
        Lesson::Scaling => {
            let cents = Measure {
                name: CENTS,
                mean: 4_600_000.0,
                spread: 1_200_000.0,
                low: 0.0,
                high: 12_000_000.0,
                decimals: 0,
            };
            let mut measures = usual();
            measures.push(cents);
            Plan { measures, ..plain(800, 0.3) }
        }
        Lesson::Overfitting => {
            Plan { drivers: vec![("tickets", 0.9), ("satisfaction", -0.7)], noise: 24, ..plain(300, 0.4) }
        }
        Lesson::LearningRate => plain(800, 0.3),
        Lesson::Imbalance => plain(2000, 0.06),
        Lesson::Leakage => plain(900, 0.3),
        Lesson::Threshold => plain(1500, 0.2),
    }
}

/// The rows of a lesson's file; the first names the columns.
pub(super) fn rows(lesson: Lesson) -> Vec<Vec<String>> {
    let plan = plan(lesson);
    let mut rng = ChaCha8Rng::seed_from_u64(0x1E55_0000 + lesson.place() as u64);
    let shop = Shop::new(&plan.measures, plan.drivers, plan.share, &mut rng);
    let mut head = vec![if lesson == Lesson::Data { NUMBER } else { "customer_id" }.to_owned()];
    head.push("city".to_owned());
    head.extend(plan.measures.iter().map(|measure| measure.name.to_owned()));
    head.extend((1..=plan.noise).map(|n| format!("dice_{n}")));
    if lesson == Lesson::Leakage {
        head.push(LEAK.to_owned());
    }
    head.push(LEFT.to_owned());
    let mut rows = vec![head];
    for at in 0..plan.customers {
        let person = shop.draw(&mut rng);
        let id = if lesson == Lesson::Data { (10_001 + at).to_string() } else { format!("C{:05}", at + 1) };
        let city = CITIES[rng.gen_range(0..CITIES.len())];
        let mut row = vec![id, city.to_owned()];
        for (measure, value) in plan.measures.iter().zip(&person.values) {
            let slip = lesson == Lesson::Cleaning && measure.name == "age" && rng.gen_range(0..8) == 0;
            // The till writes 999 where nobody asked.
            row.push(if slip { "999".to_owned() } else { measure.show(*value) });
        }
        row.extend((0..plan.noise).map(|_| format!("{:.2}", normal(&mut rng))));
        if lesson == Lesson::Leakage {
            let minutes: f64 = (if person.left { 9.0 } else { 4.0 }) + normal(&mut rng);
            row.push(format!("{:.1}", minutes.max(0.0)));
        }
        row.push((if person.left { "yes" } else { "no" }).to_owned());
        rows.push(row);
    }
    rows
}
