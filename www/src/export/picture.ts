/** Charts as one picture: each under its title, with a legend of the runs. */
export interface Shown {
  title: string;
  canvas: HTMLCanvasElement;
}

export interface Named {
  name: string;
  colour: string;
  dash: readonly number[];
}

export interface Paper {
  background: string;
  ink: string;
  runs: readonly Named[];
}

const MARGIN = 16;
const LINE = 22;

export function picture(charts: readonly Shown[], { background, ink, runs }: Paper): Promise<Blob> {
  const ratio = devicePixelRatio;
  const px = (value: number) => value * ratio;
  const width = Math.max(...charts.map(({ canvas }) => canvas.width)) + px(2 * MARGIN);
  const height = charts.reduce((sum, { canvas }) => sum + canvas.height + px(LINE), px(2 * MARGIN + LINE * runs.length));
  const sheet = Object.assign(document.createElement('canvas'), { width, height });
  const ctx = sheet.getContext('2d')!;
  ctx.fillStyle = background;
  ctx.fillRect(0, 0, width, height);
  ctx.textBaseline = 'middle';
  let y = px(MARGIN);
  for (const { title, canvas } of charts) {
    ctx.font = `600 ${px(14)}px system-ui, sans-serif`;
    ctx.fillStyle = ink;
    ctx.fillText(title, px(MARGIN), y + px(LINE / 2));
    ctx.drawImage(canvas, px(MARGIN), y + px(LINE));
    y += canvas.height + px(LINE);
  }
  ctx.font = `${px(13)}px system-ui, sans-serif`;
  ctx.lineWidth = px(2.5);
  for (const { name, colour, dash } of runs) {
    const middle = y + px(LINE / 2);
    ctx.strokeStyle = colour;
    ctx.setLineDash(dash.map(px));
    ctx.beginPath();
    ctx.moveTo(px(MARGIN), middle);
    ctx.lineTo(px(MARGIN + 30), middle);
    ctx.stroke();
    ctx.fillText(name, px(MARGIN + 38), middle);
    y += px(LINE);
  }
  return new Promise((resolve, reject) => {
    sheet.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('The picture could not be made.'))), 'image/png');
  });
}
