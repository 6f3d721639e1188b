import * as v from 'valibot'
import { areaLevels } from '../../../../src/domain/vocabulary.ts'

/** Names of columns and the like: one line of text. */
const text = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(300),
  v.check((value) => value.isWellFormed() && !/\p{Cc}/u.test(value)),
)
const wishSchema = v.strictObject({
  step: v.picklist(['look', 'check', 'store', 'basemap', 'remove-basemap']),
  kind: v.optional(v.picklist(['incidents', 'areas'])),
  encoding: v.optional(text),
  layer: v.optional(text),
  /** Of incidents; a draft for a look. The importer checks it. */
  mapping: v.optional(v.record(v.string(), v.unknown())),
  areas: v.optional(
    v.strictObject({
      level: v.picklist(areaLevels),
      ...{ code: text, name: text, parent: v.optional(text), households: v.optional(text) },
      crs: v.optional(text),
      parentByOverlap: v.optional(v.boolean()),
      allowOverlap: v.optional(v.boolean()),
      dissolve: v.optional(v.boolean()),
      replaceBox: v.optional(v.boolean()),
      closeMissing: v.optional(v.boolean()),
    }),
  ),
  /** Replace rows that changed at the source. */
  update: v.optional(v.boolean()),
  /** Of a basemap. */
  attribution: v.optional(v.pipe(v.string(), v.trim(), v.maxLength(300))),
})
export type ImportWish = v.InferOutput<typeof wishSchema>

/** Null for a wish that the desk does not know or that lacks a part. */
export function readWish(json: Record<string, unknown>): ImportWish | null {
  const result = v.safeParse(wishSchema, json)
  if (!result.success) return null
  const wish = result.output
  if (wish.step !== 'check' && wish.step !== 'store') return wish
  const isWhole = wish.kind === 'areas' ? wish.areas : wish.kind === 'incidents' && wish.mapping
  return isWhole ? wish : null
}

interface Paths {
  path: string
  name: string
  mapping: string | null
  report: string | null
}

/** The command line. Values stand behind `=`, so that none is read as an option. */
export function argumentsOf(wish: ImportWish, { path, name, mapping, report }: Paths): string[] {
  const kind = wish.step === 'look' ? 'look' : (wish.kind ?? 'incidents')
  const { areas } = wish
  const options: [name: string, value: string | undefined | null][] = [
    ['shown-as', name],
    ['encoding', wish.encoding],
    ['layer', wish.layer],
    ['mapping', kind === 'areas' ? null : mapping],
    ['report', report],
    ...(kind === 'areas' && areas
      ? ([
          ['level', areas.level],
          ['code', areas.code],
          ['name', areas.name],
          ['parent', areas.parent],
          ['households', areas.households],
          ['crs', areas.crs],
        ] as [string, string | undefined][])
      : []),
  ]
  const flags: [name: string, isSet: boolean | undefined][] = [
    ['check', wish.step === 'check'],
    ['update', kind === 'incidents' && wish.update],
    ...(kind === 'areas' && areas
      ? ([
          ['parent-by-overlap', areas.parentByOverlap],
          ['allow-overlap', areas.allowOverlap],
          ['dissolve', areas.dissolve],
          ['replace-box', areas.replaceBox],
          ['close-missing', areas.closeMissing],
        ] as [string, boolean | undefined][])
      : []),
  ]
  return [
    kind,
    path,
    ...options.flatMap(([option, value]) => (value ? [`--${option}=${value}`] : [])),
    ...flags.flatMap(([flag, isSet]) => (isSet ? [`--${flag}`] : [])),
  ]
}

/** A name as people see it: the last part of a path, without signs that could end a text. */
export function shownName(name: string): string {
  const last = name.normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  const plain = [...last.toWellFormed().replaceAll(/["\p{Cc}]/gu, '_')].slice(0, 120).join('')
  return plain.trim() === '' ? 'file' : plain.trim()
}

/** Of a report, without ending: letters and digits of the file's name, and the instant. */
export function reportName(name: string, at: Date): string {
  const plain = name
    .replace(/(\.[a-z]{2,8}){1,2}$/i, '')
    .replaceAll(/[^\p{Letter}\p{Number}]+/gu, '-')
    .replaceAll(/^-+|-+$/g, '')
  const stamp = at.toISOString().replaceAll(/[-:.]/g, '')
  return `${[...plain].slice(0, 50).join('') || 'file'}-${stamp}`
}
