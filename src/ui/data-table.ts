/** One column of DataTable. `key` names the slot `cell-<key>` and what a sort event carries. */
export interface DataColumn {
  key: string
  label: string
  align?: 'start' | 'end'
  sortable?: boolean
  /** A CSS width. */
  width?: string
  /** Leaves the header's text to assistive technology. */
  labelHidden?: boolean
}

export interface DataSort {
  key: string
  direction: 'asc' | 'desc'
}

/** The sort a click on a header asks for: numbers first from the top, then turned round. */
export function nextSort(current: DataSort | null, column: DataColumn): DataSort {
  if (current?.key === column.key)
    return { key: column.key, direction: current.direction === 'asc' ? 'desc' : 'asc' }
  return { key: column.key, direction: column.align === 'end' ? 'desc' : 'asc' }
}
