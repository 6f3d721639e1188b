import * as v from 'valibot'
import { mainRates, rateNames, rateStages } from '@/domain/answers/rates.ts'
import type { IncidentFilter } from '@/domain/filter/filter.ts'
import { filterToRpc } from '@/domain/filter/filter-url.ts'
import { callRpc, type Backend } from './client.ts'

const fraction = { numerator: v.number(), denominator: v.number() }
const ratesSchema = v.object({
  /** A clock that runs is judged at this instant. */
  asOf: v.string(),
  /** Incidents with clocks, without held ones. */
  counted: v.number(),
  /** With clocks, left out of every rate. */
  held: v.number(),
  rates: v.array(v.object({ rate: v.picklist(rateNames), ...fraction })),
  /** Empty when nothing is counted. */
  stages: v.array(
    v.object({
      stage: v.picklist(rateStages),
      inTime: v.number(),
      overdue: v.number(),
      running: v.number(),
    }),
  ),
  /** Handled in time ÷ due to handle, most due first. */
  departments: v.array(v.object({ departmentCode: v.string(), ...fraction })),
})
export type IncidentRates = v.InferOutput<typeof ratesSchema>

const monthlySchema = v.object({
  asOf: v.string(),
  /** By month of the report, oldest first. */
  months: v.array(
    v.object({
      month: v.string(),
      rates: v.array(v.object({ rate: v.picklist(mainRates), ...fraction })),
    }),
  ),
})
export type MonthlyRates = v.InferOutput<typeof monthlySchema>

/** Every call throws `AppError`, or AbortError when `signal` aborts. */
export const ratesRepo = (backend: Backend) => ({
  rates: (filter: IncidentFilter, signal?: AbortSignal): Promise<IncidentRates> =>
    callRpc(backend, 'incident_rates', { p_filter: filterToRpc(filter) }, ratesSchema, signal),

  monthly: (filter: IncidentFilter, signal?: AbortSignal): Promise<MonthlyRates> =>
    callRpc(backend, 'monthly_rates', { p_filter: filterToRpc(filter) }, monthlySchema, signal),
})
