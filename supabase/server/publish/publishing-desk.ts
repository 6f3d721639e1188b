import { DatabaseError } from '../base/database-types.ts'
import type { Database } from '../base/database-types.ts'
import { ServerError } from '../base/errors.ts'
import type { PublishingDesk } from '../doors/publications.ts'
import { compileInThread } from './compile-job.ts'
import { listPublications, publish, PublishRefusal, withdrawPublication } from './publications.ts'
import { readPublishingState } from './publishing-state.ts'

/** Publishes for the door. @param database with the owner's rights */
export function publishingDesk(database: () => Database): PublishingDesk {
  /** One audit at a time: it takes a whole core. */
  let isAuditing = false
  return {
    async mayPublish(userId) {
      const [row] = await database().query<{ may: boolean }>(
        'select private.may_edit_rules($1::uuid, now()) as may',
        [userId],
      )
      return row?.may ?? false
    },
    async state() {
      const publications = await listPublications(database())
      return { ...(await readPublishingState(database())), publications: publications.toReversed() }
    },
    async publish({ signal, ...wish }) {
      if (isAuditing) return { refused: 'auditing', message: 'Another audit is under way.' }
      isAuditing = true
      try {
        return await publish(database(), {
          ...wish,
          compile: (wanted) => compileInThread(wanted, signal),
        })
      } catch (error) {
        if (error instanceof PublishRefusal) return { refused: error.code, message: error.message }
        if (error instanceof DatabaseError && error.code === '22023')
          return { refused: 'not_over_or_other_level', message: error.message }
        throw error
      } finally {
        isAuditing = false
      }
    },
    async withdraw(id, by) {
      try {
        await withdrawPublication(database(), id, by)
        return true
      } catch (error) {
        if (error instanceof ServerError) return false
        throw error
      }
    },
  }
}
