import { randomUUID } from 'node:crypto'
import type { PhotoRef } from '../../src/domain/command/command.ts'
import type { NewCommand } from '../../src/domain/command/types/index.ts'
import type { Outbox } from '../../src/sync/index.ts'
import { realNow } from './device-clock.ts'
import { jpegFile } from '../fixtures/photo-files.ts'
import type { Phone } from './phone.ts'
import { hashOfContent, sha256Hex, type Intent, type Ledger } from './ledger.ts'
import type { SeededRandom } from './seeded-random.ts'
import { markedText, tokenIn } from './stored-intents.ts'

/** Acts for the people of a run; remembers who reported what, to come back to it. */
export class People {
  readonly #ledger: Ledger
  readonly #random: SeededRandom
  /** By the queue they go through: the order of an incident is one queue's. */
  #reported = new Map<string, string[]>()
  /** Steps taken of an incident, all through that queue; its version follows from them. */
  #steps = new Map<string, number>()
  #intents = new Map<string, Intent>()
  #count = 0
  /** How many of each kind were meant. */
  readonly meant = { report: 0, note: 0, photo: 0, confirm: 0, step: 0, poisoned: 0 }

  constructor(ledger: Ledger, random: SeededRandom) {
    this.#ledger = ledger
    this.#random = random
  }

  /** One thing a person does on a device; queued when this resolves. */
  async act(device: Phone): Promise<void> {
    await device.beHere()
    const own = this.#reported.get(queueOf(device)) ?? []
    const dice = this.#random()
    if (own.length === 0 || dice < 0.7) return this.#report(device, own)
    if (dice < 0.78) return this.#step(device, this.#random.pick(own))
    if (dice < 0.87) return this.#note(device, this.#random.pick(own))
    if (dice < 0.93) return this.#photo(device, this.#random.pick(own))
    return this.#confirm(device, this.#random.pick(own))
  }

  /** Mends refused items as a person would: puts the pin into the city and sends it again. */
  async mend(device: Phone): Promise<number> {
    const refused = await device.outbox.page({ states: ['rejected'], limit: 1000 })
    for (const { id } of refused) {
      const item = await device.outbox.item(id)
      if (item?.command?.type !== 'report_incident') continue
      const payload = { ...item.command.payload, ...this.#place() }
      const command = { type: 'report_incident', payload } as const
      const before = this.#intents.get(tokenIn(payload.description ?? ''))
      // what is meant from now on, on paper first
      if (before) this.#ledger.write({ ...before, contentHash: contentHash(command) })
      await device.outbox.enqueue(command, { replaces: id })
    }
    return refused.length
  }

  async #report(device: Phone, own: string[]): Promise<void> {
    const incidentId = randomUUID()
    const token = this.#token('report')
    // some in every run
    const isPoisoned = this.meant.report % 50 === 25
    if (isPoisoned) this.meant.poisoned += 1
    const photos = this.#random() < 0.1 ? await this.#shoot(device.outbox, 1) : []
    const payload = {
      incidentId,
      categoryCode: 'street_cleaning',
      // a pin in the sea is refused by the server, and by nobody before it
      ...(isPoisoned ? { lon: 0, lat: 0 } : this.#place()),
      description: markedText(token, this.#random.pick(phrases)),
      severity: this.#random.whole(1, 4),
      deviceAt: new Date(device.now()).toISOString(),
      photos,
    }
    await this.#do(device, token, incidentId, photos, { type: 'report_incident', payload })
    if (!isPoisoned) this.#reported.set(queueOf(device), [...own.slice(-50), incidentId])
  }

  async #note(device: Phone, incidentId: string): Promise<void> {
    const token = this.#token('note')
    const payload = { incidentId, note: markedText(token, this.#random.pick(phrases)) }
    await this.#do(device, token, incidentId, [], { type: 'add_note', payload })
  }

  /** The next of three steps; a note when all were taken. */
  async #step(device: Phone, incidentId: string): Promise<void> {
    const taken = this.#steps.get(incidentId) ?? 0
    const step = steps[taken]
    if (!step) return this.#note(device, incidentId)
    this.#steps.set(incidentId, taken + 1)
    const token = this.#token('step')
    const payload = {
      ...step(),
      incidentId,
      // only steps change the version: each names the one before it
      baseVersion: taken + 1,
      note: markedText(token, this.#random.pick(phrases)),
    }
    await this.#do(device, token, incidentId, [], { type: 'transition', payload })
  }

  async #photo(device: Phone, incidentId: string): Promise<void> {
    const token = this.#token('photo')
    const photos = await this.#shoot(device.outbox, this.#random.whole(1, 2))
    const payload = { incidentId, photos, note: markedText(token, '') }
    await this.#do(device, token, incidentId, photos, { type: 'add_photo', payload })
  }

  async #confirm(device: Phone, incidentId: string): Promise<void> {
    const token = this.#token('confirm')
    const payload = { incidentId, note: markedText(token, '还在'), ...this.#place() }
    await this.#do(device, token, incidentId, [], { type: 'confirm_duplicate', payload })
  }

  async #do(
    device: Phone,
    token: string,
    incidentId: string,
    photos: PhotoRef[],
    command: NewCommand,
  ): Promise<void> {
    // first on paper, then into the phone
    const intent = {
      token,
      actor: device.userId,
      type: command.type,
      incidentId,
      photoHashes: photos.map(({ hash }) => hash),
      contentHash: contentHash(command),
    }
    this.#ledger.write(intent)
    this.#intents.set(token, intent)
    await device.outbox.enqueue(command)
  }

  async #shoot(outbox: Outbox, count: number): Promise<PhotoRef[]> {
    const refs: PhotoRef[] = []
    for (let n = 0; n < count; n += 1) {
      const [width, height] = [this.#random.whole(8, 640), this.#random.whole(8, 480)]
      const bytes = jpegFile({ width, height, seed: this.#random.whole(1, 1_500_000_000) }).buffer
      const stored = await outbox.savePhoto({ bytes, mediaType: 'image/jpeg', width, height })
      const hash = sha256Hex(new Uint8Array(bytes))
      if (stored.hash !== hash) throw new Error(`the outbox kept ${stored.hash}, not ${hash}`)
      refs.push({ hash, mediaType: 'image/jpeg', bytes: bytes.byteLength, width, height })
    }
    return refs
  }

  #place(): { lon: number; lat: number } {
    return { lon: 112.91 + this.#random() * 0.18, lat: 27.91 + this.#random() * 0.18 }
  }

  #token(kind: 'report' | 'note' | 'photo' | 'confirm' | 'step'): string {
    this.meant[kind] += 1
    return `${kind}-${(this.#count += 1)}`
  }
}

/** From reported to dispatched and to a request, in this order. */
const steps: (() => { name: string; [field: string]: unknown })[] = [
  () => ({ name: 'file' }),
  () => ({ name: 'dispatch', department: 'public_works' }),
  () => ({ name: 'request_hold', until: new Date(realNow() + 30 * 86_400_000).toISOString() }),
]

/** Texts that people type: quotes, two scripts, emoji, markup, what looks like SQL. */
const phrases = [
  '垃圾未清，"三天了"',
  'Rubbish beside the bin',
  '<b onmouseover=alert(1)>井盖</b>',
  "'; drop table incidents; --",
  '路灯不亮 💡\n第二行',
  '\\u0000 \\ud800 %_',
]

const ids = new WeakMap<Phone, number>()
let devices = 0
const queueOf = (device: Phone): string => {
  const id = ids.get(device) ?? (devices += 1)
  ids.set(device, id)
  return `${id} ${device.userId}`
}

/** Hash of the content that the city must hold of a command in the end. */
function contentHash({ type, payload }: NewCommand): string {
  if (type === 'report_incident') {
    const { description = '', categoryCode, severity = 2, lon, lat } = payload
    return hashOfContent({ text: description, report: { categoryCode, severity, lon, lat } })
  }
  const { note = '' } = payload as { note?: string }
  return hashOfContent({ text: note })
}
