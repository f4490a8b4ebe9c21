//! Branches of the Telco file that train together: near pooled, and no customer on the wire.

use regulars_engine::job::Reporter;
use regulars_engine::project::{self, Settings};
use regulars_engine::table::Role;
use regulars_engine::train::federated::{FederatedSpec, Simulation};

use crate::support::{open, telco};

#[test]
fn five_uneven_branches_reach_what_pooled_rows_reach() {
    let Some(path) = telco() else { return };
    let table = open(&path);
    let by = Some("tenure".to_owned());
    for (skew, proximal) in [(0.0, 0.0), (0.5, 0.0), (0.9, 0.1)] {
        let spec = FederatedSpec { proximal, ..FederatedSpec::default() };
        let simulation = Simulation { skew, by: by.clone(), spec, ..Simulation::default() };
        let mut traffic = Vec::new();
        let mut wire = |bytes: &[u8]| traffic.extend_from_slice(bytes);
        let settings = Settings::default();
        let report = Reporter::silent();
        let found = project::simulate_branches(&settings, &simulation, &table, &mut wire, &report).unwrap();
        let (auc, pooled) = (found.auc.unwrap(), found.pooled.unwrap());
        println!("skew {skew}, μ {proximal}: together {auc:.4}, pooled {pooled:.4}");
        assert!((auc - pooled).abs() < 0.01, "skew {skew}: {auc} {pooled}");
        assert_eq!(found.parts.len(), 5);

        let text = String::from_utf8_lossy(&traffic);
        let id = table.with_role(Role::Id).unwrap().name.clone();
        let ids = table.text(&id).unwrap();
        assert!(ids.iter().flatten().all(|id| !text.contains(id)), "a customer is on the wire");
        assert!(text.contains("Month-to-month"), "the traffic was read");
    }
}
