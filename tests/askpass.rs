//! `otp-askpass` with the real sshd, sudo and `pam_google_authenticator`: logins with no hand on the
//! keyboard. The user of a test is in /etc/passwd for as long as the test runs.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use crate::prompt::install;
use crate::support::{
    Daemon, Home, Outcome, Terminal, programs, random_key, root_for, run, skip, until,
};

/// Seconds of a step, for sshd's PAM module and the entry: who logs in twice waits for so long.
const STEP: u64 = 4;

/// Codes alone, and after a password.
const CODE: &str = "auth required pam_google_authenticator.so\n";
pub(crate) const PASSWORD_AND_CODE: &str = "auth required pam_unix.so\n\
    auth required pam_google_authenticator.so\n";
/// What both go on with.
const OPEN: &str = "account required pam_permit.so\nsession required pam_permit.so\n";

/// Writes down what it is asked and answers with what a file has.
const FALLBACK: &str = "#!/bin/sh\nprintf '%s\\n' \"$1\" >>\"$HOME/asked\"\ncat \"$HOME/typed\"\n";

/// A user of the machine with an agent, and a service that wants codes.
pub(crate) struct Account {
    pub(crate) home: Home,
    pub(crate) name: String,
    daemon: Daemon,
    pub(crate) server: Option<Child>,
}

impl Drop for Account {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            server.kill().ok();
            server.wait().ok();
        }
        fs::remove_file(self.service()).ok();
        fs::remove_file(self.sudoers()).ok();
        let mut userdel = Command::new("userdel");
        userdel.args(["-f", &self.name]);
        run(&mut userdel, b"");
    }
}

impl Account {
    /// `None` where the machine lacks something. `rule` is what stands in the rule beside its
    /// prompt; `HERE` in it is the server's address.
    pub(crate) fn new(test: &str, stack: &str, rule: &str) -> Option<Self> {
        if !root_for(test) {
            return None;
        }
        let modules = fs::read_dir("/usr/lib").unwrap().flatten();
        let mut modules = modules.map(|folder| folder.path().join("security"));
        if !modules.any(|folder| folder.join("pam_google_authenticator.so").exists()) {
            skip(test, "no libpam-google-authenticator");
            return None;
        }
        let mut home = Home::with_vault();
        let uid = home.uid.unwrap();
        let name = format!("otpt{uid}");
        let folder = home.home();
        until("a new user", || {
            let mut useradd = Command::new("useradd");
            useradd.args(["-M", "-N", "-l", "-o", "-g", "65534", "-s", "/bin/sh"]);
            useradd.args(["-u", &uid.to_string(), "-d"]).arg(&folder);
            // Another test's may have the lock.
            run(useradd.arg(&name), b"").status.success().then_some(())
        });
        let key = random_key();
        let secret = folder.join(".google_authenticator");
        home.write(
            &secret,
            format!(
                "{key}\n\" STEP_SIZE {STEP}\n\" WINDOW_SIZE 5\n\" DISALLOW_REUSE\n\" TOTP_AUTH\n"
            ),
        );
        fs::set_permissions(&secret, PermissionsExt::from_mode(0o400)).unwrap();
        install(&home, &folder.join("fallback"), FALLBACK);
        home.write(&folder.join("typed"), "nothing\n");
        let fallback = folder.join("fallback");
        home.var("OTPD_ASKPASS_FALLBACK", fallback.to_str().unwrap());
        let rule = rule.replace("HERE", &home.address().to_string());
        home.configure(&format!(
            "[[askpass]]\nprompt = 'Verification code'\nentry = 'right'\n{rule}\n"
        ));
        let daemon = Daemon::start(&home);
        home.unlock();
        for (entry, key) in [("right", &key), ("wrong", &random_key())] {
            home.add(&format!(
                "otpauth://totp/{entry}:a?secret={key}&period={STEP}"
            ));
        }
        let account = Self {
            home,
            name,
            daemon,
            server: None,
        };
        fs::write(account.service(), format!("{stack}{OPEN}")).unwrap();
        Some(account)
    }

    /// PAM's service of this test.
    fn service(&self) -> PathBuf {
        Path::new("/etc/pam.d").join(&self.name)
    }

    fn sudoers(&self) -> PathBuf {
        Path::new("/etc/sudoers.d").join(&self.name)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.home.home().join(name)
    }

    /// Gives the user a password.
    pub(crate) fn password(&self) -> String {
        let password = random_key();
        let line = format!("{}:{password}\n", self.name);
        run(&mut Command::new("chpasswd"), line.as_bytes()).exits(0);
        password
    }

    /// Starts sshd on the loopback, and prepares the user's ssh for it.
    fn serve(&mut self, methods: &str) {
        let root = self.home.root().to_owned();
        let keygen = |name: &str| {
            let path = root.join(name);
            let mut keygen = Command::new("ssh-keygen");
            keygen
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(&path);
            run(&mut keygen, b"").exits(0);
            path
        };
        let (host, user) = (keygen("host"), keygen("user"));
        let id = self.file("id");
        self.home.write(&id, fs::read(&user).unwrap());
        let keys = user.with_extension("pub");
        chown(&keys, Some(0), Some(0)).unwrap();
        fs::set_permissions(&keys, PermissionsExt::from_mode(0o644)).unwrap();
        let (address, port) = (self.home.address(), self.home.port());
        let config = root.join("sshd_config");
        let text = format!(
            "Port {port}\nListenAddress {address}\nHostKey {}\nPidFile none\nUsePAM yes\n\
             KbdInteractiveAuthentication yes\nPasswordAuthentication no\nPrintLastLog no\n\
             AuthenticationMethods {methods}\nAuthorizedKeysFile {}\nStrictModes no\n\
             Subsystem sftp internal-sftp\n",
            host.display(),
            keys.display()
        );
        fs::write(&config, text).unwrap();
        fs::create_dir_all("/run/sshd").unwrap();
        // The name that it is started by is PAM's service.
        let program = root.join(&self.name);
        symlink("/usr/sbin/sshd", &program).unwrap();
        let mut sshd = Command::new(&program);
        sshd.arg("-D").arg("-f").arg(&config);
        sshd.arg("-E").arg(root.join("sshd.log"));
        self.server = Some(sshd.spawn().unwrap());
        until("sshd listens", || TcpStream::connect((address, port)).ok());
        let text = format!(
            "Host here\nHostName {address}\nUser {}\nPort {port}\nIdentityFile {}\n\
             IdentitiesOnly yes\nStrictHostKeyChecking no\nUserKnownHostsFile /dev/null\n\
             LogLevel ERROR\n",
            self.name,
            id.display()
        );
        self.home.write(&self.file("ssh_config"), text);
        self.home.var("SSH_ASKPASS_REQUIRE", "force");
        let askpass = programs().join("otp-askpass");
        self.home.var("SSH_ASKPASS", askpass.to_str().unwrap());
    }

    /// The first question of a login, as ssh writes it.
    fn prompt(&self, question: &str) -> String {
        format!("({}@{}) {question}", self.name, self.home.address())
    }

    /// Runs a command of the user's without a terminal.
    fn run(&self, words: &[&str]) -> Outcome {
        let mut command = self.home.command("setsid");
        run(command.arg("-w").args(words), b"")
    }

    /// What the fallback was asked.
    fn asked(&self) -> Vec<String> {
        let asked = fs::read_to_string(self.file("asked")).unwrap_or_default();
        asked.lines().map(str::to_owned).collect()
    }

    /// Ends the agent and counts the codes that it has given to prompts.
    fn codes(&mut self) -> usize {
        let code = "a code for the prompt of another program";
        self.daemon
            .end()
            .iter()
            .filter(|line| line.contains(code))
            .count()
    }
}

const SSH_RULE: &str = "host = 'HERE'";
const KEY_AND_CODE: &str = "publickey,keyboard-interactive:pam";

#[test]
fn ssh_scp_rsync_and_git_log_in_with_no_hand_on_the_keyboard() {
    let test = "askpass::ssh_scp_rsync_and_git";
    let Some(mut account) = Account::new(test, CODE, SSH_RULE) else {
        return;
    };
    account.serve(KEY_AND_CODE);
    let ssh = ["ssh", "-F", "ssh_config", "here"];
    let greeting = account.run(&[&ssh[..], &["echo", "logged", "in"]].concat());
    assert_eq!(greeting.exits(0).stdout, "logged in\n");
    account.home.write(&account.file("text"), "some text\n");
    let copy = ["scp", "-q", "-F", "ssh_config", "text", "here:copy"];
    account.run(&copy).exits(0);
    let shell = "ssh -F ssh_config";
    account
        .run(&["rsync", "-e", shell, "text", "here:synced"])
        .exits(0);
    for name in ["copy", "synced"] {
        assert_eq!(
            fs::read_to_string(account.file(name)).unwrap(),
            "some text\n"
        );
    }
    account
        .run(&["git", "init", "-q", "--bare", "there.git"])
        .exits(0);
    let shell = account.file("ssh_config");
    let shell = format!("ssh -F {}", shell.display());
    account.home.var("GIT_SSH_COMMAND", &shell);
    let git = |arguments: &[&str]| account.run(&[&["git"], arguments].concat()).exits(0);
    git(&["clone", "-q", "here:there.git", "mine"]);
    account
        .home
        .write(&account.file("mine/pushed"), "some text\n");
    git(&["-C", "mine", "add", "pushed"]);
    let author = ["-c", "user.name=me", "-c", "user.email=me@example.com"];
    let commit = ["commit", "-q", "-m", "A file"];
    git(&[&["-C", "mine"], &author[..], &commit].concat());
    git(&["-C", "mine", "push", "-q", "origin", "HEAD"]);
    git(&["clone", "-q", "here:there.git", "again"]);
    let pushed = fs::read_to_string(account.file("again/pushed"));
    assert_eq!(pushed.unwrap(), "some text\n");
    // pam_google_authenticator refuses a code that was used: each login had another.
    assert_eq!(account.asked(), [""; 0]);
    assert_eq!(account.codes(), 6);
}

#[test]
fn a_code_of_the_wrong_entry_is_refused_once_and_no_other_follows() {
    let test = "askpass::a_code_of_the_wrong_entry";
    let Some(mut account) = Account::new(test, CODE, SSH_RULE) else {
        return;
    };
    let address = account.home.address();
    let wrong =
        format!("[[askpass]]\nprompt = 'Verification code'\nhost = '{address}'\nentry = 'wrong'\n");
    account.home.configure(&wrong);
    account.daemon.signal(rustix::process::Signal::HUP);
    account.daemon.wait_for("configuration read");
    account.serve(KEY_AND_CODE);
    let refused = account.run(&["ssh", "-F", "ssh_config", "here", "true"]);
    let refused = refused.exits(255);
    assert!(refused.stderr.contains("asks again"), "{refused:?}");
    let prompt = account.prompt("Verification code: ");
    assert_eq!(account.asked(), [prompt.as_str(), &prompt]);
    assert_eq!(account.codes(), 1);
}

#[test]
fn a_rule_goes_by_the_alias_of_a_host_key_where_there_is_one() {
    let test = "askpass::a_rule_goes_by_the_alias";
    let Some(mut account) = Account::new(test, CODE, "host = 'alias.example.com'") else {
        return;
    };
    account.serve(KEY_AND_CODE);
    let ssh = ["ssh", "-F", "ssh_config", "-o", "NumberOfPasswordPrompts=1"];
    account
        .run(&[&ssh[..], &["here", "true"]].concat())
        .exits(255);
    assert_eq!(account.asked(), [account.prompt("Verification code: ")]);
    let alias = ["-o", "HostKeyAlias=alias.example.com", "here", "true"];
    account.run(&[&ssh[..], &alias].concat()).exits(0);
    assert_eq!(account.codes(), 1);
}

#[test]
fn at_a_terminal_what_no_rule_answers_is_asked_there() {
    let test = "askpass::at_a_terminal";
    let Some(mut account) = Account::new(test, PASSWORD_AND_CODE, SSH_RULE) else {
        return;
    };
    account.home.forget("OTPD_ASKPASS_FALLBACK");
    let password = account.password();
    account.serve("keyboard-interactive:pam");
    let login = ["-F", "ssh_config", "here", "echo", "logged", "in"];
    let mut terminal = Terminal::start(&account.home, "ssh", &login);
    terminal.expect(&account.prompt("Password: "));
    terminal.enter(&password);
    let (status, screen) = terminal.finish();
    assert!(status.success() && screen.contains("logged in"), "{screen}");
    assert!(!screen.contains(&password), "{screen}");
    assert_eq!(account.codes(), 1);
}

#[test]
fn a_yes_or_no_is_typed_at_a_terminal_where_it_is_seen() {
    let (home, _daemon) = Daemon::unlocked();
    let askpass = programs().join("otp-askpass");
    let question = "Are you sure (yes/no/[fingerprint])? ";
    // Its own output is no terminal, as with ssh.
    let run = "answer=$(\"$0\" \"$1\"); echo \"answered <$answer>\"";
    let arguments = ["-c", run, askpass.to_str().unwrap(), question];
    let mut terminal = Terminal::start(&home, "sh", &arguments);
    terminal.expect(question);
    terminal.enter("yes");
    terminal.expect("yes");
    terminal.expect("answered <yes>");
    assert!(terminal.finish().0.success());
}

#[test]
fn a_password_is_asked_by_whoever_asked_before_and_the_code_behind_it_answered() {
    let test = "askpass::a_password_is_asked";
    let Some(mut account) = Account::new(test, PASSWORD_AND_CODE, SSH_RULE) else {
        return;
    };
    let password = account.password();
    account
        .home
        .write(&account.file("typed"), format!("{password}\n"));
    account.serve("keyboard-interactive:pam");
    account
        .run(&["ssh", "-F", "ssh_config", "here", "true"])
        .exits(0);
    assert_eq!(account.asked(), [account.prompt("Password: ")]);
    assert_eq!(account.codes(), 1);
}

#[test]
fn sudo_is_allowed_by_a_code() {
    let test = "askpass::sudo";
    let Some(mut account) = Account::new(test, CODE, "program = 'sudo'") else {
        return;
    };
    let name = &account.name;
    let lines = format!(
        "Defaults:{name} pam_service={name}, pam_askpass_service={name}, timestamp_timeout=0\n\
         {name} ALL=(ALL) ALL\n"
    );
    let path = account.sudoers();
    fs::write(&path, lines).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o440)).unwrap();
    // With the capabilities that a program of root's gets: the throw-away users have none.
    let uid = account.home.uid.unwrap();
    let sudo = |account: &Account| {
        let plain = account.home.command("true");
        let mut command = Command::new("setpriv");
        command.args([&format!("--reuid={uid}"), &format!("--regid={uid}")]);
        command.args([
            "--clear-groups",
            "--",
            "setsid",
            "-w",
            "sudo",
            "-A",
            "id",
            "-u",
        ]);
        command.current_dir(account.home.home()).env_clear();
        let vars = plain
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?)));
        command.envs(vars);
        command.env("SUDO_ASKPASS", programs().join("otp-askpass"));
        run(&mut command, b"")
    };
    for _ in 0..2 {
        assert_eq!(sudo(&account).exits(0).stdout, "0\n");
    }
    assert_eq!(account.asked(), [""; 0]);
    assert_eq!(account.codes(), 2);
}
