import { errorAt, type Place, type Problem } from '../campaign/problem.ts'
import { isAlwaysGiven, type Piece, readings } from './branches.ts'
import { asItIs, piecesOf } from './pieces.ts'
import type { Tokens } from './tokens.ts'

/** Whether a plain text holds a field for every reader, whatever its conditions say. */
export function isInText(tokens: Tokens, text: string, field: string): boolean {
  return isAlwaysGiven(piecesOf(tokens, text, asItIs), (output) => isField(output, field))
}

/** An error unless every reader of finished HTML gets a link to what a field holds: an address to leave by, or to confirm. */
export function noLink(
  tokens: Tokens,
  html: string,
  { field, place }: { field: string; place: Place },
): Problem[] {
  const pieces = piecesOf(tokens, html, asItIs)
  const isThere = isAlwaysGiven(
    pieces,
    (output, before) => isField(output, field) && isAddressOfLink(before),
  )
  if (isThere) return []
  const isLeaving = field === 'url_unsubscribe'
  const why = pieces.some((piece) => isOutput(piece, field))
    ? 'not every reader would get one, or it is no link'
    : isLeaving
      ? 'the law and the mail services ask for one in every mail'
      : 'its readers could not answer'
  const footer = isLeaving ? ' or {{ footer }}' : ''
  const cure = `put <a href="{{ ${field} }}">${footer} in it, outside any condition`
  return [
    errorAt(place, isLeaving ? 'no unsubscribe link' : `no link to {{ ${field} }}`, why, cure),
  ]
}

/** An error where a subject comes to nothing for some readers. */
export function emptySubject(tokens: Tokens, subject: string, place: Place): Problem[] {
  const texts = readings(piecesOf(tokens, subject, asItIs))
  // Where there is none at all, its absence has been reported.
  if (subject.trim() === '' || (texts && texts.every((text) => text.trim() !== ''))) return []
  const why = 'a mail without one looks like spam'
  if (!texts) return [errorAt(place, 'too many conditions in the subject', why, 'use fewer')]
  const cure = 'write an {% else %}, or words outside the condition'
  return [errorAt(place, 'the subject is empty for some readers', why, cure)]
}

function isOutput(piece: Piece, field: string): boolean {
  return typeof piece === 'object' && 'output' in piece && isField(piece.output, field)
}

/** A filter would make another text of it. */
function isField(output: string, field: string): boolean {
  return output.replace(/\s*\|\s*default\b.*$/, '') === field
}

/** Whether what follows is where a link leads, in every client. */
function isAddressOfLink(before: string): boolean {
  if (!/<a\b[^<>]*\shref\s*=\s*["']?$/i.test(before)) return false
  const outlook = before.slice(before.lastIndexOf('<!--[if'))
  return !/^<!--\[if(?! !mso)/.test(outlook) || outlook.includes('<![endif]')
}
