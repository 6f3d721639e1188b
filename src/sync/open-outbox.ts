import { deleteDraft, loadDrafts, saveDraft } from './drafts.ts'
import { OutboxDatabase } from './database.ts'
import { edit } from './edit.ts'
import { eraseSeen } from './erase-seen.ts'
import { OutboxError, toOutboxError } from './errors.ts'
import { exportFile } from './export-file.ts'
import { importFile } from './import-file.ts'
import { databaseName, exportWaiting, takeOver, waitingElsewhere } from './other-queues.ts'
import { counts, item, items, ofIncident, page } from './pages.ts'
import { deleteOrphans, loadPhoto, loadThumbnail, savePhoto } from './photos.ts'
import { discard, enqueue, enqueueAll, forgetOldReceipts, retry } from './queue.ts'
import { recall, takeBack, takeBackAll } from './recall.ts'
import { requeueAbandoned, Sender } from './sender.ts'
import { Signals } from './signals.ts'
import type { OpenOptions, Outbox } from './types.ts'
import { sleep } from './wakeable.ts'
import { report } from '@/data/problems.ts'

/**
 * One database per person and instance.
 * @throws OutboxError `insecure_context`, `storage_failed`
 */
export async function openOutbox(options: OpenOptions): Promise<Outbox> {
  const { instanceId, userId, transport, now = () => Date.now(), random = Math.random } = options
  const locks = options.locks ?? globalThis.navigator?.locks
  if (!locks || !globalThis.crypto?.subtle) throw new OutboxError('insecure_context')
  const owner = { instanceId, userId }
  const db = new OutboxDatabase(databaseName(owner), options.indexedDB, options.keyRange)
  try {
    await db.open()
    await requeueAbandoned({ db, locks })
  } catch (error) {
    db.close()
    throw toOutboxError(error)
  }
  const signals = new Signals(db.name)
  const changed = () => signals.send('changed')
  const sender = new Sender({
    db,
    userId,
    transport,
    now,
    random,
    sleep: options.sleep ?? sleep,
    timeout: options.timeout ?? ((millis) => AbortSignal.timeout(millis)),
    locks,
    onChange: changed,
  })
  const changing = async <T>(change: Promise<T>): Promise<T> => {
    const result = await change
    changed()
    return result
  }
  const queued = async (id: string) => (await item(db, id))!
  const isElsewhere = () => sender.status.value.kind === 'stopped-elsewhere'
  const onOnline = () => void sender.sendNow()

  signals.subscribe((signal) => {
    if (signal === 'changed') sender.wake()
    else if (!isElsewhere()) void sender.sendNow()
  })
  globalThis.addEventListener?.('online', onOnline)
  void tidy(db, now())

  return {
    ...owner,
    saveDraft: (draft, seen) => changing(saveDraft(db, draft, seen)),
    loadDrafts: () => loadDrafts(db),
    loadDraft: (id) => db.read(() => db.drafts.get(id), [db.drafts]),
    deleteDraft: (id, seen) => changing(deleteDraft(db, id, seen)),
    savePhoto: (photo) => savePhoto(db, photo, now()),
    loadPhoto: (hash) => loadPhoto(db, hash),
    loadThumbnail: (hash) => loadThumbnail(db, hash),

    enqueue: async (command, how = {}) => queued(await changing(enqueue(db, command, how, now()))),
    enqueueAll: (commands, how = {}) => changing(enqueueAll(db, commands, how, now())),
    retry: async (id) => {
      const again = await queued(await changing(retry(db, id, now())))
      signals.send('send-now')
      return again
    },
    discard: (id) => changing(discard(db, id)),
    edit: (id) => edit(db, id, now()),
    recall: (id) => changing(recall(db, id, now())),
    takeBack: (id) => changing(takeBack(db, id)),
    takeBackAll: (ids) => changing(takeBackAll(db, ids)),

    page: (request) => page(db, request),
    item: (id) => item(db, id),
    items: (ids) => items(db, ids),
    ofIncident: (incidentId) => ofIncident(db, incidentId),
    counts: () => counts(db),
    unsent: async () => {
      const now = await counts(db)
      return now.draft + now.queued + now.sending + now.conflict + now.rejected
    },

    exportFile: () => exportFile(db, owner, now()),
    importFile: (file, how = {}) => changing(importFile(db, owner, file, now(), how)),
    waitingElsewhere: (known) => waitingElsewhere(instanceId, known, options),
    exportWaiting: (queue) => exportWaiting(queue, options, now()),
    takeOver: (queue) => changing(takeOver({ db, owner }, queue, options, now())),

    start: () => sender.start(),
    stop: () => sender.stop(),
    sendNow: async () => {
      if (isElsewhere()) signals.send('send-now')
      else await sender.sendNow()
    },
    resume: (id) => sender.resume(id),
    status: sender.status,
    subscribe: (listener) =>
      signals.subscribe((signal) => {
        if (signal === 'changed') listener()
      }),

    kv: {
      get: async <T>(key: string) =>
        (await db.read(() => db.kv.get(key), [db.kv]))?.value as T | undefined,
      set: (key, value) =>
        db.write(async () => {
          if (value === undefined) await db.kv.delete(key)
          else await db.kv.put({ key, value })
        }, [db.kv]),
    },
    eraseSeen: () => changing(eraseSeen(db)),
    close: async () => {
      globalThis.removeEventListener?.('online', onOnline)
      await sender.stop()
      signals.close()
      db.close()
    },
  }
}

/** Failures are tried again at the next opening. */
async function tidy(db: OutboxDatabase, now: number): Promise<void> {
  try {
    await deleteOrphans(db, now)
    await forgetOldReceipts(db)
  } catch (error) {
    if (db.isOpen()) report('outbox-read', error)
  }
}
