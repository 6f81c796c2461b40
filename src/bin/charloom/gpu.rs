//! `--backend webgpu`: training on a GPU.
use charloom::{
    Error,
    executor::{
        Backend, GpuDevice, GpuExecutor,
        gpu::{GpuNeeds, known_answer},
    },
    train::{Data, Trainer},
};
use pollster::block_on;

/// Moves `trainer` to the GPU, if that computes what the CPU computes; the GPU's name.
pub fn move_to_gpu(trainer: &mut Trainer<impl Data>) -> Result<String, Error> {
    block_on(async {
        let device = GpuDevice::request(GpuNeeds::of(&trainer.network().plan)).await?;
        known_answer(&device).await?;
        let executor = GpuExecutor::new(trainer.network().plan.clone(), &device).await?;
        trainer.switch(Backend::Gpu(Box::new(executor))).await?;
        Ok(device.info().name.clone())
    })
}
