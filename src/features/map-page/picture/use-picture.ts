import { useI18n } from 'vue-i18n'
import { downloadFile } from '@/charts/download.ts'
import { pngWithTexts } from '@/domain/png-text.ts'
import { useFilterWords } from '@/parts/filter/use-filter-words.ts'
import { useSessionStore } from '@/stores/session.store.ts'
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
  const session = useSessionStore()
  const words = useFilterWords()

  return async (picture) => {
    const { map = null, lines = [], legend = [], legendColumns = [], entries = [] } = picture
    const { city, period, parts, asOf, fileName, parameters } = words.value
    const style = getComputedStyle(document.body)
    const colorOf = (name: string): string => style.getPropertyValue(name).trim() || style.color
    const canvas = drawPicture(
      {
        title: picture.title,
        lines: [
          [city, period].filter(Boolean).join(' · '),
          ...(parts.length > 0
            ? [t('picture.filter', { name: parts.join(t('hotspots.comma')) })]
            : []),
          ...lines,
        ],
        map,
        legend,
        legendColumns,
        entries,
        foot: [
          t('map-page.as-of', { at: asOf }),
          map ? session.config?.city.basemap?.attribution : null,
        ]
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
    const png = new Uint8Array(await (await pngOf(canvas)).arrayBuffer())
    const content = pngWithTexts(png, {
      Title: picture.title,
      Software: 'Wangge',
      Parameters: JSON.stringify({ ...parameters, ...picture.parameters }),
    })
    downloadFile(`${fileName(picture.what)}.png`, new Blob([content], { type: 'image/png' }))
  }
}

const pngOf = (canvas: HTMLCanvasElement): Promise<Blob> =>
  new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no image'))), 'image/png')
  })
