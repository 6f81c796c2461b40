//! The windows of a minibatch, and a training step in slow motion.
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{
    convert::{from_js, throw, to_js},
    session::Session,
};
use crate::{
    simd::Isa,
    text::{Cursor, Sampling},
    train::{self, Position, Stage},
};

#[wasm_bindgen]
impl Session {
    /// Where each row of a minibatch starts in the training text, which [`Session::passage`] reads.
    ///
    /// # Errors
    /// A `CharloomError`.
    #[wasm_bindgen(unchecked_return_type = "Windows")]
    pub fn windows(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Sampling")] sampling: JsValue,
        epoch: u32,
        batch: u32,
    ) -> Result<JsValue, JsValue> {
        #[derive(Serialize)]
        struct Out {
            starts: Vec<usize>,
            batches_per_epoch: usize,
            characters: usize,
        }
        let trainer = self.trainer()?;
        let sampling: Sampling = from_js(sampling)?;
        let (epoch, batch) = (epoch.into(), batch.into());
        let windows = trainer.windows(sampling, Cursor { epoch, batch });
        let train::Windows {
            starts,
            batches_per_epoch,
        } = windows.map_err(|e| throw(&e))?;
        to_js(&Out {
            starts,
            batches_per_epoch,
            characters: trainer.corpus().train().len(),
        })
    }

    /// Tokens of the training text, as many as there are of `count`.
    ///
    /// # Errors
    /// A `CharloomError`.
    pub fn passage(&mut self, from: usize, count: usize) -> Result<Vec<u32>, JsValue> {
        let tokens = self.trainer()?.corpus().train();
        let from = from.min(tokens.len());
        let end = from.saturating_add(count).min(tokens.len());
        Ok(tokens[from..end].to_vec())
    }

    /// The training step that comes next, on a copy, on the CPU: the training stays where it is.
    ///
    /// # Errors
    /// A `CharloomError`.
    pub async fn trace(&mut self) -> Result<Trace, JsValue> {
        let isa = Isa::best(false);
        let trace = self.surviving(async |t| t.trace(isa).await).await?;
        Ok(Trace(trace))
    }
}

/// A step under the glass: run it stage by stage, and read any buffer of its plan.
#[wasm_bindgen]
pub struct Trace(train::Trace);

#[wasm_bindgen]
impl Trace {
    /// Runs to the end of a stage: 0 nothing yet, 1 forward, 2 backward, 3 update.
    #[wasm_bindgen(js_name = goTo)]
    pub fn go_to(&mut self, stage: u8) {
        self.0.go_to(match stage {
            0 => Stage::Start,
            1 => Stage::Forward,
            2 => Stage::Backward,
            _ => Stage::Update,
        });
    }

    /// Numbers of a buffer as the present stage left them; `undefined` where there are none.
    pub fn read(&mut self, name: &str, offset: usize, len: usize) -> Option<Vec<f32>> {
        self.0.read(name, offset, len).map(<[f32]>::to_vec)
    }

    /// (T, B) inputs.
    #[wasm_bindgen(getter)]
    pub fn tokens(&self) -> Vec<u32> {
        self.0.batch().batch.tokens.clone()
    }

    /// (T, B) targets.
    #[wasm_bindgen(getter)]
    pub fn targets(&self) -> Vec<u32> {
        self.0.batch().batch.targets.clone()
    }

    /// The step's settings, and where its numbers are.
    ///
    /// # Errors
    /// Never, in practice: only if the values could not be converted.
    #[wasm_bindgen(unchecked_return_type = "TraceInfo")]
    pub fn info(&self) -> Result<JsValue, JsValue> {
        #[derive(Serialize)]
        struct Tensor<'a> {
            name: &'a str,
            shape: &'a [usize],
            offset: u64,
            transposed: bool,
        }
        #[derive(Serialize)]
        struct Out<'a> {
            position: Position,
            starts: &'a [usize],
            lr: f32,
            bias_correction1: f32,
            bias_correction2_sqrt: f32,
            first_update: u32,
            logits_stride: usize,
            tensors: Vec<Tensor<'a>>,
        }
        let (batch, network) = (self.0.batch(), self.0.network());
        let c = &batch.controls;
        to_js(&Out {
            position: batch.position,
            starts: &batch.starts,
            lr: c.lr,
            bias_correction1: c.bias_correction1,
            bias_correction2_sqrt: c.bias_correction2_sqrt,
            first_update: c.first_update,
            logits_stride: network.logits_stride,
            tensors: network
                .layout
                .parameters
                .iter()
                .map(|p| Tensor {
                    name: &p.name,
                    shape: &p.shape,
                    offset: p.offset,
                    transposed: p.transposed,
                })
                .collect(),
        })
    }
}
