//! The console: which page answers which request, and who may see it.

use std::sync::{Arc, Mutex, MutexGuard};

use otp_proto::percent_decode;

use crate::pages;
use crate::service::{Refused, Service, Session, USER, qr};
use crate::support::random_key;
use crate::wire::{Answer, Message, Server};

/// A running console.
pub(crate) struct Console {
    server: Server,
    service: Arc<Mutex<Service>>,
}

impl Console {
    pub(crate) fn start() -> Self {
        let service = Arc::new(Mutex::new(Service::new()));
        let shared = Arc::clone(&service);
        let server = Server::start(move |request| answer(&mut shared.lock().unwrap(), request));
        Self { server, service }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url("/")
    }

    /// Where the mails come.
    pub(crate) fn mailbox(&self) -> String {
        self.server.url("/mail")
    }

    /// What stands behind the pages.
    pub(crate) fn service(&self) -> MutexGuard<'_, Service> {
        self.service.lock().unwrap()
    }
}

fn html(text: String) -> Answer {
    Answer {
        status: 200,
        headers: vec!["Content-Type: text/html; charset=utf-8".into()],
        body: text.into_bytes(),
    }
}

/// After a form the browser asks for the next page itself, so that going back sends nothing.
fn see(path: &str) -> Answer {
    Answer {
        status: 303,
        headers: vec![format!("Location: {path}")],
        body: Vec::new(),
    }
}

fn not_found() -> Answer {
    Answer {
        status: 404,
        headers: Vec::new(),
        body: Vec::new(),
    }
}

/// The next page, or the form once more with a complaint.
fn next(done: Result<(), Refused>, path: &str, again: fn(Option<Refused>) -> String) -> Answer {
    match done {
        Ok(()) => see(path),
        Err(refused) => html(again(Some(refused))),
    }
}

fn field(request: &Message, name: &str) -> String {
    let body = String::from_utf8_lossy(&request.body);
    let value = body.split('&').find_map(|pair| {
        let (known, value) = pair.split_once('=')?;
        (known == name).then_some(value)
    });
    percent_decode(value.unwrap_or(""), true).trim().to_owned()
}

fn cookie(request: &Message) -> Option<&str> {
    request.header("cookie")?.strip_prefix("session=")
}

fn answer(service: &mut Service, request: &Message) -> Answer {
    let path = request.word(1).split('?').next().unwrap_or("");
    let place = (request.word(0), path);
    match place {
        ("GET", "/") => return html(pages::login(false)),
        ("GET", "/mail") => return html(pages::mailbox(&service.mails)),
        ("POST", "/login") => return log_in(service, request),
        _ => {}
    }
    let id = cookie(request).unwrap_or("").to_owned();
    let Some(session) = service.sessions.get(&id) else {
        return see("/");
    };
    let (is_in, is_confirmed) = (session.is_in, session.is_confirmed);
    let answer = match place {
        ("GET", "/code") => html(pages::code(None)),
        ("POST", "/code") => next(
            service.log_in(&field(request, "code")),
            "/home",
            pages::code,
        ),
        ("POST", "/code/emergency") => {
            service.send_emergency();
            return see("/emergency");
        }
        ("GET", "/emergency") => html(pages::emergency(None)),
        ("POST", "/emergency") => next(
            service.log_in_by_emergency(&field(request, "code")),
            "/home",
            pages::emergency,
        ),
        ("POST", "/logout") => {
            service.sessions.remove(&id);
            return see("/");
        }
        _ if !is_in => return see("/"),
        ("POST", "/2fa/confirm") => next(
            service.confirm(&field(request, "code")),
            "/2fa/device",
            pages::confirm,
        ),
        place => return inside(service, request, place, is_confirmed),
    };
    // Only a code that was taken leads on.
    if answer.status == 303
        && let Some(session) = service.sessions.get_mut(&id)
    {
        session.is_in = true;
        session.is_confirmed = place.1 == "/2fa/confirm";
    }
    answer
}

fn log_in(service: &mut Service, request: &Message) -> Answer {
    if field(request, "user") != USER || field(request, "password") != service.password {
        return html(pages::login(true));
    }
    let id = random_key();
    let session = Session {
        is_in: !service.is_enabled(),
        is_confirmed: false,
    };
    let mut answer = see(if session.is_in { "/home" } else { "/code" });
    answer.headers.push(format!(
        "Set-Cookie: session={id}; HttpOnly; SameSite=Strict; Path=/"
    ));
    service.sessions.insert(id, session);
    answer
}

/// The pages of somebody who is logged in.
fn inside(
    service: &mut Service,
    request: &Message,
    place: (&str, &str),
    is_confirmed: bool,
) -> Answer {
    match place {
        ("GET", "/home") => html(pages::home(service.is_enabled())),
        ("GET", "/2fa") if service.is_enabled() => html(pages::status()),
        ("GET", "/2fa") => html(pages::before()),
        ("POST", "/2fa/mail") => {
            service.send_confirmation();
            see("/2fa/confirm")
        }
        ("GET", "/2fa/confirm") => html(pages::confirm(None)),
        ("POST", "/2fa/disable") => {
            service.disable();
            see("/2fa")
        }
        // Whoever has the old device needs no mail.
        ("POST", "/2fa/change") if service.is_enabled() => see("/2fa/device"),
        _ if !is_confirmed && !service.is_enabled() => see("/2fa"),
        ("GET", "/2fa/device") => {
            service.offer();
            html(pages::device(false, None))
        }
        ("GET", "/2fa/device/qr") => html(pages::device(true, None)),
        ("GET", "/2fa/qr.png") => match service.uri() {
            Some(uri) => Answer {
                status: 200,
                headers: vec!["Content-Type: image/png".into()],
                body: qr(&uri),
            },
            None => not_found(),
        },
        ("POST", "/2fa/enable") => {
            let again = |refused| pages::device(true, refused);
            next(service.enable(&field(request, "code")), "/2fa", again)
        }
        _ => not_found(),
    }
}
