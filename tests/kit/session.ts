import type { SupabaseClient } from '@supabase/supabase-js'
import type { Browser, BrowserContext, Page, Request } from 'playwright'
import { newDemoClient } from './api.ts'
import { lookUntil } from './look-until.ts'
import { patience, patient, slow, slower } from './patience.ts'
import { withoutStreets } from './without-streets.ts'
import { refuseWebGl } from './without-webgl.ts'

export type DemoRole = 'admin' | 'leader' | 'manager' | 'field' | 'handler'

export interface OpenOptions {
  url: string
  /** Whose session the profile holds when the page opens. */
  role?: DemoRole
  /** Signs in by the form, as people do, instead. */
  byForm?: boolean
  /** For a page that signs out: all others of a role share their session. */
  ownSession?: boolean
  path?: string
  locale?: 'en' | 'zh-CN'
  theme?: 'light' | 'dark'
  width?: number
  height?: number
  touch?: boolean
  /** The device's; by default far from the demo city's, so that a mix-up shows. */
  timeZone?: string
  /** Lets the service worker put the whole app on the device: for pages loaded without a network. */
  serviceWorker?: boolean
  /** By default maps draw their streets. */
  streets?: boolean
  /** False where no map is the subject, which costs most: see `withoutWebGl`. */
  webGl?: boolean
  /** Prepares the profile before its first page loads. */
  before?: (context: BrowserContext) => Promise<unknown>
}

export interface OpenPage {
  page: Page
  context: BrowserContext
  /** Errors of the page, of its console and of its Content-Security-Policy so far. */
  problems: string[]
}

/** No call is sent away for the machine's load up to here. */
const maxIdlePatience = 2

/** Opened since the list was emptied. */
export const openedPages: Pick<OpenPage, 'page' | 'problems'>[] = []

/** A fresh profile, with the session of a demo account if a role is given. */
export async function openPage(browser: Browser, options: OpenOptions): Promise<OpenPage> {
  const { url, role, byForm = false, path = '/', locale = 'en', theme = 'light' } = options
  const { width = 1440, height = 900, timeZone = 'Asia/Shanghai' } = options
  const context = await browser.newContext({
    locale,
    colorScheme: theme,
    viewport: { width, height },
    hasTouch: options.touch ?? false,
    isMobile: options.touch ?? false,
    reducedMotion: 'reduce',
    timezoneId: timeZone,
    serviceWorkers: options.serviceWorker ? 'allow' : 'block',
    ...(role && !byForm && { storageState: await signedInState(url, role, options.ownSession) }),
  })
  context.setDefaultTimeout(patient(60_000))
  if (options.streets === false) await withoutStreets(context)
  if (options.webGl === false) await context.addInitScript(refuseWebGl)
  await options.before?.(context)
  const page = await context.newPage()
  const problems: string[] = []
  openedPages.push({ page, problems })
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() !== 'error') return
    // A busy machine's queue sends calls away that would wait too long; the app asks again.
    const isSentAway = message.text().includes('status of 429') && patience() > maxIdlePatience
    if (!isSentAway) problems.push(`console: ${message.text()}`)
  })
  page.on('request', (request) => {
    const target = request.url()
    if (!target.startsWith(url) && !/^(data|blob):/.test(target))
      problems.push(`left the machine: ${target}`)
  })
  if (role && byForm) await signIn(page, url, role, path)
  else await page.goto(url + path)
  if (role && !path.startsWith('/sign-in')) await page.getByTestId('user-menu').waitFor()
  return { page, context, problems }
}

const pageClients = new Map<string, Promise<SupabaseClient>>()

/** State of a browser after a sign-in: the session alone. */
async function signedInState(url: string, role: DemoRole, ownSession = false) {
  const key = `${url} ${role}`
  const signingIn = (!ownSession && pageClients.get(key)) || newDemoClient(url, role)
  if (!ownSession) pageClients.set(key, signingIn)
  const [client, config] = await Promise.all([
    signingIn,
    fetch(`${url}/config.json`).then((answer) => answer.json() as Promise<{ instanceId: string }>),
  ])
  const { data } = await client.auth.getSession()
  const session = { name: `wangge-auth-${config.instanceId}`, value: JSON.stringify(data.session) }
  return { cookies: [], origins: [{ origin: url, localStorage: [session] }] }
}

/** Signs in by the form, as people do. */
export async function signIn(page: Page, url: string, role: DemoRole, path: string): Promise<void> {
  await page.goto(`${url}/sign-in?next=${encodeURIComponent(path)}`)
  await page.locator('input[type=email]').fill(`${role}@wangge.demo`)
  await page.locator('input[type=password]').fill('wangge-demo')
  await page.locator('button[type=submit]').click()
  await page.waitForURL((target) => !target.pathname.startsWith('/sign-in'))
}

/** Goes to a page of the app without loading it anew. */
export const goInApp = (page: Page, path: string): Promise<void> =>
  page.evaluate((to) => {
    // the router writes `current` back into the address when the app itself goes on from here
    history.pushState({ ...history.state, current: to }, '', to)
    dispatchEvent(new PopStateEvent('popstate', { state: history.state }))
  }, path)

/**
 * The table at one incident, beside the few rows of a quiet grid: of the whole city's rows a hundred
 * are drawn, and anew with every change.
 */
export const incidentInTable = (id: string): string => `/table?area=SF-T-022802&incident=${id}`

/** Chooses a language as people do. */
export async function chooseLanguage(page: Page, locale: 'en' | 'zh-CN'): Promise<void> {
  await page.getByTestId('language').click()
  await page.getByRole('menuitemcheckbox', { name: languageNames[locale] }).click()
  await page.locator(`html[lang=${locale}]`).waitFor({ state: 'attached' })
}
const languageNames = { en: 'English', 'zh-CN': '中文' }

/** A number as shown, with its grouping taken out; waits until there is one. */
export async function shownCount(page: Page, testId: string): Promise<number> {
  const place = page.getByTestId(testId).filter({ hasText: /\d/ }).first()
  const text = await place.innerText(slow)
  const digits = text.match(/\d[\d,.\s\u202f]*/)?.[0].replaceAll(/\D/g, '') ?? ''
  if (!digits) throw new Error(`no number in ${testId}: ${text}`)
  return Number(digits)
}

/**
 * Waits until no month is missing: until then every count still grows. The page shows all dates:
 * its total is the server's.
 */
export async function allMonthsLoaded(page: Page): Promise<void> {
  await page
    .locator('main')
    .getByRole('progressbar')
    .waitFor({ state: 'detached', ...slower })
  // the worker answers a moment after the last month has come
  let counts: number[] = []
  const isWhole = async (): Promise<boolean> => {
    counts = await Promise.all([shownCount(page, 'total-count'), countInScope(page)])
    return counts[0] === counts[1]
  }
  if (!(await lookUntil(isWhole))) throw new Error(`shown and stored: ${counts.join(', ')}`)
}

/** Lets the page ask for changes now, as it does whenever somebody comes back to its tab. */
export const comeBackToTab = (page: Page): Promise<unknown> =>
  page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')))

/**
 * Lets the page ask for changes twice, answered or in vain. It asks again only after it has dealt
 * with the first answer or failure.
 */
export async function askTwice(
  page: Page,
  end: 'requestfinished' | 'requestfailed',
): Promise<void> {
  let ended = 0
  const count = (request: Request): void => {
    if (request.url().endsWith('/rpc/changes_since')) ended++
  }
  const isTwice = async (): Promise<boolean> => {
    await comeBackToTab(page)
    return ended >= 2
  }
  // one signature for two names of events
  page.on(end as 'requestfinished', count)
  const isDone = await lookUntil(isTwice)
  page.off(end as 'requestfinished', count)
  if (!isDone) throw new Error(`asked for changes: ${ended} of 2 (${end})`)
}

/** Asks the server with the page's own session how many incidents the account may read. */
const countInScope = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const config = (await (await fetch('/config.json')).json()) as {
      instanceId: string
      publishableKey: string
    }
    const session = localStorage.getItem(`wangge-auth-${config.instanceId}`) ?? '{}'
    const { access_token: token } = JSON.parse(session) as { access_token: string }
    const answer = await fetch('/rest/v1/rpc/incident_months', {
      method: 'POST',
      headers: {
        apikey: config.publishableKey,
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
      },
      body: '{}',
    })
    const { months } = (await answer.json()) as { months: { count: number }[] }
    return months.reduce((sum, { count }) => sum + count, 0)
  })
