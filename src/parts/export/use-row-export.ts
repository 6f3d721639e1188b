import { computed, onScopeDispose, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { downloadFile } from '@/charts/download.ts'
import { isAbort, toAppError, type AppError } from '@/data/errors.ts'
import { incidentsRepo, type IncidentRow } from '@/data/incidents.repo.ts'
import type { ExportColumn, ExportFormat, ExportRow } from '@/domain/export/incident-export.ts'
import { nameIn } from '@/domain/workflow/workflow.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useWorkflowStore } from '@/stores/workflow.store.ts'
import { useFormat } from '@/ui/use-format.ts'
import { useFilterWords } from '../filter/use-filter-words.ts'

/** The most that a call of the list gives. */
const rowsAtOnce = 1_000

/** Fetches all rows of the filter, newest first, and saves them as one file. */
export function useRowExport() {
  const { t, te, locale } = useI18n()
  const format = useFormat()
  const session = useSessionStore()
  const filter = useFilterStore()
  const areas = useAreasStore()
  const categories = useCategoriesStore()
  const workflow = useWorkflowStore()
  const words = useFilterWords()

  /** Rows fetched; null when nothing is being saved. */
  const fetched = shallowRef<number | null>(null)
  const error = shallowRef<AppError | null>(null)
  let running: AbortController | null = null
  const cancel = (): void => running?.abort()
  onScopeDispose(cancel)

  const departmentName = (code: string | null): string =>
    code === null ? '' : categories.departmentName(code, locale.value)
  function exportRow(row: IncidentRow): ExportRow {
    const chain = areas.ancestry(row.areaCode)
    const state =
      row.state === undefined ? undefined : workflow.state(row.workflowCode ?? null, row.state)
    const channel = `domain.channel.${row.channel}`
    const yes = (is: boolean | undefined): string => (is ? t('export.yes') : '')
    return {
      number: row.caseNumber ?? '',
      category: categories.nameByCode(row.categoryCode, locale.value),
      stage: state ? nameIn(locale.value, state) : t(`domain.stage.${row.stage}`),
      onHold: yes(row.onHold),
      severity: row.severity,
      within: chain
        .slice(0, -1)
        .map(({ name }) => name)
        .join(' › '),
      area: chain.at(-1)?.name ?? row.areaCode,
      areaCode: row.areaCode,
      department: departmentName(row.departmentCode),
      description: row.description,
      address: row.addressLabel,
      reportedAt: row.reportedAt,
      closedAt: row.closedAt,
      hours: row.closedAt
        ? Math.round((Date.parse(row.closedAt) - Date.parse(row.reportedAt)) / 36_000) / 100
        : null,
      channel: te(channel) ? t(channel) : row.channel,
      lon: row.lon,
      lat: row.lat,
      generated: yes(row.isGenerated),
      id: row.id,
    }
  }

  /** @throws AppError, or AbortError after `cancel` */
  async function fetchRows(signal: AbortSignal): Promise<ExportRow[]> {
    const asked = { filter: filter.effective, sort: 'reported_desc' as const, limit: rowsAtOnce }
    const rows: ExportRow[] = []
    let after: unknown = null
    do {
      const page = await session.guard(() =>
        incidentsRepo(session.backend!).list({ ...asked, after }, signal),
      )
      signal.throwIfAborted()
      for (const row of page.rows) rows.push(exportRow(row))
      fetched.value = rows.length
      after = page.next
    } while (after !== null)
    return rows
  }

  /** True once the file is handed to the browser. */
  async function save(kind: ExportFormat): Promise<boolean> {
    if (fetched.value !== null) return false
    const { signal } = (running = new AbortController())
    error.value = null
    fetched.value = 0
    // The words of the moment: the filter may change while rows come.
    const { city, period, parts, asOf, fileName, parameters } = words.value
    const name = fileName(t('export.incidents'))
    try {
      const [rows, { exportFile }] = await Promise.all([
        fetchRows(signal),
        import('@/domain/export/incident-export.ts'),
      ])
      const file = exportFile(kind, rows, {
        timeZone: session.config?.city.timeZone ?? 'UTC',
        columnWord: (column: ExportColumn) => t(`export.column.${column}`),
        sheets: { about: t('export.about'), rows: t('export.incidents') },
        about: [
          [t('export.city'), city],
          [t('ui.period'), period],
          [t('export.filter'), parts.join(' · ') || t('export.no-filter')],
          [t('export.as-of'), asOf],
          [t('export.made'), format.value.instant(new Date())],
          [t('export.made-by'), session.context?.displayName ?? ''],
          [t('export.rows'), format.value.count(rows.length)],
          [t('export.time-zone'), session.config?.city.timeZone ?? ''],
          [t('export.address'), location.href],
        ],
        parameters: { ...parameters, rows: rows.length },
      })
      downloadFile(`${name}.${kind}`, file)
      return true
    } catch (failure) {
      if (!isAbort(failure) && !signal.aborted) error.value = toAppError(failure)
      return false
    } finally {
      fetched.value = null
    }
  }

  return { save, cancel, fetched, error, isSaving: computed(() => fetched.value !== null) }
}
