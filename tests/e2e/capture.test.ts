import { randomUUID } from 'node:crypto'
import type { Browser, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import type { LngLat } from '../../src/domain/vocabulary.ts'
import { distanceMeters } from '../../src/domain/place/distance.ts'
import app from '../../src/locales/en/app.json' with { type: 'json' }
import en from '../../src/locales/en/capture.json' with { type: 'json' }
import zh from '../../src/locales/zh-CN/capture.json' with { type: 'json' }
import { jpegFile } from '../fixtures/photo-files.ts'
import { apiClient, applyCommand, call } from '../kit/api.ts'
import { axeFindings } from '../kit/axe.ts'
import { placeAtTheBorder } from '../kit/border.ts'
import { flowBrowser } from '../kit/flow-browser.ts'
import { exifPhoto } from '../kit/exif-photo.ts'
import { keptValues } from '../kit/kept-value.ts'
import {
  chooseLanguage,
  goInApp,
  openPage,
  type DemoRole,
  type OpenOptions,
  type OpenPage,
} from '../kit/session.ts'
import { returnNetwork } from '../kit/network.ts'
import { sendReport } from '../kit/send-report.ts'
import { slow, slower } from '../kit/patience.ts'
import { routeWhileOpen } from '../kit/route-while-open.ts'

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
  /** The same field worker on two devices: only one of them can draw a map, which costs most. */
  let plain: OpenPage
  let mapped: OpenPage
  const phone = {
    url,
    role: 'field',
    path: '/outbox',
    width: 390,
    height: 844,
    touch: true,
    before: (context) => context.grantPermissions(['geolocation']),
  } satisfies OpenOptions
  beforeAll(async () => {
    browser = await flowBrowser()
    plain = await openPage(browser, { ...phone, webGl: false })
    mapped = await openPage(browser, { ...phone, serviceWorker: true })
  })
  afterAll(() => browser?.close())

  /** Begins a new report in English, standing at a place. */
  async function begin(
    { page, context, problems }: OpenPage,
    [longitude, latitude]: LngLat = mission,
    accuracy = 8,
  ): Promise<void> {
    await returnNetwork(context)
    await goInApp(page, '/outbox')
    await page.getByTestId('sync-line').waitFor(slow)
    if ((await page.locator('html').getAttribute('lang')) !== 'en') await chooseLanguage(page, 'en')
    await context.setGeolocation({ longitude, latitude, accuracy })
    problems.length = 0
    await goInApp(page, '/capture')
    await page.getByTestId('place-name').filter({ hasText: named }).waitFor(slow)
    // not where the test before stood
    await page
      .getByTestId('place-basis')
      .filter({ hasText: new RegExp(`\\b${accuracy}\\s*m`) })
      .waitFor(slow)
  }
  const saved = (page: Page): Promise<void> =>
    page.locator('[data-testid=save-status][data-state=saved]').waitFor(slow)
  const basis = (page: Page) => page.getByTestId('place-basis').innerText()

  /** Notes where the button of all categories stands in its page whenever it can be seen. */
  function watchPlaces(): void {
    const places = new Set<number>()
    Object.assign(window, { buttonPlaces: places })
    const look = (): void => {
      const button = document.querySelector('[data-testid=category-all]')
      const scroller = button?.closest('.overflow-y-auto')
      if (scroller && button?.checkVisibility({ visibilityProperty: true }))
        places.add(Math.round(button.getBoundingClientRect().top + scroller.scrollTop))
      requestAnimationFrame(look)
    }
    look()
  }
  const buttonPlaces = (page: Page): Promise<number[]> =>
    page.evaluate(() => [...(window as unknown as { buttonPlaces: Set<number> }).buttonPlaces])

  async function choose(page: Page, category: string, search: string): Promise<void> {
    const chosen = page.getByTestId('category-change')
    await ((await chosen.count()) > 0 ? chosen : page.getByTestId('category-all')).tap()
    await page.getByTestId('category-search').fill(search)
    await page.getByTestId('category-picker').locator(`[data-code=${category}]`).tap()
  }
  async function loseGraphics(page: Page): Promise<void> {
    const canvas = page.getByTestId('capture-map').locator('canvas')
    const before = (await canvas.elementHandle())!
    await before.evaluate((element) =>
      (element as HTMLCanvasElement)
        .getContext('webgl2')!
        .getExtension('WEBGL_lose_context')!
        .loseContext(),
    )
    await before.waitForElementState('hidden')
    await canvas.waitFor(slow)
  }
  const received = (page: Page): Promise<void> =>
    page.locator('[data-testid=sent][data-state=received]').waitFor(slower)
  const draftIn = (page: Page): string => {
    const id = new URL(page.url()).searchParams.get('draft')
    if (!id) throw new Error(`no draft in ${page.url()}`)
    return id
  }
  const clients = new Map<DemoRole, ReturnType<typeof apiClient>>()
  /** Signs in once for all tests. */
  function as(role: DemoRole): ReturnType<typeof apiClient> {
    const client = clients.get(role) ?? apiClient(url, role)
    clients.set(role, client)
    return client
  }
  async function detail(id: string, role: DemoRole = 'manager'): Promise<Detail | null> {
    return call<Detail | null>(await as(role), 'incident_detail', { p_id: id })
  }
  interface Area {
    code: string
    level: string
    name: string
  }
  /** Name of an area within the city, by the server's list: `community grid`. */
  async function nameOf(code: string): Promise<string> {
    const areas = await call<Area[]>(await as('manager'), 'area_list')
    const area = areas.find((one) => one.code === code)
    expect(area?.level).toBe('grid')
    return area!.name
  }
  const untilKept = (page: Page): Promise<void> =>
    expect
      .poll(() => page.evaluate(() => navigator.serviceWorker.controller !== null), slower)
      .toBe(true)

  /** Name of the category's department in the server's list. */
  async function departmentOfSewers(): Promise<{ nameZh: string; nameEn: string }> {
    const all = await call<{ nameZh: string; nameEn: string }[]>(
      await as('field'),
      'department_list',
    )
    return all.find(({ nameEn }) => nameEn.includes('sewer'))!
  }
  // a photo whose upload was cut off is asked for before it is sent again: 404 is the answer
  const expected = /ERR_INTERNET_DISCONNECTED|status of 404/
  /** Expects the report at the server, with the area that the device had found. */
  async function expectReceived(id: string, text: string, placeName: string): Promise<Detail> {
    const found = await detail(id)
    expect(found?.incident).toMatchObject({
      categoryCode: 'sewer',
      description: text,
      severity: 2,
    })
    expect(distanceMeters([found!.incident.lon, found!.incident.lat], mission)).toBeLessThan(1)
    const label = await nameOf(found!.incident.areaCode)
    expect(placeName).toBe(label)
    // streets name the place where the device has them
    expect(found!.incident.addressLabel).toMatch(/Street|Avenue|Mission/)
    return found!
  }

  it('keeps a report with two photos through a reload without a network and sends it after', async () => {
    const { page, context, problems } = mapped
    await begin(mapped)
    await untilKept(page)
    await page.getByTestId('capture-map').locator('canvas').waitFor(slow)
    problems.length = 0
    await context.setOffline(true)
    await page.getByTestId('photo-camera').setInputFiles([
      file(
        'one.jpg',
        exifPhoto(
          { width: 6000, height: 4500, seed: 10 },
          {
            wallClock: '2026:02:03 10:20:30',
            offset: '+08:00',
            lngLat: mission,
            orientation: 6,
          },
        ),
      ),
      file('two.jpg', jpegFile({ width: 800, height: 600, seed: 11 })),
    ])
    await page.getByTestId('photo').nth(1).waitFor(slow)
    // the device's graphics go and come back by themselves
    await loseGraphics(page)
    // the photos hold the pin: who walks on is told, and may leave it there
    await context.setGeolocation({
      longitude: mission[0],
      latitude: mission[1] + 0.00108,
      accuracy: 8,
    })
    await page
      .getByTestId('away-from-pin')
      .filter({ hasText: /1[12]\d\s*m/ })
      .waitFor(slow)
    expect(await basis(page)).toMatch(/\b8\s*m/)
    await page.getByTestId('pin-stays').tap()
    await page.getByTestId('away-from-pin').waitFor({ state: 'detached' })
    await choose(page, 'sewer', 'sewer')
    // within one's own area the department is named, and nothing is said about the area
    const { nameEn } = await departmentOfSewers()
    expect(await page.getByTestId('category-chosen').innerText()).toContain(nameEn)
    expect(await page.getByTestId('outside-area').count()).toBe(0)
    const placeName = await page.getByTestId('place-name').innerText()
    const text = 'Sewer smells <b>here</b> 😀'
    await page.getByTestId('description').fill(text)
    await saved(page)
    const id = draftIn(page)
    expect(await page.getByTestId('save-status').innerText()).toContain(en.save.saved)

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

    await sendReport(page)
    await page.getByTestId('sent').filter({ hasText: en.sent.queued.title }).waitFor(slow)
    expect(await detail(id)).toBeNull()
    await returnNetwork(context)
    await received(page)

    const { photos } = await expectReceived(id, text, placeName)
    expect(photos.map(({ isChecked }) => isChecked)).toEqual([true, true])
    const [upright] = photos.filter(({ takenAt }) => takenAt !== null)
    // turned as its camera said, small, and with the time that was cut off the file
    expect(upright).toMatchObject({ width: 1536, height: 2048 })
    expect(new Date(upright!.takenAt!).toISOString()).toBe('2026-02-03T02:20:30.000Z')
    expect(problems.filter((one) => !expected.test(one))).toEqual([])
  })

  it('says in Chinese what is saved and what waits for a network', async () => {
    const { page, context, problems } = plain
    await begin(plain)
    await chooseLanguage(page, 'zh-CN')
    await context.setOffline(true)
    await choose(page, 'sewer', '污水')
    const { nameZh } = await departmentOfSewers()
    expect(await page.getByTestId('category-chosen').innerText()).toContain(nameZh)
    expect(await page.getByTestId('outside-area').count()).toBe(0)
    const placeName = await page.getByTestId('place-name').innerText()
    await page.getByTestId('description').fill('下水道 <b>臭</b> 😀')
    await saved(page)
    const id = draftIn(page)
    expect(await page.getByTestId('save-status').innerText()).toContain(zh.save.saved)
    await sendReport(page)
    await page.getByTestId('sent').filter({ hasText: zh.sent.queued.title }).waitFor(slow)
    expect(await detail(id)).toBeNull()
    const link = page.getByTestId('sent-report')
    expect(await link.getAttribute('href')).toMatch(/^\/outbox\?show=waiting&item=[0-9a-f-]{36}$/)
    await returnNetwork(context)
    await received(page)
    expect(await link.innerText()).toBe(zh.sent.show.received)
    await link.tap()
    await page.waitForURL(`**/incidents/${id}`, slow)
    await expectReceived(id, '下水道 <b>臭</b> 😀', placeName)
    expect(problems.filter((one) => !expected.test(one))).toEqual([])
  })

  it('takes a report back to a draft as long as it was not sent', async () => {
    const { page, context } = plain
    await begin(plain)
    // without a map the place is found by words
    const entry = page.locator('#place-entry')
    await entry.fill('Valencia 19th')
    await page.getByTestId('place-address').filter({ hasText: 'Valencia' }).first().waitFor(slow)
    // an area's code, not coordinates
    await entry.fill('020100')
    await page.getByTestId('place-area').filter({ hasText: 'Mission 020100' }).waitFor(slow)
    await entry.fill('37.7650, -122.4200')
    await page.getByTestId('place-coordinates').tap()
    await page.getByTestId('place-basis').filter({ hasText: en.place['by-hand'] }).waitFor(slow)
    await choose(page, 'dust', 'dust')
    await saved(page)
    const id = draftIn(page)
    await context.setOffline(true)
    // a try without a network sends nothing
    const tried = page.waitForEvent('requestfailed', slow)
    await sendReport(page)
    await tried
    await page.getByTestId('undo').tap()
    await page.locator('[data-testid=category-chosen] [data-code=dust]').waitFor(slow)
    expect(draftIn(page)).toBe(id)
    await choose(page, 'noise', 'noise')
    await page.getByTestId('description').fill('loud')
    await sendReport(page)
    await returnNetwork(context)
    await received(page)
    expect((await detail(id))?.incident).toMatchObject({
      categoryCode: 'noise',
      description: 'loud',
      lon: -122.42,
      lat: 37.765,
    })
  })

  it('draws the map anew for areas that come after it, and in another language', async () => {
    const areas = Promise.withResolvers<void>()
    const { page, context } = await openPage(browser, {
      url,
      role: 'field',
      path: '/capture',
      width: 390,
      before: (profile) =>
        routeWhileOpen(profile, '**/rpc/area_list', async (route) => {
          await areas.promise
          await route.continue()
        }),
    })
    onTestFinished(() => context.close())
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
    const { page, context } = mapped
    const place: LngLat = [-122.4165, 37.7585]
    await begin(mapped, place, 40)
    await expect.poll(() => basis(page), slow).toMatch(/40\s*m, getting better/)
    const [longitude, latitude] = place
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
    await sendReport(page)
    await received(page)
    const { lon, lat } = (await detail(id))!.incident
    expect(distanceMeters([lon, place[1]], place)).toBeCloseTo(5, 1)
    expect(distanceMeters([place[0], lat], place)).toBeCloseTo(5, 1)
    expect([lon > place[0], lat > place[1]]).toEqual([true, true])

    await page.getByTestId('new-report').tap()
    // what was used lies at hand, and so does what is starred, after a reload as well
    const tiles = page.locator('#main [data-testid=category-choice]')
    const atHand = () =>
      tiles.evaluateAll((all) => all.map((tile) => (tile as HTMLElement).dataset['code']))
    await expect.poll(async () => (await atHand())[0], slow).toBe('graffiti_public')
    const used = await atHand()
    await page.getByTestId('category-all').tap()
    await page.getByTestId('category-search').fill('noise')
    const noise = page.getByTestId('category-picker').locator('li', {
      has: page.locator('[data-code=noise]'),
    })
    await noise.getByTestId('category-favourite').tap()
    await page.keyboard.press('Escape')
    await expect.poll(atHand, slow).toEqual(['noise', ...used])
    await expect
      .poll(() => keptValues(page, 'capture.categories'), slow)
      .toEqual([{ recent: used, favourites: ['noise'] }])
    await page.reload()
    await expect.poll(atHand, slow).toEqual(['noise', ...used])
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
    const { page, context } = plain
    await begin(plain, [-122.4165, 37.7585], 90)
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
    // drafts and used categories load late, and must move nothing under the finger
    await page.addInitScript(watchPlaces)
    await page.goto(`${url}/capture`)
    await page.getByTestId('draft-open').first().waitFor(slow)
    await page.getByTestId('outside-city').waitFor(slow)
    expect(await buttonPlaces(page)).toHaveLength(1)
    await page.getByTestId('description').fill('begun')
    await saved(page)
    expect(await buttonPlaces(page)).toHaveLength(1)
    await page.getByTestId('draft-open').first().tap(slow)
    await expect.poll(() => page.getByTestId('description').inputValue(), slow).toBe('enough')
    expect(draftIn(page)).toBe(id)
    expect(await detail(id)).toBeNull()
  })

  it('refuses what is no photo by name, takes 60 and 200 megapixels, says how far a photo was taken', async () => {
    const { page, problems } = plain
    await begin(plain)
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
    const { page } = plain
    await begin(plain, place)
    await page
      .getByTestId('photo-gallery')
      .setInputFiles([file('shed.jpg', jpegFile({ width: 64, seed: 50 }))])
    await choose(page, 'shed', 'shed')
    await saved(page)
    const id = draftIn(page)
    await sendReport(page)
    await received(page)
    const [lon, lat] = place
    await applyCommand(await as('field'), 'report_incident', {
      incidentId: randomUUID(),
      categoryCode: 'graffiti_public',
      lon,
      lat,
    })

    // 17 m away: within the 20 m of a shed, past the 15 m of graffiti
    const near: LngLat = [lon, lat + 17 / 111_195]
    await begin(plain, near)
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
    const { page } = plain
    await begin(plain, [-122.4778, 37.7625])
    await choose(page, 'sewer', 'sewer')
    const own = await call<{ memberships: { role: string; areaPath: string }[] }>(
      await as('field'),
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
    await sendReport(page)
    await received(page)
    const { areaCode, addressLabel } = (await detail(id, 'field'))!.incident
    expect(placeName).toContain(`${await nameOf(areaCode)}, near `)
    expect(addressLabel).not.toBe('')

    // 2 m from a border the accuracy allows the other side too; the server means the area that is named
    const { pin, beyond } = await placeAtTheBorder(await as('manager'))
    await begin(plain, pin, 30)
    const also = page.getByTestId('also-within').filter({ hasText: `± 30 m also ${beyond}` })
    await also.waitFor(slow)
    const nameAtBorder = await page.getByTestId('place-name').innerText()
    await choose(page, 'dust', 'dust')
    await saved(page)
    const atBorder = draftIn(page)
    await sendReport(page)
    await received(page)
    const stored = (await detail(atBorder))!.incident
    expect(nameAtBorder.split(', near ')[0]).toBe(await nameOf(stored.areaCode))
    await page.getByTestId('sent-report').tap()
    await also.waitFor(slow)
  })

  it('says on plain http what is missing and how to get it, and lets people leave', async () => {
    const { page, context, problems } = await openPage(browser, {
      ...phone,
      ownSession: true,
      webGl: false,
      path: '/capture',
      width: 360,
      height: 640,
      before: (profile) =>
        profile.addInitScript(() => {
          const hide = (of: object, name: string, value?: unknown) =>
            Object.defineProperty(of, name, { value, configurable: true })
          hide(globalThis, 'isSecureContext', false)
          hide(crypto, 'randomUUID')
          hide(crypto, 'subtle')
          hide(navigator, 'locks')
          hide(navigator, 'storage')
          hide(navigator, 'serviceWorker')
        }),
    })
    onTestFinished(() => context.close())
    const notice = page.getByTestId('capture-insecure')
    await notice.waitFor(slow)
    for (const words of [en.insecure.title, en.insecure.outbox, app.insecure.next])
      expect(await notice.innerText()).toContain(words)
    expect(await page.getByTestId('send').isVisible()).toBe(false)
    expect(await axeFindings(page, { part: 'main' })).toEqual([])
    await page.getByTestId('user-menu').tap()
    await page.getByRole('menuitem', { name: app.signOut }).tap()
    await page.waitForURL((target) => target.pathname === '/sign-in', slow)
    expect(problems).toEqual([])
  })

  for (const theme of ['light', 'dark'] as const)
    it(`is accessible, with targets for a thumb (${theme})`, async () => {
      // each theme in one of the languages: what they share is tested twice
      const locale = theme === 'light' ? 'en' : 'zh-CN'
      const { page } = mapped
      await begin(mapped, [-122.4165, 37.7585], 90)
      await chooseLanguage(page, locale)
      await page.emulateMedia({ colorScheme: theme })
      await page.locator(`html.${theme}`).waitFor({ state: 'attached' })
      await page.setViewportSize({ width: 360, height: 640 })
      onTestFinished(() => page.setViewportSize({ width: 390, height: 844 }))
      await page
        .getByTestId('photo-gallery')
        .setInputFiles([file('a.jpg', jpegFile({ seed: 61 })), file('b.jpg', '<svg/>')])
      await page.getByTestId('photo-refused').waitFor(slow)
      const check = async (name: string) => {
        expect(await axeFindings(page, { part: 'main' }), name).toEqual([])
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
      await sendReport(page)
      await check('sent')
    })
})

/** Lists elements that scroll sideways: the page itself, and whatever scrolls within it. */
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

/** Lists targets in `main` that a thumb cannot hit: smaller than 44 px in either direction. */
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
