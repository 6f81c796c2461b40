/** A song as a picture: its lines on paper, with a line beneath that says what wrote it. */
const WIDTH = 1080;
const MARGIN = 96;
const TEXT = 44;
const CAPTION = 26;
/** Canvases of phones end somewhere above this. */
const TALLEST = 8000;
const SERIF = "'Iowan Old Style', Georgia, 'Noto Serif', 'Songti SC', 'Noto Serif CJK SC', 'Source Han Serif SC', SimSun, serif";
const SANS = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif";
const PAPER = '#fbfaf6';
const INK = '#1b2327';
const INK_2 = '#55616a';
const ACCENT = '#2f4bb3';

export class TooLong extends Error {}

/** Breaks a line where words end, or between any two characters where a word alone is too wide. */
function wrap(line: string, width: number, measure: (text: string) => number): string[] {
  const rows: string[] = [];
  let row = '';
  for (const piece of line.match(/\s+|[^\s\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]+|./gsu) ?? []) {
    if (measure(row + piece) <= width) {
      row += piece;
      continue;
    }
    if (row.trim()) rows.push(row.trimEnd());
    row = piece.trimStart();
    while (measure(row) > width && row.length > 1) {
      let fits = [...row];
      while (fits.length > 1 && measure(fits.join('')) > width) fits = fits.slice(0, -1);
      rows.push(fits.join(''));
      row = row.slice(fits.join('').length);
    }
  }
  rows.push(row);
  return rows;
}

export interface Picture {
  canvas: HTMLCanvasElement;
  file: File;
}

export async function pictureOf(text: string, caption: string): Promise<Picture> {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser draws no pictures.');
  const width = WIDTH - 2 * MARGIN;
  context.font = `${TEXT}px ${SERIF}`;
  const measure = (piece: string) => context.measureText(piece).width;
  const rows = text.trim().split('\n').flatMap((line) => wrap(line, width, measure));
  context.font = `${CAPTION}px ${SANS}`;
  const captionRows = wrap(caption, width, measure);
  const lineHeight = Math.round(TEXT * 1.6);
  const captionHeight = Math.round(CAPTION * 1.5);
  const height = 2 * MARGIN + rows.length * lineHeight + 48 + captionRows.length * captionHeight;
  if (height > TALLEST) throw new TooLong();
  canvas.width = WIDTH;
  canvas.height = height;
  context.fillStyle = PAPER;
  context.fillRect(0, 0, WIDTH, height);
  context.fillStyle = ACCENT;
  context.fillRect(MARGIN, MARGIN - 40, 72, 8);
  context.textBaseline = 'middle';
  context.fillStyle = INK;
  context.font = `${TEXT}px ${SERIF}`;
  let y = MARGIN + lineHeight / 2;
  for (const row of rows) {
    context.fillText(row, MARGIN, y);
    y += lineHeight;
  }
  y += 48 - lineHeight / 2 + captionHeight / 2;
  context.fillStyle = INK_2;
  context.font = `${CAPTION}px ${SANS}`;
  for (const row of captionRows) {
    context.fillText(row, MARGIN, y);
    y += captionHeight;
  }
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (!blob) throw new Error('The canvas gives no picture.');
  return { canvas, file: new File([blob], 'charloom.png', { type: blob.type }) };
}
