//! What the account has used.

use std::collections::BTreeMap;

use app::console::{ModelUsage, Problem, Totals, Usage, UsageBucket, UsageConsole, UsageRange};
use async_trait::async_trait;

use super::account::AccountConsole;
use super::internal;
use crate::clock::{DAY_MS, HOUR_MS, UnixMs};
use crate::usage::Slice;

impl AccountConsole {
    pub(super) async fn slices(&self, from: UnixMs, step_ms: i64) -> Result<Vec<Slice>, Problem> {
        self.dashboard
            .usage
            .since(&self.account.id, from, step_ms)
            .await
            .map_err(|error| internal(&error))
    }
}

#[async_trait]
impl UsageConsole for AccountConsole {
    async fn usage(&self, range: UsageRange) -> Result<Usage, Problem> {
        let now = self.dashboard.clock.now();
        let (count, step_ms, last) = match range {
            UsageRange::Day => (24, HOUR_MS, now.hour()),
            UsageRange::Week => (7, DAY_MS, now.day()),
            UsageRange::Month => (30, DAY_MS, now.day()),
        };
        let from = UnixMs(last.0 - (count - 1) * step_ms);
        let slices = self.slices(from, step_ms).await?;
        let buckets = (0..count)
            .map(|index| from.0 + index * step_ms)
            .map(|start_ms| UsageBucket {
                start_ms,
                totals: sum(slices.iter().filter(|slice| slice.start_ms == start_ms)),
            });
        Ok(Usage {
            total: sum(&slices),
            buckets: buckets.collect(),
            models: by_model(&slices),
            updated_ms: now.0,
        })
    }
}

/// Most requests first; what named no model is in the totals only.
fn by_model(slices: &[Slice]) -> Vec<ModelUsage> {
    let mut models: BTreeMap<&str, Vec<&Slice>> = BTreeMap::new();
    for slice in slices.iter().filter(|slice| !slice.model.is_empty()) {
        models.entry(&slice.model).or_default().push(slice);
    }
    let mut models: Vec<_> = models
        .into_iter()
        .map(|(model, slices)| ModelUsage {
            model: model.to_owned(),
            totals: sum(slices),
        })
        .collect();
    models.sort_by_key(|model| std::cmp::Reverse(model.totals.requests));
    models
}

pub(super) fn sum<'a>(slices: impl IntoIterator<Item = &'a Slice>) -> Totals {
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    slices
        .into_iter()
        .fold(Totals::default(), |sum, slice| Totals {
            requests: sum.requests + count(slice.requests),
            errors: sum.errors + count(slice.errors),
            input_tokens: sum.input_tokens + count(slice.prompt_tokens),
            output_tokens: sum.output_tokens + count(slice.completion_tokens),
        })
}
