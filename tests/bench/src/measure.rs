//! Interleaved pairs, medians, ratios.

use std::time::Duration;

use crate::Outcome;

/// What two things took, measured in turns.
pub struct Pair {
    /// Median of the rounds' medians.
    pub a: Duration,
    /// The same of the other.
    pub b: Duration,
    /// `a / b` of each round, sorted.
    ratios: Vec<f64>,
}

impl Pair {
    /// Collects rounds of (a, b) durations.
    pub fn of(rounds: &[Vec<(Duration, Duration)>]) -> Self {
        let mut medians_a = Vec::new();
        let mut medians_b = Vec::new();
        let mut ratios = Vec::new();
        for round in rounds {
            let a = median(round.iter().map(|pair| pair.0).collect());
            let b = median(round.iter().map(|pair| pair.1).collect());
            medians_a.push(a);
            medians_b.push(b);
            ratios.push(a.as_secs_f64() / b.as_secs_f64());
        }
        ratios.sort_by(f64::total_cmp);
        Self {
            a: median(medians_a),
            b: median(medians_b),
            ratios,
        }
    }

    /// The median ratio.
    pub fn ratio(&self) -> f64 {
        self.ratios[self.ratios.len() / 2]
    }

    /// The smallest and the largest round's ratio.
    pub fn range(&self) -> (f64, f64) {
        (self.ratios[0], self.ratios[self.ratios.len() - 1])
    }

    /// The same pair seen from the other side: rates instead of times.
    pub fn inverted(self) -> Self {
        let mut ratios: Vec<f64> = self.ratios.iter().map(|ratio| 1.0 / ratio).collect();
        ratios.reverse();
        Self { ratios, ..self }
    }
}

/// Measures `rounds` times `pairs` pairs, A B A B ...; `before` runs ahead of every round.
pub fn interleaved(
    (rounds, pairs): (usize, usize),
    mut before: impl FnMut() -> Outcome<()>,
    mut a: impl FnMut() -> Outcome<Duration>,
    mut b: impl FnMut() -> Outcome<Duration>,
) -> Outcome<Pair> {
    let mut measured = Vec::new();
    for _ in 0..rounds {
        before()?;
        let mut round = Vec::with_capacity(pairs);
        for _ in 0..pairs {
            round.push((a()?, b()?));
        }
        measured.push(round);
    }
    Ok(Pair::of(&measured))
}

/// The middle one.
pub fn median<T: Ord + Copy>(mut values: Vec<T>) -> T {
    values.sort_unstable();
    values[values.len() / 2]
}
