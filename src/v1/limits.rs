//! `GET /v1/limits`: what the caller may use, has used, and has reserved.

use axum::Json;
use axum::extract::State;
use wire::{Buckets, RequestBucket, TokenBucket};

use super::V1;
use crate::clock::UnixMs;
use crate::limits::{Bucket, Standing, Standings};
use crate::principal::Principal;

/// Show the limits
///
/// How the caller's limits stand: what is used, what requests in flight have reserved, when it is free again. Costs nothing: a
/// client may look several times a second.
#[utoipa::path(
    get,
    path = "/limits",
    operation_id = "showLimits",
    tag = "Limits",
    responses((status = 200, description = "The limits.", body = wire::Limits)),
)]
pub(super) async fn show(State(v1): State<V1>, principal: Principal) -> Json<wire::Limits> {
    Json(shown(v1.limits.standing(&principal)))
}

fn shown(standings: Standings) -> wire::Limits {
    wire::Limits::new(buckets(standings.account), standings.key.map(buckets))
}

fn buckets(standing: Standing) -> Buckets {
    let Standing {
        requests,
        tokens,
        reserved,
    } = standing;
    let frees_at_ms = |bucket: Bucket| bucket.frees_at.map(|UnixMs(moment)| moment);
    Buckets {
        requests: RequestBucket {
            limit: requests.limit,
            used: requests.used,
            remaining: requests.remaining(),
            frees_at_ms: frees_at_ms(requests),
            full_at_ms: requests.full_at.0,
        },
        tokens: TokenBucket {
            limit: tokens.limit,
            used: tokens.used,
            reserved,
            remaining: tokens.remaining(),
            frees_at_ms: frees_at_ms(tokens),
            full_at_ms: tokens.full_at.0,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::error::ApiError;
    use super::*;
    use crate::clock::Clock;
    use crate::ids::{AccountId, KeyId};
    use crate::limits::Limits;
    use crate::principal::{Grant, Quota, Tier, Via};

    #[test]
    fn a_key_with_limits_of_its_own_is_shown_and_told_them() {
        let limits = Limits::new(Clock::manual(UnixMs(1_700_000_000_500)));
        let grant = Grant {
            tpm: Some(50),
            ..Grant::default()
        };
        let caller = Principal {
            account: AccountId::new(),
            via: Via::Key(KeyId::new()),
            tier: Tier::Free,
            quota: Quota { rpm: 10, tpm: 100 },
            grant: Arc::new(grant),
        };
        let _admission = limits.admit(&caller, 40).unwrap();

        let shown = shown(limits.standing(&caller));
        let full_at_ms = 1_700_000_061_000;
        let tokens = |limit, remaining| TokenBucket {
            limit,
            used: 40,
            reserved: 40,
            remaining,
            frees_at_ms: Some(full_at_ms),
            full_at_ms,
        };
        let requests = RequestBucket {
            limit: 10,
            used: 1,
            remaining: 9,
            frees_at_ms: Some(full_at_ms),
            full_at_ms,
        };
        let [account, key] =
            [tokens(100, 60), tokens(50, 10)].map(|tokens| Buckets { requests, tokens });
        assert_eq!(shown, wire::Limits::new(account, Some(key)));

        for (asked, expected) in [
            (
                11,
                "this key's own limit is 50 tokens per minute, of which 40 are used",
            ),
            (51, "more than this key's own limit of 50 tokens per minute"),
        ] {
            let error = ApiError::from(limits.admit(&caller, asked).unwrap_err());
            let message = error.body().error.message;
            assert!(message.contains(expected), "{message}");
        }
    }
}
