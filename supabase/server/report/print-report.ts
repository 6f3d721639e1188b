import { setTimeout as wait } from 'node:timers/promises'
import { ServerError } from '../base/errors.ts'
import { ChromiumPage, findChromium } from './chromium.ts'

export const reportLanguages = ['zh-CN', 'en'] as const
export type ReportLanguage = (typeof reportLanguages)[number]

export interface ReportWish {
  /** `2026-10`. */
  period: string
  area: { code: string; name: string }
  language: ReportLanguage
}

interface PrintOptions extends ReportWish {
  /** Of the running server, as reached from this machine. */
  url: string
  instanceId: string
  /** See `readerSession`. */
  session: object
  env?: Record<string, string | undefined>
  /** Ends Chromium at once. */
  signal?: AbortSignal
}

/** The largest city loads in a minute. */
const patienceMs = 240_000
const lookMs = 250
/** A4 less the margins of print.css, in CSS pixels: charts are drawn as wide as they are printed. */
const paper = { width: 703, height: 1000 }

/** Opens the page `/report` and prints it. @throws ServerError in plain words */
export async function printReport(options: PrintOptions): Promise<Buffer> {
  const { url, period, area, language, env = process.env } = options
  const secure = url.startsWith('https:') ? ['--ignore-certificate-errors'] : []
  const more = (env.CHROMIUM_FLAGS ?? '').split(/\s+/).filter(Boolean)
  const page = await ChromiumPage.open(findChromium(env), [...secure, ...more])
  const abort = (): void => void page.close()
  options.signal?.addEventListener('abort', abort)
  try {
    options.signal?.throwIfAborted()
    const kept = {
      [`wangge-auth-${options.instanceId}`]: JSON.stringify(options.session),
      'wangge.locale': language,
      'wangge.theme': 'light',
    }
    await page.call('Page.addScriptToEvaluateOnNewDocument', {
      source: `for (const [key, value] of Object.entries(${JSON.stringify(kept)})) localStorage.setItem(key, value)`,
    })
    const look = { ...paper, deviceScaleFactor: 1, mobile: false }
    await page.call('Emulation.setDeviceMetricsOverride', look)
    await page.call('Emulation.setEmulatedMedia', { media: 'print' })
    // No worker of a page that is read once.
    await page.call('Network.setBypassServiceWorker', { bypass: true })
    const query = new URLSearchParams({ period, area: area.code })
    const { errorText } = await page.call('Page.navigate', { url: `${url}/report?${query}` })
    if (typeof errorText === 'string')
      throw new ServerError(`The server at ${url} cannot be opened: ${errorText}.`)
    await untilReady(page, options)
    if (language === 'zh-CN' && !(await page.evaluate(hasChinese)))
      throw new ServerError(
        'No font on this machine has Chinese letters, so the report would show boxes. Install one ' +
          '(Debian: apt-get install fonts-noto-cjk), or make the report with --lang en.',
      )
    const { data } = await page.call('Page.printToPDF', {
      preferCSSPageSize: true,
      printBackground: true,
      generateTaggedPDF: true,
      generateDocumentOutline: true,
    })
    return Buffer.from(String(data), 'base64')
  } finally {
    options.signal?.removeEventListener('abort', abort)
    await page.close()
  }
}

async function untilReady(page: ChromiumPage, wish: PrintOptions): Promise<void> {
  const { period, area } = wish
  const end = Date.now() + patienceMs
  for (;;) {
    const state = await page.evaluate(pageState)
    if (state === 'ready') return
    if (state === 'unknown-period')
      throw new ServerError(`There are no figures of ${period}: the data do not reach there.`)
    if (state === 'unknown-area')
      throw new ServerError(`The area "${area.name}" (${area.code}) is not known to the app.`)
    if (state === 'empty')
      throw new ServerError(
        `Nothing was reported in ${area.name} in ${period} and nobody answered: there is no report to make.`,
      )
    if (state === 'signed-out')
      throw new ServerError(
        'The server does not let the reader of the report in. A demo account is refused where others can ' +
          'reach the server: give somebody else a role, or set ALLOW_DEMO_ACCOUNTS=1.',
      )
    if (state === 'failed')
      throw new ServerError('The page could not make the report; the server’s log says more.')
    if (Date.now() > end)
      throw new ServerError(`The report was not ready after ${patienceMs / 1000} s.`)
    await wait(lookMs)
  }
}

/** Ready once every chart and map is drawn. */
const pageState = `(() => {
  if (location.pathname.startsWith('/sign-in')) return 'signed-out'
  const report = document.querySelector('[data-report-state]')
  const state = report?.getAttribute('data-report-state') ?? 'loading'
  if (state !== 'ready') return state
  const isDrawn = (card) => card.querySelector('x-vue-echarts svg path') || card.querySelector('[data-empty]')
  const cards = [...report.querySelectorAll('[data-chart]')]
  const isWhole = cards.length > 0 && cards.every(isDrawn) && !report.querySelector('[data-maps=loading]')
  return isWhole && document.fonts.status === 'loaded' ? 'ready' : 'loading'
})()`

/** Two different letters look alike where both are the box of a missing one. */
const hasChinese = `(() => {
  const drawn = (letter) => {
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = 32
    const context = canvas.getContext('2d')
    context.font = '24px system-ui, sans-serif'
    context.fillText(letter, 2, 26)
    return canvas.toDataURL()
  }
  return drawn('网') !== drawn('格') && drawn('街') !== drawn('道')
})()`
