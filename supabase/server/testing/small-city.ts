import { join } from 'node:path'
import { copyPreparedCity } from '../../../tests/kit/data-folder.ts'
import { openDatabase } from '../backend/open-database.ts'
import { loadSmallCity, temporaryFolder } from './kit.ts'

/** Fills a data folder with a copy of a small city that is made once for this code. */
export const copySmallCity = (dataDir: string): Promise<void> =>
  copyPreparedCity('small', dataDir, async (made) => {
    const db = await openDatabase({ DATA_DIR: made })
    await loadSmallCity(db)
    await db.close()
  })

/** A temporary folder with such a copy in its data folder. */
export async function folderWithSmallCity(
  name: string,
): Promise<ReturnType<typeof temporaryFolder>> {
  const folder = temporaryFolder(name)
  await copySmallCity(join(folder.path, 'data'))
  return folder
}
