//! Real database servers for tests, started from the system's packages as an unprivileged user in
//! a temporary folder, and stopped when dropped.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

// Only what the parent has: the tests of the command line start the same servers.
use super::{Address, Database, Engine, Reporter, Secret, Server, Tls};

/// The password of the user `owner` on both servers.
pub(crate) const PASSWORD: &str = "geheim' 密码\\";

/// A running server.
pub(crate) struct Running {
    child: Child,
    pub server: Server,
    pub folder: tempfile::TempDir,
}

impl Drop for Running {
    fn drop(&mut self) {
        // SIGQUIT ends PostgreSQL and its children at once; MariaDB is killed below.
        let _ = Command::new("kill").args(["-QUIT", &self.child.id().to_string()]).status();
        if self.server.engine == Engine::Mysql {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

impl Running {
    pub(crate) fn address(&self) -> Address {
        Address::Server(self.server.clone())
    }

    pub(crate) fn secret() -> Secret {
        Secret::new(PASSWORD)
    }

    pub(crate) fn database(&self) -> Database {
        Database::connect(&self.address(), Some(&Self::secret()), &Reporter::silent()).unwrap()
    }
}

/// True when tests may pass without a server; says why it is not there.
fn absent(program: &Path) -> bool {
    if program.exists() {
        return false;
    }
    assert!(std::env::var_os("REGULARS_NEED_SERVERS").is_none(), "{} is absent", program.display());
    println!("skipped: {} is absent", program.display());
    true
}

/// The user to run as: servers refuse to be root.
fn user() -> Option<u32> {
    let id = |arguments: &[&str]| -> Option<u32> {
        let output = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    (id(&["-u"]) == Some(0)).then(|| id(&["-u", "postgres"]).unwrap_or(65534))
}

fn command(program: &Path) -> Command {
    let mut command = match user() {
        Some(id) => {
            let mut command = Command::new("setpriv");
            command.args([&format!("--reuid={id}"), &format!("--regid={id}"), "--clear-groups", "--"]);
            command.arg(program);
            command
        }
        None => Command::new(program),
    };
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
    command
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("rg").tempdir_in("/tmp").unwrap();
    if let Some(id) = user() {
        std::os::unix::fs::chown(folder.path(), Some(id), Some(id)).unwrap();
    }
    folder
}

fn write(path: PathBuf, text: &str) -> PathBuf {
    std::fs::write(&path, text).unwrap();
    if let Some(id) = user() {
        std::os::unix::fs::chown(&path, Some(id), Some(id)).unwrap();
    }
    path
}

fn port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A certificate that nobody vouches for; `None` where openssl is absent.
fn certificate(folder: &Path) -> Option<(PathBuf, PathBuf)> {
    let (key, cert) = (folder.join("key.pem"), folder.join("cert.pem"));
    let made = command(Path::new("/usr/bin/openssl"))
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .stderr(Stdio::null())
        .status();
    made.is_ok_and(|status| status.success()).then_some((key, cert))
}

fn wait_for(running: &mut Running) {
    let began = Instant::now();
    loop {
        match Database::connect(&running.address(), Some(&Running::secret()), &Reporter::silent()) {
            Ok(_) => return,
            Err(e) => {
                assert!(running.child.try_wait().unwrap().is_none(), "the server ended: {e}");
                assert!(began.elapsed() < Duration::from_secs(120), "the server does not answer: {e}");
            }
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// PostgreSQL with a database `postgres`.
pub(crate) fn postgresql() -> Option<Running> {
    let bin = std::fs::read_dir("/usr/lib/postgresql")
        .ok()
        .and_then(|versions| versions.flatten().map(|version| version.path().join("bin")).max())
        .unwrap_or_else(|| "/usr/lib/postgresql/bin".into());
    if absent(&bin.join("initdb")) {
        return None;
    }
    let folder = folder();
    let data = folder.path().join("data");
    let pwfile = write(folder.path().join("pw"), PASSWORD);
    let made = command(&bin.join("initdb"))
        .arg("-D")
        .arg(&data)
        .args(["-U", "owner", "--auth=scram-sha-256", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"])
        .arg(format!("--pwfile={}", pwfile.display()))
        .status()
        .unwrap();
    assert!(made.success());
    let port = port();
    let mut start = command(&bin.join("postgres"));
    start.arg("-D").arg(&data).arg("-k").arg(folder.path()).args(["-p", &port.to_string()]);
    for setting in ["listen_addresses=127.0.0.1", "fsync=off", "log_min_messages=fatal"] {
        start.args(["-c", setting]);
    }
    if let Some((key, cert)) = certificate(folder.path()) {
        start.args(["-c", "ssl=on", "-c", &format!("ssl_key_file={}", key.display())]);
        start.args(["-c", &format!("ssl_cert_file={}", cert.display())]);
    }
    let child = start.stderr(Stdio::null()).spawn().unwrap();
    let server = Server {
        engine: Engine::Postgresql,
        host: "127.0.0.1".into(),
        port,
        user: "owner".into(),
        database: "postgres".into(),
        tls: Tls::Prefer,
    };
    let mut running = Running { child, server, folder };
    wait_for(&mut running);
    Some(running)
}

/// MariaDB with a database `shop`.
pub(crate) fn mariadb() -> Option<Running> {
    let (program, install) = (Path::new("/usr/sbin/mariadbd"), Path::new("/usr/bin/mariadb-install-db"));
    if absent(program) || absent(install) {
        return None;
    }
    let folder = folder();
    let data = folder.path().join("data");
    let made = command(install)
        .args(["--no-defaults", "--auth-root-authentication-method=normal", "--skip-test-db"])
        .arg(format!("--datadir={}", data.display()))
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(made.success());
    let password = PASSWORD.replace('\\', "\\\\").replace('\'', "''");
    let script = format!(
        "CREATE DATABASE shop CHARACTER SET utf8mb4;\nCREATE USER 'owner'@'%' IDENTIFIED BY '{password}';\n\
         GRANT ALL ON *.* TO 'owner'@'%';\n"
    );
    let script = write(folder.path().join("init.sql"), &script);
    let (port, socket) = (port(), folder.path().join("my.sock"));
    let mut start = command(program);
    start
        .args([
            "--no-defaults",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            "--innodb-flush-log-at-trx-commit=0",
        ])
        .arg(format!("--datadir={}", data.display()))
        .arg(format!("--socket={}", socket.display()))
        .arg(format!("--pid-file={}", folder.path().join("my.pid").display()))
        .arg(format!("--port={port}"))
        .arg("--character-set-server=utf8mb4")
        .arg(format!("--init-file={}", script.display()));
    if let Some((key, cert)) = certificate(folder.path()) {
        start.arg(format!("--ssl-key={}", key.display())).arg(format!("--ssl-cert={}", cert.display()));
    }
    let child = start.stderr(Stdio::null()).spawn().unwrap();
    let server = Server {
        engine: Engine::Mysql,
        host: "127.0.0.1".into(),
        port,
        user: "owner".into(),
        database: "shop".into(),
        tls: Tls::Prefer,
    };
    let mut running = Running { child, server, folder };
    wait_for(&mut running);
    Some(running)
}
