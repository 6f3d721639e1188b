/** `key` names the slot `cell-<key>` and the sort. */
export interface DataColumn {
  key: string
  label: string
  align?: 'start' | 'end'
  sortable?: boolean
  /** CSS width. */
  width?: string
  /** The text stays for assistive technology. */
  labelHidden?: boolean
}

export interface DataSort {
  key: string
  direction: 'asc' | 'desc'
}

/** Sort after a click on a header: numbers first descending, then reversed. */
export function nextSort(current: DataSort | null, column: DataColumn): DataSort {
  if (current?.key === column.key)
    return { key: column.key, direction: current.direction === 'asc' ? 'desc' : 'asc' }
  return { key: column.key, direction: column.align === 'end' ? 'desc' : 'asc' }
}
