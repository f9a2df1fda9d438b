//! What whoever runs these tests gives them beside the weights.

use engine::Processor;

/// What they compute on: the CPU, or the card that `ASSISTERS_TEST_DEVICE` names, such as `cuda:0`.
#[expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test has no configuration of its own"
)]
pub fn processor() -> Processor {
    match std::env::var("ASSISTERS_TEST_DEVICE") {
        Ok(name) => name.parse().unwrap(),
        Err(_) => Processor::Cpu,
    }
}
