import { decodeFilter, encodeFilter, type Query } from '../filter/filter-url.ts'
import { emptyFilter } from '../filter/filter.ts'
import { queues, type Queue } from './queue.ts'

/** Columns of the table that a view may leave out. */
export const optionalColumns = ['state', 'where', 'who'] as const
export type OptionalColumn = (typeof optionalColumns)[number]

export const workLooks = ['list', 'board'] as const
export type WorkLook = (typeof workLooks)[number]

/** State of the page of work, read from its address. */
export interface WorkView {
  queue: Queue | null
  look: WorkLook
  /** Codes of any level; none means all. */
  areas: readonly string[]
  categories: readonly string[]
  hidden: readonly OptionalColumn[]
}

/** A named state of the page's address. */
export interface SavedView {
  id: string
  name: string
  /** The address after `?`. */
  query: string
  isShared: boolean
  isOwn: boolean
  ownerName: string
  canDelete: boolean
  version: number
}

export const workKeys = ['queue', 'look', 'area', 'category', 'hide'] as const

/** Each key of the address; null where it is left out. */
export function queryOfView(view: WorkView): Record<(typeof workKeys)[number], string | null> {
  const { area, category } = encodeFilter({
    ...emptyFilter(),
    areas: [...view.areas],
    categories: [...view.categories],
  })
  const hidden = optionalColumns.filter((column) => view.hidden.includes(column))
  return {
    // the board shows all queues
    queue: view.look === 'board' ? null : view.queue,
    look: view.look === 'board' ? 'board' : null,
    area: area ?? null,
    category: category ?? null,
    hide: hidden.length > 0 ? hidden.join('~') : null,
  }
}

/** Never throws: what cannot be read is left out. */
export function viewOfQuery(query: Query): WorkView {
  const { filter } = decodeFilter({ area: query['area'], category: query['category'] })
  const [queue, look, hide] = ['queue', 'look', 'hide'].map((key) => query[key])
  const hidden = typeof hide === 'string' ? hide.split('~') : []
  return {
    queue: queues.find((one) => one === queue) ?? null,
    look: workLooks.find((one) => one === look) ?? 'list',
    areas: filter.areas,
    categories: filter.categories,
    hidden: optionalColumns.filter((column) => hidden.includes(column)),
  }
}

/** The query of a saved view: equal for equal views. */
export function textOfView(view: WorkView): string {
  const given = Object.entries(queryOfView(view)).flatMap(([key, value]): [string, string][] =>
    value === null ? [] : [[key, value]],
  )
  return new URLSearchParams(given.map(([key, value]) => [key, sorted(value)])).toString()
}

/** Codes in another order are the same choice. */
const sorted = (value: string): string => value.split('~').sort().join('~')

export const viewOfText = (text: string): WorkView =>
  viewOfQuery(Object.fromEntries(new URLSearchParams(text)))
