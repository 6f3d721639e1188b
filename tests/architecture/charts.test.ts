import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'

/** Every chart can be saved as PNG, SVG, CSV and XLSX, and shows the table behind it: its card does it. */
const root = join(import.meta.dirname, '../..')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'src'], {
  ...{ encoding: 'utf8', cwd: root },
})
  .trim()
  .split('\n')
const importers = (component: string): string[] =>
  files.filter(
    (file) =>
      /\.(vue|ts)$/.test(file) &&
      new RegExp(`import\\(?[^\\n]*/${component}\\.vue'`).test(read(file)) &&
      !file.endsWith(`/${component}.vue`),
  )
const views = files.filter(
  (file) => /^src\/charts\/views\/[^/]+\.ts$/.test(file) && !file.endsWith('.test.ts'),
)

/** Pictures without a card. Their figures are saved elsewhere. */
const drawnByHand: Record<string, string> = {
  'src/app/ProductMark.vue': 'the mark of the product',
  'src/features/capture/FavouriteButton.vue': 'a star',
  'src/features/map-page/MapLegend.vue': 'a legend of the map, which is saved as a picture',
  'src/features/map-page/TrendChart.vue': 'small beside the map; /overview has it on a card',
  'src/features/map-page/hotspots/SparkLine.vue': 'small in a finding; the list is saved',
  'src/features/map-page/time/TimeBar.vue': 'sets the period; /overview has it on a card',
  'src/parts/filter/TimeHistogram.vue': 'sets the period; /overview has it on a card',
  'src/ui/AreaShapes.vue': 'a map beside a table: printed, on the wall, or saved as CSV',
}

describe('charts', () => {
  it('are drawn by their card alone, and by the wall, which nobody touches', () => {
    expect(importers('BaseChart')).toEqual([
      ...['src/charts/ChartCursor.vue', 'src/features/wall/WallChart.vue'],
    ])
    expect(importers('ChartCursor')).toEqual(['src/charts/ChartCard.vue'])
    expect(importers('ChartCard').length).toBeGreaterThan(1)
  })

  it('leave their card as PNG, SVG, CSV and XLSX, and as a table on the page', () => {
    const card = read('src/charts/ChartCard.vue')
    for (const part of ['savePng', 'saveSvg', 'saveCsv', 'saveXlsx', 'showTable'])
      expect(card, part).toContain(`t('charts.${part}')`)
  })

  it('are views whose table a test reads', () => {
    const tests = files.filter((file) => /^src\/charts\/views\/.*\.test\.ts$/.test(file)).map(read)
    expect(views.length).toBeGreaterThan(10)
    const isPart = (file: string): boolean => !/export (const|function) \w+View\b/.test(read(file))
    for (const view of views.filter((file) => !isPart(file)))
      expect(
        tests.some(
          (text) => text.includes(`'./${basename(view)}'`) && /\.table\b|table:/.test(text),
        ),
        view,
      ).toBe(true)
  })

  it('without a card are listed with the reason', () => {
    const drawn = files.filter((file) => file.endsWith('.vue') && read(file).includes('<svg'))
    expect(drawn.toSorted()).toEqual(Object.keys(drawnByHand).toSorted())
  })
})
