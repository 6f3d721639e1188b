import { useI18n } from 'vue-i18n'
import { downloadFile } from '@/charts/download.ts'
import { encodeFilter } from '@/domain/filter/filter-url.ts'
import { pngWithTexts } from '@/domain/png-text.ts'
import { useAreasStore } from '@/stores/areas.store.ts'
import { useCategoriesStore } from '@/stores/categories.store.ts'
import { useColumnsStore } from '@/stores/columns.store.ts'
import { useSessionStore } from '@/stores/session.store.ts'
import { useFilterStore } from '@/stores/view/filter.store.ts'
import { useChipWords } from '@/ui/use-chip-words.ts'
import { useFormat } from '@/ui/use-format.ts'
import { drawPicture, type PictureParts } from './draw-picture.ts'

export interface Picture extends Partial<Omit<PictureParts, 'foot'>> {
  title: string
  /** For the file's name: what is shown. */
  what: string
  /** As in the GeoJSON file; city, period, filter and `asOf` are added. */
  parameters: Record<string, unknown>
}

/** Saves a picture of what is shown as a PNG file that says what it shows, drawn and as text. */
export function useSavePicture(): (picture: Picture) => Promise<void> {
  const { t } = useI18n()
  const format = useFormat()
  const session = useSessionStore()
  const areas = useAreasStore()
  const categories = useCategoriesStore()
  const columns = useColumnsStore()
  const filter = useFilterStore()
  const words = useChipWords({
    areaName: (code) => areas.byCode(code)?.name ?? code,
    categoryOf: categories.byCode,
  })

  function periodWords(): string {
    const { period } = filter.effective
    if (!period) return t('ui.preset.all')
    const [from, to] = [format.value.localDay(period.from), format.value.localDay(period.to)]
    return t('ui.dayRange', { from, to })
  }
  /** Without the period, which is said anyway. */
  function filterWords(): string[] {
    const drilled = filter.filter.areas.length === 0 && filter.drill
    return [
      ...(drilled ? [areas.byCode(drilled)?.name ?? drilled] : []),
      ...filter.activeChips
        .filter(({ part }) => part !== 'period')
        .map((chip) => words(chip).value),
    ]
  }

  return async (picture) => {
    const { map = null, lines = [], legend = [], legendColumns = [], entries = [] } = picture
    const city = session.config?.city
    const period = filter.effective.period
    const narrowed = filterWords()
    const asOf = columns.asOf ? format.value.instant(columns.asOf) : ''
    const style = getComputedStyle(document.body)
    const colorOf = (name: string): string => style.getPropertyValue(name).trim() || style.color
    const canvas = drawPicture(
      {
        title: picture.title,
        lines: [
          [city?.name, periodWords()].filter(Boolean).join(' · '),
          ...(narrowed.length > 0
            ? [t('picture.filter', { name: narrowed.join(t('hotspots.comma')) })]
            : []),
          ...lines,
        ],
        map,
        legend,
        legendColumns,
        entries,
        foot: [t('map-page.as-of', { at: asOf }), map ? city?.basemap?.attribution : null]
          .filter(Boolean)
          .join(' · '),
      },
      {
        ground: colorOf('--ui-bg'),
        text: colorOf('--ui-text-highlighted'),
        muted: colorOf('--ui-text-toned'),
        line: colorOf('--ui-border-accented'),
        fontFamily: style.fontFamily,
      },
      map ? window.devicePixelRatio : 2,
    )
    const parameters = {
      city: city?.name ?? '',
      ...picture.parameters,
      period,
      filter: encodeFilter(filter.filter, filter.drill),
      asOf: columns.asOf ?? '',
    }
    const png = new Uint8Array(await (await pngOf(canvas)).arrayBuffer())
    const content = pngWithTexts(png, {
      Title: picture.title,
      Software: 'Wangge',
      Parameters: JSON.stringify(parameters),
    })
    const name = fileName([
      city?.name ?? '',
      picture.what,
      ...(period ? [period.from, period.to] : []),
      ...narrowed,
    ])
    downloadFile(`${name}.png`, new Blob([content], { type: 'image/png' }))
  }
}

const pngOf = (canvas: HTMLCanvasElement): Promise<Blob> =>
  new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no image'))), 'image/png')
  })

const maxNameLength = 120
/** Without letters that a file system refuses. */
export const fileName = (parts: readonly string[]): string =>
  parts
    .filter(Boolean)
    .join(' ')
    .replaceAll(/[\u0000-\u001f\\/:*?"<>|]+/g, '-')
    .slice(0, maxNameLength)
    .trim()
