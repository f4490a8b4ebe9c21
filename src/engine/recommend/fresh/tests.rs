use super::measure::measure;
use super::{Cells, Fact, Facts, NewProducts};
use crate::job::Reporter;
use crate::recommend::{Histories, Kind, Params};

const PRODUCTS: u32 = 90;

/// 400 customers, each with one of three tastes: six of seven events are of that taste, which the category
/// of a product tells.
fn shop() -> Histories {
    use rand::{Rng, SeedableRng};
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(3);
    let mut out = Histories::over(PRODUCTS as usize);
    for who in 0..400u32 {
        let events: Vec<(u32, i64, u32)> = (0..12u32)
            .map(|at| {
                let taste = if rng.gen_range(0..7) < 6 { who % 3 } else { rng.gen_range(0..3) };
                (3 * rng.gen_range(0..PRODUCTS / 3) + taste, i64::from(at) * 86_400_000, at)
            })
            .collect();
        out.push(events);
    }
    out
}

/// Facts of which `category` tells the taste and the price nothing.
fn facts(tells: bool) -> Facts {
    let word =
        |at: u32| if tells { format!("kind {}", at % 3) } else { format!("kind {}", (at * 7 + at / 5) % 4) };
    let price = |at: u32| Some(f64::from((at * 37) % 50));
    let mut names: Vec<String> = (0..PRODUCTS).map(|at| format!("P{at}")).collect();
    let mut words: Vec<Vec<String>> = (0..PRODUCTS).map(|at| vec![word(at)]).collect();
    let mut prices: Vec<Option<f64>> = (0..PRODUCTS).map(price).collect();
    for taste in 0..3 {
        names.push(format!("new {taste}"));
        words.push(vec![format!("kind {taste}")]);
        prices.push(None);
    }
    names.push("a riddle".to_owned());
    words.push(Vec::new());
    prices.push(None);
    let fact = |name: &str, cells| Fact { name: name.to_owned(), cells };
    let facts = vec![fact("category", Cells::Words(words)), fact("price", Cells::Numbers(prices))];
    Facts { names, facts }
}

/// Small, for these tests are compiled without optimisation.
fn params() -> Params {
    Params { factors: 16, iterations: 8, ..Params::default() }
}

#[test]
fn hidden_products_find_those_of_their_taste() {
    let silent = Reporter::silent();
    for kind in [Kind::Cooccurrence, Kind::Als, Kind::Ease] {
        let found = measure(&shop(), &facts(true), (kind, &params()), 1, &silent).unwrap().unwrap();
        assert_eq!((found.products, found.cut), (18, 5), "a fifth of 90, too few for lists of ten");
        assert!(found.is_better(), "{kind:?} {:?}", found.against_popular);
        assert!(found.hit_rate.value.low > found.hit_rate.chance + 0.1, "{kind:?} {:?}", found.hit_rate);
        let tenth = found.in_tenth.unwrap();
        assert!(
            tenth.value.value > 1.8 * tenth.chance && tenth.value.value > tenth.popular.value,
            "{tenth:?}"
        );
        let weight = |name: &str| found.facts.iter().find(|(one, _)| one == name).map_or(0.0, |(_, w)| *w);
        assert!(weight("category") > 0.9 && weight("price") < 0.1, "{:?}", found.facts);
    }
}

#[test]
fn facts_that_tell_nothing_are_no_better_than_what_sells() {
    let found = measure(&shop(), &facts(false), (Kind::Als, &params()), 1, &Reporter::silent());
    let found = found.unwrap().unwrap();
    assert!(!found.is_better(), "{:?}", found.against_popular);
    assert!((found.hit_rate.value.value - found.hit_rate.chance).abs() < 0.08, "{:?}", found.hit_rate);
}

#[test]
fn what_nobody_took_finds_its_customers() {
    let (shop, silent) = (shop(), Reporter::silent());
    let found = NewProducts::find(&shop, &facts(true), (Kind::Als, &params()), 1, &silent).unwrap();
    let names: Vec<&str> = found.products.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["new 0", "new 1", "new 2", "a riddle"], "the one of which nothing is told is last");
    for (place, product) in found.products.iter().enumerate().take(3) {
        assert_eq!((product.at, product.customers), (PRODUCTS as usize + place, 0));
        assert!(product.like.iter().all(|item| *item as usize % 3 == place), "{product:?}");
        let wanting = found.wanting(&shop, place, &silent).unwrap();
        assert_eq!(wanting.len(), 400);
        let right = wanting.iter().take(40).filter(|(who, _)| who % 3 == place).count();
        assert!(right >= 38, "{right} of 40");
        assert!(wanting.is_sorted_by(|a, b| a.1 >= b.1));
        let (first, _) = wanting[0];
        let because = found.because(shop.of(first), place);
        assert!(!because.is_empty() && because.iter().all(|item| shop.of(first).contains(item)));
    }
    assert!(found.products[3].like.is_empty() && found.wanting(&shop, 3, &silent).unwrap().is_empty());
    assert!(found.wanting(&shop, 9, &silent).unwrap().is_empty());
    // Equal seeds give equal lists.
    let again = NewProducts::find(&shop, &facts(true), (Kind::Als, &params()), 1, &silent).unwrap();
    assert_eq!(again.wanting(&shop, 1, &silent).unwrap(), found.wanting(&shop, 1, &silent).unwrap());
}

#[test]
fn what_is_hidden_is_gone_with_all_that_is_known_of_it() {
    let shop = shop();
    let gone: Vec<bool> = (0..PRODUCTS).map(|item| item % 5 == 0).collect();
    let rest = shop.without_items(&gone);
    assert!(rest.len() < shop.len() && rest.customers() == shop.customers());
    assert!((0..400).all(|who| rest.of(who).iter().all(|item| item % 5 != 0)));
    assert_eq!((rest.times(7).len(), rest.baskets(7).len()), (rest.of(7).len(), rest.of(7).len()));
}

#[test]
fn too_little_is_not_measured() {
    let (shop, silent) = (shop(), Reporter::silent());
    let few = Histories::over(20);
    assert!(measure(&few, &facts(true), (Kind::Als, &params()), 1, &silent).unwrap().is_none());
    let nothing = Facts::default();
    assert!(measure(&shop, &nothing, (Kind::Als, &params()), 1, &silent).unwrap().is_none());
    let none = NewProducts::find(&shop, &nothing, (Kind::Als, &params()), 1, &silent).unwrap();
    assert!(none.products.is_empty() && none.measured.is_none());
}

#[test]
fn who_cancels_waits_for_nothing() {
    let job = crate::job::Job::start(
        || (),
        |report| NewProducts::find(&shop(), &facts(true), (Kind::Als, &params()), 1, report).map(|_| ()),
    );
    job.cancel();
    assert!(matches!(job.wait(), Some(Err(crate::Error::Cancelled))));
}
