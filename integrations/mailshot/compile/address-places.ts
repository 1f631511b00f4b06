import { unescapeHtml } from './escape.ts'
import { statesBefore } from './states-before.ts'

/** A piece of an address: as the author wrote it, a placeholder, or a text that is known when compiling. */
export type AddressPiece = string | { kind: 'output' | 'tag' | 'text'; source: string }

/**
 * Where each placeholder of an address stands, in their order: as the whole of it, or its beginning (`start`), behind its
 * host (`rest`), or where a value would choose the host or the scheme (`host`). `mixed` is one that does not stand alike
 * in all the branches before it.
 */
export function addressPlaces(pieces: readonly AddressPiece[]): AddressPlace[] {
  // A loop's second round may well begin behind the host.
  const all = statesBefore(pieces, { first: '', again: [safe], next })
  return all.flatMap((beginnings, index) =>
    typeof pieces[index] === 'string' ? [] : [placeBehindAll(beginnings)],
  )
}

export type AddressPlace = 'start' | 'host' | 'rest' | 'mixed'

/** Stand for a value, and for all beginnings that an address may well have before one. */
const value = '\uFFFC'
const safe = '\0'
const beyondHost = new RegExp(
  `^(?:(?:(?:https?|webcal):)?//[^/?#\\\\]+[/?#]|${value}[^/?#\\\\]*[/?#]|/[^/\\\\]|[#?]|(?:mailto|tel|sms|geo):)`,
  'i',
)

function placeBehindAll(beginnings: ReadonlySet<string>): AddressPlace {
  const [place = 'mixed', ...others] = new Set(Array.from(beginnings, placeBehind))
  return others.length === 0 ? place : 'mixed'
}

function placeBehind(beginning: string): AddressPlace {
  if (beginning === '') return 'start'
  return beginning === safe ? 'rest' : 'host'
}

function next(beginning: string, piece: AddressPiece): string {
  if (beginning === safe) return safe
  const grown = (beginning + written(piece, beginning)).trimStart()
  return beyondHost.test(grown) ? safe : grown
}

function written(piece: AddressPiece, beginning: string): string {
  if (typeof piece === 'string') return unescapeHtml(piece)
  if (piece.kind === 'output') return value
  // As it is escaped there.
  return beginning === '' ? piece.source : encodeURIComponent(piece.source)
}
