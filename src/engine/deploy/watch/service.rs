//! The watch as a service of the person's own session (systemd, `man 5 systemd.service`).

use std::path::Path;

use super::WatchSpec;

/// The text of the unit that runs `program watch …`. It starts again after a failure, may write only to
/// the lists, and reads secrets from a file of variables that only its owner may read.
pub fn unit(program: &Path, spec: &WatchSpec) -> String {
    let mut command = vec![
        quoted(program),
        "watch".to_owned(),
        quoted(&spec.folder),
        "--bundle".to_owned(),
        quoted(&spec.bundle),
        "--out".to_owned(),
        quoted(&spec.out),
        "--every".to_owned(),
        spec.every.to_string(),
    ];
    if spec.fill {
        command.push("--fill".to_owned());
    }
    if let Some(retrain) = &spec.retrain {
        for (flag, path) in [("--retrain", &retrain.project), ("--labelled", &retrain.labelled)] {
            command.extend([flag.to_owned(), quoted(path)]);
        }
        command.extend(["--retrain-every".to_owned(), retrain.every_days.to_string()]);
    }
    let files =
        [("--rules", &spec.rules), ("--notify", &spec.notify), ("--passphrase-file", &spec.passphrase_file)];
    for (flag, file) in files {
        if let Some(file) = file {
            command.extend([flag.to_owned(), quoted(file)]);
        }
    }
    format!(
        "[Unit]\nDescription=Regulars watches {folder}\nAfter=network-online.target\n\n\
         [Service]\nType=simple\nExecStart={command}\nRestart=on-failure\nRestartSec=10\n\
         EnvironmentFile=-%h/.config/regulars/watch.env\nNoNewPrivileges=true\nPrivateTmp=true\n\
         UMask=0077\nNice=10\n\n[Install]\nWantedBy=default.target\n",
        folder = spec.folder.display().to_string().replace('%', "%%").replace(['\n', '\r'], " "),
        command = command.join(" "),
    )
}

/// A word of a command line as systemd reads it: in quotes, its signs disarmed.
fn quoted(path: &Path) -> String {
    let mut out = String::from("\"");
    for sign in path.display().to_string().chars() {
        match sign {
            '"' | '\\' => out.extend(['\\', sign]),
            '%' => out.push_str("%%"),
            '$' => out.push_str("$$"),
            '\n' => out.push_str("\\n"),
            _ => out.push(sign),
        }
    }
    out.push('"');
    out
}
