/** A run of text that both versions have, or only one of them. */
export interface DiffPart {
  kind: 'same' | 'removed' | 'added'
  text: string
}

/** Edits beyond which the texts count as different altogether: the work grows with its square. */
const maxEdits = 1000

/**
 * What turns `before` into `after`, word by word (sign by sign where words are not spaced).
 * Joining what is not `added` gives `before`, joining what is not `removed` gives `after`.
 *
 * Source: E. W. Myers, "An O(ND) difference algorithm and its variations", Algorithmica 1, 1986.
 */
export function textDiff(before: string, after: string): DiffPart[] {
  const [old, fresh] = [tokens(before), tokens(after)]
  let start = 0
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start++
  let [oldEnd, freshEnd] = [old.length, fresh.length]
  while (oldEnd > start && freshEnd > start && old[oldEnd - 1] === fresh[freshEnd - 1]) {
    oldEnd--
    freshEnd--
  }
  const [oldMiddle, freshMiddle] = [old.slice(start, oldEnd), fresh.slice(start, freshEnd)]
  const middle = shortestEdit(oldMiddle, freshMiddle) ?? [
    { kind: 'removed', text: oldMiddle.join('') },
    { kind: 'added', text: freshMiddle.join('') },
  ]
  return joined([
    { kind: 'same', text: old.slice(0, start).join('') },
    ...middle,
    { kind: 'same', text: old.slice(oldEnd).join('') },
  ])
}

/** Words, runs of spaces, and every other sign (Han included) by itself. */
const tokens = (text: string): string[] =>
  text.match(/[^\S\n]+|\n|[\p{L}\p{N}]+?(?=\p{Script=Han}|[^\p{L}\p{N}]|$)|[\s\S]/gu) ?? []

/** Null when the texts are too different for a diff to say anything. */
function shortestEdit(old: string[], fresh: string[]): DiffPart[] | null {
  const most = Math.min(maxEdits, old.length + fresh.length)
  const offset = most + 1
  const reach = new Int32Array(2 * most + 3)
  const trace: Int32Array[] = []
  for (let edits = 0; edits <= most; edits++) {
    trace.push(reach.slice(offset - edits - 1, offset + edits + 2))
    for (let k = -edits; k <= edits; k += 2) {
      const isDown =
        k === -edits || (k !== edits && at(reach, offset + k - 1) < at(reach, offset + k + 1))
      let x = isDown ? at(reach, offset + k + 1) : at(reach, offset + k - 1) + 1
      while (x < old.length && x - k < fresh.length && old[x] === fresh[x - k]) x++
      reach[offset + k] = x
      if (x >= old.length && x - k >= fresh.length) return walkBack(old, fresh, trace)
    }
  }
  return null
}

/** From the end to the start along the furthest paths of `trace`; `trace[d]` is centred on k = 0. */
function walkBack(old: string[], fresh: string[], trace: Int32Array[]): DiffPart[] {
  const parts: DiffPart[] = []
  let [x, y] = [old.length, fresh.length]
  for (let edits = trace.length - 1; edits >= 0; edits--) {
    const reach = trace[edits]!
    const centre = edits + 1
    const k = x - y
    const isDown =
      k === -edits || (k !== edits && at(reach, centre + k - 1) < at(reach, centre + k + 1))
    const before = isDown ? k + 1 : k - 1
    const [fromX, fromY] =
      edits === 0 ? [0, 0] : [at(reach, centre + before), at(reach, centre + before) - before]
    while (x > fromX && y > fromY) {
      parts.push({ kind: 'same', text: old[--x]! })
      y--
    }
    if (edits === 0) break
    if (isDown) parts.push({ kind: 'added', text: fresh[--y]! })
    else parts.push({ kind: 'removed', text: old[--x]! })
  }
  return parts.reverse()
}

const at = (values: Int32Array, index: number): number => values[index] ?? 0

/**
 * Neighbours of one kind as one part; between two `same`, what was removed stands before what was
 * added. A space between two replaced words goes with them: phrase against phrase is read more
 * easily than words of both in turn.
 */
function joined(all: readonly DiffPart[]): DiffPart[] {
  const parts = all.filter(({ text }) => text)
  const result: DiffPart[] = []
  let [removed, added] = ['', '']
  const flush = (): void => {
    if (removed) result.push({ kind: 'removed', text: removed })
    if (added) result.push({ kind: 'added', text: added })
    removed = added = ''
  }
  for (const [index, { kind, text }] of parts.entries()) {
    const next = parts[index + 1]?.kind ?? 'same'
    if (kind === 'removed') removed += text
    else if (kind === 'added') added += text
    else if (removed && added && next !== 'same' && /^[^\S\n]+$/.test(text)) {
      removed += text
      added += text
    } else {
      flush()
      const last = result.at(-1)
      if (last?.kind === 'same') last.text += text
      else result.push({ kind, text })
    }
  }
  flush()
  return result
}
