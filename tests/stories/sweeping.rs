//! The operator is killed at every effect it has on AWS and on Kubernetes, before it, after it and after its answer, and
//! ends where an undisturbed one does.
//!
//! A life goes through five phases and is killed once in each; a plan is one such kill. `make test` runs a sample, whose
//! seed is printed; `SWEEP=all` (`make sweep`) runs every plan. `SWEEP_SEED=…` repeats a sample.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use crate::harness::{
    gate::{Effect, Position},
    lifecycle::{Life, Lived, Phase},
    world::block_on,
};

/// Lives at once. They mostly wait.
const LANES: usize = 3;

/// Lives of a sample, five plans each.
const SAMPLE: usize = 3;

const POSITIONS: [Position; 3] = [Position::Before, Position::Unanswered, Position::Answered];

type Kill = (Effect, Position);

/// What an undisturbed life made and what went, and where it can be killed, by phase.
struct Reference {
    summaries: Vec<BTreeMap<String, usize>>,
    kills: Vec<Vec<Kill>>,
}

/// Numbers that look random (SplitMix64).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound.max(1) as u64) as usize
    }
}

/// An undisturbed life.
async fn reference(life: &mut Life) -> Reference {
    let mut reference = Reference {
        summaries: Vec::new(),
        kills: Vec::new(),
    };
    for phase in Phase::ALL {
        let Lived {
            effects, summary, ..
        } = life
            .live(phase, None)
            .await
            .unwrap_or_else(|wrong| panic!("{phase:?}, undisturbed: {wrong}"));
        let at = |effect: Effect| POSITIONS.map(|position| (effect.clone(), position));
        reference
            .kills
            .push(effects.into_iter().flat_map(at).collect());
        reference.summaries.push(summary);
    }
    reference
}

/// Lives a life, killed once in each phase; returns how many plans it ran and how many kills took place.
async fn sweep(
    lane: usize,
    life: &mut Life,
    reference: &Reference,
    kills: &[Option<Kill>],
) -> Result<(usize, usize), String> {
    let (mut plans, mut reached) = (0, 0);
    for (index, phase) in Phase::ALL.into_iter().enumerate() {
        let kill = kills[index].as_ref();
        let plan = kill.map_or("not killed".to_owned(), |(effect, position)| {
            format!("killed {position} {effect}")
        });
        let lived = life
            .live(phase, kill)
            .await
            .map_err(|wrong| format!("{phase:?}, {plan}: {wrong}"))?;
        if lived.summary != reference.summaries[index] {
            return Err(format!(
                "{phase:?}, {plan}: I2: an undisturbed life has {:?}, this one {:?}",
                reference.summaries[index], lived.summary
            ));
        }
        if kill.is_some() {
            plans += 1;
            reached += usize::from(lived.is_killed);
            let end = if lived.is_killed {
                format!("settled after {:.1} s", lived.took.as_secs_f64())
            } else {
                "did not get there".to_owned()
            };
            println!("lane {lane}: {phase:?}, {plan}: {end}");
        }
    }
    Ok((plans, reached))
}

#[test]
fn operator_killed_at_any_effect_ends_where_an_undisturbed_one_does() {
    let is_whole = std::env::var_os("SWEEP").is_some_and(|sweep| sweep == "all");
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seed = std::env::var("SWEEP_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or_else(|| now.map_or(0, |now| now.as_secs()));
    println!("SWEEP_SEED={seed}");
    block_on(async {
        let others = (1..LANES)
            .map(|lane| tokio::spawn(async move { Life::new(&format!("sweep-{lane}")).await }));
        let others: Vec<_> = others.collect();
        let mut first = Life::new("sweep-0").await;
        let reference = Arc::new(reference(&mut first).await);
        let mut lives = vec![first];
        for other in others {
            lives.push(other.await.expect("a life"));
        }
        let longest = reference.kills.iter().map(Vec::len).max().unwrap_or(0);
        let rounds = if is_whole { longest } else { SAMPLE };
        let mut random = Random(seed);
        let mut pick = |round: usize, kills: &Vec<Kill>| {
            let index = if is_whole {
                round
            } else {
                random.below(kills.len())
            };
            kills.get(index).cloned()
        };
        let rounds: Vec<Vec<_>> = (0..rounds)
            .map(|round| {
                reference
                    .kills
                    .iter()
                    .map(|kills| pick(round, kills))
                    .collect()
            })
            .collect();
        let (rounds, next) = (Arc::new(rounds), Arc::new(AtomicUsize::new(0)));
        let lanes = lives.into_iter().enumerate().map(|(lane, mut life)| {
            let (reference, rounds, next) = (reference.clone(), rounds.clone(), next.clone());
            tokio::spawn(async move {
                let mut sums = (0, 0);
                while let Some(kills) = rounds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (plans, reached) = sweep(lane, &mut life, &reference, kills).await?;
                    sums = (sums.0 + plans, sums.1 + reached);
                }
                Ok::<_, String>(sums)
            })
        });
        let lanes: Vec<_> = lanes.collect();
        let (mut plans, mut reached, mut wrong) = (0, 0, Vec::new());
        for lane in lanes {
            match lane.await.expect("a lane ends") {
                Ok(sums) => (plans, reached) = (plans + sums.0, reached + sums.1),
                Err(error) => wrong.push(error),
            }
        }
        println!("{plans} plans, {reached} kills");
        assert!(
            wrong.is_empty(),
            "SWEEP_SEED={seed}\n{}",
            wrong.join("\n\n")
        );
        // Timing decides about some status writes and events; more than a few that are missed mean a broken sweep.
        assert!(
            reached * 4 >= plans * 3,
            "only {reached} of {plans} plans killed anything"
        );
    });
}
