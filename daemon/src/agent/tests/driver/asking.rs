//! What is asked of the agent under test, and what it has answered.

use super::*;

impl Driver {
    /// Sends a request on a connection; returns its ticket.
    pub(in crate::agent::tests) fn ask(&mut self, conn: u64, request: Request) -> u64 {
        self.tickets += 1;
        let caller = Caller {
            way: Way::Socket,
            conn: Conn(conn),
            uid: Some(1000),
            pid: None,
        };
        self.input(Input::Request(Ticket(self.tickets), caller, request));
        self.tickets
    }

    /// The server has taken the last notice, or not.
    pub(in crate::agent::tests) fn shown(&mut self, result: Result<(), &str>) {
        let number = self.last_notice;
        self.input(Input::Shown(number, result.map_err(str::to_owned)));
    }

    /// Whether a notification server is there was found out.
    pub(in crate::agent::tests) fn finish_probe(&mut self, result: Result<(), &str>) {
        let number = self.probes.remove(0);
        self.input(Input::Probed(number, result.map_err(str::to_owned)));
    }

    /// What was shown (`Some`) and taken away (`None`) since the last call.
    pub(in crate::agent::tests) fn notices(&mut self) -> Vec<Option<Notice>> {
        std::mem::take(&mut self.notices)
    }

    /// Takes a ticket's answer, which must be there.
    pub(in crate::agent::tests) fn answer(&mut self, ticket: u64) -> Result<Response, RpcError> {
        self.answers.remove(&ticket).expect("it is answered")
    }

    pub(in crate::agent::tests) fn is_answered(&self, ticket: u64) -> bool {
        self.answers.contains_key(&ticket)
    }

    /// Asks and takes the answer, which must come at once.
    pub(in crate::agent::tests) fn call(&mut self, request: Request) -> Result<Response, RpcError> {
        let ticket = self.ask(1, request);
        self.answer(ticket)
    }

    /// The kind of the error that a request must get at once.
    pub(in crate::agent::tests) fn refusal(&mut self, request: Request) -> ErrorKind {
        self.call(request).unwrap_err().kind()
    }

    pub(in crate::agent::tests) fn add(&mut self, uri: &str) -> Result<AddAnswer, RpcError> {
        let answer = self.call(Request::Add(Add { uri: secret(uri) }))?;
        let Response::Add(answer) = answer else {
            panic!("{answer:?}");
        };
        Ok(answer)
    }

    pub(in crate::agent::tests) fn get(&mut self, query: &str) -> Result<CodeAnswer, RpcError> {
        self.call(Request::Get(get(query))).map(code)
    }

    pub(in crate::agent::tests) fn list(&mut self) -> Vec<EntryInfo> {
        self.list_of(List::default())
    }

    pub(in crate::agent::tests) fn trash(&mut self) -> Vec<EntryInfo> {
        self.list_of(List {
            trash: true,
            ..List::default()
        })
    }

    pub(in crate::agent::tests) fn list_of(&mut self, list: List) -> Vec<EntryInfo> {
        match self.call(Request::List(list)) {
            Ok(Response::List(answer)) => answer.entries,
            other => panic!("{other:?}"),
        }
    }

    pub(in crate::agent::tests) fn status(&mut self) -> StatusAnswer {
        match self.call(Request::Status(Status {})) {
            Ok(Response::Status(answer)) => answer,
            other => panic!("{other:?}"),
        }
    }

    pub(in crate::agent::tests) fn lock(&mut self) {
        self.call(Request::Lock(Lock::default())).unwrap();
    }

    pub(in crate::agent::tests) fn unlock(&mut self) -> UnlockAnswer {
        let request = Request::Unlock(Unlock {
            passphrase: secret(PASSPHRASE),
        });
        match self.call(request) {
            Ok(Response::Unlock(answer)) => answer,
            other => panic!("{other:?}"),
        }
    }
}
