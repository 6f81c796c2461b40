/**
 * Real sites of real generators: MkDocs Material with instant navigation, Sphinx with Furo and with the pydata theme. Long,
 * because they are installed first: with CHARLOOM_ALL only. One file of its own that says so.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { openSite, until, WITHOUT_WEBGPU, WWW, type Site } from './browser.ts';
import { becomes, openHost, SMALL_CONFIG, visit, type HostServer } from './hosts.ts';
import { TYPES } from './server.ts';

const PACKAGES = ['mkdocs-material==9.6.14', 'sphinx==8.1.3', 'furo==2024.8.6', 'pydata-sphinx-theme==0.16.1'];
const TAG = `<char-loom config="${SMALL_CONFIG}" loading="eager" style="display:block;min-height:560px"></char-loom>`;

test('what the documents say of the generators is what is built here', () => {
  const said = readFileSync(join(WWW, '..', 'docs', 'en', 'embed.md'), 'utf8');
  for (const line of ['extra_javascript:', '  - path: charloom/charloom.js', '    type: module', 'html_js_files = [("charloom/charloom.js", {"type": "module"})]']) assert.ok(said.includes(line), line);
});

if (process.env['CHARLOOM_ALL'])
  describe('generators', () => {
    let site: Site;
    let host: HostServer;
    const folder = mkdtempSync(join(tmpdir(), 'charloom-sites-'));
    const bin = (name: string) => join(folder, 'venv', 'bin', name);

    before(async () => {
      execFileSync('python3', ['-m', 'venv', join(folder, 'venv')]);
      execFileSync(bin('pip'), ['install', '--quiet', ...PACKAGES], { stdio: 'inherit' });
      site = await openSite({}, WITHOUT_WEBGPU);
      host = await openHost();
    });
    after(async () => {
      await site?.close();
      host?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    /** Serves a built site under `/name/`. */
    function serveFolder(name: string, from: string): void {
      for (const file of readdirSync(from, { recursive: true, withFileTypes: true })) {
        if (!file.isFile()) continue;
        const path = join(file.parentPath, file.name);
        const type = TYPES[path.slice(path.lastIndexOf('.'))] ?? 'text/plain; charset=utf-8';
        const answer = { body: readFileSync(path) as unknown as string, type };
        const at = `/${name}/${path.slice(from.length + 1)}`;
        host.pages.set(at, answer);
        if (at.endsWith('/index.html')) host.pages.set(at.slice(0, -'index.html'.length), answer);
      }
    }

    /** Light or dark, and the same inside. */
    async function follows(page: Page, toggle: () => Promise<unknown>): Promise<void> {
      const theme = () => page.locator('char-loom .frame').getAttribute('data-theme');
      const before = await theme();
      await toggle();
      await until(page, 'the other theme', async () => (await theme()) !== before);
    }

    test('MkDocs Material: instant navigation ten times there and back, and its palette', async () => {
      const docs = join(folder, 'mk', 'docs');
      mkdirSync(docs, { recursive: true });
      cpSync(join(WWW, 'dist'), join(docs, 'charloom'), { recursive: true });
      writeFileSync(join(docs, 'index.md'), `# A\n\n${TAG}\n`);
      writeFileSync(join(docs, 'other.md'), '# B\n\nAnother page.\n');
      writeFileSync(
        join(folder, 'mk', 'mkdocs.yml'),
        `site_name: Course\nsite_url: ${host.origin}/mk/\ntheme:\n  name: material\n  font: false\n  features: [navigation.instant]\n  palette:\n    - {scheme: default, toggle: {icon: material/brightness-7, name: Dark}}\n    - {scheme: slate, toggle: {icon: material/brightness-4, name: Light}}\nextra_javascript:\n  - path: charloom/charloom.js\n    type: module\nnav: [index.md, other.md]\nplugins: []\nexclude_docs: charloom/docs/\n`,
      );
      execFileSync(bin('mkdocs'), ['build', '--quiet', '-f', join(folder, 'mk', 'mkdocs.yml')]);
      serveFolder('mk', join(folder, 'mk', 'site'));
      const { page, requests } = await visit(site, `${host.origin}/mk/`);
      await becomes(page, 'ready');
      await follows(page, () => page.evaluate(() => document.querySelector<HTMLElement>('[data-md-component="palette"] input[data-md-color-scheme="slate"]')!.click()));
      for (let turn = 0; turn < 10; turn++) {
        await page.locator('nav a[href*="other"]').first().dispatchEvent('click');
        await page.locator('h1', { hasText: 'B' }).waitFor();
        assert.equal(await page.locator('char-loom').count(), 0);
        await page.locator('nav.md-nav--primary a.md-nav__link', { hasText: 'A' }).first().dispatchEvent('click');
        await becomes(page, 'ready');
        await until(page, 'one worker', async () => page.workers().filter((worker) => /charloom/.test(worker.url())).length === 1);
      }
      assert.deepEqual(requests.filter((url) => !url.startsWith(host.origin) && !/^(blob|data):/.test(url)), []);
      await page.context().close();
    });

    for (const [theme, other] of [['furo', 'document.body.dataset.theme = "dark"'], ['pydata_sphinx_theme', 'document.documentElement.dataset.theme = "dark"']] as const)
      test(`Sphinx with ${theme}`, async () => {
        const source = join(folder, theme);
        mkdirSync(join(source, '_static'), { recursive: true });
        cpSync(join(WWW, 'dist'), join(source, '_static', 'charloom'), { recursive: true });
        writeFileSync(join(source, 'conf.py'), `html_theme = "${theme}"\nhtml_static_path = ["_static"]\nhtml_js_files = [("charloom/charloom.js", {"type": "module"})]\n`);
        writeFileSync(join(source, 'index.rst'), `A\n=\n\n.. raw:: html\n\n   ${TAG}\n`);
        execFileSync(bin('sphinx-build'), ['-q', source, join(source, 'built')], { stdio: ['ignore', 'ignore', 'inherit'] });
        serveFolder(theme, join(source, 'built'));
        const { page } = await visit(site, `${host.origin}/${theme}/`, { colorScheme: 'light' });
        await becomes(page, 'ready');
        await follows(page, () => page.evaluate(other));
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
        await page.context().close();
      });
  });
