import { readFile } from 'node:fs/promises'
import { parseMapping } from './mapping.ts'
import type { Mapping } from './mapping.ts'
import { ImportFileError } from './text-source.ts'

/** A mapping that is not whole yet. */
export type DraftMapping = Partial<Omit<Mapping, 'columns'>> & {
  columns?: Partial<Mapping['columns']>
}

/** Fills in the defaults of everything that is left out. @throws ImportFileError listing every fault */
export function completed(draft: DraftMapping & { columns: Mapping['columns'] }): Mapping {
  const whole = { categories: {}, ...draft, source: draft.source || 'ledger' }
  return parseMapping(JSON.stringify(whole), 'mapping')
}

/** @throws ImportFileError when it is no object of JSON */
export async function readDraft(path: string): Promise<DraftMapping> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new ImportFileError(`${path}: no such mapping file`)
  })
  try {
    const draft: unknown = JSON.parse(text)
    if (typeof draft === 'object' && draft !== null) return draft as DraftMapping
  } catch {
    // said below
  }
  throw new ImportFileError(`${path}: not JSON`)
}
