import type { AddProtocolAction, RequestParameters } from 'maplibre-gl'
import { FetchSource, PMTiles, Protocol, type RangeResponse, type Source } from 'pmtiles'
import { keptArchives } from './kept-archives.ts'

export const archiveScheme = 'pmtiles'

/** Reads the device's copy, or HTTP ranges. */
export class ArchiveSource implements Source {
  readonly #url: string
  readonly #remote: Pick<Source, 'getBytes'>

  constructor(url: string, remote: Pick<Source, 'getBytes'> = new FetchSource(url)) {
    this.#url = url
    this.#remote = remote
  }

  getKey(): string {
    return this.#url
  }

  async getBytes(
    offset: number,
    length: number,
    signal?: AbortSignal,
    etag?: string,
  ): Promise<RangeResponse> {
    const file = await keptArchives.find(this.#url)
    if (!file) return this.#remote.getBytes(offset, length, signal, etag)
    return { data: await file.slice(offset, offset + length).arrayBuffer() }
  }
}

/** Handles `pmtiles://<address>` and `pmtiles://<address>/z/x/y`. */
export function archiveProtocol(): AddProtocolAction {
  const protocol = new Protocol()
  const generations = new Map<string, number>()
  return (request, controller) => {
    const url = archiveOf(request)
    const { generation } = keptArchives
    // Directories are valid for one copy only.
    if (generations.get(url) !== generation) {
      generations.set(url, generation)
      protocol.add(new PMTiles(new ArchiveSource(url)))
    }
    return protocol.tile(request, controller)
  }
}

const archiveOf = ({ url }: Pick<RequestParameters, 'url'>): string =>
  url.slice(`${archiveScheme}://`.length).replace(/\/\d+\/\d+\/\d+$/, '')
