//! The network's bend, `x · Φ(x)`, where Φ is the area under the bell curve.
//!
//! candle's own takes the error function of each number from a C library's port, which is half of all the time that an
//! embedding takes. This one is a quotient of polynomials, which the compiler turns into SIMD.

use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Tensor, bail};

/// Of each number in `x`. A graphics card has candle's own, which costs nothing there.
pub fn gelu(x: Tensor) -> Result<Tensor> {
    if !x.device().is_cpu() {
        return x.gelu_erf();
    }
    x.inplace_op1(&Gelu)?;
    Ok(x)
}

struct Gelu;

impl InplaceOp1 for Gelu {
    fn name(&self) -> &'static str {
        "gelu"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let (CpuStorage::F32(values), Some((from, to))) = (storage, layout.contiguous_offsets())
        else {
            bail!("gelu works on contiguous numbers of 32 bits")
        };
        values[from..to].iter_mut().for_each(|x| *x = of_one(*x));
        Ok(())
    }
}

#[inline]
fn of_one(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// The error function within 4e-7: x · P(x²) / Q(x²), as Eigen has it. Beyond 4 it is 1 to the last bit.
#[inline]
fn erf(x: f32) -> f32 {
    let x = x.clamp(-4.0, 4.0);
    let square = x * x;
    let above = [
        2.770_681_4e-8,
        -2.101_024e-6,
        -5.692_506_4e-5,
        -7.349_906_3e-4,
        -2.954_6e-3,
        -1.609_603_3e-2,
    ];
    let below = [
        -1.456_607_2e-5,
        -2.133_740_6e-4,
        -1.682_827e-3,
        -7.373_329e-3,
        -1.426_473_9e-2,
    ];
    let sum = |start: f32, terms: &[f32]| terms.iter().fold(start, |sum, term| sum * square + term);
    x * sum(-2.726_142_3e-10, &above) / sum(0.0, &below)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With the area under the bell curve summed up in small steps.
    fn exact(x: f64) -> f64 {
        let steps = 4_000;
        let width = x / f64::from(steps);
        let bell = |at: f64| (-at * at / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let area: f64 = (0..steps)
            .map(|step| bell((f64::from(step) + 0.5) * width) * width)
            .sum();
        x * (0.5 + area)
    }

    #[test]
    fn it_is_right_to_six_digits_everywhere() {
        for at in -1_000..=1_000 {
            let x = at as f32 / 100.0;
            let off = f64::from(of_one(x)) - exact(f64::from(x));
            assert!(
                off.abs() < 1e-6 * f64::from(x.abs()).max(1.0),
                "{x} is off by {off}"
            );
        }
    }
}
