/**
 * What can be seen of a song from its letters: lines, verses, and lines that end alike. How a word sounds is not
 * known: Chinese lines are alike where the last character is the same; others where the letters are the same from the
 * last vowel on. Both are said beside the marks.
 */
export interface Line {
  text: string;
  /** The same letter for lines of a verse that end alike; null where none does. */
  rhyme: string | null;
}

export interface Song {
  verses: Line[][];
  lines: number;
  /** What the marks go by: the endings that were compared. */
  script: 'ideographs' | 'letters';
}

const IDEOGRAPH = /\p{Script=Han}/u;
const LAST_WORD = /[\p{L}\p{M}’']+$/u;
/** A vowel and what follows it, a silent e included. */
const FROM_LAST_VOWEL = /[aeiouyà-æè-ïò-öø-ýÿ]+[^aeiouyà-æè-ïò-öø-ýÿ]+e$|[aeiouyà-æè-ïò-öø-ýÿ]+[^aeiouyà-æè-ïò-öø-ýÿ]*$/u;
const LETTERS_WITHOUT_VOWEL = 2;

/** What a line ends on, to be compared; null where it ends on nothing that can be. */
export function endingOf(line: string): string | null {
  const text = line.normalize('NFC').replace(/[^\p{L}\p{M}\p{N}]+$/u, '').toLowerCase();
  const last = [...text].at(-1);
  if (!last) return null;
  if (IDEOGRAPH.test(last)) return last;
  const word = LAST_WORD.exec(text)?.[0].replace(/[’']/g, '');
  if (!word) return null;
  return FROM_LAST_VOWEL.exec(word)?.[0] ?? [...word].slice(-LETTERS_WITHOUT_VOWEL).join('');
}

function letterOf(index: number): string {
  return index < 26 ? String.fromCharCode(65 + index) : `${String.fromCharCode(65 + (index % 26))}${Math.floor(index / 26)}`;
}

export function structureOf(text: string): Song {
  const blocks = text.replace(/\r\n?/g, '\n').split(/\n[ \t\u3000]*\n\s*/).map((block) => block.split('\n').map((line) => line.trim()).filter(Boolean));
  const verses = blocks.filter((block) => block.length).map((block) => {
    const endings = block.map(endingOf);
    const shared = [...new Set(endings.filter((each, i) => each !== null && endings.indexOf(each) !== endings.lastIndexOf(each) && endings.indexOf(each) === i))];
    return block.map((line, i) => {
      const index = shared.indexOf(endings[i]!);
      return { text: line, rhyme: index < 0 ? null : letterOf(index) };
    });
  });
  const script = IDEOGRAPH.test(text) ? 'ideographs' : 'letters';
  return { verses, lines: verses.reduce((sum, verse) => sum + verse.length, 0), script };
}
