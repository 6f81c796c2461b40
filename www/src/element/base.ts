/** The folder that the attribute `base` names; a slash at its end may be left out. */
export const folderOf = (base: string): URL => new URL(base.endsWith('/') ? base : `${base}/`, document.baseURI);
