//! The agent and the ways in and out of it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use otp_proto::{AskpassAnswer, ErrorKind, Event, Id, Request, Response, RpcError};
use tokio::sync::{Notify, oneshot, watch};

use super::beside::{Beside, Done};
use crate::agent::{Agent, Caller, Input, LockSource, Output, Ticket};
use crate::clock;
use crate::effect::launch;
use crate::effect::notify::Board;
use crate::front::{Outbox, Peers};
use crate::logging::Log;
use crate::platform;

/// How long after an unlock or a lock its answers, events and backups are done with.
const REST: Duration = Duration::from_secs(1);

/// Where an answer goes.
enum Route {
    /// To a connection.
    Line {
        outbox: Rc<Outbox>,
        /// The connection becomes a subscriber with a good answer.
        subscribes: bool,
    },
    /// To whoever called.
    Call(oneshot::Sender<Answer>),
}

/// What becomes of a request.
pub(crate) type Answer = Result<Response, RpcError>;

/// What subscribers were told, for a front-end that may be slow: where it came out, not each step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct News {
    pub(crate) is_locked: bool,
    /// How often it was locked or unlocked.
    pub(crate) turns: u64,
    /// How often entries changed.
    pub(crate) changes: u64,
}

/// What the one thread shares.
pub(crate) struct Core {
    agent: RefCell<Agent>,
    beside: Beside,
    notices: Board,
    log: Log,
    peers: Peers,
    routes: RefCell<BTreeMap<Ticket, Route>>,
    last_ticket: Cell<u64>,
    /// What the loop has armed its timer for.
    deadline: Cell<Option<Duration>>,
    over: Cell<bool>,
    /// When what an unlock or a lock has stirred up has come to rest.
    rests: Cell<Option<Duration>>,
    changed: Notify,
    news: watch::Sender<News>,
    /// Rung whenever the agent has become ready for sleep.
    sleepy: Notify,
}

impl News {
    fn take(&mut self, event: Event) {
        if matches!(event, Event::Locked | Event::Unlocked) {
            self.is_locked = event == Event::Locked;
            self.turns += 1;
        } else {
            self.changes += 1;
        }
    }
}

impl Core {
    /// `notices` leads to whoever shows them.
    pub(crate) fn new(agent: Agent, beside: Beside, notices: Board, log: Log) -> Self {
        Self {
            agent: RefCell::new(agent),
            beside,
            notices,
            log,
            peers: Peers::default(),
            routes: RefCell::default(),
            last_ticket: Cell::new(0),
            deadline: Cell::new(None),
            over: Cell::new(false),
            rests: Cell::new(None),
            changed: Notify::new(),
            news: watch::Sender::new(News {
                is_locked: true,
                turns: 0,
                changes: 0,
            }),
            sleepy: Notify::new(),
        }
    }

    /// Asks for a connection. The answer is queued in its outbox, at once or later.
    pub(crate) fn ask(&self, outbox: &Rc<Outbox>, caller: Caller, id: Id, request: Request) {
        let ticket = self.ticket();
        let route = Route::Line {
            outbox: Rc::clone(outbox),
            subscribes: matches!(request, Request::Subscribe(_)),
        };
        self.peers.touch(outbox);
        outbox.expect(ticket, id);
        self.routes.borrow_mut().insert(ticket, route);
        self.input(Input::Request(ticket, caller, request));
    }

    /// Asks for somebody who isn't on a connection; [`Core::gone`] takes it back.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "only D-Bus calls")
    )]
    pub(crate) fn call(
        &self,
        caller: Caller,
        request: Request,
    ) -> (Ticket, oneshot::Receiver<Answer>) {
        let ticket = self.ticket();
        let (sender, answer) = oneshot::channel();
        self.routes.borrow_mut().insert(ticket, Route::Call(sender));
        self.input(Input::Request(ticket, caller, request));
        (ticket, answer)
    }

    /// Nobody waits for this answer any more.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "only D-Bus calls")
    )]
    pub(crate) fn gone(&self, ticket: Ticket) {
        if self.routes.borrow_mut().remove(&ticket).is_some() {
            self.input(Input::Gone(ticket));
        }
    }

    /// What subscribers were told, now and from now on.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "only D-Bus reads them")
    )]
    pub(crate) fn news(&self) -> watch::Receiver<News> {
        self.news.subscribe()
    }

    fn ticket(&self) -> Ticket {
        self.last_ticket.set(self.last_ticket.get() + 1);
        Ticket(self.last_ticket.get())
    }

    /// Forgets a connection and whatever it waits for.
    pub(crate) fn closed(&self, outbox: &Outbox) {
        self.peers.remove(outbox.conn);
        for ticket in outbox.abandon() {
            self.routes.borrow_mut().remove(&ticket);
            self.input(Input::Gone(ticket));
        }
        self.input(Input::Closed(outbox.conn));
    }

    /// Gives the agent an input and executes what it says.
    pub(crate) fn input(&self, input: Input) {
        let mut agent = self.agent.borrow_mut();
        // What fails at once comes back as an input of its own.
        let mut failed = VecDeque::new();
        let mut next = Some(input);
        while let Some(input) = next {
            agent.input(clock::now(), input);
            while let Some(output) = agent.output() {
                if let Output::Publish(event) = output {
                    tell(event, agent.locked_by());
                }
                failed.extend(self.execute(output));
            }
            next = failed.pop_front();
        }
        self.note_deadline(agent.deadline());
        if agent.is_ready_for_sleep() {
            self.sleepy.notify_waiters();
        }
    }

    /// Returns once no key is in memory and none is on its way there.
    #[cfg_attr(
        not(target_os = "linux"),
        expect(dead_code, reason = "only logind asks")
    )]
    pub(crate) async fn ready_for_sleep(&self) {
        loop {
            // Made before looking, so that nothing is missed in between.
            let rung = self.sleepy.notified();
            if self.agent.borrow().is_ready_for_sleep() {
                return;
            }
            rung.await;
        }
    }

    /// Hands back what a thread beside the loop has done.
    pub(crate) fn finished(&self, done: Done) {
        match self.beside.ended(done) {
            Ok(input) => {
                if let Input::Reload(config) = &input {
                    self.log.set(config.log);
                    tracing::info!("configuration read");
                }
                self.input(input);
            }
            Err(error) => {
                tracing::error!(%error, "the configuration stays as it was");
                self.input(Input::NotReloaded(error.to_string()));
            }
        }
    }

    /// Reads the configuration again, beside the loop.
    pub(crate) fn read_configuration(&self) {
        self.beside.read_configuration();
    }

    /// Answers whatever still waits once the agent has ended.
    pub(crate) fn refuse_waiting(&self) {
        for (ticket, route) in std::mem::take(&mut *self.routes.borrow_mut()) {
            let error = RpcError::new(ErrorKind::Busy, "the agent stops");
            Self::answer(route, ticket, Err(error));
        }
    }

    /// Returns once nothing is shown that was taken away.
    pub(crate) async fn is_hidden(&self) {
        self.notices.rest().await;
    }

    /// Lets the disk come to rest, at the end.
    pub(crate) fn finish(&self) {
        self.beside.finish();
    }

    pub(crate) fn peers(&self) -> &Peers {
        &self.peers
    }

    /// Whether the agent was asked to end, by whomever.
    pub(crate) fn is_ending(&self) -> bool {
        self.agent.borrow().is_ending()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.get()
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.deadline.get()
    }

    /// Returns once the deadline came closer, rest is near or the agent has ended.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// When [`Core::rest`] is due.
    pub(crate) fn rests_at(&self) -> Option<Duration> {
        self.rests.get()
    }

    /// Gives back what only the work before the rest needed.
    pub(crate) fn rest(&self) {
        self.rests.set(None);
        platform::trim_heap();
        platform::release_code();
    }

    /// Does what the agent says; returns what failed at once.
    fn execute(&self, output: Output) -> Option<Input> {
        match output {
            Output::Reply(ticket, answer) => self.reply(ticket, answer),
            Output::Publish(event) => {
                self.peers.publish(event);
                self.news.send_modify(|news| news.take(event));
            }
            Output::Trim => {
                platform::trim_heap();
                platform::release_code();
                self.rests.set(Some(clock::now().boot + REST));
                self.changed.notify_one();
            }
            Output::Job(job) => return self.beside.start(job).err().map(Input::JobDone),
            Output::Store(sealed) => {
                let written = self.beside.store(sealed);
                return written.is_err().then_some(Input::Stored(written));
            }
            Output::Keep(state) => {
                let written = self.beside.keep(state);
                return written.is_err().then_some(Input::Kept(written));
            }
            Output::Shut(shut) => {
                let written = self.beside.shut(shut);
                return written.is_err().then_some(Input::Shut(written));
            }
            Output::Prompt(prompt) => {
                let started = self.beside.prompt(prompt);
                return started.err().map(|failure| Input::Prompted(Err(failure)));
            }
            Output::EndPrompt => self.beside.end_prompt(),
            Output::Probe(number) => {
                let busy = || Input::Probed(number, Err("too many wait".into()));
                return (!self.notices.probe(number)).then(busy);
            }
            Output::Show(notice) => {
                let number = notice.number;
                let is_ordered = self.notices.show(notice);
                let busy = || Input::Shown(number, Err("too many wait".into()));
                return (!is_ordered).then(busy);
            }
            Output::Unshow => self.notices.take_away(),
            Output::Launch(launch) => launch::start(&launch),
            Output::Plugin(task) => {
                let started = self.beside.plugin(task);
                return started.err().map(|failure| Input::PluginDone(Err(failure)));
            }
            Output::PluginReply(reply) => self.beside.reply_to_plugin(reply),
            Output::EndPlugin => self.beside.end_plugin(),
            Output::Fetch(fetch) => {
                let number = fetch.number;
                let started = self.beside.fetch(*fetch);
                let failed = |failure| Input::Fetched(number, Err(failure));
                return started.err().map(failed);
            }
            Output::EndFetch(number, why) => self.beside.end_fetch(number, why.as_ref()),
            Output::Watch(files) => self.beside.watch(files),
            Output::Quit => {
                self.over.set(true);
                self.changed.notify_one();
            }
        }
        None
    }

    fn reply(&self, ticket: Ticket, answer: Answer) {
        if let Ok(Response::Askpass(AskpassAnswer { id: Some(id), .. })) = &answer {
            tracing::info!(entry = %id, "a code for the prompt of another program");
        }
        // The connection may have ended meanwhile.
        let route = self.routes.borrow_mut().remove(&ticket);
        if let Some(route) = route {
            Self::answer(route, ticket, answer);
        }
    }

    fn answer(route: Route, ticket: Ticket, answer: Answer) {
        match route {
            Route::Line { outbox, subscribes } => {
                if subscribes && answer.is_ok() {
                    outbox.subscribe();
                }
                outbox.answer(ticket, &answer);
            }
            // Whoever called may have left.
            Route::Call(sender) => drop(sender.send(answer)),
        }
    }

    /// Wakes the loop only for an earlier deadline. A later one costs nothing until the earlier
    /// has passed: the agent takes a tick too many without harm.
    fn note_deadline(&self, deadline: Option<Duration>) {
        let earlier = match (deadline, self.deadline.get()) {
            (Some(new), Some(armed)) => new < armed,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if earlier {
            self.deadline.set(deadline);
            self.changed.notify_one();
        }
    }

    /// Takes the deadline that the agent has now.
    pub(crate) fn tick(&self) {
        self.deadline.set(None);
        self.input(Input::Tick);
    }
}

/// Says in the log what subscribers are told of.
fn tell(event: Event, locked_by: Option<LockSource>) {
    match (event, locked_by) {
        (Event::Locked, Some(source)) => tracing::info!(?source, "locked"),
        (Event::Locked, None) => tracing::info!("locked"),
        (Event::Unlocked, _) => tracing::info!("unlocked"),
        _ => {}
    }
}
