//! A device that fails at the wish of a test: no real one does so safely.
use std::cell::Cell;

thread_local! {
    static AFTER: Cell<Option<u32>> = const { Cell::new(None) };
}

/// The step after `steps` more fails as a driver does that has no memory left.
pub fn after(steps: u32) {
    AFTER.set(Some(steps));
}

pub fn strike() {
    match AFTER.get() {
        Some(0) => {
            AFTER.set(None);
            panic!("wgpu error: Out of Memory");
        }
        Some(left) => AFTER.set(Some(left - 1)),
        None => {}
    }
}
