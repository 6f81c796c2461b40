//! The loss of numbers, each against its own target, mean over each row; and its gradient in the outputs' place.
//!
//! Squared error: `loss = (y − target)²`, `d_y = 2·(y − target) / (width · counted)`. Binary cross-entropy of σ(z):
//! `loss = max(z, 0) − z·target + ln(1 + e^−|z|)`, `d_z = (σ(z) − target) / (width · counted)`.
use bytemuck::{Pod, Zeroable};

use super::common::{Binding, Context, Controls, Operands, read, write};
use crate::simd::{Parts, Simd, for_each_part};

/// The shape.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub struct Params {
    /// How many rows.
    pub rows: u32,
    /// Numbers in a row.
    pub width: u32,
    /// Distance between rows of `outputs`.
    pub stride: u32,
    /// 1: replace the outputs by their gradient; 0: leave them.
    pub gradient: u32,
    /// 1: binary cross-entropy; 0: squared error.
    pub binary: u32,
    /// Zero.
    pub reserved: [u32; 3],
}

/// controls: [`Controls`] · targets: (rows, width) · outputs: (rows, width), rows `stride` apart; becomes
/// d_outputs · losses: (rows)
pub const BINDINGS: &[Binding] = &[
    read("controls"),
    read("targets"),
    write("outputs"),
    write("losses"),
];

pub(super) use super::{no_lengths as lengths, no_panels as panels_len, no_scratch as scratch_len};

pub(super) fn run<S: Simd>(p: &Params, operands: Operands, context: Context<S>) {
    let ([controls, targets], [outputs, losses]) = operands.split();
    let counted = Controls::from_words(controls).counted;
    let (stride, width, rows) = (p.stride as usize, p.width as usize, p.rows as usize);
    let share = rows.div_ceil(context.threads()).max(1);
    let parts = outputs[..rows * stride].chunks_mut(share * stride);
    let parts = parts.zip(losses[..rows].chunks_mut(share));
    let parts = parts.zip(targets[..rows * width].chunks(share * width));
    for_each_part(&mut parts.collect::<Parts<_>>(), &|(
        (outputs, losses),
        targets,
    )| {
        let rows = outputs.chunks_exact_mut(stride).zip(losses.iter_mut());
        for ((row, loss), targets) in rows.zip(targets.chunks_exact(width)) {
            let mut sum = 0.0;
            for (output, &target) in row.iter_mut().zip(targets) {
                // Not a number: a target that counts for nothing.
                let (one, gradient) = if target.is_nan() {
                    (0.0, 0.0)
                } else if p.binary == 1 {
                    binary_cross_entropy(*output, target)
                } else {
                    squared_error(*output, target)
                };
                sum += one;
                if p.gradient == 1 {
                    *output = gradient / (width as f32 * counted);
                }
            }
            *loss = sum / width as f32;
            if p.gradient == 1 {
                row[width..].fill(0.0);
            }
        }
    });
}

/// Loss and slope of a number.
fn squared_error(y: f32, target: f32) -> (f32, f32) {
    let error = y - target;
    (error * error, 2.0 * error)
}

/// Loss and slope of a number whose sigmoid is the answer.
fn binary_cross_entropy(z: f32, target: f32) -> (f32, f32) {
    let e = libm::expf(-z.abs());
    let loss = z.max(0.0) - z * target + libm::log1pf(e);
    let sigmoid = if z < 0.0 { e } else { 1.0 } / (1.0 + e);
    (loss, sigmoid - target)
}
