import { computed, ref, shallowRef } from 'vue'
import { useI18n } from 'vue-i18n'
import { csvTable, type CsvTable, type SurveyEncoding } from '@/domain/survey/csv-table.ts'
import type { SurveyFault } from '@/domain/survey/fault.ts'
import {
  guessColumns,
  readSurveyMapping,
  type GuessedColumn,
  type SurveyMapping,
} from '@/domain/survey/mapping.ts'
import { readSurvey, type SurveyPayload } from '@/domain/survey/survey-payload.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useSetting } from '@/stores/use-setting.ts'

/** A command with its envelope has to stay under 1 MB. In characters. */
const mostPayload = 900_000

/** One line of a report: where, which column, and in words what is wrong. */
export interface ReportLine {
  line: number | null
  column: string
  value: string
  /** Words `evaluation.survey.<code>`. */
  code: SurveyFault['code']
}

/** Columns of aggregated waves that the page lets one choose. */
export const chosenColumns = [
  ...['area', 'period', 'item', 'n', 'mean', 'sd', 'satisfiedPercent', 'dissatisfiedPercent'],
  ...['importantPercent', 'asked', 'nameZh', 'nameEn'],
] as GuessedColumn[]
export const neededColumns = new Set<GuessedColumn>(['area', 'period', 'item', 'n'])

/** A survey's file on its way into the city: read on the device, checked again by the server. */
export function useSurveyImport() {
  const { t } = useI18n()
  const areas = useAreasStore()
  const setting = useSetting()

  const file = shallowRef<{ name: string; bytes: Uint8Array } | null>(null)
  const encoding = ref<SurveyEncoding>('utf-8')
  const columns = ref<Partial<Record<GuessedColumn, string>>>({})
  const survey = ref({ code: '', nameZh: '', nameEn: '', least: 1, most: 5 })
  /** From a file, in place of the form. */
  const given = shallowRef<{ name: string; mapping: SurveyMapping } | null>(null)
  const mappingFaults = ref<string[]>([])
  /** Words `surveys.issue.<…>`. */
  const issue = ref<'offline' | 'failed' | 'refused' | 'tooLarge' | null>(null)
  const refused = ref<ReportLine[]>([])

  const table = computed<CsvTable | null>(
    () => file.value && csvTable(file.value.bytes, encoding.value),
  )
  const header = computed(() => (table.value && 'header' in table.value ? table.value.header : []))

  async function take(chosen: File): Promise<void> {
    issue.value = null
    refused.value = []
    file.value = { name: chosen.name, bytes: new Uint8Array(await chosen.arrayBuffer()) }
    columns.value = guessColumns(header.value)
    if (survey.value.code === '')
      survey.value.code = chosen.name
        .replace(/\.[^.]*$/, '')
        .toLowerCase()
        .replaceAll(/[^a-z0-9_]+/g, '_')
        .slice(0, 40)
  }
  async function takeMapping(chosen: File): Promise<void> {
    mappingFaults.value = []
    given.value = null
    let json: unknown
    try {
      json = JSON.parse(await chosen.text())
    } catch {
      mappingFaults.value = [t('surveys.notJson')]
      return
    }
    const read = readSurveyMapping(json)
    if ('faults' in read) mappingFaults.value = read.faults
    else given.value = { name: chosen.name, mapping: read.mapping }
  }

  /** Null while the form is not whole. */
  const mapping = computed<SurveyMapping | null>(() => {
    if (given.value) return given.value.mapping
    const { code, nameZh, nameEn, least, most } = survey.value
    const chosen = Object.fromEntries(
      Object.entries(columns.value).filter(([, name]) => name !== undefined && name !== ''),
    )
    const read = readSurveyMapping({
      survey: { code, nameZh: nameZh || code, nameEn: nameEn || code },
      ...{ scale: { least, most }, waves: chosen },
    })
    return 'mapping' in read ? read.mapping : null
  })
  const read = computed<{ payload: SurveyPayload } | { faults: SurveyFault[] } | null>(() => {
    if (!file.value || !table.value || !('header' in table.value) || !mapping.value) return null
    return readSurvey(
      file.value.name.slice(0, 200),
      table.value.header,
      table.value.rows,
      mapping.value,
      (code) => areas.byCode(code) !== undefined,
    )
  })
  const faults = computed<ReportLine[]>(() => {
    if (refused.value.length > 0) return refused.value
    return read.value && 'faults' in read.value ? read.value.faults : []
  })
  const payload = computed(() =>
    read.value && 'payload' in read.value && refused.value.length === 0 ? read.value.payload : null,
  )

  /** @returns whether it is stored */
  async function send(): Promise<boolean> {
    const sent = payload.value
    if (!sent) return false
    issue.value = null
    if (JSON.stringify(sent).length > mostPayload) {
      issue.value = 'tooLarge'
      return false
    }
    const answer = await setting.send('import_survey', sent)
    if (answer?.outcome === 'saved') return true
    if (!answer) issue.value = setting.error.value?.kind === 'offline' ? 'offline' : 'failed'
    else {
      issue.value = 'refused'
      if (answer.outcome === 'rejected' && answer.code === 'invalid_rows')
        refused.value = (answer.detail ?? '').split('; ').map((one) => {
          const [line, code = 'duplicate'] = one.split(' ')
          return { line: Number(line), column: '', value: '', code: code as SurveyFault['code'] }
        })
    }
    return false
  }

  return {
    ...{ file, encoding, columns, survey, given, mappingFaults, issue, table, header, faults },
    ...{ payload, take, takeMapping, send, busy: setting.busy },
  }
}
