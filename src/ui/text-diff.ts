import { diffArrays } from 'diff'

/** A run of text of both versions, or of one of them. */
export interface DiffPart {
  kind: 'same' | 'removed' | 'added'
  text: string
}

/** Above this number of edits the texts are shown whole: the work grows with its square. */
const maxEditLength = 1000

/**
 * The edits from `before` to `after`, word by word (sign by sign where words are not spaced).
 * The parts that are not `added` join to `before`, those that are not `removed` to `after`.
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

/** Words, runs of spaces, and every other sign (Han included) by itself. */
const tokens = (text: string): string[] =>
  text.match(/[^\S\n]+|\n|[\p{L}\p{N}]+?(?=\p{Script=Han}|[^\p{L}\p{N}]|$)|[\s\S]/gu) ?? []

/**
 * Joins neighbours of one kind; between two `same` parts, `removed` stands before `added`. A space
 * between two replaced words joins them: phrase against phrase reads more easily.
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
