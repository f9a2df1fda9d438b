//! What models compute on: the processor, or a graphics card.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use candle_core::Device;

use crate::error::OpenError;

/// What is to be computed on. Cards are there only where the crate was built with its feature `cuda`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Processor {
    /// The first card, where there is one.
    #[default]
    Best,
    Cpu,
    /// The card of this number.
    Cuda(usize),
}

#[derive(Debug, thiserror::Error)]
#[error("a device is `cpu`, `cuda`, or a card by its number, such as `cuda:1`")]
pub struct UnknownProcessor;

impl FromStr for Processor {
    type Err = UnknownProcessor;

    fn from_str(text: &str) -> Result<Self, UnknownProcessor> {
        match text {
            "cpu" => Ok(Processor::Cpu),
            "cuda" => Ok(Processor::Cuda(0)),
            _ => {
                let number = text.strip_prefix("cuda:").ok_or(UnknownProcessor)?;
                let number = number.parse().map_err(|_| UnknownProcessor)?;
                Ok(Processor::Cuda(number))
            }
        }
    }
}

const HAS_CUDA: bool = cfg!(feature = "cuda");

impl Processor {
    /// Takes hold of it. The best one there is can always be had: the processor is, at least.
    pub(crate) fn open(self) -> Result<Device, OpenError> {
        match self {
            Processor::Cpu => Ok(Device::Cpu),
            Processor::Best if !HAS_CUDA => Ok(Device::Cpu),
            Processor::Best => Ok(card(0).unwrap_or_else(|error| {
                tracing::warn!(%error, "no graphics card can be used; computing on the CPU");
                Device::Cpu
            })),
            Processor::Cuda(_) if !HAS_CUDA => Err(OpenError::BuiltForCpu),
            Processor::Cuda(number) => {
                card(number).map_err(|source| OpenError::NoCard { number, source })
            }
        }
    }
}

/// Whose turn it is to compute on a card. With candle 0.11 on an H100, conversations that compute side by side come out
/// otherwise than alone; one after the other they do not, and are faster as well.
static TURN: Mutex<()> = Mutex::new(());

/// Computes with `device`: alone, if that is a card.
pub(crate) fn in_turn<T>(device: &Device, compute: impl FnOnce() -> T) -> T {
    // Who panicked in its turn left no number that anybody reads.
    let _turn = (!device.is_cpu()).then(|| TURN.lock().unwrap_or_else(PoisonError::into_inner));
    compute()
}

/// Takes hold of a card, once: what has hold of it twice does not keep its numbers apart either.
fn card(number: usize) -> Result<Device, candle_core::Error> {
    static HELD: Mutex<BTreeMap<usize, Device>> = Mutex::new(BTreeMap::new());
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(device) = held.get(&number) {
        return Ok(device.clone());
    }
    let device = Device::new_cuda(number)?;
    tracing::info!(number, "computing on a graphics card");
    held.insert(number, device.clone());
    Ok(device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_as_elsewhere() {
        for (text, processor) in [
            ("cpu", Processor::Cpu),
            ("cuda", Processor::Cuda(0)),
            ("cuda:3", Processor::Cuda(3)),
        ] {
            assert_eq!(text.parse::<Processor>().ok(), Some(processor));
        }
        for wrong in ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "CPU"] {
            assert!(wrong.parse::<Processor>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_best_can_always_be_had_and_the_cpu_is_one() {
        assert!(Processor::Best.open().is_ok());
        assert!(Processor::Cpu.open().unwrap().is_cpu());
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_card_that_this_build_cannot_use_is_an_error_that_says_so() {
        let refused = Processor::Cuda(0).open().unwrap_err().to_string();
        assert!(refused.contains("--features cuda"), "{refused}");
    }
}
