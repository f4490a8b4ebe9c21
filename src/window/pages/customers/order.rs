//! Which customers are shown, and in which order.

use std::sync::Arc;

use regulars_engine::deploy::{Change, Changes, Customer};
use regulars_engine::split::Side;

use crate::window::pages::{PageState, Picked, evaluate};
use crate::window::state::State;
use crate::words::{ClassesOf, Column};

/// What the list is narrowed to, and its order.
#[derive(Debug, Clone)]
struct Filter {
    search: String,
    segment: Option<usize>,
    people: Option<Arc<Picked>>,
    with_left: bool,
    change: Option<Change>,
    cell: Option<(bool, bool)>,
    slice: Option<evaluate::slices::Chosen>,
    threshold: f64,
    sort: Option<(Column, bool)>,
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        let of = |filter: &Self| filter.people.as_ref().map(Arc::as_ptr);
        let rest =
            |f: &Self| (f.search.clone(), f.segment, f.with_left, f.change, f.cell, f.threshold, f.sort);
        of(self) == of(other) && rest(self) == rest(other)
    }
}

/// Which customers are shown, in which order; made again when list, search or sorting change.
#[derive(Debug, Default)]
pub struct Order {
    key: Option<Filter>,
    /// [`State::list_id`] of the list.
    made_for: u64,
    classes: ClassesOf,
    pub(super) places: Vec<usize>,
    /// A place that was looked for, and where it stands among those shown: looked for once.
    row: Option<(usize, Option<usize>)>,
}

impl Order {
    fn follow(
        &mut self,
        (list, id): (&[Customer], u64),
        changes: Option<&Changes>,
        classes: &ClassesOf,
        filter: Filter,
    ) {
        if self.made_for == id && self.key.as_ref() == Some(&filter) && self.classes == *classes {
            return;
        }
        self.classes = classes.clone();
        let wanted = filter.search.trim().to_lowercase();
        let change = |at: usize| changes.and_then(|changes| changes.of.get(at)).copied();
        let behind = |c: &Customer, (said, was): (bool, bool)| {
            let test = c.side == Some(Side::Test);
            test && (c.probability >= filter.threshold) == said && c.actual == Some(was)
        };
        self.places = (0..list.len())
            .filter(|&at| filter.segment.is_none() || list[at].segment == filter.segment)
            .filter(|&at| filter.people.as_ref().is_none_or(|people| people.rows.contains(&list[at].row)))
            .filter(|&at| {
                filter.with_left
                    || filter.cell.is_some()
                    || filter.people.is_some()
                    || filter.slice.is_some()
                    || list[at].actual != Some(true)
                    || filter.change == Some(Change::Left)
            })
            .filter(|&at| filter.change.is_none_or(|one| change(at).is_some_and(|(c, _)| c == one)))
            .filter(|&at| filter.cell.is_none_or(|cell| behind(&list[at], cell)))
            .filter(|&at| filter.slice.as_ref().is_none_or(|slice| slice.holds(list[at].place)))
            .filter(|&at| wanted.is_empty() || list[at].id.to_lowercase().contains(&wanted))
            .collect();
        // The list itself is in the order of risk.
        if let Some((column, ascending)) = filter.sort {
            let before = |at: usize| change(at).and_then(|(_, before)| before).unwrap_or(-1.0);
            match column {
                Column::Id => self.places.sort_by(|&a, &b| list[a].id.cmp(&list[b].id)),
                Column::Before => self.places.sort_by(|&a, &b| before(a).total_cmp(&before(b))),
                Column::Change => self.places.sort_by_key(|&at| change(at).map(|(change, _)| change)),
                Column::Actual => self.places.sort_by_key(|&at| list[at].actual.map_or(2, |a| u8::from(!a))),
                Column::Segment => self.places.sort_by_key(|&at| list[at].segment),
                Column::Class => self.places.sort_by_cached_key(|&at| classes.names(list[at].row).to_vec()),
                Column::Side => self.places.sort_by_key(|&at| list[at].side.map(|side| side as u8)),
                Column::Risk | Column::Rank | Column::Why | Column::FollowUp => {}
            }
            let by_risk = matches!(column, Column::Risk);
            if ascending == by_risk {
                self.places.reverse();
            }
        }
        self.made_for = id;
        self.key = Some(filter);
        self.row = None;
    }

    /// Where a place of the list stands among those shown.
    pub(super) fn row_of(&mut self, place: usize) -> Option<usize> {
        if let Some((_, row)) = self.row.filter(|(of, _)| *of == place) {
            return row;
        }
        let row = self.places.iter().position(|at| *at == place);
        self.row = Some((place, row));
        row
    }
}

/// Brings the order up to the list in force and to what it is narrowed to; done before anything is
/// taken from it, whether the page is shown or not.
pub(super) fn follow_list(page: &mut PageState, state: &State) {
    let Some(list) = state.list() else { return };
    let is_month = state.month.is_some();
    let changes = state.since.as_ref().map(|since| &since.1);
    let columns = state.list_columns(changes.is_some());
    let filter = Filter {
        search: page.search.clone(),
        segment: page.only_segment.filter(|_| !is_month),
        people: page.only_people.clone().filter(|_| !is_month),
        with_left: page.with_left,
        change: page.only_change.filter(|_| changes.is_some()),
        cell: page.cell.filter(|_| !is_month),
        slice: page.slice.clone().filter(|slice| !is_month && slice.is_of(state)),
        threshold: state.settings.threshold,
        sort: page.sort.filter(|(column, _)| column.sorts() && columns.contains(column)),
    };
    page.order.follow((list, state.list_id), changes, &state.classes_of(), filter);
}

/// Places of the customers shown, in their order.
pub(in crate::window) fn shown_places(page: &mut PageState, state: &State) -> Vec<usize> {
    if page.today.on
        && let Some((book, called)) = state.today()
    {
        return book.first(called.calls).to_vec();
    }
    follow_list(page, state);
    if state.list().is_some() { page.order.places.clone() } else { Vec::new() }
}
