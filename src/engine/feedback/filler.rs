//! Words that comments are full of and that name no topic: judgements, degrees, negations, turns, and what people
//! say of everything. They stay where moods are told.

use std::collections::HashSet;
use std::sync::LazyLock;

const ENGLISH: &str = "not no nor never none don't didn't doesn't isn't wasn't aren't weren't won't can't couldn't \
    wouldn't shouldn't hasn't haven't hadn't cannot very too so really just but only even again also much more most \
    less least still already always often sometimes ever quite rather bit lot lots many few little enough almost all \
    every everything everyone anything anyone nothing nobody something someone one two first second last next new \
    old other another way thing things time times day days today yesterday week weeks month year years got get \
    gets getting go goes going gone went come comes came make makes made take takes took taken say says said tell \
    told know knew think thought feel felt want wanted need needed like liked love loved good great nice fine best \
    better bad worse worst well ok okay please thank thanks lovely awful terrible horrible amazing excellent \
    perfect happy sad disappointed disappointing however though although yet back up down off around ago since \
    now soon later before after once twice number order ordered use used using let see saw seen find found give \
    given gave keep kept try tried put seems seemed actually definitely probably maybe especially overall";

const CHINESE: &str = "不 没 没有 不是 不会 不能 不要 别 无 未 很 太 非常 特别 十分 比较 有点 有些 挺 蛮 真 真的 真是 确实 \
    最 更 更加 越来越 极 超 超级 但 但是 不过 可是 然而 只是 还 还是 还有 就是 都是 也是 又是 再 再也 才 却 已 已经 一直 \
    总是 经常 有时 每次 这次 上次 下次 第一次 一次 两次 可以 能 能够 会 要 想 觉得 感觉 认为 知道 说 说是 看 看到 \
    什么 怎么 怎么样 为什么 多少 几 哪 谁 东西 时候 地方 问题 情况 方面 一点 一下 一样 一般 一定 可能 应该 好像 \
    今天 昨天 明天 现在 之前 以后 之后 以前 最后 后来 然后 不错 好 很好 差 很差 太差 好评 差评 满意 不满意 喜欢 \
    失望 推荐 谢谢 感谢 希望 起来 出来 下来 过来 回来 来 去 到 给 让 做 用 比 多 少 大 小 几个 两个 每 各 该 该不该 \
    而已 其实 居然 竟然 完全 根本 反正 总之 总体 整体 还行 还可以 算是 不知道 这么 那么 非 得 啊啊 哈哈 呵呵 哎 唉";

static ALL: LazyLock<HashSet<&str>> =
    LazyLock::new(|| ENGLISH.split_whitespace().chain(CHINESE.split_whitespace()).collect());

/// True for a folded word that names no topic: a filler, or a number.
pub(super) fn is_filler(word: &str) -> bool {
    ALL.contains(word) || word.chars().all(|c| c.is_numeric() || matches!(c, '.' | ',' | '_' | ':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_names_a_topic_stays() {
        assert!(
            ["very", "not", "good", "很", "没有", "不错", "2019", "3.5", "第一次"]
                .iter()
                .all(|w| is_filler(w))
        );
        let topics = [
            "delivery", "parcel", "tea", "price", "staff", "cold", "late", "配送", "味道", "包装", "早餐",
            "b2",
        ];
        assert!(topics.iter().all(|word| !is_filler(word)));
    }
}
