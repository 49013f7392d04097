//! `[[askpass]]`: which prompts of other programs are answered with a code.
//!
//! What a prompt says may come from a hostile server, so it never says whose it is: ssh puts
//! `(user@host) ` in front of it, and programs that don't are named in the rule.

use otp_proto::AskingProcess;
use serde::Deserialize;

/// Who asks where a rule names no program.
const SSH: &str = "ssh";

/// What a code is called although "password" is in it.
const CODES: [&str; 7] = [
    "one-time password",
    "one time password",
    "onetime password",
    "einmalpasswort",
    "einmalkennwort",
    "ワンタイムパスワード",
    "ﾜﾝﾀｲﾑﾊﾟｽﾜｰﾄﾞ",
];

/// What a prompt asks for that is no code. `[sudo]` begins sudo's own question for a password, in
/// every language.
const NO_CODES: [&str; 36] = [
    "[sudo]",
    "(yes/no",
    "(y/n",
    "password",
    "passwd",
    "passphrase",
    "pass phrase",
    "passwort",
    "kennwort",
    "mot de passe",
    "contraseña",
    "clave de paso",
    "senha",
    "wachtwoord",
    "lösenord",
    "hasło",
    "heslo",
    "пароль",
    "パスワード",
    "ﾊﾟｽﾜｰﾄﾞ",
    "パスフレーズ",
    "暗証番号",
    "密码",
    "密碼",
    "口令",
    "비밀번호",
    "암호",
    "adgangskode",
    "salasana",
    "parola",
    "şifre",
    "jelszó",
    "geslo",
    "lozinka",
    "κωδικός πρόσβασης",
    "mật khẩu",
];

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Keys")]
pub struct AskpassRule {
    prompt: String,
    host: Option<String>,
    user: Option<String>,
    program: Option<String>,
    /// The entry whose code is the answer: a query for exactly one.
    pub entry: String,
    /// Whether a person may be asked to unlock the vault for it.
    pub unlock: bool,
}

/// What the file says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    prompt: String,
    host: Option<String>,
    user: Option<String>,
    program: Option<String>,
    entry: String,
    unlock: Option<bool>,
}

impl TryFrom<Keys> for AskpassRule {
    type Error = &'static str;

    fn try_from(keys: Keys) -> Result<Self, Self::Error> {
        let Keys {
            prompt,
            host,
            user,
            program,
            entry,
            unlock,
        } = keys;
        let prompt = plain(prompt.trim());
        if !prompt.chars().any(char::is_alphanumeric) {
            return Err("the prompt says nothing");
        }
        if !is_for_code(&prompt) {
            return Err("this prompt asks for something else than a code");
        }
        if entry.trim().is_empty() {
            return Err("the entry is missing");
        }
        if program.as_ref().is_some_and(|program| !is_program(program)) {
            return Err("expected the name of a program or an absolute path");
        }
        match &host {
            Some(host) if !is_host(host.strip_prefix("*.").unwrap_or(host)) => {
                return Err("expected the name of a host, or '*.' and a domain");
            }
            // Any server that ssh is told to go to could write such a prompt.
            // Nobody else writes the host in front of a question.
            Some(_) if !is_ssh(program.as_deref().unwrap_or(SSH)) => {
                return Err("a host goes with ssh only");
            }
            None if is_ssh(program.as_deref().unwrap_or(SSH)) => {
                return Err("a host is missing, or a program other than ssh");
            }
            None if user.is_some() => return Err("a user needs a host"),
            _ => {}
        }
        Ok(Self {
            prompt,
            host,
            user,
            program,
            entry,
            unlock: unlock.unwrap_or(true),
        })
    }
}

impl AskpassRule {
    /// Whether this rule answers a prompt that [`is_for_code`].
    pub fn fits(&self, prompt: &str, asker: &AskingProcess) -> bool {
        if !is_named(asker, self.program.as_deref().unwrap_or(SSH)) {
            return false;
        }
        let text = match &self.host {
            None => prompt,
            Some(host) => match Place::of(prompt) {
                Some(place) if place.is(host, self.user.as_deref()) => place.text,
                _ => return false,
            },
        };
        plain(text).contains(&self.prompt)
    }
}

/// What ssh says of a prompt, and the server's own words.
#[derive(Debug, PartialEq, Eq)]
struct Place<'a> {
    user: &'a str,
    host: &'a str,
    text: &'a str,
}

impl<'a> Place<'a> {
    /// Reads `(user@host) text`, as ssh makes it of every prompt of keyboard-interactive (sshconnect2.c,
    /// since OpenSSH 8.5). `None` too if the text goes on as if it could be the rest of that: a user's
    /// name may hold a whole prefix of another host.
    fn of(prompt: &'a str) -> Option<Self> {
        let (name, text) = prompt.strip_prefix('(')?.split_once(") ")?;
        let (user, host) = name.rsplit_once('@')?;
        let is_user = !user.is_empty() && user.chars().all(is_of_user);
        let mut later = text.split('@').skip(1);
        let may_go_on = later.any(|rest| {
            let word = rest.split(char::is_whitespace).next();
            word.is_some_and(|word| word.contains(')'))
        });
        (is_user && is_host(host) && !may_go_on).then_some(Self { user, host, text })
    }

    fn is(&self, host: &str, user: Option<&str>) -> bool {
        let is_host = match host.strip_prefix('*') {
            // With the dot, so that it is a host of that domain.
            Some(domain) => {
                let start = self.host.len().checked_sub(domain.len());
                let end = start.and_then(|start| self.host.split_at_checked(start));
                end.is_some_and(|(name, end)| !name.is_empty() && end.eq_ignore_ascii_case(domain))
            }
            None => self.host.eq_ignore_ascii_case(host),
        };
        is_host && user.is_none_or(|user| user == self.user)
    }
}

/// Whether a prompt may be one for a code: it asks for no password, PIN, yes or no. Whoever types a
/// code there shows it to somebody who wants something else.
pub fn is_for_code(prompt: &str) -> bool {
    let mut text = plain(prompt);
    for code in CODES {
        text = text.replace(code, "");
    }
    let mut words = text.split(|c: char| !c.is_alphanumeric());
    !NO_CODES.iter().any(|word| text.contains(word)) && !words.any(|word| word == "pin")
}

/// A text without case and the width of its Latin letters.
fn plain(text: &str) -> String {
    const WIDE: u32 = 0xfee0;
    let narrow = |c: char| match c {
        '！'..='～' => char::from_u32(u32::from(c) - WIDE).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    };
    text.chars()
        .map(narrow)
        .flat_map(char::to_lowercase)
        .collect()
}

fn is_of_user(c: char) -> bool {
    !c.is_whitespace() && !c.is_control() && !matches!(c, '(' | ')')
}

/// A name or an address, with its zone.
fn is_host(text: &str) -> bool {
    let is_of_host =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '%');
    !text.is_empty() && text.chars().all(is_of_host)
}

fn is_program(text: &str) -> bool {
    let is_name = !text.is_empty() && !text.contains(['/', '\\', '\0']);
    is_name || std::path::Path::new(text).is_absolute()
}

fn file_name(program: &str) -> &str {
    program.rsplit(['/', '\\']).next().unwrap_or(program)
}

fn is_ssh(program: &str) -> bool {
    file_name(program).trim_end_matches(".exe") == SSH
}

/// Whether a process runs the program of a rule: the file of that path, whosever it is, or one of
/// that name that only root could have put there.
fn is_named(asker: &AskingProcess, program: &str) -> bool {
    if file_name(program) == program {
        asker.system && file_name(&asker.program) == program
    } else {
        asker.program == program
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_a_code_and_a_one_time_password_is() {
        for prompt in [
            "(alice@host) Password: ",
            "alice@host's password: ",
            "Enter passphrase for key '/home/alice/.ssh/id_ed25519': ",
            "[sudo] alice のパスワード: ",
            "[sudo] Palavra-passe para alice: ",
            "(alice@host) ｐａｓｓｗｏｒｄ and verification code: ",
            "(alice@host) ﾊﾟｽﾜｰﾄﾞ: ",
            "Enter PIN for 'card': ",
            "Password and one-time password: ",
            "Are you sure you want to continue connecting (yes/no/[fingerprint])? ",
            "Passwort: ",
        ] {
            assert!(!is_for_code(prompt), "{prompt}");
        }
        for prompt in [
            "(alice@host) Verification code: ",
            "One-time password (OATH) for `alice': ",
            "ワンタイムパスワード: ",
            "Spinning code: ",
        ] {
            assert!(is_for_code(prompt), "{prompt}");
        }
    }

    #[test]
    fn the_host_is_what_ssh_has_put_in_front_and_nothing_else() {
        let place = |user, host, text| Some(Place { user, host, text });
        for (prompt, expected) in [
            ("(alice@host) Code: ", place("alice", "host", "Code: ")),
            (
                "(a@corp@fe80::1%eth0) Code: ",
                place("a@corp", "fe80::1%eth0", "Code: "),
            ),
            (
                "(alice@host) Login for a@corp (1-3): ",
                place("alice", "host", "Login for a@corp (1-3): "),
            ),
            ("Code: (alice@host) ", None),
            (" (alice@host) Code: ", None),
            ("(alice) Code: ", None),
            ("(@host) Code: ", None),
            ("(alice@) Code: ", None),
            ("(alice@ho st) Code: ", None),
            ("(alice@host)Code: ", None),
            // `ssh 'alice@host) x@evil'`
            ("(alice@host) x@evil) Code: ", None),
            ("(alice@host) (x@evil) Code: ", None),
        ] {
            assert_eq!(Place::of(prompt), expected, "{prompt}");
        }
    }

    #[test]
    fn a_domain_has_its_hosts_and_neither_itself_nor_what_ends_like_it() {
        let is = |host: &str, rule: &str| {
            let (user, text) = ("a", "");
            Place { user, host, text }.is(rule, None)
        };
        assert!(is("a.example.com", "*.example.com") && is("A.B.EXAMPLE.com", "*.example.com"));
        assert!(!is("example.com", "*.example.com") && !is(".example.com", "*.example.com"));
        assert!(!is("badexample.com", "*.example.com") && !is("com", "*.example.com"));
        assert!(is("Host", "host") && !is("host.example.com", "host"));
    }

    #[test]
    fn a_name_means_a_program_of_the_system_and_a_path_that_file() {
        let asker = |program: &str, system| AskingProcess {
            pid: 1,
            start: 1,
            program: program.into(),
            system,
        };
        assert!(is_named(&asker("/usr/bin/ssh", true), "ssh"));
        assert!(is_named(&asker("sudo", true), "sudo"));
        assert!(!is_named(&asker("/home/me/bin/ssh", false), "ssh"));
        assert!(is_named(
            &asker("/home/me/bin/ssh", false),
            "/home/me/bin/ssh"
        ));
        assert!(!is_named(&asker("/usr/bin/ssh", true), "/opt/bin/ssh"));
        assert!(!is_named(&asker("/usr/bin/sshd", true), "ssh"));
    }
}
