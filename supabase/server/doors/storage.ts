import { Hono } from 'hono'
import { photoNotFound } from '../photos/photo-api.ts'
import type { PhotoApi } from '../photos/photo-api.ts'
import type { DoorEnv, Guards } from './guards.ts'

export interface StorageDoorOptions {
  guards: Guards
  photos: Pick<PhotoApi, 'upload' | 'read' | 'info'>
}

/** For the bucket `photos` alone. */
export function storageDoor({ guards, photos }: StorageDoorOptions): Hono<DoorEnv> {
  const door = new Hono<DoorEnv>()
  // Turns are taken inside: files travel without holding the database.
  door.use(guards.caller)
  door.on(['POST', 'PUT'], '/object/photos/:path{.+}', ({ req, var: { caller } }) =>
    photos.upload(req.raw, req.param('path'), caller.userId),
  )
  for (const bucket of ['photos', 'authenticated/photos']) {
    door.get(`/object/${bucket}/:path{.+}`, ({ req, var: { caller } }) =>
      photos.read(req.raw, req.param('path'), caller.userId),
    )
    door.get(`/object/info/${bucket}/:path{.+}`, ({ req, var: { caller } }) =>
      photos.info(req.param('path'), caller.userId),
    )
  }
  door.all('*', photoNotFound)
  return door
}
