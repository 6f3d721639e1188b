import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Locator, Page } from 'playwright'
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  it,
  onTestFinished,
} from 'vitest'
import en from '../../src/locales/en/app.json' with { type: 'json' }
import outbox from '../../src/locales/en/outbox.json' with { type: 'json' }
import { launchProfile } from '../kit/browser.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { openFront } from '../kit/front.ts'
import { goInApp, openPage, signIn } from '../kit/session.ts'
import { stillPicture } from '../kit/still-picture.ts'
import { returnNetwork } from '../kit/network.ts'
import { slow, slower } from '../kit/patience.ts'
import { refuseWebGl } from '../kit/without-webgl.ts'
import { zoneWithNoon } from '../kit/zone-with-noon.ts'
import { routeWhileOpen } from '../kit/route-while-open.ts'

const phone = { width: 390, height: 844, touch: true }

/** Until the service worker serves this page: every file of the app is on the device then. */
const untilKept = (page: Page): Promise<void> =>
  expect
    .poll(
      () =>
        page.evaluate(async () => {
          const registration = await navigator.serviceWorker.getRegistration()
          return (
            registration?.active?.state === 'activated' &&
            navigator.serviceWorker.controller !== null
          )
        }),
      slower,
    )
    .toBe(true)

/** Until what the signed-in person needs of the city is on the device too. */
async function untilEquipped(page: Page): Promise<void> {
  await untilKept(page)
  await expect
    .poll(() => page.evaluate(keptReferences), slower)
    .toEqual(expect.arrayContaining(['areas', 'categories', 'areas/grid', 'areas/city']))
}

const keptReferences = (): Promise<string[]> =>
  new Promise((resolve) => {
    const opening = indexedDB.open('wangge-device')
    opening.onsuccess = () => {
      const database = opening.result
      const request = database.transaction('reference').objectStore('reference').getAllKeys()
      request.onsuccess = () => {
        database.close()
        resolve(request.result.map((key) => String((key as string[])[1])))
      }
    }
  })

/** How much lies in the files of this device. */
async function bytesOfFiles(): Promise<number> {
  const root = await navigator.storage.getDirectory()
  const files = (root as unknown as { values(): AsyncIterable<FileSystemFileHandle> }).values()
  let size = 0
  for await (const entry of files) size += (await entry.getFile()).size
  return size
}

/** The newer version waits, and the page that `isOld` marks has not been reloaded. */
async function expectOld(page: Page): Promise<void> {
  const seen = await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.getRegistration()
    const { isOld } = window as { isOld?: boolean }
    return { isOld, waiting: registration?.waiting?.state }
  })
  expect(seen).toEqual({ isOld: true, waiting: 'installed' })
}

/** Makes the access token that this device keeps one that ran out long ago. */
const expireToken = (page: Page): Promise<void> =>
  page.evaluate(() => {
    const key = Object.keys(localStorage).find((one) => one.startsWith('wangge-auth-'))!
    const session = JSON.parse(localStorage.getItem(key)!) as object
    localStorage.setItem(key, JSON.stringify({ ...session, expires_at: 1_000_000 }))
  })

/**
 * A page of the same profile that begins from nothing but what the device keeps. The first page stays
 * open beside it: without any, the test driver holds back a service worker that starts offline.
 */
async function coldStart(
  context: BrowserContext,
  address: string,
  { webGl = true }: { webGl?: boolean } = {},
): Promise<{ page: Page; problems: string[] }> {
  const page = await context.newPage()
  if (!webGl) await page.addInitScript(refuseWebGl)
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    // only failed requests of a lost network may report errors
    if (message.type() === 'error' && !/net::ERR_(INTERNET|NETWORK|FAILED)/.test(message.text()))
      problems.push(message.text())
  })
  await page.goto(address)
  return { page, problems }
}

describe('the app on a device', () => {
  const url = inject('appUrl')
  let browser: Browser
  /** One field worker's device, which holds all it needs without a network. */
  let context: BrowserContext
  let page: Page
  let problems: string[]
  beforeAll(async () => {
    browser = await flowBrowser()
    ;({ context, page, problems } = await openPage(browser, {
      url,
      serviceWorker: true,
      role: 'field',
      ownSession: true,
      path: '/account',
      ...phone,
    }))
  })
  beforeEach(async () => {
    for (const one of context.pages()) if (one !== page) await one.close()
    await context.unrouteAll()
    await returnNetwork(context)
    if (new URL(page.url()).pathname === '/sign-in') await signIn(page, url, 'field', '/account')
    await untilEquipped(page)
    problems.length = 0
  })
  afterAll(() => browser?.close())

  it('starts in a browser that was closed, with the server gone, and says so', async () => {
    const front = await openFront(url)
    const profile = mkdtempSync(join(tmpdir(), 'wangge-profile-'))
    let context = await launchProfile(profile, phone)
    onTestFinished(async () => {
      await context.close()
      await front.close()
      rmSync(profile, { recursive: true, force: true })
    })
    const first = context.pages()[0]!
    await signIn(first, front.url, 'field', '/account')
    await untilEquipped(first)
    await context.close()
    await front.close()

    context = await launchProfile(profile, phone)
    const cold = await context.newPage()
    await cold.goto(`${front.url}/capture`)
    await cold.getByTestId('description').fill('kept without a server')
    await cold.locator('[data-testid=save-status][data-state=saved]').waitFor(slow)
    await cold.getByText(en.offlineCollecting).waitFor(slow)
    // no map was taken along: what shows under the areas is land, not the sea
    await expect.poll(() => groundOf(cold), slow).toBe(land)
    await context.close()

    // and once more: the draft is there
    context = await launchProfile(profile, phone)
    const again = await context.newPage()
    await again.addInitScript(refuseWebGl)
    await again.goto(`${front.url}/capture`)
    await again.getByTestId('draft-open').click(slow)
    // a draft is loaded from the disk: the form shows it a moment after it is asked for
    await expect
      .poll(() => again.getByTestId('description').inputValue(), slow)
      .toBe('kept without a server')
  })

  it('can be installed: a manifest whose icons have the sizes it names', async () => {
    const session = await context.newCDPSession(page)
    const { installabilityErrors } = await session.send('Page.getInstallabilityErrors')
    // A browser profile without a history is all that may be missing.
    expect(
      installabilityErrors.map((one) => one.errorId).filter((id) => id !== 'in-incognito'),
    ).toEqual([])
    const sizes = await page.evaluate(async () => {
      const manifest = (await (await fetch('/manifest.webmanifest')).json()) as {
        icons: { src: string; sizes: string; type: string }[]
      }
      return Promise.all(
        manifest.icons
          .filter(({ type }) => type === 'image/png')
          .map(async ({ src, sizes: named }) => {
            const image = await createImageBitmap(await (await fetch(src)).blob())
            return [named, `${image.width}x${image.height}`]
          }),
      )
    })
    expect(sizes.length).toBeGreaterThan(2)
    for (const [named, real] of sizes) expect(real).toBe(named)
  })

  it('starts cold without a network, signed in with a token that ran out, on every page of the field', async () => {
    await expireToken(page)
    await context.grantPermissions(['geolocation'])
    await context.setGeolocation({ longitude: -122.4194, latitude: 37.7599, accuracy: 8 })
    await context.setOffline(true)
    /** Element that only the page itself shows, once it works. */
    const own: Record<string, (page: Page) => Locator> = {
      '/': (cold) => cold.getByTestId('my-day').getByTestId('report'),
      '/my-day': (cold) => cold.getByTestId('my-day').getByTestId('report'),
      '/capture': (cold) => cold.getByTestId('place-name').filter({ hasText: /\d{6}/ }),
      '/outbox': (cold) => cold.getByTestId('sync-line'),
      '/map': (cold) => cold.locator('.maplibregl-canvas'),
      '/account': (cold) => cold.locator('main').getByText('field@wangge.demo'),
    }
    for (const path of Object.keys(own)) {
      const began = performance.now()
      // the maps of one's day and of the city are started so too
      const cold = await coldStart(context, url + path, { webGl: path === '/' || path === '/map' })
      await cold.page.getByTestId('user-menu').waitFor(slow)
      // auth-js would wait 25 s for a network.
      expect(performance.now() - began).toBeLessThan(15_000)
      await cold.page.getByText(en.offlineCollecting).waitFor(slow)
      await own[path]!(cold.page).first().waitFor(slow)
      expect(new URL(cold.page.url()).pathname).toBe(path === '/' ? '/my-day' : path)
      expect(cold.problems).toEqual([])
      await cold.page.close()
    }

    // The network is back: the same person, confirmed, nothing asked of them.
    await returnNetwork(context)
    const warm = await coldStart(context, `${url}/account`)
    await warm.page.getByText('field@wangge.demo').first().waitFor(slow)
    await expect
      .poll(
        () =>
          warm.page.evaluate(() => {
            const key = Object.keys(localStorage).find((one) => one.startsWith('wangge-auth-'))!
            return (JSON.parse(localStorage.getItem(key)!) as { expires_at: number }).expires_at
          }),
        slow,
      )
      .toBeGreaterThan(Date.now() / 1000)
  })

  it('keeps somebody signed in behind a portal that answers everything itself', async () => {
    await expireToken(page)
    let answered = 0
    await routeWhileOpen(context, /\/(config\.json|auth\/|rest\/|healthz)/, async (route) => {
      await route.fulfill({
        status: 200,
        contentType: 'text/html',
        body: '<html>Welcome to the Wi-Fi</html>',
      })
      answered++
    })
    const cold = await coldStart(context, `${url}/my-day`, { webGl: false })
    await cold.page.getByTestId('user-menu').waitFor(slow)
    // asked twice what it is told nothing of, and still at the page
    await expect.poll(() => answered, slow).toBeGreaterThan(1)
    expect(new URL(cold.page.url()).pathname).toBe('/my-day')
    expect(cold.problems).toEqual([])
  })

  it('says that a newer version is there, saves, and only then goes over to it', async () => {
    // an address of its own: no other page may meet the newer version
    const front = await openFront(url, (config) =>
      // it tells nobody at night, so it is noon in the city
      config.replace('America/Los_Angeles', zoneWithNoon(new Date())),
    )
    const { page, context } = await openPage(browser, {
      url: front.url,
      serviceWorker: true,
      role: 'field',
      path: '/capture',
      webGl: false,
    })
    onTestFinished(async () => {
      await context.close()
      await front.close()
    })
    await untilKept(page)
    // The same worker with another text is a new version to the browser.
    front.append('/sw.js', '\n// a newer version')
    await page.evaluate(() => void ((window as { isOld?: boolean }).isOld = true))
    await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update())
    const prompt = page.getByTestId('update-prompt')
    await prompt.waitFor(slow)
    await expectOld(page)
    // As long as the disk takes nothing, the page stays, and what was typed with it.
    await page.evaluate(() => {
      const { put } = IDBObjectStore.prototype
      IDBObjectStore.prototype.put = () => {
        throw new DOMException('full', 'QuotaExceededError')
      }
      Object.assign(window, { giveRoom: () => (IDBObjectStore.prototype.put = put) })
    })
    await page.getByTestId('description').fill('A mattress on a full disk')
    await prompt.getByRole('button', { name: en.update.reload }).click()
    await prompt.getByText(en.update.failed).waitFor(slow)
    await expectOld(page)
    await page.evaluate('void giveRoom()')
    // a later save shows that the page goes on
    await page.getByTestId('description').fill('A mattress, and there is room again')
    await page.locator('[data-testid=save-status][data-state=saved]').waitFor(slow)
    await expectOld(page)
    await page.getByTestId('description').fill('A mattress, typed to the last moment')
    await prompt.getByRole('button', { name: en.update.reload }).click()
    await page.waitForFunction(() => !(window as { isOld?: boolean }).isOld, null, slow)
    await page.getByTestId('user-menu').waitFor(slow)
    expect(
      await page.evaluate(
        async () => (await navigator.serviceWorker.getRegistration())?.waiting ?? null,
      ),
    ).toBeNull()
    expect(await prompt.count()).toBe(0)
    await page.getByTestId('description').waitFor(slow)
    await expect
      .poll(() => page.getByTestId('description').inputValue(), slow)
      .toBe('A mattress, typed to the last moment')
  })

  it('takes the city’s map along and draws it without a network', async () => {
    const city = page.getByTestId('city-download')
    await city.getByRole('button', { name: 'Download' }).click()
    // a download that failed or paused ends the test at once, with its text
    await expect.poll(() => city.getAttribute('data-status'), slower).toMatch(/kept|failed|paused/)
    expect([await city.getAttribute('data-status'), await city.innerText()]).toEqual([
      'kept',
      expect.any(String),
    ])
    await expect
      .poll(() => page.evaluate(bytesOfFiles), slow)
      .toBe(readFileSync('public/basemap/sf.pmtiles').length)

    await context.setOffline(true)
    const cold = await coldStart(context, `${url}/map`)
    await cold.page.locator('.maplibregl-canvas').waitFor(slow)
    const asked: string[] = []
    cold.page.on('request', (request) => {
      if (request.url().includes('.pmtiles')) asked.push(request.url())
    })
    let withStreets = 0
    await expect
      .poll(async () => (withStreets = await inkOf(cold.page)), slower)
      .toBeGreaterThan(2_000)
    expect(asked).toEqual([])

    // Removed, the ground is gone: what was drawn came from the device.
    await city.getByRole('button', { name: 'Remove' }).click()
    await expect.poll(() => city.getAttribute('data-status'), slow).toBe('none')
    await cold.page.close()
    const bare = await coldStart(context, `${url}/map`)
    // the land shows that the tiles of the ground have been asked for in vain
    await expect.poll(() => groundOf(bare.page), slow).toBe(land)
    await stillPicture(() => pictureOf(bare.page))
    expect(await inkOf(bare.page)).toBeLessThan(withStreets / 2)
  })

  it('does not let anybody leave with unsent work, unless they take it along in a file', async () => {
    const { page, problems } = await coldStart(context, `${url}/account`, { webGl: false })
    await context.setOffline(true)
    await page.addInitScript(() => {
      const storage = navigator.storage
      const persist = storage.persist.bind(storage)
      storage.persist = () => {
        Object.assign(window, { wasAskedToPersist: true })
        return persist()
      }
    })
    await page.goto(`${url}/capture`)
    await page.getByTestId('description').fill('A mattress on the pavement', slow)
    // the first thing that is kept here asks the browser to keep it safe
    await page.waitForFunction(
      () => (window as { wasAskedToPersist?: boolean }).wasAskedToPersist,
      null,
      slow,
    )
    const leave = async () => {
      await page.getByTestId('user-menu').click()
      await page.getByRole('menuitem', { name: en.signOut }).click()
    }
    await leave()
    const dialog = page.getByRole('dialog')
    await dialog.getByText(en.leave.title).waitFor(slow)
    await dialog.getByTestId('stay').click()
    await dialog.waitFor({ state: 'detached' })
    expect(new URL(page.url()).pathname).toBe('/capture')

    await leave()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByTestId('export-and-leave').click(),
    ])
    expect(download.suggestedFilename()).toMatch(/^wangge-unsent-.*\.json$/)
    expect(readFileSync(await download.path(), 'utf8')).toContain('A mattress on the pavement')
    await page.waitForURL((target) => target.pathname === '/sign-in', slow)
    // the page that was left is not made once more for nobody
    expect(problems).toEqual([])

    // Neither a new page nor the network brings them back.
    await returnNetwork(context)
    const next = await coldStart(context, `${url}/my-day`, { webGl: false })
    await next.page.waitForURL((target) => target.pathname === '/sign-in', slow)
    expect(await next.page.evaluate(() => Object.keys(localStorage).join())).not.toContain(
      'wangge-auth',
    )

    // The next person on this device sees nothing of it; its owner does.
    const open = async (role: 'manager' | 'field') => {
      await signIn(next.page, url, role, '/outbox?show=drafts')
      await next.page.getByTestId('sync-line').waitFor(slow)
    }
    await open('manager')
    await next.page.getByText(outbox.empty.drafts).waitFor(slow)
    expect(await next.page.locator('body').innerText()).not.toContain('A mattress')
    await goInApp(next.page, '/capture')
    await next.page.getByTestId('description').waitFor(slow)
    expect(await next.page.getByTestId('draft-list').count()).toBe(0)
    await next.page.getByTestId('user-menu').click()
    await next.page.getByRole('menuitem', { name: en.signOut }).click()
    await next.page.waitForURL((target) => target.pathname === '/sign-in', slow)
    await open('field')
    await next.page.getByText('A mattress on the pavement').first().waitFor(slow)
  })
})

const land = 'rgb(244, 244, 241)'
/** The colour under the areas of the map. */
const groundOf = (page: Page): Promise<string> =>
  page
    .locator('.maplibregl-canvas')
    .first()
    .evaluate((canvas) => getComputedStyle(canvas).backgroundColor)
const pictureOf = (page: Page): Promise<Buffer> =>
  page.locator('.maplibregl-canvas').first().screenshot({ animations: 'disabled' })

/** How many colours the middle of the map shows: streets and labels have four times those of areas. */
async function inkOf(page: Page): Promise<number> {
  const text = (await pictureOf(page)).toString('base64')
  return page.evaluate(async (encoded) => {
    const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0))
    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
    const canvas = new OffscreenCanvas(image.width, image.height)
    const context = canvas.getContext('2d')!
    context.drawImage(image, 0, 0)
    const { data } = context.getImageData(
      image.width / 4,
      image.height / 4,
      image.width / 2,
      image.height / 2,
    )
    const colours = new Set<number>()
    for (let at = 0; at < data.length; at += 4)
      colours.add((data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!)
    return colours.size
  }, text)
}
