use super::tile::MAX_TILE;
use super::*;
use crate::{simd::Isa, with_simd};

fn values(n: usize, seed: u32) -> Vec<f32> {
    let mut x = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    (0..n)
        .map(|_| {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            x as f32 / u32::MAX as f32 - 0.5
        })
        .collect()
}

fn naive(m: usize, n: usize, k: usize, a: Matrix, b: Matrix) -> Vec<f64> {
    let mut c = vec![0.0; m * n];
    for i in 0..m {
        for j in 0..n {
            for kk in 0..k {
                c[i * n + j] += f64::from(a.data[a.at(i, kk)]) * f64::from(b.data[b.at(kk, j)]);
            }
        }
    }
    c
}

fn product<S: Simd>(s: S, shape: Gemm, a: Matrix, b: Matrix, packed: bool) -> Vec<f32> {
    let mut c = vec![0.25; (shape.m - 1) * shape.ldc + shape.n];
    let mut scratch = vec![f32::NAN; SCRATCH_LEN];
    if packed {
        let mut panels = vec![f32::NAN; packed_len::<S>(shape.k, shape.n)];
        pack_b(s, 1, b, shape.k, shape.n, &mut panels);
        gemm_packed(s, shape, a, &panels, &mut c, &mut scratch);
    } else {
        gemm(s, shape, a, b, &mut c, &mut scratch);
    }
    c
}

#[test]
fn every_set_equals_the_naive_product_at_ragged_sizes() {
    for isa in Isa::available() {
        for (m, n, k) in [
            (1, 1, 1),
            (1, 65, 63),
            (1, 700, 300),
            (3, 17, 5),
            (63, 65, 257),
            (130, 33, 300),
            (7, 800, 9),
        ] {
            for flags in 0..24 {
                let [ta, tb, packed] = [1, 2, 4].map(|bit| flags & bit != 0);
                let row = values(n, 3);
                let start = [Start::Zero, Start::C, Start::Row(&row)][flags / 8];
                let (da, db) = (values(m * k, 1), values(k * n, 2));
                let a = if ta {
                    Matrix::rows(&da, m).t()
                } else {
                    Matrix::rows(&da, k)
                };
                let b = if tb {
                    Matrix::rows(&db, k).t()
                } else {
                    Matrix::rows(&db, n)
                };
                let ldc = n + 3;
                let shape = Gemm {
                    m,
                    n,
                    k,
                    ldc,
                    start,
                };
                let c = with_simd!(isa, s => product(s, shape, a, b, packed));
                let expected = naive(m, n, k, a, b);
                for i in 0..m {
                    for j in 0..n {
                        let start = match start {
                            Start::Zero => 0.0,
                            Start::C => 0.25,
                            Start::Row(row) => f64::from(row[j]),
                        };
                        let e = expected[i * n + j] + start;
                        let error = (f64::from(c[i * ldc + j]) - e).abs();
                        // Rounding of k products of size ≤ 1/4, with room for their sum.
                        assert!(
                            error <= 1e-6 * (k as f64).sqrt().max(4.0),
                            "{isa:?} {m}x{n}x{k} {flags} ({i},{j}): {error}"
                        );
                    }
                    if i + 1 < m {
                        assert_eq!(c[i * ldc + n], 0.25, "wrote past a row");
                    }
                }
            }
        }
    }
}

#[test]
fn unfused_sets_give_the_same_bits() {
    let (m, n, k) = (37, 90, 530);
    let (a, b) = (values(m * k, 3), values(k * n, 4));
    let shape = Gemm {
        m,
        n,
        k,
        ldc: n,
        start: Start::Zero,
    };
    let run = |isa: Isa, packed| with_simd!(isa, s => product(s, shape, Matrix::rows(&a, k), Matrix::rows(&b, n), packed));
    let expected = run(Isa::available()[0], false);
    for isa in Isa::available().into_iter().filter(|isa| !isa.is_fused()) {
        for packed in [false, true] {
            let same = run(isa, packed)
                .iter()
                .zip(&expected)
                .all(|(x, y)| x.to_bits() == y.to_bits());
            assert!(same, "{isa:?} {packed}");
        }
    }
}

#[test]
fn one_packed_row_gives_the_bits_of_many() {
    let (n, k) = (700, 530);
    let (a, b) = (values(2 * k, 5), values(k * n, 6));
    let shape = |m| Gemm {
        m,
        n,
        k,
        ldc: n,
        start: Start::C,
    };
    for isa in Isa::available() {
        let run = |m| with_simd!(isa, s => product(s, shape(m), Matrix::rows(&a, k), Matrix::rows(&b, n), true));
        let (one, two) = (run(1), run(2));
        let same = one
            .iter()
            .zip(&two)
            .all(|(x, y)| x.to_bits() == y.to_bits());
        assert!(same, "{isa:?}");
    }
}

#[test]
fn the_largest_tile_fits() {
    for isa in Isa::available() {
        with_simd!(isa, s => assert!(tile_len(s) <= MAX_TILE));
    }
}

fn tile_len<S: Simd>(_: S) -> usize {
    assert_eq!(MC % S::MR, 0);
    S::MR * S::NV * S::LANES
}
