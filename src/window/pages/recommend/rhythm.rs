//! When to write to a customer, in words.

use regulars_engine::features::behaviour::to_date;
use regulars_engine::recommend::{Habit, Hours, Rhythm};

use crate::window::state::Offers;
use crate::words::{Lang, percent};

/// The weekday of a habit.
fn weekday(lang: Lang, at: usize) -> String {
    lang.t(match at {
        0 => "recpage.day.monday",
        1 => "recpage.day.tuesday",
        2 => "recpage.day.wednesday",
        3 => "recpage.day.thursday",
        4 => "recpage.day.friday",
        5 => "recpage.day.saturday",
        _ => "recpage.day.sunday",
    })
}

fn share(habit: Habit) -> String {
    percent(habit.orders as f64 / habit.of.max(1) as f64)
}

fn days(value: f64) -> String {
    if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
}

/// Sentences on when a customer orders, and so when to write.
pub(super) fn told(lang: Lang, found: &Offers, who: u32) -> Vec<String> {
    let Some(hours) = &found.hours else { return vec![lang.t("recpage.when.undated")] };
    let Some(own) = hours.of(&found.of.all, who as usize) else { return Vec::new() };
    let mut out = vec![rhythm(lang, found, &own)];
    out.extend(when(lang, hours, &own));
    out
}

fn rhythm(lang: Lang, found: &Offers, own: &Rhythm) -> String {
    let last = to_date(own.last);
    let (Some(gap), Some(due)) = (own.gap, own.due) else {
        let args = [("orders", own.days.to_string()), ("last", last.to_string())];
        return lang.with("recpage.when.few", &args);
    };
    let args = [
        ("median", days(gap.median)),
        ("low", days(gap.low)),
        ("high", days(gap.high)),
        ("last", last.to_string()),
        ("due", to_date(due).to_string()),
    ];
    let is_over = own.is_overdue(found.today);
    lang.with(if is_over { "recpage.when.overdue" } else { "recpage.when.due" }, &args)
}

/// The weekday and hour: the customer's own, else everybody's.
fn when(lang: Lang, hours: &Hours, own: &Rhythm) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(habit) = own.weekday.or(hours.weekday) {
        let args = [("day", weekday(lang, habit.at)), ("share", share(habit))];
        let key = if own.weekday.is_some() { "recpage.when.weekday" } else { "recpage.when.weekday.all" };
        out.push(lang.with(key, &args));
    }
    if let Some(habit) = own.hour.or(hours.hour) {
        let args =
            [("from", habit.at.to_string()), ("to", (habit.at + 1).to_string()), ("share", share(habit))];
        let key = if own.hour.is_some() { "recpage.when.hour" } else { "recpage.when.hour.all" };
        out.push(lang.with(key, &args));
    }
    out
}

/// The day on which a customer's next order is due, for the list; told where it has passed.
pub(super) fn due(lang: Lang, found: &Offers, who: u32) -> Option<String> {
    let own = found.hours.as_ref()?.of(&found.of.all, who as usize)?;
    let day = to_date(own.due?).to_string();
    Some(match own.is_overdue(found.today) {
        true => lang.with("sides.overdue", &[("day", day)]),
        false => day,
    })
}
