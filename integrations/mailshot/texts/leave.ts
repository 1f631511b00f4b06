import type { LeaveReason } from '../subscriber/leave-reason.ts'

/** The question why somebody left, for those who like to answer. */
export interface WhyTexts {
  legend: string
  reasons: Record<LeaveReason, string>
  text: string
  button: string
  thanks: string
}
