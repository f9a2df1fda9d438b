//! What a worker says of its own load, where it exports it for Prometheus: vLLM, SGLang, llama.cpp, TGI and TEI do.

use serde::{Deserialize, Serialize};

/// A worker's load, by its own word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reported {
    /// Requests that it works on, whoever has sent them.
    pub running: u64,
    /// Requests in a queue of its own.
    pub waiting: u64,
    /// How full the cache is in which it keeps what it has read: from 0 to 1.
    pub cache_usage: Option<f64>,
}

/// What a name tells.
#[derive(Clone, Copy)]
enum Figure {
    Running,
    Waiting,
    CacheUsage,
}

const NAMES: [(&str, Figure); 13] = [
    ("vllm:num_requests_running", Figure::Running),
    ("vllm:num_requests_waiting", Figure::Waiting),
    ("vllm:kv_cache_usage_perc", Figure::CacheUsage),
    // Before 0.10.
    ("vllm:gpu_cache_usage_perc", Figure::CacheUsage),
    ("sglang:num_running_reqs", Figure::Running),
    ("sglang:num_queue_reqs", Figure::Waiting),
    ("sglang:token_usage", Figure::CacheUsage),
    ("llamacpp:requests_processing", Figure::Running),
    ("llamacpp:requests_deferred", Figure::Waiting),
    ("llamacpp:kv_cache_usage_ratio", Figure::CacheUsage),
    ("tgi_batch_current_size", Figure::Running),
    ("tgi_queue_size", Figure::Waiting),
    ("te_queue_size", Figure::Waiting),
];

/// Where several processes serve one model together, each may tell what all of them do; the first of them is enough.
const SHARDS: [&str; 3] = ["tp_rank", "pp_rank", "moe_ep_rank"];

/// From here on a cache is nearly full, and a worker about to put off what it is asked.
const FULL: f64 = 0.95;
/// Nobody has more; what says so is no count.
const MOST: f64 = 1e6;

impl Reported {
    /// Reads what a worker exports; `None` where nothing in it is known. Engines behind one address add up, and their fullest
    /// cache counts.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut reported = None;
        for (figure, value) in text.lines().filter_map(known) {
            let Reported {
                running,
                waiting,
                cache_usage,
            } = reported.get_or_insert_default();
            match figure {
                Figure::Running => *running += count(value),
                Figure::Waiting => *waiting += count(value),
                Figure::CacheUsage => {
                    *cache_usage = Some(cache_usage.unwrap_or(0.0).max(value.clamp(0.0, 1.0)));
                }
            }
        }
        reported
    }

    /// All that it has taken on.
    pub(super) fn load(&self) -> usize {
        usize::try_from(self.running + self.waiting).unwrap_or(usize::MAX)
    }

    /// Whether what it is given next will wait there.
    pub(super) fn is_strained(&self) -> bool {
        self.waiting > 0 || self.cache_usage.is_some_and(|usage| usage >= FULL)
    }
}

/// The figure that `line` tells, if it is one that we know: `name{labels} value time`, labels and time being optional.
fn known(line: &str) -> Option<(Figure, f64)> {
    let line = line.trim_start();
    let end = line.find(|char: char| char == '{' || char.is_whitespace())?;
    let (name, rest) = line.split_at(end);
    let (_, figure) = NAMES.into_iter().find(|(known, _)| *known == name)?;
    let (labels, rest) = match rest.strip_prefix('{') {
        // A label's value may hold a brace, but nothing behind the labels does.
        Some(rest) => rest.rsplit_once('}')?,
        None => ("", rest),
    };
    let value: f64 = rest.split_whitespace().next()?.parse().ok()?;
    (value.is_finite() && !is_other_shard(labels)).then_some((figure, value))
}

fn is_other_shard(labels: &str) -> bool {
    let rank = |name: &str| {
        let (_, rest) = labels.split_once(&format!("{name}=\""))?;
        rest.split_once('"').map(|(rank, _)| rank)
    };
    let mut ranks = SHARDS.into_iter().filter_map(rank);
    ranks.any(|rank| rank != "0")
}

fn count(value: f64) -> u64 {
    value.clamp(0.0, MOST) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(running: u64, waiting: u64, cache_usage: Option<f64>) -> Option<Reported> {
        Some(Reported {
            running,
            waiting,
            cache_usage,
        })
    }

    #[test]
    fn each_make_of_worker_is_understood() {
        for (text, expected) in [
            (
                "# HELP vllm:num_requests_running Number of requests in model execution batches.\n\
                 # TYPE vllm:num_requests_running gauge\n\
                 vllm:num_requests_running{engine=\"0\",model_name=\"a}b\"} 7.0\n\
                 vllm:num_requests_running{engine=\"1\",model_name=\"a}b\"} 5.0\n\
                 vllm:num_requests_waiting{engine=\"0\",model_name=\"a}b\"} 0.0\n\
                 vllm:num_requests_waiting{engine=\"1\",model_name=\"a}b\"} 2.0\n\
                 vllm:num_requests_waiting_by_reason{engine=\"1\",reason=\"capacity\"} 9.0\n\
                 vllm:kv_cache_usage_perc{engine=\"0\"} 0.25\n\
                 vllm:kv_cache_usage_perc{engine=\"1\"} 0.5\n",
                reported(12, 2, Some(0.5)),
            ),
            (
                "vllm:gpu_cache_usage_perc{model_name=\"m\"} 1.0\nvllm:num_requests_running{} 3",
                reported(3, 0, Some(1.0)),
            ),
            (
                "sglang:num_running_reqs{model_name=\"m\",tp_rank=\"0\",pp_rank=\"0\"} 4.0\r\n\
                 sglang:num_running_reqs{model_name=\"m\",tp_rank=\"1\",pp_rank=\"0\"} 4.0\r\n\
                 sglang:num_queue_reqs{model_name=\"m\"} 1.0 1700000000000\r\n\
                 sglang:token_usage{model_name=\"m\"} 0.28\r\n",
                reported(4, 1, Some(0.28)),
            ),
            (
                "llamacpp:requests_processing 2\nllamacpp:requests_deferred 3\n\
                 llamacpp:kv_cache_usage_ratio 0.1",
                reported(2, 3, Some(0.1)),
            ),
            (
                "tgi_queue_size 6\ntgi_batch_current_size 8",
                reported(8, 6, None),
            ),
            ("te_queue_size 11", reported(0, 11, None)),
        ] {
            assert_eq!(Reported::read(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_figure_tells_nothing() {
        for text in [
            "",
            "<html>\n<body>{}</body>",
            "{\"error\": \"not found\"}",
            "process_cpu_seconds_total 3",
            "vllm:num_requests_running",
            "vllm:num_requests_running{model_name=\"m\" 3",
            "vllm:num_requests_running{} many",
            "vllm:num_requests_running NaN",
            "vllm:num_requests_running +Inf",
            "#vllm:num_requests_running 3",
        ] {
            assert_eq!(Reported::read(text), None, "{text}");
        }
        for (text, running) in [
            ("vllm:num_requests_running -3", 0),
            ("vllm:num_requests_running 1e300", 1_000_000),
        ] {
            assert_eq!(Reported::read(text), reported(running, 0, None), "{text}");
        }
    }

    #[test]
    fn strained_is_who_lets_requests_wait_or_has_a_cache_that_is_nearly_full() {
        for (waiting, cache_usage, strained) in [
            (0, None, false),
            (0, Some(0.9), false),
            (0, Some(0.96), true),
            (1, Some(0.1), true),
            (1, None, true),
        ] {
            let one = reported(5, waiting, cache_usage).unwrap();
            assert_eq!(one.is_strained(), strained, "{one:?}");
            assert_eq!(one.load(), 5 + waiting as usize);
        }
    }
}
