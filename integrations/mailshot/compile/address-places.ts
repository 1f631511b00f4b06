import { unescapeHtml } from './escape.ts'

/** A piece of an address: as the author wrote it, a placeholder, or a text that is known when compiling. */
export type AddressPiece = string | { kind: 'output' | 'tag' | 'text'; source: string }

/**
 * Where each placeholder of an address stands, in their order: as the whole of it, or its beginning (`start`), behind its
 * host (`rest`), or where a value would choose the host or the scheme (`host`). `mixed` is one that does not stand alike
 * in all the branches before it.
 */
export function addressPlaces(pieces: readonly AddressPiece[]): AddressPlace[] {
  let now = new Set([''])
  const blocks: Block[] = []
  const places: AddressPlace[] = []
  for (const piece of pieces) {
    if (typeof piece === 'string') now = append(now, unescapeHtml(piece))
    else {
      const found = [...new Set(Array.from(now, placeBehind))]
      const place = found.length === 1 ? (found[0] ?? 'mixed') : 'mixed'
      places.push(place)
      now = behind(blocks, now, piece, place)
    }
  }
  return places
}

export type AddressPlace = 'start' | 'host' | 'rest' | 'mixed'

interface Block {
  /** The beginnings that there may be before it, and at the ends of its branches. */
  before: Set<string>
  after: Set<string>
  isTotal: boolean
}

/** Stand for a value, and for all beginnings that an address may well have before one. */
const value = '\uFFFC'
const safe = '\0'
const beyondHost = new RegExp(
  `^(?:(?:(?:https?|webcal):)?//[^/?#\\\\]+[/?#]|${value}[^/?#\\\\]*[/?#]|/[^/\\\\]|[#?]|(?:mailto|tel|sms|geo):)`,
  'i',
)

function placeBehind(beginning: string): AddressPlace {
  if (beginning === '') return 'start'
  return beginning === safe ? 'rest' : 'host'
}

function behind(
  blocks: Block[],
  now: Set<string>,
  { kind, source }: Exclude<AddressPiece, string>,
  place: AddressPlace,
): Set<string> {
  if (kind === 'tag') return branch(blocks, now, source)
  if (kind === 'output') return append(now, value)
  // As it is escaped there.
  return append(now, place === 'start' ? source : encodeURIComponent(source))
}

function append(beginnings: Set<string>, text: string): Set<string> {
  return new Set(
    Array.from(beginnings, (one) => {
      const grown = one === safe ? safe : (one + text).trimStart()
      return beyondHost.test(grown) ? safe : grown
    }),
  )
}

/** The beginnings behind a block tag. */
function branch(blocks: Block[], now: Set<string>, source: string): Set<string> {
  const [word = ''] = source.split(/\W/, 1)
  if (/^(?:if|unless|case|for)$/.test(word)) {
    blocks.push({ before: now, after: new Set(), isTotal: false })
    // A loop's second round begins where its first ended.
    return word === 'for' ? new Set([...now, safe]) : now
  }
  const block = blocks.at(-1)
  if (!block || word === 'assign') return now
  // What stands between `case` and its first `when` is shown to nobody, but does no harm here.
  block.after = new Set([...block.after, ...now])
  if (word === 'else') block.isTotal = true
  if (!word.startsWith('end')) return block.before
  blocks.pop()
  return block.isTotal ? block.after : new Set([...block.after, ...block.before])
}
