//! Linux: no tracing, landlock(7), seccomp(2).

use std::collections::BTreeMap;
use std::io;

use landlock::{ABI, Access as _, AccessFs, AccessNet, Ruleset, RulesetAttr as _, Scope};
use rustix::process::{DumpableBehavior, Resource, getpid, set_dumpable_behavior};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch, apply_filter,
};

use super::unix;

/// Most address space in bytes: the largest picture with all its copies, and this program.
const MAX_MEMORY: u64 = 256 * 1024 * 1024;

/// Keeps other programs of the same user out of this one's memory, leaves no core, and makes
/// new files the user's own.
///
/// # Errors
/// Those of prctl(2) and setrlimit(2).
pub fn harden() -> io::Result<()> {
    set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    unix::harden()
}

/// Takes everything away that reading standard input and writing standard output don't need.
/// A kernel without landlock or seccomp leaves that part out.
///
/// # Errors
/// Those of setrlimit(2).
pub fn confine() -> io::Result<()> {
    no_files();
    limits()?;
    few_calls();
    Ok(())
}

/// As [`confine`], for an input that says itself how much memory it takes: it may be read, and then
/// [`confine_computing`] comes.
///
/// # Errors
/// Those of setrlimit(2).
pub fn confine_reading() -> io::Result<()> {
    no_files();
    unix::computing_limits()
}

/// Takes the rest away that a key derivation of so many bytes doesn't need. It may have threads.
///
/// # Errors
/// Those of setrlimit(2).
pub fn confine_computing(memory: u64) -> io::Result<()> {
    unix::limit(Resource::As, MAX_MEMORY.saturating_add(memory))?;
    // glibc asks for a call whose arguments no filter can see, and else for one that it can.
    if let Some(filter) = no_clone3() {
        apply_filter(&filter).ok();
    }
    if let Some(filter) = filter(Threads::Allowed) {
        apply_filter(&filter).ok();
    }
    Ok(())
}

/// Limits memory, CPU time, files and children.
///
/// # Errors
/// Those of setrlimit(2).
pub fn limits() -> io::Result<()> {
    unix::limit(Resource::As, MAX_MEMORY)?;
    unix::limits()
}

/// Denies every file, socket and signal beyond what is open. Returns whether the kernel
/// enforces some of it.
pub fn no_files() -> bool {
    // No rule follows: nothing is allowed. An older kernel enforces as much of it as it knows.
    let rules = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V6))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(ABI::V6)))
        .and_then(|rules| rules.scope(Scope::from_all(ABI::V6)))
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self);
    rules.is_ok_and(|status| status.ruleset != landlock::RulesetStatus::NotEnforced)
}

/// Allows the system calls of reading, writing, memory and ending; any other fails with EPERM,
/// so that a library which only tries goes on. Returns whether the kernel enforces it.
pub fn few_calls() -> bool {
    filter(Threads::Refused).is_some_and(|filter| apply_filter(&filter).is_ok())
}

/// Whether threads may be started.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Threads {
    Allowed,
    Refused,
}

/// Refuses clone3(2) as a kernel does that lacks it.
fn no_clone3() -> Option<BpfProgram> {
    let arch = TargetArch::try_from(std::env::consts::ARCH).ok()?;
    let absent = SeccompAction::Errno(u32::try_from(libc::ENOSYS).ok()?);
    let rules = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    SeccompFilter::new(rules, SeccompAction::Allow, absent, arch)
        .ok()?
        .try_into()
        .ok()
}

fn filter(threads: Threads) -> Option<BpfProgram> {
    const ALWAYS: &[libc::c_long] = &[
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_close,
        libc::SYS_fstat,
        libc::SYS_brk,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_madvise,
        libc::SYS_futex,
        libc::SYS_sched_yield,
        libc::SYS_clock_gettime,
        libc::SYS_getrandom,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sigaltstack,
        libc::SYS_restart_syscall,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        ALWAYS.iter().map(|&call| (call, Vec::new())).collect();
    // Memory, but none that can be executed.
    let exec = u64::try_from(libc::PROT_EXEC).ok()?;
    let no_exec = SeccompCmpOp::MaskedEq(exec);
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        rules.insert(call, vec![when(2, no_exec.clone(), 0)?]);
    }
    // Signals, but only to itself: abort(3) needs one.
    let own = u64::try_from(getpid().as_raw_nonzero().get()).ok()?;
    rules.insert(libc::SYS_tgkill, vec![when(0, SeccompCmpOp::Eq, own)?]);

    if threads == Threads::Allowed {
        let thread = u64::try_from(libc::CLONE_THREAD | libc::CLONE_VM).ok()?;
        let is_thread = when(0, SeccompCmpOp::MaskedEq(thread), thread)?;
        rules.insert(libc::SYS_clone, vec![is_thread]);
        for call in [
            // What the other filter answers.
            libc::SYS_clone3,
            libc::SYS_set_robust_list,
            libc::SYS_rseq,
            libc::SYS_sched_getaffinity,
        ] {
            rules.insert(call, Vec::new());
        }
    }
    let arch = TargetArch::try_from(std::env::consts::ARCH).ok()?;
    let refused = SeccompAction::Errno(u32::try_from(libc::EPERM).ok()?);
    SeccompFilter::new(rules, refused, SeccompAction::Allow, arch)
        .ok()?
        .try_into()
        .ok()
}

/// A rule on one argument.
fn when(argument: u8, operator: SeccompCmpOp, value: u64) -> Option<SeccompRule> {
    let condition =
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value).ok()?;
    SeccompRule::new(vec![condition]).ok()
}
