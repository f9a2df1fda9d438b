use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;

/// As many of `owner` come.
fn crowd<T: Clone>(queue: &mut Queue<T>, owner: &Owner, count: usize, item: T) {
    for _ in 0..count {
        queue.join(owner, item.clone());
    }
}

fn owner(weight: u32) -> Owner {
    (weight, AccountId::new())
}

/// Who is served by the next `count` turns, first to last. With one place, that is also when.
fn served<T>(queue: &mut Queue<T>, count: usize) -> Vec<T> {
    (0..count).map_while(|_| queue.next(|_| true)).collect()
}

fn drain<T>(queue: &mut Queue<T>) -> Vec<T> {
    served(queue, usize::MAX)
}

#[test]
fn five_hundred_of_one_delay_another_by_no_more_than_one() {
    println!("who waits                         in one line  fair");
    for (name, weight, others, most) in [
        ("one of the same tier", 1, &[1][..], 1),
        ("one of a lighter tier", 1, &[8], 1),
        ("one of a heavier tier", 8, &[1], 1),
        ("one of the same tier against two", 1, &[1, 1], 2),
        ("and one of a heavier tier", 1, &[1, 1, 8], 2 * 9),
    ] {
        let mut queue = Queue::new();
        for other in others {
            crowd(&mut queue, &owner(*other), 500, "crowd");
        }
        // It comes while others are being served.
        assert_eq!(served(&mut queue, 50).len(), 50);
        let in_one_line = queue.len();
        let late = owner(weight);
        queue.join(&late, "late");
        let before = drain(&mut queue)
            .iter()
            .position(|who| *who == "late")
            .unwrap();
        println!("{name:33} {in_one_line:11} {before:5}");
        assert!(before <= most, "{name}: {before} were served before it");
    }
}

#[test]
fn tiers_share_as_they_weigh_and_accounts_of_one_tier_alike() {
    let mut queue = Queue::new();
    let (free, other_free, startup) = (owner(1), owner(1), owner(4));
    for (who, count) in [(&free, 500), (&other_free, 100), (&startup, 500)] {
        crowd(&mut queue, who, count, who.clone());
    }
    let served = served(&mut queue, 500);
    let of = |who: &Owner| served.iter().filter(|one| *one == who).count();
    println!(
        "of 500: startup {}, free {} and {}",
        of(&startup),
        of(&free),
        of(&other_free)
    );
    assert!(of(&startup).abs_diff(400) <= 1);
    assert!(of(&free).abs_diff(50) <= 1 && of(&other_free).abs_diff(50) <= 1);
}

#[test]
fn within_an_account_the_first_is_first_and_who_left_is_not_served() {
    let mut queue = Queue::new();
    let who = owner(1);
    let numbers: Vec<_> = (0..5).map(|item| queue.join(&who, item)).collect();
    assert_eq!(queue.leave(&who, numbers[2]), Some(2));
    assert_eq!(queue.leave(&who, numbers[2]), None);
    assert_eq!(drain(&mut queue), [0, 1, 3, 4]);
    assert_eq!((queue.len(), queue.leave(&who, numbers[0])), (0, None));
}

#[test]
fn who_cannot_be_served_now_is_passed_over_and_keeps_its_turn() {
    let mut queue = Queue::new();
    let (first, second) = (owner(2), owner(2));
    queue.join(&first, "first");
    queue.join(&second, "second");
    assert_eq!(queue.next(|who| *who != "first"), Some("second"));
    queue.join(&second, "third");
    assert_eq!(queue.next(|_| true), Some("first"));
}

#[test]
fn a_full_queue_makes_room_at_the_cost_of_who_has_most_in_it() {
    let mut queue = Queue::new();
    let (greedy, modest) = (owner(1), owner(1));
    for number in 0..10 {
        queue.join(&greedy, number);
    }
    assert_eq!(queue.displace(&greedy), None);
    for displaced in [9, 8, 7, 6, 5] {
        assert_eq!(queue.displace(&modest), Some(displaced));
        queue.join(&modest, 100);
    }
    assert_eq!(queue.displace(&modest), None, "each has five");
    assert_eq!(queue.len(), 10);
}

#[test]
fn a_position_is_what_is_served_before() {
    let mut chance = StdRng::seed_from_u64(3);
    let owners: Vec<_> = [1, 1, 1, 2, 4, 8].map(owner).into();
    for round in 0..200 {
        let mut queue = Queue::new();
        for _ in 0..chance.random_range(0..60) {
            queue.join(&owners[chance.random_range(0..owners.len())], false);
        }
        for _ in 0..chance.random_range(0..10) {
            queue.next(|_| true);
        }
        let who = &owners[chance.random_range(0..owners.len())];
        let expected = queue.position(who);
        queue.join(who, true);
        let really = drain(&mut queue).iter().position(|is_it| *is_it).unwrap() + 1;
        // One turn more or less for each that takes part.
        assert!(
            really.abs_diff(expected) <= 2 * owners.len() + 8,
            "{round}: {really} for {expected}"
        );
    }
}

#[test]
fn nobody_starves_and_the_count_is_right_whatever_comes_and_goes() {
    let mut chance = StdRng::seed_from_u64(11);
    let owners: Vec<_> = [1, 1, 2, 4, 8, 8].map(owner).into();
    let mut queue = Queue::new();
    let mut waiting: Vec<(usize, u64, usize)> = vec![];
    let mut longest = 0;
    for now in 0..20_000 {
        match chance.random_range(0..10) {
            0..5 if waiting.len() < 300 => {
                let who = chance.random_range(0..owners.len());
                let number = queue.join(&owners[who], (who, now));
                waiting.push((who, number, now));
            }
            5 if !waiting.is_empty() => {
                let (who, number, came) =
                    waiting.swap_remove(chance.random_range(0..waiting.len()));
                assert_eq!(queue.leave(&owners[who], number), Some((who, came)));
            }
            _ => {
                if let Some((who, came)) = queue.next(|_| true) {
                    waiting.retain(|(other, _, since)| (*other, *since) != (who, came));
                    // At worst all 300 are before it in one line, which is served once in 30 turns: two accounts share
                    // one part of fifteen.
                    assert!(now - came < 300 * 30, "waited since {came} until {now}");
                    longest = longest.max(now - came);
                }
            }
        }
        assert_eq!(queue.len(), waiting.len());
    }
    println!("of 300 that wait at a time, none waited for more than {longest} steps");
    assert_eq!(drain(&mut queue).len(), waiting.len());
}

#[test]
fn who_cannot_be_served_holds_up_nobody_behind_it() {
    let mut queue = Queue::new();
    let owner = owner(1);
    for item in ["picky", "first", "second"] {
        queue.join(&owner, item);
    }
    let mut next = || queue.next(|item| *item != "picky");
    assert_eq!(
        [next(), next(), next()],
        [Some("first"), Some("second"), None]
    );
    assert_eq!(drain(&mut queue), ["picky"], "it keeps its place");
}
