/** Lines to paste into a page: the tag, and the frame for where tags are filtered out. Both say what a link says. */
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');

/** The folder that a page's address stands for. */
const folderOf = (address: string) => new URL('.', address).href;

export function tagFor(address: string, fragment: string): string {
  const config = escaped(fragment.replace(/^#/, ''));
  return `<script type="module" src="${folderOf(address)}charloom.js"></script>\n<char-loom config="${config}" style="display:block;min-height:560px"></char-loom>`;
}

export function frameFor(address: string, fragment: string): string {
  return `<iframe src="${folderOf(address)}embed.html${escaped(fragment)}" title="Charloom" loading="lazy" allow="clipboard-write" style="width:100%;height:800px;border:0"></iframe>`;
}
