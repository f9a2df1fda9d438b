//! Families that are written when somebody asks, from what stands then.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::metrics::PREFIX;

pub(super) struct Sheet<'a>(pub(super) DescriptorEncoder<'a>);

/// A series: its labels, and its value.
pub(super) type Series = (Vec<(&'static str, String)>, f64);

impl Sheet<'_> {
    /// What goes up and down.
    pub(super) fn gauge(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = Series>,
    ) -> fmt::Result {
        self.family(name, help, MetricType::Gauge, series)
    }

    /// What only grows; its name is written with `_total` behind it.
    pub(super) fn counter(
        &mut self,
        name: &str,
        help: &str,
        series: impl IntoIterator<Item = Series>,
    ) -> fmt::Result {
        self.family(name, help, MetricType::Counter, series)
    }

    fn family(
        &mut self,
        name: &str,
        help: &str,
        kind: MetricType,
        series: impl IntoIterator<Item = Series>,
    ) -> fmt::Result {
        // Those names that are the same for any process keep them.
        let name = match name.starts_with("process_") {
            true => name.to_owned(),
            false => format!("{PREFIX}_{name}"),
        };
        let mut family = self.0.encode_descriptor(&name, help, None, kind)?;
        for (labels, value) in series {
            match kind {
                MetricType::Counter => {
                    ConstCounter::new(value).encode(family.encode_family(&labels)?)?
                }
                _ => ConstGauge::new(value).encode(family.encode_family(&labels)?)?,
            }
        }
        Ok(())
    }
}

/// The one series of a family that has no labels.
pub(super) fn alone(value: f64) -> [Series; 1] {
    [(vec![], value)]
}
