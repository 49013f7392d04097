//! A person's desk: a home with its agent, a screen, a browser and a terminal. What the person
//! does is written down, step by step.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::Instant;

use crate::browser::Browser;
use crate::screen::{Screen, print_screen, read_by_another};
use crate::service::USER;
use crate::site::Console;
use crate::support::{
    Canary, Clock, Daemon, Home, Outcome, PATIENCE, Terminal, faketime, programs,
};

/// How the person names the entry.
pub(crate) const QUERY: &str = "trend";
/// The size of the browser's window, at the left of the screen.
const WINDOW: (u32, u32) = (780, 800);

/// The desk; its parts end in this order.
pub(crate) struct Desk {
    browser: Option<Browser>,
    _agent: Daemon,
    _screen: Screen,
    clock: Clock,
    steps: RefCell<Vec<String>>,
}

impl Desk {
    /// A desk whose vault is open; `None` where no clock can be made.
    pub(crate) fn new(test: &str) -> Option<Self> {
        let desk = Self::with(Home::with_vault(), test)?;
        desk.home().unlock();
        Some(desk)
    }

    /// A new computer.
    pub(crate) fn without_vault(test: &str) -> Option<Self> {
        Self::with(Home::new(), test)
    }

    fn with(mut home: Home, test: &str) -> Option<Self> {
        let library = faketime(test)?;
        let (screen, display) = Screen::start(&home);
        home.var("DISPLAY", &display);
        home.var("LANG", "ja_JP.UTF-8");
        let clock = Clock::of(home, library);
        clock.set_ahead(0);
        Some(Self {
            browser: None,
            _agent: clock.start(),
            _screen: screen,
            clock,
            steps: RefCell::default(),
        })
    }

    pub(crate) fn home(&self) -> &Home {
        &self.clock.home
    }

    pub(crate) fn browser(&self) -> &Browser {
        self.browser.as_ref().expect("a browser that was started")
    }

    /// Writes down what the person does.
    fn step(&self, step: impl Into<String>) {
        self.steps.borrow_mut().push(step.into());
    }

    /// What the person has done since the last time.
    pub(crate) fn steps(&self) -> Vec<String> {
        self.steps.take()
    }

    /// Opens a page in the browser, which is started if it isn't there.
    #[track_caller]
    pub(crate) fn open(&mut self, url: &str) {
        if self.browser.is_none() {
            self.browser = Some(Browser::start(&self.clock.home, WINDOW));
        }
        self.browser().open(url);
        self.step("open the console");
    }

    #[track_caller]
    pub(crate) fn press(&self, caption: &str) {
        self.step(format!("press {caption}"));
        self.browser().press(caption);
    }

    #[track_caller]
    pub(crate) fn fill(&self, label: &str, text: &str) {
        self.step(format!("type {label}"));
        self.browser().fill(label, text);
    }

    #[track_caller]
    pub(crate) fn sees(&self, text: &str) {
        self.browser().sees(text);
    }

    /// Logs in as far as ID and password go.
    #[track_caller]
    pub(crate) fn log_in(&mut self, console: &Console) {
        self.open(&console.url());
        self.fill("ユーザーID", USER);
        let password = console.service().password.clone();
        self.fill("パスワード", &password);
        self.press("ログイン");
    }

    /// Reads the newest mail and returns its code.
    #[track_caller]
    pub(crate) fn read_mail(&self, console: &Console) -> String {
        self.step("read the code in the mail");
        let mails = self.browser().aside(&console.mailbox());
        let (_, code) = mails.split_once("コード: ").expect("a mail");
        code.split_whitespace().next().unwrap().to_owned()
    }

    /// From the page of a person who is logged in to the QR code, which another reader sees.
    #[track_caller]
    pub(crate) fn ask_for_qr(&self, console: &Console) {
        self.press("2要素認証の設定");
        self.confirm(console);
        self.show_qr(console);
    }

    /// Asks for the mail and types its code.
    #[track_caller]
    pub(crate) fn confirm(&self, console: &Console) {
        self.press("確認メールを送信");
        let code = self.read_mail(console);
        self.fill("確認コード", &code);
        self.press("次へ");
    }

    #[track_caller]
    pub(crate) fn show_qr(&self, console: &Console) {
        self.sees("認証アプリの登録");
        // Hidden until it is asked for.
        assert_eq!(self.read_by_another(), [] as [String; 0]);
        self.press("QRコードを表示する");
        let uri = console.service().uri().expect("a key is offered");
        self.wait_for_code(&uri);
    }

    /// Waits until another reader sees a code on the screen: the browser has painted it.
    #[track_caller]
    pub(crate) fn wait_for_code(&self, text: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.read_by_another().iter().any(|seen| seen == text) {
            if Instant::now() > end {
                let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/console-screen.png");
                fs::write(file, self.print_screen()).unwrap();
                panic!("zbar doesn't see it: {file}");
            }
        }
    }

    /// What zbar reads off the screen.
    fn read_by_another(&self) -> Vec<String> {
        read_by_another(&self.print_screen())
    }

    /// The whole screen as a PNG.
    pub(crate) fn print_screen(&self) -> Vec<u8> {
        print_screen(self.home())
    }

    /// `otpctl` on a terminal.
    #[track_caller]
    pub(crate) fn terminal(&self, args: &[&str]) -> Terminal {
        self.step(format!("run otpctl {}", args.join(" ")));
        let otpctl = programs().join("otpctl");
        let args = [&["--no-start"], args].concat();
        Terminal::start(self.home(), otpctl.to_str().unwrap(), &args)
    }

    /// `otpctl` without a terminal.
    #[track_caller]
    pub(crate) fn ctl(&self, args: &[&str]) -> Outcome {
        self.step(format!("run otpctl {}", args.join(" ")));
        self.home().ctl(args)
    }

    /// The code of the entry, as the person asks for it at a login.
    #[track_caller]
    pub(crate) fn code(&self, query: &str) -> String {
        self.ctl(&["get", query]).exits(0).line().to_owned()
    }

    /// Enrols with this command line: types the code that it shows into the page and tells it
    /// that the page took it. Returns the code, and what was on the terminal.
    #[track_caller]
    pub(crate) fn enrol(&self, args: &[&str]) -> (String, String) {
        let mut terminal = self.terminal(args);
        let code = offered_code(&mut terminal);
        self.fill("認証コード", &code);
        self.press("2要素認証を有効にする");
        self.sees("2要素認証: 有効");
        self.step("answer with Enter");
        terminal.enter("");
        let (status, screen) = terminal.finish();
        assert!(status.success(), "{screen}");
        (code, screen)
    }

    /// From the login page to a key in use, off the screen.
    #[track_caller]
    pub(crate) fn enrol_off_the_screen(&mut self, console: &Console) -> (String, String) {
        self.log_in(console);
        self.sees("2要素認証が設定されていません");
        self.ask_for_qr(console);
        self.enrol(&["add", "--screen"])
    }

    /// Logs in with ID, password and the code of now.
    #[track_caller]
    pub(crate) fn log_in_with_code(&mut self, console: &Console) {
        self.log_in(console);
        let code = self.code(QUERY);
        self.fill("認証コード", &code);
        self.press("ログイン");
        self.sees("2要素認証は有効です");
    }

    /// Tries a code, which the console must refuse with these words.
    #[track_caller]
    pub(crate) fn is_refused(&mut self, console: &Console, code: &str, words: &str) {
        self.log_in(console);
        self.fill("認証コード", code);
        self.press("ログイン");
        self.sees(words);
    }

    /// Writes a file into the home and returns its path.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.home().home().join(name);
        self.home().write(&path, content);
        path.to_str().unwrap().to_owned()
    }

    /// Insists that the key of this URI is in no file that the person's programs have: the home,
    /// the runtime folder, the folders for temporary files. The vault is encrypted.
    #[track_caller]
    pub(crate) fn is_nowhere(&self, uri: &str) {
        let (_, key) = uri.split_once("secret=").unwrap();
        let canary = Canary::key(key.split('&').next().unwrap());
        let mut folders = vec![self.home().root().to_owned()];
        for shared in ["/tmp", "/var/tmp", "/dev/shm"] {
            let entries = fs::read_dir(shared).into_iter().flatten().flatten();
            let is_ours = |entry: &fs::DirEntry| {
                let owner = entry.metadata().ok().map(|found| found.uid());
                owner.is_some() && owner == self.home().uid
            };
            folders.extend(entries.filter(is_ours).map(|entry| entry.path()));
        }
        let found = |folder: &PathBuf| canary.files(folder);
        let leaks: Vec<_> = folders.iter().flat_map(found).collect();
        assert_eq!(leaks, [] as [PathBuf; 0]);
        let control = self.file("control", uri);
        assert_eq!(canary.files(self.home().root()).len(), 1);
        fs::remove_file(control).unwrap();
    }

    /// Sets the clocks of the console and of the desk forward.
    pub(crate) fn pass(&self, console: &Console, seconds: u64) {
        console.service().ahead += seconds;
        self.follow(console);
    }

    /// Sets the clock of the desk by that of the console.
    pub(crate) fn follow(&self, console: &Console) {
        self.clock.set_ahead(console.service().ahead.into());
    }
}

/// The code that `otpctl add` asks to be typed into the page.
#[track_caller]
pub(crate) fn offered_code(terminal: &mut Terminal) -> String {
    terminal.expect("このコードをページに入力してください:");
    terminal.expect("[Y/n]");
    let screen = terminal.screen();
    let (_, rest) = screen.rsplit_once("入力してください:").unwrap();
    rest.chars()
        .take_while(|c| *c != '(')
        .filter(char::is_ascii_digit)
        .collect()
}
