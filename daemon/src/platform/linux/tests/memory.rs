use std::fs;
use std::io;
use std::os::unix::fs::FileExt as _;

use otp_proto::Memory;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
use zeroize::Zeroize as _;

use super::super::page_size;
use super::is_alone;
use crate::config::MemoryMode;
use crate::platform::arena::{Arena, probe};
use crate::platform::random;

/// What smaps says of the mapping that a key is in: its first line, and its flags.
fn account(key: &[u8]) -> (String, Vec<String>) {
    let address = key.as_ptr().addr();
    let smaps = fs::read_to_string("/proc/self/smaps").unwrap();
    let mut lines = smaps.lines();
    let found = lines
        .find(|line| range(line).is_some_and(|range| range.contains(&address)))
        .unwrap();
    let flags = lines
        .find_map(|line| line.strip_prefix("VmFlags:"))
        .unwrap();
    let flags = flags.split_whitespace().map(str::to_owned).collect();
    (found.to_owned(), flags)
}

/// The addresses at the start of a line of maps or smaps.
fn range(line: &str) -> Option<std::ops::Range<usize>> {
    let (start, end) = line.split_once(' ')?.0.split_once('-')?;
    Some(usize::from_str_radix(start, 16).ok()?..usize::from_str_radix(end, 16).ok()?)
}

#[test]
fn the_kernel_keeps_each_kind_of_memory_as_it_was_asked_to() {
    for mode in [MemoryMode::Secret, MemoryMode::Mlock] {
        let mut arena = Arena::new(mode, 100);
        let slot = arena.put(b"key");
        let (line, flags) = account(arena.key(slot));
        let has = |flag: &str| flags.iter().any(|found| found == flag);
        match arena.protection() {
            Memory::Secret => {
                assert!(line.contains("secretmem"), "{line}");
                assert!(has("lo") && has("dd") && has("dc"), "{flags:?}");
            }
            Memory::Locked => assert!(has("lo") && has("dd") && has("wf"), "{flags:?}"),
            Memory::Unlocked => assert!(!has("lo") && has("dd") && has("wf"), "{flags:?}"),
        }
        if mode == MemoryMode::Mlock {
            assert_ne!(arena.protection(), Memory::Secret);
        }
        // The descriptor of the secret memory would let others map it.
        for entry in fs::read_dir("/proc/self/fd").unwrap() {
            let target = fs::read_link(entry.unwrap().path()).unwrap_or_default();
            assert!(!target.to_string_lossy().contains("secretmem"));
        }
    }
}

/// A random key that exists only masked, but for the moment in which an arena takes it.
struct Canary([u8; 20]);

impl Canary {
    const MASK: u8 = 0x5a;

    fn put(arena: &mut Arena) -> (Self, crate::platform::arena::Slot) {
        let mut key = [0; 20];
        random(&mut key);
        let slot = arena.put(&key);
        for byte in &mut key {
            *byte ^= Self::MASK;
        }
        (Self(key), slot)
    }

    fn is(&self, bytes: &[u8]) -> bool {
        bytes.len() == 20 && bytes.iter().zip(&self.0).all(|(a, b)| a ^ b == Self::MASK)
    }

    /// Counts the key in all writable memory of this process, as root or a debugger would read
    /// it.
    fn count(&self) -> usize {
        const CHUNK: usize = 1 << 14;
        let memory = fs::File::open("/proc/self/mem").unwrap();
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        let mut buffer = vec![0_u8; CHUNK + 19];
        let zeros = vec![0_u8; CHUNK + 19];
        let mut found = 0;
        for line in maps.lines().filter(|line| line.contains(" rw")) {
            let range = range(line).unwrap();
            for start in range.clone().step_by(CHUNK) {
                let want = (range.end - start).min(buffer.len());
                let position = u64::try_from(start).unwrap();
                let Ok(read) = read_at(&memory, &mut buffer[..want], position) else {
                    continue;
                };
                if buffer[..read] != zeros[..read] {
                    found += buffer[..read].windows(20).filter(|w| self.is(w)).count();
                }
                // Or the next chunk would hold what this one did.
                buffer[..read].zeroize();
            }
        }
        found
    }
}

fn read_at(file: &fs::File, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        let at = position + u64::try_from(done).unwrap();
        match file.read_at(&mut buffer[done..], at) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(_) if done > 0 => break,
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

#[test]
fn a_key_is_in_readable_memory_at_most_once_and_after_forgetting_nowhere() {
    for mode in [MemoryMode::Mlock, MemoryMode::Secret] {
        let mut arena = Arena::new(mode, 0);
        let (canary, slot) = Canary::put(&mut arena);
        assert!(canary.is(arena.key(slot)));
        // The scan's control: it finds what is there to be found.
        let readable = |arena: &Arena| usize::from(arena.protection() != Memory::Secret);
        assert_eq!(canary.count(), readable(&arena), "{mode:?}");
        for _ in 0..50 {
            arena.put(&[1; 999]);
        }
        assert!(canary.is(arena.key(slot)), "growth kept it");
        assert_eq!(canary.count(), readable(&arena), "{mode:?} after growth");
        arena.forget(slot);
        assert_eq!(canary.count(), 0, "{mode:?} after forgetting");
        let (second, _) = Canary::put(&mut arena);
        drop(arena);
        assert_eq!(second.count(), 0, "{mode:?} after the end");
    }
}

/// Lets this thread lock `bytes` of memory and no more.
fn limit(current: u64, maximum: u64) {
    let mut own = capabilities(None).unwrap();
    own.effective.remove(CapabilitySet::IPC_LOCK);
    own.effective.remove(CapabilitySet::SYS_RESOURCE);
    set_capabilities(None, own).unwrap();
    let limit = Rlimit {
        current: Some(current),
        maximum: Some(maximum),
    };
    setrlimit(Resource::Memlock, limit).unwrap();
}

#[test]
fn beyond_the_limit_of_locked_memory_an_arena_degrades_and_never_fails() {
    if !is_alone(&beyond_the_limit_of_locked_memory_an_arena_degrades_and_never_fails) {
        return;
    }
    let page = u64::try_from(page_size()).unwrap();
    let pages = |count: usize| vec![7_u8; count * page_size()];
    let hard = getrlimit(Resource::Memlock).maximum;
    // Where less is allowed to begin with, only the end of this test can be shown.
    let modes: &[_] = if hard.is_none_or(|hard| hard >= 16 * page) {
        limit(page, 16 * page);
        &[MemoryMode::Auto, MemoryMode::Mlock]
    } else {
        &[]
    };
    for &mode in modes {
        assert_eq!(probe(mode), Arena::new(mode, 1).protection());
        let mut arena = Arena::new(mode, 9 * page_size());
        assert_ne!(arena.protection(), Memory::Unlocked, "{mode:?}");
        let kept = arena.put(&pages(1));
        assert_eq!(getrlimit(Resource::Memlock).current, Some(16 * page));
        // Both mappings together are beyond the limit, the second alone is not.
        let more = arena.put(&pages(10));
        assert_eq!(arena.protection(), Memory::Locked, "{mode:?}");
        let most = arena.put(&pages(20));
        assert_eq!(arena.protection(), Memory::Unlocked, "{mode:?}");
        for (slot, count) in [(kept, 1), (more, 10), (most, 20)] {
            assert!(arena.key(slot) == pages(count));
        }
        arena.forget(most);
        arena.forget(more);
        arena.put(&pages(2));
        assert!(arena.key(kept) == pages(1));
    }
    limit(0, 0);
    let mut arena = Arena::new(MemoryMode::Auto, 1);
    let slot = arena.put(b"key");
    assert_eq!(arena.protection(), Memory::Unlocked);
    assert_eq!(arena.key(slot), b"key");
}
