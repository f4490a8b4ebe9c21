//! Invented names and sentences of the sample shop.

pub(super) const CITIES: &[&str] =
    &["Springfield", "Riverton", "Lakeside", "Hillview", "Old Harbour", "Newbridge"];

pub(super) const GIVEN: &[&str] = &[
    "Ada", "Ben", "Chen", "Dora", "Emil", "Fang", "Gita", "Hugo", "Ines", "Jun", "Kim", "Lena", "Mei",
    "Noor", "Otto", "Pia", "Qi", "Rosa", "Sven", "Tao", "Uma", "Vera", "Wei", "Yan", "Zoe",
];

pub(super) const SURNAMES: &[&str] = &[
    "Abel", "Bauer", "Cheng", "Dunn", "Ek", "Ford", "Gao", "Hill", "Ito", "Jones", "Kaya", "Lin", "Moss",
    "Nagy", "Olsen", "Park", "Quist", "Rossi", "Sato", "Tan", "Usman", "Vogel", "Wang",
];

/// Complaints by topic: late parcels, broken goods, price, service.
pub(super) const COMPLAINTS: &[(&str, &str)] = &[
    ("The parcel came a week late and nobody told me.", "包裹晚到了一周，也没有人通知我。"),
    ("Delivery is far too slow, I gave up waiting.", "配送太慢了，我都不想等了。"),
    ("The cup arrived broken, badly packed.", "杯子到货就碎了，包装太差。"),
    ("Half of the biscuits were crumbs.", "饼干有一半都碎成渣了。"),
    ("Too expensive without a coupon.", "没有优惠券的话太贵了。"),
    ("Prices went up again, I will look elsewhere.", "又涨价了，我要去别家看看。"),
    ("Nobody answered my two mails.", "我发了两封邮件都没人回复。"),
    ("The hotline kept me waiting for half an hour.", "客服电话让我等了半个小时。"),
];

pub(super) const PRAISE: &[(&str, &str)] = &[
    ("Lovely tea, fresh and fragrant.", "茶叶很新鲜，味道很香。"),
    ("Fast delivery, well packed.", "送货很快，包装也很好。"),
    ("Friendly answer within the hour.", "客服一小时内就友好地回复了。"),
    ("The teapot is beautiful, a perfect gift.", "茶壶很漂亮，送礼正合适。"),
    ("Good value, I will order again.", "性价比很高，我还会再买。"),
];
