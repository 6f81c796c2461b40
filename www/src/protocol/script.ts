/** Of Chinese, Japanese or Korean, whose characters hold more and whose words have no spaces between them. */
export const DENSE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u;
