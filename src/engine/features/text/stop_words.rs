//! Words that only hold a sentence together. Short on purpose, and without negations (`not`, `no`,
//! `never`, 不, 没), degrees (`very`, `too`, 很, 太) and turns (`but`, 但): in a comment they carry
//! the judgement.

use std::collections::HashSet;
use std::sync::LazyLock;

const ENGLISH: &str = "a an the this that these those i me my mine myself we us our ours ourselves you your \
    yours yourself yourselves he him his himself she her hers herself it its it's itself they them their \
    theirs themselves i'm i've i'd i'll we're we've we'd we'll you're you've you'd you'll he's she's they're \
    they've they'd they'll that's there's who whom whose which what where when how why am is are was were be \
    been being has have had having do does did doing will would shall should can could may might must and or \
    if because as until while of at by for with about between into through during before after to from in \
    out on over under then there here also than so such each both other some any own same s t";

const CHINESE: &str = "的 了 着 过 地 得 是 在 有 和 与 及 或 我 你 您 他 她 它 我们 你们 您们 他们 她们 它们 咱们 自己 这 那 \
    这个 那个 这些 那些 这里 那里 这样 那样 一个 一些 之 其 此 该 于 以 为 把 被 对 从 向 由 给 跟 同 将 让 因为 所以 \
    如果 以及 吗 呢 吧 啊 呀 哦 哈 嘛 啦 上 下 里 中 时 就 也 都 又 而 而且 并 并且 所 等 个";

static ALL: LazyLock<HashSet<&str>> =
    LazyLock::new(|| ENGLISH.split(' ').chain(CHINESE.split(' ')).collect());

/// True for a folded word that says nothing by itself.
pub(super) fn is_stop_word(word: &str) -> bool {
    ALL.contains(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_carries_the_judgement_stays() {
        assert!(["the", "is", "的", "了"].iter().all(|word| is_stop_word(word)));
        assert!(
            ["not", "no", "never", "don't", "very", "but", "不", "没", "很", "但", ""]
                .iter()
                .all(|word| !is_stop_word(word))
        );
    }
}
