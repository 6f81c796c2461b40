//! A map from every code point to a small value: two look-ups, no hashing, memory for the blocks in use only.

/// Values by code point, in pages of 256; a page that was never written to is page 0, which stays empty.
#[derive(Clone)]
pub(super) struct CodePointMap<T> {
    /// Page of `values` for each `code point / 256`: 0x1100 entries.
    pages: Box<[u16]>,
    values: Vec<T>,
    empty: T,
}

const PAGE: usize = 256;
const PAGES: usize = (char::MAX as usize + 1) / PAGE;

impl<T: Copy> CodePointMap<T> {
    /// A map of nothing but `empty`.
    pub fn new(empty: T) -> Self {
        Self {
            pages: vec![0; PAGES].into(),
            values: vec![empty; PAGE],
            empty,
        }
    }

    /// The value of `c`.
    #[inline]
    pub fn get(&self, c: char) -> T {
        let page = self.pages[c as usize / PAGE] as usize;
        self.values[page * PAGE + c as usize % PAGE]
    }

    /// The place of `c`'s value.
    #[inline]
    pub fn slot(&mut self, c: char) -> &mut T {
        let page = &mut self.pages[c as usize / PAGE];
        if *page == 0 {
            // At most PAGES + 1 pages, so this fits.
            *page = (self.values.len() / PAGE) as u16;
            self.values.resize(self.values.len() + PAGE, self.empty);
        }
        &mut self.values[*page as usize * PAGE + c as usize % PAGE]
    }

    /// All characters of pages in use and their values, by code point.
    pub fn iter(&self) -> impl Iterator<Item = (char, T)> {
        let used = (0..PAGES).filter(|&page| self.pages[page] != 0);
        used.flat_map(|page| {
            (page * PAGE..(page + 1) * PAGE).filter_map(|code| char::from_u32(code as u32))
        })
        .map(|c| (c, self.get(c)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_was_put() {
        let mut map = CodePointMap::new(0u64);
        for c in ['\0', 'a', 'ÿ', '\u{D7FF}', '\u{E000}', '中', char::MAX] {
            assert_eq!(map.get(c), 0);
            *map.slot(c) += u64::from(c) + 1;
        }
        assert_eq!(map.get('b'), 0);
        let used: Vec<char> = map.iter().filter(|(_, n)| *n > 0).map(|(c, _)| c).collect();
        assert_eq!(
            used,
            ['\0', 'a', 'ÿ', '中', '\u{D7FF}', '\u{E000}', char::MAX]
        );
        assert!(map.iter().all(|(c, n)| n == 0 || n == u64::from(c) + 1));
    }

    #[test]
    fn every_code_point_fits() {
        let mut map = CodePointMap::new(u32::MAX);
        for c in '\0'..=char::MAX {
            *map.slot(c) = c as u32;
        }
        assert!(('\0'..=char::MAX).all(|c| map.get(c) == c as u32));
    }
}
