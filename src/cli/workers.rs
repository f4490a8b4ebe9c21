//! Processes of this program on this machine that share a training: started for it, and gone with it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};

use regulars_engine::train::TrainError;
use regulars_engine::train::elsewhere::{Elsewhere, ElsewhereError};

use crate::http::muscle;

/// The processes. They end when this is dropped, and also when this process dies: each listens on its
/// standard input for that.
pub(super) struct Workers(Vec<Child>);

impl Drop for Workers {
    fn drop(&mut self) {
        for child in &mut self.0 {
            drop(child.stdin.take());
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Starts `count` processes and gives the way to them.
///
/// # Errors
/// A process cannot be started, or ends before it listens.
pub(super) fn start(count: usize) -> regulars_engine::Result<(Elsewhere, Workers)> {
    let token = muscle::fresh_token().map_err(|error| failed(&error))?;
    let program = std::env::current_exe().map_err(|error| failed(&error))?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut workers = Workers(Vec::new());
    for _ in 0..count {
        let mut command = Command::new(&program);
        command.args(["muscle", "--attached", "--listen", "127.0.0.1:0"]);
        if std::env::var_os("RAYON_NUM_THREADS").is_none() {
            // Each its share of the cores: together they are to use what one process would.
            command.env("RAYON_NUM_THREADS", (cores / count).max(1).to_string());
        }
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        workers.0.push(child.map_err(|error| failed(&error))?);
    }
    let mut addresses = Vec::new();
    for child in &mut workers.0 {
        // Not by an argument: those can be seen by everybody on the machine.
        if let Some(stdin) = &mut child.stdin {
            writeln!(stdin, "{token}").and_then(|()| stdin.flush()).map_err(|error| failed(&error))?;
        }
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(|error| failed(&error))?;
        }
        if line.trim().is_empty() {
            return Err(failed(&"a process ended before it listened"));
        }
        addresses.push(line.trim().to_owned());
    }
    let place = Elsewhere::several(&addresses.join(","), &token, None, false).map_err(TrainError::from)?;
    Ok((place, workers))
}

fn failed(cause: &dyn std::fmt::Display) -> regulars_engine::Error {
    TrainError::from(ElsewhereError::Workers { cause: cause.to_string() }).into()
}
