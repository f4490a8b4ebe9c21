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

#[test]
fn the_command_tells_epsilon_and_what_a_liar_does() {
    let ran = |more: &[&str]| -> serde_json::Value {
        let mut program = crate::support::program();
        program.args(["federated", "simulate", "--json", "--rounds", "3"]).args(more);
        let out = program.arg(crate::support::sample()).output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        serde_json::from_slice(&out.stdout).unwrap()
    };
    let private = ran(&["--noise", "2", "--masks"]);
    let last = &private["rounds"][2];
    let known = regulars_engine::train::federated::epsilon(2.0, 3, 1e-5);
    assert!((last["epsilon"]["model"].as_f64().unwrap() - known).abs() < 1e-9, "{last}");
    assert_eq!(last["epsilon"]["server"], last["epsilon"]["model"], "the server sees the sum alone");
    assert!(last["other"].is_null() && last["branches"].as_array().unwrap().len() == 5);
    let lying = ran(&["--hostile", "30"]);
    let last = &lying["rounds"][2];
    assert!(last["epsilon"].is_null());
    assert!(
        last["other"].as_f64().unwrap() > last["auc"].as_f64().unwrap(),
        "the median holds better: {last}"
    );
    // A median of masked weights is refused in words.
    let mut program = crate::support::program();
    let args = ["federated", "simulate", "--json", "--rule", "median", "--masks"];
    let out = program.args(args).arg(crate::support::sample()).output().unwrap();
    let told: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((out.status.code(), told["error"]["kind"].as_str()), (Some(1), Some("fed_weights")));
}
