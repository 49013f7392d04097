//! From the first statement to the loop, and the exit status.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::panic::PanicHookInfo;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context as _;
use otp_proto::{Dirs, Endpoint, Memory, SOCKET_VARIABLE, endpoint};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc;
use tokio::task::spawn_local;

use crate::agent::{Agent, Facts, Input};
use crate::arguments::{Command, Options, parse};
use crate::clock;
use crate::config::{Config, ConfigError, MemoryMode};
use crate::effect::{keyring, notify};
use crate::front::ipc::Ipc;
use crate::lifecycle::{
    Claim, ClaimError, Signals, VaultLock, WAIT, inherited_endpoint, service, watch,
};
use crate::logging::{self, Log};
use crate::platform::{self, Inherited, arena};
use crate::run::{Beside, Core, End, Sources, WAITING};
use crate::vault::store::Store;
use crate::{front, run, text};

/// Why otpd ends other than by being asked to.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{}", text::usage(.0))]
    Usage(#[from] lexopt::Error),
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    #[error(transparent)]
    Claim(#[from] ClaimError),
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

impl Failure {
    /// The exit status, as `otpd --help` lists it.
    fn status(&self) -> u8 {
        match self {
            Self::Claim(ClaimError::Taken { .. }) => 0,
            Self::Claim(_) | Self::Other(_) => 1,
            Self::Usage(_) => 2,
            Self::Configuration(_) => 8,
        }
    }
}

/// Runs the agent until it is told to stop; returns the exit status.
pub fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            say(&text::stderr_line(&failure));
            ExitCode::from(failure.status())
        }
    }
}

fn start() -> Result<(), Failure> {
    platform::harden().context("cannot close this process to others")?;
    std::panic::set_hook(Box::new(panicked));
    // It makes the age crate print the keys that it unwraps.
    platform::remove_env("AGEDEBUG").context("cannot clear AGEDEBUG")?;
    let inherited = take_listener().context("cannot take the inherited socket")?;
    platform::tune_heap();

    let options = match parse(std::env::args_os().skip(1))? {
        Command::Help => return print(text::HELP),
        Command::Version => return print(text::VERSION),
        Command::CheckConfig(options) => return configuration(&options).map(|_| ()),
        Command::Run(options) => options,
    };
    if !options.spawned {
        return agent(&options, inherited);
    }
    platform::detach(inherited.as_ref()).context("cannot leave the starter's session")?;
    let ended = agent(&options, inherited);
    if let Err(failure) = &ended
        && failure.status() != 0
    {
        // Its standard error leads nowhere. A starter that has gone on doesn't read this.
        platform::tell_starter(&text::stderr_line(failure)).ok();
    }
    ended
}

fn agent(options: &Options, inherited: Option<Inherited>) -> Result<(), Failure> {
    let config = configuration(options)?;
    let log = logging::start(options.log, config.log);
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())
        .context("cannot start")?;
    runtime.block_on(serve(options, config, log, inherited))
}

/// One agent per vault, whatever its endpoint. Held until the process is gone, because a write
/// that hangs may outlive everything that is dropped before.
static VAULT_LOCK: OnceLock<Option<VaultLock>> = OnceLock::new();

/// Everything that has to do with the endpoint and the vault.
async fn serve(
    options: &Options,
    config: Config,
    log: Log,
    inherited: Option<Inherited>,
) -> Result<(), Failure> {
    // Before the claim tells others whom to signal.
    let signals = Signals::new().context("cannot take signals over")?;
    let (endpoint, may_close) = find_endpoint(inherited.as_ref())?;
    let mut claim = Claim::take(&endpoint, inherited.as_ref(), may_close)?;
    let dirs = Dirs::new(&env).context("cannot find the vault's folder")?;
    let lock = VaultLock::take(&dirs.data, patience(options))?;
    VAULT_LOCK.get_or_init(|| lock);
    let listener = claim.listen(&endpoint, inherited)?;

    let store = Store::new(&dirs).with_keyring(keyring::system());
    if let Err(error) = store.tidy() {
        tracing::warn!(%error, "leftovers of a crash stay");
    }
    let memory = arena::probe(config.memory);
    if config.memory == MemoryMode::Secret && memory != Memory::Secret {
        tracing::warn!(?memory, "no secret memory (memfd_secret) can be had");
    }
    let (shut_until, shut_lost) = match store.shut_until(clock::now()) {
        Ok(until) => (until, None),
        Err(error) => (None, Some(error.to_string())),
    };
    if let Some(error) = &shut_lost {
        tracing::warn!(%error, "whether every unlock is refused is not known");
    }
    let facts = Facts {
        endpoint: endpoint.to_string(),
        backup: store.newest_backup(),
        shut_until,
        shut_lost,
    };
    let opens_by_itself = store.opens_by_itself();
    let agent = Agent::new(config.clone(), platform::random, store.exists(), memory);
    let agent = agent.with_facts(facts);
    let (sender, done) = mpsc::channel(WAITING);
    let path = config_path(options)?;
    let beside = Beside::new(store, &dirs, path, &config, sender);
    let (notices, ordered) = notify::Board::new();
    let core = Rc::new(Core::new(agent, beside, notices, log));

    claim.serving(&listener)?;
    let accepting = spawn_local(Ipc::new(Rc::clone(&core), listener).listen());
    tracing::info!(version = env!("CARGO_PKG_VERSION"), ?memory, "started");
    service::ready();
    say(&text::ready(&endpoint));
    if options.spawned {
        platform::tell_starter(&text::ready(&endpoint)).context("cannot tell the starter")?;
    }
    watch::start(&core);
    front::serve_desktop(&core);
    notify::start(&core, ordered);
    if opens_by_itself {
        core.input(Input::Begin);
    }
    let mut sources = Sources {
        signals,
        done,
        claim,
        accepting,
    };
    let end = run::run(&core, &mut sources).await;
    core.finish();
    sources.claim.release();
    tracing::info!("stopped");
    match end.context("cannot run")? {
        End::Stopped => Ok(()),
        End::Displaced => Err(anyhow::anyhow!("{endpoint} was taken away").into()),
    }
}

/// How long to wait for an agent that leaves the vault: less than the starter's two seconds, so
/// that it is told why.
fn patience(options: &Options) -> Duration {
    if options.spawned {
        Duration::from_millis(1500)
    } else {
        WAIT
    }
}

/// Returns where to listen, and whether its folder is otpd's own, to be closed to others.
fn find_endpoint(inherited: Option<&Inherited>) -> anyhow::Result<(Endpoint, bool)> {
    let user = platform::user().context("cannot find out who we are")?;
    let find =
        |env: &dyn Fn(&str) -> Option<OsString>| endpoint(env, &user, &platform::is_private_dir);
    let usual = find(&|name| env(name).filter(|_| name != SOCKET_VARIABLE));
    let found = match inherited {
        Some(socket) => inherited_endpoint(socket).context("cannot use the inherited socket")?,
        None => find(&env).context("cannot tell where to listen")?,
    };
    let may_close = match (&usual, &found) {
        (Ok(Endpoint::Socket(usual)), Endpoint::Socket(found)) => usual.parent() == found.parent(),
        _ => false,
    };
    Ok((found, may_close))
}

/// Takes the one socket that a service manager may hand over.
fn take_listener() -> anyhow::Result<Option<Inherited>> {
    let mut sockets = platform::take_listeners()?;
    let socket = sockets.pop();
    anyhow::ensure!(sockets.is_empty(), "more than one");
    Ok(socket)
}

/// Reads the configuration. A file that was named must be there.
fn configuration(options: &Options) -> Result<Config, Failure> {
    let path = config_path(options)?;
    match (Config::read(&path)?, &options.config) {
        (Some(config), _) => Ok(config),
        (None, None) => Ok(Config::default()),
        (None, Some(_)) => Err(ConfigError::absent(&path).into()),
    }
}

fn config_path(options: &Options) -> anyhow::Result<std::path::PathBuf> {
    Ok(match &options.config {
        Some(path) => path.clone(),
        None => Dirs::new(&env)
            .context("cannot find the configuration")?
            .config
            .join("otpd.toml"),
    })
}

fn env(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

fn print(text: &str) -> Result<(), Failure> {
    let written = io::stdout().write_all(text.as_bytes());
    Ok(written.context("cannot write to stdout")?)
}

/// Writes to stderr, which may be closed.
fn say(line: &str) {
    io::stderr().write_all(line.as_bytes()).ok();
}

/// Says where, and ends. Not what: a panic's text may quote what was worked on.
fn panicked(panic: &PanicHookInfo<'_>) {
    let place = panic
        .location()
        .map(|place| format!(" at {}:{}", place.file(), place.line()))
        .unwrap_or_default();
    say(&text::stderr_line(format_args!("internal error{place}")));
    std::process::abort();
}
