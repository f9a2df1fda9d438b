//! How many connections there may be, in all and from one address: each takes memory and a file.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ipnet::IpNet;

/// That connections are refused is said no more often than this.
const QUIET: Duration = Duration::from_secs(60);

/// The connections that there are; cheap to clone.
#[derive(Clone)]
pub(super) struct Crowd {
    most: usize,
    most_of_one: usize,
    /// All clients behind one of these come from its address.
    proxies: Arc<[IpNet]>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
    refused: u64,
    said: Option<Instant>,
}

/// One connection's, until it is dropped.
#[must_use = "dropped, it is free for another connection"]
pub(super) struct Place {
    crowd: Crowd,
    address: IpAddr,
}

impl Crowd {
    pub(super) fn new(most: usize, most_of_one: usize, proxies: Arc<[IpNet]>) -> Self {
        Crowd {
            most,
            most_of_one,
            proxies,
            state: Arc::default(),
        }
    }

    /// A place for a connection from `peer`, if there is one.
    pub(super) fn admit(&self, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        let is_proxy = self.proxies.iter().any(|range| range.contains(&peer));
        let address = together(peer);
        let mut state = self.state();
        let of_one = state.by_address.get(&address).copied().unwrap_or(0);
        if state.all >= self.most || (of_one >= self.most_of_one && !is_proxy) {
            drop(state);
            if let Some(refused) = self.refuse(Instant::now()) {
                tracing::warn!(
                    refused,
                    last = %peer,
                    "there are as many connections as limits.connections and limits.connections_per_address allow"
                );
            }
            return None;
        }
        state.all += 1;
        state.by_address.insert(address, of_one + 1);
        drop(state);
        Some(Place {
            crowd: self.clone(),
            address,
        })
    }

    /// How many were refused since that was last said, if it is time to say so.
    fn refuse(&self, now: Instant) -> Option<u64> {
        let mut state = self.state();
        state.refused += 1;
        let is_time = state
            .said
            .is_none_or(|said| now.duration_since(said) >= QUIET);
        is_time.then(|| {
            state.said = Some(now);
            std::mem::take(&mut state.refused)
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.crowd.state();
        state.all -= 1;
        if let Some(of_one) = state.by_address.get_mut(&self.address) {
            *of_one -= 1;
            if *of_one == 0 {
                state.by_address.remove(&self.address);
            }
        }
    }
}

/// Of IPv6, a customer has a /64 at the least.
fn together(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_address_has_its_share_and_all_together_no_more_than_there_is() {
        let proxy = crate::address::range("10.0.0.1").unwrap();
        let crowd = Crowd::new(5, 2, Arc::new([proxy]));
        let one = crowd.admit(address("203.0.113.1")).unwrap();
        let _two = crowd.admit(address("::ffff:203.0.113.1")).unwrap();
        assert!(crowd.admit(address("203.0.113.1")).is_none());
        drop(one);
        let _again = crowd.admit(address("203.0.113.1")).unwrap();
        let proxied: Vec<_> = (0..4)
            .filter_map(|_| crowd.admit(address("10.0.0.1")))
            .collect();
        assert_eq!(proxied.len(), 3, "a proxy may have what there is");
        assert!(crowd.admit(address("203.0.113.2")).is_none());
        drop(proxied);
        let _v6 = crowd.admit(address("2001:db8::1")).unwrap();
        let _next = crowd.admit(address("2001:db8::2")).unwrap();
        assert!(crowd.admit(address("2001:db8::3")).is_none(), "one /64");
        let _other = crowd.admit(address("2001:db8:0:1::1")).unwrap();
    }

    #[test]
    fn what_is_gone_is_forgotten() {
        let crowd = Crowd::new(1_000, 2, Arc::default());
        for last in 0..=255 {
            drop(crowd.admit([203, 0, 113, last].into()));
        }
        let state = crowd.state();
        assert_eq!((state.all, state.by_address.len()), (0, 0));
    }

    #[test]
    fn that_some_are_refused_is_said_once_a_minute() {
        let crowd = Crowd::new(0, 0, Arc::default());
        let now = Instant::now();
        assert_eq!(crowd.refuse(now), Some(1));
        for _ in 0..100 {
            assert_eq!(crowd.refuse(now), None);
        }
        assert_eq!(crowd.refuse(now + QUIET), Some(101));
    }
}
