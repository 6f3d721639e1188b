import { unzipSync } from 'fflate'
import { ImportFileError } from '../text-source.ts'

export const isZip = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5)

/** An archive may pretend to be small. */
const maxUnpacked = 2_000_000_000

/** The files of an archive by name. @throws ImportFileError */
export function unzipped(bytes: Uint8Array, file: string): Map<string, Uint8Array> {
  let total = 0
  try {
    const files = unzipSync(bytes, {
      filter({ name, originalSize }) {
        if (name.endsWith('/') || name.includes('__MACOSX')) return false
        total += originalSize
        if (total > maxUnpacked) throw new Error('more than 2 GB when unpacked')
        return true
      },
    })
    return new Map(Object.entries(files))
  } catch (error) {
    throw new ImportFileError(`${file}: not a whole zip archive (${(error as Error).message})`)
  }
}
