//! Every shader against its Rust half, without a GPU: it parses and validates, its bindings and the
//! layout of its parameters are the Rust side's, and it keeps to WebGPU's default limits.
#![cfg(not(target_arch = "wasm32"))]
// A test may panic: its helpers too.
#![allow(clippy::unwrap_used)]
use std::collections::BTreeMap;

use charloom::kernels::{
    Access, Controls, Kernel, MAX_PARAMS_WORDS, METRICS_STRIDE, ROWS, Shader, dropout,
    gradient_norm, pack_quads, softmax_cross_entropy,
};
use naga::{
    AddressSpace, GlobalVariable, Literal, Module, StorageAccess, TypeInner,
    proc::{GlobalCtx, Layouter},
    valid::{Capabilities, ModuleInfo, ValidationFlags, Validator},
};

/// WebGPU's defaults: invocations and bytes of workgroup memory.
const MAX_INVOCATIONS: u32 = 256;
const MAX_WORKGROUP_BYTES: u32 = 16 << 10;

/// All shaders, each with its parameters printed: word i of them has the value i + 1.
fn shaders() -> Vec<(Shader, String)> {
    let words: [u32; MAX_PARAMS_WORDS] = core::array::from_fn(|i| i as u32 + 1);
    let mut all: Vec<_> = Kernel::all(&words)
        .into_iter()
        .map(|kernel| (kernel.shader(), format!("{kernel:?}")))
        .collect();
    let params: pack_quads::Params = bytemuck::pod_read_unaligned(
        &bytemuck::cast_slice(&words)[..size_of::<pack_quads::Params>()],
    );
    all.push((pack_quads::shader(), format!("{params:?}")));
    all
}

fn parse(shader: &Shader) -> (Module, ModuleInfo) {
    // The last is what is looked at: the parts for other numbers of rows need only be valid.
    let texts = ROWS.map(|rows| valid(shader, &shader.text(rows)));
    texts.into_iter().next_back().unwrap()
}

fn valid(shader: &Shader, source: &str) -> (Module, ModuleInfo) {
    let module = naga::front::wgsl::parse_str(source)
        .unwrap_or_else(|e| panic!("{}:\n{}", shader.name, e.emit_to_string(source)));
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .unwrap_or_else(|e| panic!("{}:\n{}", shader.name, e.emit_to_string(source)));
    (module, info)
}

fn binding(module: &Module, group: u32, binding: u32) -> Option<&GlobalVariable> {
    let at = naga::ResourceBinding { group, binding };
    let found = module.global_variables.iter();
    found.map(|(_, v)| v).find(|v| v.binding == Some(at))
}

/// The fields of a struct: name, byte offset, whether it is a float.
fn fields(module: &Module, variable: &GlobalVariable) -> Vec<(String, u32, bool)> {
    let TypeInner::Struct { members, .. } = &module.types[variable.ty].inner else {
        panic!("not a struct");
    };
    let field = |m: &naga::StructMember| {
        let float = matches!(
            module.types[m.ty].inner,
            TypeInner::Scalar(s) if s.kind == naga::ScalarKind::Float
        );
        (m.name.clone().unwrap(), m.offset, float)
    };
    members.iter().map(field).collect()
}

/// The same from a printed Rust struct whose word i has the value i + 1; reserved words left out.
fn printed_fields(text: &str) -> Vec<(String, u32, bool)> {
    let inside = &text[text.rfind('{').unwrap() + 1..text.rfind('}').unwrap()];
    let mut fields = Vec::new();
    for part in inside.split(", ") {
        let Some((name, value)) = part.split_once(": ") else {
            continue;
        };
        let (name, value) = (name.trim(), value.trim());
        if name == "reserved" {
            continue;
        }
        let (word, float) = match value.parse::<u32>() {
            Ok(word) => (word, false),
            Err(_) => (value.parse::<f32>().unwrap().to_bits(), true),
        };
        fields.push((name.to_owned(), 4 * (word - 1), float));
    }
    fields
}

#[test]
fn every_shader_validates_with_the_bindings_of_its_rust_half() {
    for (shader, printed) in shaders() {
        let (module, _) = parse(&shader);
        for (i, expected) in shader.bindings.iter().enumerate() {
            let found = binding(&module, 0, i as u32)
                .unwrap_or_else(|| panic!("{}: no binding {i}", shader.name));
            assert_eq!(
                found.name.as_deref(),
                Some(expected.name),
                "{}",
                shader.name
            );
            let AddressSpace::Storage { access } = found.space else {
                panic!("{}: {} is not a storage buffer", shader.name, expected.name);
            };
            let written = access.contains(StorageAccess::STORE);
            assert_eq!(
                written,
                expected.access == Access::Write,
                "{}: {}",
                shader.name,
                expected.name
            );
        }
        let count = module.global_variables.iter();
        let count = count.filter(|(_, v)| v.binding.is_some()).count();
        assert_eq!(count, shader.bindings.len() + 2, "{}", shader.name);

        let params = binding(&module, 1, 0).unwrap();
        assert_eq!(
            fields(&module, params),
            printed_fields(&printed),
            "{}",
            shader.name
        );

        // Offsets: one word a binding, in order; then perhaps the step and its phase.
        let offsets = fields(&module, binding(&module, 1, 1).unwrap());
        let mut expected: Vec<&str> = shader.bindings.iter().map(|b| b.name).collect();
        if offsets.len() > expected.len() {
            expected.extend(["step", "phase"]);
        }
        let found: Vec<&str> = offsets.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(found, expected, "{}", shader.name);
    }
}

#[test]
fn controls_have_one_layout() {
    let words: [u32; Controls::WORDS] = core::array::from_fn(|i| i as u32 + 1);
    let printed = format!("{:?}", bytemuck::cast::<_, Controls>(words));
    let mut seen = 0;
    for (shader, _) in shaders() {
        let (module, _) = parse(&shader);
        for (_, variable) in module.global_variables.iter() {
            if variable.name.as_deref() == Some("controls") {
                assert_eq!(fields(&module, variable), printed_fields(&printed));
                seen += 1;
            }
        }
    }
    assert!(seen > 0);
}

#[test]
fn constants_are_the_rust_sides() {
    let mut expected = BTreeMap::from([
        ("CHUNK_WORDS", gradient_norm::CHUNK_WORDS as u32),
        ("METRICS_STRIDE", METRICS_STRIDE as u32),
        ("CLIP_NORM", charloom::kernels::ClipMode::Norm.index()),
        (
            "CLIP_TENSOR_NORM",
            charloom::kernels::ClipMode::TensorNorm.index(),
        ),
        ("CLIP_VALUE", charloom::kernels::ClipMode::Value.index()),
        ("STREAM", dropout::STREAM),
        ("IGNORED", softmax_cross_entropy::IGNORED),
    ]);
    let mut found = BTreeMap::new();
    for (shader, _) in shaders() {
        let (module, _) = parse(&shader);
        for (_, constant) in module.constants.iter() {
            let value = &module.global_expressions[constant.init];
            if let (Some(name), naga::Expression::Literal(Literal::U32(value))) =
                (&constant.name, value)
            {
                found.insert(name.clone(), *value);
            }
        }
    }
    expected.retain(|name, value| found.get(*name) != Some(value));
    assert!(expected.is_empty(), "missing or different: {expected:?}");
}

#[test]
fn every_kernel_has_both_halves() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/kernels");
    let mut stems: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = |part: Option<&std::ffi::OsStr>| part.unwrap().to_str().unwrap().to_owned();
        stems
            .entry(text(path.file_stem()))
            .or_default()
            .push(text(path.extension()));
    }
    stems.remove("mod");
    stems.remove("recurrent_backward");
    let mut known: Vec<&str> = shaders().iter().map(|(shader, _)| shader.name).collect();
    known.extend(["common", "recurrent"]);
    known.sort_unstable();
    assert_eq!(stems.keys().map(String::as_str).collect::<Vec<_>>(), known);
    for (stem, mut halves) in stems {
        halves.sort();
        assert_eq!(halves, ["rs", "wgsl"], "{stem}");
    }
}

/// The value of a literal or of an override's default, products and sums of them included.
fn evaluate(module: &Module, expression: naga::Handle<naga::Expression>) -> u32 {
    match &module.global_expressions[expression] {
        naga::Expression::Literal(Literal::U32(value)) => *value,
        naga::Expression::Override(handle) => {
            evaluate(module, module.overrides[*handle].init.unwrap())
        }
        naga::Expression::Constant(handle) => evaluate(module, module.constants[*handle].init),
        naga::Expression::Binary { op, left, right } => {
            let (left, right) = (evaluate(module, *left), evaluate(module, *right));
            match op {
                naga::BinaryOperator::Multiply => left * right,
                naga::BinaryOperator::Add => left + right,
                other => panic!("{other:?}"),
            }
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_shader_keeps_to_the_default_limits() {
    for (shader, _) in shaders() {
        let (module, info) = parse(&shader);
        let mut layouter = Layouter::default();
        layouter
            .update(GlobalCtx {
                types: &module.types,
                constants: &module.constants,
                overrides: &module.overrides,
                global_expressions: &module.global_expressions,
            })
            .unwrap();
        for (index, entry) in module.entry_points.iter().enumerate() {
            let name = format!("{} {}", shader.name, entry.name);
            let mut size = entry.workgroup_size;
            for (size, expression) in size
                .iter_mut()
                .zip(entry.workgroup_size_overrides.unwrap_or_default())
            {
                if let Some(expression) = expression {
                    *size = evaluate(&module, expression);
                }
            }
            let invocations: u32 = size.iter().product();
            assert!(
                (1..=MAX_INVOCATIONS).contains(&invocations),
                "{name}: {invocations}"
            );
            let mut bytes = 0;
            for (handle, variable) in module.global_variables.iter() {
                if variable.space != AddressSpace::WorkGroup
                    || info.get_entry_point(index)[handle].is_empty()
                {
                    continue;
                }
                bytes += match module.types[variable.ty].inner {
                    TypeInner::Array {
                        size: naga::ArraySize::Pending(length),
                        stride,
                        ..
                    } => stride * evaluate(&module, module.overrides[length].init.unwrap()),
                    _ => layouter[variable.ty].size,
                };
            }
            assert!(
                bytes <= MAX_WORKGROUP_BYTES,
                "{name}: {bytes} bytes of workgroup memory"
            );
        }
    }
}
