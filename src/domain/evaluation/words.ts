import type { ReasonCode } from './evaluate.ts'
import type { FormulaExample } from './examples.ts'
import type { FaultCode } from './fault.ts'
import type { SurveyFaultCode } from '../survey/fault.ts'

/** Keys of messages; faults and reasons take `near`. */
export const faultKey = (code: FaultCode): string => `evaluation.fault.${code}`
export const reasonKey = (code: ReasonCode): string => `evaluation.reason.${code}`
export const exampleKey = (key: FormulaExample['key']): string => `evaluation.example.${key}`
export const surveyFaultKey = (code: SurveyFaultCode): string => `evaluation.survey.${code}`

/** Words of a language that say nothing of a subject, parted by spaces: for `termsOf`. */
export const smallWordsKey = 'evaluation.smallWords'
