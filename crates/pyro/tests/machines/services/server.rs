//! A server of the test's own, on the host's loopback.

use std::net::Ipv6Addr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a client gets.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    /// Over HTTP.
    Status(u16),
    /// The end.
    Hangup,
    /// Something else.
    Nonsense,
    /// All it sends, and its length once it has finished.
    Echo,
    /// So many bytes, and then it breaks.
    Break(usize),
}

/// A server. It ends when it is dropped.
pub(crate) struct Server {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    serving: JoinHandle<()>,
}

impl Server {
    /// On 127.0.0.1; the last answer is that of all further clients.
    pub(crate) async fn start(answers: Vec<Answer>) -> Self {
        Self::of(TcpListener::bind("127.0.0.1:0").await.unwrap(), answers)
    }

    /// On ::1 alone.
    pub(crate) async fn on_v6(answers: Vec<Answer>) -> Self {
        Self::of(TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await.unwrap(), answers)
    }

    fn of(listener: TcpListener, answers: Vec<Answer>) -> Self {
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::default());
        let serving = tokio::task::spawn(serve(listener, answers, Arc::clone(&asked)));
        Self { port, asked, serving }
    }

    /// What the clients said first.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(listener: TcpListener, answers: Vec<Answer>, asked: Arc<Mutex<Vec<String>>>) {
    let last = *answers.last().unwrap();
    let mut answers = answers.into_iter();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        let answer = answers.next().unwrap_or(last);
        tokio::task::spawn(speak(client, answer, Arc::clone(&asked)));
    }
}

async fn speak(mut client: TcpStream, answer: Answer, asked: Arc<Mutex<Vec<String>>>) {
    let mut question = vec![0; 4096];
    let mut read = 0;
    if matches!(answer, Answer::Status(_) | Answer::Hangup | Answer::Nonsense) {
        read = client.read(&mut question).await.unwrap_or(0);
        asked.lock().unwrap().push(String::from_utf8_lossy(&question[..read]).into_owned());
    }
    // a client that only looks whether somebody is there has left by now
    let _ = match answer {
        Answer::Status(status) if read > 0 => {
            client.write_all(format!("HTTP/1.1 {status} X\r\nA: b\r\n\r\n").as_bytes()).await
        }
        Answer::Status(_) | Answer::Hangup => Ok(()),
        Answer::Nonsense => client.write_all(b"220 smtp ready\r\n").await,
        Answer::Echo => {
            let mut all = Vec::new();
            let _ = client.read_to_end(&mut all).await;
            let length = format!("{}\n", all.len());
            client.write_all(&[&all[..], length.as_bytes()].concat()).await
        }
        Answer::Break(count) => {
            let sent = client.write_all(&vec![b'x'; count]).await;
            // what is on the way arrives before
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            let _ = client.set_zero_linger();
            sent
        }
    };
}
