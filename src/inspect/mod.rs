//! Looking inside: what each unit did at each character of a text, how surprised the model was, and
//! how far back the gradient of the last character reaches.
mod histogram;
mod neighbours;

use serde::Serialize;

pub use histogram::{Histogram, histogram};
pub use neighbours::{Neighbour, neighbours};

use crate::{
    Config, Error,
    executor::{Batch, CpuExecutor, Executor, Feeder},
    kernels::{Controls, Kernel, softmax_cross_entropy::IGNORED},
    network::{Cell, ConfigError, Layout, Rule},
    plan::{BufferId, InspectionPlan, inspection_plan},
    ranking::{largest, place},
    sample::Alternative,
    simd::{Isa, softmax},
    text::{Vocabulary, prepare},
    with_simd,
};

/// The longest text that is looked into; what comes after is left out.
pub const MAX_CHARACTERS: usize = 512;
/// How many of the likeliest characters are told at each place.
const ALTERNATIVES: usize = 5;

/// What the model expected at one character.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Place {
    /// The character.
    pub character: char,
    /// Its token.
    pub token: u32,
    /// −ln of the probability it was given, in nats; none for the first, which nothing foretold.
    pub surprise: Option<f32>,
    /// What was likeliest to come after it, likeliest first.
    pub next: Vec<Alternative>,
}

/// One layer over the text. T is one less than the number of places: the last character is only
/// foretold.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerInside {
    /// (T, H): h_t after each character.
    pub hidden: Vec<f32>,
    /// (T, G·H): the gates' values after each character; for a vanilla cell the sums before φ.
    pub gates: Vec<f32>,
    /// (T): ‖∂L/∂h_t‖, L the loss of the last character alone.
    pub gradient_norms: Vec<f32>,
}

/// What happened inside.
#[derive(Debug, Clone, PartialEq)]
pub struct Inspection {
    /// Each character.
    pub places: Vec<Place>,
    /// Each layer, the first one first.
    pub layers: Vec<LayerInside>,
    /// Norm of the loss's gradient by all parameters, L the mean loss of the whole text.
    pub gradient_norm: f32,
    /// The gradient by the parameters, flat.
    pub gradients: Vec<f32>,
    /// Whether the text was cut at [`MAX_CHARACTERS`].
    pub truncated: bool,
}

/// The names of a cell's gates, in memory's order.
pub fn gate_names(cell: Cell) -> &'static [&'static str] {
    match cell {
        Cell::Rnn => &["sum"],
        Cell::Lstm => &["input", "forget", "cell", "output"],
        Cell::Gru => &["reset", "update", "new"],
    }
}

/// Runs the model over `text`, of at least two characters, from a zero state, without dropout.
///
/// # Errors
/// A character that the model does not know; a text shorter than two characters; too little memory.
pub fn inspect(
    config: &Config,
    vocabulary: &Vocabulary,
    parameters: &[f32],
    text: &str,
    isa: Isa,
) -> Result<Inspection, Error> {
    let text = prepare(text, &config.text.corpus_options().text.unlimited()).into_owned();
    let mut tokens = vocabulary.encode_prefix(&text)?;
    let truncated = tokens.len() > MAX_CHARACTERS;
    tokens.truncate(MAX_CHARACTERS);
    if tokens.len() < 2 {
        return Err(ConfigError::new("text", Rule::TooFewCharacters).into());
    }
    let (inputs, targets) = (&tokens[..tokens.len() - 1], &tokens[1..]);
    let steps = inputs.len();
    let plan = inspection_plan(&config.model.language_model(vocabulary.len()), steps)?;
    let mut run = Run {
        executor: CpuExecutor::new(plan.plan.clone(), isa)?,
        plan,
    };
    run.write(run.plan.parameters, bytemuck::cast_slice(parameters));
    run.feed(inputs, targets);
    let next = run.forward(vocabulary);
    let losses = run.all(run.plan.losses);
    let places = places(vocabulary, &tokens, &losses, next);
    let (gates, hs) = (run.plan.gates.clone(), run.plan.hs.clone());
    let gates: Vec<Vec<f32>> = gates.into_iter().map(|g| run.all(g)).collect();
    let hs: Vec<Vec<f32>> = hs.into_iter().map(|h| run.all(h)).collect();

    run.executor.run(run.plan.backward);
    let gradients = run.all(run.plan.gradients);
    let gradient_norm = norm(&gradients);

    let mut last = vec![IGNORED; steps];
    last[steps - 1] = targets[steps - 1];
    run.feed(inputs, &last);
    run.executor.run(run.plan.backward);
    let h = config.model.hidden_size;
    let d_hs = run.plan.d_hs.clone();
    let layers = gates
        .into_iter()
        .zip(hs)
        .zip(d_hs)
        .map(|((gates, hs), d_hs)| LayerInside {
            // Step 0 is the state before the text.
            hidden: hs[h..].to_vec(),
            gates,
            gradient_norms: run.all(d_hs).chunks_exact(h).map(norm).collect(),
        })
        .collect();
    Ok(Inspection {
        places,
        layers,
        gradient_norm,
        gradients,
        truncated,
    })
}

fn norm(values: &[f32]) -> f32 {
    values
        .iter()
        .map(|&v| f64::from(v).powi(2))
        .sum::<f64>()
        .sqrt() as f32
}

struct Run {
    executor: CpuExecutor,
    plan: InspectionPlan,
}

impl Run {
    fn write(&mut self, buffer: BufferId, words: &[u32]) {
        self.executor.write(buffer, 0, words);
    }

    fn all(&mut self, buffer: BufferId) -> Vec<f32> {
        let view = self.plan.plan.whole(buffer);
        self.executor.view(view).to_vec()
    }

    /// The text and its targets; the loss is the mean over those that are not ignored.
    fn feed(&mut self, inputs: &[u32], targets: &[u32]) {
        let counted = targets.iter().filter(|&&target| target != IGNORED).count();
        let controls = Controls {
            counted: counted as f32,
            ..bytemuck::Zeroable::zeroed()
        };
        let batch = Batch {
            tokens: inputs.to_vec(),
            targets: targets.to_vec(),
            ..Batch::default()
        };
        let mut feeder = Feeder::new(&self.plan.plan, &self.plan.feeds);
        feeder.train(&mut self.executor, &batch, &controls);
    }

    /// Runs forward: the likeliest characters after each of the T inputs. Of a large vocabulary the logits
    /// of a few inputs at a time are kept, so they are looked at as soon as their losses are known.
    fn forward(&mut self, vocabulary: &Vocabulary) -> Vec<Vec<Alternative>> {
        let program = self.plan.forward;
        let logits = self.plan.plan.whole(self.plan.logits);
        let mut probabilities = vec![0.0; vocabulary.len()];
        let mut next = Vec::new();
        let isa = Isa::best(true);
        for index in 0..self.plan.plan.programs[program].dispatches.len() {
            self.executor.run_dispatch(program, index);
            let kernel = &self.plan.plan.programs[program].dispatches[index].kernel;
            if let Kernel::SoftmaxCrossEntropy(p) = kernel {
                let rows = self.executor.view(logits).chunks(self.plan.logits_stride);
                for row in rows.take(p.rows as usize) {
                    let row = &row[..vocabulary.len()];
                    with_simd!(isa, s => softmax(s, row, 1.0, &mut probabilities));
                    next.push(likeliest(vocabulary, &probabilities));
                }
            }
        }
        next
    }
}

fn places(
    vocabulary: &Vocabulary,
    tokens: &[u32],
    losses: &[f32],
    next: Vec<Vec<Alternative>>,
) -> Vec<Place> {
    // Nothing is known of what comes after the last.
    let next = next.into_iter().chain([Vec::new()]);
    let places = tokens.iter().zip(next).enumerate();
    places
        .map(|(t, (&token, next))| Place {
            character: vocabulary.decode(token),
            token,
            surprise: t.checked_sub(1).map(|before| losses[before]),
            next,
        })
        .collect()
}

fn likeliest(vocabulary: &Vocabulary, probabilities: &[f32]) -> Vec<Alternative> {
    let mut keys = Vec::new();
    let best = largest(probabilities.iter().copied(), ALTERNATIVES, &mut keys);
    let alternatives = best.iter().map(|&key| Alternative {
        character: vocabulary.decode(place(key) as u32),
        probability: probabilities[place(key)],
    });
    alternatives.collect()
}

/// The values of the parameter called `name`, in PyTorch's order; none if there is no such one.
pub fn parameter(config: &Config, vocabulary: usize, flat: &[f32], name: &str) -> Option<Vec<f32>> {
    Layout::new(&config.model.language_model(vocabulary))
        .find(name)
        .map(|p| p.export(flat))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{ModelConfig, initialise};

    fn model(cell: Cell) -> (Config, Vocabulary, Vec<f32>) {
        let model = ModelConfig {
            cell,
            hidden_size: 12,
            num_layers: 2,
            ..ModelConfig::default()
        };
        let config = Config {
            model,
            ..Config::default()
        };
        let vocabulary = Vocabulary::build("分开不分开 想要", 1).unwrap();
        let model = config.model.language_model(vocabulary.len());
        let layout = Layout::new(&model);
        let parameters = initialise(&model, &layout, 7).unwrap();
        (config, vocabulary, parameters)
    }

    #[test]
    fn surprise_is_what_the_sampler_would_have_given() {
        use crate::sample::{SampleOptions, Sampler};
        for cell in [Cell::Rnn, Cell::Lstm, Cell::Gru] {
            let (config, vocabulary, parameters) = model(cell);
            let isa = Isa::best(false);
            let found = inspect(&config, &vocabulary, &parameters, "分开不", isa).unwrap();
            assert_eq!(found.places.len(), 3);
            assert_eq!(found.places[0].surprise, None);
            let options = SampleOptions {
                prefix: "分开".into(),
                ..SampleOptions::default()
            };
            let mut sampler =
                Sampler::new(&config, &vocabulary, &parameters, options, isa).unwrap();
            let logits = sampler.logits().to_vec();
            let sum: f64 = logits.iter().map(|&z| f64::from(z).exp()).sum();
            let token = vocabulary.encode('不').unwrap() as usize;
            let expected = sum.ln() - f64::from(logits[token]);
            let surprise = f64::from(found.places[2].surprise.unwrap());
            assert!(
                (surprise - expected).abs() < 1e-5,
                "{cell:?}: {surprise} {expected}"
            );
            // Both characters of the prefix have been read; the top layer is the last.
            let seen = &found.layers[1].hidden[12..24];
            let hidden = sampler.hidden();
            assert_eq!(hidden.len(), 12);
            for (a, b) in hidden.iter().zip(seen) {
                assert!((a - b).abs() < 1e-5, "{cell:?}: {a} {b}");
            }
            assert!(hidden.iter().any(|h| h.abs() > 1e-3));
        }
    }

    #[test]
    fn layers_have_their_shapes_and_gates_their_range() {
        for cell in [Cell::Rnn, Cell::Lstm, Cell::Gru] {
            let (config, vocabulary, parameters) = model(cell);
            let found = inspect(
                &config,
                &vocabulary,
                &parameters,
                "分开不分开",
                Isa::best(false),
            )
            .unwrap();
            assert_eq!(found.layers.len(), 2);
            for layer in &found.layers {
                assert_eq!(layer.hidden.len(), 4 * 12);
                assert_eq!(layer.gates.len(), 4 * 12 * gate_names(cell).len());
                assert_eq!(layer.gradient_norms.len(), 4);
                assert!(
                    layer
                        .gradient_norms
                        .iter()
                        .all(|n| n.is_finite() && *n > 0.0)
                );
            }
            if cell != Cell::Rnn {
                let gates = &found.layers[0].gates[..12];
                assert!(gates.iter().all(|g| (0.0..=1.0).contains(g)));
            }
            assert!(found.gradient_norm > 0.0);
        }
    }

    /// ∂L/∂h of the last step, by hand: W (p − y), L the loss of the last character alone.
    #[test]
    fn the_last_gradient_is_that_of_the_last_character_alone() {
        let (config, vocabulary, parameters) = model(Cell::Gru);
        let text = "分开不分开";
        let isa = Isa::best(false);
        let found = inspect(&config, &vocabulary, &parameters, text, isa).unwrap();
        let options = crate::sample::SampleOptions {
            prefix: "分开不分".into(),
            ..Default::default()
        };
        let sampler = crate::sample::Sampler::new(&config, &vocabulary, &parameters, options, isa);
        let logits = sampler.unwrap().logits().to_vec();
        let sum: f64 = logits.iter().map(|&z| f64::from(z).exp()).sum();
        let target = vocabulary.encode('开').unwrap() as usize;
        let d_logits = logits
            .iter()
            .enumerate()
            .map(|(token, &z)| f64::from(z).exp() / sum - f64::from(u8::from(token == target)));
        let weight = parameter(&config, vocabulary.len(), &parameters, "linear.weight");
        let weight = weight.unwrap();
        let mut expected = [0.0f64; 12];
        for (d, row) in d_logits.zip(weight.chunks_exact(12)) {
            for (sum, &w) in expected.iter_mut().zip(row) {
                *sum += d * f64::from(w);
            }
        }
        let expected = expected.iter().map(|d| d * d).sum::<f64>().sqrt();
        let norm = f64::from(*found.layers[1].gradient_norms.last().unwrap());
        assert!((norm / expected - 1.0).abs() < 1e-5, "{norm} {expected}");
    }

    /// A vocabulary so large that the logits of all inputs are not kept at once.
    #[test]
    fn alternatives_do_not_depend_on_how_many_characters_follow() {
        let all: String = (0x2_0000..)
            .filter_map(char::from_u32)
            .take(70_000)
            .collect();
        let vocabulary = Vocabulary::build(&all, 1).unwrap();
        let config = Config {
            model: ModelConfig {
                cell: Cell::Rnn,
                hidden_size: 2,
                ..ModelConfig::default()
            },
            ..Config::default()
        };
        let model = config.model.language_model(vocabulary.len());
        let layout = Layout::new(&model);
        let parameters = initialise(&model, &layout, 7).unwrap();
        let isa = Isa::best(false);
        let text: String = all.chars().step_by(130).take(MAX_CHARACTERS).collect();
        let long = inspect(&config, &vocabulary, &parameters, &text, isa).unwrap();
        let short: String = text.chars().take(10).collect();
        let short = inspect(&config, &vocabulary, &parameters, &short, isa).unwrap();
        assert_eq!(long.places.len(), MAX_CHARACTERS);
        assert_eq!(long.places[..9], short.places[..9]);
        let (last, all) = long.places.split_last().unwrap();
        assert!(last.next.is_empty());
        assert!(all.iter().all(|place| place.next.len() == ALTERNATIVES));
    }

    #[test]
    fn short_unknown_and_long_texts_are_answered() {
        let (config, vocabulary, parameters) = model(Cell::Gru);
        let isa = Isa::best(false);
        let look = |text: &str| inspect(&config, &vocabulary, &parameters, text, isa);
        assert!(look("分").is_err());
        assert_eq!(look("分x").unwrap_err().code(), "unknown-character");
        let long = look(&"分开".repeat(400)).unwrap();
        assert!(long.truncated && long.places.len() == MAX_CHARACTERS);
    }

    #[test]
    fn the_nearest_neighbour_of_a_copied_row_is_its_copy() {
        let (config, vocabulary, mut parameters) = model(Cell::Lstm);
        let layout = Layout::new(&config.model.language_model(vocabulary.len()));
        let table = layout.find("rnn.weight_ih_l0").unwrap();
        let width = table.range().len() / vocabulary.len();
        let at = |c: char| table.range().start + vocabulary.encode(c).unwrap() as usize * width;
        let (from, to) = (at('分'), at('想'));
        // A vector twice as long points the same way.
        for i in 0..width {
            parameters[to + i] = 2.0 * parameters[from + i];
        }
        let near = neighbours(&config, &vocabulary, &parameters, '分', 3).unwrap();
        assert_eq!(near[0].character, '想');
        assert!((near[0].similarity - 1.0).abs() < 1e-5 && near[1].similarity < 0.99);
    }
}
