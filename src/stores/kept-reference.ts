import * as v from 'valibot'
import { openDeviceStore, type DeviceStore } from '@/device/device-store.ts'

/** Reference data by instance, for an offline start. */
export class KeptReference {
  readonly #device: DeviceStore
  readonly #instanceId: string
  /** Last text read or written, by name. */
  readonly #texts = new Map<string, string>()

  constructor(instanceId: string, device: DeviceStore = openDeviceStore()) {
    this.#instanceId = instanceId
    this.#device = device
  }

  /** Null also when an older app version stored another shape. */
  async read<T>(name: string, schema: v.GenericSchema<unknown, T>): Promise<T | null> {
    const text = await this.#device.readReference(this.#instanceId, name)
    if (typeof text !== 'string') return null
    const parsed = v.safeParse(schema, JSON.parse(text))
    if (!parsed.success) return null
    this.#texts.set(name, text)
    return parsed.output
  }

  async remove(name: string): Promise<void> {
    this.#texts.delete(name)
    await this.#device.removeReference(this.#instanceId, name)
  }

  async has(name: string): Promise<boolean> {
    return (await this.#device.readReference(this.#instanceId, name)) !== null
  }

  /** @returns false when the value is unchanged */
  write(name: string, value: unknown): boolean {
    const text = JSON.stringify(value)
    if (this.#texts.get(name) === text) return false
    this.#texts.set(name, text)
    void this.#device.writeReference(this.#instanceId, name, text)
    return true
  }
}
