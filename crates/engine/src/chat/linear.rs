//! A matrix of weights, kept in the form for which candle has its fastest kernels on this machine.

use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{D, Device, Module, Result, Tensor};

/// Columns of a Q8_0 block, and of a tile that the VNNI kernels take.
const BLOCK: usize = 32;
const TILE: usize = 256;

/// `x · Wᵀ`, quantised to Q8_0.
///
/// Q8_0 because candle has no SIMD kernel for Q4_1, and rows of 576 do not fit the K-quants.
pub struct Linear {
    weight: QMatMul,
    /// Inputs with their padding.
    columns: usize,
}

impl Linear {
    /// Stacks matrices that read the same input, so that it is quantised and multiplied once.
    pub fn stack(parts: &[QTensor], device: &Device) -> Result<Self> {
        let step = if device.is_cpu() {
            columns_at_once()
        } else {
            BLOCK
        };
        Linear::padded(parts, step, device)
    }

    /// With columns of zeros up to a multiple of `step`: they add nothing to the product.
    fn padded(parts: &[QTensor], step: usize, device: &Device) -> Result<Self> {
        let parts = parts
            .iter()
            .map(|part| part.dequantize(&Device::Cpu))
            .collect::<Result<Vec<_>>>()?;
        let weight = Tensor::cat(&parts, 0)?;
        let columns = weight.dim(1)?.next_multiple_of(step);
        let weight = widen(&weight, columns)?.to_device(device)?;
        Ok(Linear {
            weight: QMatMul::from_qtensor(QTensor::quantize(&weight, GgmlDType::Q8_0)?)?,
            columns,
        })
    }

    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        self.weight.forward(&widen(x, self.columns)?)
    }
}

fn widen(x: &Tensor, columns: usize) -> Result<Tensor> {
    match columns - x.dim(D::Minus1)? {
        0 => x.contiguous(),
        more => x.pad_with_zeros(D::Minus1, 0, more),
    }
}

/// How many columns the best kernel takes at once. candle chooses it at run time, from these same features; on CPUs
/// with VNNI it is several times as fast, but takes whole tiles only.
fn columns_at_once() -> usize {
    #[cfg(target_arch = "x86_64")]
    if (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vnni"))
        || (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("avxvnni"))
    {
        return TILE;
    }
    BLOCK
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(rows: usize, columns: usize, pace: f32) -> Tensor {
        let values = (0..rows * columns)
            .map(|at| (at as f32 * pace).sin())
            .collect::<Vec<_>>();
        Tensor::from_vec(values, (rows, columns), &Device::Cpu).unwrap()
    }

    #[test]
    fn padding_and_stacking_keep_the_product() {
        let (upper, lower, x) = (wave(32, 96, 0.7), wave(16, 96, 1.3), wave(3, 96, 0.11));
        let exact = x
            .matmul(&Tensor::cat(&[&upper, &lower], 0).unwrap().t().unwrap())
            .unwrap();
        let parts = [&upper, &lower].map(|part| QTensor::quantize(part, GgmlDType::Q8_0).unwrap());
        for step in [BLOCK, TILE] {
            let product = Linear::padded(&parts, step, &Device::Cpu)
                .unwrap()
                .forward(&x)
                .unwrap();
            assert_eq!(product.dims(), [3, 48]);
            let off = (product - &exact)
                .unwrap()
                .abs()
                .unwrap()
                .max_all()
                .unwrap();
            // Eight bits for each factor: half a percent of the largest sums, which are near 10.
            assert!(off.to_scalar::<f32>().unwrap() < 0.1, "step {step}: {off}");
        }
    }
}
