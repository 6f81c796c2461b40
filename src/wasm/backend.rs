//! Which executor a session trains on, and why.
use serde::Serialize;

pub use self::gpu::Failure;
#[cfg(feature = "webgpu")]
pub use self::gpu::prepare;
use crate::{
    Error,
    executor::{Backend, CpuExecutor, ExecutorError},
    network::ConfigError,
    plan::NetworkPlan,
    simd::{Isa, MAX_THREADS},
    train::{Data, Trainer},
};

/// Why a session trains where it does.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Choice {
    /// `asked`, `faster` or `slower` (measured), `software` (an adapter without hardware),
    /// `unavailable` or `lost` (see `failure`; after a loss the CPU goes on), `not-built`.
    pub reason: &'static str,
    /// The GPU's name.
    pub adapter: Option<String>,
    /// Milliseconds of a step on the CPU, where measured.
    pub cpu_ms: Option<f64>,
    /// Milliseconds of a step on the GPU, where measured.
    pub gpu_ms: Option<f64>,
    /// What kept or took it from the GPU.
    pub failure: Option<Failure>,
    /// After a loss: the step that training goes on from.
    pub step: Option<u64>,
}

/// The CPU executor for a plan, on all threads that the page has started.
pub fn cpu(network: &NetworkPlan) -> Result<Backend, ExecutorError> {
    let plan = network.plan.clone();
    let cpu = CpuExecutor::with_threads(plan, Isa::best(false), MAX_THREADS)?;
    Ok(Backend::Cpu(cpu))
}

/// The answer of the training. Where its GPU fails at it, training goes on without the GPU from the last state that was
/// kept, and answers once more.
pub async fn surviving<D: Data, T>(
    trainer: &mut Trainer<D>,
    choice: &mut Choice,
    question: impl AsyncFn(&mut Trainer<D>) -> Result<T, Error>,
) -> Result<T, Error> {
    loop {
        let error = match question(trainer).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        *choice = gpu::survive(trainer)?.ok_or(error)?;
    }
}

/// Goes on with the executor that was asked for, from the same step. A GPU that failed on the way is told in `choice`.
pub async fn switch_surviving<D: Data>(
    trainer: &mut Trainer<D>,
    choice: &mut Choice,
    wish: &str,
) -> Result<(), Error> {
    let before = std::mem::take(choice);
    let switched = surviving(trainer, choice, async |t| switch(t, wish).await).await;
    let failed = choice.reason == "lost";
    match switched {
        // That it is where it was asked to be says less than that a GPU failed on the way.
        Ok(_) if failed && trainer.backend().name() == "cpu" => {}
        Ok(chosen) => *choice = chosen,
        Err(error) => {
            if !failed {
                *choice = before;
            }
            return Err(error);
        }
    }
    Ok(())
}

/// Moves `trainer` to the executor that was asked for.
async fn switch(trainer: &mut Trainer<impl Data>, wish: &str) -> Result<Choice, Error> {
    match wish {
        "cpu" => {
            if trainer.backend().can_be_lost() {
                let cpu = cpu(trainer.network())?;
                trainer.switch(cpu).await?;
            }
            Ok(Choice {
                reason: "asked",
                ..Choice::default()
            })
        }
        "auto" => gpu::automatic(trainer).await,
        "webgpu" => gpu::asked(trainer).await,
        _ => {
            let reason = format!("“{wish}” is not auto, webgpu or cpu");
            Err(ConfigError::new("backend", reason).into())
        }
    }
}

#[cfg(feature = "webgpu")]
mod gpu {
    use std::{cell::RefCell, collections::BTreeMap};

    use serde::Serialize;

    use super::{Backend, Choice, Data, Error, ExecutorError, Isa, NetworkPlan, Trainer, cpu};
    use crate::{
        Config,
        executor::{
            GpuDevice, GpuExecutor,
            gpu::{GpuNeeds, Pick, choose, known_answer},
        },
        train::plan_of,
    };

    /// An error as data.
    #[derive(Debug, Clone, Serialize)]
    pub struct Failure {
        code: &'static str,
        message: String,
        values: BTreeMap<&'static str, String>,
    }

    impl From<ExecutorError> for Failure {
        fn from(error: ExecutorError) -> Self {
            Self {
                code: error.code(),
                message: error.to_string(),
                values: error.details().into_iter().collect(),
            }
        }
    }

    /// Where the GPU of `trainer` has failed: the CPU takes over, from the last state that was kept.
    pub fn survive(trainer: &mut Trainer<impl Data>) -> Result<Option<Choice>, Error> {
        let Some(failure) = trainer.backend().failure() else {
            return Ok(None);
        };
        let step = trainer.recover(cpu(trainer.network())?)?;
        Ok(Some(Choice {
            reason: "lost",
            failure: Some(failure.into()),
            step: Some(step),
            ..Choice::default()
        }))
    }

    thread_local! {
        /// The device that was used last: with it are kept its shaders, and what was measured on it.
        static DEVICE: RefCell<Option<GpuDevice>> = const { RefCell::new(None) };
    }

    /// A device for `network`: the last one, where it still works and is enough.
    async fn device(network: &NetworkPlan) -> Result<GpuDevice, ExecutorError> {
        let needs = GpuNeeds::of(&network.plan);
        let last = DEVICE.with_borrow(Clone::clone);
        let fits = |device: &GpuDevice| device.status().is_ok() && device.check(needs).is_ok();
        if let Some(device) = last.filter(fits) {
            return Ok(device);
        }
        let device = GpuDevice::request(needs).await?;
        DEVICE.set(Some(device.clone()));
        Ok(device)
    }

    /// Has a device ready for a training, if it is hardware.
    pub async fn prepare(config: &Config, vocabulary: usize) -> Result<(), Error> {
        let network = plan_of(config, vocabulary)?;
        let device = device(&network).await?;
        if !device.info().is_software {
            known_answer(&device).await?;
            GpuExecutor::new(network.plan, &device).await?;
        }
        Ok(())
    }

    async fn move_to(trainer: &mut Trainer<impl Data>, device: &GpuDevice) -> Result<(), Error> {
        let plan = trainer.network().plan.clone();
        let executor = GpuExecutor::new(plan, device).await?;
        trainer.switch(Backend::Gpu(Box::new(executor))).await
    }

    /// On the GPU, whatever its speed, if it computes what the CPU computes.
    pub async fn asked(trainer: &mut Trainer<impl Data>) -> Result<Choice, Error> {
        let device = device(trainer.network()).await?;
        known_answer(&device).await?;
        move_to(trainer, &device).await?;
        let adapter = Some(device.info().name.clone());
        Ok(Choice {
            reason: "asked",
            adapter,
            ..Choice::default()
        })
    }

    /// On the faster executor. A software adapter is not measured: it runs on the CPU itself, with
    /// less of it than the CPU executor has.
    pub async fn automatic(trainer: &mut Trainer<impl Data>) -> Result<Choice, Error> {
        let device = match device(trainer.network()).await {
            Ok(device) => device,
            Err(error) => return stay(trainer, "unavailable", Some(error)).await,
        };
        let adapter = Some(device.info().name.clone());
        if device.info().is_software {
            let choice = stay(trainer, "software", None).await?;
            return Ok(Choice { adapter, ..choice });
        }
        let measured = choose(trainer.network(), Isa::best(false), Ok(&device)).await?;
        let number = |ms: f64| ms.is_finite().then_some(ms);
        let choice = match (measured.pick, measured.refused) {
            (Pick::Gpu, _) => {
                move_to(trainer, &device).await?;
                Choice {
                    reason: "faster",
                    ..Choice::default()
                }
            }
            (Pick::Cpu, None) => stay(trainer, "slower", None).await?,
            (Pick::Cpu, refused) => stay(trainer, "unavailable", refused).await?,
        };
        let (cpu_ms, gpu_ms) = (number(measured.cpu_ms), number(measured.gpu_ms));
        Ok(Choice {
            adapter,
            cpu_ms,
            gpu_ms,
            ..choice
        })
    }

    async fn stay(
        trainer: &mut Trainer<impl Data>,
        reason: &'static str,
        error: Option<ExecutorError>,
    ) -> Result<Choice, Error> {
        if trainer.backend().can_be_lost() {
            let cpu = cpu(trainer.network())?;
            trainer.switch(cpu).await?;
        }
        Ok(Choice {
            reason,
            failure: error.map(Into::into),
            ..Choice::default()
        })
    }
}

#[cfg(not(feature = "webgpu"))]
mod gpu {
    use serde::Serialize;

    use super::{Choice, Data, Error, ExecutorError, Trainer};

    /// What cannot fail where there is none.
    #[derive(Debug, Clone, Serialize)]
    pub enum Failure {}

    /// Nothing of a CPU is lost.
    pub fn survive(_: &mut Trainer<impl Data>) -> Result<Option<Choice>, Error> {
        Ok(None)
    }

    pub async fn asked(_: &mut Trainer<impl Data>) -> Result<Choice, Error> {
        Err(ExecutorError::NoAdapter.into())
    }

    pub async fn automatic(_: &mut Trainer<impl Data>) -> Result<Choice, Error> {
        Ok(Choice {
            reason: "not-built",
            ..Choice::default()
        })
    }
}
