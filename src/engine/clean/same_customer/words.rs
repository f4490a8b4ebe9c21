//! Small tables of names, titles, company forms and street words. They cover what is frequent in
//! customer files in English, German, French, Spanish and Chinese; what they lack is left to the
//! fuzzy comparison.

/// Forms of address and titles, which say nothing of who somebody is.
pub(super) const TITLES: &[&str] = &[
    "mr", "mrs", "ms", "miss", "mx", "dr", "prof", "herr", "frau", "sir", "madam", "mme", "mlle", "sr",
    "sra", "srta", "dipl", "ing", "phd", "mba",
];

/// Chinese forms of address that follow a name, longest first.
pub(super) const HAN_TITLES: &[&str] = &["先生", "女士", "小姐", "太太", "老师", "经理", "医生", "教授"];

/// What tells a father from his son.
pub(super) const GENERATIONS: &[&str] = &["jr", "junior", "senior", "ii", "iii", "iv"];

/// Chinese surnames of two characters.
pub(super) const DOUBLE_SURNAMES: &[&str] = &[
    "欧阳", "司马", "上官", "诸葛", "东方", "尉迟", "皇甫", "令狐", "慕容", "夏侯", "司徒", "公孙", "长孙",
    "宇文", "轩辕", "端木", "独孤", "南宫", "歐陽", "司馬", "諸葛", "東方", "尉遲",
];

/// Characters that are read otherwise when they are a surname.
pub(super) const SURNAME_READINGS: &[(char, &str)] = &[
    ('单', "shan"),
    ('單', "shan"),
    ('曾', "zeng"),
    ('解', "xie"),
    ('仇', "qiu"),
    ('查', "zha"),
    ('朴', "piao"),
    ('任', "ren"),
    ('翟', "zhai"),
    ('盖', "ge"),
    ('区', "ou"),
    ('尉', "wei"),
    ('乐', "yue"),
    ('覃', "qin"),
    ('缪', "miao"),
    ('繁', "po"),
    ('重', "chong"),
    ('折', "she"),
];

/// Short forms of first names and other spellings, with the form that stands for all of them.
pub(super) const NICKNAMES: &[(&str, &str)] = &[
    ("andy", "andrew"),
    ("becky", "rebecca"),
    ("ben", "benjamin"),
    ("benny", "benjamin"),
    ("bernie", "bernard"),
    ("beth", "elizabeth"),
    ("betty", "elizabeth"),
    ("bill", "william"),
    ("billy", "william"),
    ("bob", "robert"),
    ("bobby", "robert"),
    ("catherine", "katherine"),
    ("charlie", "charles"),
    ("chuck", "charles"),
    ("dan", "daniel"),
    ("danny", "daniel"),
    ("dave", "david"),
    ("debbie", "deborah"),
    ("dick", "richard"),
    ("don", "donald"),
    ("doug", "douglas"),
    ("ed", "edward"),
    ("eddie", "edward"),
    ("elisabeth", "elizabeth"),
    ("fritz", "friedrich"),
    ("geoffrey", "jeffrey"),
    ("greg", "gregory"),
    ("hans", "johannes"),
    ("jeff", "jeffrey"),
    ("jen", "jennifer"),
    ("jenny", "jennifer"),
    ("jim", "james"),
    ("jimmy", "james"),
    ("joe", "joseph"),
    ("joey", "joseph"),
    ("johnny", "john"),
    ("kate", "katherine"),
    ("kathryn", "katherine"),
    ("kathy", "katherine"),
    ("katie", "katherine"),
    ("ken", "kenneth"),
    ("larry", "lawrence"),
    ("liz", "elizabeth"),
    ("maggie", "margaret"),
    ("matt", "matthew"),
    ("meg", "margaret"),
    ("mick", "michael"),
    ("mike", "michael"),
    ("nick", "nicholas"),
    ("paco", "francisco"),
    ("peggy", "margaret"),
    ("pepe", "jose"),
    ("phil", "philip"),
    ("phillip", "philip"),
    ("rick", "richard"),
    ("ricky", "richard"),
    ("rob", "robert"),
    ("robbie", "robert"),
    ("ron", "ronald"),
    ("sepp", "josef"),
    ("stephen", "steven"),
    ("steve", "steven"),
    ("sue", "susan"),
    ("susie", "susan"),
    ("ted", "edward"),
    ("tim", "timothy"),
    ("tom", "thomas"),
    ("tommy", "thomas"),
    ("tony", "anthony"),
    ("vicky", "victoria"),
    ("will", "william"),
    ("willy", "william"),
];

/// Legal forms, which owners write or leave out as they like.
pub(super) const COMPANY_FORMS: &[&str] = &[
    "gmbh",
    "mbh",
    "co",
    "kg",
    "kgaa",
    "ag",
    "ug",
    "ohg",
    "gbr",
    "ek",
    "ev",
    "eg",
    "se",
    "ltd",
    "limited",
    "inc",
    "incorporated",
    "llc",
    "llp",
    "lp",
    "plc",
    "corp",
    "corporation",
    "company",
    "sa",
    "sarl",
    "sas",
    "sasu",
    "eurl",
    "srl",
    "spa",
    "sl",
    "bv",
    "nv",
    "oy",
    "oyj",
    "ab",
    "as",
    "aps",
    "pty",
    "pte",
    "kk",
    "and",
];

/// Chinese legal forms at the end of a name, longest first.
pub(super) const HAN_COMPANY_FORMS: &[&str] =
    &["股份有限公司", "有限责任公司", "集团有限公司", "有限公司", "股份公司", "集团公司", "公司", "集团"];

/// Street words and their short forms, with the form that stands for all of them.
pub(super) const STREET_WORDS: &[(&str, &str)] = &[
    ("aly", "alley"),
    ("ave", "avenue"),
    ("av", "avenue"),
    ("blvd", "boulevard"),
    ("bd", "boulevard"),
    ("cir", "circle"),
    ("cl", "close"),
    ("crt", "court"),
    ("ct", "court"),
    ("cres", "crescent"),
    ("dr", "drive"),
    ("e", "east"),
    ("gdns", "gardens"),
    ("hwy", "highway"),
    ("ln", "lane"),
    ("n", "north"),
    ("pkwy", "parkway"),
    ("pl", "place"),
    ("platz", "place"),
    ("rd", "road"),
    ("s", "south"),
    ("sq", "square"),
    ("st", "street"),
    ("str", "street"),
    ("strasse", "street"),
    ("ter", "terrace"),
    ("w", "west"),
];

/// Words of an address that name a kind of number and not a place.
pub(super) const ADDRESS_NOISE: &[&str] = &[
    "apt",
    "apartment",
    "unit",
    "suite",
    "ste",
    "no",
    "nr",
    "number",
    "flat",
    "floor",
    "fl",
    "room",
    "rm",
    "the",
];

/// The same in Chinese, with the words for the size of a place.
pub(super) const HAN_ADDRESS_NOISE: &str = "省市区县镇乡号室楼栋幢单元层座弄门";

/// Numerals before one of these are house, floor or room numbers.
pub(super) const HAN_NUMBER_UNITS: &str = "号弄室楼栋幢单元层座门";
