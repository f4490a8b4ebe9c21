//! How much a decoded text looks like a language: the share of its letters that are frequent ones.
//! A wrong double-byte encoding turns frequent characters into rare ones.

/// Frequent simplified characters in prose, and those of the headers and values of business tables.
const SIMPLIFIED: &str = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运笔赢单号码订客户姓邮址邮箱机购买付款价额状态备注类型城市省县区街店商会员消费积分退收货物流快递广上海京深圳杭州成都重庆陕浙江苏湖北南河山西川福建云贵辽宁吉林黑龙天津内蒙古疆藏青甘肃宁夏李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文男女性别岁龄";
/// The same in traditional writing.
const TRADITIONAL: &str = "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作里用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即像難且權思王象完設式色路記南品住告類求據程北邊死張該交規萬取拉格望覺術領共確傳師觀清今切院讓識候帶導爭運單號碼訂客戶姓郵址箱購買付款價額狀態備註類型縣街店商消費積退收貨流快遞廣灣臺台高雄桃園竹新北劉陳楊趙黃周吳徐孫胡朱林何郭羅梁宋鄭謝韓唐馮於董蕭程曹袁鄧沈曾彭呂蘇盧蔣蔡賈丁魏薛葉閻余潘杜戴鐘汪田任姜范石姚譚廖鄒熊陸郝孔崔康毛邱秦江史顧侯邵孟龍段雷錢湯尹黎易武喬賀賴龔男性歲齡";
/// Frequent syllables.
const HANGUL: &str = "이다의는에을가고하지한도를은로기서사시리어나자인대아정수일해보부상그장스만원전요주제여있라구면성들조진게과으무안비오유트와국신동공화연세내당선소었것마모습니까거관경호지명방식문회행재계개했위적미중실개단우생양치용분업도반발저직음울체역김박최강조윤임송문금액고객이름번호주소전화날짜등록품명총합서울부산대구인천광주";
/// Frequent characters of Japanese beside kana.
const KANJI: &str = "日一国人年大十二本中長出三時行見月後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西電校語土木聞食車何南万毎白天母火右読友左休父雨顧客様氏住所番号注文商品価格合計数量備考東京都県市区町村会員登録電話郵便店株式社佐藤鈴木高橋田中伊渡辺山本村小林加吉清斎";

/// Share of the letters beyond ASCII that are frequent in `language` (0 to 1; 0 of none), less the
/// share of signs that no text holds.
pub(super) fn likeness(text: &str, language: Language) -> f64 {
    let (mut letters, mut common, mut odd) = (0u32, 0u32, 0u32);
    for c in text.chars().filter(|c| !c.is_ascii()).take(1000) {
        letters += 1;
        let is_common = match c {
            // Punctuation and full-width signs that all of them share.
            '、'..='」' | '！'..='～' | '￥' => true,
            'ぁ'..='ん' | 'ァ'..='ヶ' | 'ー' => language == Language::Japanese,
            _ => language.frequent().contains(c),
        };
        common += u32::from(is_common);
        odd += u32::from(matches!(c, '\u{fffd}' | '\u{80}'..='\u{9f}' | '\u{e000}'..='\u{f8ff}'));
    }
    (f64::from(common) - f64::from(odd)) / f64::from(letters.max(1))
}

/// The languages of double-byte encodings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Simplified,
    Traditional,
    Japanese,
    Korean,
}

impl Language {
    fn frequent(self) -> &'static str {
        match self {
            Self::Simplified => SIMPLIFIED,
            Self::Traditional => TRADITIONAL,
            Self::Japanese => KANJI,
            Self::Korean => HANGUL,
        }
    }
}
