import type { BoundingBox } from '../../../src/domain/vocabulary.ts'
import type { Database } from '../base/database-types.ts'
import { ServerError } from '../base/errors.ts'
import { addPerson } from '../owner/people.ts'
import { giveDefaultCalendar } from './shipped-calendars.ts'

export interface EmptyCity {
  name: string
  /** BCP 47. */
  locale: string
  /** IANA. */
  timeZone: string
  /** Degrees. Should contain the city: places are quantised on it. */
  bbox: BoundingBox
  adminEmail: string
  adminPassword: string
  /** Area code. Default `CITY`. */
  code?: string
}

const locales = ['zh-CN', 'en']

function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return zone !== ''
  } catch {
    return false
  }
}

/** @throws ServerError */
export function parseBbox(text: string): BoundingBox {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
  const [west, south, east, north] = numbers
  if (
    numbers.length !== 4 ||
    west === undefined ||
    south === undefined ||
    east === undefined ||
    north === undefined ||
    !(west >= -180 && west < east && east <= 180 && south >= -90 && south < north && north <= 90)
  ) {
    throw new ServerError(
      `"${text}" is not a box: west,south,east,north in degrees, for example 112.8,28.1,113.1,28.3.`,
    )
  }
  return [west, south, east, north]
}

/** @throws ServerError naming the unusable answer. */
export function checkEmptyCity(city: EmptyCity): void {
  if (city.name.trim() === '' || city.name.length > 200)
    throw new ServerError('The city needs a name of 1 to 200 characters.')
  if (!locales.includes(city.locale))
    throw new ServerError(`The language is one of ${locales.join(', ')}, not "${city.locale}".`)
  if (!isTimeZone(city.timeZone))
    throw new ServerError(`"${city.timeZone}" is not a time zone; write for example Asia/Shanghai.`)
  parseBbox(city.bbox.join(','))
  if (city.code !== undefined && !/^[A-Za-z0-9_.-]{1,40}$/.test(city.code)) {
    throw new ServerError(`"${city.code}" is not an area code: letters, digits, _ . -, at most 40.`)
  }
}

/**
 * The box is the city's area, revision 0, until a polygon is imported, so that the admin has a
 * scope.
 * @throws ServerError when an answer is unusable or a city exists; nothing is kept.
 */
export async function createEmptyCity(db: Database, city: EmptyCity): Promise<void> {
  checkEmptyCity(city)
  const code = city.code ?? 'CITY'
  await db.transaction(async (tx) => {
    const made = await tx.query(
      `insert into public.city_settings (name, locale, time_zone, west, south, east, north)
       values ($1, $2, $3, $4, $5, $6, $7) on conflict (singleton) do nothing returning 1 as one`,
      [city.name.trim(), city.locale, city.timeZone, ...city.bbox],
    )
    if (made.length === 0) throw new ServerError('This database holds a city already.')
    await tx.query(
      `insert into public.areas (code, path, level, name, geom, revision)
       select $1::text, $1 || '/', 'city', c.name,
         extensions.st_multi(extensions.st_makeenvelope(c.west, c.south, c.east, c.north, 4326)), 0
       from public.city_settings c`,
      [code],
    )
    await giveDefaultCalendar(tx)
    const displayName = city.locale === 'zh-CN' ? '管理员' : 'Administrator'
    await addPerson(
      tx,
      { email: city.adminEmail, password: city.adminPassword, displayName },
      { role: 'admin', areaCode: code },
    )
  })
}
