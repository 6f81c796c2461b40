/** A text of exactly `distinct` different characters that can be learned in part. */
export function generateText(distinct, length) {
  const FIRST = 0x4e00;
  const characters = new Array(length);
  let token = 0;
  let random = 1;
  for (let i = 0; i < length; i++) {
    // Every character once, then each of the four that may follow one.
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    token = i < distinct ? i : (token * 3 + (random >>> 30)) % distinct;
    characters[i] = String.fromCharCode(FIRST + token);
  }
  return characters.join('');
}
