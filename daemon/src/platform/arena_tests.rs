use super::*;

const MODES: [MemoryMode; 3] = [MemoryMode::Auto, MemoryMode::Secret, MemoryMode::Mlock];

fn bytes(seed: u32, len: usize) -> Vec<u8> {
    let mut random = Random(u64::from(seed).wrapping_mul(0x9E37_79B9) | 1);
    (0..len)
        .map(|_| u8::try_from(random.below(256)).unwrap())
        .collect()
}

/// xorshift64: the same tests every time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

#[test]
fn keys_of_every_length_come_back() {
    for mode in MODES {
        let mut arena = Arena::new(mode, 0);
        let lengths = [0, 1, 20, 0, 1024, 4095, 4096, 4097, 65_536];
        let slots: Vec<_> = lengths
            .iter()
            .map(|&len| arena.put(&bytes(len.try_into().unwrap(), len)))
            .collect();
        for (&len, &slot) in lengths.iter().zip(&slots) {
            assert_eq!(arena.key(slot), bytes(len.try_into().unwrap(), len));
        }
        assert_eq!(arena.len(), lengths.len());
    }
}

#[test]
fn a_forgotten_key_is_empty_and_its_slot_never_names_a_later_key() {
    let mut arena = Arena::new(MemoryMode::Auto, 100);
    let kept = arena.put(b"kept");
    let first = arena.put(b"first");
    arena.forget(first);
    assert_eq!(arena.key(first), b"");
    for _ in 0..3000 {
        let later = arena.put(b"later");
        assert_ne!(later, first);
        assert_eq!(arena.key(first), b"");
        arena.forget(first);
        assert_eq!(arena.key(later), b"later");
        arena.forget(later);
        arena.forget(later);
    }
    assert_eq!(arena.key(kept), b"kept");
    assert_eq!(arena.len(), 1);
}

#[test]
fn ten_thousand_keys_cost_little_more_than_their_bytes_and_eight_each() {
    const KEYS: usize = 10_000;
    for room in [KEYS * 20, 0] {
        let mut arena = Arena::new(MemoryMode::Auto, room);
        for _ in 0..KEYS {
            arena.put(&[7; 20]);
        }
        let spare = if room == 0 {
            KEYS * 20 / SPARE_SHARE
        } else {
            0
        };
        assert!(arena.mapping.bytes().len() <= KEYS * 20 + spare + 4096);
        let table = arena.places.capacity() * size_of::<Place>();
        assert!(table <= KEYS * 9, "{table}");
    }
}

#[test]
fn what_was_forgotten_is_zeroed_and_used_again() {
    let mut arena = Arena::new(MemoryMode::Mlock, 4096);
    let kept = arena.put(&[1; 10]);
    let slot = arena.put(&[2; 20]);
    let span = arena.living(slot).unwrap().span();
    assert_eq!(arena.mapping.bytes()[span.clone()], [2; 20]);
    arena.put(&[3; 10]);
    arena.forget(slot);
    assert_eq!(arena.mapping.bytes()[span], [0; 20]);
    let before = arena.mapping.bytes().len();
    for _ in 0..1000 {
        let more = arena.put(&[4; 100]);
        arena.put(&[]);
        arena.forget(more);
    }
    assert_eq!(arena.mapping.bytes().len(), before);
    assert_eq!(arena.key(kept), [1; 10]);
}

#[test]
fn neither_debug_nor_a_slot_shows_a_key() {
    let mut arena = Arena::new(MemoryMode::Mlock, 0);
    let slot = arena.put(b"AAAAAAAA");
    let shown = format!("{arena:?} {slot:?}");
    assert!(!shown.contains("65") && !shown.contains("AAAA"), "{shown}");
}

#[test]
fn an_arena_behaves_like_a_map_through_growth_and_reuse() {
    for mode in MODES {
        let mut random = Random(0x0123_4567_89AB_CDEF);
        let mut arena = Arena::new(mode, 64);
        let mut model: Vec<(Slot, Vec<u8>)> = Vec::new();
        let mut forgotten = Vec::new();
        for round in 0..20_000 {
            if random.below(100) < 55 || model.is_empty() {
                let len = match random.below(50) {
                    0 => random.below(9000),
                    1 => 0,
                    _ => 1 + random.below(64),
                };
                let key = bytes(round, usize::try_from(len).unwrap());
                model.push((arena.put(&key), key));
            } else {
                let index = random.below(u64::try_from(model.len()).unwrap());
                let (slot, key) = model.swap_remove(usize::try_from(index).unwrap());
                assert_eq!(arena.key(slot), key);
                arena.forget(slot);
                forgotten.push(slot);
            }
        }
        assert_eq!(arena.len(), model.len());
        for (slot, key) in &model {
            assert_eq!(arena.key(*slot), key);
        }
        for slot in forgotten {
            assert!(arena.key(slot).is_empty());
        }
    }
}
