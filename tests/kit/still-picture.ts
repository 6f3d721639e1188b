import { lookUntil } from './look-until.ts'

/** Takes pictures until two in a row are the same. */
export async function stillPicture(take: () => Promise<Buffer>): Promise<Buffer> {
  let last = await take()
  const isStill = async (): Promise<boolean> => {
    const before = last
    last = await take()
    return last.equals(before)
  }
  if (!(await lookUntil(isStill, 30_000, 250))) throw new Error('the picture never stands still')
  return last
}
