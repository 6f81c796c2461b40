//! Frequent syllables of Korean: what tells Korean read in the right encoding from what only looks like hangul.

/// The endings, particles and verbs that fill most of a Korean text, and the syllables of songs.
const FREQUENT: &str = "\
    이다는을가고에의지은도하나리사기를그로어자시한아해서라인있보들대말정제마만수니게내일오여우전주무부모상안었러거려없면\
    와과까네던데든돌두되된람랑바밤발별비빛새생세속손싶아야았에연열영온왔요울원월위으음입잊잠저적조좋중진처천천첫추치코키\
    타터통파편품피할함행향현혼화후흐희히너널날남난난길김걸걷것겨결계곳공구국군귀꽃꿈끝눈노높누늘단달당더덕떠떨또때뜨름맘매먼\
    멀며못문물미민방백번변볼불산살색선설성소심십쓰언얼없엔였예외용운웃유은임잎작장점젖죽줄집찬찾창책청체초춤친침큰하\
";

pub(crate) fn is_common(c: char) -> bool {
    FREQUENT.contains(c)
}
