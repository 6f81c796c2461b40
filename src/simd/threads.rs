//! Work shared between threads. Without the feature `threads`, one after the other.
use arrayvec::ArrayVec;

/// The most threads a kernel uses.
pub const MAX_THREADS: usize = 16;

/// One piece of work for each thread.
pub type Parts<T> = ArrayVec<T, MAX_THREADS>;

/// Calls `f` with each part, at the same time where there are threads for it. Allocates nothing.
pub fn for_each_part<T: Send>(parts: &mut [T], f: &(impl Fn(&mut T) + Sync)) {
    #[cfg(feature = "threads")]
    match parts {
        [] => {}
        [part] => f(part),
        _ => {
            let (left, right) = parts.split_at_mut(parts.len() / 2);
            rayon::join(|| for_each_part(left, f), || for_each_part(right, f));
        }
    }
    #[cfg(not(feature = "threads"))]
    parts.iter_mut().for_each(f);
}
