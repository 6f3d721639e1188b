/**
 * `npm run screenshots`: takes the guide's pictures from the real app with the demo city, so that
 * they can be renewed whenever a page changes; `-- capture outbox` only those whose names begin so.
 */
import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Page } from 'playwright'
import { apiClient, call } from './api.ts'
import { startAppServer } from './app-server.ts'
import { launchChromium } from './browser.ts'
import { fillCapture, leaveUnsent, meetConflict, reportDay } from './field-shots.ts'
import { slower } from './patience.ts'
import { openPage, type OpenOptions, type OpenPage } from './session.ts'
import { stillPicture } from './still-picture.ts'

/** Publishes half a year for the public page. */
async function publishHalfAYear(dataDir: string): Promise<void> {
  const month = (back: number): string => {
    const day = new Date()
    return new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() - back))
      .toISOString()
      .slice(0, 7)
  }
  const period = ['--from', month(6), '--to', month(1), '--level', 'community']
  // not in one go: connections that the server closes meanwhile must be noticed
  await promisify(execFile)(process.execPath, ['supabase/server/commands/publish.ts', ...period], {
    env: { ...process.env, DATA_DIR: dataDir },
  })
}

interface Shot extends Omit<OpenOptions, 'url'> {
  name: string
  /** The map alone, as WebP of at most 60 kB. */
  isSmall?: boolean
  /** Brings the page to what the picture shows. */
  prepare?: (opened: OpenPage) => Promise<unknown>
}

/** A server of its own for each language: what one story reports is not in the other's pictures. */
type Locale = 'en' | 'zh-CN'

const phone = { width: 390, height: 844, touch: true }

/** English by day and Chinese by night. */
const inBoth = (
  shot: (name: string, look: Pick<OpenOptions, 'locale' | 'theme'>) => Shot,
): Shot[] => [
  shot('en-light', { locale: 'en', theme: 'light' }),
  shot('zh-dark', { locale: 'zh-CN', theme: 'dark' }),
]
const wallShot = (name: string, locale: Locale, query: string): Shot => ({
  ...{ name, role: 'leader', path: `/wall/plan?${query}`, locale, theme: 'dark' },
  ...{ width: 1920, height: 1080 },
  prepare: async ({ page }) => {
    await page.getByTestId('wall-open-link').click()
    await page.getByTestId('wall-tile-map').locator('path[d^=M]').first().waitFor(slower)
    await page.getByTestId('wall-tile-satisfied').locator('svg text').first().waitFor(slower)
  },
})
/** One for each method of the map. */
const methodShots = {
  'method-shuffle': 'layer=hotspots&test=shuffle',
  'method-outliers': 'layer=hotspots&hotspots=outliers',
  'method-worse': 'layer=hotspots&hotspots=worse',
  'method-returning': 'layer=hotspots&hotspots=returning',
  'method-places': 'layer=hotspots&hotspots=places',
  'method-bandwidth': 'layer=heat&bandwidth=300',
}
const pages: Shot[] = [
  { name: 'map-en-light', role: 'leader', path: '/map' },
  { name: 'compare-en-light', role: 'leader', path: '/map?compare=year_before' },
  { name: 'heat-en-light', role: 'leader', path: '/map?layer=heat' },
  { name: 'hotspots-en-light', role: 'leader', path: '/map?layer=hotspots&unit=hexagon' },
  {
    name: 'hotspots-zh-dark',
    role: 'leader',
    path: '/map?layer=hotspots',
    locale: 'zh-CN',
    theme: 'dark',
  },
  ...(['en', 'zh-CN'] as const).flatMap((locale) =>
    (['light', 'dark'] as const).flatMap((theme): Shot[] =>
      Object.entries(methodShots).map(([name, query]) => ({
        name: `${name}-${locale === 'en' ? 'en' : 'zh'}-${theme}`,
        role: 'leader',
        path: `/map?${query}`,
        ...{ locale, theme, isSmall: true },
        ...{ width: 1024, height: 640 },
        before: (context) =>
          context.addInitScript(() => {
            localStorage.setItem('wangge.map.rail', 'false')
            localStorage.setItem('wangge.map.panel', 'false')
          }),
      })),
    ),
  ),
  wallShot('wall-en-dark', 'en', 'tiles=map,open,satisfied&per=4'),
  wallShot('wall-zh-dark', 'zh-CN', 'per=6'),
  { name: 'public-en-light', path: '/public', height: 1150 },
  {
    ...{ name: 'public-zh-dark', path: '/public', height: 1150 },
    ...{ locale: 'zh-CN', theme: 'dark' },
  },
  ...inBoth((name, look) => ({
    ...{ name: `publish-${name}`, role: 'admin', path: '/publish', height: 1150, ...look },
    prepare: async ({ page }) => {
      await page.getByTestId('publish-preview').click()
      await page.getByTestId('preview').waitFor(slower)
      await page.getByTestId('publish-form').evaluate((form) => form.scrollIntoView())
    },
  })),
  ...inBoth((name, look) => ({
    ...{ name: `report-${name}`, role: 'leader', path: '/report', height: 1250, ...look },
    prepare: ({ page }) => page.locator('[data-report-state=ready]').waitFor(slower),
  })),
  { name: 'overview-en-light', role: 'leader', path: '/overview' },
  { name: 'home-en-dark', role: 'manager', path: '/', theme: 'dark' },
  { name: 'phone-overview-en-dark', role: 'leader', path: '/overview', theme: 'dark', ...phone },
  { name: 'map-zh-dark', role: 'manager', path: '/map', locale: 'zh-CN', theme: 'dark' },
  {
    name: 'points-zh-light',
    role: 'manager',
    path: '/map?at=15.2/37.7617/-122.4150',
    locale: 'zh-CN',
  },
  { name: 'overview-zh-dark', role: 'leader', path: '/overview', locale: 'zh-CN', theme: 'dark' },
  { name: 'satisfaction-en-light', role: 'leader', path: '/satisfaction' },
  {
    name: 'satisfaction-zh-dark',
    role: 'leader',
    path: '/satisfaction',
    locale: 'zh-CN',
    theme: 'dark',
  },
  ...inBoth((name, look) => ({
    ...{ name: `satisfaction-answers-${name}`, role: 'leader', path: '/satisfaction', ...look },
    height: 1250,
    prepare: async ({ page }) => {
      await page.getByTestId('satisfaction-comments').waitFor(slower)
      await page
        .getByTestId('satisfaction-departments')
        .evaluate((card) => card.scrollIntoView({ block: 'start' }))
    },
  })),
  ...(['en', 'zh-CN'] as const).map((locale): Shot => ({
    ...{ name: `phone-satisfaction-${locale.slice(0, 2)}-dark`, role: 'leader', locale },
    ...{ path: '/satisfaction', theme: 'dark', ...phone },
  })),
  {
    name: 'evaluations-en-light',
    role: 'leader',
    path: '/evaluations?from=all',
    prepare: ({ page }) => saveFormula(page),
  },
  {
    name: 'evaluations-zh-dark',
    role: 'leader',
    path: '/evaluations?from=all',
    locale: 'zh-CN',
    theme: 'dark',
    prepare: ({ page }) => saveFormula(page),
  },
  { name: 'surveys-en-light', role: 'leader', path: '/surveys', height: 1400 },
  {
    name: 'surveys-zh-dark',
    role: 'leader',
    path: '/surveys',
    locale: 'zh-CN',
    theme: 'dark',
    height: 1400,
  },
  ...(['en', 'zh-CN'] as const).map((locale): Shot => ({
    name: locale === 'en' ? 'satisfaction-areas-en-light' : 'satisfaction-areas-zh-dark',
    ...{ role: 'leader', path: '/satisfaction?adjust=1', locale },
    theme: locale === 'en' ? 'light' : 'dark',
    // high enough for the ranking of all communities beside funnel and map
    height: 1250,
    prepare: async ({ page }) => {
      // an svg of the chart's buttons is there before its answer
      const ranking = page.getByTestId('chart-satisfaction-ranking')
      await ranking.locator('x-vue-echarts svg').waitFor(slower)
      await page.getByTestId('satisfaction-rows-total').filter({ hasText: /\d/ }).waitFor(slower)
      await page
        .getByTestId('chart-satisfaction-table')
        .locator('x-vue-echarts svg')
        .waitFor(slower)
      await page
        .getByTestId('chart-satisfaction-ranking')
        .evaluate((card) => card.scrollIntoView({ block: 'start' }))
    },
  })),
  { name: 'table-zh-light', role: 'leader', path: '/table', locale: 'zh-CN' },
  { name: 'phone-map-zh-light', role: 'manager', path: '/map', locale: 'zh-CN', ...phone },
  { name: 'sign-in-zh-light', path: '/sign-in', locale: 'zh-CN' },
]

/** Takes a shipped formula for the board on the page: of residents' answers there are enough for ranks. */
async function saveFormula(page: Page): Promise<void> {
  await page.getByTestId('example-three-rates').click()
  await page.getByTestId('formula-reason').fill('2026')
  await page.getByTestId('formula-save').click()
  await page.getByTestId('score-row').first().waitFor(slower)
}

/** Brings the page to the first incident to check whose photos show before and after. */
const openHandled = async ({ page, url }: OpenPage & { url: string }): Promise<void> => {
  const manager = await apiClient(url, 'manager')
  const { rows } = await call<{ rows: { id: string }[] }>(manager, 'work_queue', {
    p_queue: 'to_check',
    p_filter: {},
    p_after: null,
    p_limit: 50,
  })
  for (const { id } of rows) {
    const { photos } = await call<{ photos: object[] }>(manager, 'incident_detail', { p_id: id })
    if (photos.length < 2) continue
    await page.goto(`${url}/incidents/${id}`)
    await page.getByTestId('before-after').waitFor(slower)
    return
  }
  throw new Error('no incident to check has two photos')
}

/** The loop at the desk. */
function loopShots(url: string, locale: Locale): Shot[] {
  const [light, dark] = ['light', 'dark'].map((theme) => `${locale.slice(0, 2)}-${theme}`)
  const desk = { role: 'manager', locale, webGl: false } as const
  return [
    { ...desk, name: `work-${light}`, path: '/work?queue=open' },
    { ...desk, name: `board-${dark}`, path: '/work?look=board', theme: 'dark' },
    {
      ...desk,
      name: `incident-${light}`,
      path: '/',
      height: 1100,
      prepare: (opened) => openHandled({ ...opened, url }),
    },
    {
      ...desk,
      name: `tasks-${light}`,
      role: 'field',
      path: '/my-day',
      ...phone,
      prepare: ({ page }) => page.getByTestId('task').first().waitFor(slower),
    },
  ]
}

/** A day in the field, in its order: the first picture has no reports yet. */
function fieldShots(url: string, locale: Locale): Shot[] {
  let reported: Promise<string> | undefined
  const day = () => (reported ??= reportDay(url, locale))
  const [light, dark] = ['light', 'dark'].map((theme) => `${locale.slice(0, 2)}-${theme}`)
  const shot = (
    name: string,
    theme: 'light' | 'dark',
    prepare: Shot['prepare'],
    path = '/my-day',
  ): Shot => ({ name, role: 'field', path, locale, theme, ...phone, prepare })
  const capture = async ({ page, context }: OpenPage) => {
    await context.grantPermissions(['geolocation'])
    await context.setGeolocation({ longitude: -122.4211, latitude: 37.7614, accuracy: 6 })
    await page.goto(`${url}/capture`)
    await fillCapture(page, locale)
  }
  return [
    shot(`capture-${light}`, 'light', capture),
    shot(`duplicate-${dark}`, 'dark', async (opened) => {
      await day()
      await capture(opened)
      await opened.page.getByTestId('duplicate').first().scrollIntoViewIfNeeded()
    }),
    shot(`my-day-${light}`, 'light', async ({ page }) => {
      await day()
      await page.reload()
    }),
    shot(`merge-${light}`, 'light', async ({ page }) => meetConflict(page, await day(), locale)),
    shot(`outbox-${dark}`, 'dark', async ({ page, context }) => {
      await meetConflict(page, await day(), locale)
      await page.getByTestId('outbox-back').click()
      await leaveUnsent(page, context, locale)
      await page.getByRole('radio').nth(1).check({ force: true })
    }),
    shot(`offline-${dark}`, 'dark', ({ page, context }) => leaveUnsent(page, context, locale)),
    shot(
      `take-along-${light}`,
      'light',
      ({ page }) => page.getByTestId('offline-section').scrollIntoViewIfNeeded(),
      '/account',
    ),
  ]
}

const maxSmallBytes = 60_000

/** As good as fits. */
async function asWebp(page: Page, png: Buffer): Promise<Buffer> {
  for (const quality of [0.85, 0.75, 0.65, 0.5, 0.35, 0.2]) {
    const encoded = await page.evaluate(
      async ({ data, wanted }) => {
        const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))
        const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
        const canvas = document.createElement('canvas')
        canvas.width = bitmap.width
        canvas.height = bitmap.height
        canvas.getContext('2d')!.drawImage(bitmap, 0, 0)
        return canvas.toDataURL('image/webp', wanted).split(',')[1]!
      },
      { data: png.toString('base64'), wanted: quality },
    )
    const webp = Buffer.from(encoded, 'base64')
    if (webp.length <= maxSmallBytes) return webp
  }
  throw new Error('the picture does not fit')
}

const asked = process.argv.slice(2)
const isAsked = ({ name }: Shot): boolean =>
  asked.length === 0 || asked.some((start) => name.startsWith(start))
const folder = 'public/guide'
mkdirSync(folder, { recursive: true })
const browser = await launchChromium()
try {
  for (const locale of ['en', 'zh-CN'] as const) {
    const server = await startAppServer()
    const { url, dataDir } = server
    if (['public', 'publish'].some((name) => isAsked({ name }))) await publishHalfAYear(dataDir)
    const shots = [
      ...pages.filter((shot) => (shot.locale ?? 'en') === locale),
      ...loopShots(url, locale),
      ...fieldShots(url, locale),
    ]
    try {
      for (const { name, prepare, isSmall, ...options } of shots.filter(isAsked)) {
        const opened = await openPage(browser, {
          url,
          timeZone: 'America/Los_Angeles',
          serviceWorker: true,
          ...options,
        })
        const { page, context, problems } = opened
        await prepare?.(opened)
        // the columns of all months, tiles and fonts
        await page
          .locator('main')
          .getByRole('progressbar')
          .waitFor({ state: 'detached', ...slower })
        await page.waitForLoadState('networkidle', slower)
        // on a busy machine the map may still wait for its data
        if (isSmall) {
          await page.getByTestId('map').locator('canvas').first().waitFor(slower)
          await page.locator('main .animate-spin').waitFor({ state: 'detached', ...slower })
        }
        const seen = isSmall ? page.locator('main') : page
        const picture = await stillPicture(() => seen.screenshot({ animations: 'disabled' }))
        if (isSmall) writeFileSync(`${folder}/${name}.webp`, await asWebp(page, picture))
        else writeFileSync(`${folder}/${name}.png`, picture)
        await context.close()
        process.stdout.write(`${name}${problems.length > 0 ? `: ${problems.join('; ')}` : ''}\n`)
      }
    } finally {
      await server.stop()
    }
  }
} finally {
  await browser.close()
}
