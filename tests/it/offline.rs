//! Nothing leaves by itself: a whole journey in a network namespace without any route. The kernel counts
//! there what a program tries to send, also what fails for want of a way.

use std::path::Path;
use std::process::{Command, Output};

use crate::support::{program, regulars};

/// Runs commands of the program, `$REGULARS`, one after the other where no network is, then prints the
/// kernel's counters of that place; `None` where such a place cannot be made, with a printed reason.
fn without_network(folder: &Path, script: &str) -> Option<Output> {
    let can = Command::new("unshare").args(["-rn", "true"]).output();
    if !can.as_ref().is_ok_and(|out| out.status.success()) {
        println!("skipped: no network namespace of one's own can be made here ({can:?})");
        return None;
    }
    let script = format!("set -e\n{script}\necho COUNTERS\ncat /proc/net/snmp /proc/net/snmp6");
    let mut command = Command::new("unshare");
    command.args(["-rn", "sh", "-c", &script]).current_dir(folder);
    command.env("REGULARS", program().get_program()).env("LANG", "C").env_remove("DISPLAY");
    Some(command.output().unwrap())
}

/// Packets that were sent, and those for which there was no way, of IPv4 and IPv6.
fn tried(out: &Output) -> u64 {
    let text = String::from_utf8(out.stdout.clone()).unwrap();
    let (_, counters) = text.split_once("COUNTERS\n").unwrap_or_else(|| panic!("{text} {out:?}"));
    let mut ip = counters.lines().filter_map(|line| line.strip_prefix("Ip: "));
    let (names, values) = (ip.next().unwrap(), ip.next().unwrap());
    let of = |name: &str| {
        let at = names.split(' ').position(|one| one == name).unwrap();
        values.split(' ').nth(at).unwrap().parse::<u64>().unwrap()
    };
    let six = |name: &str| {
        let line = counters.lines().find(|line| line.split_whitespace().next() == Some(name));
        // A machine without IPv6 has no such line, and sends none.
        line.and_then(|line| line.split_whitespace().nth(1)).map_or(0, |value| value.parse::<u64>().unwrap())
    };
    of("OutRequests") + of("OutNoRoutes") + six("Ip6OutRequests") + six("Ip6OutNoRoutes")
}

#[test]
fn the_whole_journey_needs_no_network_and_tries_none() {
    let folder = tempfile::tempdir().unwrap();
    let journey = r#"
"$REGULARS" sample --out shop --customers 300
"$REGULARS" inspect shop/customers.csv --json
"$REGULARS" clean shop/customers.csv --out clean.csv
"$REGULARS" train shop/customers.csv --model logistic --bundle m.bundle
"$REGULARS" evaluate m.bundle shop/customers.csv
"$REGULARS" explain m.bundle shop/customers.csv
"$REGULARS" segment shop/customers.csv
"$REGULARS" score m.bundle shop/customers.csv --out scores.csv
"$REGULARS" mask shop/customers.csv --out masked.csv --key shop.key
"$REGULARS" report m.bundle --out report.html"#;
    let Some(out) = without_network(folder.path(), journey) else { return };
    assert!(out.status.success(), "{out:?}");
    assert_eq!(tried(&out), 0, "something was sent, or tried to be");
    for file in ["clean.csv", "m.bundle", "scores.csv", "masked.csv", "report.html"] {
        assert!(folder.path().join(file).exists(), "{file}");
    }
    // The same scores as with a network.
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (code, _, told) =
        regulars(&["score", &at("m.bundle"), &at("shop/customers.csv"), "--out", &at("again.csv")]);
    assert_eq!(code, 0, "{told}");
    assert_eq!(std::fs::read(at("scores.csv")).unwrap(), std::fs::read(at("again.csv")).unwrap());

    // The counters do count: an address that a person asks for (RFC 5737: it is nobody's) is tried.
    let asked = r#""$REGULARS" inspect http://192.0.2.1/customers.csv || true"#;
    let out = without_network(folder.path(), asked).unwrap();
    assert!(tried(&out) > 0, "{out:?}");
}
