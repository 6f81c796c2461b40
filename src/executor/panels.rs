//! Where a CPU executor keeps weights in panels for the matrix product: in one place, for one dispatch
//! after the other, or each dispatch's apart, to serve until the weights change.

use super::{ExecutorError, arena::Aligned};
use crate::{
    kernels::{self, Access, Kernel, Packing},
    plan::{BufferId, Dispatch, Plan, Role},
};

/// The panels of every dispatch of a plan.
pub(super) struct Panels {
    memory: Aligned,
    /// By program, then dispatch.
    places: Vec<Vec<Place>>,
}

struct Place {
    first: usize,
    len: usize,
    /// The panels last until the weights change.
    keeps: bool,
    /// They hold the weights.
    packed: bool,
    /// The dispatch changes the weights.
    outdates: bool,
}

impl Panels {
    /// `len`: how many numbers a kernel needs.
    ///
    /// # Errors
    /// When the memory cannot be had.
    pub fn new(
        plan: &Plan,
        keep: bool,
        len: impl Fn(&Kernel) -> usize,
    ) -> Result<Self, ExecutorError> {
        let mut places: Vec<Vec<Place>> = Vec::with_capacity(plan.programs.len());
        let (mut next, mut longest) = (0, 0);
        for program in &plan.programs {
            let mut of_program = Vec::with_capacity(program.dispatches.len());
            for dispatch in &program.dispatches {
                let keeps = keep && packs_parameters(plan, dispatch);
                let place = Place {
                    first: next,
                    len: len(&dispatch.kernel),
                    keeps,
                    packed: false,
                    outdates: keep && changes_parameters(plan, dispatch),
                };
                if keeps {
                    next += place.len.next_multiple_of(Aligned::LINE);
                } else {
                    longest = longest.max(place.len);
                }
                of_program.push(place);
            }
            places.push(of_program);
        }
        // What is not kept is all in one place, after the rest.
        for place in places.iter_mut().flatten().filter(|place| !place.keeps) {
            place.first = next;
        }
        Ok(Self {
            memory: Aligned::zeros(next as u64 + longest as u64, plan.bytes())?,
            places,
        })
    }

    /// The panels of a dispatch, which runs now.
    pub fn of(&mut self, program: usize, dispatch: usize) -> kernels::Panels<'_> {
        if self.places[program][dispatch].outdates {
            self.outdate();
        }
        let place = &mut self.places[program][dispatch];
        let packing = match (place.keeps, place.packed) {
            (false, _) => Packing::Once,
            (true, false) => Packing::Due,
            (true, true) => Packing::Done,
        };
        place.packed = true;
        kernels::Panels {
            numbers: &mut self.memory.as_mut()[place.first..][..place.len],
            packing,
        }
    }

    /// Something else has been put into a buffer.
    pub fn heed(&mut self, plan: &Plan, buffer: BufferId) {
        if plan.buffer(buffer).role == Role::Parameters {
            self.outdate();
        }
    }

    fn outdate(&mut self) {
        let places = self.places.iter_mut().flatten();
        places.for_each(|place| place.packed = false);
    }
}

fn packs_parameters(plan: &Plan, dispatch: &Dispatch) -> bool {
    let weights = dispatch.views.get(dispatch.kernel.packed_binding());
    weights.is_some_and(|view| plan.buffer(view.buffer).role == Role::Parameters)
}

fn changes_parameters(plan: &Plan, dispatch: &Dispatch) -> bool {
    let mut views = dispatch.views.iter().zip(dispatch.kernel.bindings());
    views.any(|(view, binding)| {
        let role = plan.buffer(view.buffer).role;
        binding.access == Access::Write && role == Role::Parameters
    })
}
