/** Who takes part, and the worker each of them runs in. */
const BUILDS = ['scalar', 'simd', 'relaxed'];
/** As many on every machine, so that results can be compared. */
const THREADS = 2;

export const CONTESTANTS = [
  ...BUILDS.map((build) => ({ name: `charloom-${build}`, script: 'charloom.js', arguments: [build] })),
  { name: 'charloom-threads', script: 'charloom.js', arguments: ['threads', THREADS] },
  // On the graphics card, where there is one: only when it is named.
  { name: 'charloom-webgpu', script: 'charloom.js', arguments: ['webgpu', 1, 'webgpu'], whenNamed: true },
  ...['simd', 'relaxed'].map((build) => ({ name: `floor-${build}`, script: 'floor.js', arguments: [build] })),
  { name: 'tfjs', script: 'tfjs.js', arguments: [], rival: true },
];

/** A contestant's worker in the page. */
export class Contestant {
  constructor(page, { name, script, arguments: loading, rival }) {
    Object.assign(this, { page, name, script, loading, rival: rival ?? false });
  }

  /** Starts the worker; what it says of itself. */
  async start() {
    await this.page.evaluate(([name, script]) => globalThis.start(name, `/contestants/${script}`), [this.name, this.script]);
    return this.call('load', ...this.loading);
  }

  call(name, ...args) {
    return this.page.evaluate(([worker, name, args]) => globalThis.call(worker, name, args), [this.name, name, args]);
  }

  stop() {
    return this.page.evaluate((name) => globalThis.stop(name), this.name);
  }
}
