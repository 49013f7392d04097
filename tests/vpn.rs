//! Private networks that want a code: the real openconnect with ocserv, the real `OpenVPN` with PAM.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::askpass::{Account, PASSWORD_AND_CODE};
use crate::support::{
    Daemon, Home, Outcome, Process, example, pasted, random, random_key, root_for, run, skip,
    start_program, until,
};

/// A certificate of its own authority, for an address; returns it and its key.
fn certificate(home: &Home) -> (PathBuf, PathBuf) {
    let (certificate, key) = (home.root().join("cert.pem"), home.root().join("key.pem"));
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
    ]);
    openssl.args(["-subj", "/CN=otpd", "-addext"]);
    openssl.arg(format!("subjectAltName=IP:{}", home.address()));
    openssl
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate);
    run(&mut openssl, b"").exits(0);
    (certificate, key)
}

/// A network's door: ocserv, which checks the codes itself (liboath).
struct Gateway {
    home: Home,
    _daemon: Daemon,
    _server: Process,
    certificate: PathBuf,
    url: String,
}

impl Gateway {
    /// `None` where the machine lacks something. Without a password the code is the one field.
    fn new(test: &str, password: Option<&str>) -> Option<Self> {
        if !root_for(test) {
            return None;
        }
        for program in ["/usr/sbin/ocserv", "/usr/sbin/openconnect"] {
            if !Path::new(program).exists() {
                skip(test, "no ocserv or no openconnect");
                return None;
            }
        }
        let (home, daemon) = Daemon::unlocked();
        let key = random::<20>();
        let mut base32 = String::new();
        otp_proto::base32_encode(&key, &mut base32);
        for (entry, key) in [("vpn", &base32), ("wrong", &random_key())] {
            home.add(&format!("otpauth://totp/{entry}:me?secret={key}"));
        }
        let root = home.root().to_owned();
        let mut hex = String::new();
        for byte in key {
            write!(hex, "{byte:02x}").unwrap();
        }
        fs::write(root.join("otp"), format!("HOTP/T30 me - {hex}\n")).unwrap();
        let passwords = root.join("passwords");
        fs::write(&passwords, "me:*:\n").unwrap();
        if let Some(password) = password {
            let mut ocpasswd = Command::new("ocpasswd");
            let twice = format!("{password}\n{password}\n");
            ocpasswd.arg("-c").arg(&passwords).arg("me");
            run(&mut ocpasswd, twice.as_bytes()).exits(0);
        }
        let (certificate, key) = certificate(&home);
        let (address, port) = (home.address(), home.port());
        let shown = root.display();
        let config = root.join("ocserv.conf");
        let lines = format!(
            "auth = \"plain[passwd={shown}/passwords,otp={shown}/otp]\"\ntcp-port = {port}\n\
             listen-host = {address}\nrun-as-user = nobody\nrun-as-group = nogroup\n\
             socket-file = {shown}/ocserv\nserver-cert = {}\nserver-key = {}\n\
             isolate-workers = false\ndevice = vpns\nipv4-network = 192.0.2.0/24\n\
             use-occtl = false\nmax-ban-score = 0\ncisco-client-compat = true\n",
            certificate.display(),
            key.display()
        );
        fs::write(&config, lines).unwrap();
        let mut ocserv = Command::new("/usr/sbin/ocserv");
        ocserv.arg("--foreground").arg("--config").arg(&config);
        ocserv.arg("--pid-file").arg(root.join("pid"));
        let server = Process::of(ocserv);
        until("ocserv listens", || {
            std::net::TcpStream::connect((address, port)).ok()
        });
        Some(Self {
            url: format!("https://{address}:{port}"),
            home,
            _daemon: daemon,
            _server: server,
            certificate,
        })
    }

    /// Runs a line of the documentation, until the cookie of a session.
    fn enter(&self, block: usize, changes: &[(&str, &str)]) -> Outcome {
        let certificate = self.certificate.display();
        let client = format!("/usr/sbin/openconnect --authenticate --cafile {certificate}");
        let same = [
            ("sudo openconnect", &*client),
            ("vpn.example.com", &self.url),
        ];
        let line = pasted("openconnect", block, &[&same, changes].concat());
        run(self.home.command("sh").arg("-c").arg(line), b"")
    }
}

#[test]
fn openconnect_reads_password_and_code_from_its_input() {
    let password = random_key();
    let Some(gateway) = Gateway::new("vpn::openconnect_reads", Some(&password)) else {
        return;
    };
    let typed = gateway.home.home().join("typed");
    gateway.home.write(&typed, format!("{password}\nmore\n"));
    let pass = ("pass show vpn", "cat typed");
    let wrong = gateway.enter(0, &[pass, ("get vpn", "get wrong")]);
    assert_eq!(wrong.exits(1).stdout, "");
    let entered = gateway.enter(0, &[pass]).exits(0);
    assert!(entered.stdout.contains("COOKIE="), "{entered:?}");
}

#[test]
fn openconnect_gets_the_code_of_a_form_from_its_configuration() {
    let Some(gateway) = Gateway::new("vpn::openconnect_gets", None) else {
        return;
    };
    let config = gateway.home.home().join(".config/vpn.conf");
    let lines = |changes| pasted("openconnect", 1, changes);
    let home = &gateway.home;
    home.write(&config, lines(&[("otp://vpn", "otp://wrong")]));
    assert_eq!(gateway.enter(2, &[]).exits(1).stdout, "");
    home.write(&config, lines(&[]));
    let entered = gateway.enter(2, &[]).exits(0);
    assert!(entered.stdout.contains("COOKIE="), "{entered:?}");
}

#[test]
fn openvpn_is_answered_at_its_management_socket() {
    let test = "vpn::openvpn_is_answered";
    if !Path::new("/usr/sbin/openvpn").exists() {
        skip(test, "openvpn is not installed");
        return;
    }
    let rule = "host = '*.example.com'";
    let Some(account) = Account::new(test, PASSWORD_AND_CODE, rule) else {
        return;
    };
    let (home, name) = (&account.home, &account.name);
    let password = account.password();
    home.write(&account.file("typed"), format!("{password}\n"));
    let (certificate, key) = certificate(home);
    let key_of_client = account.file("key.pem");
    home.write(&key_of_client, fs::read(&key).unwrap());
    let (address, port) = (home.address(), home.port());
    let (root, shown) = (home.root(), certificate.display());
    // Without a device on either side: what is asked is asked before.
    let log = root.join("server.log");
    let config = root.join("server.conf");
    let lines = format!(
        "dev null\ntls-server\nproto tcp-server\nlocal {address}\nport {port}\nca {shown}\n\
         cert {shown}\nkey {}\ndh none\nverb 4\nlog {}\n\
         plugin openvpn-plugin-auth-pam.so \"{name} login USERNAME Password PASSWORD \
         Verification OTP\"\n",
        key.display(),
        log.display()
    );
    fs::write(&config, lines).unwrap();
    let mut server = Command::new("/usr/sbin/openvpn");
    server.arg(&config);
    let _server = Process::of(server);
    let said = |what: &str| {
        until(what, || {
            fs::read_to_string(&log).ok()?.contains(what).then_some(())
        });
    };
    said("Listening for incoming TCP connection");
    let socket = home.run_dir().join("vpn.sock");
    let management = socket.to_str().unwrap();
    let documented = pasted("OpenVPN", 0, &[("/run/user/1000/vpn.sock", management)]);
    let config = account.file("client.conf");
    let lines = format!(
        "dev null\nclient\nproto tcp-client\nremote {address} {port}\nnobind\nca {shown}\n\
         cert {shown}\nkey {}\n{documented}",
        key_of_client.display()
    );
    home.write(&config, lines);
    let script = example(home, "openvpn-otp.sh");
    let connect = |entry: &str| {
        let client = start_program(home, "/usr/sbin/openvpn", &[config.to_str().unwrap()]);
        // It waits for the client's socket.
        let socket = format!("{management},retry=600,interval=0.1");
        let command = format!("{} {name} {entry} cat typed", script.display());
        let line = pasted(
            "OpenVPN",
            1,
            &[
                ("/run/user/1000/vpn.sock", &socket),
                ("openvpn-otp.sh me vpn pass show vpn", &command),
            ],
        );
        (
            client,
            start_program(home, "sh", &["-c", &format!("exec {line}")]),
        )
    };
    let connected = connect("right");
    said(&format!(
        "Username/Password authentication succeeded for username '{name}'"
    ));
    drop(connected);
    let _refused = connect("wrong");
    said(&format!("user '{name}' failed to authenticate"));
}

#[test]
fn a_script_answers_openvpn_for_what_it_understands_and_ends_when_it_was_refused() {
    let (home, _daemon) = Daemon::unlocked();
    home.add(&format!("otpauth://totp/vpn:me?secret={}", random_key()));
    let script = example(&home, "openvpn-otp.sh");
    let answers = |lines: &[&str]| {
        let mut command = home.command(&script);
        command.args(["me", "vpn", "echo", "pass word"]);
        run(&mut command, (lines.join("\r\n") + "\r\n").as_bytes())
    };
    let asked = ">PASSWORD:Need 'Auth' username/password SC:1,Code";
    let outcome = answers(&[">INFO:OpenVPN Management Interface", asked]).exits(0);
    let start = "username \"Auth\" \"me\"\npassword \"Auth\" \"SCRV1:cGFzcyB3b3Jk:";
    assert!(outcome.stdout.starts_with(start), "{outcome:?}");
    // Both in one (2.7), a private key's password, a dynamic challenge: whoever asks is answered
    // by nobody here.
    let others = [
        ">PASSWORD:Need 'Auth' username/password SC:2,Code",
        ">PASSWORD:Need 'Auth' username/password",
        ">PASSWORD:Need 'Private Key' password",
    ];
    assert_eq!(answers(&others).exits(0).stdout, "");
    let refused = [
        ">HOLD:Waiting for hold release:0",
        ">PASSWORD:Verification Failed: 'Auth'",
        asked,
    ];
    assert_eq!(answers(&refused).exits(1).stdout, "hold release\n");
}
