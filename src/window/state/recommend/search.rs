//! Names that hold a text. Few are looked through in the frame in which the text changes; where there are
//! many a job does it, and the last answer stays until it has.

use std::sync::Arc;

use regulars_engine::job::Reporter;

use super::Found;
use super::slot::Slot;
use crate::window::state::State;

/// Names that are looked through at once: about a millisecond's worth.
const AT_ONCE: usize = 10_000;
/// Names between two looks at whether to go on.
const PART: usize = 4_096;

/// Whose names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    Customers,
    Products,
}

/// The finding and what is looked for in it, in small letters.
type Of = (u64, String);

/// One search field's answer.
#[derive(Default)]
pub struct Search {
    slot: Slot<Of, Vec<u32>>,
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search").field("works", &self.works()).finish()
    }
}

fn holding(found: &Found, names: Names, text: &str, report: &Reporter) -> regulars_engine::Result<Vec<u32>> {
    let all = match names {
        Names::Customers => &found.customers,
        Names::Products => &found.products,
    };
    if text.is_empty() {
        return Ok(all.clone());
    }
    let mut out = Vec::new();
    for part in all.chunks(PART) {
        report.check()?;
        let holds = |at: &u32| {
            let name = match names {
                Names::Customers => found.customer(*at),
                Names::Products => found.product(*at),
            };
            name.to_lowercase().contains(text)
        };
        out.extend(part.iter().copied().filter(holds));
    }
    Ok(out)
}

impl Search {
    /// True while a job looks.
    pub fn works(&self) -> bool {
        self.slot.job().is_some()
    }

    /// Places of those whose name holds the text, in their order. While a job looks, the answer to what was
    /// looked for before; nothing where that was another finding.
    pub fn find(&mut self, state: &State, found: &Arc<Found>, names: Names, text: &str) -> Arc<Vec<u32>> {
        // It can fail only by being stopped for what is looked for now.
        let _ = self.slot.poll();
        let of = (found.id, text.trim().to_lowercase());
        if self.slot.needs(&of) {
            let count = match names {
                Names::Customers => found.customers.len(),
                Names::Products => found.products.len(),
            };
            if count <= AT_ONCE {
                let places = holding(found, names, &of.1, &Reporter::silent()).unwrap_or_default();
                self.slot.know(of.clone(), places);
            } else {
                let (found, wanted) = (found.clone(), of.1.clone());
                let job = state.start(move |report| holding(&found, names, &wanted, report));
                self.slot.put(of.clone(), job);
            }
        }
        let known = self.slot.known().filter(|((id, _), _)| *id == of.0);
        known.map(|(_, places)| places.clone()).unwrap_or_default()
    }
}
