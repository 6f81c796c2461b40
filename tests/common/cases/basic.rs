//! Products, sums, gathers, dropout and the loss.
use charloom::kernels::{
    Controls, Kernel, add, dropout as dropout_kernel, elementwise_loss as elementwise_loss_kernel,
    embedding_backward as embedding_backward_kernel, embedding_forward as embedding_forward_kernel,
    matmul as matmul_kernel, mean_loss as mean_loss_kernel, relu_backward as relu_backward_kernel,
    relu_forward as relu_forward_kernel, softmax_cross_entropy as loss_kernel,
    sum_rows as sum_rows_kernel,
};
use charloom::random::philox4x32;

use super::{Case, Sink, words};
use crate::{
    common::{
        compare::{ELEMENTWISE, EXACT, ROUNDING, Tolerance, sum_of},
        tokens, uniform, wide,
    },
    oracle::network::cross_entropy,
    oracle::number::{Number, Traced, start_tape},
};

/// What stands in places a kernel must not touch.
const UNTOUCHED: f32 = 12345.0;

/// A matrix (rows, columns) with rows `stride` apart, nothing after the last row's end.
fn strided(values: &[f32], columns: usize, stride: usize) -> Vec<f32> {
    let mut out = Vec::new();
    for row in values.chunks(columns) {
        out.resize(out.len().next_multiple_of(stride), UNTOUCHED);
        out.extend(row);
    }
    out
}

pub fn matmul(sink: Sink) {
    // (m, n, k): around every vector and tile size, and past the blocks of 120 × 768 × 256.
    let sizes = [
        (1, 1, 1),
        (1, 65, 257),
        (1, 257, 63),
        (3, 1, 65),
        (3, 63, 1),
        (63, 65, 3),
        (65, 3, 257),
        (257, 63, 65),
        (5, 16, 255),
        (6, 32, 256),
        (12, 48, 16),
        (121, 17, 259),
        (2, 771, 7),
        (13, 1027, 33),
    ];
    let mut seed = 0;
    for (m, n, k) in sizes {
        for (transpose_a, transpose_b) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            for (accumulate, has_bias, gap) in
                [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 5), (1, 0, 3)]
            {
                seed += 1;
                let a = uniform(m * k, 1.0, seed);
                let b = uniform(k * n, 1.0, seed + 1000);
                let bias = uniform(n, 1.0, seed + 2000);
                let c = uniform(m * n, 1.0, seed + 3000);
                // Element (i, j), whatever the order in memory.
                let at_a = |i: usize, p: usize| match transpose_a {
                    1 => a[p * m + i],
                    _ => a[i * k + p],
                };
                let at_b = |p: usize, j: usize| match transpose_b {
                    1 => b[j * k + p],
                    _ => b[p * n + j],
                };
                let (width_a, width_b) = (
                    if transpose_a == 1 { m } else { k },
                    if transpose_b == 1 { k } else { n },
                );
                let (lda, ldb, ldc) = (width_a + gap, width_b + gap, n + gap);
                let c = strided(&c, n, ldc);
                let mut expected = wide(&c);
                for i in 0..m {
                    for j in 0..n {
                        let product: f64 = (0..k)
                            .map(|p| f64::from(at_a(i, p)) * f64::from(at_b(p, j)))
                            .sum();
                        let start = match (accumulate, has_bias) {
                            (1, _) => expected[i * ldc + j],
                            (_, 1) => f64::from(bias[j]),
                            _ => 0.0,
                        };
                        expected[i * ldc + j] = start + product;
                    }
                }
                let params = matmul_kernel::Params {
                    m: m as u32,
                    n: n as u32,
                    k: k as u32,
                    lda: lda as u32,
                    ldb: ldb as u32,
                    ldc: ldc as u32,
                    transpose_a,
                    transpose_b,
                    accumulate,
                    has_bias,
                    reserved: [0; 2],
                };
                let label = format!(
                    "m{m} n{n} k{k} t{transpose_a}{transpose_b} acc{accumulate} bias{has_bias} \
                     gap{gap}"
                );
                let buffers = [
                    ("a", strided(&a, width_a, lda)),
                    ("b", strided(&b, width_b, ldb)),
                    ("bias", bias),
                    ("c", c),
                ];
                let case = Case::new(label, Kernel::Matmul(params), &buffers);
                sink(case.expect("c", &expected, sum_of(k)));
            }
        }
    }
}

pub fn sum_rows(sink: Sink) {
    for (rows, columns, gap) in [
        (1, 1, 0),
        (3, 63, 0),
        (65, 65, 0),
        (257, 3, 2),
        (63, 257, 15),
        (1, 17, 1),
        (40, 1, 4),
    ] {
        for (has_copy, accumulate) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let stride = columns + gap;
            let x = uniform(rows * columns, 1.0, columns as u64);
            let before = match accumulate {
                1 => uniform(columns, 1.0, 4),
                _ => vec![UNTOUCHED; columns],
            };
            let sum = |j: usize| -> f64 {
                let start = f64::from(before[j]) * f64::from(accumulate);
                start
                    + (0..rows)
                        .map(|n| f64::from(x[n * columns + j]))
                        .sum::<f64>()
            };
            let expected: Vec<f64> = (0..columns).map(sum).collect();
            let params = sum_rows_kernel::Params {
                rows: rows as u32,
                columns: columns as u32,
                stride: stride as u32,
                has_copy,
                accumulate,
                reserved: [0; 3],
            };
            let buffers = [
                ("x", strided(&x, columns, stride)),
                ("out", before.clone()),
                ("copy", before),
            ];
            let label =
                format!("rows{rows} columns{columns} gap{gap} copy{has_copy} acc{accumulate}");
            let case = Case::new(label, Kernel::SumRows(params), &buffers).expect(
                "out",
                &expected,
                sum_of(rows),
            );
            sink(if has_copy == 1 {
                case.expect("copy", &expected, sum_of(rows))
            } else {
                case.unchanged("copy")
            });
        }
    }
}

/// (N, width, V)
const GATHERS: [(usize, usize, usize); 7] = [
    (1, 1, 1),
    (3, 63, 65),
    (65, 3, 1),
    (257, 65, 3),
    (63, 257, 257),
    (5, 12, 1027),
    (40, 16, 7),
];

pub fn embedding_forward(sink: Sink) {
    for (n, width, v) in GATHERS {
        let mut x = tokens(n, v, n as u64);
        // A token past the vocabulary reads the last row: nothing outside is ever read.
        if n > 2 {
            x[1] = v as u32;
            x[2] = u32::MAX;
        }
        let weight = uniform(v * width, 1.0, 5);
        let row = |&token: &u32| {
            let token = (token as usize).min(v - 1);
            wide(&weight[token * width..(token + 1) * width])
        };
        let expected: Vec<f64> = x.iter().flat_map(row).collect();
        let params = embedding_forward_kernel::Params {
            rows: n as u32,
            width: width as u32,
            vocabulary: v as u32,
            reserved: 0,
        };
        let buffers = [
            ("tokens", words(&x)),
            ("weight", weight.clone()),
            ("out", vec![UNTOUCHED; n * width]),
        ];
        let label = format!("n{n} width{width} v{v}");
        let case = Case::new(label, Kernel::EmbeddingForward(params), &buffers);
        sink(case.expect("out", &expected, EXACT));
    }
}

pub fn embedding_backward(sink: Sink) {
    for (n, width, v) in GATHERS {
        let x = tokens(n, v, n as u64);
        let mut positions: Vec<u32> = (0..n as u32).collect();
        positions.sort_by_key(|&p| x[p as usize]);
        let starts: Vec<u32> = (0..=v as u32)
            .map(|token| x.iter().filter(|&&t| t < token).count() as u32)
            .collect();
        // All rows at once, and a part from the start, in the middle and to the end.
        let (third, half) = (n.div_ceil(3), n.div_ceil(2));
        for (first, rows) in [(0, n), (0, half), (third, third), (half, n - half)] {
            if rows == 0 || first + rows > n {
                continue;
            }
            let d_out = uniform(rows * width, 1.0, 6);
            let before = if first > 0 {
                uniform(v * width, 1.0, 7)
            } else {
                vec![UNTOUCHED; v * width]
            };
            let mut expected = match first {
                0 => vec![0.0; v * width],
                _ => wide(&before),
            };
            for (row, &token) in x[first..first + rows].iter().enumerate() {
                for j in 0..width {
                    expected[token as usize * width + j] += f64::from(d_out[row * width + j]);
                }
            }
            let params = embedding_backward_kernel::Params {
                rows: rows as u32,
                width: width as u32,
                vocabulary: v as u32,
                first: first as u32,
            };
            let buffers = [
                ("d_out", d_out),
                ("positions", words(&positions)),
                ("starts", words(&starts)),
                ("d_weight", before),
            ];
            let label = format!("n{n} width{width} v{v} rows{rows} from{first}");
            let case = Case::new(label, Kernel::EmbeddingBackward(params), &buffers);
            sink(case.expect("d_weight", &expected, sum_of(n.div_ceil(v) * 3)));
        }
    }
}

pub fn add(sink: Sink) {
    for len in [1, 3, 63, 65, 4099] {
        let (x, out) = (uniform(len, 2.0, 1), uniform(len, 2.0, 2));
        let expected: Vec<f64> = wide(&x)
            .iter()
            .zip(wide(&out))
            .map(|(a, b)| a + b)
            .collect();
        let params = add::Params {
            len: len as u32,
            reserved: [0; 3],
        };
        // What comes after the numbers is another's.
        let buffers = [
            ("x", [x, vec![UNTOUCHED; 2]].concat()),
            ("out", [out, vec![UNTOUCHED; 2]].concat()),
        ];
        let case = Case::new(format!("len{len}"), Kernel::Add(params), &buffers);
        let rest = wide(&[UNTOUCHED; 2]);
        sink(
            case.expect_at("out", 0, &expected, ELEMENTWISE)
                .expect_at("out", len, &rest, EXACT),
        );
    }
}

pub fn relu_forward(sink: Sink) {
    for len in [1, 3, 63, 65, 4099] {
        let y = uniform(len, 2.0, 1);
        let expected: Vec<f64> = wide(&y).iter().map(|&y| y.max(0.0)).collect();
        let params = relu_forward_kernel::Params {
            len: len as u32,
            reserved: [0; 3],
        };
        let buffers = [("y", [y, vec![-1.0; 2]].concat())];
        let case = Case::new(format!("len{len}"), Kernel::ReluForward(params), &buffers);
        sink(
            case.expect_at("y", 0, &expected, EXACT)
                .expect_at("y", len, &[-1.0; 2], EXACT),
        );
    }
}

pub fn relu_backward(sink: Sink) {
    for len in [1, 3, 63, 65, 4099] {
        // What a forward pass left: zeros and positive numbers. At 0 PyTorch's gradient is 0.
        let y: Vec<f32> = uniform(len, 2.0, 1).iter().map(|y| y.max(0.0)).collect();
        let d_y = uniform(len, 2.0, 2);
        let passed = |(&y, &d): (&f32, &f32)| if y > 0.0 { f64::from(d) } else { 0.0 };
        let expected: Vec<f64> = y.iter().zip(&d_y).map(passed).collect();
        let params = relu_backward_kernel::Params {
            len: len as u32,
            reserved: [0; 3],
        };
        let buffers = [
            ("y", [y, vec![0.0; 2]].concat()),
            ("d_y", [d_y, vec![1.0; 2]].concat()),
        ];
        let case = Case::new(format!("len{len}"), Kernel::ReluBackward(params), &buffers);
        sink(
            case.expect_at("d_y", 0, &expected, EXACT)
                .expect_at("d_y", len, &[1.0; 2], EXACT),
        );
    }
}

pub fn dropout(sink: Sink) {
    for (len, layer, step, share, seed) in [
        (1, 0, 0, 0.5, 1u64),
        (3, 1, 7, 0.1, 2),
        (63, 0, 1, 0.0, 3),
        (65, 2, 123_456, 0.9, u64::MAX),
        (257, 0, u32::MAX, 0.25, 0x0123_4567_89ab_cdef),
        (4099, 6, 2, 0.3, 0),
    ] {
        let controls = Controls {
            dropout: share,
            step,
            seed_low: seed as u32,
            seed_high: (seed >> 32) as u32,
            ..bytemuck::Zeroable::zeroed()
        };
        let x = uniform(len, 2.0, u64::from(step));
        let element = |(e, &x): (usize, &f32)| {
            let key = [seed as u32, (seed >> 32) as u32];
            let word = philox4x32([(e / 4) as u32, layer, step, 3 << 16], key)[e % 4];
            let kept = f64::from(word) / 2f64.powi(32) >= f64::from(share);
            if kept {
                f64::from(x) / (1.0 - f64::from(share))
            } else {
                0.0
            }
        };
        let expected: Vec<f64> = x.iter().enumerate().map(element).collect();
        // What is dropped is exactly zero, what is kept has three roundings.
        let tolerance = Tolerance {
            atol: 0.0,
            rtol: 4.0 * ROUNDING,
        };
        let params = dropout_kernel::Params {
            len: len as u32,
            layer,
            reserved: [0; 2],
        };
        let buffers = [
            ("controls", words(bytemuck::cast_slice(&[controls]))),
            ("x", x.clone()),
            ("out", vec![UNTOUCHED; len]),
        ];
        let label = format!("len{len} p{share}");
        let case = Case::new(label, Kernel::Dropout(params), &buffers);
        sink(case.expect("out", &expected, tolerance));
    }
}

/// e^x of vectors: 3·10⁻⁷ relative is what `simd::math` promises. Everything else of the loss is a
/// few roundings, of numbers as large as the logits' spread.
fn loss_tolerance(reach: f32) -> Tolerance {
    Tolerance {
        atol: (6.0 + 2.0 * f64::from(reach)) * ROUNDING,
        rtol: 1e-6,
    }
}

pub fn softmax_cross_entropy(sink: Sink) {
    for (n, v, reach, shift) in [
        (1, 1, 1.0, 0.0),
        (3, 63, 1.0, 0.0),
        (65, 3, 10.0, 0.0),
        (5, 65, 30.0, 1000.0),
        (4, 257, 3.0, -1000.0),
        (7, 16, 60.0, 0.0),
        (3, 1027, 0.01, 0.0),
    ] {
        for gradient in [0, 1] {
            let stride = usize::next_multiple_of(v, 16);
            let mut targets = tokens(n, v, 9);
            // One that counts for nothing, and one past the vocabulary, which counts as the last.
            if n > 2 {
                targets[1] = loss_kernel::IGNORED;
                targets[2] = v as u32 + 3;
            }
            let z: Vec<f32> = uniform(n * v, reach, 10)
                .iter()
                .map(|z| z + shift)
                .collect();
            // Of the mean, as many as the host says, whatever this part of the batch has.
            let counted = n as f32 + 2.0;
            let controls = Controls {
                counted,
                ..bytemuck::Zeroable::zeroed()
            };
            let (mut losses, mut d_logits) = (Vec::new(), Vec::new());
            for (row, &target) in z.chunks(v).zip(&targets) {
                if target == loss_kernel::IGNORED {
                    losses.push(0.0);
                    d_logits.push(vec![0.0; v]);
                    continue;
                }
                start_tape();
                let row = Traced::inputs(&wide(row));
                let loss = cross_entropy(&row, (target as usize).min(v - 1));
                losses.push(loss.value());
                let by = loss.gradients().by(&row);
                d_logits.push(by.iter().map(|d| d / f64::from(counted)).collect());
            }
            let params = loss_kernel::Params {
                rows: n as u32,
                vocabulary: v as u32,
                stride: stride as u32,
                gradient,
            };
            let mut logits = strided(&z, v, stride);
            logits.resize(n * stride, UNTOUCHED);
            let buffers = [
                ("controls", words(bytemuck::cast_slice(&[controls]))),
                ("targets", words(&targets)),
                ("logits", logits),
                ("losses", vec![UNTOUCHED; n]),
            ];
            let label = format!("n{n} v{v} reach{reach} shift{shift} gradient{gradient}");
            let mut case = Case::new(label, Kernel::SoftmaxCrossEntropy(params), &buffers).expect(
                "losses",
                &losses,
                loss_tolerance(reach),
            );
            for (i, (row, z)) in d_logits.iter().zip(z.chunks(v)).enumerate() {
                case = if gradient == 1 {
                    let tolerance = Tolerance {
                        atol: 2.0 * ROUNDING / f64::from(counted),
                        rtol: (8.0 + 2.0 * f64::from(reach)) * ROUNDING,
                    };
                    // The padding becomes zeros: it must add nothing to any product.
                    let padding = vec![0.0; stride - v];
                    case.expect_at("logits", i * stride, row, tolerance)
                        .expect_at("logits", i * stride + v, &padding, EXACT)
                } else {
                    case.expect_at("logits", i * stride, &wide(z), EXACT)
                };
            }
            sink(case);
        }
    }
}

pub fn elementwise_loss(sink: Sink) {
    for (n, width, reach, binary) in [
        (1, 1, 2.0, 0),
        (3, 2, 1.0, 0),
        (65, 17, 5.0, 0),
        (1, 1, 2.0, 1),
        (67, 1, 40.0, 1),
        (5, 18, 3.0, 1),
    ] {
        for gradient in [0, 1] {
            let stride = usize::next_multiple_of(width, 16);
            let outputs = uniform(n * width, reach, 10);
            let mut targets = uniform(n * width, 1.0, 11);
            if binary == 1 {
                targets.iter_mut().for_each(|t| *t = f32::from(*t > 0.0));
            }
            // One that counts for nothing.
            if targets.len() > 2 {
                targets[1] = f32::NAN;
            }
            let counted = n as f32 + 0.5;
            let (mut losses, mut d_outputs) = (Vec::new(), Vec::new());
            for (row, targets) in outputs.chunks(width).zip(targets.chunks(width)) {
                start_tape();
                let row = Traced::inputs(&wide(row));
                let mut loss = Traced::from(0.0);
                for (&y, &target) in row.iter().zip(targets).filter(|(_, t)| !t.is_nan()) {
                    let target = Traced::from(f64::from(target));
                    loss = loss
                        + if binary == 0 {
                            (y - target) * (y - target)
                        } else {
                            // ln(1 + e^z) − z·target, in a form that no z breaks.
                            let z = y.value();
                            let e = (if z > 0.0 { Traced::from(0.0) - y } else { y }).exp();
                            let softplus = (Traced::from(1.0) + e).ln();
                            let softplus = if z > 0.0 { softplus + y } else { softplus };
                            softplus - y * target
                        };
                }
                let loss = loss / Traced::from(width as f64);
                losses.push(loss.value());
                let by = loss.gradients().by(&row);
                d_outputs.push(
                    by.iter()
                        .map(|d| d / f64::from(counted))
                        .collect::<Vec<f64>>(),
                );
            }
            let params = elementwise_loss_kernel::Params {
                rows: n as u32,
                width: width as u32,
                stride: stride as u32,
                gradient,
                binary,
                reserved: [0; 3],
            };
            let controls = Controls {
                counted,
                ..bytemuck::Zeroable::zeroed()
            };
            let mut padded = strided(&outputs, width, stride);
            padded.resize(n * stride, UNTOUCHED);
            let buffers = [
                ("controls", words(bytemuck::cast_slice(&[controls]))),
                ("targets", targets),
                ("outputs", padded),
                ("losses", vec![UNTOUCHED; n]),
            ];
            let label = format!("n{n} width{width} binary{binary} gradient{gradient}");
            let tolerance = loss_tolerance(reach);
            // A difference and a quotient; σ(z) is off by a rounding or two however near it is to its target.
            let slope = Tolerance {
                atol: 4.0 * ROUNDING / f64::from(counted),
                rtol: 8.0 * ROUNDING,
            };
            let kernel = Kernel::ElementwiseLoss(params);
            let mut case = Case::new(label, kernel, &buffers).expect("losses", &losses, tolerance);
            for (i, (d, row)) in d_outputs.iter().zip(outputs.chunks(width)).enumerate() {
                case = if gradient == 1 {
                    let padding = vec![0.0; stride - width];
                    case.expect_at("outputs", i * stride, d, slope).expect_at(
                        "outputs",
                        i * stride + width,
                        &padding,
                        EXACT,
                    )
                } else {
                    case.expect_at("outputs", i * stride, &wide(row), EXACT)
                };
            }
            sink(case);
        }
    }
}

pub fn mean_loss(sink: Sink) {
    for (n, slot) in [(1, 0), (3, 2), (63, 1), (65, 0), (257, 4)] {
        let counted = n as f32 - 0.5;
        let controls = Controls {
            slot,
            counted,
            ..bytemuck::Zeroable::zeroed()
        };
        let losses: Vec<f32> = uniform(n, 3.0, n as u64).iter().map(|x| x.abs()).collect();
        let metrics = vec![UNTOUCHED; 5 * 4];
        let mut expected = wide(&metrics);
        expected[4 * slot as usize] = wide(&losses).iter().sum::<f64>() / f64::from(counted);
        let params = mean_loss_kernel::Params {
            rows: n as u32,
            reserved: [0; 3],
        };
        let buffers = [
            ("controls", words(bytemuck::cast_slice(&[controls]))),
            ("losses", losses),
            ("metrics", metrics),
        ];
        let label = format!("n{n} slot{slot}");
        let case = Case::new(label, Kernel::MeanLoss(params), &buffers);
        sink(case.expect("metrics", &expected, ELEMENTWISE));
    }
}
