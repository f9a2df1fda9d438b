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
    println!("                                     requests that are served before it");
    println!("who comes behind the crowd           in one line  in fair order  at most");
    for (name, weight, others, most) in [
        ("of the same tier", 1, &[1][..], 1),
        ("of a lighter tier", 1, &[8], 1),
        ("of a heavier tier", 8, &[1], 1),
        ("of the same tier as two crowds", 1, &[1, 1], 2),
        ("and with a crowd of a heavier tier", 1, &[1, 1, 8], 2 * 9),
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
        println!("{name:35}  {in_one_line:11}  {before:13}  {most:7}");
        assert!(before <= most, "{name}: {before} were served before it");
    }
}

#[test]
fn tiers_share_as_they_weigh_accounts_of_one_tier_alike_and_none_starves() {
    let mut queue = Queue::new();
    let all = [(1, 500), (1, 100), (2, 500), (4, 900), (8, 2_000)];
    let all = all.map(|(weight, count)| (owner(weight), count));
    for (who, count) in &all {
        crowd(&mut queue, who, *count, who.clone());
    }
    let served = served(&mut queue, 750);
    println!("account of weight  asks for  served of 750  its share  others between two, at most");
    for (who, asks) in &all {
        let at = served.iter().enumerate().filter(|(_, one)| *one == who);
        let at: Vec<_> = at.map(|(at, _)| at).collect();
        // Of fifteen parts; two accounts share the lightest tier's.
        let share = if who.0 == 1 { 25 } else { 50 * who.0 as usize };
        let longest = at.windows(2).map(|two| two[1] - two[0] - 1).max().unwrap();
        let (weight, count) = (who.0, at.len());
        println!("{weight:17}  {asks:8}  {count:13}  {share:9}  {longest:27}");
        assert!(count.abs_diff(share) <= 1, "{weight}: {count} of {share}");
        assert!(
            at[0] <= 2 * 750 / share && longest <= 2 * 750 / share,
            "{weight}: {at:?}"
        );
    }
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
fn a_position_is_when_one_is_served_if_nobody_comes_or_leaves() {
    let mut chance = StdRng::seed_from_u64(3);
    let owners: Vec<_> = [1, 1, 1, 2, 4, 8].map(owner).into();
    for round in 0..300 {
        let mut queue = Queue::new();
        let mut numbers = vec![];
        // Who comes while others are served, leaves, or is not served yet, all leave their traces.
        for item in 0..chance.random_range(0..120) {
            let who = &owners[chance.random_range(0..owners.len())];
            match chance.random_range(0..5) {
                0 => drop(queue.next(|_| true)),
                1 if !numbers.is_empty() => {
                    let (who, number, _) = numbers[chance.random_range(0..numbers.len())];
                    queue.leave(who, number);
                }
                2 => numbers.push((who, queue.join_first(who, item), item)),
                _ => numbers.push((who, queue.join(who, item), item)),
            }
        }
        let who = &owners[chance.random_range(0..owners.len())];
        let expected = queue.position(who);
        let number = queue.join(who, 1_000);
        assert_eq!(queue.position_of(who, number), Some(expected), "{round}");
        numbers.push((who, number, 1_000));
        let position = |(who, number, item): &(&Owner, u64, _)| {
            Some((queue.position_of(who, *number)?, *item))
        };
        let mut told: Vec<_> = numbers.iter().filter_map(position).collect();
        told.sort_unstable();
        let really: Vec<_> = (1..).zip(drain(&mut queue)).collect();
        assert_eq!(told, really, "{round}");
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

#[test]
fn who_comes_again_is_first_of_its_own_and_takes_no_turn_of_others() {
    let mut queue = Queue::new();
    let (own, other) = (owner(1), owner(1));
    for item in ["own 1", "own 2"] {
        queue.join(&own, item);
    }
    queue.join(&other, "other");
    let number = queue.join_first(&own, "again, and left");
    queue.join_first(&own, "again");
    assert_eq!(queue.leave(&own, number), Some("again, and left"));
    assert_eq!(queue.len(), 4);
    assert_eq!(drain(&mut queue), ["again", "other", "own 1", "own 2"]);
}
