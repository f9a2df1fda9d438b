//! What a worker says of its own load, in whichever way it says it.

use serde_json::Value;

use super::client::{Answer, Client};

/// Gauges of requests that run: vLLM's, SGLang's, llama.cpp's, TGI's.
const RUNNING: [&str; 4] = [
    "vllm:num_requests_running",
    "sglang:num_running_reqs",
    "llamacpp:requests_processing",
    "tgi_batch_current_size",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Load {
    pub(super) running: u64,
    /// Requests whose client left, since the start.
    pub(super) cancelled: Option<u64>,
}

/// Where the load is told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gauge {
    pub(super) path: &'static str,
    read: fn(&Answer) -> Option<Load>,
}

const GAUGES: [Gauge; 3] = [
    Gauge {
        path: "/stats",
        read: |answer| stats(&answer.json),
    },
    Gauge {
        path: "/metrics",
        read: |answer| metrics(&String::from_utf8_lossy(&answer.bytes)),
    },
    Gauge {
        path: "/slots",
        read: |answer| slots(&answer.json),
    },
];

impl Gauge {
    /// The first that this worker has.
    pub(super) async fn find(client: &Client) -> Option<Gauge> {
        for gauge in GAUGES {
            if gauge.load(client).await.is_some() {
                return Some(gauge);
            }
        }
        None
    }

    pub(super) async fn load(self, client: &Client) -> Option<Load> {
        let answer = client.get(self.path).await.ok()?;
        (self.read)(&answer).filter(|_| answer.is_success())
    }
}

/// Our own worker's.
fn stats(json: &Value) -> Option<Load> {
    Some(Load {
        running: json["active"].as_u64()?,
        cancelled: json["cancelled"].as_u64(),
    })
}

fn slots(json: &Value) -> Option<Load> {
    let busy = json
        .as_array()?
        .iter()
        .map(|slot| slot["is_processing"].as_bool());
    let busy: Vec<bool> = busy.collect::<Option<_>>()?;
    let running = busy.into_iter().filter(|busy| *busy).count();
    Some(Load {
        running: running.try_into().ok()?,
        cancelled: None,
    })
}

/// In Prometheus' text; a worker of several engines has a sample for each.
fn metrics(text: &str) -> Option<Load> {
    let samples = |name: &str, label: &str| {
        let lines = text.lines().filter_map(|line| line.strip_prefix(name));
        let lines = lines.filter(|rest| rest.starts_with(['{', ' ']) && rest.contains(label));
        let values = lines.filter_map(|rest| rest.rsplit_once(' ')?.1.parse::<f64>().ok());
        values
            .map(|value| value as u64)
            .reduce(|sum, value| sum + value)
    };
    Some(Load {
        running: RUNNING.iter().find_map(|name| samples(name, ""))?,
        cancelled: samples("vllm:request_success_total", "finished_reason=\"abort\""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn load(running: u64, cancelled: Option<u64>) -> Option<Load> {
        Some(Load { running, cancelled })
    }

    #[test]
    fn each_worker_is_read_in_its_own_words() {
        assert_eq!(
            stats(&json!({"active": 2, "cancelled": 3})),
            load(2, Some(3))
        );
        let busy = json!([{"is_processing": true}, {"is_processing": false}]);
        assert_eq!(slots(&busy), load(1, None));
        let vllm = "# HELP vllm:num_requests_running Running.\n\
            vllm:num_requests_running{engine=\"0\",model_name=\"m\"} 1.0\n\
            vllm:num_requests_running{engine=\"1\",model_name=\"m\"} 2.0\n\
            vllm:num_requests_running_total 9.0\n\
            vllm:request_success_total{finished_reason=\"stop\"} 7.0\n\
            vllm:request_success_total{finished_reason=\"abort\"} 4.0\n";
        assert_eq!(metrics(vllm), load(3, Some(4)));
        assert_eq!(metrics("llamacpp:requests_processing 1\n"), load(1, None));
    }

    #[test]
    fn what_is_something_else_is_no_load() {
        assert_eq!(stats(&json!({"active": "yes"})), None);
        assert_eq!(slots(&json!({"error": {}})), None);
        assert_eq!(metrics("assisters_requests_running 1\n"), None);
    }
}
