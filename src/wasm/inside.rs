//! Looking inside a model.
use js_sys::{Array, Float32Array, Object, Reflect};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{
    convert::{by_platform, error, throw, to_js},
    session::Session,
};
use crate::{
    inspect::{self, Histogram, Inspection, Place},
    network::Layout,
    simd::Isa,
};

/// Bins of the histograms.
const BINS: usize = 41;

#[wasm_bindgen]
impl Session {
    /// What happens inside over a text, from a zero state, with the parameters as they are now.
    ///
    /// # Errors
    /// A `CharloomError`.
    #[wasm_bindgen(unchecked_return_type = "Inspection")]
    pub async fn inspect(&mut self, text: String) -> Result<JsValue, JsValue> {
        #[derive(Serialize)]
        struct Tensor {
            name: String,
            shape: Vec<usize>,
            parameter: Histogram,
            gradient: Histogram,
        }
        #[derive(Serialize)]
        struct Out<'a> {
            places: Vec<Place>,
            gate_names: &'a [&'a str],
            hidden_size: usize,
            gradient_norm: f32,
            truncated: bool,
            tensors: Vec<Tensor>,
        }
        let model = self.model(false).await?;
        let text = by_platform(text, &model.config.text);
        let isa = Isa::best(false);
        let Inspection {
            places,
            layers,
            gradient_norm,
            gradients,
            truncated,
        } = inspect::inspect(
            &model.config,
            &model.vocabulary,
            &model.parameters,
            &text,
            isa,
        )
        .map_err(|e| throw(&e))?;
        let layout = Layout::new(&model.config.model.language_model(model.vocabulary.len()));
        let tensors = layout
            .parameters
            .iter()
            .map(|p| {
                let range = p.range();
                Tensor {
                    name: p.name.clone(),
                    shape: p.shape.clone(),
                    parameter: inspect::histogram(&model.parameters[range.clone()], BINS),
                    gradient: inspect::histogram(&gradients[range], BINS),
                }
            })
            .collect();
        let out = to_js(&Out {
            places,
            gate_names: inspect::gate_names(model.config.model.cell),
            hidden_size: model.config.model.hidden_size,
            gradient_norm,
            truncated,
            tensors,
        })?;
        let all = Array::new();
        for layer in &layers {
            let object = Object::new();
            for (key, values) in [
                ("hidden", &layer.hidden),
                ("gates", &layer.gates),
                ("gradient_norms", &layer.gradient_norms),
            ] {
                Reflect::set(&object, &key.into(), &Float32Array::from(&values[..]))?;
            }
            all.push(&object);
        }
        Reflect::set(&out, &"layers".into(), &all)?;
        Ok(out)
    }

    /// The characters whose learned vectors are nearest to that of `character`.
    ///
    /// # Errors
    /// A `CharloomError`.
    #[wasm_bindgen(unchecked_return_type = "Neighbour[]")]
    pub async fn neighbours(&mut self, character: char, count: usize) -> Result<JsValue, JsValue> {
        let m = self.model(false).await?;
        let near = inspect::neighbours(&m.config, &m.vocabulary, &m.parameters, character, count);
        to_js(&near.map_err(|e| throw(&e))?)
    }

    /// The values of a parameter by its PyTorch name, in PyTorch's order.
    ///
    /// # Errors
    /// A `CharloomError`.
    pub async fn parameter(&mut self, name: String) -> Result<Vec<f32>, JsValue> {
        let m = self.model(false).await?;
        inspect::parameter(&m.config, m.vocabulary.len(), &m.parameters, &name).ok_or_else(|| {
            error(
                "no-parameter",
                &format!("this model has no parameter “{name}”"),
            )
        })
    }
}
