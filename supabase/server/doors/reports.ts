import { Hono } from 'hono'
import { problem } from '../wire/problem.ts'
import type { DoorEnv, Guards } from './guards.ts'

/** A kept report, as its readers see it. */
export interface KeptReportRow {
  name: string
  /** `2026-10`. */
  period: string
  areaCode: string
  areaName: string
  language: string
  /** An instant. */
  madeAt: string
  bytes: number
  /** Recipients that have it by e-mail, of all. */
  sent: number
  recipients: number
}

/** Reports that a person leads the area of. */
export interface ReadableReports {
  list(userId: string): Promise<KeptReportRow[]>
  /** Null where there is none for the person. */
  read(userId: string, name: string): Promise<Uint8Array | null>
}

/** The kept monthly reports: their list, and each as PDF. */
export function reportsDoor({ guards, reports }: { guards: Guards; reports: ReadableReports }) {
  const door = new Hono<DoorEnv>()
  const unstored = { 'cache-control': 'no-store' }
  door.get('/kept', guards.caller, guards.turn, async (context) =>
    context.json(await reports.list(context.var.caller.userId), 200, unstored),
  )
  door.get('/kept/:name', guards.caller, guards.turn, async (context) => {
    const name = context.req.param('name')
    const bytes = await reports.read(context.var.caller.userId, name)
    // The same answer for the report of another's area.
    if (!bytes) return problem(404, 'report_unknown', 'There is no such report of yours.')
    return new Response(new Uint8Array(bytes), {
      headers: { ...unstored, 'content-type': 'application/pdf' },
    })
  })
  return door
}
