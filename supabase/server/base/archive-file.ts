import type { FileHandle } from 'node:fs/promises'
import type { RangeResponse, Source } from 'pmtiles'

/** An archive of map tiles on the disk. */
export class ArchiveFile implements Source {
  readonly #file: FileHandle
  readonly #path: string

  constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  getKey(): string {
    return this.#path
  }

  async getBytes(offset: number, length: number): Promise<RangeResponse> {
    const bytes = new Uint8Array(length)
    const { bytesRead } = await this.#file.read(bytes, 0, length, offset)
    return { data: bytes.buffer.slice(0, bytesRead) }
  }
}
