import { randomUUID } from 'node:crypto'
import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import type { LngLat } from '../../src/domain/vocabulary.ts'
import { distanceMeters } from '../../src/domain/place/distance.ts'
import app from '../../src/locales/en/app.json' with { type: 'json' }
import en from '../../src/locales/en/capture.json' with { type: 'json' }
import zh from '../../src/locales/zh-CN/capture.json' with { type: 'json' }
import { jpegFile } from '../fixtures/photo-files.ts'
import { apiClient, applyCommand, call } from '../kit/api.ts'
import { launchChromium } from '../kit/browser.ts'
import { exifPhoto } from '../kit/exif-photo.ts'
import { keptValues } from '../kit/kept-value.ts'
import {
  chooseLanguage,
  goInApp,
  openPage,
  signIn,
  type DemoRole,
  type OpenOptions,
  type OpenPage,
} from '../kit/session.ts'
import { slow, slower } from '../kit/patience.ts'
import { withoutWebGl } from '../kit/without-webgl.ts'

const mission: LngLat = [-122.4194, 37.7599]
const file = (name: string, bytes: Uint8Array | string) => ({
  name,
  mimeType: 'image/jpeg',
  buffer: Buffer.from(bytes),
})

/** A place named on the device, by its grid: not one that is waited for or only pinned. */
const named = /\d{6}/

interface Detail {
  incident: {
    areaCode: string
    addressLabel: string
    categoryCode: string
    lon: number
    lat: number
    description: string
    severity: number
  }
  photos: {
    owner: string
    hash: string
    width: number
    height: number
    takenAt: string | null
    isChecked: boolean
  }[]
  log: { kind: string }[]
}

describe('capture on a phone', () => {
  const url = inject('appUrl')
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  /** The capture page as the demo's field worker, standing at a place. */
  async function openCapture(
    { hasMap = true, ...options }: Partial<OpenOptions> & { hasMap?: boolean } = {},
    [longitude, latitude]: LngLat = mission,
    accuracy = 8,
  ): Promise<OpenPage> {
    const opened = await openPage(browser, {
      url,
      role: 'field',
      path: '/account',
      width: 390,
      height: 844,
      touch: true,
      ...options,
    })
    onTestFinished(() => opened.context.close())
    await opened.context.grantPermissions(['geolocation'])
    await opened.context.setGeolocation({ longitude, latitude, accuracy })
    if (!hasMap) await withoutWebGl(opened.page)
    await goInApp(opened.page, '/capture')
    await opened.page.getByTestId('place-name').filter({ hasText: named }).waitFor(slow)
    return opened
  }
  const saved = (page: Page): Promise<void> =>
    page.locator('[data-testid=save-status][data-state=saved]').waitFor(slow)
  const basis = (page: Page) => page.getByTestId('place-basis').innerText()

  async function choose(page: Page, category: string, search: string): Promise<void> {
    const chosen = page.getByTestId('category-change')
    await ((await chosen.count()) > 0 ? chosen : page.getByTestId('category-all')).tap()
    await page.getByTestId('category-search').fill(search)
    await page.getByTestId('category-picker').locator(`[data-code=${category}]`).tap()
  }
  /** Sends, saying "none of these" where something nearby is offered. */
  async function send(page: Page): Promise<void> {
    const none = page.getByTestId('duplicate-none')
    const sent = page.getByTestId('sent')
    if (await none.isVisible()) await none.tap()
    await page.getByTestId('send').tap()
    await sent.or(none).first().waitFor(slow)
    if (await sent.isVisible()) return
    // it was offered as the button was pressed, which refuses then
    await none.tap()
    await page.getByTestId('send').tap()
    await sent.waitFor(slow)
  }
  const received = (page: Page): Promise<void> =>
    page.locator('[data-testid=sent][data-state=received]').waitFor(slower)
  const draftIn = (page: Page): string => {
    const id = new URL(page.url()).searchParams.get('draft')
    if (!id) throw new Error(`no draft in ${page.url()}`)
    return id
  }
  async function detail(id: string, as: DemoRole = 'manager'): Promise<Detail | null> {
    return call<Detail | null>(await apiClient(url, as), 'incident_detail', { p_id: id })
  }
  interface Area {
    code: string
    level: string
    name: string
  }
  /** What an area is called within the city, by the server's list: `community grid`. */
  async function nameOf(code: string): Promise<string> {
    const areas = await call<Area[]>(await apiClient(url, 'manager'), 'area_list')
    const area = areas.find((one) => one.code === code)
    expect(area?.level).toBe('grid')
    return area!.name
  }
  const untilKept = (page: Page): Promise<void> =>
    expect
      .poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null), slower)
      .toBe(true)

  for (const locale of ['en', 'zh-CN'] as const)
    it(`keeps a report with two photos through a reload without a network and sends it after (${locale})`, async () => {
      const { page, context, problems } = await openCapture({ locale, serviceWorker: true })
      const words = locale === 'en' ? en : zh
      await untilKept(page)
      await page.getByTestId('capture-map').locator('canvas').waitFor(slow)
      problems.length = 0
      await context.setOffline(true)
      const seed = locale === 'en' ? 10 : 20
      await page.getByTestId('photo-camera').setInputFiles([
        file(
          'one.jpg',
          exifPhoto(
            { width: 6000, height: 4500, seed },
            {
              wallClock: '2026:02:03 10:20:30',
              offset: '+08:00',
              lngLat: mission,
              orientation: 6,
            },
          ),
        ),
        file('two.jpg', jpegFile({ width: 800, height: 600, seed: seed + 1 })),
      ])
      await page.getByTestId('photo').nth(1).waitFor(slow)
      await choose(page, 'sewer', locale === 'en' ? 'sewer' : '污水')
      // within one's own area the department is named, and nothing is said about the area
      const [department] = (
        await call<{ code: string; nameZh: string; nameEn: string }[]>(
          await apiClient(url, 'field'),
          'department_list',
        )
      ).filter(({ nameEn }) => nameEn.includes('sewer'))
      expect(await page.getByTestId('category-chosen').innerText()).toContain(
        locale === 'en' ? department!.nameEn : department!.nameZh,
      )
      expect(await page.getByTestId('outside-area').count()).toBe(0)
      const placeName = await page.getByTestId('place-name').innerText()
      const text = `Sewer smells <b>here</b> ${locale} 😀`
      await page.getByTestId('description').fill(text)
      await saved(page)
      const id = draftIn(page)
      expect(await page.getByTestId('save-status').innerText()).toContain(words.save.saved)

      await page.reload()
      await page.getByTestId('photo').nth(1).locator('img').waitFor(slow)
      expect(await page.getByTestId('description').inputValue()).toBe(text)
      await page.getByTestId('place-name').filter({ hasText: named }).waitFor(slow)
      expect(await page.getByTestId('place-name').innerText()).toBe(placeName)
      expect(await page.locator('[data-testid=category-chosen] [data-code=sewer]').count()).toBe(1)

      // as after the tab was closed: the page is opened anew, and offers what was begun
      await page.goto(`${url}/capture`)
      await page.getByTestId('draft-open').first().waitFor(slow)
      await page.getByTestId('draft-open').first().tap()
      await page.getByTestId('photo').nth(1).locator('img').waitFor(slow)
      expect(draftIn(page)).toBe(id)

      await send(page)
      expect(await page.getByTestId('sent').innerText()).toContain(words.sent.queued.title)
      expect(await detail(id)).toBeNull()
      await context.setOffline(false)
      await received(page)

      const found = await detail(id)
      expect(found?.incident).toMatchObject({
        categoryCode: 'sewer',
        description: text,
        severity: 2,
      })
      expect(distanceMeters([found!.incident.lon, found!.incident.lat], mission)).toBeLessThan(1)
      // the device found the area that the server found
      const label = await nameOf(found!.incident.areaCode)
      expect([placeName, found?.incident.addressLabel]).toEqual([label, label])
      expect(found?.photos.map(({ isChecked }) => isChecked)).toEqual([true, true])
      const [upright] = found!.photos.filter(({ takenAt }) => takenAt !== null)
      // turned as its camera said, small, and with the time that was cut off the file
      expect(upright).toMatchObject({ width: 1536, height: 2048 })
      expect(new Date(upright!.takenAt!).toISOString()).toBe('2026-02-03T02:20:30.000Z')
      // a photo whose upload was cut off is asked for before it is sent again: 404 is the answer
      const expected = /ERR_INTERNET_DISCONNECTED|status of 404/
      expect(problems.filter((one) => !expected.test(one))).toEqual([])
    })

  it('takes a report back to a draft as long as it was not sent', async () => {
    const { page, context } = await openCapture({ hasMap: false })
    await page.getByTestId('photo-gallery').setInputFiles([file('a.jpg', jpegFile({ seed: 31 }))])
    await choose(page, 'dust', 'dust')
    await saved(page)
    const id = draftIn(page)
    await context.setOffline(true)
    await send(page)
    await page.getByTestId('undo').tap()
    await page.getByTestId('photo').first().waitFor(slow)
    expect(draftIn(page)).toBe(id)
    await choose(page, 'noise', 'noise')
    await page.getByTestId('description').fill('loud')
    await send(page)
    await context.setOffline(false)
    await received(page)
    expect((await detail(id))?.incident).toMatchObject({
      categoryCode: 'noise',
      description: 'loud',
    })
  })

  it('draws the map anew for areas that come after it, and in another language', async () => {
    const opened = await openPage(browser, { url, path: '/sign-in', width: 390 })
    onTestFinished(() => opened.context.close())
    const { page } = opened
    const areas = Promise.withResolvers<void>()
    await page.route('**/rpc/area_list', async (route) => {
      await areas.promise
      await route.continue()
    })
    await signIn(page, url, 'field', '/capture')
    const scale = page.locator('[data-testid=capture-map] .wangge-map-scale')
    await scale.waitFor(slow)
    const whole = await scale.innerText()
    areas.resolve()
    await expect.poll(() => scale.innerText(), slow).not.toBe(whole)
    expect(await scale.innerText()).toMatch(/^[\d.]+ k?m$/)
    await chooseLanguage(page, 'zh-CN')
    await expect.poll(() => scale.innerText(), slow).toMatch(/米|公里/)
  })

  it('moves the pin by buttons, by a tap and by dragging it', async () => {
    const { page, context } = await openCapture({}, mission, 40)
    await expect.poll(() => basis(page), slow).toMatch(/40\s*m, getting better/)
    const [longitude, latitude] = mission
    await context.setGeolocation({ longitude, latitude, accuracy: 8 })
    await expect.poll(() => basis(page), slow).toMatch(/8\s*m$/)
    await page.locator('.wangge-map-pin').waitFor(slow)
    await page.getByText('5 m', { exact: true }).tap()
    await page.getByTestId('nudge-east').tap()
    await page.getByTestId('nudge-north').tap()
    expect(await basis(page)).toBe(en.place['by-hand'])
    await choose(page, 'graffiti_public', 'graffiti on public')
    await saved(page)
    const id = draftIn(page)
    await send(page)
    await received(page)
    const { lon, lat } = (await detail(id))!.incident
    expect(distanceMeters([lon, mission[1]], mission)).toBeCloseTo(5, 1)
    expect(distanceMeters([mission[0], lat], mission)).toBeCloseTo(5, 1)
    expect([lon > mission[0], lat > mission[1]]).toEqual([true, true])

    await page.getByTestId('new-report').tap()
    // what was used lies at hand, and so does what is starred, after a reload as well
    const tiles = page.locator('#main [data-testid=category-choice]')
    await expect.poll(() => tiles.count(), slow).toBe(1)
    await page.getByTestId('category-all').tap()
    await page.getByTestId('category-search').fill('noise')
    const noise = page.getByTestId('category-picker').locator('li', {
      has: page.locator('[data-code=noise]'),
    })
    await noise.getByTestId('category-favourite').tap()
    await page.keyboard.press('Escape')
    const atHand = () =>
      tiles.evaluateAll((all) => all.map((tile) => (tile as HTMLElement).dataset['code']))
    await expect.poll(atHand, slow).toEqual(['noise', 'graffiti_public'])
    await expect
      .poll(() => keptValues(page, 'capture.categories'), slow)
      .toEqual([{ recent: ['graffiti_public'], favourites: ['noise'] }])
    await page.reload()
    await expect.poll(atHand, slow).toEqual(['noise', 'graffiti_public'])
    const pin = page.locator('.wangge-map-pin')
    await pin.waitFor(slow)
    await pin.scrollIntoViewIfNeeded()
    const map = (await page.getByTestId('capture-map').boundingBox())!
    const tip = async () => {
      const box = (await pin.boundingBox())!
      return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height)]
    }
    const target = [Math.round(map.x + 80), Math.round(map.y + 90)] as const
    await page.touchscreen.tap(...target)
    await expect.poll(tip, slow).toEqual([...target])
    expect(await basis(page)).toBe(en.place['by-hand'])

    const [x, y] = (await tip()) as [number, number]
    await page.mouse.move(x, y - 16)
    await page.mouse.down()
    await page.mouse.move(x + 50, y + 14, { steps: 6 })
    await page.mouse.up()
    await expect.poll(tip, slow).toEqual([x + 50, y + 30])
  })

  it('asks for a look at a poor pin, names what is missing, refuses a pin outside the city and keeps it', async () => {
    const { page, context } = await openCapture({}, mission, 90)
    await page.getByTestId('send').tap()
    expect(await page.getByTestId('error-category').innerText()).toBe(en.error['no-category'])
    expect(await page.getByTestId('error-place').innerText()).toBe(en.error['check-pin'])
    await page.getByTestId('pin-checked').tap()
    expect(await page.getByTestId('error-place').count()).toBe(0)

    await choose(page, 'other_matter', 'other matters')
    expect(await page.getByTestId('error-description').innerText()).toBe(
      en.error['description-required'],
    )
    await page.getByTestId('description').fill('x'.repeat(10_001))
    expect(await page.getByTestId('error-description').innerText()).toBe(
      en.error['description-long'],
    )
    await saved(page)
    await page.reload()
    await page.getByTestId('error-description').waitFor(slow)
    expect((await page.getByTestId('description').inputValue()).length).toBe(10_001)
    await page.getByTestId('description').fill('enough')

    await context.setGeolocation({ longitude: -122.56, latitude: 37.76, accuracy: 9 })
    await page.getByTestId('follow-device').tap()
    await page.getByTestId('outside-city').waitFor(slow)
    await page.getByTestId('send').tap()
    expect(await page.getByTestId('error-place').innerText()).toBe(en.error['outside-city'])
    expect(await page.getByTestId('sent').count()).toBe(0)
    await saved(page)
    const id = draftIn(page)
    await page.goto(`${url}/capture`)
    await page.getByTestId('draft-open').first().waitFor(slow)
    expect(await detail(id)).toBeNull()
  })

  it('refuses what is no photo by name, takes 60 and 200 megapixels, says how far a photo was taken', async () => {
    const { page, problems } = await openCapture({ hasMap: false })
    const here = exifPhoto(
      { width: 640, height: 480, seed: 41 },
      { wallClock: '2026:02:03 10:20:30', offset: '+08:00', lngLat: [-122.4094, 37.7599] },
    )
    await page
      .getByTestId('photo-gallery')
      .setInputFiles([
        file('drawing.jpg', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
        file('empty.jpg', ''),
        file('<img src=x onerror=alert(1)>.jpg', '<!doctype html><script>alert(1)</script>'),
        file('cut.jpg', jpegFile({ width: 800, height: 600, seed: 42 }).subarray(0, 60)),
        file('photo.heic', '\0\0\0\x18ftypheic\0\0\0\0mif1heic'),
        file('huge.jpg', jpegFile({ width: 9000, height: 6700, seed: 43 })),
        file('phone-200.jpg', jpegFile({ width: 16_320, height: 12_240, seed: 44 })),
        file('far.jpg', here),
      ])
    await page.getByTestId('photo').nth(2).locator('img').waitFor(slower)
    const refused = await page.getByTestId('photo-refused').allInnerTexts()
    const { svg, empty, html, broken, heic } = en.refusal
    expect(refused.map((text) => text.split('\n').at(-1))).toEqual([svg, empty, html, broken, heic])
    const sizes = await page
      .getByTestId('photo')
      .locator('img')
      .evaluateAll((images) =>
        images.map((image) => [
          (image as HTMLImageElement).naturalWidth,
          (image as HTMLImageElement).naturalHeight,
        ]),
      )
    expect(sizes).toEqual([
      [2048, 1525],
      [2040, 1530],
      [640, 480],
    ])

    // 0.01° of longitude at this latitude is 879 m
    const notice = page.getByTestId('photo-place')
    expect(await notice.innerText()).toContain('880')
    expect(await basis(page)).not.toBe(en.place['by-photo'])
    await page.getByTestId('use-photo-place').tap()
    expect(await basis(page)).toBe(en.place['by-photo'])
    expect(await notice.count()).toBe(0)
    await page.getByTestId('photo-remove').first().tap()
    await page.getByTestId('photo-remove').first().tap()
    await expect.poll(() => page.getByTestId('photo').count()).toBe(2)
    await saved(page)
    expect(problems).toEqual([])
  })

  it('offers an open incident of the category nearby and adds to it instead of a second one', async () => {
    const place: LngLat = [-122.415, 37.758]
    const first = await openCapture({ hasMap: false }, place)
    await first.page
      .getByTestId('photo-gallery')
      .setInputFiles([file('shed.jpg', jpegFile({ width: 64, seed: 50 }))])
    await choose(first.page, 'shed', 'shed')
    await saved(first.page)
    const id = draftIn(first.page)
    await send(first.page)
    await received(first.page)
    const [lon, lat] = place
    await applyCommand(await apiClient(url, 'field'), 'report_incident', {
      incidentId: randomUUID(),
      categoryCode: 'graffiti_public',
      lon,
      lat,
    })

    // 17 m away: within the 20 m of a shed, past the 15 m of graffiti
    const near: LngLat = [lon, lat + 17 / 111_195]
    const { page } = await openCapture({ theme: 'dark', hasMap: false }, near)
    const offer = page.getByTestId('duplicate').first()
    // the offer shows that the open incidents nearby are known
    await choose(page, 'shed', 'shed')
    await offer.waitFor(slow)
    await choose(page, 'graffiti_public', 'graffiti on public')
    await offer.waitFor({ state: 'detached', ...slow })
    await choose(page, 'shed', 'shed')
    await offer.waitFor(slow)
    expect(await offer.innerText()).toMatch(/17\s*m away/)
    await offer.getByRole('img', { name: en.duplicates.photo }).waitFor(slow)
    await page.getByTestId('send').tap()
    expect(await page.getByTestId('error-duplicates').innerText()).toBe(
      en.error['unanswered-offers'],
    )
    await page.getByTestId('photo-gallery').setInputFiles([file('b.jpg', jpegFile({ seed: 51 }))])
    await page.getByTestId('photo').first().waitFor(slow)
    await offer.getByTestId('duplicate-confirm').tap()
    await page.getByTestId('confirming').waitFor()
    await page.getByTestId('description').fill('grown since')
    await saved(page)
    await page.reload()
    await page.getByTestId('confirming').waitFor(slow)
    await page.getByTestId('send').tap()
    await received(page)
    const found = await detail(id)
    expect(found?.log.map(({ kind }) => kind)).toContain('confirmed')
    expect(found?.photos).toHaveLength(2)
  })

  it('says whose area it is when it is not one’s own', async () => {
    const opened = await openCapture({ hasMap: false }, [-122.4778, 37.7625])
    await choose(opened.page, 'sewer', 'sewer')
    const { page } = opened
    const own = await call<{ memberships: { role: string; areaPath: string }[] }>(
      await apiClient(url, 'field'),
      'session_context',
    )
    const isOwn = own.memberships.some(({ areaPath }) => areaPath === 'SF/')
    await expect.poll(() => page.getByTestId('outside-area').count(), slow).toBe(isOwn ? 0 : 1)
    if (!isOwn)
      expect(await page.getByTestId('outside-area').innerText()).toContain('Water and sewer')
    // the neighbour is named in the words of who reports; what is written down has no language
    const placeName = await page.getByTestId('place-name').innerText()
    await saved(page)
    const id = draftIn(page)
    await send(page)
    await received(page)
    const { areaCode, addressLabel } = (await detail(id, 'field'))!.incident
    expect(addressLabel).toBe(await nameOf(areaCode))
    expect(placeName).toContain(`${addressLabel}, near `)
  })

  it('says on plain http what is missing and how to get it, and lets people leave', async () => {
    const { page, context, problems } = await openPage(browser, {
      url,
      role: 'field',
      path: '/account',
      width: 360,
      height: 640,
      touch: true,
    })
    onTestFinished(() => context.close())
    await context.addInitScript(() => {
      const hide = (of: object, name: string, value?: unknown) =>
        Object.defineProperty(of, name, { value, configurable: true })
      hide(globalThis, 'isSecureContext', false)
      hide(crypto, 'randomUUID')
      hide(crypto, 'subtle')
      hide(navigator, 'locks')
      hide(navigator, 'storage')
      hide(navigator, 'serviceWorker')
    })
    await page.goto(`${url}/capture`)
    const notice = page.getByTestId('capture-insecure')
    await notice.waitFor(slow)
    for (const words of [en.insecure.title, en.insecure.outbox, app.insecure.next])
      expect(await notice.innerText()).toContain(words)
    expect(await page.getByTestId('send').isVisible()).toBe(false)
    const { violations } = await new AxeBuilder({ page }).include('main').analyze()
    expect(violations.map(({ id }) => id)).toEqual([])
    await page.getByTestId('user-menu').tap()
    await page.getByRole('menuitem', { name: app.signOut }).tap()
    await page.waitForURL((target) => target.pathname === '/sign-in', slow)
    expect(problems).toEqual([])
  })

  for (const theme of ['light', 'dark'] as const)
    it(`is accessible, with targets for a thumb (${theme})`, async () => {
      // each theme in one of the languages: what they share is tested twice
      const locale = theme === 'light' ? 'en' : 'zh-CN'
      const { page } = await openCapture({ theme, locale, width: 360, height: 640 }, mission, 90)
      await page
        .getByTestId('photo-gallery')
        .setInputFiles([file('a.jpg', jpegFile({ seed: 61 })), file('b.jpg', '<svg/>')])
      await page.getByTestId('photo-refused').waitFor(slow)
      const check = async (name: string) => {
        const { violations } = await new AxeBuilder({ page }).include('main').analyze()
        const found = violations.map(
          (v) => `${name} ${v.id}: ${v.nodes.map((n) => n.target.join(' ')).join(' | ')}`,
        )
        expect(found).toEqual([])
        expect(await page.evaluate(smallTargets), name).toEqual([])
        expect(await page.evaluate(sideways), name).toEqual([])
      }
      await page.getByTestId('send').tap()
      await check('form')
      await page.getByTestId('category-all').tap()
      await page.getByTestId('category-picker').locator('[data-code=aging_facility]').tap()
      await check('picker')
      await page.getByTestId('category-picker').locator('[data-code=fitness_equipment]').tap()
      await page.getByTestId('pin-checked').tap()
      await saved(page)
      await send(page)
      await check('sent')
    })
})

/** What can be scrolled sideways: the page itself, and whatever scrolls within it. */
function sideways(): string[] {
  const all = [document.documentElement, ...document.querySelectorAll('main, main *, dialog *')]
  return all
    .filter(
      (element) =>
        element.scrollWidth > element.clientWidth &&
        (element.matches('html, main') ||
          ['auto', 'scroll'].includes(getComputedStyle(element).overflowX)),
    )
    .map(({ tagName, className, scrollWidth }) => `${tagName}.${className} ${scrollWidth}`)
}

/** What a thumb has to hit in `main` and cannot: smaller than 44 px in either direction. */
function smallTargets(): string[] {
  const found: string[] = []
  for (const element of document.querySelectorAll<HTMLElement>(
    'main button, main a[href], main input, main textarea, main select, main [role=button]',
  )) {
    // A hidden or tiny input is hit by its label.
    const target = element.closest('label') ?? element
    const { width, height } = target.getBoundingClientRect()
    if (width === 0 || height === 0) continue
    if (width < 43.5 || height < 43.5)
      found.push(
        `${element.tagName} ${element.getAttribute('aria-label') ?? element.textContent?.trim()} ${width}×${height}`,
      )
  }
  return found
}
