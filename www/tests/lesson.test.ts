/** What a newcomer meets, in a browser: the notes of the first run, the living picture, recitation, advice, the glossary. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { openSite, until, type Site } from './browser.ts';
import { stickingOut } from './layout.ts';

let site: Site;
const SMALL = '#model.hidden_size=32';

before(async () => {
  site = await openSite();
});

after(async () => {
  await site?.close();
});

const textOf = async (page: Page, selector: string) => ((await page.locator(selector).textContent()) ?? '').trim();
const note = (page: Page) => page.locator('cl-guide aside').getAttribute('data-note');

async function open(hash = SMALL, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await site.open(options, hash);
  await page.locator('#train:enabled').waitFor();
  // The picture draws itself only where it is seen: on a phone that is further down.
  await page.locator('cl-guide aside').waitFor();
  return page;
}

/** The deepest element that has the focus. */
const focused = (page: Page) =>
  page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element?.id ?? '';
  });

/** A text so plain that a small network recites it within seconds. */
const PLAIN = 'The sea is wide, the sea is deep, and all the little boats are asleep.\nThe moon is high, the moon is white, and all the lamps are out tonight.\n';

async function paste(page: Page, text: string): Promise<void> {
  await page.locator('#paste').click();
  await page.locator('#own-words').fill(text);
  await page.locator('#paste-use').click();
  await until(page, 'the pasted text', async () => /Pasted/.test(await textOf(page, '#corpus option:checked')));
}

test('the notes follow what is on the screen: noise, then what was learnt, then learning by heart', async () => {
  const page = await open(`${SMALL}&text.validation=0&train.lr=0.02`);
  assert.equal(await note(page), '0');
  await paste(page, PLAIN.repeat(30));
  assert.equal(await note(page), '0', 'an untrained network is noise, whatever the text');
  await page.locator('#guide-train').click();
  await until(page, 'the second note', async () => (await note(page)) === '1');
  await until(page, 'the last note', async () => (await note(page)) === '3', 90_000);
  assert.match(await textOf(page, 'cl-guide p'), /\d+ ?% of what it writes stands word for word/);
  await page.locator('#pause').click();
  await page.locator('#train').waitFor();
  await until(page, 'a marked passage', async () => (await page.locator('#living mark').count()) > 0, 60_000);
  assert.equal(await page.locator('#too-short').count(), 0, 'there is enough of it');
  const marked = (await page.locator('#living mark').first().textContent()) ?? '';
  assert.ok(marked.length >= 1 && PLAIN.repeat(2).includes(marked.slice(0, 20)), marked);
  assert.match(await textOf(page, '#recited'), /\d ?% of this stands word for word .* 20 characters or more/);
  // What is written on request is marked as well, also where another way was taken.
  const copied = async () => {
    await until(page, 'a comparison', async () => (await page.locator('#copied').count()) === 1);
    return page.locator('cl-continuation .recited').evaluateAll((marked) => marked.map((each) => each.textContent).join(''));
  };
  await page.locator('#prefix').fill('The sea');
  await page.locator('#write').click();
  const recited = await copied();
  assert.ok(recited.length >= 20 && PLAIN.repeat(2).includes(recited.slice(0, 20)), recited);
  assert.match(await textOf(page, '#copied'), /\d+ ?% of this stands word for word/);
  await page.locator('cl-continuation span[data-index="30"]').click();
  const before = await textOf(page, 'cl-continuation .text');
  await page.locator('cl-continuation .alternatives button').first().click();
  const other = async () => (await textOf(page, 'cl-continuation .text')) !== before && (await page.locator('cl-continuation .text').getAttribute('data-status')) === 'done';
  await until(page, 'the other way', other);
  assert.equal((await copied()).slice(0, 20), recited.slice(0, 20), 'what was kept counts too');
  await page.locator('#guide-done').click();
  await until(page, 'no notes', async () => (await page.locator('cl-guide aside').count()) === 0);
  await page.reload();
  await page.locator('#train:enabled').waitFor();
  await page.locator('cl-picture ol').waitFor();
  assert.equal(await page.locator('cl-guide aside').count(), 0, 'they stay away');
  await page.locator('#open-help').click();
  await page.locator('#guide-again').click();
  await page.locator('cl-guide aside').waitFor();
  await page.context().close();
});

test('of a text too short to learn from it is said that it can only be recited, and a longer one is a press away', async () => {
  const page = await open();
  await paste(page, PLAIN.repeat(5));
  await page.locator('#train:enabled').click();
  await page.locator('#too-short').waitFor({ timeout: 90_000 });
  const count = PLAIN.length * 5;
  assert.match(await textOf(page, '#too-short'), new RegExp(`only ${count} characters`));
  await page.locator('#longer').click();
  await page.locator('#own-words').waitFor();
  await page.context().close();
});

test('the notes move nothing that is written, and cover nothing on a phone', async () => {
  for (const [width, locale] of [[360, 'zh-CN'], [390, 'en-US']] as const) {
    const page = await open(SMALL, { viewport: { width, height: 740 }, locale });
    const [guide, living] = await page.evaluate(() => {
      const root = document.querySelector('cl-page')!.shadowRoot!;
      return ['cl-guide', 'cl-living'].map((name) => root.querySelector(name)!.getBoundingClientRect().toJSON() as DOMRect);
    });
    assert.ok(guide!.bottom <= living!.top, 'the notes end above the writing');
    assert.equal(await page.locator('cl-guide').evaluate((element) => getComputedStyle(element).position), 'static');
    const told = () => page.locator('cl-guide h2').textContent();
    const first = await told();
    await page.locator('#guide-train').focus();
    await page.keyboard.press('Enter');
    await page.locator('#pause').waitFor();
    await until(page, 'the next note', async () => (await told()) !== first);
    assert.equal(await page.locator('cl-guide').evaluate((element) => element.getBoundingClientRect().height), guide!.height, `${width} px`);
    assert.deepEqual(await stickingOut(page), []);
    await page.context().close();
  }
});

test('the whole sample is on the screen, the prompt says that it is one, and the card keeps its height', async () => {
  for (const [width, locale] of [[1440, 'en-US'], [360, 'zh-CN']] as const) {
    const page = await open(SMALL, { viewport: { width, height: 900 }, locale });
    const height = () => page.locator('cl-living .body').evaluate((body) => body.getBoundingClientRect().height);
    assert.equal(await page.locator('#living .prefix').evaluate((prefix) => getComputedStyle(prefix, '::before').content), locale === 'en-US' ? '"given"' : '"给定"');
    const before = await height();
    await page.locator('#train').click();
    const heights = new Set<number>([before]);
    const hidden: string[] = [];
    let seen = 0;
    await until(page, 'some writing', async () => {
      heights.add(await height());
      const out = await page.locator('#living').evaluate((text) => {
        // The last character that has a place: a line end has none.
        const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT, (node) =>
          node.textContent?.trim() ? NodeFilter.FILTER_ACCEPT : NodeFilter.FILTER_SKIP,
        );
        let last: Node | null = null;
        while (walker.nextNode()) last = walker.currentNode;
        if (!last) return '';
        const range = document.createRange();
        const length = last.textContent!.trimEnd().length;
        range.setStart(last, length - 1);
        range.setEnd(last, length);
        const end = range.getBoundingClientRect();
        const box = text.getBoundingClientRect();
        return end.bottom > box.bottom + 1 || end.bottom < box.top ? `${end.bottom} beyond ${box.bottom}` : '';
      });
      if (out) hidden.push(out);
      return ++seen > 20;
    });
    assert.deepEqual([...heights], [before], `${width} px: the card jumps`);
    assert.deepEqual(hidden, [], 'what is being written is out of sight');
    await until(page, 'a second sample', async () => Number(await page.locator('#earlier').getAttribute('max')) >= 1, 60_000);
    assert.match(await textOf(page, 'label[for=earlier]'), locale === 'en-US' ? /Earlier samples/ : /回看以前写的/);
    assert.ok(await page.locator('label[for=earlier]').isVisible());
    await page.context().close();
  }
});

test('what is being marked with the mouse stands still until the button is let go', async () => {
  const page = await open();
  await page.locator('#train').click();
  await until(page, 'something written by a trained network', async () => /epoch [1-9]/.test(await textOf(page, '#when')));
  const box = (await page.locator('#living').boundingBox())!;
  await page.mouse.move(box.x + 10, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + 120, box.y + 60, { steps: 3 });
  const held = await textOf(page, '#living');
  const epoch = Number(await textOf(page, '#epoch'));
  await until(page, 'three more epochs', async () => Number(await textOf(page, '#epoch')) >= epoch + 3);
  assert.equal(await textOf(page, '#living'), held);
  await page.mouse.up();
  await until(page, 'the present writing', async () => (await textOf(page, '#living')) !== held);
  await page.context().close();
});

test('the picture shows the sampler’s own state and probabilities, and comes to rest with it', async () => {
  const page = await open();
  const shown = () =>
    page.locator('cl-picture').evaluate((element) => {
      const canvas = element.shadowRoot!.querySelector('canvas')!;
      const { sample } = element as unknown as { sample: { hidden: Float32Array; characters: { character: string; alternatives: { character: string; probability: number }[] }[] } };
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
      const last = sample.characters.at(-1)!;
      return {
        side: canvas.width,
        alphas: Array.from(sample.hidden, (_, unit) => data[unit * 4 + 3]!),
        colours: Array.from(sample.hidden, (_, unit) => Array.from(data.slice(unit * 4, unit * 4 + 3)).join()),
        hidden: Array.from(sample.hidden),
        drawn: last.character,
        listed: element.shadowRoot!.querySelector('li.drawn b')!.textContent,
        widths: [...element.shadowRoot!.querySelectorAll<HTMLElement>('.meter i')].map((bar) => Number.parseFloat(bar.style.width)),
        probabilities: last.alternatives.map(({ probability }) => probability * 100),
      };
    });
  await page.locator('#train').click();
  await until(page, 'some learning', async () => Number.parseInt(await textOf(page, '#epoch')) >= 1, 60_000);
  await page.locator('#pause').click();
  await page.locator('#train').waitFor();
  await until(page, 'the last sample, drawn', async () => {
    const now = await shown();
    return now.hidden.every((value, unit) => Math.abs(now.alphas[unit]! - 255 * Math.abs(value)) <= 1) && now.hidden.some((value) => Math.abs(value) > 0.05);
  });
  const now = await shown();
  assert.equal(now.side, 6, 'one pixel for each of 32 units');
  // Faint pixels keep no exact colour.
  const strong = now.hidden.flatMap((value, unit) => (Math.abs(value) > 0.2 ? [unit] : []));
  const colours = (sign: number) => new Set(strong.filter((unit) => Math.sign(now.hidden[unit]!) === sign).map((unit) => now.colours[unit]!.split(',').map((part) => Math.round(Number(part) / 24)).join()));
  for (const colour of colours(1)) assert.ok(!colours(-1).has(colour), 'above and below zero differ');
  assert.equal(now.listed, now.drawn.replace('\n', '↵').replace(' ', '␣'));
  assert.ok(now.widths.length >= 4);
  for (const [row, width] of now.widths.slice(0, 4).entries()) assert.ok(Math.abs(width - now.probabilities[row]!) < 0.01);
  await page.context().close();
});

test('with reduced motion the picture stands still while a sample is written', async () => {
  const page = await open(SMALL, { reducedMotion: 'reduce' });
  await page.locator('#train').click();
  const incomplete = await page.evaluate(async () => {
    const picture = document.querySelector('cl-page')!.shadowRoot!.querySelector('cl-living')!.shadowRoot!.querySelector('cl-picture') as unknown as {
      drawn: { complete: boolean } | null;
      shadowRoot: ShadowRoot;
    };
    const list = picture.shadowRoot.querySelector('ol')!;
    let halfWritten = 0;
    let changes = 0;
    const observer = new MutationObserver(() => {
      changes++;
      if (picture.drawn?.complete === false) halfWritten++;
    });
    observer.observe(list, { subtree: true, childList: true, characterData: true, attributes: true });
    const started = performance.now();
    while (changes < 3 && performance.now() - started < 30_000) await new Promise((resolve) => setTimeout(resolve, 50));
    observer.disconnect();
    return { halfWritten, changes };
  });
  assert.ok(incomplete.changes >= 3, 'it goes on from sample to sample');
  assert.equal(incomplete.halfWritten, 0);
  await page.context().close();
});

test('held-back text is measured, and the best model on it can write, also after a reload', async () => {
  const page = await open('#preset=quick-en&model.hidden_size=64&train.lr=0.02&text.max_chars=6000');
  await page.locator('#train').click();
  await page.locator('#perplexities').waitFor({ timeout: 60_000 });
  assert.match(await textOf(page, '#perplexities'), /[\d.]+ on the text it trains on, [\d.]+ on the text held back/);
  await page.locator('#parted').waitFor({ timeout: 120_000 });
  assert.match(await textOf(page, '#parted'), /learns this text by heart: since epoch \d+/);
  await page.locator('#pause').click();
  await page.locator('#train').waitFor();
  await page.locator('#autosaved').waitFor();
  const best = await textOf(page, 'cl-reciting label');
  await page.reload();
  await page.locator('#resume').click();
  await until(page, 'the same choice', async () => (await page.locator('cl-reciting label').count()) === 1 && (await textOf(page, 'cl-reciting label')) === best);
  const last = async () => {
    await until(page, 'a whole sample', async () =>
      page.locator('cl-living').evaluate((element) => (element as unknown as { app: { state: { living: { complete: boolean } | null } } }).app.state.living?.complete === true));
    return textOf(page, '#living');
  };
  const written = await last();
  await page.locator('#write-best').check();
  await until(page, 'another writing', async () => (await last()) !== written);
  await page.locator('#write-best').uncheck();
  await until(page, 'the last model’s writing again', async () => (await last()) === written);
  await page.context().close();
});

test('trouble is told in sight of the reader, and one press helps', async () => {
  const page = await open(`${SMALL}&train.lr=3`);
  await page.evaluate(() => scrollTo(0, 500));
  await page.locator('#train').click();
  await page.locator('#advice').waitFor({ timeout: 60_000 });
  const inSight = await page.locator('#advice').evaluate((element) => {
    const box = element.getBoundingClientRect();
    return box.top >= 0 && box.bottom <= innerHeight;
  });
  assert.ok(inSight);
  assert.match(await textOf(page, '#advice'), /learning rate|gradients/);
  // The more it is out of hand, the lower the rate that is offered.
  const kind = await page.locator('#advice').getAttribute('data-kind');
  await page.locator('#advice-halve').click();
  await page.locator('#advice').waitFor({ state: 'detached' });
  const rate = Number(await page.locator('cl-option[data-path="train.lr"] input').inputValue());
  assert.equal(rate, kind === 'diverged' ? 0.3 : 1.5);
  await page.context().close();
});

test('the glossary: by keyboard, by touch at 320 px, and whole', async () => {
  const page = await open();
  const term = page.locator('cl-runbar cl-term[name=perplexity] button');
  await term.focus();
  await page.keyboard.press('Enter');
  const box = page.locator('#explanation');
  await until(page, 'the explanation', async () => box.isVisible());
  assert.equal(await term.getAttribute('aria-expanded'), 'true');
  assert.equal(await focused(page), 'explanation');
  assert.match((await box.textContent()) ?? '', /equally likely characters/);
  await page.keyboard.press('Escape');
  await until(page, 'it shut', async () => !(await box.isVisible()));
  assert.equal(await term.getAttribute('aria-expanded'), 'false');
  await term.click();
  await until(page, 'it open', async () => box.isVisible());
  await term.click();
  await until(page, 'it shut by the word itself', async () => !(await box.isVisible()));
  await page.locator('#open-help').click();
  const terms = await page.locator('cl-glossary dialog [data-term]').count();
  assert.ok(terms > 40, `${terms} terms`);
  await page.keyboard.press('Escape');
  await page.context().close();

  const phone = await open(SMALL, { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true, locale: 'zh-CN' });
  await phone.locator('cl-writer cl-term[name=temperature] button').tap();
  const popup = phone.locator('#explanation');
  await until(phone, 'the explanation', async () => popup.isVisible());
  const { left, right, top, bottom } = await popup.evaluate((element) => element.getBoundingClientRect().toJSON() as DOMRect);
  assert.ok(left >= 0 && right <= 320 && top >= 0 && bottom <= 640, JSON.stringify({ left, right, top, bottom }));
  await phone.locator('#shut').tap();
  await until(phone, 'it shut', async () => !(await popup.isVisible()));
  await phone.context().close();
});

/** Words that need an explanation, and the terms of which one must stand in the same card. */
const JARGON: [RegExp, string[]][] = [
  [/perplexity/i, ['perplexity']],
  [/\bepochs?\b/i, ['epoch']],
  [/\bloss\b/i, ['loss']],
  [/gradient/i, ['gradient', 'clipping']],
  [/\bclip/i, ['clipping', 'norm']],
  [/\bnorms?\b/i, ['norm']],
  [/learning rate/i, ['learning-rate']],
  [/temperature/i, ['temperature']],
  [/\btop k\b/i, ['top-k']],
  [/\btop p\b/i, ['top-p']],
  [/hidden state/i, ['hidden-state']],
  [/hidden units/i, ['hidden-units']],
  [/one-hot/i, ['one-hot']],
  [/embedding/i, ['embedding', 'one-hot']],
  [/spectral/i, ['spectral-radius']],
  [/\bnats\b/i, ['nats']],
  [/glorot/i, ['glorot']],
  [/held back/i, ['validation']],
  [/\bLSTM\b|\bGRU\b/, ['cell', 'lstm', 'gru']],
  [/dropout/i, ['dropout']],
  [/momentum/i, ['momentum']],
  [/softmax/i, ['softmax']],
  [/parameters/i, ['parameter']],
  [/\bseed\b/i, ['seed']],
  [/weight decay/i, ['weight-decay']],
  [/optimi[sz]er/i, ['optimiser']],
];

test('in every card each technical word can be asked about', async () => {
  const page = await open(`${SMALL}&train.optimizer=sgd&model.cell=lstm&model.num_layers=2&train.schedule=cosine`);
  await page.locator('#train').click();
  await until(page, 'an epoch', async () => Number.parseInt(await textOf(page, '#epoch')) >= 1, 60_000);
  await page.locator('#pause').click();
  await page.locator('#train').waitFor();
  // Parts further down are fetched when their places come near.
  for (const part of ['cl-runs', 'cl-inside']) await page.locator(part).scrollIntoViewIfNeeded();
  await page.locator('#inside-text').waitFor();
  for (const summary of await page.locator('details > summary').all()) await summary.click();
  await page.locator('cl-score canvas').waitFor();
  assert.deepEqual((await textOf(page, 'cl-score .numbers')).split('\n').map(Number), Array.from({ length: 32 }, (_, unit) => unit), 'each row says which unit it is');
  const cards = await page.evaluate(() => {
    const root = document.querySelector('cl-page')!.shadowRoot!;
    const read = (element: Element): { text: string; terms: string[] } => {
      const terms: string[] = [];
      let text = '';
      const walk = (node: Node) => {
        if (node instanceof HTMLStyleElement || (node instanceof HTMLElement && node.hidden)) return;
        if (node instanceof HTMLOptionElement) return;
        if (node.nodeType === Node.TEXT_NODE) text += `${node.textContent} `;
        if (node instanceof HTMLElement && node.localName === 'cl-term') terms.push(node.getAttribute('name') ?? '');
        if (node instanceof Element && node.shadowRoot) walk(node.shadowRoot);
        for (const child of node.childNodes) walk(child);
      };
      walk(element);
      return { text, terms };
    };
    const names = ['cl-runbar', 'cl-text', 'cl-network', 'cl-training', 'cl-living', 'cl-charts', 'cl-runs', 'cl-writer', 'cl-inside'];
    return names.flatMap((name) => {
      const element = root.querySelector(name);
      return element ? [{ name, ...read(element) }] : [];
    });
  });
  assert.ok(cards.length >= 8);
  const missing = cards.flatMap(({ name, text, terms }) =>
    JARGON.filter(([word, any]) => word.test(text) && !any.some((term) => terms.includes(term))).map(([word]) => `${name}: ${word}`),
  );
  assert.deepEqual(missing, []);
  await page.context().close();
});
