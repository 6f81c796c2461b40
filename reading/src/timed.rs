//! Lyrics and subtitles with the times at which they are sung: only the words are kept.

/// How many non-empty lines, of four, begin with a time or a tag where this is what a text is.
const QUARTERS: usize = 3;
/// And how many at least.
const LEAST: usize = 3;

/// What is left of a text, and what was left out.
pub(crate) struct Words {
    pub text: String,
    pub stamps: usize,
    pub tags: usize,
}

/// Whether most lines begin with a time, or are subtitles' times.
pub(crate) fn is_timed(text: &str) -> bool {
    if is_subtitles(text) {
        return true;
    }
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let timed = lines().filter(|line| stamp(line).is_some()).count();
    let marked = lines()
        .filter(|line| stamp(line).is_some() || is_tag(line))
        .count();
    timed >= LEAST && marked * 4 >= lines().count() * QUARTERS
}

fn is_subtitles(text: &str) -> bool {
    text.starts_with("WEBVTT") || text.lines().filter(|line| is_cue(line)).count() >= LEAST
}

/// The words alone; lines that are sung more than once stand where they are sung.
pub(crate) fn words(text: &str) -> Words {
    if is_subtitles(text) {
        return subtitles(text);
    }
    let mut words = Words {
        text: String::with_capacity(text.len()),
        stamps: 0,
        tags: 0,
    };
    let mut lines: Vec<(u64, String)> = Vec::new();
    let mut repeated = false;
    let mut now = 0;
    for line in text.lines() {
        let mut rest = line.trim();
        let mut times = Vec::new();
        while let Some((time, after)) = stamp(rest) {
            times.push(time);
            rest = after.trim_start();
        }
        if times.is_empty() && is_tag(rest) {
            words.tags += 1;
            continue;
        }
        words.stamps += times.len();
        repeated |= times.len() > 1 && !rest.is_empty();
        let (rest, inner) = without_inner_stamps(rest);
        words.stamps += inner;
        now = times.first().copied().unwrap_or(now);
        if times.len() < 2 {
            lines.push((now, rest));
        } else {
            lines.extend(times.into_iter().map(|time| (time, rest.clone())));
        }
    }
    if repeated {
        lines.sort_by_key(|(time, _)| *time);
    }
    for (_, line) in lines {
        words.text.push_str(&line);
        words.text.push('\n');
    }
    words
}

/// A time at the beginning: `[01:21.59]`, `[1:02:03]`, `[00:12]`; in milliseconds, and what follows it.
fn stamp(text: &str) -> Option<(u64, &str)> {
    enclosed(text, '[', ']')
}

fn enclosed(text: &str, open: char, close: char) -> Option<(u64, &str)> {
    let (inside, after) = text.strip_prefix(open)?.split_once(close)?;
    Some((time(inside)?, after))
}

fn time(text: &str) -> Option<u64> {
    let parts: Vec<&str> = text.trim().split([':', '.', ',']).collect();
    if !(2..=4).contains(&parts.len()) || !text.contains(':') {
        return None;
    }
    let mut numbers = Vec::new();
    for part in &parts {
        let digits =
            (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        numbers.push(digits.then(|| part.parse::<u64>().ok())??);
    }
    // `[01:21:59]` is minutes, seconds and hundredths.
    let fraction = text.contains(['.', ',']) || parts.len() == 3;
    if parts.len() == 4 && !fraction {
        return None;
    }
    let milliseconds = if fraction {
        numbers.pop()? * 10_u64.pow(3 - parts.last()?.len() as u32)
    } else {
        0
    };
    let seconds = numbers.into_iter().fold(0, |sum, number| sum * 60 + number);
    Some(seconds * 1000 + milliseconds)
}

/// Times of single words: `<00:12.34>`, or in the brackets of lines.
fn without_inner_stamps(line: &str) -> (String, usize) {
    let (mut kept, mut stamps) = (String::with_capacity(line.len()), 0);
    let mut rest = line;
    while let Some(at) = rest.find(['<', '[']) {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        match enclosed(rest, '<', '>').or_else(|| stamp(rest)) {
            Some((_, after)) => {
                stamps += 1;
                rest = after;
            }
            None => {
                kept.push_str(&rest[..1]);
                rest = &rest[1..];
            }
        }
    }
    kept.push_str(rest);
    (kept.trim().to_owned(), stamps)
}

/// `[ti:A title]`: a line that tells something about the song. Only the names that LRC knows: a verse may stand in
/// brackets too.
fn is_tag(line: &str) -> bool {
    const NAMES: [&str; 13] = [
        "ti", "ar", "al", "au", "by", "offset", "re", "ve", "length", "la", "lr", "id", "tool",
    ];
    let Some((name, _)) = line
        .strip_prefix('[')
        .and_then(|line| line.strip_suffix(']')?.split_once(':'))
    else {
        return false;
    };
    NAMES
        .iter()
        .any(|known| name.trim().eq_ignore_ascii_case(known))
}

/// `00:01:02,500 --> 00:01:04,000`, whatever stands behind it.
fn is_cue(line: &str) -> bool {
    let Some((from, to)) = line.split_once(" --> ") else {
        return false;
    };
    let to = to.split_whitespace().next().unwrap_or_default();
    time(from).is_some() && time(to).is_some()
}

fn subtitles(text: &str) -> Words {
    let mut words = Words {
        text: String::with_capacity(text.len()),
        stamps: 0,
        tags: 0,
    };
    let mut lines = text.lines().map(str::trim).peekable();
    while let Some(line) = lines.next() {
        let number = line.bytes().all(|byte| byte.is_ascii_digit()) && !line.is_empty();
        if is_cue(line) {
            words.stamps += 1;
        } else if line.starts_with("WEBVTT")
            || (number && lines.peek().is_some_and(|next| is_cue(next)))
        {
            words.tags += 1;
        } else if !line.is_empty() {
            words.text.push_str(line);
            words.text.push('\n');
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_left_out_and_words_stay() {
        let lrc = "[ti:Lamp]\r\n[offset:+20]\n[00:01.00]one [live]\n[00:04]two\n\n[00:05.5]<00:05.50>th<00:06.00>ree\n[1:02:03.250]\n[Chorus: all]\n";
        assert!(is_timed(lrc));
        let words = words(lrc);
        assert_eq!(words.text, "one [live]\ntwo\n\nthree\n\n[Chorus: all]\n");
        assert_eq!((words.stamps, words.tags), (6, 2));
    }

    #[test]
    fn what_is_sung_twice_stands_twice() {
        let words = words("[00:10.00][00:30.00]chorus\n[00:20.00]verse\n[00:20.00]translated\n");
        assert_eq!(words.text, "chorus\nverse\ntranslated\nchorus\n");
    }

    #[test]
    fn subtitles_lose_numbers_and_times() {
        let srt = "1\n00:00:01,000 --> 00:00:02,000\nOne\n1999\n\n2\n00:00:03,000 --> 00:00:04,000\nTwo\n\n3\n00:00:05,000 --> 00:00:06,000\nThree\n";
        assert!(is_timed(srt));
        assert_eq!(words(srt).text, "One\n1999\nTwo\nThree\n");
        assert_eq!(
            words("WEBVTT\n\n00:01.000 --> 00:02.000 align:start\nOne\n").text,
            "One\n"
        );
    }

    #[test]
    fn other_texts_are_no_timed_ones() {
        for text in [
            "",
            "[1:2]",
            "see [00:01.00] and [00:02.00]\n\n",
            "[Verse 1]\nla\n[Chorus]\nlo\n",
            "[John 3:16]\n[Mark 4:1]\n[Luke 5:2]\n",
        ] {
            assert!(!is_timed(text), "{text}");
        }
        for odd in [
            "[",
            "[:]",
            "[::]",
            "[99:99:99:99]",
            "[1:２]",
            "[é:1]",
            "[-1:20]",
            "[0001:20]",
        ] {
            assert_eq!(stamp(odd), None, "{odd}");
        }
    }
}
