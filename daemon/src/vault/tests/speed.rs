//! How long a large vault takes, against what can't be saved: age's own work.

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use super::samples::{MODE, arena, entry, id};
use crate::vault::Document;
use crate::vault::seal::{self, seal};

const ENTRIES: u64 = 10_000;
const ROUNDS: usize = 21;

/// Returns the processor time of this thread: others' work doesn't count.
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap()
}

/// Returns the median time of some work.
fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = worked();
            work();
            worked().saturating_sub(start)
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

#[test]
#[ignore = "a measurement, for an optimised build: --ignored --nocapture"]
fn ten_thousand_entries_load_and_seal_within_a_few_times_of_ages_own_work() {
    let (mut arena, sealer) = arena();
    let mut entries = Vec::new();
    for number in 1..=ENTRIES {
        let uri = format!(
            "otpauth://totp/Service%20{number}:user{number}@example.com\
             ?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Service%20{number}"
        );
        entries.push(Arc::new(entry(&uri, number, &mut arena)));
    }
    let document = Document {
        device: id(7),
        generation: 1,
        entries,
        trash: Vec::new(),
        tombs: Vec::new(),
        counters: [].into(),
    };
    let file = seal(&document, &arena, &sealer).unwrap().bytes;
    let text = sealer.identity(&arena);
    let identity: age::x25519::Identity = text.expose().parse().unwrap();
    let length = u64::try_from(file.len()).unwrap();

    let mut plain = Vec::new();
    let bare = median(|| {
        plain.clear();
        let age = age::Decryptor::new_buffered(file.as_slice()).unwrap();
        let mut stream = age
            .decrypt(std::iter::once::<&dyn age::Identity>(&identity))
            .unwrap();
        stream.read_to_end(&mut plain).unwrap();
    });
    let load = median(|| {
        black_box(seal::open(file.as_slice(), length, &text, MODE).unwrap());
    });
    let bare_seal = median(|| {
        let recipient = identity.to_public();
        let out = Vec::with_capacity(file.len());
        let age =
            age::Encryptor::with_recipients(std::iter::once::<&dyn age::Recipient>(&recipient));
        let mut out = age.unwrap().wrap_output(out).unwrap();
        out.write_all(&plain).unwrap();
        black_box(out.finish().unwrap());
    });
    let write = median(|| {
        black_box(seal(&document, &arena, &sealer).unwrap());
    });
    let ratio = |ours: Duration, bare: Duration| ours.as_secs_f64() / bare.as_secs_f64();
    writeln!(
        std::io::stderr(),
        "{length} bytes: load {load:.1?}, age {bare:.1?}, ratio {:.2}; \
         seal {write:.1?}, age {bare_seal:.1?}, ratio {:.2}",
        ratio(load, bare),
        ratio(write, bare_seal),
    )
    .unwrap();
}
