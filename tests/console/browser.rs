//! Debian's Chromium in the hands of WebDriver (w3.org/TR/webdriver2): pages as a person uses
//! them, by the captions of buttons and fields.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;
use thirtyfour::error::{WebDriverError, WebDriverResult};
use thirtyfour::session::http::{Body, HttpClient};
use thirtyfour::{By, ChromiumLikeCapabilities as _, DesiredCapabilities, WebDriver, WebElement};
use tokio::runtime::Runtime;

use crate::support::{Home, PATIENCE, is_root};
use crate::wire::exchange;

/// What keeps Chromium to itself: no first-run pages, no traffic of its own, no keyring.
const ARGUMENTS: [&str; 10] = [
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--password-store=basic",
    "--window-position=0,0",
    "--lang=ja",
];

/// The connection to chromedriver.
struct Connection;

#[async_trait::async_trait]
impl HttpClient for Connection {
    async fn send(&self, request: Request<Body<'_>>) -> WebDriverResult<Response<Bytes>> {
        let failed = |error: String| WebDriverError::RequestFailed(error);
        let body = match request.body() {
            Body::Empty => String::new(),
            Body::Json(value) => value.to_string(),
        };
        let uri = request.uri();
        let (status, answer) = exchange(
            uri.authority().map_or("", |authority| authority.as_str()),
            request.method().as_str(),
            uri.path(),
            &body,
        )
        .map_err(|error| failed(error.to_string()))?;
        let answer = Response::builder().status(status).body(answer.into());
        answer.map_err(|error| failed(error.to_string()))
    }

    async fn new(&self) -> Arc<dyn HttpClient> {
        Arc::new(Self)
    }
}

/// A browser with one window on the home's display.
pub(crate) struct Browser {
    runtime: Runtime,
    /// Gone once it has ended.
    driver: Option<WebDriver>,
    process: Child,
    /// A closed one would end chromedriver when it prints.
    _said: BufReader<ChildStdout>,
}

impl Browser {
    /// Starts Chromium with a profile of its own in the home, as the home's user.
    #[track_caller]
    pub(crate) fn start(home: &Home, window: (u32, u32)) -> Self {
        let mut command = home.command_with(&["--pdeathsig=KILL"], "chromedriver");
        let mut process = command
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}; see tests/packages-browser.txt"));
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let port = loop {
            let mut line = String::new();
            let length = said.read_line(&mut line).unwrap();
            assert!(length > 0, "chromedriver ended");
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim().trim_end_matches('.').to_owned();
            }
        };
        let mut wanted = DesiredCapabilities::chrome();
        wanted.set_binary("/usr/bin/chromium").unwrap();
        wanted.add_exclude_switch("enable-automation").unwrap();
        // Its question whether it may keep the password would cover the page.
        let quiet = json!({"credentials_enable_service": false});
        wanted.add_experimental_option("prefs", quiet).unwrap();
        for argument in ARGUMENTS {
            wanted.add_arg(argument).unwrap();
        }
        let profile = home.home().join("chromium");
        wanted
            .add_arg(&format!("--user-data-dir={}", profile.display()))
            .unwrap();
        wanted
            .add_arg(&format!("--window-size={},{}", window.0, window.1))
            .unwrap();
        if !has_sandbox(home) {
            wanted.add_arg("--no-sandbox").unwrap();
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let url = format!("http://127.0.0.1:{port}");
        let started =
            runtime.block_on(WebDriver::builder(url, wanted).client(Connection).connect());
        Self {
            driver: Some(started.unwrap()),
            runtime,
            process,
            _said: said,
        }
    }

    fn driver(&self) -> &WebDriver {
        self.driver.as_ref().unwrap()
    }

    #[track_caller]
    fn wait<T>(&self, answer: impl Future<Output = WebDriverResult<T>>) -> T {
        let answer = self.runtime.block_on(answer);
        answer.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Waits for what stands at this place (xpath).
    #[track_caller]
    fn element(&self, path: &str) -> WebElement {
        let end = Instant::now() + PATIENCE;
        loop {
            let found = self.runtime.block_on(self.driver().find(By::XPath(path)));
            if let Ok(found) = found {
                return found;
            }
            assert!(Instant::now() < end, "no {path} in: {}", self.text());
        }
    }

    #[track_caller]
    pub(crate) fn open(&self, url: &str) {
        self.wait(self.driver().goto(url));
    }

    /// Presses the button with this caption, and waits until its page has gone.
    #[track_caller]
    pub(crate) fn press(&self, caption: &str) {
        let button = self.element(&format!("//button[normalize-space()='{caption}']"));
        self.wait(button.click());
        let end = Instant::now() + PATIENCE;
        while self.runtime.block_on(button.tag_name()).is_ok() {
            assert!(Instant::now() < end, "{caption} leads nowhere");
        }
    }

    /// Types into the field whose label begins so.
    #[track_caller]
    pub(crate) fn fill(&self, label: &str, text: &str) {
        let path = format!("//label[starts-with(normalize-space(),'{label}')]//input");
        let field = self.element(&path);
        self.wait(field.clear());
        self.wait(field.send_keys(text));
    }

    /// The text of the page.
    #[track_caller]
    pub(crate) fn text(&self) -> String {
        let body = self.element("//body");
        // A page that goes away in between has no text.
        self.runtime.block_on(body.text()).unwrap_or_default()
    }

    /// Waits for a text on the page.
    #[track_caller]
    pub(crate) fn sees(&self, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.text().contains(text) {
            assert!(Instant::now() < end, "no {text:?} in: {}", self.text());
        }
    }

    /// The text of another page, looked at in a tab of its own.
    #[track_caller]
    pub(crate) fn aside(&self, url: &str) -> String {
        let here = self.wait(self.driver().window());
        let tab = self.wait(self.driver().new_tab());
        self.wait(self.driver().switch_to_window(tab));
        self.open(url);
        let text = self.text();
        self.wait(self.driver().close_window());
        self.wait(self.driver().switch_to_window(here));
        text
    }

    /// The picture of what stands on the page under this CSS selector, as a PNG.
    #[track_caller]
    pub(crate) fn cut_out(&self, selector: &str) -> Vec<u8> {
        let part = self.wait(self.driver().find(By::Css(selector)));
        self.wait(part.screenshot_as_png())
    }

    /// Changes the page by JavaScript.
    #[track_caller]
    pub(crate) fn script(&self, script: &str) {
        self.wait(self.driver().execute(script, Vec::new()));
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(driver) = self.driver.take() {
            self.runtime.block_on(driver.quit()).ok();
        }
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// Whether Chromium can put its own walls up here: never for root, and elsewhere by the
/// namespaces of a user.
fn has_sandbox(home: &Home) -> bool {
    let mut command = match home.uid {
        Some(_) => home.command("unshare"),
        None if is_root() => return false,
        None => Command::new("unshare"),
    };
    command.args(["--user", "--map-root-user", "true"]);
    command.stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
