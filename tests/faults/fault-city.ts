import { join } from 'node:path'
import { openDatabase } from '../../supabase/server/backend/open-database.ts'
import type { Database } from '../../supabase/server/base/database-types.ts'
import { addPerson, grantRole } from '../../supabase/server/owner/people.ts'
import { loadSmallCity } from '../../supabase/server/testing/kit.ts'
import { copyPreparedCity } from '../kit/data-folder.ts'
import { people, passwordOfAll } from './people.ts'

/** The small city with some field workers. */
export async function loadFaultCity(db: Database): Promise<void> {
  await loadSmallCity(db)
  for (const { email, role } of people) {
    const person = { email, displayName: email.split('@')[0] ?? email, password: passwordOfAll }
    await addPerson(db, person, { role, areaCode: 'CITY' })
    // they take steps of what they report
    if (role === 'field_staff')
      await grantRole(db, email, { role: 'grid_manager', areaCode: 'CITY' })
  }
}

/** Lays a copy of it into the data folder of `folder`. */
export const copyFaultCity = (folder: string): Promise<void> =>
  copyPreparedCity('faults', join(folder, 'data'), async (dataDir) => {
    const db = await openDatabase({ DATA_DIR: dataDir })
    await loadFaultCity(db)
    await db.close()
  })
