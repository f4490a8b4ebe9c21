//! Customer × product × time, each customer's events together and in the order of time.

use crate::note::Note;

/// One event before it is sorted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    pub customer: u32,
    pub item: u32,
    /// Milliseconds since 1970.
    pub time: i64,
    /// Number of the basket; events of one customer with equal numbers were taken together.
    pub basket: u32,
    /// Pieces; 1 where not known.
    pub quantity: f32,
    /// Money; not a number where not known.
    pub money: f32,
}

/// One event of a known customer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    pub item: u32,
    /// Milliseconds since 1970.
    pub time: i64,
    pub basket: u32,
    pub quantity: f32,
    pub money: f32,
}

/// What customers took, when.
#[derive(Debug, Clone, Default)]
pub struct Interactions {
    /// Names of the customers.
    pub customers: Vec<String>,
    /// Names of the products.
    pub items: Vec<String>,
    /// False where no time was given: then the order of the file stands for it.
    pub dated: bool,
    /// What a person should know of how they were read.
    pub notes: Vec<Note>,
    starts: Vec<usize>,
    events: Vec<Event>,
}

impl Interactions {
    /// Sorts `rows` by customer and time; ties in time keep the order of the rows. Rows of a customer or
    /// product without a name are dropped.
    pub fn new(customers: Vec<String>, items: Vec<String>, rows: &[Row], dated: bool) -> Self {
        let known =
            |row: &&Row| (row.customer as usize) < customers.len() && (row.item as usize) < items.len();
        let mut sorted: Vec<&Row> = rows.iter().filter(known).collect();
        sorted.sort_by_key(|row| (row.customer, row.time));
        let mut starts = vec![0usize; customers.len() + 1];
        for row in &sorted {
            if let Some(count) = starts.get_mut(row.customer as usize + 1) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let event = |row: &&Row| Event {
            item: row.item,
            time: row.time,
            basket: row.basket,
            quantity: row.quantity,
            money: row.money,
        };
        let events = sorted.iter().map(event).collect();
        Self { customers, items, dated, notes: Vec::new(), starts, events }
    }

    /// A customer's events, oldest first.
    pub fn of(&self, customer: usize) -> &[Event] {
        match (self.starts.get(customer), self.starts.get(customer + 1)) {
            (Some(from), Some(to)) => self.events.get(*from..*to).unwrap_or_default(),
            _ => &[],
        }
    }

    /// All events.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The first and the last time, in milliseconds since 1970.
    pub fn span(&self) -> Option<(i64, i64)> {
        let first = self.events.iter().map(|event| event.time).min()?;
        let last = self.events.iter().map(|event| event.time).max()?;
        Some((first, last))
    }

    /// Customers with at least one event.
    pub fn active(&self) -> usize {
        (0..self.customers.len()).filter(|customer| !self.of(*customer).is_empty()).count()
    }

    /// Share of the events after a customer's first one in which that customer had taken the product
    /// before; `until` is the last time that is looked at. 0 without such events.
    pub fn repeat_rate(&self, until: i64) -> f64 {
        let (mut again, mut all) = (0usize, 0usize);
        let mut seen = std::collections::HashSet::new();
        for customer in 0..self.customers.len() {
            seen.clear();
            for (at, event) in self.of(customer).iter().take_while(|event| event.time <= until).enumerate() {
                let known = !seen.insert(event.item);
                if at > 0 {
                    all += 1;
                    again += usize::from(known);
                }
            }
        }
        again as f64 / all.max(1) as f64
    }
}
