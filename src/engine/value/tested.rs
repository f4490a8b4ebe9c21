//! How a model is tested: what it was learnt from and what tests it, with what chance alone would allow.

use super::check::{Check, check};
use super::fit::Fit;
use super::forecast::{Base, MoneyModel};
use super::history::{Counted, History, WEEK, grouped, histories};
use super::lasting::Lasting;
use super::shop::{money, too_little};
use super::spec::{LifetimeModel, ValueSpec};
use super::story::{self, Story};
use crate::features::behaviour::{Books, Day};
use crate::job::Reporter;

/// Weeks of books from which on a part of them can test.
const TESTED_WEEKS: f64 = 12.0;

/// What tests: the books, and the last day of the test.
pub(super) struct Tested<'a> {
    pub books: &'a Books,
    pub until: Day,
    pub seed: u64,
}

impl Tested<'_> {
    /// The test of a story that was learnt from the histories up to `end`, with what its parameters and
    /// chance allow.
    pub fn by(
        &self,
        (list, end): (&[History], Day),
        (story, fit): (&Story, &Fit),
        money: Option<&MoneyModel>,
        report: &Reporter,
    ) -> crate::Result<Check> {
        let per_order = money.map(|money| move |history: &History| money.per_any(history));
        let per_order = per_order.as_ref().map(|of| of as &dyn Fn(&History) -> f64);
        let mut out = check(self.books, (list, end, self.until), story, per_order);
        let horizon_days = u32::try_from(self.until.saturating_sub(end)).unwrap_or(1);
        let spec = ValueSpec { horizon_days, discount: 0.0, ..ValueSpec::default() };
        let (rows, of) = grouped(list);
        let base = Base {
            spec: &spec,
            story,
            fit,
            money,
            list,
            rows: &rows,
            of: &of,
            last: end,
            lasting: Lasting::default(),
            seed: self.seed,
        };
        let total = base.forecast(report)?.1;
        out.range = (total.orders.low, total.orders.high);
        out.money_range = total.money.map(|money| (money.low, money.high));
        Ok(out)
    }
}

/// The test of the same kind of model, learnt from the first two thirds; `None` where they are too little.
pub(super) fn by_itself(
    tested: &Tested<'_>,
    counted: &Counted,
    model: LifetimeModel,
    report: &Reporter,
) -> crate::Result<Option<Check>> {
    let span = counted.last.saturating_sub(counted.first);
    let end = counted.last.saturating_sub(span / 3);
    let (list, known) = histories(tested.books, end);
    if too_little(&known).is_some() || f64::from(span) < TESTED_WEEKS * WEEK {
        return Ok(None);
    }
    let Some(fit) = story::fit(model, &grouped(&list).0, &report.part(0.0, 0.4))? else { return Ok(None) };
    let story = Story { model, parameters: fit.parameters.clone() };
    let money = match counted.has_money {
        true => money(&list, report)?.map(|(_, money)| money),
        false => None,
    };
    tested.by((&list, end), (&story, &fit), money.as_ref(), &report.part(0.5, 0.5)).map(Some)
}
