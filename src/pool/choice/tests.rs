use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;

fn fleet(weights: &[u32]) -> Vec<Candidate> {
    let candidate = |(at, weight): (usize, &u32)| Candidate {
        in_flight: 0,
        weight: *weight,
        is_strained: false,
        number: number_of(&format!("10.0.0.{at}:8000")),
    };
    weights.iter().enumerate().map(candidate).collect()
}

/// Requests that come one a tick and stay for a random time. Gives which worker each went to.
fn simulate(
    fleet: &mut [Candidate],
    requests: usize,
    mean_stay: usize,
    mut choose: impl FnMut(&[Candidate], &mut StdRng, usize) -> usize,
) -> Vec<usize> {
    let mut chance = StdRng::seed_from_u64(7);
    let mut running: BinaryHeap<Reverse<(usize, usize)>> = BinaryHeap::new();
    (0..requests)
        .map(|now| {
            while let Some(Reverse((end, at))) = running.peek().copied()
                && end <= now
            {
                running.pop();
                fleet[at].in_flight -= 1;
            }
            let at = choose(fleet, &mut chance, now);
            fleet[at].in_flight += 1;
            running.push(Reverse((now + chance.random_range(1..2 * mean_stay), at)));
            at
        })
        .collect()
}

#[test]
fn requests_spread_as_the_weights_say() {
    for weights in [&[1, 1, 1, 1][..], &[1, 2, 3], &[1, 1, 1, 7], &[5, 1]] {
        let mut fleet = fleet(weights);
        let went = simulate(&mut fleet, 10_000, 200, |fleet, chance, _| {
            of_two(fleet, chance).unwrap()
        });
        let total: u32 = weights.iter().sum();
        for (at, weight) in weights.iter().enumerate() {
            let got = went.iter().filter(|to| **to == at).count() as f64;
            let fair = 10_000.0 * f64::from(*weight) / f64::from(total);
            println!("weights {weights:?}: worker {at} got {got} of a fair {fair:.0}");
            assert!(
                (got / fair - 1.0).abs() < 0.05,
                "{weights:?}: {at} got {got} of {fair}"
            );
        }
    }
}

#[test]
fn the_less_busy_for_its_weight_is_chosen_and_then_the_weightier() {
    let mut chance = StdRng::seed_from_u64(1);
    for (in_flight, weights, chosen) in [
        ([3, 2], [1, 1], 1),
        ([3, 2], [2, 1], 0),
        ([0, 0], [1, 2], 1),
        ([2, 4], [1, 2], 1),
    ] {
        let mut fleet = fleet(&weights);
        (fleet[0].in_flight, fleet[1].in_flight) = (in_flight[0], in_flight[1]);
        assert!(
            (0..50).all(|_| of_two(&fleet, &mut chance) == Some(chosen)),
            "{fleet:?}"
        );
    }
    let firsts = (0..1_000).filter(|_| of_two(&fleet(&[1, 1]), &mut chance) == Some(0));
    assert!(
        (400..600).contains(&firsts.count()),
        "chance decides where nothing else does"
    );
    assert_eq!(of_two(&[], &mut chance), None);
    assert_eq!(of_two(&fleet(&[4]), &mut chance), Some(0));
}

/// Of many conversations, those turns that come to a worker that still remembers the conversation. A worker remembers 60.
fn hits(went: &[usize], conversation_of: impl Fn(usize) -> u64) -> f64 {
    let mut memories = vec![VecDeque::new(); 8];
    let hit = |(turn, at): (usize, &usize)| {
        let (memory, conversation) = (&mut memories[*at], conversation_of(turn));
        let known = memory.iter().position(|known| *known == conversation);
        if let Some(at) = known {
            memory.remove(at);
        }
        memory.push_front(conversation);
        memory.truncate(60);
        known.is_some()
    };
    went.iter().enumerate().map(hit).filter(|hit| *hit).count() as f64 / went.len() as f64
}

#[test]
fn what_begins_alike_goes_where_it_is_remembered() {
    // 240 conversations that take turns in no order: 8 workers have room for each twice.
    let conversation_of = |turn: usize| mixed(turn as u64) % 240;
    let random = simulate(&mut fleet(&[1; 8]), 10_000, 40, |fleet, chance, _| {
        of_two(fleet, chance).unwrap()
    });
    let mut busiest = 0;
    let kept = simulate(&mut fleet(&[1; 8]), 10_000, 40, |fleet, _, turn| {
        let at = of_affinity(fleet, conversation_of(turn)).unwrap();
        busiest = busiest.max(fleet[at].in_flight + 1);
        at
    });
    let (random, kept) = (hits(&random, conversation_of), hits(&kept, conversation_of));
    println!(
        "prefix hits: {:.1} % by chance, {:.1} % by affinity",
        random * 100.0,
        kept * 100.0
    );
    assert!(kept > 2.0 * random && kept > 0.7, "{kept} against {random}");
    // 40 in flight on average, and more than twice that never: no worker has above its share by more than the bound.
    assert!(busiest <= (80.0 / 8.0 * BOUND) as usize + 1, "{busiest}");
}

#[test]
fn a_favourite_that_is_too_busy_yields_and_a_lost_worker_moves_no_other_keys() {
    let mut all = fleet(&[1; 5]);
    let home = of_affinity(&all, 42).unwrap();
    for one in &mut all {
        one.in_flight = 4;
    }
    assert_eq!(of_affinity(&all, 42), Some(home));
    all[home].in_flight = 12;
    let second = of_affinity(&all, 42).unwrap();
    assert_ne!(second, home);

    let all = fleet(&[1, 1, 1, 1, 4]);
    let keys = 0..4_000;
    let homes: Vec<_> = keys
        .map(|key| of_affinity(&all, mixed(key)).unwrap())
        .collect();
    let heavy = homes.iter().filter(|home| **home == 4).count();
    assert!(
        (1_800..2_200).contains(&heavy),
        "weighs half of all: {heavy}"
    );
    let fewer = &all[1..];
    for (key, home) in (0..).zip(&homes).filter(|(_, home)| **home != 0) {
        assert_eq!(of_affinity(fewer, mixed(key)).unwrap() + 1, *home);
    }
}

#[test]
fn who_lets_requests_wait_yields_to_who_does_not() {
    let mut chance = StdRng::seed_from_u64(5);
    let mut two = fleet(&[1, 1]);
    two[0].is_strained = true;
    two[1].in_flight = 100;
    assert!((0..50).all(|_| of_two(&two, &mut chance) == Some(1)));
    for key in 0..50 {
        assert_eq!(of_affinity(&two, mixed(key)), Some(1));
    }
    two[1].is_strained = true;
    assert!((0..50).all(|_| of_two(&two, &mut chance) == Some(0)));
    let homes: Vec<_> = (0..50)
        .filter_map(|key| of_affinity(&two, mixed(key)))
        .collect();
    assert_eq!(homes.len(), 50, "somebody has to");
}
