import { isDaemon } from './daemon.ts'
import type { Mail } from './mail.ts'
import { findPhrase, plainWords } from './phrase.ts'
import { leaveSubjects } from './phrases/reply.ts'
import { namesIn } from './plus-address.ts'

/** Whether somebody leaves a list by mail: it came to `unsubscribe+…@`, or its subject says nothing else. */
export function isLeaving(mail: Mail): boolean {
  if (isDaemon(mail)) return false
  if (namesIn(mail).includes('unsubscribe')) return true
  const subject = plainWords(mail.subject).trim()
  const phrase = findPhrase(subject, leaveSubjects)
  return phrase !== undefined && subject.length < phrase.length + 30 && subject.startsWith(phrase)
}
