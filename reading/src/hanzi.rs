//! Frequent hanzi: what tells Chinese read in the right encoding from Chinese read in a wrong one.
//!
//! The most frequent characters of modern prose, and of songs and poems, simplified first, then the traditional
//! forms and variants of those. In ordinary text three characters of four are here; in text read with the wrong
//! table about one of ten.

use std::sync::OnceLock;

const SIMPLIFIED: &str = "\
    的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方\
    多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情\
    明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给\
    世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太\
    量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象\
    完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运笑飞风步改收根干造言联持组每济\
    车亲极林服快办议往元英士证近失转夫令准布始怎呢存未远叫台单影具罗字爱击流备兵连调深商算质团集百需价花党华城石级整府离况亚\
    请技际约示复病息究线似官火断精满支视消越器容照须九增研写称企八功吗包片史委乎查轻易早曾除农找装广显吧阿李标谈吃图念六引历\
    首医局突专费号尽另周较注语仅考落青随选列武红响虽推势参希古众构房半节土投某案黑维革划敌致陈律足态护七兴派孩验责营星够章音\
    跟志底站严巴例防族供效续施留讲型料终答紧黄绝奇察母京段依批群项故按河米围江织害斗双境客纪采举杀攻父苏密低朝友诉止细愿千值\
    仍男钱破网热助倒育属坐帝限船脸职速刻乐否刚威毛状率甚独球般普怕弹校苦创伪若承哪室亮春夏秋冬雨雪云雾夜梦泪唱歌曲舞吻抱拥怀\
    恋忘忆悲伤痛哭醒睡醉酒茶杯窗街桥岸岛湖溪草树叶香甜酸冷暖温柔静默孤寂寞幸福遇缘永恒瞬誓诺恨悔错守追逐漂泊浪归乡村屋灯烛钟\
    琴弦旋画诗词句读闭睁牵握臂肩唇耳鼻嘴唤喊吹拂摇晃碎裂缺圆弯残阳晨昏晚朵蝶鸟鱼猫狗龙虎凤翅膀翼彩虹蓝绿紫灰粉银铁玉珠沙潮涌\
    滴滑跑跳停陪伴送您咱谁啊呀哦啦嘛嗯哈霜床疑悠慢渐偷薄厚浓淡层堆页朋妈爸哥姐弟妹宝贝娘爷奶童岁季买卖店铺饭菜味喝穿衣裳鞋帽";

const TRADITIONAL: &str = "\
    這個們來爲國說時會對於過發後裏種經麼學現當沒動還進樣開從實軍無與長機關點業將兩間問並應戰頭體見產話內給門兒東聲員論處義幾\
    認條氣題爾別變總電數報結務場計資許統區隊決馬書則聽卻達強難權設記類據邊張該規萬覺術領確傳師觀讓識帶導爭運飛風乾聯組濟車親\
    極辦議證轉準遠臺單羅愛擊備連調質團價黨華級離況亞請際約覆線斷滿視須寫稱嗎輕農裝廣顯標談喫圖歷醫專費號盡較語僅隨選紅響雖勢\
    參衆構節維劃敵陳態護興驗責營夠嚴續講終緊黃絕羣項圍織鬥雙紀採舉殺蘇訴細願錢網熱屬臉職樂剛狀獨彈創僞雲霧夢淚擁懷戀憶傷橋島\
    樹葉溫靜緣恆諾錯歸鄉燈燭鐘畫詩詞讀閉睜牽脣喚搖圓彎殘陽鳥魚貓龍鳳藍綠銀鐵湧誰牀漸濃層頁媽寶貝爺歲買賣鋪飯著裡隻祇啟檯鍾幹\
    復複髮儘衹妳祢麽綫峰峯為迴彷彿佈妝嘆歎係繫鬭麵週余餘説";

const FIRST: u32 = 0x4E00;
const LAST: u32 = 0x9FFF;
const BITS: usize = 64;

/// Whether `c` is a frequent hanzi, simplified or traditional.
#[inline]
pub(crate) fn is_common(c: char) -> bool {
    static SET: OnceLock<Box<[u64]>> = OnceLock::new();
    let set = SET.get_or_init(|| {
        let mut set = vec![0u64; ((LAST - FIRST) as usize + BITS) / BITS];
        for (word, bit) in SIMPLIFIED
            .chars()
            .chain(TRADITIONAL.chars())
            .filter_map(place)
        {
            set[word] |= 1 << bit;
        }
        set.into()
    });
    place(c).is_some_and(|(word, bit)| set[word] >> bit & 1 == 1)
}

fn place(c: char) -> Option<(usize, usize)> {
    let offset = (c as u32).checked_sub(FIRST).filter(|_| c as u32 <= LAST)? as usize;
    Some((offset / BITS, offset % BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_hold_hanzi_only_and_each_once() {
        let mut all: Vec<char> = SIMPLIFIED.chars().chain(TRADITIONAL.chars()).collect();
        assert!(all.iter().all(|&c| place(c).is_some()));
        let len = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), len);
    }

    #[test]
    fn membership() {
        assert!("的爱愛說".chars().all(is_common));
        assert!(
            "a，鱻\u{4DFF}\u{A000}\u{10FFFF}"
                .chars()
                .all(|c| !is_common(c))
        );
    }
}
