//! The text that the shaders of recurrent kernels share, for as many batch rows at a time as are wanted.
use std::fmt::Write;

use super::common::{Access, Binding};

/// How many batch rows an invocation can take together. Each weight that it reads serves all of them; fewer rows
/// are more workgroups.
pub const ROWS: [usize; 3] = [1, 2, 4];

/// The shared part, with `rows` batch rows (one of [`ROWS`]) in a vector, for a shader of `bindings`.
pub(super) fn source(bindings: &[Binding], rows: usize) -> String {
    let mut text = String::new();
    text.push_str(match rows {
        1 => ONE,
        2 => TWO,
        _ => FOUR,
    });
    if rows > 1 {
        text.push_str(QUADS);
    }
    text.push_str(include_str!("recurrent.wgsl"));
    if bindings.iter().any(|binding| binding.name == "d_hs") {
        text.push_str(include_str!("recurrent_backward.wgsl"));
    }
    for binding in bindings.iter().filter(|binding| binding.width > 0) {
        accessors(&mut text, binding, rows);
    }
    text
}

/// What reads and writes `rows` numbers of a column, one of each batch row, at a time step.
fn accessors(text: &mut String, binding: &Binding, rows: usize) {
    let Binding { name, width, .. } = *binding;
    let at = format!(
        "let at = offsets.{name} + (t * params.batch + rows) * ({width}u * params.hidden) + column;"
    );
    let lanes = &["x", "y", "z", "w"][..rows];
    let element = |lane: &&str| match rows {
        1 => format!("{name}[at]"),
        _ => format!("{name}[at.{lane}]"),
    };
    let elements: Vec<_> = lanes.iter().map(element).collect();
    // Writing to a string does not fail.
    let _ = writeln!(
        text,
        "fn {name}_at(t: u32, rows: RowIds, column: u32) -> Rows {{ {at} return Rows({}); }}",
        elements.join(", ")
    );
    if binding.access == Access::Write {
        let value = |lane: &&str| match rows {
            1 => "value".to_owned(),
            _ => format!("value.{lane}"),
        };
        let pairs = elements.iter().zip(lanes);
        let stores: Vec<_> = pairs
            .map(|(e, lane)| format!("{e} = {};", value(lane)))
            .collect();
        let _ = writeln!(
            text,
            "fn put_{name}(t: u32, rows: RowIds, column: u32, value: Rows) {{ {at} {} }}",
            stores.join(" ")
        );
    }
}

const ONE: &str = "
alias Rows = f32;
alias RowIds = u32;
alias Quad = vec4<f32>;
const ROWS: u32 = 1u;
const ROW_IDS: RowIds = 0u;

var<workgroup> memory: array<f32, memory_len>;
var<workgroup> span: array<f32, span_len>;

fn held(at: u32) -> Rows { return memory[at]; }
fn hold(at: u32, value: Rows) { memory[at] = value; }
fn span_held(at: u32) -> Rows { return span[at]; }
fn span_hold(at: u32, value: Rows) { span[at] = value; }
fn times(vector: Quad, weights: vec4<f32>) -> Rows { return dot(vector, weights); }
fn quad_held(quad: u32) -> Quad {
    let at = 4u * quad;
    return vec4<f32>(memory[at], memory[at + 1u], memory[at + 2u], memory[at + 3u]);
}
fn span_quad(quad: u32, half: u32) -> Quad {
    let at = 4u * (2u * quad + half);
    return vec4<f32>(span[at], span[at + 1u], span[at + 2u], span[at + 3u]);
}
";

const TWO: &str = "
alias Rows = vec2<f32>;
alias RowIds = vec2<u32>;
alias Quad = mat4x2<f32>;
const ROWS: u32 = 2u;
const ROW_IDS: RowIds = RowIds(0u, 1u);
";

const FOUR: &str = "
alias Rows = vec4<f32>;
alias RowIds = vec4<u32>;
alias Quad = mat4x4<f32>;
const ROWS: u32 = 4u;
const ROW_IDS: RowIds = RowIds(0u, 1u, 2u, 3u);
";

/// Four numbers of a vector to a matrix, a column each.
const QUADS: &str = "
// `sequence`: four numbers of a vector to a matrix, a column each, for ROWS rows. Then sums.
var<workgroup> memory: array<Quad, memory_len>;
// `step`: the same for a span of a vector, the first and the second ROWS rows in turn. Then sums.
var<workgroup> span: array<Quad, span_len>;

fn held(at: u32) -> Rows { return memory[at / 4u][at % 4u]; }
fn hold(at: u32, value: Rows) { memory[at / 4u][at % 4u] = value; }
fn span_held(at: u32) -> Rows { return span[at / 4u][at % 4u]; }
fn span_hold(at: u32, value: Rows) { span[at / 4u][at % 4u] = value; }
// Four numbers of the vector times four weights of a column of the matrix.
fn times(vector: Quad, weights: vec4<f32>) -> Rows { return vector * weights; }
// Four numbers of what `memory` holds of the vector; of `span`, for its first or second ROWS rows.
fn quad_held(quad: u32) -> Quad { return memory[quad]; }
fn span_quad(quad: u32, half: u32) -> Quad { return span[2u * quad + half]; }
";
