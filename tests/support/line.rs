//! The protocol by hand, as a script would speak it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde_json::{Value, json};

use super::{PATIENCE, as_user};

/// A connection to the agent.
pub(crate) struct Line {
    reader: BufReader<UnixStream>,
    next: i64,
}

impl Line {
    /// Connects as a user.
    #[track_caller]
    pub(crate) fn connect(socket: &Path, uid: Option<u32>) -> Self {
        Self::try_connect(socket, uid)
            .unwrap_or_else(|error| panic!("{}: {error}", socket.display()))
    }

    /// As [`Line::connect`], where it may fail.
    pub(crate) fn try_connect(socket: &Path, uid: Option<u32>) -> std::io::Result<Self> {
        let stream = as_user(uid, || UnixStream::connect(socket))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self {
            reader: BufReader::new(stream),
            next: 1,
        })
    }

    /// Sends bytes as they are.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.reader.get_mut().write_all(bytes)
    }

    /// Reads a line; `None` at the end of the connection.
    pub(crate) fn read(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(line),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("no answer: {error}"),
        }
    }

    /// Sends a request and returns its number.
    pub(crate) fn ask(&mut self, method: &str, params: &Value) -> i64 {
        let id = self.next;
        self.next += 1;
        let mut line =
            json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).to_string();
        line.push('\n');
        self.send(line.as_bytes()).unwrap();
        id
    }

    /// Sends a request and returns its result, or its error.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, params: &Value) -> Result<Value, Value> {
        let id = self.ask(method, params);
        let line = self
            .read()
            .unwrap_or_else(|| panic!("closed instead of answering {method}"));
        let mut answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["id"], id, "{answer}");
        match answer.get_mut("error") {
            Some(error) => Err(error.take()),
            None => Ok(answer["result"].take()),
        }
    }

    /// Insists on a result.
    #[track_caller]
    pub(crate) fn ok(&mut self, method: &str, params: Value) -> Value {
        self.call(method, &params)
            .unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// Insists on an error and returns its kind.
    #[track_caller]
    pub(crate) fn refused(&mut self, method: &str, params: Value) -> String {
        let error = self.call(method, &params).expect_err(method);
        error["data"]["kind"].as_str().unwrap().to_owned()
    }

    pub(crate) fn stream(&self) -> &UnixStream {
        self.reader.get_ref()
    }
}
