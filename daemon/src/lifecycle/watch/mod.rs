//! The sources of locks outside of the agent. Each file turns what one of them says into an
//! input; whether the vault locks is the agent's to decide. A source that can't be seen is told to
//! the agent too, so that `status` names it.

#[cfg(target_os = "linux")]
mod logind;
#[cfg(target_os = "linux")]
mod screen;
#[cfg(target_os = "linux")]
mod session;
#[cfg(target_os = "linux")]
mod sleep;

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
pub(crate) use linux::start;

#[cfg(not(target_os = "linux"))]
mod other;
#[cfg(not(target_os = "linux"))]
pub(crate) use other::start;
