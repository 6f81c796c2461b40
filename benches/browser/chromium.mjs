/** The browser that everything is measured in. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** Without a window Chromium keeps the graphics card to itself. */
const GPU_FLAGS = ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--use-angle=vulkan', '--ignore-gpu-blocklist'];

function find() {
  if (process.env.CHARLOOM_CHROMIUM) return process.env.CHARLOOM_CHROMIUM;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of ['chromium', 'chromium-browser', 'google-chrome', 'chrome']) {
      if (existsSync(join(folder, name))) return join(folder, name);
    }
  }
  throw new Error('Chromium is missing: install Chromium or Chrome, or set CHARLOOM_CHROMIUM');
}

export function launch({ gpu = false } = {}) {
  return chromium.launch({ executablePath: find(), args: gpu ? [...FLAGS, ...GPU_FLAGS] : FLAGS });
}
