//! Euclidean rhythms: hits spread over steps as evenly as can be (Toussaint 2005, after Bjorklund).

/// Steps that a rhythm may have.
pub const MOST: usize = 32;

/// `hits` of `steps`, bit by bit: the rhythms of Bjorklund's algorithm, which begin with a hit.
pub fn rhythm(hits: usize, steps: usize) -> u32 {
    let steps = steps.clamp(1, MOST);
    let hits = hits.min(steps);
    if hits == 0 {
        return 0;
    }
    // Heads and tails as (bits, length); tails are spread over heads until at most one is left over.
    let (mut head, mut heads) = ((1u64, 1usize), hits);
    let (mut tail, mut tails) = ((0u64, 1usize), steps - hits);
    let joined = |a: (u64, usize), b: (u64, usize)| (a.0 | b.0 << a.1, a.1 + b.1);
    // One round is always made, as in Toussaint's paper: 3 of 4 are x.xx.
    let mut first = tails > 0;
    while first || tails > 1 {
        first = false;
        let pairs = heads.min(tails);
        let pair = joined(head, tail);
        match heads > tails {
            true => (tail, tails) = (head, heads - pairs),
            false => tails -= pairs,
        }
        (head, heads) = (pair, pairs);
    }
    let mut all = (0u64, 0usize);
    for _ in 0..heads {
        all = joined(all, head);
    }
    for _ in 0..tails {
        all = joined(all, tail);
    }
    all.0 as u32
}

/// Whether a step of a rhythm is hit, which is turned so that its step `turn` comes first.
#[inline]
pub fn is_hit(rhythm: u32, steps: usize, turn: i64, step: i64) -> bool {
    let place = (step + turn).rem_euclid(steps.max(1) as i64);
    rhythm >> (place & 31) & 1 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_rhythms_come_out() {
        for (hits, steps, want) in [
            (1, 2, "x."),
            (2, 5, "x.x.."),
            (3, 4, "x.xx"),
            (3, 8, "x..x..x."),
            (4, 7, "x.x.x.x"),
            (4, 12, "x..x..x..x.."),
            (5, 8, "x.xx.xx."),
            (5, 16, "x..x..x..x..x..."),
            (7, 8, "x.xxxxxx"),
            (0, 4, "...."),
            (4, 4, "xxxx"),
        ] {
            let bits = rhythm(hits, steps);
            let told: String = (0..steps)
                .map(|s| {
                    if is_hit(bits, steps, 0, s as i64) {
                        'x'
                    } else {
                        '.'
                    }
                })
                .collect();
            assert_eq!(told, want);
        }
    }

    #[test]
    fn hits_are_counted_and_spread() {
        for steps in 1..=MOST {
            for hits in 0..=steps {
                let bits = rhythm(hits, steps);
                assert_eq!(bits.count_ones() as usize, hits, "({hits},{steps})");
                let at: Vec<usize> = (0..steps).filter(|s| bits >> s & 1 == 1).collect();
                let gaps: Vec<usize> = (0..at.len())
                    .map(|i| (at[(i + 1) % at.len()] + steps - at[i] - 1) % steps + 1)
                    .collect();
                let (least, most) = (gaps.iter().min(), gaps.iter().max());
                if let (Some(least), Some(most)) = (least, most) {
                    assert!(most - least <= 1, "({hits},{steps}): {gaps:?}");
                }
            }
        }
    }
}
