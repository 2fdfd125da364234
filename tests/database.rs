//! Releases in databases: each period once and whole, in the same numbers as in the folder.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, chown},
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::{
    program::{program, report, run_for},
    servers::process::free_port,
    site::{lines, midnight, text},
    watch::eventually,
};

/// A site of two days, one of them released.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let place = Self { folder };
        place.log(3);
        place
    }

    /// The same with what is over released, and in no database.
    fn released() -> Self {
        let place = Self::new();
        let (out, log) = (place.path("out"), place.path("access.log"));
        run_for(report(&out).arg("-q").arg(log), 0);
        place
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a log of so many days from the third of June on, of which the last is not over.
    fn log(&self, days: i64) {
        let days = (0..days).flat_map(|day| lines(midnight(2025, 6, 3 + day), 1, 60));
        fs::write(self.path("access.log"), text(&days.collect::<Vec<_>>())).expect("a log");
    }

    /// Reports, and loads into a database.
    fn report(&self, url: &str) {
        let mut command = report(&self.path("out"));
        command
            .args(["-q", "--to", url])
            .arg(self.path("access.log"));
        run_for(&mut command, 0);
    }

    /// What `load` says.
    fn load(&self, url: &str, status: i32) -> String {
        let mut command = program();
        command
            .arg("load")
            .arg(self.path("out"))
            .args(["--to", url]);
        let output = run_for(&mut command, status);
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    }

    /// The rows of a published table of a day as they are in the folder, `NULL` where a cell is withheld.
    fn published(&self, date: &str, table: &str) -> Vec<String> {
        let path = self.path(&format!("out/date={date}/{table}.csv"));
        let text = fs::read_to_string(path).expect("a table");
        let row = |row: &str| {
            let cells = row
                .split(',')
                .map(|cell| if cell.is_empty() { "NULL" } else { cell });
            cells.collect::<Vec<_>>().join("|")
        };
        text.lines()
            .skip(1)
            .map(|line| row(line.trim_end()))
            .collect()
    }
}

const TABLES: [&str; 3] = ["summary", "pages", "transitions"];

/// What holds of any database, which answers queries by rows with `|` between their cells.
fn check(place: &Place, url: &str, query: impl Fn(&str) -> Vec<String>) {
    place.report(url);
    for table in TABLES {
        let columns = header(place, table);
        let rows = query(&format!(
            "SELECT {columns} FROM {table} WHERE date = '2025-06-03' AND site = '' ORDER BY {columns}"
        ));
        let mut expected = place.published("2025-06-03", table);
        expected.sort();
        let mut rows = rows;
        rows.sort();
        assert_eq!(rows, expected, "{table}");
    }
    let count = || query("SELECT count(*) FROM pages").concat();
    let before = count();
    let days = query("SELECT date FROM releases").len();
    assert_eq!(
        place.load(url, 0),
        format!("Loaded: 0 periods, 0 removed, {days} there already\n")
    );
    assert_eq!(count(), before, "nothing twice");
    let other = Place::new();
    let mut command = report(&other.path("out"));
    command
        .args(["-q", "--k", "5"])
        .arg(other.path("access.log"));
    run_for(&mut command, 0);
    let said = other.load(url, 3);
    assert!(said.contains("it has another release of"), "{said}");
    assert_eq!(
        query("SELECT count(*) FROM releases").concat(),
        days.to_string()
    );
    run_for(
        program()
            .arg("withdraw")
            .arg(place.path("out"))
            .arg("2025-06-03"),
        0,
    );
    assert!(
        place
            .load(url, 0)
            .starts_with("Loaded: 0 periods, 1 removed")
    );
    assert_eq!(
        query("SELECT count(*) FROM pages WHERE date = '2025-06-03'"),
        ["0"]
    );
}

/// The columns of a table of the folder.
fn header(place: &Place, table: &str) -> String {
    let path = place.path(&format!("out/date=2025-06-03/{table}.csv"));
    let text = fs::read_to_string(path).expect("a table");
    text.lines().next().expect("a header").trim_end().to_owned()
}

#[test]
fn sqlite_has_what_the_folder_has() {
    let place = Place::new();
    let file = place.path("statistics.sqlite");
    let query = |statement: &str| {
        let connection = rusqlite::Connection::open(&file).expect("a database");
        let mut statement = connection.prepare(statement).expect("a statement");
        let columns = statement.column_count();
        let row = |row: &rusqlite::Row<'_>| {
            let cells = (0..columns).map(|column| match row.get(column)? {
                rusqlite::types::Value::Null => Ok("NULL".to_owned()),
                rusqlite::types::Value::Integer(number) => Ok(number.to_string()),
                rusqlite::types::Value::Text(text) => Ok(text),
                other => panic!("{other:?}"),
            });
            Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
        };
        let rows = statement.query_map([], row).expect("an answer");
        rows.collect::<rusqlite::Result<Vec<_>>>().expect("rows")
    };
    check(&place, &format!("sqlite:{}", file.display()), query);
    let tables =
        query("SELECT group_concat(name) FROM sqlite_master WHERE type = 'table'").concat();
    assert!(
        tables.contains("layout") && tables.contains("releases"),
        "{tables}"
    );
}

#[test]
fn what_is_withdrawn_of_one_site_goes_by_its_name() {
    let place = Place::new();
    let (site, file) = (
        place.path("site=shop.example"),
        place.path("statistics.sqlite"),
    );
    run_for(report(&site).arg("-q").arg(place.path("access.log")), 0);
    let load = || {
        let mut command = program();
        command.arg("load").arg(&site).arg("--to");
        command.arg(format!("sqlite:{}", file.display()));
        String::from_utf8_lossy(&run_for(&mut command, 0).stdout).into_owned()
    };
    assert!(load().contains(" 0 removed"));
    run_for(program().arg("withdraw").arg(&site).arg("2025-06-03"), 0);
    assert!(load().contains(" 1 removed"));
}

#[test]
fn a_database_of_an_earlier_layout_is_completed_and_one_of_a_later_is_refused() {
    let place = Place::new();
    let file = place.path("statistics.sqlite");
    let url = format!("sqlite:{}", file.display());
    let connection = rusqlite::Connection::open(&file).expect("a database");
    connection
        .execute_batch(
            "CREATE TABLE pages (site TEXT NOT NULL, period TEXT NOT NULL, date DATE NOT NULL, page TEXT)",
        )
        .expect("a table");
    place.report(&url);
    let pages: i64 = connection
        .query_row("SELECT sum(pageviews) FROM pages", [], |row| row.get(0))
        .expect("the columns are there");
    assert!(pages > 0);
    connection
        .execute_batch("UPDATE layout SET version = 99")
        .expect("a change");
    let said = place.load(&url, 1);
    assert!(said.contains("a later version"), "{said}");
}

#[test]
fn what_is_no_database_is_told() {
    let place = Place::released();
    for (url, expected) in [
        (
            "mysql://root:secret@localhost/x",
            "a database is postgres://",
        ),
        ("sqlite:/nowhere/at/all.db", "/nowhere/at/all.db: "),
        (
            "postgres://somebody:secret@127.0.0.1:1/x",
            "postgres 127.0.0.1 x: ",
        ),
    ] {
        let said = place.load(url, 1);
        assert!(
            said.contains(expected) && !said.contains("secret"),
            "{said}"
        );
    }
}

/// A server of its own, which ends with it.
struct Server {
    process: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Server {
    /// `None` where none is installed.
    fn start() -> Option<Self> {
        Self::start_with(|_| Vec::new())
    }

    /// With what is set up in its folder, which comes to further arguments.
    fn start_with(set_up: impl FnOnce(&Path) -> Vec<String>) -> Option<Self> {
        let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
        let binaries = versions
            .flatten()
            .map(|version| version.path().join("bin"))
            .max()?;
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let data = folder.path().join("data");
        let data = data.to_str().expect("a path");
        let initialised = as_other(folder.path(), &binaries.join("initdb"))
            .args(["-D", data, "-U", "owner", "--auth=trust", "--no-sync"])
            .stdout(Stdio::null())
            .status();
        assert!(initialised.expect("initdb starts").success());
        let further = set_up(folder.path());
        let process = as_other(folder.path(), &binaries.join("postgres"))
            .args(further)
            .args([
                "-D",
                data,
                "-h",
                "127.0.0.1",
                "-k",
                "",
                "-p",
                &port.to_string(),
                "-F",
            ])
            .stderr(Stdio::null())
            .spawn();
        let server = Self {
            process: process.expect("postgres starts"),
            folder,
            port,
        };
        eventually(|| server.answer("SELECT 1").is_some());
        Some(server)
    }

    fn url(&self) -> String {
        format!("postgres://owner@127.0.0.1:{}/postgres", self.port)
    }

    /// The rows of an answer.
    fn psql(&self, query: &str) -> Vec<String> {
        self.answer(query).expect("a query that is understood")
    }

    /// The same; `None` if the server does not answer, or does not understand.
    fn answer(&self, query: &str) -> Option<Vec<String>> {
        let output = Command::new("psql")
            .arg(self.url())
            .args([
                "-v",
                "ON_ERROR_STOP=1",
                "-qAt",
                "-P",
                "null=NULL",
                "-c",
                "SET search_path = hushlog, public",
                "-c",
                query,
            ])
            .output()
            .expect("psql starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let rows = text.lines().map(str::to_owned).collect();
        output.status.success().then_some(rows)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = &self.folder;
    }
}

/// A command that does not run as root, which servers refuse; the folder is its user's.
fn as_other(folder: &Path, program: &Path) -> Command {
    const NOBODY: u32 = 65534;
    if !rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    chown(folder, Some(NOBODY), Some(NOBODY)).expect("our folder");
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
    command.arg(program).current_dir(folder);
    command
}

#[test]
fn postgresql_has_what_the_folder_has() {
    let Some(server) = Server::start() else {
        println!("skipped: PostgreSQL is not installed");
        return;
    };
    check(&Place::new(), &server.url(), |query| server.psql(query));
}

#[test]
fn the_dashboard_asks_for_what_is_there() {
    let Some(server) = Server::start() else {
        println!("skipped: PostgreSQL is not installed");
        return;
    };
    Place::new().report(&server.url());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib/grafana/statistics.json");
    let dashboard = fs::read(path).expect("a dashboard");
    let dashboard: serde_json::Value = serde_json::from_slice(&dashboard).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    assert!(panels.len() > 10);
    for panel in panels {
        let query = panel["targets"][0]["rawSql"].as_str().expect("a query");
        let query = query
            .replace("$__timeFilter(date)", "date > '2025-01-01'")
            .replace("$period", "day")
            .replace("$site", "");
        let rows = server.psql(&query);
        let is_empty =
            ["Goals", "Crawlers", "Hours"].contains(&panel["title"].as_str().expect("a title"));
        assert_eq!(rows.is_empty(), is_empty, "{query}: {rows:?}");
    }
}

/// A server whose certificate is for `localhost`, by an authority whose certificate is in `authority.pem`. Nothing
/// but TLS is let in by TCP.
fn encrypted() -> Option<Server> {
    Server::start_with(|folder| {
        certify(folder);
        let access = folder.join("access.conf");
        fs::write(&access, "hostssl all all 127.0.0.1/32 trust\n").expect("a file");
        for name in ["server.pem", "server.key", "access.conf"] {
            chown(folder.join(name), owner(), owner()).expect("our file");
        }
        let setting = |name: &str, value: &str| {
            let value = folder.join(value);
            ["-c".to_owned(), format!("{name}={}", value.display())]
        };
        let mut arguments = vec!["-c".to_owned(), "ssl=on".to_owned()];
        arguments.extend(setting("ssl_cert_file", "server.pem"));
        arguments.extend(setting("ssl_key_file", "server.key"));
        arguments.extend(setting("hba_file", "access.conf"));
        arguments
    })
}

/// The user whom a server runs as, where that is another one.
fn owner() -> Option<u32> {
    rustix::process::geteuid().is_root().then_some(65534)
}

/// Makes an authority and, by it, the certificate of a server.
fn certify(folder: &Path) {
    let openssl = |arguments: &str| {
        let mut command = Command::new("openssl");
        command.current_dir(folder).args(arguments.split(' '));
        let output = command
            .output()
            .expect("openssl, which PostgreSQL comes with");
        assert!(output.status.success(), "{output:?}");
    };
    let new = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    for name in ["authority", "stranger"] {
        openssl(&format!(
            "req -x509 {new} -keyout {name}.key -out {name}.pem -subj /CN={name} -days 2"
        ));
    }
    fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n").expect("a file");
    openssl(&format!(
        "req {new} -keyout server.key -out server.csr -subj /CN=localhost"
    ));
    openssl(
        "x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial \
         -out server.pem -days 2 -extfile names",
    );
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(folder.join("server.key"), private).expect("a mode");
}

#[test]
fn what_is_sent_by_tls_is_sent_to_the_server_that_was_meant() {
    let Some(server) = encrypted() else {
        println!("skipped: PostgreSQL is not installed");
        return;
    };
    let place = Place::released();
    let file = |name: &str| server.folder.path().join(name).display().to_string();
    let url = |host: &str, parameters: &str| {
        format!(
            "postgres://owner@{host}:{}/postgres?{parameters}",
            server.port
        )
    };
    let (authority, stranger) = (file("authority.pem"), file("stranger.pem"));
    for (url, expected) in [
        // The server takes nothing else.
        (url("localhost", ""), "no pg_hba.conf entry"),
        (url("localhost", "sslmode=disable"), "no pg_hba.conf entry"),
        (url("localhost", "sslmode=prefer"), "say require or disable"),
        // No authority of the machine has ever heard of it.
        (url("localhost", "sslmode=require"), "certificate"),
        (
            url(
                "localhost",
                &format!("sslmode=require&sslrootcert={stranger}"),
            ),
            "certificate",
        ),
        (
            url(
                "localhost",
                &format!("sslmode=verify-full&sslrootcert={stranger}"),
            ),
            "certificate",
        ),
        // It is of another name.
        (
            url(
                "127.0.0.1",
                &format!("sslmode=verify-ca&sslrootcert={authority}"),
            ),
            "certificate",
        ),
        (
            url("localhost", "sslmode=require&sslrootcert=/nowhere.pem"),
            "/nowhere.pem",
        ),
    ] {
        let said = place.load(&url, 1);
        assert!(said.contains(expected), "{url}: {said}");
    }
    for mode in ["require", "verify-ca", "verify-full"] {
        let url = url(
            "localhost",
            &format!("sslmode={mode}&sslrootcert={authority}"),
        );
        assert!(place.load(&url, 0).starts_with("Loaded: "), "{mode}");
    }
    let encrypted = "SELECT count(*) > 0 FROM pages";
    assert_eq!(server.psql(encrypted), ["t"]);
}

#[test]
fn a_server_without_tls_is_not_spoken_to_where_tls_is_required() {
    let Some(server) = Server::start() else {
        println!("skipped: PostgreSQL is not installed");
        return;
    };
    let place = Place::released();
    let authority = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/servers/authority.pem");
    for mode in ["require", "verify-full"] {
        let url = format!("{}?sslmode={mode}&sslrootcert={authority}", server.url());
        let said = place.load(&url, 1);
        assert!(said.contains("server does not support TLS"), "{said}");
    }
}
