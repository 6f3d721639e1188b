import { diffArrays } from 'diff'

export interface DiffPart {
  kind: 'same' | 'removed' | 'added'
  text: string
}

/** Limit of edits: the work grows with its square. Beyond it, whole texts are shown. */
const maxEditLength = 1000

/**
 * Edits by word, or by character for Han. `same` and `removed` join to `before`; `same` and `added`
 * join to `after`.
 */
export function textDiff(before: string, after: string): DiffPart[] {
  const edits = diffArrays(tokens(before), tokens(after), { maxEditLength })
  return joined(
    edits?.map(({ value, added, removed }) => ({
      kind: added ? 'added' : removed ? 'removed' : 'same',
      text: value.join(''),
    })) ?? [
      { kind: 'removed', text: before },
      { kind: 'added', text: after },
    ],
  )
}

/** Words, runs of spaces, and every other character (including Han) alone. */
const tokens = (text: string): string[] =>
  text.match(/[^\S\n]+|\n|[\p{L}\p{N}]+?(?=\p{Script=Han}|[^\p{L}\p{N}]|$)|[\s\S]/gu) ?? []

/**
 * Joins neighbours of one kind; `removed` comes before `added`. A space between two replaced words
 * joins them, to compare phrases.
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
