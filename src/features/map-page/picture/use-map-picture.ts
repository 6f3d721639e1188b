import { ref, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import { report } from '@/data/problems.ts'
import { measureOf } from '@/domain/measure/index.ts'
import type { Period } from '@/domain/time/period.ts'
import type { MapEngine } from '@/map/types.ts'
import { useFormat } from '@/ui/use-format.ts'
import { useCompare } from '../compare/use-compare.ts'
import { methodOf } from '../hotspots/hotspot-views.ts'
import { placeParameters } from '../hotspots/place-files.ts'
import { useRepeatPlaces } from '../hotspots/use-repeat-places.ts'
import { useHotspots } from '../hotspots/use-hotspots.ts'
import { useMapPage } from '../map-page-context.ts'
import type { MapLayer } from '../use-map-layer.ts'
import { readLegend, readNotes } from './read-page.ts'
import { useSavePicture } from './use-picture.ts'

/** Saves the map as seen, with its legend and parameters. */
export function useMapPicture(
  layer: () => MapLayer,
  engine: Readonly<Ref<MapEngine | null>>,
): { isBusy: Readonly<Ref<boolean>>; saveMap: (legend: HTMLElement) => Promise<void> } {
  const { t } = useI18n()
  const format = useFormat()
  const { measure, shownLevel, window: before } = useMapPage()
  const compare = useCompare()
  const { view, judged, unit, found, cells } = useHotspots()
  const places = useRepeatPlaces()
  const save = useSavePicture()
  const isBusy = ref(false)

  const days = (period: NonNullable<Period>): string =>
    t('ui.dayRange', {
      from: format.value.localDay(period.from),
      to: format.value.localDay(period.to),
    })

  /** Named as in the GeoJSON file. */
  function parameters(): Record<string, unknown> {
    if (layer() === 'heat') return { layer: 'heat' }
    if (layer() === 'areas')
      return {
        layer: 'areas',
        measure: measure.value,
        unit: measureOf(measure.value).unit,
        level: shownLevel.value,
        comparedWith: (compare.window.value ?? before.value)?.period ?? null,
      }
    if (view.value === 'places')
      return {
        ...{ layer: 'hotspots', view: 'places' },
        ...(places.found.value && placeParameters(places.found.value)),
      }
    const common = { layer: 'hotspots', view: view.value, method: methodOf[judged.value] }
    const corrected = { neighbours: 'queen', correction: 'benjamini_hochberg' }
    if (unit.value !== 'area')
      return {
        ...common,
        unit: unit.value,
        widthMetres: cells.value?.grid.widthMetres,
        value: 'count',
        ...corrected,
      }
    const { value: areas } = found
    return {
      ...common,
      level: shownLevel.value,
      comparedWith: areas?.options.window?.period ?? null,
      value: areas?.value,
      ...corrected,
    }
  }

  async function saveMap(legend: HTMLElement): Promise<void> {
    const { value: made } = engine
    if (!made || isBusy.value) return
    isBusy.value = true
    try {
      const map = await made.picture()
      const { rows, columns } = readLegend(legend)
      const heading = legend.querySelector('[data-testid=legend-level]')
      const [earlier, later] = [compare.window.value?.period, compare.later.value]
      await save({
        title: heading?.textContent?.trim() ?? '',
        what: layer() === 'areas' ? measure.value : layer(),
        lines: [
          ...(layer() === 'hotspots' ? [t(`hotspots.view.${view.value}.name`)] : []),
          ...(earlier && later
            ? [t('picture.sides', { from: days(earlier), to: days(later) })]
            : []),
          ...readNotes(legend),
        ],
        map,
        legend: rows,
        legendColumns: columns,
        parameters: parameters(),
      })
    } catch (error) {
      report('export', error)
    } finally {
      isBusy.value = false
    }
  }
  return { isBusy, saveMap }
}
