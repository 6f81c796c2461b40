/** Why the tag's other files did not come, and how that is said before any of the usual messages are there. */
export interface Trouble {
  code: string;
  message: string;
  field?: string | undefined;
  values?: Record<string, string> | undefined;
}

const SAID: Record<string, readonly [english: string, chinese: string]> = {
  offline: ['The playground could not be fetched: there is no network.', '没有网络，演示没能加载。'],
  'not-found': ['The playground’s files are not at {url}: copy the whole folder there, or set “base”.', '{url} 处没有演示的文件：请把整个文件夹放到那里，或设置 base。'],
  cors: ['The server of {url} does not let this page use it: it must send “Access-Control-Allow-Origin: *”.', '{url} 的服务器不允许本页使用它的文件：它须发送 “Access-Control-Allow-Origin: *”。'],
  csp: ['This page’s content security policy refuses the playground ({url}).', '本页的内容安全策略（{url}）不允许加载演示。'],
  'old-browser': ['This browser is too old for the playground: please update it.', '浏览器版本太旧，运行不了演示，请更新。'],
  'no-wasm': ['WebAssembly is switched off in this browser, and the playground computes with it: allow it for this site, or use another browser.', '这个浏览器关闭了 WebAssembly，而演示要靠它计算：请允许本站使用，或换一个浏览器。'],
  'no-base': ['The playground’s files do not lie beside this script: say where they are with base="https://…/".', '演示的文件不在这段脚本旁边：请用 base="https://…/" 指明它们在哪里。'],
  unexpected: ['The playground did not start.', '演示没能启动。'],
};
export const RETRY = ['Try again', '重试'] as const;
export const OPEN = ['Open the playground', '打开演示'] as const;

export const isChinese = (languages: readonly string[]) => /^zh\b/i.test(languages.find((each) => /^(zh|en)\b/i.test(each)) ?? '');

export function troubleOf(code: string, url: string, chinese: boolean): Trouble {
  return { code, message: SAID[code]![chinese ? 1 : 0].replace('{url}', url), values: { url } };
}

/** What an entry throws that cannot know where the files are. */
export const noBase = () => Object.assign(new Error('no base'), { code: 'no-base' });

/** What a module that did not come was refused for. `blocked` is the directive of a policy that was violated meanwhile. */
export async function codeOf(url: string, blocked: string | null): Promise<string> {
  if (blocked) return 'csp';
  if (!navigator.onLine) return 'offline';
  try {
    const answer = await fetch(url, { credentials: 'same-origin' });
    // A server that answers everything with its start page has no such file.
    return answer.ok && /javascript/.test(answer.headers.get('content-type') ?? '') ? 'unexpected' : 'not-found';
  } catch {
    return new URL(url).origin === location.origin ? 'offline' : 'cors';
  }
}

/** What this browser has too little of, as a code. */
export function lacks(): 'old-browser' | 'no-wasm' | null {
  const supports = (rule: string) => CSS.supports(rule);
  if (!('ElementInternals' in window && 'canParse' in URL && supports('width: 1cqi') && supports('color: light-dark(red, red)'))) return 'old-browser';
  return 'WebAssembly' in window ? null : 'no-wasm';
}
