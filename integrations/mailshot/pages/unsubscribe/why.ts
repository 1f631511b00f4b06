import type { Mailshot } from '../../mailshot.ts'
import { isLeaveReason, leaveReasons, noteLeaveReason } from '../../subscriber/leave-reason.ts'
import type { Texts } from '../../texts.ts'
import { fieldOf } from '../form.ts'

/** Asked of whoever has left, never before. */
export interface LeaveQuestion {
  legend: string
  choices: { value: string; label: string }[]
  text: string
  button: string
}

export function leaveQuestion({ pages }: Texts): LeaveQuestion {
  const { legend, reasons, text, button } = pages.unsubscribe.why
  const choices = leaveReasons.map((value) => ({ value, label: reasons[value] }))
  return { legend, choices, text, button }
}

/** Notes what a form answers; one with no answer of ours, or too late, changes nothing. */
export async function answerWhy(
  mailshot: Mailshot,
  form: FormData,
  by: { subscriberId: number; recipientId: number },
): Promise<void> {
  const reason = fieldOf(form, 'why')
  if (!isLeaveReason(reason)) return
  await noteLeaveReason(mailshot, { ...by, reason, text: fieldOf(form, 'note') })
}
