//! HTTP/1.1 (RFC 9112), one message a connection: the console's side, and WebDriver's client.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use crate::support::PATIENCE;

/// Most bytes of a message: a picture of the browser in base64.
const LONGEST: u64 = 16 * 1024 * 1024;

/// A request or an answer.
pub(crate) struct Message {
    /// The first line.
    start: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Message {
    /// Reads a message; `None` if the connection ends before it: browsers open some in advance.
    fn read(stream: &TcpStream) -> io::Result<Option<Self>> {
        let mut reader = BufReader::new(stream.take(LONGEST));
        let mut line = || -> io::Result<String> {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            Ok(line.trim_end().to_owned())
        };
        let start = line()?;
        if start.is_empty() {
            return Ok(None);
        }
        let mut headers = Vec::new();
        loop {
            let line = line()?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut message = Self {
            start,
            headers,
            body: Vec::new(),
        };
        let length = message.header("content-length");
        let length = length.and_then(|value| value.parse().ok()).unwrap_or(0);
        reader.take(length).read_to_end(&mut message.body)?;
        Ok(Some(message))
    }

    /// A word of the first line: the method and the path of a request, the status of an answer.
    pub(crate) fn word(&self, place: usize) -> &str {
        self.start.split(' ').nth(place).unwrap_or("")
    }

    /// A header by its name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// An answer of the console.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn write(&self, mut stream: &TcpStream) -> io::Result<()> {
        let mut head = vec![
            format!("HTTP/1.1 {} -", self.status),
            format!("Content-Length: {}", self.body.len()),
            "Cache-Control: no-store".into(),
            "Connection: close".into(),
        ];
        head.extend_from_slice(&self.headers);
        let head = head.join("\r\n") + "\r\n\r\n";
        stream.write_all(&[head.as_bytes(), &self.body].concat())
    }
}

/// A server on a free port of this machine, ended when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(answer: impl Fn(&Message) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let (over, answer) = (Arc::clone(&is_over), Arc::new(answer));
        let thread = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                let answer = Arc::clone(&answer);
                // A browser that goes away takes its page with it.
                thread::spawn(move || serve(&stream, &*answer).ok());
            }
        });
        Self {
            address,
            is_over,
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        // Wakes the loop.
        TcpStream::connect(self.address).ok();
        self.thread.take().map(JoinHandle::join);
    }
}

fn serve(stream: &TcpStream, answer: &impl Fn(&Message) -> Answer) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    match Message::read(stream)? {
        Some(request) => answer(&request).write(stream),
        None => Ok(()),
    }
}

/// Sends a request of JSON to this machine; returns the status and the body of the answer.
pub(crate) fn exchange(
    authority: &str,
    method: &str,
    path: &str,
    body: &str,
) -> io::Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(authority)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes())?;
    let answer = Message::read(&stream)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = answer.word(1).parse();
    Ok((status.map_err(|_| io::ErrorKind::InvalidData)?, answer.body))
}
