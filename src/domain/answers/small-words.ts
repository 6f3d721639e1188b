const english = `a about after all also am an and any are as at be because been but by can could did do does
for from had has have he her him his how i if in into is it its just me my no nor not of on or our she so some
than that the their them then there they this to too up us very was we were what when which who will with
would you your`

const chinese = `的 了 是 我 你 他 她 它 我们 你们 他们 在 有 和 就 都 也 还 很 又 不 没 没有 这 那 这个 那个
一个 一 上 下 到 说 要 去 会 着 自己 就是 吗 吧 呢 啊 把 被 给 对 与 及 但 但是 因为 所以 而 或 等 等等 从 让 里`

/** Words that say nothing of a subject, in lower case. */
export const smallWords: ReadonlySet<string> = new Set(`${english} ${chinese}`.split(/\s+/))
