//! A server on this host's loopback for guests to speak with. What a client says in its first line decides
//! how the server behaves; a line of HTTP gets a file.

use rustix::net::sockopt::set_socket_linger;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A server. It ends with the test.
#[derive(Debug)]
pub struct Peer {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    files: PathBuf,
    said: Mutex<Vec<String>>,
    over: AtomicBool,
}

impl Peer {
    /// Starts one; `files` is what it gives to HTTP clients.
    #[must_use]
    pub fn start(files: PathBuf) -> Self {
        allow_many_clients();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared =
            Arc::new(Shared { files, said: Mutex::default(), over: AtomicBool::new(false) });
        let accepting = shared.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if accepting.over.load(Ordering::Relaxed) {
                    return;
                }
                let shared = accepting.clone();
                // a client that leaves early is no failure of the server
                std::thread::spawn(move || drop(shared.serve(client)));
            }
        });
        Self { port, shared }
    }

    /// One that has no files.
    #[must_use]
    pub fn without_files() -> Self {
        Self::start(PathBuf::from("/nonexistent"))
    }

    /// How a guest calls it.
    #[must_use]
    pub fn name(&self) -> String {
        format!("host.pyro.internal:{}", self.port)
    }

    /// The first line of every client so far.
    #[must_use]
    pub fn said(&self) -> Vec<String> {
        self.shared.said.lock().unwrap().clone()
    }
}

/// Each client is a file or two, and a test may have hundreds.
fn allow_many_clients() {
    let limit = getrlimit(Resource::Nofile);
    let all = Rlimit { current: limit.maximum, ..limit };
    setrlimit(Resource::Nofile, all).unwrap();
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        // so that it looks
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

impl Shared {
    fn serve(&self, mut client: TcpStream) -> std::io::Result<()> {
        let mut reader = BufReader::new(client.try_clone()?);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let line = line.trim_end().to_owned();
        self.said.lock().unwrap().push(line.clone());
        let mut words = line.split(' ');
        let verb = words.next().unwrap_or_default();
        let number = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
        match verb {
            "GET" => self.file(&line, &mut reader, client),
            // so many bytes, then the end
            "down" => send(&mut client, number),
            // reads to the client's end, and only then says how much it was
            "up" => {
                let count = std::io::copy(&mut reader, &mut std::io::sink())?;
                writeln!(client, "{count}")
            }
            // so many bytes, and then it breaks
            "break" => {
                send(&mut client, number)?;
                // what is on the way arrives before
                std::thread::sleep(Duration::from_millis(200));
                set_socket_linger(&client, Some(Duration::ZERO))?;
                Ok(())
            }
            // says back each line
            "echo" => {
                for line in reader.lines() {
                    writeln!(client, "{}", line?)?;
                }
                client.shutdown(Shutdown::Write)
            }
            // reads nothing and says nothing for so many milliseconds
            "mute" => {
                std::thread::sleep(Duration::from_millis(number));
                Ok(())
            }
            _ => writeln!(client, "what?"),
        }
    }

    /// As much of HTTP as git needs to clone from files.
    fn file(
        &self,
        line: &str,
        reader: &mut impl BufRead,
        mut client: TcpStream,
    ) -> std::io::Result<()> {
        for header in reader.lines() {
            if header?.is_empty() {
                break;
            }
        }
        let path = line.split(' ').nth(1).unwrap_or("/").split('?').next().unwrap_or("/");
        let found = fs::read(self.files.join(path.trim_start_matches('/')));
        let (status, body) = match found {
            Ok(body) => ("200 OK", body),
            Err(_) => ("404 Not Found", Vec::new()),
        };
        let length = body.len();
        write!(
            client,
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        )?;
        client.write_all(&body)?;
        client.shutdown(Shutdown::Write)?;
        client.read_to_end(&mut Vec::new()).map(drop)
    }
}

fn send(client: &mut TcpStream, count: u64) -> std::io::Result<()> {
    let piece = [b'x'; 64 << 10];
    let mut left = count;
    while left > 0 {
        let now = usize::try_from(left.min(piece.len() as u64)).unwrap();
        client.write_all(&piece[..now])?;
        left -= now as u64;
    }
    Ok(())
}
