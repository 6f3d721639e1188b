import type { Page } from 'playwright'
import { areaNames, countBy, newestFirst, rowsOfLink, type Box, type OracleRow } from './oracle.ts'

/** Figures of every view of the map page, read from the page at one moment. */
interface Shown {
  tiles: Record<string, number | null>
  listed: string[]
  legend: { level: string; classes: [label: string, areas: string][] }
  topAreas: [code: string, count: string][]
  months: [month: string, label: string][]
  bars: [from: string, to: string, height: number][]
}

const readShown = (page: Page): Promise<Shown> =>
  page.evaluate(() => {
    const all = (id: string) => [...document.querySelectorAll<HTMLElement>(`[data-testid=${id}]`)]
    const number = (id: string) => {
      const digits = all(id)[0]?.innerText.replaceAll(/\D/g, '')
      return digits ? Number(digits) : null
    }
    const tiles = ['total-count', 'open-count', 'closed-count', 'list-total', 'histogram-count']
    return {
      tiles: Object.fromEntries(tiles.map((id) => [id, number(id)])),
      listed: all('list-row').map((row) => row.dataset.key ?? ''),
      legend: {
        level: all('legend-level')[0]?.innerText ?? '',
        classes: [...document.querySelectorAll<HTMLElement>('[data-testid=legend] li')].map(
          (item): [string, string] => {
            const [label = '', areas = ''] = item.innerText.split('\n')
            return [label, areas]
          },
        ),
      },
      topAreas: all('area-row').map((row): [string, string] => [
        row.dataset.code ?? '',
        row.querySelector<HTMLElement>('[data-testid=area-count]')?.innerText ?? '',
      ]),
      months: all('trend-month').map((button): [string, string] => [
        button.dataset.month ?? '',
        button.getAttribute('aria-label') ?? '',
      ]),
      bars: [
        ...document.querySelectorAll<SVGRectElement>('[data-testid=histogram] rect[data-from]'),
      ].map(({ dataset, height }): [string, string, number] => [
        dataset.from ?? '',
        dataset.to ?? '',
        height.baseVal.value,
      ]),
    }
  })

const digits = (text: string): number => Number(text.replaceAll(/\D/g, ''))

/**
 * Where the map page at its English best disagrees with the rows of the file: tiles, list, legend
 * (how many areas of the drawn level fall into each class), top areas, trend, time histogram.
 */
export async function disagreements(
  page: Page,
  rows: readonly OracleRow[],
  city: Box,
): Promise<string[]> {
  const shown = await readShown(page)
  const href = page.url()
  const expected = rowsOfLink(rows, href, city)
  const found: string[] = []
  const same = (what: string, actual: unknown, wanted: unknown): void => {
    const [a, w] = [JSON.stringify(actual), JSON.stringify(wanted)]
    if (a !== w) found.push(`${what}: shown ${a}, counted ${w}`)
  }
  const open = expected.filter((row) => row.open).length
  same('tiles', shown.tiles, {
    'total-count': expected.length,
    'open-count': open,
    'closed-count': expected.length - open,
    'list-total': expected.length,
    'histogram-count': expected.length,
  })
  // still counting: the rest takes longer to count here, and is asked again
  if (found.length > 0) return found

  if (shown.listed.length === 0 && expected.length > 0) found.push('list: no rows')
  same('list', shown.listed, newestFirst(expected).slice(0, shown.listed.length))

  // The areas are told as if none were chosen, so that one sees what choosing another would give.
  const isGrids = /grid/i.test(shown.legend.level)
  const anywhere = rowsOfLink(rows, href, city, ['area', 'in'])
  const byArea = countBy(anywhere, (row) => (isGrids ? row.gridCode : row.communityCode))
  const areas = [...areaNames(isGrids ? 'grid' : 'community').keys()]
  const counts = areas.map((code) => byArea.get(code) ?? 0)
  for (const [label, inClass] of shown.legend.classes) {
    const [low = 0, high = low] = label.split('–').map(digits)
    same(`legend ${label}`, digits(inClass), counts.filter((n) => n >= low && n <= high).length)
  }
  same(
    'legend',
    shown.legend.classes.reduce((sum, [, n]) => sum + digits(n), 0),
    areas.length,
  )

  const ranked = [...byArea].toSorted(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
  const most = ranked.slice(0, 6)
  // whatever is chosen stays in sight below
  const chosen = ranked.slice(6).filter(([code]) => href.includes(code))
  same(
    'top areas',
    shown.topAreas.map(([code, count]) => [code, digits(count)]),
    [...most, ...chosen],
  )

  const always = rowsOfLink(rows, href, city, ['from', 'to'])
  const isOfStages = /[?&](stage|open)=/.test(href)
  const byMonth = countBy(expected, (row) => row.day.slice(0, 7))
  // counted once by day and by month of the close: the bars and months below are many
  const days = [...countBy(always, ({ day }) => day)]
  const flows = [
    ...countBy(always, (row) => `${row.day.slice(0, 7)} ${row.closedMonth ?? 'open'}`),
  ].map(([key, n]) => [...key.split(' '), n] as unknown as [string, string, number])
  const flowsOf = (passes: (month: string, closedMonth: string) => boolean): number =>
    flows.reduce((sum, [of, closed, n]) => (passes(of, closed) ? sum + n : sum), 0)
  for (const [month, label] of shown.months) {
    const told =
      label
        .slice(label.indexOf(':'))
        .match(/\d[\d,]*/g)
        ?.map(digits) ?? []
    const flow = [
      byMonth.get(month) ?? 0,
      flowsOf((_of, closed) => closed === month),
      flowsOf((of, closed) => of <= month && (closed === 'open' || closed > month)),
    ]
    // of one stage nobody asks how many were closed or left
    same(
      `trend ${month}`,
      isOfStages ? told.slice(0, 1) : told,
      isOfStages ? flow.slice(0, 1) : flow,
    )
  }
  if (shown.months.length === 0) found.push('trend: no months')

  const bars = shown.bars.map(([from, to]) =>
    days.reduce((sum, [day, n]) => (day >= from && day <= to ? sum + n : sum), 0),
  )
  const plotted = 60
  const heights = shown.bars.map(([, , height]) => height)
  same('highest bar', Math.round(Math.max(...heights) * 100) / 100, plotted)
  // Other tests report today, the last day of the file: bars from then on may be higher than counted.
  const lastDay = rows.reduce((last, { day }) => (day > last ? day : last), '')
  const isSettled = shown.bars.map(([, to]) => to < lastDay)
  const highest = Math.max(1, ...bars.filter((_, index) => isSettled[index]))
  const scale = (heights[bars.indexOf(highest)] ?? plotted) / highest
  shown.bars.forEach(([from, to, height], index) => {
    const count = bars[index]!
    const wanted = count === 0 ? 0 : Math.max(1.5, count * scale)
    const isRight = isSettled[index] ? Math.abs(height - wanted) <= 0.01 : height >= wanted - 0.01
    if (!isRight) found.push(`bar ${from} to ${to}: ${height} high, not ${wanted}`)
  })
  if (shown.bars.length < 24) found.push(`histogram: ${shown.bars.length} bars`)
  return found
}
