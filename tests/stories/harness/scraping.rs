//! What the operator tells Prometheus, and scrapes that are kept for the rules to be judged by (tests/observability).

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    sync::mpsc,
    thread::{self, JoinHandle},
    time::Duration,
};

use super::{World, waiting::DEADLINE};

/// Between two looks at what is waited for.
const PACE: Duration = Duration::from_millis(50);

/// Between two scrapes that are taken at a pace; tests/observability takes it for a minute, and ages for as much longer.
const SCRAPED: Duration = Duration::from_millis(500);

/// A scrape.
pub struct Scrape(pub String);

impl Scrape {
    /// The sum of a metric's series that have these labels, each as it is written: `kind="EcsService"`.
    pub fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        self.0
            .lines()
            .filter(|line| {
                line.strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with(['{', ' ']))
            })
            .filter(|line| labels.iter().all(|label| line.contains(label)))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }

    /// Whether nothing is under way: what is under way for a moment would be taken for something that hangs.
    pub fn is_quiet(&self) -> bool {
        self.sum("workqueue_depth", &[]) == 0.0
            && self.sum("controller_runtime_active_workers", &[]) == 0.0
    }

    /// Whether this process leads, nothing is under way and nothing wrong. What the operator tells of its objects is as its watch shows them,
    /// a moment later than the API server does.
    pub fn is_peaceful(&self) -> bool {
        let told = |labels| self.sum("operator_status_condition_count", labels);
        let not_ready = told(&["type=\"Ready\"", "status=\"False\""]);
        let reconciling = told(&["type=\"Reconciling\"", "status=\"True\""]);
        let rollouts = self.sum("ecs_operator_rollout_oldest_in_progress_seconds", &[]);
        let leads = self.sum("leader_election_master_status", &[]) == 1.0;
        leads && self.is_quiet() && not_ready + reconciling + rollouts == 0.0
    }

    /// How many series it has.
    pub fn series(&self) -> usize {
        let lines = self.0.lines();
        lines.filter(|line| !line.starts_with('#')).count()
    }
}

/// Whether there is an object with this condition, for at least a second.
pub fn has(type_: &str, reason: &str) -> impl Fn(&Scrape) -> bool {
    let condition = format!("type=\"{type_}\",status=\"True\"");
    let reason = format!("reason=\"{reason}\"");
    move |scrape| {
        let seconds = "operator_status_condition_current_status_seconds";
        scrape.sum(seconds, &[&condition, &reason]) >= 1.0
    }
}

/// Whether at least so many calls failed in this way.
pub fn failures(sort: &str, count: f64) -> impl Fn(&Scrape) -> bool {
    let name = format!("aws_api_call_{sort}_errors_total");
    move |scrape| scrape.sum(&name, &[]) >= count
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}

/// A GET over a plain socket: status and body; 0 when nobody listens.
pub fn get(port: u16, path: &str) -> (u16, String) {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else {
        return (0, String::new());
    };
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let mut answer = String::new();
    // An operator that ends in the middle of an answer is one that does not listen.
    if stream.write_all(request.as_bytes()).is_err() || stream.read_to_string(&mut answer).is_err()
    {
        return (0, String::new());
    }
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
    let body = answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned());
    (status.unwrap_or(0), body.unwrap_or_default())
}

impl World {
    /// Lets the operator serve its metrics at a free port, which is returned, from its next start on.
    pub fn serve_metrics(&mut self) -> u16 {
        let port = free_port();
        self.flags
            .extend(["--listen".to_owned(), format!("127.0.0.1:{port}")]);
        port
    }

    /// Keeps what is told at a fixed pace, whatever is under way, until that is ended.
    pub fn scrape_at_a_pace(&self, port: u16, mut record: Record) -> Pace {
        let (end, ended) = mpsc::channel();
        let scrape = move || {
            while ended.recv_timeout(SCRAPED) == Err(mpsc::RecvTimeoutError::Timeout) {
                record.keep(&Scrape(get(port, "/metrics").1));
            }
        };
        Pace {
            end,
            scraper: thread::spawn(scrape),
        }
    }

    /// Scrapes until what is told is as `wanted`; panics after the deadline with what was told last.
    pub async fn until_told(
        &self,
        port: u16,
        what: &str,
        wanted: impl Fn(&Scrape) -> bool,
    ) -> Scrape {
        let mut pace = tokio::time::interval(PACE);
        let mut last = Scrape(String::new());
        let told = tokio::time::timeout(DEADLINE, async {
            loop {
                pace.tick().await;
                last = Scrape(get(port, "/metrics").1);
                if wanted(&last) {
                    return;
                }
            }
        })
        .await;
        assert!(
            told.is_ok(),
            "{what} was not told in\n{}\n{}",
            last.0,
            self.tail()
        );
        last
    }
}

/// Scrapes that are being taken at a pace.
pub struct Pace {
    end: mpsc::Sender<()>,
    scraper: JoinHandle<()>,
}

impl Pace {
    /// Ends them.
    pub fn end(self) {
        drop(self.end);
        self.scraper.join().expect("every scrape was kept");
    }
}

/// The scrapes of one fault: the first is from before it, the others from while it lasts.
pub struct Record {
    dir: PathBuf,
    taken: usize,
}

impl Record {
    /// An empty one.
    pub fn of(fault: &str) -> Self {
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join("scrapes")
            .join(fault);
        // There is none of an earlier run, or it can be removed.
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).expect("the target folder is writable");
        Self { dir, taken: 0 }
    }

    /// Keeps a scrape.
    pub fn keep(&mut self, scrape: &Scrape) {
        let path = self.dir.join(format!("{}.prom", self.taken));
        fs::write(path, &scrape.0).expect("the target folder is writable");
        self.taken += 1;
    }
}
